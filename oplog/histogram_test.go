package oplog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Zones with every kind of clock change, each with an instant around one.
var zones = []struct{ zone, around string }{
	{"UTC", "2026-01-01 00:00:00 +00:00"},
	{"Asia/Shanghai", "2026-11-11 00:00:00 +08:00"},
	{"Asia/Kolkata", "2026-11-11 00:00:00 +05:30"},
	{"Asia/Kathmandu", "2026-11-11 00:00:00 +05:45"},
	{"Europe/Berlin", "2026-03-29 03:00:00 +02:00"},
	{"Europe/Berlin", "2026-10-25 02:00:00 +01:00"},
	{"America/New_York", "2026-03-08 03:00:00 -04:00"},
	{"America/New_York", "2026-11-01 01:00:00 -05:00"},
	{"America/Sao_Paulo", "2018-11-04 01:00:00 -02:00"},
	{"America/Sao_Paulo", "2018-02-17 23:00:00 -03:00"},
	{"Australia/Lord_Howe", "2026-10-04 02:30:00 +11:00"},
	{"Australia/Lord_Howe", "2026-04-05 01:30:00 +10:30"},
	{"Asia/Amman", "2016-10-28 00:00:00 +02:00"},
	{"Africa/Cairo", "2026-04-24 01:00:00 +03:00"},
	{"Africa/Cairo", "2026-10-29 23:00:00 +02:00"},
	{"America/Havana", "2026-11-01 00:00:00 -05:00"},
	{"Atlantic/Azores", "2026-10-25 00:00:00 -01:00"},
	{"Atlantic/Azores", "2026-03-29 01:00:00 +00:00"},
	{"Antarctica/Troll", "2026-03-29 03:00:00 +02:00"}, // two hours
	{"Pacific/Apia", "2011-12-31 00:00:00 +14:00"},     // a day
	{"Pacific/Chatham", "2026-09-27 03:45:00 +13:45"},
	{"Asia/Pyongyang", "2018-05-05 00:00:00 +09:00"},
}

func TestBucketsDivideThePeriod(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		z := rapid.SampledFrom(zones).Draw(rt, "zone")
		around := in(t, z.zone, z.around)
		length := rapid.SampledFrom([]time.Duration{
			time.Minute, time.Hour, 3 * time.Hour, 16 * time.Hour, 24 * time.Hour, 48 * time.Hour, 8 * 24 * time.Hour, 40 * 24 * time.Hour,
			100 * 24 * time.Hour, 300 * 24 * time.Hour, 1500 * 24 * time.Hour, 7000 * 24 * time.Hour, 30_000 * 24 * time.Hour,
		}).Draw(rt, "length")
		before := rapid.Float64Range(-0.2, 1.2).Draw(rt, "part before the change")
		from := around.Add(-time.Duration(before * float64(length))).Truncate(time.Second)
		to := from.Add(length + time.Duration(rapid.Int64Range(0, int64(length)).Draw(rt, "more")))
		checkBuckets(rt, from, to)
	})
}

func TestBucketsAroundClockChanges(t *testing.T) {
	for _, z := range zones {
		around := in(t, z.zone, z.around)
		for minute := -195; minute <= 195; minute += 15 {
			from := around.Add(time.Duration(minute) * time.Minute)
			for _, length := range []time.Duration{0, time.Hour, 12 * time.Hour, 7 * 24 * time.Hour, 20 * 24 * time.Hour, 99 * 24 * time.Hour} {
				checkBuckets(t, from, from.Add(length))
			}
		}
	}
}

