package directory

import (
	"errors"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// RemovedTenant is the record of a tenant that is being removed, or was. It exists for nobody else: see [Directory.State].
type RemovedTenant struct {
	oplog.Tenant
	Removal *oplog.Removal `json:"removal,omitempty"` // nil of others
}

// BeginRemoval makes a tenant invisible, unless refuse returns an error. What is recorded is stored by then, and nothing more is accepted.
func (d *Directory) BeginRemoval(id, by string, refuse func(oplog.TenantState) error, checks ...May) (RemovedTenant, error) {
	var removed RemovedTenant
	err := d.WithRulesLocked(id, func(t oplog.TenantState) error {
		c, err := d.cached(id)
		if err != nil {
			return err
		}
		if err := refuse(t); err != nil {
			return err
		}
		c.useMu.Lock()
		defer c.useMu.Unlock()
		return d.change(id, func() error {
			removed, err = records.Change(d.changes, oplog.RecordTenant, id, func(t *RemovedTenant, exists bool) (bool, error) {
				if !exists || t.Removal != nil {
					return false, notFoundError(id, oplog.Errorf(oplog.CodeNotFound, ""))
				}
				t.Removal = &oplog.Removal{By: by, At: d.now().UTC().Truncate(time.Second)}
				return false, Allowed(checks)
			})
			return err
		})
	})
	return removed, err
}

// Removed lists the removed tenants, by id, those that are being removed, too.
func (d *Directory) Removed() ([]RemovedTenant, error) {
	return records.WithoutDamage(records.Where(d.records, oplog.RecordTenant, "", func(t *RemovedTenant) bool { return t.Removal != nil }))
}

// IsRemoved reports whether there was a tenant with an id, and is none any more.
func (d *Directory) IsRemoved(id string) bool {
	if _, err := d.State(id); oplog.CodeOf(err) != oplog.CodeNotFound {
		return false
	}
	t, err := records.Read[RemovedTenant](d.records, oplog.RecordTenant, id)
	return err == nil && t.Removal != nil
}

// ChangeRemoval changes what is kept of a removed tenant.
func (d *Directory) ChangeRemoval(id string, change func(*oplog.Removal)) (RemovedTenant, error) {
	return records.Change(d.changes, oplog.RecordTenant, id, func(t *RemovedTenant, exists bool) (bool, error) {
		if !exists || t.Removal == nil {
			return false, errors.New("the tenant is not being removed")
		}
		change(t.Removal)
		return false, nil
	})
}
