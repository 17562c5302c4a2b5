package oplog

import (
	"fmt"
	"slices"
	"time"
)

// Retention: a tenant may keep its entries for a number of days only, counted in
// its time zone: today and that many whole days before it. What is older is
// deleted by whole UTC dates of the operation time, as the store has them: a date
// goes when its last moment is that old, unless a legal hold is on it. What is
// deleted leaves its leaves in the tree, so that the proof of the rest holds; a
// record; and an entry in the trail.

// Deletion is the record of entries that were deleted.
type Deletion struct {
	ID      string    `json:"id"` // of the entry in the trail that tells of it
	Tenant  string    `json:"tenant"`
	At      time.Time `json:"at"`
	Days    []Days    `json:"days"`
	Dates   int       `json:"dates"` // how many of the days had entries
	Entries int       `json:"entries"`
	Through uint64    `json:"through"` // the seq of the last entry that had arrived then

	// The rule of then.
	RetentionDays int       `json:"retention_days"`
	SetBy         string    `json:"set_by"`
	SetAt         time.Time `json:"set_at,omitzero"`

	FinishedAt time.Time `json:"finished_at,omitzero"` // when the last of them was off the disk
}

// Has tells whether a date is one of those deleted.
func (d *Deletion) Has(date string) bool {
	return slices.ContainsFunc(d.Days, func(days Days) bool { return days.Has(date) })
}

// Retain sets for how many days entries are kept, 0 for ever, and whether a rule
// below the legal minimum is meant, which is asked again of each; nil leaves it
// as it is.
func (t *Tenant) Retain(days *int, below *bool, by string, at time.Time) {
	before := *t
	if days != nil && *days != t.RetentionDays {
		t.RetentionDays, t.BelowMinimum = *days, false
	}
	if below != nil {
		t.BelowMinimum = *below
	}
	if t.RetentionDays != before.RetentionDays || t.BelowMinimum != before.BelowMinimum {
		t.RetentionBy, t.RetentionAt = by, at.UTC().Truncate(time.Second)
	}
}

// KeptDay returns when the first of the tenant's days begins that the rule keeps
// at a time; zero where it keeps all.
func (t *TenantState) KeptDay(now time.Time) time.Time {
	if t.RetentionDays == 0 {
		return time.Time{}
	}
	y, m, d := now.In(t.Zone).Date()
	return Midnight(y, m, d-t.RetentionDays, t.Zone)
}

// KeptSince returns when the first UTC date begins that the rule keeps at a time;
// zero where it keeps all.
func (t *TenantState) KeptSince(now time.Time) time.Time {
	return t.KeptDay(now).UTC().Truncate(24 * time.Hour)
}

// KeptFrom returns the first UTC date that the rule keeps at a time, "" where it
// keeps all.
func (t *TenantState) KeptFrom(now time.Time) string {
	if t.RetentionDays == 0 {
		return ""
	}
	return DateOf(t.KeptSince(now))
}

// Today returns the tenant's date at a time.
func (t *TenantState) Today(now time.Time) string { return now.In(t.Zone).Format(time.DateOnly) }

// keeps tells whether entries of a date are kept at a time, by the rule or by a
// hold.
func (t *TenantState) keeps(date string, now time.Time) bool {
	return date >= t.KeptFrom(now) || slices.ContainsFunc(t.Holds, func(h Hold) bool { return h.holds(date) })
}

// Expired returns those of the days, in order, that are not kept, as runs that
// no day that is kept stands between.
func (t *TenantState) Expired(days []DayCount, now time.Time) (runs []Days, dates, entries int) {
	for _, day := range days {
		if !t.keeps(day.Date, now) {
			if n := len(runs); n > 0 && !t.heldBetween(runs[n-1].To, day.Date) {
				runs[n-1].To = day.Date
			} else {
				runs = append(runs, Days{day.Date, day.Date})
			}
			dates++
			entries += day.Entries
		}
	}
	return runs, dates, entries
}

// tooOld says of an entry that it comes too late to be kept.
func (t *TenantState) tooOld(e *Entry, now time.Time) (FieldError, bool) {
	// Most entries are of today: these need no calendar, whatever the zone's days.
	recent := now.Sub(e.Time) < time.Duration(t.RetentionDays-2)*24*time.Hour
	if t.RetentionDays == 0 || recent || t.keeps(DateOf(e.Time), now) {
		return FieldError{}, false
	}
	return FieldError{
		Field: "time", Value: e.Time.Format(time.RFC3339),
		Message: fmt.Sprintf("is before %s: this tenant keeps entries for %d days, and takes none that are older", InBoth(t.KeptSince(now), t.Zone), t.RetentionDays),
	}, true
}

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
