package oplog

import (
	"time"
)

// Entries are kept and deleted by whole UTC dates; people mean days of their
// tenant's time zone. A date is kept as long as a moment of it lies in a day
// that is to be kept.

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

// startOfDate returns when a valid date begins in a zone, some days on.
func startOfDate(date string, days int, loc *time.Location) time.Time {
	t, _ := time.Parse(time.DateOnly, date)
	y, m, d := t.Date()
	return Midnight(y, m, d+days, loc)
}

// touchedDates returns the UTC dates that the days of a zone, from one to
// another, have a moment in. "" is no bound, and what lies outside the years
// that dates are written with is none either.
func touchedDates(from, to string, loc *time.Location) (touched Days) {
	if from != "" {
		if t := startOfDate(from, 0, loc).UTC(); t.Year() > 0 {
			touched.From = DateOf(t)
		}
	}
	if to != "" {
		if t := startOfDate(to, 1, loc).UTC(); t.Year() <= maxYear {
			touched.To = DateOf(t.Add(-1))
		}
	}
	return touched
}

const maxYear = 9999

// InBoth writes an instant as UTC and as a zone have it: 2026-11-01 00:00 UTC =
// 08:00 Asia/Shanghai.
func InBoth(t time.Time, loc *time.Location) string {
	const date, clock = time.DateOnly, "15:04"
	t = t.UTC()
	text := t.Format(date + " " + clock + " UTC")
	there := t.In(loc)
	switch {
	case loc.String() == time.UTC.String():
		return text
	case there.Format(date) == t.Format(date):
		return text + " = " + there.Format(clock) + " " + loc.String()
	}
	return text + " = " + there.Format(date+" "+clock) + " " + loc.String()
}
