package background_test

import (
	"testing"
	"testing/synctest"
	"time"

	"oplog/background"
)

// TestPacer: between pieces a job pauses after a quarter of a millisecond, and within one after four.
func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pace background.Pacer
		pauses := func(worked time.Duration, yield func(), want bool) {
			t.Helper()
			time.Sleep(worked)
			start := time.Now()
			if yield(); time.Since(start) > 0 != want {
				t.Errorf("after %s: it paused for %s", worked, time.Since(start))
			}
		}
		pauses(time.Hour, pace.YieldWithin, false) // the work begins
		pauses(time.Millisecond, pace.YieldWithin, false)
		pauses(3*time.Millisecond, pace.YieldWithin, true)
		pauses(100*time.Microsecond, pace.Yield, false)
		pauses(time.Millisecond, pace.YieldWithin, false)
		pauses(0, pace.Yield, true)
	})
}
