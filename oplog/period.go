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

// interval is the width of a histogram bucket: a number of minutes, or of whole days, months or years.
type interval struct {
	name                          string
	minutes, days, months, length int // length: approximate minutes
}

var intervals = []interval{
	{"1m", 1, 0, 0, 1},
	{"5m", 5, 0, 0, 5},
	{"15m", 15, 0, 0, 15},
	{"1h", 60, 0, 0, 60},
	{"3h", 180, 0, 0, 180},
	{"6h", 360, 0, 0, 360},
	{"12h", 720, 0, 0, 720},
	{"1d", 0, 1, 0, 1440},
	{"7d", 0, 7, 0, 7 * 1440},
	{"1mo", 0, 0, 1, 30 * 1440},
	{"1y", 0, 0, 12, 365 * 1440},
}

// MaxBuckets limits the buckets of a histogram; a coarser interval is chosen beyond it.
const MaxBuckets = 200

// Buckets divides a period into buckets of the finest interval that fits MaxBuckets, aligned to clock and calendar in the time zone of
// from. It returns the interval's name and the start of each bucket; the first may start before from.
func Buckets(from, to time.Time) (string, []time.Time) {
	minutes := int(to.Sub(from) / time.Minute)
	width := intervals[len(intervals)-1]
	for _, iv := range intervals {
		if minutes/iv.length < MaxBuckets {
			width = iv
			break
		}
	}
	var starts []time.Time
	for t := width.floor(from); t.Before(to); t = width.next(t) {
		starts = append(starts, t)
	}
	return width.name, starts
}

// floor returns the start of the bucket that contains t.
func (iv interval) floor(t time.Time) time.Time {
	y, m, d := t.Date()
	loc := t.Location()
	switch {
	case iv.months == 12:
		return Midnight(y, 1, 1, loc)
	case iv.months == 1:
		return Midnight(y, m, 1, loc)
	case iv.days == 7:
		return Midnight(y, m, d-daysSinceMonday(t.Weekday()), loc) // weeks start on Monday
	case iv.days == 1:
		return Midnight(y, m, d, loc)
	}
	start := Midnight(y, m, d, loc)
	for next := iv.next(start); !next.After(t); next = iv.next(next) {
		start = next
	}
	return start
}

// next returns the start of the bucket after the one that starts at t.
//
// A bucket shorter than a day ends at the next round wall-clock time or at the end of the day, and never spans more than its width. Where
// clocks are set back, the repeated times are in two buckets, and the bucket before the next round time may be shorter. Where clocks skip a
// round time, the bucket before it ends early, at the end of the gap.
func (iv interval) next(t time.Time) time.Time {
	y, m, d := t.Date()
	loc := t.Location()
	if iv.months > 0 {
		return Midnight(y, m+time.Month(iv.months), 1, loc)
	}
	if iv.days > 0 {
		return Midnight(y, m, d+iv.days, loc)
	}
	left := iv.minutes - (t.Hour()*60+t.Minute())%iv.minutes
	next := t.Add(time.Duration(left) * time.Minute)
	if _, change := t.ZoneBounds(); !change.IsZero() && change.Before(next) {
		_, before := t.Zone()
		_, after := change.Zone()
		if skipped := time.Duration(after-before) * time.Second; skipped > 0 {
			next = later(next.Add(-skipped), change)
		}
	}
	if midnight := Midnight(y, m, d+1, loc); midnight.After(t) && midnight.Before(next) {
		return midnight
	}
	return next
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
