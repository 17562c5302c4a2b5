package archive

import (
	"context"
	"errors"
	"fmt"

	"oplog/oplog"
)

// IsConfigured reports whether there is a server for archived days.
func (a *Archive) IsConfigured() bool { return len(a.options.Shards) > 0 }

// Days returns a tenant's days, in whatever state, by date.
func (a *Archive) Days(tenant string) []oplog.ArchivedDay {
	v := a.days.read(tenant)
	defer v.release()
	return v.all
}

// CheckShards returns an error if a recorded day of the tenants is on a shard that is not configured. Without any shard, there is nothing to check.
func (a *Archive) CheckShards(tenants []oplog.TenantState) error {
	if !a.IsConfigured() {
		return nil
	}
	for i := range tenants {
		for _, d := range a.Days(tenants[i].ID) {
			if _, err := a.shardOf(&d); err != nil && d.Shard != unknownShard {
				return err
			}
		}
	}
	return nil
}

// shardOf returns the engine that has a day.
func (a *Archive) shardOf(d *oplog.ArchivedDay) (Engine, error) {
	switch {
	case d.Shard == unknownShard:
		return nil, &errUnknown{d.Tenant, d.Date}
	case !a.IsConfigured():
		return nil, errNotConfigured
	case d.Shard < 0 || d.Shard >= len(a.options.Shards):
		return nil, fmt.Errorf("day %s of tenant %s is on shard %d, and only %d are configured: specify the servers of all shards, in the order in which they were configured before", d.Date, d.Tenant, d.Shard+1, len(a.options.Shards))
	}
	return a.options.Shards[d.Shard], nil
}

// Check returns an error if a server does not answer, or what it keeps of a tenant is not as it should be.
func (a *Archive) Check(ctx context.Context, tenant string) error {
	failed := make([]error, len(a.options.Shards))
	for i, shard := range a.options.Shards {
		failed[i] = shard.Check(ctx, tenant)
	}
	return errors.Join(failed...)
}