func checkBuckets(t interface{ Fatalf(string, ...any) }, from, to time.Time) {
	name, starts := Buckets(from, to)
	about := fmt.Sprintf("%s of %s … %s", name, from.Format(time.RFC3339), to.Format(time.RFC3339))
	if !from.Before(to) {
		if len(starts) > 1 {
			t.Fatalf("%s: %d buckets of nothing", about, len(starts))
		}
		return
	}
	// One more if the first starts before the period, plus the repeated hours.
	if len(starts) == 0 || len(starts) > MaxBuckets+2 {
		t.Fatalf("%s: %d buckets", about, len(starts))
	}
	var width interval
	for _, iv := range intervals {
		if iv.name == name {
			width = iv
		}
	}
	if starts[0].After(from) || len(starts) > 1 && !starts[1].After(from) {
		t.Fatalf("%s: the first bucket starts at %s", about, starts[0])
	}
	longest := time.Duration(width.length) * time.Minute
	switch {
	case width.months > 0:
		longest += time.Duration(width.months) * 28 * time.Hour
	case width.days > 0:
		longest += 24 * time.Hour // a day that is skipped
	}
	end := starts[len(starts)-1]
	if !end.Before(to) || to.Sub(end) > longest {
		t.Fatalf("%s: the last bucket starts at %s", about, end)
	}
	for i, s := range starts {
		if i > 0 && (!starts[i-1].Before(s) || s.Sub(starts[i-1]) > longest) {
			t.Fatalf("%s: after %s comes %s", about, starts[i-1], s)
		}
		if !aligned(width, s) {
			t.Fatalf("%s: %s is not where a bucket starts", about, s)
		}
		if i > 0 && width.minutes > 0 && !isEven(width, starts[i-1], s) {
			t.Fatalf("%s: from %s to %s", about, starts[i-1], s)
		}
	}
}

// aligned reports whether a bucket may start at an instant: at a round time, or at the first instant after a gap that skipped it.
func aligned(width interval, t time.Time) bool {
	before := t.Add(-time.Nanosecond)
	switch {
	case width.months == 12:
		return before.Year() != t.Year()
	case width.months == 1:
		return before.Month() != t.Month()
	case width.days == 7:
		return before.Day() != t.Day() && t.Weekday() == time.Monday
	case width.days == 1:
		return before.Day() != t.Day()
	}
	if t.Second() != 0 || t.Nanosecond() != 0 {
		return false
	}
	return isRound(width, t) || offsetOf(t) > offsetOf(before) || wentBack(t)
}

func isRound(width interval, t time.Time) bool { return (t.Hour()*60+t.Minute())%width.minutes == 0 }

func offsetOf(t time.Time) int {
	_, offset := t.Zone()
	return offset
}

// wentBack reports whether clocks were set back earlier on the day of t.
func wentBack(t time.Time) bool {
	y, m, d := t.Date()
	return offsetOf(t) < offsetOf(Midnight(y, m, d, t.Location()))
}

// isEven reports whether a bucket shorter than a day has its full width or a reason to be shorter: the day ends in it, clocks skip a time
// in it, or it starts at a time that is not round (which aligned allows only after a clock change) and ends at the next round one.
func isEven(width interval, start, end time.Time) bool {
	span, full := end.Sub(start), time.Duration(width.minutes)*time.Minute
	if span >= full {
		return span == full
	}
	return start.Day() != end.Day() || offsetOf(end) > offsetOf(start) || !isRound(width, start) && isRound(width, end)
}

func TestBucketIntervals(t *testing.T) {
	f := func(t *testing.T, length time.Duration, wantName string, wantCount int) {
		t.Helper()
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // a Thursday
		name, starts := Buckets(from, from.Add(length))
		if name != wantName || len(starts) != wantCount {
			t.Errorf("%s: %d of %s, want %d of %s", length, len(starts), name, wantCount, wantName)
		}
	}
	const day = 24 * time.Hour
	f(t, 0, "1m", 0)
	f(t, -time.Hour, "1m", 0)
	f(t, 1, "1m", 1)
	f(t, time.Hour, "1m", 60)
	f(t, 200*time.Minute-1, "1m", 200)
	f(t, 200*time.Minute, "5m", 40)
	f(t, 16*time.Hour, "5m", 192)
	f(t, day, "15m", 96)
	f(t, 7*day, "1h", 168)
	f(t, 14*day, "3h", 112)
	f(t, 30*day, "6h", 120)
	f(t, 90*day, "12h", 180)
	f(t, 180*day, "1d", 180)
	f(t, 365*day, "7d", 53)
	f(t, 5*365*day, "1mo", 60)
	f(t, 20*365*day, "1y", 20)
}

