package server

import (
	"context"

	"oplog/oplog"
)

type (
	pageOutput struct{ Body oplog.Page }
	entryInput struct {
		ID string `path:"id" doc:"The entry's id."`
	}
	entryOutput struct{ Body provenEntry }
)

// provenEntry is an entry with the proof that it is part of the log.
type provenEntry struct {
	oplog.Entry
	Proof oplog.Proof `json:"proof"`
}

func (s *Server) listEntries(ctx context.Context, in *call, _ *struct{}) (*pageOutput, error) {
	q, limit, cursor, err := in.page()
	if err != nil {
		return nil, err
	}
	page, err := s.log.Page(ctx, in.tenant.ID, q, limit, cursor)
	page.Entries = orEmpty(page.Entries)
	return &pageOutput{page}, err
}

func (s *Server) getEntry(_ context.Context, in *call, input *entryInput) (*entryOutput, error) {
	entry, err := s.log.Entry(in.tenant.ID, input.ID, in.scope())
	if err != nil {
		return nil, err
	}
	proof, err := s.log.Proof(entry)
	proof.Path = orEmpty(proof.Path)
	return &entryOutput{provenEntry{entry, proof}}, err
}
