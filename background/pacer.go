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
	pauseTime = 50 * time.Microsecond  // on an idle system the OS stretches it to a millisecond
)

// Yield is called after each small piece of work. It pauses once the burst is used up; the next burst is at least as long as this pause
// took.
func (p *Pacer) Yield() {
	now := time.Now()
	switch {
	case p.lastPause.IsZero():
		p.lastPause = now
	case now.Sub(p.lastPause) >= p.burst:
		time.Sleep(pauseTime)
		p.lastPause = time.Now()
		p.burst = max(minBurst, p.lastPause.Sub(now))
	}
}
