package server

import (
	"context"
	"time"
)

// serverStatusOutput is what anybody may know of the server. The System page has the reason.
type serverStatusOutput struct {
	Body struct {
		ReadOnly   bool            `json:"read_only" doc:"Whether nothing can be recorded at present."`
		QuorumLost *quorumLostBody `json:"quorum_lost,omitempty" doc:"Of a log on several nodes whose nodes do not reach each other: what is read may be old, and nothing can be recorded. Omitted if all is well."`
	} `nameHint:"ServerStatus"`
}

type quorumLostBody struct {
	Since       time.Time `json:"since,omitzero" doc:"When what this node has was last known to be the newest; omitted if it never was since the program started."`
	Nodes       int       `json:"nodes" doc:"Number of nodes that decide."`
	Unreachable int       `json:"unreachable" doc:"How many of them this node cannot reach."`
}

func (s *Server) getServerStatus(ctx context.Context, _ *call, _ *struct{}) (*serverStatusOutput, error) {
	out := &serverStatusOutput{}
	out.Body.QuorumLost = s.quorumLost(ctx)
	out.Body.ReadOnly = s.node.Failure() != nil && out.Body.QuorumLost == nil // without a quorum the store fails, too
	return out, nil
}

// quorumLost returns how a node without a quorum is cut off; nil for others.
func (s *Server) quorumLost(ctx context.Context) *quorumLostBody {
	if s.cluster == nil {
		return nil
	}
	h := s.cluster.Health()
	if h.Quorum {
		return nil
	}
	b := &quorumLostBody{Since: h.StaleSince.UTC()}
	for _, n := range s.cluster.Status(ctx).Nodes {
		if !n.Voter {
			continue
		}
		if b.Nodes++; !n.Reachable && n.ID != s.cluster.ID() {
			b.Unreachable++
		}
	}
	return b
}
