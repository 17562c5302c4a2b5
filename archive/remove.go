package archive

import (
	"context"

	"oplog/oplog"
)

// removeHere removes the days from this node that are read from the archive: from the index, and from the store, with their arrivals.
func (a *Archive) removeHere(ctx context.Context, tenant string) error {
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
		if err := a.store.DeleteDays(ctx, tenant, days); err != nil {
			return err
		}
		a.days.replace(tenant, func(before *view) *view {
			left := make([]oplog.Days, 0, len(before.leaving))
			for _, d := range before.leaving {
				if d != days {
					left = append(left, d)
				}
			}
			return newView(tenant, before.all, left)
		})
	}
	return a.store.MoveArrivals(ctx, tenant)
}
