package server

import (
	"oplog/identity"
)

// Below the reserve of free disk space, recording goes on, and admins can sign in and change things, to free some. Everything else that
// would be recorded in the access log is rejected: a reader is never the reason why the log stops.

// freesSpace are the operations recorded in the access log that everybody may do even so: they end or delete something.
var freesSpace = map[string]bool{"removeExport": true, "removeView": true, "signOut": true, "endSessions": true, "endLaunched": true}

// checkSpace returns CodeDiskFull if a call would use the space that is reserved for recording.
func (s *Server) checkSpace(r *route, p *principal) error {
	_, recorded := trailEvents[r.id]
	if !recorded || r.callers == anyone || freesSpace[r.id] || changes(r.method) && p.kind&admins != 0 {
		return nil
	}
	return s.node.CheckSpace()
}

// checkSpaceForSignIn returns CodeDiskFull if the session of an account would use that space.
func (s *Server) checkSpaceForSignIn(a identity.Account) error {
	if a.Role == identity.RoleOwner || a.Role == identity.RoleAdmin {
		return nil
	}
	return s.node.CheckSpace()
}
