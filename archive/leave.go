package archive

import (
	"context"
	"errors"
	"fmt"

	"oplog/oplog"
)

// removeDue has the days removed from the log that the archive has for longer than the grace, after it was compared again with the sums of the log. It is
// no deletion. Of a tenant that archives no more, what is in both places stays there.
func (a *Archive) removeDue(ctx context.Context, t *oplog.TenantState) error {
	if t.ArchiveAfter == 0 {
		return nil
	}
	for _, d := range a.Days(t.ID) {
		if d.State != oplog.DayArchived || a.surelyNow().Sub(d.ArchivedAt) < a.options.Grace {
			continue
		}
		if d.Analysis != a.options.Analysis { // it is easier to ship again from here
			if _, err := a.inTurn(ctx, t.ID, func() (uint64, error) { return a.shipDay(ctx, t.ID, d.Date, true) }); err != nil {
				return err
			}
			continue
		}
		_, err := a.inTurn(ctx, t.ID, func() (uint64, error) { return 0, a.removeDay(ctx, t.ID, d.Date) })
		if differ := (*differs)(nil); errors.As(err, &differ) { // all of it is still here
			_, again := a.inTurn(ctx, t.ID, func() (uint64, error) { return a.shipDay(ctx, t.ID, d.Date, true) })
			err = errors.Join(err, again)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// removeDay records that a day is read from the archive alone; each node then removes it from its disk.
func (a *Archive) removeDay(ctx context.Context, tenant, date string) error {
	term := a.options.Place.Term()
	if err := a.leads(term); err != nil {
		return err
	}
	d, revision, err := a.record(tenant, date)
	if err != nil || d.State != oplog.DayArchived {
		return err
	}
	engine, err := a.shardOf(&d)
	if err == nil {
		err = a.compare(ctx, engine, shipmentOf(&d), sumOf(&d))
	}
	if err == nil {
		err = a.leads(term)
	}
	if err == nil {
		d.State, d.RemovedAt = oplog.DayRemoved, a.now()
		d.VerifiedAt = d.RemovedAt
		err = a.put(&d, revision, "remove")
	}
	if err != nil {
		return fmt.Errorf("remove day %s of tenant %s: %w", date, tenant, err)
	}
	return nil
}
