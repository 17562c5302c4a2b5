package server

import (
	"context"

	"oplog/oplog"
)

type catalogOutput struct{ Body *oplog.Catalog }

func (s *Server) getCatalog(_ context.Context, in *call, _ *struct{}) (*catalogOutput, error) {
	catalog, err := s.log.Catalog(in.tenant.ID)
	return &catalogOutput{catalog}, err
}
