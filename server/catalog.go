package server

import (
	"context"

	"oplog/oplog"
)

type (
	catalogOutput   struct{ Body *oplog.Catalog }
	setCatalogInput struct{ Body newCatalogBody }
)

// newCatalogBody is a catalog as clients send it: as returned by getCatalog, or only the tenant's additions.
type newCatalogBody struct {
	Modules    []newModuleBody    `json:"modules" maxItems:"1000" doc:"Built-in ones may be omitted."`
	Operations []newOperationBody `json:"operations,omitempty" maxItems:"1000" doc:"Built-in ones may be omitted."`
}

type newModuleBody struct {
	Key        string       `json:"key" doc:"A lowercase letter, then lowercase letters, digits and _; at most 64."`
	Title      newTitleBody `json:"title"`
	Operations []string     `json:"operations" maxItems:"1000" doc:"Keys of the allowed operation types."`
	Added      []string     `json:"added,omitempty" maxItems:"1000" doc:"As returned by getCatalog; ignored."`
	BuiltIn    bool         `json:"built_in,omitempty" doc:"As returned by getCatalog; ignored."`
	Retired    bool         `json:"retired,omitempty" doc:"Rejected in new entries, still displayed."`
}

type newOperationBody struct {
	Key     string       `json:"key" doc:"A lowercase letter, then lowercase letters, digits and _; at most 64."`
	Title   newTitleBody `json:"title"`
	Group   oplog.Group  `json:"group" enum:"destructive,outward,create,change" doc:"Effect on the data."`
	BuiltIn bool         `json:"built_in,omitempty" doc:"As returned by getCatalog; ignored."`
	Retired bool         `json:"retired,omitempty" doc:"Rejected in new entries, still displayed."`
}

type newTitleBody struct {
	EN string `json:"en" doc:"In English."`
	ZH string `json:"zh-CN" doc:"In Chinese."`
}

func (s *Server) getCatalog(_ context.Context, in *call, _ *struct{}) (*catalogOutput, error) {
	catalog, err := s.directory.Catalog(in.tenant.ID)
	if err != nil {
		return nil, err
	}
	list, key := joinedCatalog(catalog)
	list, err = pageOf(in, maxCatalogListed, list, key)
	return newCatalogOutput(list), err
}

// joinedCatalog returns a catalog as one list, modules first.
func joinedCatalog(c *oplog.Catalog) ([]either[oplog.Module, oplog.Operation], func(*either[oplog.Module, oplog.Operation]) string) {
	return joined(c.Modules, func(m *oplog.Module) string { return m.Key }, c.Operations, func(o *oplog.Operation) string { return o.Key })
}

func newCatalogOutput(list []either[oplog.Module, oplog.Operation]) *catalogOutput {
	modules, operations := parted(list)
	return &catalogOutput{&oplog.Catalog{Modules: modules, Operations: operations}}
}

// setCatalog replaces the tenant's additions to the built-in catalog.
func (s *Server) setCatalog(ctx context.Context, in *call, input *setCatalogInput) (*catalogOutput, error) {
	var next oplog.Catalog
	for _, m := range input.Body.Modules {
		next.Modules = append(next.Modules, oplog.Module{Key: m.Key, Title: oplog.Title(m.Title), Operations: m.Operations, BuiltIn: m.BuiltIn, Retired: m.Retired})
	}
	for _, o := range input.Body.Operations {
		next.Operations = append(next.Operations, oplog.Operation{Key: o.Key, Title: oplog.Title(o.Title), Group: o.Group, BuiltIn: o.BuiltIn, Retired: o.Retired})
	}
	in.trailDetails.details = map[string]any{"modules": len(next.Modules), "operations": len(next.Operations)}
	describe := func(oplog.Catalog) trailDetails { return in.trailDetails }
	catalog, err := auditedDirectory(s, in, oplog.RecordCatalog, describe).SetCatalog(ctx, in.tenant.ID, next, s.stillMay(in))
	if err != nil {
		return nil, err
	}
	list, key := joinedCatalog(catalog)
	return newCatalogOutput(firstOf(in, maxCatalogListed, list, key)), nil
}
