package background

import "time"

// Pacer makes long jobs yield, so that appends and queries stay fast. The Go scheduler and the OS let a busy goroutine run for up to 10 ms
// while others wait; a request that takes less than a millisecond should wait for one burst at most. The zero Pacer is ready to use.
type Pacer struct {
	lastPause time.Time     // the last pause
	burst     time.Duration // time to work before the next pause
}

const (
	minBurst  = 250 * time.Microsecond // the shortest burst of work
	maxBurst  = 4 * time.Millisecond   // the longest, but for what is done between two calls
	pauseTime = 50 * time.Microsecond  // on an idle system the OS stretches it to a millisecond
)

// Yield is called after each small piece of work. It pauses once the burst is used up; the next burst is at least as long as this pause
// took.
func (p *Pacer) Yield() { p.yieldAfter(p.burst) }

// YieldWithin is called within a piece of work that may be long: it pauses only if the work goes on for maxBurst, since each pause that is stretched
// makes the job slower.
func (p *Pacer) YieldWithin() { p.yieldAfter(max(p.burst, maxBurst)) }

func (p *Pacer) yieldAfter(burst time.Duration) {
	now := time.Now()
	switch {
	case p.lastPause.IsZero():
		p.lastPause = now
	case now.Sub(p.lastPause) >= burst:
		time.Sleep(pauseTime)
		p.lastPause = time.Now()
		p.burst = max(minBurst, p.lastPause.Sub(now))
	}
}
