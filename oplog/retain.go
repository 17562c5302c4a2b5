package oplog

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Retention is what a tenant keeps, and what it has deleted.
type Retention struct {
	Days         int        `json:"retention_days"`
	BelowMinimum bool       `json:"below_legal_minimum"`
	SetBy        string     `json:"set_by,omitempty"`
	SetAt        time.Time  `json:"set_at,omitzero"`
	TimeZone     string     `json:"time_zone"`           // whose days are counted
	KeptDay      string     `json:"kept_day,omitempty"`  // the first of these that the rule keeps today; left out where it keeps all
	KeptFrom     string     `json:"kept_from,omitempty"` // the UTC date in which that day begins: the first that is not deleted
	Holds        []Hold     `json:"holds"`               // newest first, those lifted too
	Deletions    []Deletion `json:"deletions"`           // newest first
}

// Retention returns what a tenant keeps, and what it has deleted.
func (l *Log) Retention(tenant string) (Retention, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return Retention{}, err
	}
	now := l.now()
	r := Retention{
		TimeZone: t.zone.String(), Days: t.RetentionDays, BelowMinimum: t.BelowMinimum, SetBy: t.RetentionBy, SetAt: t.RetentionAt, KeptFrom: t.expiry(now),
		Holds: slices.Clone(t.holds), Deletions: slices.Clone(t.deletions),
	}
	if r.KeptFrom != "" {
		r.KeptDay = t.today(t.keptDay(now))
	}
	slices.SortStableFunc(r.Holds, func(a, b Hold) int { return b.SetAt.Compare(a.SetAt) })
	slices.Reverse(r.Deletions)
	return r, nil
}

// Expired returns how many days and entries a rule of so many days would delete
// now: those before a time.
func (l *Log) Expired(ctx context.Context, tenant string, days int) (before time.Time, dates, entries int, err error) {
	t, err := l.tenant(tenant)
	if err != nil || days <= 0 {
		return time.Time{}, 0, 0, err
	}
	t.RetentionDays = days
	now := l.now()
	found, err := l.countDays(ctx, tenant, t.expiry(now))
	_, dates, entries = t.expired(found, now)
	return t.keptFrom(now), dates, entries, err
}

// countDays lists the dates before one that the index has entries of: as the
// store's DaysBefore, in a fraction of the time.
func (l *Log) countDays(ctx context.Context, tenant, before string) ([]DayCount, error) {
	first, _, found, err := l.index.Bounds(ctx, tenant)
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
	counts, err := l.index.Count(ctx, tenant, Match{To: end}, starts)
	if err != nil {
		return nil, err
	}
	var days []DayCount
	for i, n := range counts.Buckets {
		if n > 0 {
			days = append(days, DayCount{DateOf(starts[i]), n})
		}
	}
	return days, nil
}

// maxHolds bounds the holds of a tenant, lifted ones too.
const maxHolds = 200

// AddHold puts a legal hold on days of a tenant, which are those of its time zone.
func (l *Log) AddHold(tenant string, h Hold) (Hold, error) {
	if broken := h.validate(); len(broken) > 0 {
		return h, &Error{Code: CodeInvalid, Message: "The hold breaks a rule.", Fields: broken}
	}
	h.ID, h.SetAt, h.LiftedBy, h.LiftedAt = rand.Text()[:12], l.now().UTC().Truncate(time.Second), "", time.Time{}
	err := l.changeHolds(tenant, func(t tenantState) error {
		if len(t.holds) >= maxHolds {
			return Errorf(CodeInvalid, "This tenant has had %d holds, the most that it may; put a longer one in the place of several.", maxHolds)
		}
		h.TimeZone = t.zone.String()
		h.cover(touchedDates(h.From, h.To, t.zone))
		return createRecord(l.store, RecordHold, tenant+"/"+h.ID, h.record())
	})
	return h, err
}

// LiftHold ends a legal hold. What it alone has kept is deleted by the next run.
func (l *Log) LiftHold(tenant, id, by string) (h Hold, err error) {
	err = l.changeHolds(tenant, func(tenantState) error {
		r, err := changeRecord(l.store, RecordHold, tenant+"/"+id, func(h *holdRecord, exists bool) (bool, error) {
			switch {
			case !exists:
				return false, Errorf(CodeNotFound, "There is no hold %s.", id)
			case !h.LiftedAt.IsZero():
				return false, Errorf(CodeConflict, "Hold %s was lifted before.", id)
			}
			h.LiftedBy, h.LiftedAt = by, l.now().UTC().Truncate(time.Second)
			return false, nil
		})
		h = r.hold()
		return err
	})
	return h, err
}

// changeHolds changes the holds of a tenant while nobody decides which of its
// days to delete: once a hold has been answered, it holds.
func (l *Log) changeHolds(tenant string, change func(tenantState) error) error {
	l.retaining.Lock()
	defer l.retaining.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	t, err := l.readTenant(tenant)
	if err != nil {
		return err
	}
	defer delete(l.tenants, tenant)
	return change(t)
}

// Retain deletes what no tenant keeps any more. What an earlier run has begun
// and not finished is finished first. A tenant that fails keeps no other from
// its turn.
func (l *Log) Retain(ctx context.Context) error {
	return l.retainThose(ctx, func(tenantState) bool { return true })
}

