package archive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"oplog/faults"
	"oplog/oplog"
)

// DefaultEvery is how often Run looks for days to ship and to remove, if nothing is known to be left.
const DefaultEvery = time.Minute

// tidyEvery is how often the janitor looks at what the servers have.
const tidyEvery = 24 * time.Hour

// Run ships the days of all tenants that are old enough, has those removed from the log that the archive has for longer than the grace, and tidies the
// archive: on the node that leads. Each node removes what is read from the archive from its own disk. It ends with the context. Failures of a tenant do
// not keep others from being processed, and are tried again.
func (a *Archive) Run(ctx context.Context, tenants func() ([]oplog.TenantState, error), failed func(error)) {
	var removing sync.WaitGroup
	defer removing.Wait()
	removing.Go(func() { a.removeOnThisNode(ctx, failed) })
	for wait := time.Duration(0); sleep(ctx, wait); {
		if wait = a.every(); a.round(ctx, tenants, failed) {
			wait = 0
		}
	}
}

func (a *Archive) every() time.Duration {
	if a.options.Every > 0 {
		return a.options.Every
	}
	return DefaultEvery
}

// sleep waits, and reports whether the context goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// round does what there is to do for each tenant, of its due days the oldest, and reports whether any has more.
func (a *Archive) round(ctx context.Context, tenants func() ([]oplog.TenantState, error), failed func(error)) (more bool) {
	if !a.IsConfigured() || !a.options.Place.Leads() {
		return false
	}
	all, err := tenants()
	if err != nil {
		failed(fmt.Errorf("archiving: %w", err))
	}
	for i := range all {
		t := &all[i]
		if t.ArchiveAfter == 0 && len(a.Days(t.ID)) == 0 {
			continue
		}
		a.try(ctx, t, tidyJob, tidyEvery, failed, func() error { return a.tidy(ctx, t.ID) })
		a.try(ctx, t, countJob, recountEvery, failed, func() error { return a.recount(ctx, t.ID) })
		a.try(ctx, t, removeJob, 0, failed, func() error { return a.removeDue(ctx, t) })
		a.try(ctx, t, shipJob, 0, failed, func() error {
			left, err := a.shipOldest(ctx, t)
			more = more || left && err == nil
			return err
		})
	}
	return more
}

// try does a job of a tenant, if it is time for it, and the next time after a pause. A panic does not end the program.
func (a *Archive) try(ctx context.Context, t *oplog.TenantState, j job, pause time.Duration, failed func(error), do func() error) {
	if ctx.Err() != nil || !a.options.Place.Leads() || !a.work.mayTry(t.ID, j) {
		return
	}
	err := func() (err error) {
		defer faults.Catch("archiving", &err)
		return do()
	}()
	if ctx.Err() != nil || !a.options.Place.Leads() {
		return // what failed, another node does
	}
	if a.work.done(t.ID, j, err, a.now(), pause); err != nil {
		failed(fmt.Errorf("archiving of tenant %s: %w", t.ID, err))
	}
}

// shipOldest ships the oldest day that should be in the archive, and reports whether there are more. Days that are damaged here are left, and told.
// If none is due, a day whose texts an earlier version analysed is shipped again.
func (a *Archive) shipOldest(ctx context.Context, t *oplog.TenantState) (more bool, err error) {
	dates, err := a.due(ctx, t)
	if err != nil {
		return false, err
	}
	var damaged []error
	for i, date := range dates {
		err := a.ShipDay(ctx, t.ID, date)
		switch oplog.CodeOf(err) {
		case oplog.CodeNotFound: // it was deleted meanwhile
			continue
		case oplog.CodeDamaged:
			damaged = append(damaged, err)
			continue
		}
		return i < len(dates)-1 || len(a.stale(t.ID)) > 0, errors.Join(append(damaged, err)...)
	}
	more, err = a.shipStale(ctx, t)
	return more, errors.Join(append(damaged, err)...)
}

// removeOnThisNode removes the days from this node that are read from the archive: what is left at the start, and whenever a record changes.
func (a *Archive) removeOnThisNode(ctx context.Context, failed func(error)) {
	for {
		wait := a.every()
		for _, tenant := range a.days.leaving() {
			if err := a.removeGuarded(ctx, tenant); err != nil && ctx.Err() == nil {
				failed(fmt.Errorf("removing archived days of tenant %s from the disk: %w", tenant, err))
			}
		}
		select {
		case <-a.wake:
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

func (a *Archive) removeGuarded(ctx context.Context, tenant string) (err error) {
	defer faults.Catch("removing archived days", &err)
	return a.removeHere(ctx, tenant)
}
