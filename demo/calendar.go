package demo

import (
	"math/rand/v2"
	"time"
)

// zone is the company's time zone. China keeps UTC+8 all year, so days are
// plain arithmetic.
var zone = time.FixedZone("UTC+8", 8*3600)

// The units of the generator's times, which are milliseconds since 1970 in the
// company's zone; days count from the same midnight.
const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

func dayOf(t time.Time) int { return int(localMillis(t) / day) }

func localMillis(t time.Time) int64 { return t.UnixMilli() + 8*hour }

func toTime(millis int64) time.Time { return time.UnixMilli(millis - 8*hour).UTC() }

// dateOf returns a day's calendar date.
func dateOf(d int) (int, time.Month, int) { return time.UnixMilli(int64(d) * day).UTC().Date() }

// season is a time of the year with more or less work than usual, in month*100
// + day of month.
type season struct {
	from, to int
	work     float64
	weekends bool // whether weekends are worked through
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

// busyness is how much is done on a day, against a plain working day.
func busyness(d int) float64 {
	_, month, date := dateOf(d)
	md := int(month)*100 + date
	work, weekends := 1.0, false
	for _, s := range seasons {
		if s.from <= md && md <= s.to {
			work, weekends = s.work, s.weekends
			break
		}
	}
	switch weekday := time.Weekday((d + 4) % 7); { // 1970 began on a Thursday
	case weekday == time.Saturday && weekends, weekday == time.Sunday && weekends:
		work *= 0.55
	case weekday == time.Saturday:
		work *= 0.24
	case weekday == time.Sunday:
		work *= 0.17
	case weekday == time.Friday:
		work *= 0.93
	}
	// No two weeks are alike: a few per cent, the same every time.
	return work * (0.92 + float64(uint32(d)*2654435761>>16&0xff)/255*0.16)
}

// busyDays caches busyness: it is asked for with every entry.
type busyDays struct {
	first int
	work  []float64
}

func newBusyDays(first, last int) busyDays {
	b := busyDays{first, make([]float64, 0, last-first+1)}
	for d := first; d <= last; d++ {
		b.work = append(b.work, busyness(d))
	}
	return b
}

func (b busyDays) on(d int) float64 {
	if i := d - b.first; i >= 0 && i < len(b.work) {
		return b.work[i]
	}
	return 1
}

// halfHours is how much is done in each half hour of a day: a morning peak, a
// dip over lunch, the longer afternoon, some who stay late.
var halfHours = [48]int{
	1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 4, 9,
	22, 55, 96, 118, 124, 115, 98, 62, 26, 22, 44, 88, 112, 120, 116, 118,
	110, 96, 78, 54, 36, 28, 26, 24, 22, 17, 12, 8, 5, 3, 2, 1,
}

var clock = func() []uint8 { // half hours, each as often as it is worked in
	var c []uint8
	for h, n := range halfHours {
		for range n {
			c = append(c, uint8(h))
		}
	}
	return c
}()

// workTime returns a time of day at which people work, in milliseconds.
func workTime(r *rand.Rand) int64 {
	return int64(clock[r.IntN(len(clock))])*(hour/2) + int64(r.IntN(hour/2))
}

// after returns when the next step of something follows one at a time: often
// in the same sitting, else later that day or on one of the next working days.
func (b busyDays) after(r *rand.Rand, at int64) int64 {
	switch dice := r.IntN(100); {
	case dice < 42:
		return at + 40*second + int64(r.ExpFloat64()*9*minute)
	case dice < 62:
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
	return int64(d)*day + workTime(r)
}
