package server

import (
	"context"
	"time"

	"oplog/doctor"
)

type (
	checksOutput struct{ Body checksBody }
	checksBody   struct {
		CheckedAt time.Time        `json:"checked_at,omitzero" doc:"When the checks were made: now, or a moment ago; omitted if there are none."`
		Findings  []doctor.Finding `json:"findings" doc:"What they found, in the order of the checks."`
	}
)

// listChecks makes the checks of the machine, files and settings, unless they were made a moment ago.
func (s *Server) listChecks(context.Context, *call, *struct{}) (*checksOutput, error) {
	out := &checksOutput{checksBody{Findings: []doctor.Finding{}}}
	if s.doctor != nil {
		out.Body.CheckedAt, out.Body.Findings = s.doctor.Findings()
	}
	return out, nil
}
