package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"oplog/oplog"
	"oplog/trail"
)

// Expired returns how many days and entries a rule of so many days would delete
// now: those before a time.
func (j *Journal) Expired(ctx context.Context, tenant string, days int) (before time.Time, dates, entries int, err error) {
	t, err := j.directory.State(tenant)
	if err != nil || days <= 0 {
		return time.Time{}, 0, 0, err
	}
	t.RetentionDays = days
	now := j.now()
	found, err := j.countDays(ctx, tenant, t.KeptFrom(now))
	_, dates, entries = t.Expired(found, now)
	return t.KeptSince(now), dates, entries, err
}

// countDays lists the dates before one that the index has entries of: as the
// store's DaysBefore, in a fraction of the time.
func (j *Journal) countDays(ctx context.Context, tenant, before string) ([]oplog.DayCount, error) {
	first, _, found, err := j.index.Bounds(ctx, tenant)
	end, broken := time.Parse(time.DateOnly, before)
	if err != nil || broken != nil || !found {
		return nil, errors.Join(err, broken)
	}
	var starts []time.Time
	for day := first.Time().Truncate(24 * time.Hour); day.Before(end); day = day.AddDate(0, 0, 1) {
		starts = append(starts, day)
	}
	if len(starts) == 0 {
		return nil, nil
	}
	counts, err := j.index.Count(ctx, tenant, oplog.Match{To: end}, starts)
	if err != nil {
		return nil, err
	}
	var days []oplog.DayCount
	for i, n := range counts.Buckets {
		if n > 0 {
			days = append(days, oplog.DayCount{Date: oplog.DateOf(starts[i]), Entries: n})
		}
	}
	return days, nil
}

// Retain deletes what no tenant keeps any more. What an earlier run has begun
// and not finished is finished first. A tenant that fails keeps no other from
// its turn.
func (j *Journal) Retain(ctx context.Context) error {
	return j.retainThose(ctx, func(oplog.TenantState) bool { return true })
}

// RetainDaily deletes what no tenant keeps any more, now and for each tenant
// after its day has turned, for which it looks every so often; what failed is
// tried again at the next look. It ends with the context.
func (j *Journal) RetainDaily(ctx context.Context, every time.Duration, failed func(error)) {
	look := time.NewTicker(every)
	defer look.Stop()
	for last := (time.Time{}); ; {
		now := j.now()
		err := j.retainThose(ctx, func(t oplog.TenantState) bool { return last.IsZero() || t.Today(last) != t.Today(now) })
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failed(err)
		} else {
			last = now
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// retainThose deletes what some tenants do not keep any more.
func (j *Journal) retainThose(ctx context.Context, is func(oplog.TenantState) bool) error {
	tenants, err := j.directory.Tenants()
	failed := []error{err}
	for _, t := range tenants {
		state, err := j.directory.State(t.ID)
		if err == nil && is(state) {
			err = j.retain(ctx, t.ID)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("retention of tenant %s: %w", t.ID, err))
		}
	}
	return errors.Join(failed...)
}

func (j *Journal) retain(ctx context.Context, tenant string) error {
	j.deleting.Lock()
	defer j.deleting.Unlock()
	t, err := j.directory.State(tenant)
	if err != nil {
		return err
	}
	for _, d := range t.Deletions {
		if d.FinishedAt.IsZero() {
			if err := j.finishDeletion(ctx, d); err != nil {
				return err
			}
		}
	}
	d, err := j.beginDeletion(ctx, tenant)
	if err != nil || len(d.Days) == 0 {
		return err
	}
	return j.finishDeletion(ctx, d)
}

// beginDeletion closes the days that a tenant does not keep any more; there may
// be none.
func (j *Journal) beginDeletion(ctx context.Context, tenant string) (d oplog.Deletion, err error) {
	err = j.directory.Rule(tenant, func(t oplog.TenantState) error {
		if t.RetentionDays == 0 {
			return nil
		}
		now := j.now()
		// From here on no entry of the days that are to go is taken any more, and
		// those that were are in the index.
		j.appending.Lock()
		j.appending.Unlock() //nolint:staticcheck // it waits for those who append
		found, err := j.store.DaysBefore(ctx, tenant, t.KeptFrom(now))
		if err != nil {
			return err
		}
		d = oplog.Deletion{
			Tenant: tenant, At: now.UTC().Truncate(time.Microsecond),
			RetentionDays: t.RetentionDays, SetBy: t.RetentionBy, SetAt: t.RetentionAt,
		}
		if d.Days, d.Dates, d.Entries = t.Expired(found, now); len(d.Days) == 0 {
			return nil
		}
		if _, _, _, err := j.index.Bounds(ctx, tenant); err != nil {
			return err // it could not follow
		}
		if d.Through, _, err = j.store.Counts(tenant); err != nil {
			return err
		}
		if d.ID, err = j.tellDeletion(ctx, d); err != nil {
			return err
		}
		return j.store.BeginDeletion(d)
	})
	return d, err
}

// finishDeletion takes entries out of the index, and off the disk.
func (j *Journal) finishDeletion(ctx context.Context, d oplog.Deletion) error {
	for _, days := range d.Days {
		from, to := days.Bounds()
		if err := j.index.Drop(ctx, d.Tenant, from, to); err != nil {
			return err
		}
		if err := j.store.DeleteDays(ctx, d.Tenant, days); err != nil {
			return err
		}
	}
	return j.directory.FinishDeletion(d)
}

// tellDeletion tells the trail of a deletion before it begins, and returns the
// id of what was told.
func (j *Journal) tellDeletion(ctx context.Context, d oplog.Deletion) (string, error) {
	details, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	return j.trail.Record(ctx, oplog.Entry{
		Tenant: oplog.TrailName(d.Tenant), Time: d.At, User: trail.ServerUser, Module: "retention", Operation: "delete",
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	})
}

// deletedOn returns when the entry with a key was deleted, and false for one
// that never was there or still is.
func (j *Journal) deletedOn(t oplog.TenantState, key oplog.Key) (time.Time, bool, error) {
	for i := range t.Deletions {
		if d := &t.Deletions[i]; d.Contains(oplog.DateOf(key.Time())) && key.Seq() <= d.Through {
			arrived, err := j.store.Arrived(t.ID, key)
			return d.At, arrived, err
		}
	}
	return time.Time{}, false, nil
}