// RetainDaily deletes what no tenant keeps any more, now and for each tenant
// after its day has turned, for which it looks every so often; what failed is
// tried again at the next look. It ends with the context.
func (l *Log) RetainDaily(ctx context.Context, every time.Duration, failed func(error)) {
	look := time.NewTicker(every)
	defer look.Stop()
	for last := (time.Time{}); ; {
		now := l.now()
		err := l.retainThose(ctx, func(t tenantState) bool { return last.IsZero() || t.today(last) != t.today(now) })
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
func (l *Log) retainThose(ctx context.Context, is func(tenantState) bool) error {
	tenants, err := l.Tenants()
	failed := []error{err}
	for _, t := range tenants {
		state, err := l.tenant(t.ID)
		if err == nil && is(state) {
			err = l.retain(ctx, t.ID)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("retention of tenant %s: %w", t.ID, err))
		}
	}
	return errors.Join(failed...)
}

func (l *Log) retain(ctx context.Context, tenant string) error {
	l.deleting.Lock()
	defer l.deleting.Unlock()
	t, err := l.tenant(tenant)
	if err != nil {
		return err
	}
	for _, d := range t.deletions {
		if d.FinishedAt.IsZero() {
			if err := l.finishDeletion(ctx, d); err != nil {
				return err
			}
		}
	}
	d, err := l.beginDeletion(ctx, tenant)
	if err != nil || len(d.Days) == 0 {
		return err
	}
	return l.finishDeletion(ctx, d)
}

// beginDeletion closes the days that a tenant does not keep any more; there may
// be none.
func (l *Log) beginDeletion(ctx context.Context, tenant string) (Deletion, error) {
	l.retaining.Lock()
	defer l.retaining.Unlock()
	t, err := l.tenant(tenant)
	if err != nil || t.RetentionDays == 0 {
		return Deletion{}, err
	}
	now := l.now()
	// From here on no entry of the days that are to go is taken any more, and
	// those that were are in the index.
	l.appending.Lock()
	l.appending.Unlock() //nolint:staticcheck // it waits for those who append
	found, err := l.store.DaysBefore(ctx, tenant, t.expiry(now))
	if err != nil {
		return Deletion{}, err
	}
	d := Deletion{
		Tenant: tenant, At: now.UTC().Truncate(time.Microsecond),
		RetentionDays: t.RetentionDays, SetBy: t.RetentionBy, SetAt: t.RetentionAt,
	}
	if d.Days, d.Dates, d.Entries = t.expired(found, now); len(d.Days) == 0 {
		return d, nil
	}
	if _, _, _, err := l.index.Bounds(ctx, tenant); err != nil {
		return d, err // it could not follow
	}
	if d.Through, _, err = l.store.Counts(tenant); err != nil {
		return d, err
	}
	if d.ID, err = l.tellDeletion(ctx, d); err != nil {
		return d, err
	}
	defer l.forgetTenant(tenant)
	return d, l.store.BeginDeletion(d)
}

// finishDeletion takes entries out of the index, and off the disk.
func (l *Log) finishDeletion(ctx context.Context, d Deletion) error {
	for _, days := range d.Days {
		from, to := days.Bounds()
		if err := l.index.Drop(ctx, d.Tenant, from, to); err != nil {
			return err
		}
		if err := l.store.DeleteDays(ctx, d.Tenant, days); err != nil {
			return err
		}
	}
	_, err := changeRecord(l.store, RecordDeletion, d.Tenant+"/"+d.ID, func(d *Deletion, exists bool) (bool, error) {
		d.FinishedAt = l.now().UTC().Truncate(time.Microsecond)
		return !exists, nil
	})
	l.forgetTenant(d.Tenant)
	return err
}

// forgetTenant has a tenant's state read anew.
func (l *Log) forgetTenant(tenant string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tenants, tenant)
}

// tellDeletion tells the trail of a deletion before it begins, and returns the
// id of what was told.
func (l *Log) tellDeletion(ctx context.Context, d Deletion) (string, error) {
	details, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	l.writeTrail(TrailOf(d.Tenant)) // what was told before comes before
	l.trail.writing.Lock()
	defer l.trail.writing.Unlock()
	receipts, err := l.store.Append(ctx, TrailOf(d.Tenant), []Entry{{
		Tenant: TrailOf(d.Tenant), Time: d.At, User: ServerUser, Module: "retention", Operation: "delete",
		Origin: OriginManual, Outcome: OutcomeSuccess, Details: details,
	}}, 0)
	if err != nil {
		return "", fmt.Errorf("tell the trail: %w", err)
	}
	return receipts[0].ID, nil
}

// deletedOn returns when the entry with a key was deleted, and false for one
// that never was there or still is.
func (l *Log) deletedOn(t tenantState, key Key) (time.Time, bool, error) {
	for i := range t.deletions {
		if d := &t.deletions[i]; d.Has(DateOf(key.Time())) && key.Seq() <= d.Through {
			arrived, err := l.store.Arrived(t.ID, key)
			return d.At, arrived, err
		}
	}
	return time.Time{}, false, nil
}
