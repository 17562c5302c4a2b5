package oplog

import "time"

// Pace makes long work leave time to those who record and ask. Go lets it run
// for 10 milliseconds where others wait, and so does the system; one who waits
// for an answer of less than a millisecond is to wait for no more than a
// stretch. The zero Pace is ready.
type Pace struct {
	since   time.Time     // the last rest
	stretch time.Duration // of work, until the next
}

const (
	paceStretch = 250 * time.Microsecond // the shortest
	paceRest    = 50 * time.Microsecond  // where nobody waits, the system makes it a millisecond
)

// Rest is called after each small piece of work. It pauses where that went on
// for long enough, and for no less than the last pause took.
func (p *Pace) Rest() {
	now := time.Now()
	switch {
	case p.since.IsZero():
		p.since = now
	case now.Sub(p.since) >= p.stretch:
		time.Sleep(paceRest)
		p.since = time.Now()
		p.stretch = max(paceStretch, p.since.Sub(now))
	}
}
