package server

import (
	"context"

	"oplog/oplog"
)

type summaryOutput struct{ Body oplog.Summary }

func (s *Server) getSummary(ctx context.Context, in *call, _ *struct{}) (*summaryOutput, error) {
	q, err := in.filters()
	if err != nil {
		return nil, err
	}
	summary, err := s.journal.Summary(ctx, in.tenant.ID, q, in.locale)
	summary.Histogram.Buckets = orEmpty(summary.Histogram.Buckets)
	f := &summary.Facets
	f.Module, f.Operation, f.User, f.Organization = orEmpty(f.Module), orEmpty(f.Operation), orEmpty(f.User), orEmpty(f.Organization)
	return &summaryOutput{summary}, err
}
