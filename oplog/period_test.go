package oplog

import (
	"testing"
	"time"
)

const wall = "2006-01-02 15:04:05"

// in returns the instant at which clocks in a zone showed a time with a UTC offset.
func in(t testing.TB, zone, clock string) time.Time {
	t.Helper()
	at, err := time.Parse(wall+" -07:00", clock)
	if err != nil {
		t.Fatal(err)
	}
	at = at.In(location(t, zone))
	if got := at.Format(wall + " -07:00"); got != clock {
		t.Fatalf("the clocks of %s never showed %s, but %s", zone, clock, got)
	}
	return at
}

func location(t interface{ Fatal(...any) }, zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestRangePeriod(t *testing.T) {
	f := func(t *testing.T, zone, now string, r Range, wantFrom, wantTo string) {
		t.Helper()
		from, to, ok := r.Period(in(t, zone, now))
		if got, want := from.Format(wall+" -07:00")+" … "+to.Format(wall+" -07:00"), wantFrom+" … "+wantTo; !ok || got != want {
			t.Errorf("%s at %s in %s: %s, want %s", r, now, zone, got, want)
		}
	}
	const shanghai = "Asia/Shanghai"
	f(t, shanghai, "2026-11-20 00:00:00 +08:00", RangeToday, "2026-11-20 00:00:00 +08:00", "2026-11-21 00:00:00 +08:00")
	f(t, shanghai, "2026-11-20 23:59:59 +08:00", RangeToday, "2026-11-20 00:00:00 +08:00", "2026-11-21 00:00:00 +08:00")
	f(t, shanghai, "2026-11-20 12:00:00 +08:00", RangeLast7Days, "2026-11-14 00:00:00 +08:00", "2026-11-21 00:00:00 +08:00")
	f(t, shanghai, "2026-03-01 12:00:00 +08:00", RangeLast30Days, "2026-01-31 00:00:00 +08:00", "2026-03-02 00:00:00 +08:00")
	f(t, shanghai, "2026-01-01 00:00:00 +08:00", RangeLast90Days, "2025-10-04 00:00:00 +08:00", "2026-01-02 00:00:00 +08:00")
	f(t, "UTC", "2024-02-29 12:00:00 +00:00", RangeToday, "2024-02-29 00:00:00 +00:00", "2024-03-01 00:00:00 +00:00")
	f(t, "Asia/Kolkata", "2026-11-20 04:00:00 +05:30", RangeToday, "2026-11-20 00:00:00 +05:30", "2026-11-21 00:00:00 +05:30")
	// Days of 23, 25, 24½ hours.
	f(t, "Europe/Berlin", "2026-03-29 12:00:00 +02:00", RangeToday, "2026-03-29 00:00:00 +01:00", "2026-03-30 00:00:00 +02:00")
	f(t, "Europe/Berlin", "2026-10-25 02:30:00 +01:00", RangeToday, "2026-10-25 00:00:00 +02:00", "2026-10-26 00:00:00 +01:00")
	f(t, "Europe/Berlin", "2026-10-31 12:00:00 +01:00", RangeLast7Days, "2026-10-25 00:00:00 +02:00", "2026-11-01 00:00:00 +01:00")
	f(t, "Australia/Lord_Howe", "2026-04-05 12:00:00 +10:30", RangeToday, "2026-04-05 00:00:00 +11:00", "2026-04-06 00:00:00 +10:30")
	// Midnight is skipped, by an hour.
	f(t, "America/Sao_Paulo", "2018-11-04 12:00:00 -02:00", RangeToday, "2018-11-04 01:00:00 -02:00", "2018-11-05 00:00:00 -02:00")
	f(t, "America/Sao_Paulo", "2018-11-03 23:59:59 -03:00", RangeToday, "2018-11-03 00:00:00 -03:00", "2018-11-04 01:00:00 -02:00")
	f(t, "Atlantic/Azores", "2026-03-29 12:00:00 +00:00", RangeToday, "2026-03-29 01:00:00 +00:00", "2026-03-30 00:00:00 +00:00")
	// The hour before midnight occurs twice.
	f(t, "America/Sao_Paulo", "2018-02-17 23:30:00 -03:00", RangeToday, "2018-02-17 00:00:00 -02:00", "2018-02-18 00:00:00 -03:00")
	// The hour after midnight occurs twice, east and west of Greenwich.
	f(t, "Asia/Amman", "2016-10-28 00:30:00 +03:00", RangeToday, "2016-10-28 00:00:00 +03:00", "2016-10-29 00:00:00 +02:00")
	f(t, "Asia/Amman", "2016-10-28 00:30:00 +02:00", RangeToday, "2016-10-28 00:00:00 +03:00", "2016-10-29 00:00:00 +02:00")
	f(t, "America/Havana", "2026-11-01 12:00:00 -05:00", RangeToday, "2026-11-01 00:00:00 -04:00", "2026-11-02 00:00:00 -05:00")
	f(t, "Atlantic/Azores", "2026-10-25 12:00:00 -01:00", RangeToday, "2026-10-25 00:00:00 +00:00", "2026-10-26 00:00:00 -01:00")
	// A day is skipped.
	f(t, "Pacific/Apia", "2011-12-29 12:00:00 -10:00", RangeToday, "2011-12-29 00:00:00 -10:00", "2011-12-31 00:00:00 +14:00")

	f(t, shanghai, "2026-03-01 00:00:00 +08:00", RangeYesterday, "2026-02-28 00:00:00 +08:00", "2026-03-01 00:00:00 +08:00")
	f(t, "Europe/Berlin", "2026-10-26 00:00:00 +01:00", RangeYesterday, "2026-10-25 00:00:00 +02:00", "2026-10-26 00:00:00 +01:00")
	// 2026-11-16 is a Monday, 2026-11-22 a Sunday.
	f(t, shanghai, "2026-11-16 00:00:00 +08:00", RangeLastWeek, "2026-11-09 00:00:00 +08:00", "2026-11-16 00:00:00 +08:00")
	f(t, shanghai, "2026-11-22 23:59:59 +08:00", RangeLastWeek, "2026-11-09 00:00:00 +08:00", "2026-11-16 00:00:00 +08:00")
	f(t, shanghai, "2027-01-01 12:00:00 +08:00", RangeLastWeek, "2026-12-21 00:00:00 +08:00", "2026-12-28 00:00:00 +08:00")
	f(t, "Europe/Berlin", "2026-11-01 12:00:00 +01:00", RangeLastWeek, "2026-10-19 00:00:00 +02:00", "2026-10-26 00:00:00 +01:00")
	f(t, shanghai, "2026-12-31 23:59:59 +08:00", RangeThisMonth, "2026-12-01 00:00:00 +08:00", "2027-01-01 00:00:00 +08:00")
	f(t, "UTC", "2024-02-01 00:00:00 +00:00", RangeThisMonth, "2024-02-01 00:00:00 +00:00", "2024-03-01 00:00:00 +00:00")
	f(t, shanghai, "2026-01-31 12:00:00 +08:00", RangeLastMonth, "2025-12-01 00:00:00 +08:00", "2026-01-01 00:00:00 +08:00")
	f(t, shanghai, "2026-03-31 12:00:00 +08:00", RangeLastMonth, "2026-02-01 00:00:00 +08:00", "2026-03-01 00:00:00 +08:00")
	f(t, "Europe/Berlin", "2026-04-15 12:00:00 +02:00", RangeLastMonth, "2026-03-01 00:00:00 +01:00", "2026-04-01 00:00:00 +02:00")

	for _, r := range []Range{"", RangeCustom, "next_week"} {
		if _, _, ok := r.Period(validationTime); ok {
			t.Errorf("range %q has a period", r)
		}
	}
}

func TestIntersect(t *testing.T) {
	at := func(hour int) time.Time {
		if hour == 0 {
			return time.Time{}
		}
		return time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC)
	}
	f := func(t *testing.T, from, to, otherFrom, otherTo, wantFrom, wantTo int) {
		t.Helper()
		gotFrom, gotTo := Intersect(at(from), at(to), at(otherFrom), at(otherTo))
		if gotFrom != at(wantFrom) || gotTo != at(wantTo) {
			t.Errorf("%d…%d and %d…%d: %s … %s", from, to, otherFrom, otherTo, gotFrom, gotTo)
		}
	}
	f(t, 0, 0, 0, 0, 0, 0)
	f(t, 0, 0, 3, 6, 3, 6)
	f(t, 3, 6, 0, 0, 3, 6)
	f(t, 1, 5, 3, 6, 3, 5)
	f(t, 3, 6, 1, 5, 3, 5)
	f(t, 0, 5, 3, 0, 3, 5)
	f(t, 4, 0, 3, 6, 4, 6)
	f(t, 1, 9, 3, 6, 3, 6)
}
