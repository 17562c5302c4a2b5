package oplog

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Retention: a tenant may keep its entries for a number of days only. What is
// older is deleted by whole days, which are UTC dates of the operation time as
// the store has them: a day goes when the last moment of it is that old, unless
// a legal hold is on it. What is deleted leaves its leaves in the tree, so that
// the proof of the rest holds; a record; and an entry in the trail.

// Days is a run of UTC dates, 2006-01-02, from the first to the last.
type Days struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Has tells whether a date is one of the days.
func (d Days) Has(date string) bool { return d.From <= date && date <= d.To }

// Bounds returns when the first day begins, and when the last has ended.
func (d Days) Bounds() (from, to time.Time) {
	from, _ = time.Parse(time.DateOnly, d.From)
	to, _ = time.Parse(time.DateOnly, d.To)
	return from, to.AddDate(0, 0, 1)
}

// DateOf returns the UTC date of a time.
func DateOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// DayCount is a date and how many entries it has.
type DayCount struct {
	Date    string
	Entries int
}

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

// Hold keeps days from being deleted, whatever the rule says.
type Hold struct {
	ID       string    `json:"id"`
	From     string    `json:"from,omitempty"` // the first date; "" for all before
	To       string    `json:"to,omitempty"`   // the last date; "" for all after
	Reason   string    `json:"reason"`
	SetBy    string    `json:"set_by"`
	SetAt    time.Time `json:"set_at"`
	LiftedBy string    `json:"lifted_by,omitempty"`
	LiftedAt time.Time `json:"lifted_at,omitzero"`
}

// holds tells whether a date may not be deleted because of the hold.
func (h *Hold) holds(date string) bool {
	return h.LiftedAt.IsZero() && h.From <= date && (h.To == "" || date <= h.To)
}

func (h *Hold) validate() []FieldError {
	v := validation{}
	for _, field := range [][2]string{{"from", h.From}, {"to", h.To}} {
		if _, err := time.Parse(time.DateOnly, field[1]); err != nil && field[1] != "" {
			v.fail(field[0], field[1], "is not a date such as 2026-01-31")
		}
	}
	if h.From != "" && h.To != "" && h.To < h.From {
		v.fail("from", h.From, "is after to, %s", h.To)
	}
	v.text("reason", strings.TrimSpace(h.Reason), 1, MaxNameLength)
	return v.errors
}

// Retain sets for how many days entries are kept, 0 for ever, and whether a rule
// below the legal minimum is meant, which is asked anew of each; nil leaves it
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

// expiry returns the first date that the rule keeps at a time, "" where it
// keeps all.
func (t *Tenant) expiry(now time.Time) string {
	if t.RetentionDays == 0 {
		return ""
	}
	return DateOf(now.UTC().AddDate(0, 0, -t.RetentionDays))
}

// keeps tells whether entries of a date are kept at a time, by the rule or by a
// hold.
func (t *tenantState) keeps(date string, now time.Time) bool {
	return date >= t.expiry(now) || slices.ContainsFunc(t.holds, func(h Hold) bool { return h.holds(date) })
}

// expired returns those of the days, in order, that are not kept, as runs that
// no day that is kept stands between.
func (t *tenantState) expired(days []DayCount, now time.Time) (runs []Days, dates, entries int) {
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

// heldBetween tells whether a hold is on a day between two dates, which are not
// held themselves.
func (t *tenantState) heldBetween(after, before string) bool {
	return slices.ContainsFunc(t.holds, func(h Hold) bool {
		return h.LiftedAt.IsZero() && after < h.From && h.From < before
	})
}

// tooOld says of an entry that it comes too late to be kept.
func (t *tenantState) tooOld(e *Entry, now time.Time) (FieldError, bool) {
	if t.RetentionDays == 0 || t.keeps(DateOf(e.Time), now) {
		return FieldError{}, false
	}
	return FieldError{
		Field: "time", Value: e.Time.Format(time.RFC3339),
		Message: fmt.Sprintf("is before %s: this tenant keeps entries for %d days, and takes none that are older", t.expiry(now), t.RetentionDays),
	}, true
}
