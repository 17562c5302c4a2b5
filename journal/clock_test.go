package journal_test

import (
	"testing"
	"time"
)

// TestClockState: the log knows its newest receipt and the time that passes, and asking confirms nothing.
func TestClockState(t *testing.T) {
	l := newLog(t)
	l.Record("acme", dated("a", 1))
	state := func() (known, newest time.Duration) {
		t.Helper()
		s, err := l.Journal.ClockState()
		if err != nil {
			t.Fatal(err)
		}
		return s.Known.Sub(l.Clock.Now()), s.Newest.Sub(l.Clock.Now())
	}
	if known, newest := state(); known != 0 || newest.Abs() > time.Minute {
		t.Errorf("known %s, newest %s", known, newest)
	}
	l.Clock.Advance(tenYears)
	l.Restart()
	for range 2 {
		if known, newest := state(); known > -tenYears+day || newest > -tenYears+day {
			t.Errorf("after a start with a wrong clock: known %s, newest %s", known, newest)
		}
	}
	l.Clock.Advance(-tenYears - day)
	if _, newest := state(); newest < day-time.Minute {
		t.Errorf("the newest receipt is %s ahead of a clock that was set back", newest)
	}
}
