package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"oplog/oplog"
)

// attemptsOf returns all attempts that a record names.
func attemptsOf(d *oplog.ArchivedDay) []uint32 {
	all := append(slices.Clone(d.Attempts), d.Attempt)
	if d.Next > 0 {
		all = append(all, d.Next)
	}
	return all
}

// dropDeleted drops what the archive may have of deleted days, and returns once every server has confirmed that. Only the node that leads does so.
func (a *Archive) dropDeleted(ctx context.Context, tenant string, days oplog.Days) error {
	term := a.options.Place.Term()
	if !a.options.Place.Leads() {
		return nil
	}
	var failed []error
	for _, d := range a.Days(tenant) {
		if d.State == oplog.DayDeleted && days.Contains(d.Date) {
			failed = append(failed, a.dropAll(ctx, &d, term))
		}
	}
	return errors.Join(failed...)
}

// dropAll drops all attempts of a deleted day, after what proofs need of it is back in the store.
func (a *Archive) dropAll(ctx context.Context, d *oplog.ArchivedDay, term uint64) error {
	engine, err := a.shardOf(d) // of one whose record is damaged, nobody knows the attempts
	if err == nil {
		err = a.store.BringArrivals(ctx, d.Tenant, []oplog.Days{{From: d.Date, To: d.Date}})
	}
	for _, attempt := range attemptsOf(d) {
		if err == nil {
			err = a.leads(term)
		}
		if err == nil {
			err = engineError(engine.Drop(ctx, Shipment{d.Tenant, DayAttempt{d.Date, attempt}}))
		}
	}
	if err != nil {
		return fmt.Errorf("the deletion of day %s of tenant %s is not finished, since the archive may still have it: %w", d.Date, d.Tenant, err)
	}
	return nil
}
