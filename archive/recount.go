package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oplog/background"
	"oplog/oplog"
)

// The counts of a day may be missing or damaged, or be in the form of the first ones. Then they are counted again, from the entries of an archived day that are
// still here, or from those in the archive, and replaced if these entries are the ones that were archived.

// recountEvery is how often it is looked for days without their counts.
const recountEvery = 24 * time.Hour

// recount counts a tenant's days that have not all of their counts. What is damaged does not keep others from being counted.
func (a *Archive) recount(ctx context.Context, tenant string) error {
	term := a.options.Place.Term()
	var failed []error
	for _, d := range a.Days(tenant) {
		if !isThere(&d) || a.isCounted(&d) {
			continue
		}
		err := a.countAgain(ctx, &d, term)
		if err != nil {
			failed = append(failed, fmt.Errorf("count day %s of tenant %s again: %w", d.Date, tenant, err))
		}
		if ctx.Err() != nil || oplog.CodeOf(err) == oplog.CodeUnavailable {
			break
		}
	}
	return errors.Join(failed...)
}

// isCounted reports whether all counts of a day are here, of values as far as they are not too many.
func (a *Archive) isCounted(d *oplog.ArchivedDay) bool {
	data, _, err := a.store.Record(oplog.RecordArchiveCounts, d.Name())
	if err != nil {
		return false
	}
	s, err := readCounts(d.Name(), data)
	return err == nil && s.Rows == d.Rows && len(s.Minutes) > 0
}

// countAgain counts a day and stores that.
func (a *Archive) countAgain(ctx context.Context, d *oplog.ArchivedDay, term uint64) error {
	var sum Sum
	counts := newTally()
	var pacer background.Pacer
	visit := func(key oplog.Key, leaf []byte) error {
		if sum.Rows%pacedRows == pacedRows-1 {
			if err := a.leads(term); err != nil {
				return err
			}
			pacer.Yield()
		}
		e, err := a.decode(key, leaf)
		if err == nil {
			sum.Add(key.Seq(), LeafHash(leaf))
			counts.add(&e)
		}
		return err
	}
	if err := a.visitOldestFirst(ctx, d, visit); err != nil {
		return err
	}
	if sum != sumOf(d) {
		return errDiffers
	}
	changes, err := a.countsChange(d, counts)
	if err == nil {
		err = a.leads(term)
	}
	if err != nil {
		return err
	}
	return inWords(a.store.PutRecords(changes))
}

// visitOldestFirst reads all of a day from where it is read by others.
func (a *Archive) visitOldestFirst(ctx context.Context, d *oplog.ArchivedDay, visit func(key oplog.Key, leaf []byte) error) error {
	if d.State == oplog.DayArchived {
		return a.store.DayLeaves(ctx, d.Tenant, d.Date, visit)
	}
	engine, err := a.shardOf(d)
	if err != nil {
		return err
	}
	days := []Day{{DayAttempt: shipmentOf(d).DayAttempt, Rows: d.Rows}}
	return engineError(engine.Leaves(ctx, &Range{Tenant: d.Tenant, Days: days, OldestFirst: true}, visit))
}

// decode returns the entry of recorded bytes, which is to have that key.
func (a *Archive) decode(key oplog.Key, leaf []byte) (oplog.Entry, error) {
	e, err := a.options.Decode(leaf)
	if err == nil && e.Key() != key {
		err = oplog.Errorf(oplog.CodeDamaged, "The entry %s has another key in its recorded bytes.", key.ID())
	}
	return e, err
}

// errDiffers is the error of a day of which the archive has not what was archived.
var errDiffers = oplog.Errorf(oplog.CodeDamaged, "What the archive has of it differs from the log; oplog verify --archive tells how.")
