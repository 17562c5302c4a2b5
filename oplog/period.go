package oplog

import "time"

// Range is a named period that moves with the clock. Its days are those of the
// tenant's time zone; the last N days include today.
type Range string

// The ranges that pages and exports offer.
const (
	RangeToday      Range = "today"
	RangeLast7Days  Range = "last_7_days"
	RangeLast30Days Range = "last_30_days"
	RangeLast90Days Range = "last_90_days"
	RangeCustom     Range = "custom" // of exports: from and to alone
)

var rangeDays = map[Range]int{RangeToday: 1, RangeLast7Days: 7, RangeLast30Days: 30, RangeLast90Days: 90}

// Period returns the first instant of the range and the first after it, in the
// time zone of now; false for a range that is not a preset.
func (r Range) Period(now time.Time) (from, to time.Time, ok bool) {
	days, ok := rangeDays[r]
	if !ok {
		return from, to, false
	}
	y, m, d := now.Date()
	return Midnight(y, m, d-days+1, now.Location()), Midnight(y, m, d+1, now.Location()), true
}

// Midnight returns the first instant of a day. Where clocks skip midnight,
// time.Date answers with an instant of the day before or after; the day then
// starts at the end of the gap. Where they go back to midnight, it may answer
// with the second.
func Midnight(y int, m time.Month, d int, loc *time.Location) time.Time {
	const step = 15 * time.Minute // clocks change by whole ones
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

// Intersect returns the instants that lie in both periods; a zero time is no
// bound.
func Intersect(from, to, otherFrom, otherTo time.Time) (time.Time, time.Time) {
	if otherFrom.After(from) {
		from = otherFrom
	}
	if to.IsZero() || !otherTo.IsZero() && otherTo.Before(to) {
		to = otherTo
	}
	return from, to
}

// interval is a width of histogram buckets: some minutes of a day, or whole
// days, months or years.
type interval struct {
	name                          string
	minutes, days, months, length int // length: about how many minutes
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

// maxBuckets is how many bars a histogram has at most where a finer interval
// would have more.
const maxBuckets = 200

// Buckets cuts a period into the finest even pieces that a histogram can show,
// aligned to the clock and calendar of the time zone of from. It returns the
// name of their width and where each starts; the first may start before from.
func Buckets(from, to time.Time) (string, []time.Time) {
	minutes := int(to.Sub(from) / time.Minute)
	width := intervals[len(intervals)-1]
	for _, iv := range intervals {
		if minutes/iv.length < maxBuckets {
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

// floor returns the start of the bucket that t lies in.
func (iv interval) floor(t time.Time) time.Time {
	y, m, d := t.Date()
	loc := t.Location()
	switch {
	case iv.months == 12:
		return Midnight(y, 1, 1, loc)
	case iv.months == 1:
		return Midnight(y, m, 1, loc)
	case iv.days == 7:
		return Midnight(y, m, d-(int(t.Weekday())+6)%7, loc) // weeks start on Monday
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
// A bucket below a day ends where the wall clock next shows a round time or the
// day ends, and never spans more than its width: where clocks go back, the
// times shown twice are in two buckets, and the bucket before the next round
// time may be shorter. Where clocks skip a round time, the bucket before ends
// early, at the end of the gap.
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
