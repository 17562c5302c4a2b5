package oplog

import (
	"slices"
	"strings"
	"time"
)

// Retention: a tenant may keep its entries for a number of days, counted in its time zone: today and that many whole days before it. Older
// entries are deleted by whole UTC dates of the operation time, as the store partitions them: a date expires when its last moment does,
// unless a legal hold covers it. A deletion keeps the leaves in the Merkle tree, so that proofs of other entries still verify, and leaves a
// record and an entry in the trail.

// Deletion is the record of a deletion of entries.
type Deletion struct {
	ID      string    `json:"id" doc:"Id of the entry in the access log that reports it."`
	Tenant  string    `json:"tenant" doc:"The tenant's id."`
	At      time.Time `json:"at" doc:"Start of the deletion."`
	Days    []Days    `json:"days" doc:"The days whose entries were deleted."`
	Dates   int       `json:"dates" doc:"Number of days with entries."`
	Entries int       `json:"entries" doc:"Number of deleted entries."`
	Through uint64    `json:"through" doc:"Seq of the last entry recorded at that time."`

	// The retention rule at that time.
	RetentionDays int       `json:"retention_days" doc:"The retention at that time."`
	SetBy         string    `json:"set_by" doc:"Who had set that retention."`
	SetAt         time.Time `json:"set_at,omitzero" doc:"When that retention was set."`

	FinishedAt time.Time `json:"finished_at,omitzero" doc:"When the entries were removed from disk; omitted until then."`

	// Term is when it was decided: the term in which the node led before it read the rules; see [Place]. It is not kept.
	Term uint64 `json:"-"`
}

// Contains reports whether a date was deleted.
func (d *Deletion) Contains(date string) bool {
	return slices.ContainsFunc(d.Days, func(days Days) bool { return days.Contains(date) })
}

// Retain sets the days of retention (0 for unlimited) and the confirmation of a period below the legal minimum, which every change must
// repeat; nil keeps the present value.
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

// RetainAccess sets the days for which the access log is kept (0 for unlimited); nil keeps the present value.
func (t *Tenant) RetainAccess(days *int, by string, at time.Time) {
	if days != nil && *days != t.AccessDays {
		t.AccessDays, t.AccessBy, t.AccessSetAt = *days, by, at.UTC().Truncate(time.Second)
	}
}

// OfAccess returns the state with the retention rule of the access log. Holds keep its days, too.
func (t TenantState) OfAccess() TenantState {
	t.RetentionDays, t.RetentionBy, t.RetentionAt, t.Deletions = t.AccessDays, t.AccessBy, t.AccessSetAt, t.AccessDeletions
	return t
}

// JoinDays returns the union of days that were deleted or have expired, as few ranges that no held day interrupts.
func (t *TenantState) JoinDays(days []Days) (joined []Days) {
	days = slices.SortedFunc(slices.Values(days), func(a, b Days) int { return strings.Compare(a.From, b.From) })
	for _, d := range days {
		n := len(joined)
		if n > 0 && (d.From <= joined[n-1].To || !t.mayHold(joined[n-1].To, d.From)) {
			joined[n-1].To = max(joined[n-1].To, d.To)
			continue
		}
		joined = append(joined, d)
	}
	return joined
}

// mayHold reports whether a hold may cover a date strictly between two dates.
func (t *TenantState) mayHold(after, before string) bool {
	return slices.ContainsFunc(t.Holds, func(h Hold) bool {
		return h.LiftedAt.IsZero() && h.dates.From < before && (h.dates.To == "" || h.dates.To > after)
	})
}

// KeptDay returns the start of the first day in the tenant's time zone that the retention rule keeps; zero if it keeps everything.
func (t *TenantState) KeptDay(now time.Time) time.Time {
	if t.RetentionDays == 0 {
		return time.Time{}
	}
	y, m, d := now.In(t.Zone).Date()
	return Midnight(y, m, d-t.RetentionDays, t.Zone)
}

// KeptSince returns the start of the first UTC date that the retention rule keeps; zero if it keeps everything.
func (t *TenantState) KeptSince(now time.Time) time.Time {
	return t.KeptDay(now).UTC().Truncate(24 * time.Hour)
}

// KeptFrom returns the first UTC date that the retention rule keeps; "" if it keeps everything.
func (t *TenantState) KeptFrom(now time.Time) string {
	if t.RetentionDays == 0 {
		return ""
	}
	return DateOf(t.KeptSince(now))
}

// Today returns the current date in the tenant's time zone.
func (t *TenantState) Today(now time.Time) string { return now.In(t.Zone).Format(time.DateOnly) }

// keeps reports whether the retention rule or a hold keeps a date.
func (t *TenantState) keeps(date string, now time.Time) bool {
	return date >= t.KeptFrom(now) || slices.ContainsFunc(t.Holds, func(h Hold) bool { return h.covers(date) })
}

// Expired returns the given days, in order, that are not kept, as ranges that no kept day interrupts.
func (t *TenantState) Expired(days []DayCount, now time.Time) (runs []Days, dates, entries int) {
	for _, day := range days {
		if !t.keeps(day.Date, now) {
			if n := len(runs); n > 0 && !t.hasHoldBetween(runs[n-1].To, day.Date) {
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

// tooOld returns the error of an entry that is older than the retention period.
func (t *TenantState) tooOld(e *Entry, now time.Time) (FieldError, bool) {
	// Fast path: recent entries need no calendar arithmetic, whatever the zone.
	recent := now.Sub(e.Time) < time.Duration(t.RetentionDays-2)*24*time.Hour
	if t.RetentionDays == 0 || recent || t.keeps(DateOf(e.Time), now) {
		return FieldError{}, false
	}
	return FieldError{
		Field: "time", Value: e.Time.Format(time.RFC3339),
		Violation: Violates("before_retention", "is before {start}: this tenant keeps entries for {days} days and rejects older ones",
			FormatInBoth(t.KeptSince(now), t.Zone), t.RetentionDays),
	}, true
}

// Retention is a tenant's retention rule, its holds and its deletions.
type Retention struct {
	Days         int        `json:"retention_days" doc:"Whole days before today, in the tenant's time zone, for which entries are kept; 0: forever. They are deleted by whole UTC days, so never earlier and up to a day later."`
	BelowMinimum bool       `json:"below_legal_minimum" doc:"Whether a retention below 180 days was confirmed."`
	SetBy        string     `json:"set_by,omitempty" doc:"Username, or command for the command line."`
	SetAt        time.Time  `json:"set_at,omitzero" doc:"Time of the setting."`
	TimeZone     string     `json:"time_zone" doc:"The tenant's time zone, in which days are counted."`
	KeptDay      string     `json:"kept_day,omitempty" doc:"The first day, in the tenant's time zone, that is kept today; omitted if everything is kept."`
	KeptFrom     string     `json:"kept_from,omitempty" doc:"The UTC date in which kept_day begins: every entry from 00:00 UTC of that date is kept today; omitted if everything is kept."`
	Holds        []Hold     `json:"holds" doc:"Newest first, including lifted ones."`
	Deletions    []Deletion `json:"deletions" doc:"Newest first."`

	AccessDays      int        `json:"access_retention_days" doc:"Whole days before today for which the access log is kept; 0: forever. Legal holds keep its days, too."`
	AccessKeptFrom  string     `json:"access_kept_from,omitempty" doc:"The first UTC date of the access log that is kept today; omitted if everything is kept."`
	AccessDeletions []Deletion `json:"access_deletions" doc:"Deletions of the access log, newest first: each lists all days deleted so far."`
}
