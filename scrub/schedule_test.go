package scrub

import (
	"testing"
	"time"
)

// TestUntilNext: a pass is due a period after the last, at once if there was none, and goes on if it was begun.
func TestUntilNext(t *testing.T) {
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		state State
		want  time.Duration
	}{
		"never":                {State{}, 0},
		"begun":                {State{BeganAt: now.Add(-time.Minute), WholeAt: now.Add(-time.Hour)}, 0},
		"long ago":             {State{WholeAt: now.Add(-200 * time.Hour)}, 0},
		"just now":             {State{WholeAt: now}, maxWait},
		"almost a period ago":  {State{WholeAt: now.Add(time.Minute - 168*time.Hour)}, time.Minute},
		"by a clock far ahead": {State{WholeAt: now.Add(24 * time.Hour)}, 0},
	} {
		s := &Scrub{now: func() time.Time { return now }, state: c.state}
		if got := s.untilNext(168 * time.Hour); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
