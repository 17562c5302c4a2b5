package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/trail"
)

// Expired returns how many days and entries, before what time, a retention rule of so many days would delete now.
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

// countDays lists the dates before a date that have entries, from the index: like the store's DaysBefore, in a fraction of the time.
func (j *Journal) countDays(ctx context.Context, tenant, before string) ([]oplog.DayCount, error) {
	first, _, found, err := j.index.Bounds(ctx, tenant)
	end, errs := time.Parse(time.DateOnly, before)
	if err != nil || errs != nil || !found {
		return nil, errors.Join(err, errs)
	}
	var starts []time.Time
	for day := first.Time().Truncate(24 * time.Hour); day.Before(end); day = day.AddDate(0, 0, 1) {
		starts = append(starts, day)
	}
	if len(starts) == 0 {
		return nil, nil
	}
	counts, err := j.index.Count(ctx, tenant, oplog.Match{To: end}, starts)
	if err != nil && !errors.As(err, new(*oplog.Uncounted)) {
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

// Retain deletes the expired entries of all tenants and of the installation's trail. It first finishes deletions that an earlier run began. An error of one tenant does not
// keep others from being processed.
func (j *Journal) Retain(ctx context.Context) error {
	return j.retainTenants(ctx, func(oplog.TenantState) bool { return true })
}

// RetainDaily deletes expired entries now and for each tenant after its day has changed, which it checks at the given interval; failures
// are retried at the next check. Of several nodes, the one that leads does; see nodes.go. It ends with the context.
func (j *Journal) RetainDaily(ctx context.Context, every time.Duration, failed func(error)) {
	look := time.NewTicker(every)
	defer look.Stop()
	for last := (time.Time{}); ; {
		now := j.now()
		err := j.run(ctx, last, now)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err != nil:
			failed(err)
		case j.place.Leads():
			last = now
		default:
			last = time.Time{} // it leads from the beginning
		}
		select {
		case <-look.C:
		case <-j.begun:
		case <-j.agreed:
			last = time.Time{}
		case <-ctx.Done():
			return
		}
	}
}

// retainTenants deletes the expired entries of the selected tenants.
func (j *Journal) retainTenants(ctx context.Context, is func(oplog.TenantState) bool) error {
	j.clock.check() // confirmed or not, also where nothing has expired
	tenants, err := j.directory.Tenants()
	failed := []error{err}
	for _, t := range tenants {
		if err := j.mayBegin(); err != nil {
			return errors.Join(append(failed, err)...)
		}
		state, err := j.directory.State(t.ID)
		if err == nil && is(state) {
			err = guarded(func() error { return errors.Join(j.retain(ctx, t.ID), j.retainTrail(ctx, t.ID)) })
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("retention of tenant %s: %w", t.ID, err))
		}
	}
	if is(oplog.TenantState{Zone: time.UTC}) {
		if err := guarded(func() error { return j.retainInstallation(ctx) }); err != nil {
			failed = append(failed, fmt.Errorf("retention of the installation's access log: %w", err))
		}
	}
	return errors.Join(failed...)
}

// guarded deletes expired entries of a tenant or of the installation's trail. A panic ends neither the program nor the run of others.
func guarded(retain func() error) (err error) {
	defer faults.Catch("deleting expired entries", &err)
	return retain()
}

// WithoutDeletions calls do while no expired entries are deleted.
func (j *Journal) WithoutDeletions(do func() error) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	return do()
}

func (j *Journal) retain(ctx context.Context, tenant string) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	t, err := j.directory.State(tenant)
	if err != nil {
		return err
	}
	if err := j.finishDeletions(ctx, t.Deletions); err != nil {
		return err
	}
	d, err := j.beginDeletion(ctx, tenant)
	if err != nil || len(d.Days) == 0 {
		return err
	}
	return j.finishDeletion(ctx, d)
}

