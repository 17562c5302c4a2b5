package directory

import (
	"context"

	"oplog/oplog"
	"oplog/records"
)

// SetCatalog replaces a tenant's additions to the built-in catalog. Built-in modules and operation types do not change, whether or not they
// are sent; a tenant may add operation types to a built-in module. Omitted items that have entries stay, retired.
func (d *Directory) SetCatalog(ctx context.Context, tenant string, next oplog.Catalog, checks ...May) (*oplog.Catalog, error) {
	t, err := d.State(tenant)
	if err != nil {
		return nil, err
	}
	own, errs := oplog.CustomCatalog(next)
	if len(errs) > 0 {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The catalog is invalid; it was not changed.", Fields: errs}
	}
	err = d.changeUnused(ctx, tenant, oplog.Match{Catalog: t.Catalog}, checks, func(counts oplog.Counts) error {
		return d.change(tenant, func() error {
			own, err = records.Change(d.changes, oplog.RecordCatalog, tenant, func(stored *oplog.Catalog, _ bool) (bool, error) {
				*stored = own.KeepUsed(*stored, counts)
				return false, nil
			})
			return err
		})
	})
	return oplog.ExtendCatalog(own), err
}
