package directory

import (
	"context"

	"oplog/oplog"
	"oplog/records"
)

// SetCatalog replaces what a tenant adds to the built-in catalog. Built-in
// modules and operation types stay as they are, whether they are sent or not,
// but for operation types that the tenant adds to a module. What is left out and
// has been used stays, retired.
func (d *Directory) SetCatalog(ctx context.Context, tenant string, next oplog.Catalog) (*oplog.Catalog, error) {
	t, err := d.State(tenant)
	if err != nil {
		return nil, err
	}
	own, broken := oplog.CustomCatalog(next)
	if len(broken) > 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The catalog is invalid; it was not changed.", Fields: broken}
	}
	counts, err := d.index.Count(ctx, tenant, oplog.Match{Catalog: t.Catalog}, nil)
	if err != nil {
		return nil, err
	}
	err = d.change(tenant, func() error {
		own, err = records.Change(d.records, oplog.RecordCatalog, tenant, func(stored *oplog.Catalog, _ bool) (bool, error) {
			*stored = own.KeepUsed(*stored, counts)
			return false, nil
		})
		return err
	})
	return oplog.ExtendCatalog(own), err
}
