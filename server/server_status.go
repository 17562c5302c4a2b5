package server

import "context"

// serverStatusOutput is what anybody may know of the server. The System page has the reason.
type serverStatusOutput struct {
	Body struct {
		ReadOnly bool `json:"read_only" doc:"Whether nothing can be recorded at present."`
	} `nameHint:"ServerStatus"`
}

func (s *Server) getServerStatus(context.Context, *call, *struct{}) (*serverStatusOutput, error) {
	out := &serverStatusOutput{}
	out.Body.ReadOnly = s.node.Failure() != nil
	return out, nil
}
