package archive

import (
	"context"
	"slices"

	"oplog/oplog"
)

// RemoveFromIndex is RemoveHere for the index alone: what a store has of removed days does not matter to queries.
func (a *Archive) RemoveFromIndex(ctx context.Context, tenant string) error {
	v := a.days.read(tenant)
	leaving := v.leaving
	v.release()
	for _, days := range leaving {
		if err := a.days.settle(ctx, tenant); err != nil {
			return err
		}
		from, to := days.Bounds()
		if err := a.index.Drop(ctx, tenant, from, to); err != nil {
			return err
		}
		a.days.replace(tenant, func(before *view) *view {
			return newView(tenant, before.all, slices.DeleteFunc(slices.Clone(before.leaving), func(d oplog.Days) bool { return d == days }))
		})
	}
	return nil
}

// CountsRecord returns the RecordArchiveCounts of the entries of a day.
func CountsRecord(entries []oplog.Entry) ([]byte, error) {
	t := newTally()
	for i := range entries {
		t.add(&entries[i])
	}
	return t.encode()
}

// LimitSums limits the memory of sums.
func (a *Archive) LimitSums(bytes int) { a.sums.most = bytes }
