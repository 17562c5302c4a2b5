package archive

import (
	"context"
	"slices"
	"time"

	"oplog/oplog"
)

// due returns the dates that should be in the archive by a tenant's setting, and are not, oldest first. It asks the index, which is much faster than the
// store.
func (a *Archive) due(ctx context.Context, t *oplog.TenantState) ([]string, error) {
	before := t.ArchivedBefore(a.surelyNow())
	if before == "" {
		return nil, nil
	}
	end, err := time.Parse(time.DateOnly, before)
	if err != nil {
		return nil, err
	}
	first, _, found, err := a.index.Bounds(ctx, t.ID)
	if err != nil || !found {
		return nil, err
	}
	var starts []time.Time
	for day := first.Time().Truncate(24 * time.Hour); day.Before(end); day = day.AddDate(0, 0, 1) {
		starts = append(starts, day)
	}
	if len(starts) == 0 {
		return nil, nil
	}
	counts, err := a.index.Count(ctx, t.ID, oplog.Match{To: end}, starts)
	if err != nil {
		return nil, err
	}
	known := a.Days(t.ID)
	var dates []string
	for i, n := range counts.Buckets {
		date := oplog.DateOf(starts[i])
		is := func(d oplog.ArchivedDay) bool { return d.Date == date && d.State != oplog.DayShipping }
		isDeleted := func(d oplog.Deletion) bool { return d.Contains(date) }
		if n > 0 && !slices.ContainsFunc(known, is) && !slices.ContainsFunc(t.Deletions, isDeleted) {
			dates = append(dates, date)
		}
	}
	return dates, nil
}

// ShipDue ships all of a tenant's days that should be in the archive, oldest first, and tells of each that it has shipped.
func (a *Archive) ShipDue(ctx context.Context, t oplog.TenantState, progress func(date string, rows uint64)) error {
	dates, err := a.due(ctx, &t)
	if err != nil {
		return err
	}
	for _, date := range dates {
		rows, err := a.inTurn(ctx, t.ID, func() (uint64, error) { return a.shipDay(ctx, t.ID, date, false) })
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			continue // it was deleted meanwhile
		}
		if err != nil {
			return err
		}
		if rows > 0 {
			progress(date, rows)
		}
	}
	a.work.done(t.ID, shipJob, nil, a.now(), 0) // what failed before is over
	return nil
}
