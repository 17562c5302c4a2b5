package oplog

import (
	"time"
)

// Entries are kept and deleted by whole UTC dates, while users think in days of their tenant's time zone. A date is kept if any moment of
// it falls in a day to be kept.

// Days is an inclusive range of UTC dates in the form 2006-01-02.
type Days struct {
	From string `json:"from" doc:"The first UTC date."`
	To   string `json:"to" doc:"The last UTC date."`
}

// Contains reports whether a date is in the range.
func (d Days) Contains(date string) bool { return d.From <= date && date <= d.To }

// Bounds returns the start of the first day and the end of the last.
func (d Days) Bounds() (from, to time.Time) {
	from, _ = time.Parse(time.DateOnly, d.From)
	to, _ = time.Parse(time.DateOnly, d.To)
	return from, to.AddDate(0, 0, 1)
}

// DateOf returns the UTC date of a time.
func DateOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// WithoutDates returns ranges of days without some dates, which are in order.
func WithoutDates(all []Days, dates []string) (left []Days) {
	for _, days := range all {
		for _, date := range dates {
			if !days.Contains(date) {
				continue
			}
			if days.From < date {
				left = append(left, Days{From: days.From, To: dateAfter(date, -1)})
			}
			days.From = dateAfter(date, 1)
		}
		if days.From <= days.To {
			left = append(left, days)
		}
	}
	return left
}

// dateAfter returns the date some days after a valid one.
func dateAfter(date string, days int) string {
	t, _ := time.Parse(time.DateOnly, date)
	return DateOf(t.AddDate(0, 0, days))
}

// DayCount is a date and its number of entries.
type DayCount struct {
	Date    string
	Entries int
}

// startOfDate returns the start of a valid date in a time zone, offset by a number of days.
func startOfDate(date string, days int, loc *time.Location) time.Time {
	t, _ := time.Parse(time.DateOnly, date)
	y, m, d := t.Date()
	return Midnight(y, m, d+days, loc)
}

// overlappingDates returns the UTC dates that overlap a range of days in a time zone. "" means unbounded; so does a bound outside the years
// that dates can be written with.
func overlappingDates(from, to string, loc *time.Location) (touched Days) {
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

// FormatInBoth formats an instant in UTC and in a time zone: 2026-11-01 00:00 UTC = 08:00 Asia/Shanghai.
func FormatInBoth(t time.Time, loc *time.Location) string {
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
