package server

import (
	"oplog/directory"
	"oplog/exports"
	"oplog/identity"
	"oplog/oplog"
	"oplog/trail"
	"oplog/views"
)

// A handler makes its change with a service that tells the trail of it, in the transaction of the change. What a call records that changes
// nothing, because everything is as it is to be, is added to the trail afterwards; see recordInTrail.

// stored selects the record of a kind that a call stores; describe says what the trail records of it.
func stored[T any](s *Server, in *call, kind oplog.RecordKind, describe func(T) trailDetails) trail.Change {
	return trail.Stored(kind, func(record T) trail.Event {
		in.trailDetails = describe(record)
		return s.trailEvent(in)
	})
}

// removed selects the record of a kind that a call removes, which the trail describes with the details so far.
func (s *Server) removed(in *call, kind oplog.RecordKind) trail.Change {
	return trail.Removed(kind, func() trail.Event { return s.trailEvent(in) })
}

// audit returns what tells the trail of the change that a call makes: of one that makes several, the first.
func (s *Server) audit(in *call, of ...trail.Change) oplog.Audit {
	if !in.audit.IsCommitted() {
		in.audit = s.trail.Audit(of...)
	}
	return in.audit
}

// auditedAccounts returns the identities for a call that changes an account.
func (s *Server) auditedAccounts(in *call, describe func(identity.Account) trailDetails) *identity.Identity {
	return s.identity.Audited(s.audit(in, stored(s, in, oplog.RecordAccount, describe)))
}

// auditedSessions returns the identities for a call that starts a session or ends some, which the trail describes with the details so far.
func (s *Server) auditedSessions(in *call) *identity.Identity {
	started := stored(s, in, oplog.RecordSession, func(identity.Session) trailDetails { return in.trailDetails })
	return s.identity.Audited(s.audit(in, started, s.removed(in, oplog.RecordSession)))
}

// auditedKeys returns the identities for a call that changes an API key.
func (s *Server) auditedKeys(in *call, describe func(identity.APIKey) trailDetails) *identity.Identity {
	return s.identity.Audited(s.audit(in, stored(s, in, oplog.RecordKey, describe)))
}

// auditedDirectory returns the directory for a call that changes a tenant.
func auditedDirectory[T any](s *Server, in *call, kind oplog.RecordKind, describe func(T) trailDetails) *directory.Directory {
	return s.directory.Audited(s.audit(in, stored(s, in, kind, describe)))
}

// auditedViews returns the views for a call that changes one, or only which one a person starts with.
func (s *Server) auditedViews(in *call, start views.View) *views.Views {
	starts := func() trail.Event {
		in.trailDetails = aboutView(start)
		return s.trailEvent(in)
	}
	return s.views.Audited(s.audit(in, stored(s, in, oplog.RecordView, aboutView),
		trail.Stored(oplog.RecordStart, func(any) trail.Event { return starts() }), trail.Removed(oplog.RecordStart, starts)))
}

// auditedExports returns the exports for a call that starts one.
func (s *Server) auditedExports(in *call, describe func(exports.Export) trailDetails) *exports.Exports {
	return s.exports.Audited(s.audit(in, stored(s, in, oplog.RecordExport, describe)))
}
