package oplog

import (
	"time"
)

// Range is a named period relative to now. Its days are in the tenant's time zone; the last N days include today.
type Range string

// The ranges of pages and exports.
const (
	RangeToday      Range = "today"
	RangeYesterday  Range = "yesterday"
	RangeLast7Days  Range = "last_7_days"
	RangeLast30Days Range = "last_30_days"
	RangeLast90Days Range = "last_90_days"
	RangeLastWeek   Range = "last_week" // Monday to Sunday
	RangeThisMonth  Range = "this_month"
	RangeLastMonth  Range = "last_month"
	RangeCustom     Range = "custom" // exports only: from and to, without a preset
)

// ranges lists the presets. Each function takes a day and returns the first day of the period and the first day after it; both may be out
// of range, as time.Date normalizes them.
var ranges = []struct {
	name   Range
	period func(y int, m time.Month, d int, weekday time.Weekday) (from, to date)
}{
	{RangeToday, lastDays(1)},
	{RangeYesterday, func(y int, m time.Month, d int, _ time.Weekday) (from, to date) {
		return date{y, m, d - 1}, date{y, m, d}
	}},
	{RangeLast7Days, lastDays(7)},
	{RangeLast30Days, lastDays(30)},
	{RangeLast90Days, lastDays(90)},
	{RangeLastWeek, func(y int, m time.Month, d int, weekday time.Weekday) (from, to date) {
		monday := d - daysSinceMonday(weekday)
		return date{y, m, monday - 7}, date{y, m, monday}
	}},
	{RangeThisMonth, func(y int, m time.Month, _ int, _ time.Weekday) (from, to date) {
		return date{y, m, 1}, date{y, m + 1, 1}
	}},
	{RangeLastMonth, func(y int, m time.Month, _ int, _ time.Weekday) (from, to date) {
		return date{y, m - 1, 1}, date{y, m, 1}
	}},
}

type date struct {
	year  int
	month time.Month
	day   int
}

// lastDays is the period of the last n days, including the present one.
func lastDays(n int) func(y int, m time.Month, d int, _ time.Weekday) (from, to date) {
	return func(y int, m time.Month, d int, _ time.Weekday) (from, to date) {
		return date{y, m, d - n + 1}, date{y, m, d + 1}
	}
}

func daysSinceMonday(weekday time.Weekday) int { return (int(weekday) + 6) % 7 }

// Presets returns the ranges with a period of their own.
func Presets() []Range {
	names := make([]Range, len(ranges))
	for i, r := range ranges {
		names[i] = r.name
	}
	return names
}

// PresetNames lists the presets for messages.
func PresetNames() []string {
	var names []string
	for _, r := range ranges {
		names = append(names, string(r.name))
	}
	return names
}

// Period returns the start (inclusive) and end (exclusive) of the range, in the time zone of now; false if the range is not a preset.
func (r Range) Period(now time.Time) (from, to time.Time, ok bool) {
	for _, preset := range ranges {
		if preset.name == r {
			y, m, d := now.Date()
			first, after := preset.period(y, m, d, now.Weekday())
			loc := now.Location()
			return Midnight(first.year, first.month, first.day, loc), Midnight(after.year, after.month, after.day, loc), true
		}
	}
	return from, to, false
}

// Midnight returns the first instant of a day. Where a clock change skips midnight, time.Date returns an instant of the adjacent day; the
// day then starts at the end of the gap. Where clocks are set back over midnight, time.Date may return the second occurrence.
func Midnight(y int, m time.Month, d int, loc *time.Location) time.Time {
	const step = 15 * time.Minute // offsets change by multiples of this
	want := time.Date(y, m, d, 12, 0, 0, 0, loc).Day()
	t := time.Date(y, m, d, 0, 0, 0, 0, loc)
	for t.Day() != want {
		t = t.Add(step)
	}
	for before := t.Add(-step); before.Day() == want; before = t.Add(-step) {
		t = before
	}
	return t
}

// Intersect returns the intersection of two periods; a zero time is unbounded.
func Intersect(from, to, otherFrom, otherTo time.Time) (time.Time, time.Time) {
	if otherFrom.After(from) {
		from = otherFrom
	}
	if to.IsZero() || !otherTo.IsZero() && otherTo.Before(to) {
		to = otherTo
	}
	return from, to
}