func TestBucketStartsAtClockChanges(t *testing.T) {
	f := func(t *testing.T, zone, from, to, want string) {
		t.Helper()
		_, starts := Buckets(in(t, zone, from), in(t, zone, to))
		var got string
		for _, s := range starts {
			got += s.Format(" 15:04-07")
		}
		if got != want {
			t.Errorf("%s %s:%s, want%s", zone, from, got, want)
		}
	}
	f(t, "Europe/Berlin", "2026-03-29 00:00:00 +01:00", "2026-03-29 05:00:00 +02:00", berlinSpring())
	f(t, "Asia/Shanghai", "2026-11-11 10:07:30 +08:00", "2026-11-11 10:10:00 +08:00", " 10:07+08 10:08+08 10:09+08")
}

func TestBucketsOfADayWithAClockChange(t *testing.T) {
	f := func(t *testing.T, zone, midnight, width, want string) {
		t.Helper()
		start := in(t, zone, midnight)
		end := Midnight(start.Year(), start.Month(), start.Day()+1, start.Location())
		i := slices.IndexFunc(intervals, func(iv interval) bool { return iv.name == width })
		var got string
		for s := start; s.Before(end); s = intervals[i].next(s) {
			if floor := intervals[i].floor(s.Add(time.Minute - 1)); !floor.Equal(s) {
				t.Errorf("%s %s %s: after %s the bucket starts at %s", zone, midnight, width, s, floor)
			}
			got += s.Format(" 15:04")
		}
		if got != want {
			t.Errorf("%s %s %s:%s, want%s", zone, midnight, width, got, want)
		}
	}
	hours := func(from, to int) string {
		var s string
		for h := from; h <= to; h++ {
			s += fmt.Sprintf(" %02d:00", h)
		}
		return s
	}
	// Two buckets for the repeated hour; the rest of a wider bucket becomes its own.
	const back = "2026-10-25 00:00:00 +02:00"
	f(t, "Europe/Berlin", back, "1h", hours(0, 2)+hours(2, 23))
	f(t, "Europe/Berlin", back, "3h", " 00:00 02:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00")
	f(t, "Europe/Berlin", back, "6h", " 00:00 05:00 06:00 12:00 18:00")
	f(t, "Europe/Berlin", back, "12h", " 00:00 11:00 12:00")
	f(t, "Australia/Lord_Howe", "2026-04-05 00:00:00 +11:00", "1h", " 00:00 01:00 01:30"+hours(2, 23))
	f(t, "America/Havana", "2026-11-01 00:00:00 -04:00", "1h", hours(0, 0)+hours(0, 23))
	f(t, "Africa/Cairo", "2026-10-29 00:00:00 +03:00", "1h", hours(0, 23)+hours(23, 23))
	f(t, "Antarctica/Troll", "2026-10-25 00:00:00 +02:00", "1h", hours(0, 2)+hours(1, 23))
	// Shorter buckets, never empty ones, where an hour is skipped.
	f(t, "Europe/Berlin", "2026-03-29 00:00:00 +01:00", "1h", hours(0, 1)+hours(3, 23))
	f(t, "Europe/Berlin", "2026-03-29 00:00:00 +01:00", "3h", " 00:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00")
	f(t, "America/Sao_Paulo", "2018-11-04 01:00:00 -02:00", "3h", " 01:00 03:00 06:00 09:00 12:00 15:00 18:00 21:00")
	f(t, "Antarctica/Troll", "2026-03-29 00:00:00 +00:00", "1h", hours(0, 0)+hours(3, 23))
	f(t, "Antarctica/Troll", "2026-03-29 00:00:00 +00:00", "3h", hours(0, 0)+" 03:00 06:00 09:00 12:00 15:00 18:00 21:00")
}

// berlinSpring lists every five minutes of four hours, one of which the clocks skip.
func berlinSpring() string {
	var s string
	for minute := 0; minute < 300; minute += 5 {
		switch hour := minute / 60; {
		case hour < 2:
			s += fmt.Sprintf(" %02d:%02d+01", hour, minute%60)
		case hour > 2:
			s += fmt.Sprintf(" %02d:%02d+02", hour, minute%60)
		}
	}
	return s
}
