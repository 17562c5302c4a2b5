package search

import (
	"context"

	"oplog/oplog"
)

// OpenManual is Open for an index that builds nothing in the background, but when Flush and Merge are called, so that a test decides on the
// order of everything. The lengths of segments are divided by a number, so that few entries need what many would.
func OpenManual(dir string, store oplog.Store, divisor int) *Index {
	sizes := defaultSizes
	for _, length := range []*int{
		&sizes.flush, &sizes.soonFlush, &sizes.restFlush, &sizes.maxFlush, &sizes.maxSegment, &sizes.longRun, &sizes.build, &sizes.maxLost,
	} {
		*length = max(1, *length/divisor)
	}
	x := newIndex(dir, store, sizes)
	x.manual = true
	return x
}

// Flush builds segments of a tenant's tail, unless it is short, and of entries whose segment was lost. It happens in the background otherwise.
func (x *Index) Flush(ctx context.Context, tenant string) error {
	t, err := x.readyTenant(ctx, tenant)
	if err != nil {
		return err
	}
	return x.guarded(tenant, func() error { return x.flush(t) })
}

// Merge merges a tenant's segments if there are enough, and reports whether there were. It happens in the background otherwise.
func (x *Index) Merge(ctx context.Context, tenant string) (merged bool, err error) {
	t, err := x.readyTenant(ctx, tenant)
	if err != nil {
		return false, err
	}
	err = x.guarded(tenant, func() (err error) {
		merged, err = x.merge(t)
		return err
	})
	return merged, err
}
