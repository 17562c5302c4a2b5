package server

import (
	"context"

	"oplog/oplog"
)

type (
	catalogOutput   struct{ Body *oplog.Catalog }
	setCatalogInput struct{ Body newCatalogBody }
)

// newCatalogBody is a catalog as it is sent: as getCatalog answers, or only
// what is the tenant's own.
type newCatalogBody struct {
	Modules    []newModuleBody    `json:"modules" maxItems:"1000" doc:"Built-in ones may be left out."`
	Operations []newOperationBody `json:"operations,omitempty" maxItems:"1000" doc:"Built-in ones may be left out."`
}

type newModuleBody struct {
	Key        string       `json:"key" doc:"A small letter, then small letters, digits and _, 64 at most."`
	Title      newTitleBody `json:"title"`
	Operations []string     `json:"operations" maxItems:"1000" doc:"Keys of the operation types that it allows."`
	Added      []string     `json:"added,omitempty" maxItems:"1000" doc:"As it was answered; changes nothing."`
	BuiltIn    bool         `json:"built_in,omitempty" doc:"As it was answered; changes nothing."`
	Retired    bool         `json:"retired,omitempty" doc:"Refused for new entries, and still shown."`
}

type newOperationBody struct {
	Key     string       `json:"key" doc:"A small letter, then small letters, digits and _, 64 at most."`
	Title   newTitleBody `json:"title"`
	Group   oplog.Group  `json:"group" enum:"destructive,outward,create,change" doc:"What it means for the data."`
	BuiltIn bool         `json:"built_in,omitempty" doc:"As it was answered; changes nothing."`
	Retired bool         `json:"retired,omitempty" doc:"Refused for new entries, and still shown."`
}

type newTitleBody struct {
	EN string `json:"en" doc:"In English."`
	ZH string `json:"zh-CN" doc:"In Chinese."`
}

func (s *Server) getCatalog(_ context.Context, in *call, _ *struct{}) (*catalogOutput, error) {
	catalog, err := s.directory.Catalog(in.tenant.ID)
	return &catalogOutput{catalog}, err
}

// setCatalog replaces what the tenant adds to the built-in catalog.
func (s *Server) setCatalog(ctx context.Context, in *call, input *setCatalogInput) (*catalogOutput, error) {
	var next oplog.Catalog
	for _, m := range input.Body.Modules {
		next.Modules = append(next.Modules, oplog.Module{Key: m.Key, Title: oplog.Title(m.Title), Operations: m.Operations, BuiltIn: m.BuiltIn, Retired: m.Retired})
	}
	for _, o := range input.Body.Operations {
		next.Operations = append(next.Operations, oplog.Operation{Key: o.Key, Title: oplog.Title(o.Title), Group: o.Group, BuiltIn: o.BuiltIn, Retired: o.Retired})
	}
	catalog, err := s.directory.SetCatalog(ctx, in.tenant.ID, next)
	in.about.details = map[string]any{"modules": len(next.Modules), "operations": len(next.Operations)}
	return &catalogOutput{catalog}, err
}
