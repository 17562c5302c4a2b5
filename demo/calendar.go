package demo

import (
	"math/rand/v2"
	"time"
)

// zone is the company's time zone. China keeps UTC+8 all year, so days are
// plain arithmetic.
var zone = time.FixedZone("UTC+8", 8*3600)

// The generator's times are milliseconds since 1970-01-01 in the company's zone; days are counted from the same date.
const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

func dayOf(t time.Time) int { return int(localMillis(t) / day) }

func localMillis(t time.Time) int64 { return t.UnixMilli() + 8*hour }

func toTime(millis int64) time.Time { return time.UnixMilli(millis - 8*hour).UTC() }

// dateOf returns the calendar date of a day.
func dateOf(d int) (int, time.Month, int) { return time.UnixMilli(int64(d) * day).UTC().Date() }

// season is a time of the year with more or less activity than usual; from and to are month*100 + day of month.
type season struct {
	from, to int
	activity float64
	weekends bool // whether people work on weekends
}

var seasons = []season{
	{101, 103, 0.3, false},
	{501, 505, 0.35, false},
	{601, 620, 1.5, true}, // 618
	{1001, 1007, 0.35, false},
	{1020, 1031, 1.3, false}, // before Double 11
	{1101, 1109, 1.6, true},
	{1110, 1111, 2.4, true},
	{1112, 1115, 1.15, false},
	{1116, 1130, 1.25, false}, // Thanksgiving, Black Friday
	{1208, 1212, 1.6, true},
	{1218, 1231, 1.2, false},
}

// activityOf returns the activity of a day relative to an ordinary working day.
func activityOf(d int) float64 {
	_, month, date := dateOf(d)
	md := int(month)*100 + date
	activity, weekends := 1.0, false
	for _, s := range seasons {
		if s.from <= md && md <= s.to {
			activity, weekends = s.activity, s.weekends
			break
		}
	}
	switch weekday := time.Weekday((d + 4) % 7); { // 1970 began on a Thursday
	case weekday == time.Saturday && weekends, weekday == time.Sunday && weekends:
		activity *= 0.55
	case weekday == time.Saturday:
		activity *= 0.24
	case weekday == time.Sunday:
		activity *= 0.17
	case weekday == time.Friday:
		activity *= 0.93
	}
	// Deterministic noise of a few per cent, so that no two weeks are alike.
	return activity * (0.92 + float64(uint32(d)*2654435761>>16&0xff)/255*0.16)
}

// activityCache caches activityOf, which is called for every entry.
type activityCache struct {
	first int
	byDay []float64
}

func newActivityCache(first, last int) activityCache {
	b := activityCache{first, make([]float64, 0, last-first+1)}
	for d := first; d <= last; d++ {
		b.byDay = append(b.byDay, activityOf(d))
	}
	return b
}

func (b activityCache) on(d int) float64 {
	if i := d - b.first; i >= 0 && i < len(b.byDay) {
		return b.byDay[i]
	}
	return 1
}

// activityByHalfHour is the relative activity in each half hour of a day: a morning peak, a dip at lunch, a longer afternoon, some
// overtime.
var activityByHalfHour = [48]int{
	1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 4, 9,
	22, 55, 96, 118, 124, 115, 98, 62, 26, 22, 44, 88, 112, 120, 116, 118,
	110, 96, 78, 54, 36, 28, 26, 24, 22, 17, 12, 8, 5, 3, 2, 1,
}

var weightedHalfHours = func() []uint8 { // half hours, each repeated according to its activity
	var c []uint8
	for h, n := range activityByHalfHour {
		for range n {
			c = append(c, uint8(h))
		}
	}
	return c
}()

// randomWorkTime returns a time of day in milliseconds, distributed like activityByHalfHour.
func randomWorkTime(r *rand.Rand) int64 {
	return int64(weightedHalfHours[r.IntN(len(weightedHalfHours))])*(hour/2) + int64(r.IntN(hour/2))
}

// nextTime returns the time of the next event of an object: often in the same session, otherwise later that day or on one of the next
// working days.
func (b activityCache) nextTime(r *rand.Rand, at int64) int64 {
	switch roll := r.IntN(100); {
	case roll < 42:
		return at + 40*second + int64(r.ExpFloat64()*9*minute)
	case roll < 62:
		later := at + 20*minute + int64(r.IntN(4*hour))
		if later/day == at/day && later%day < 21*hour {
			return later
		}
	}
	d := int(at/day) + 1 + int(r.ExpFloat64()*4)
	for range 4 {
		if r.Float64()*1.4 < b.on(d) {
			break
		}
		d++
	}
	return int64(d)*day + randomWorkTime(r)
}