// beginDeletion closes a tenant's expired days, of which there may be none.
func (j *Journal) beginDeletion(ctx context.Context, tenant string) (d oplog.Deletion, err error) {
	term := j.place.Term() // before the rules are read
	err = j.directory.WithRulesLocked(tenant, func(t oplog.TenantState) error {
		// From here on no entry of the days to delete is accepted, and those accepted before are in the index.
		if err := j.directory.AwaitUses(tenant); err != nil {
			return err
		}
		if d, err = j.planDeletion(ctx, t); err != nil || len(d.Days) == 0 {
			return err
		}
		if _, _, _, err := j.index.Bounds(ctx, tenant); err != nil {
			return err // the store would fail as well
		}
		if d.Through, _, err = j.store.Counts(tenant); err != nil {
			return err
		}
		return j.reportDeletion(&d, term)
	})
	return d, err
}

// planDeletion returns the deletion of a tenant's expired days, which has none if there are none or it has to wait.
func (j *Journal) planDeletion(ctx context.Context, t oplog.TenantState) (d oplog.Deletion, err error) {
	if t.RetentionDays == 0 {
		j.waitNoMore(t.ID)
		return d, nil
	}
	now := j.now()
	found, err := j.store.DaysBefore(ctx, t.ID, t.KeptFrom(now))
	if err != nil {
		return d, err
	}
	d = oplog.Deletion{
		Tenant: t.ID, At: now.UTC().Truncate(time.Microsecond),
		RetentionDays: t.RetentionDays, SetBy: t.RetentionBy, SetAt: t.RetentionAt,
	}
	if d.Days, d.Dates, d.Entries = t.Expired(found, now); len(d.Days) == 0 {
		j.waitNoMore(t.ID)
		return d, nil
	}
	if may, err := j.mayDelete(&d, t.Deletions); !may {
		return oplog.Deletion{}, err
	}
	d.Days, err = j.known(t.ID, d.Days)
	return d, err
}

// known returns ranges of days without those of which a damaged record does not say any more where their entries are.
func (j *Journal) known(log string, all []oplog.Days) ([]oplog.Days, error) {
	unknown, err := j.store.UnknownDays()
	var dates []string
	for i := range unknown {
		if u := &unknown[i]; u.Tenant == log && !u.Deleted {
			dates = append(dates, u.Date)
		}
	}
	if err != nil || len(dates) == 0 {
		return all, err
	}
	return oplog.WithoutDates(all, dates), nil
}

// finishDeletion removes entries from the index and from disk.
func (j *Journal) finishDeletion(ctx context.Context, d oplog.Deletion) error {
	if err := j.removeDays(ctx, d.Tenant, d.Days); err != nil {
		return err
	}
	return j.directory.FinishDeletion(d)
}

// reportDeletion begins a deletion, which was decided in a term, and records it in the trail, both or neither.
func (j *Journal) reportDeletion(d *oplog.Deletion, term uint64) error {
	return j.reportDeletionIn(oplog.TrailName(oplog.OwnerOf(d.Tenant)), d, term)
}

// reportDeletionIn is reportDeletion with the entry in a given trail.
func (j *Journal) reportDeletionIn(name string, d *oplog.Deletion, term uint64) error {
	d.Term = term
	details, err := json.Marshal(d)
	if err == nil {
		err = j.mayBegin()
	}
	if err != nil {
		return err
	}
	return j.store.BeginDeletion(d, j.trail.Following(oplog.Entry{
		Tenant: name, Time: d.At, User: trail.ServerUser, Module: "retention", Operation: "delete",
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	}))
}

// deletedAt returns when the entry with a key was deleted, and false if it never existed or still does.
func (j *Journal) deletedAt(t oplog.TenantState, key oplog.Key) (time.Time, bool, error) {
	for i := range t.Deletions {
		if d := &t.Deletions[i]; d.Contains(oplog.DateOf(key.Time())) && key.Seq() <= d.Through {
			arrived, err := j.store.Arrived(t.ID, key)
			return d.At, arrived, err
		}
	}
	return time.Time{}, false, nil
}
