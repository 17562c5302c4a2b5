package oplog

import "time"

// Pace makes long work leave time to those who record and ask. Go lets it run
// for 10 milliseconds where others wait, and so does the system; one who waits
// for an answer of less than a millisecond is to wait for no more than a
// stretch. The zero Pace is ready.
type Pace struct{ since time.Time } // the last rest

const (
	paceStretch = 250 * time.Microsecond // of work without a rest
	paceRest    = 50 * time.Microsecond
)

// Rest is called after each small piece of work. It pauses where that went on
// for long enough.
func (p *Pace) Rest() {
	now := time.Now()
	switch {
	case p.since.IsZero():
		p.since = now
	case now.Sub(p.since) >= paceStretch:
		time.Sleep(paceRest)
		p.since = time.Now()
	}
}
