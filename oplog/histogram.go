package oplog

import "time"

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
