package archive

import (
	"context"

	"oplog/oplog"
)

// Round does what Run does once, until no tenant has more, and removes from this node what is read from the archive.
func (a *Archive) Round(ctx context.Context, tenants func() ([]oplog.TenantState, error), failed func(error)) {
	for a.round(ctx, tenants, failed) {
	}
	for _, tenant := range a.days.leaving() {
		if err := a.removeGuarded(ctx, tenant); err != nil {
			failed(err)
		}
	}
}

// Retry has all that failed tried again, and the janitor called, by the next Round.
func (a *Archive) Retry() {
	a.work.mu.Lock()
	defer a.work.mu.Unlock()
	a.work.tenants = nil
}

// DropDeleted drops what the archive may have of deleted days.
func (a *Archive) DropDeleted(ctx context.Context, tenant string, days oplog.Days) error {
	return a.dropDeleted(ctx, tenant, days)
}
