package exports

import (
	"context"
	"errors"
	"time"

	"oplog/oplog"
)

// An export that loses the archive on its way waits for it, and goes on where it stopped: what was read before is written, in whole rows.

// WaitsForArchive is what an export waits for that cannot read archived days.
const WaitsForArchive = "archive"

const (
	firstWait = 250 * time.Millisecond
	lastWait  = 30 * time.Second
	maxWait   = 6 * time.Hour // for which the archive may be away at a stretch
)

// isAway reports whether an error is that of archived days which can be read later.
func isAway(err error) bool {
	var e *oplog.Error
	return errors.As(err, &e) && e.Code == oplog.CodeUnavailable && e.Reason == "archive-unavailable"
}

// await calls read, and again as long as it needs the archive and that is away, with pauses that double. Without a job that tells so, it is called once.
func (s *Exports) await(ctx context.Context, p *plan, read func() error) error {
	err := read()
	if p.waits == nil || !isAway(err) {
		return err
	}
	p.waits(true)
	defer p.waits(false)
	began := s.now()
	for pause := firstWait; isAway(err) && s.now().Sub(began) < maxWait; pause = min(2*pause, lastWait) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		err = read()
	}
	return err
}

// noteWaiting notes that a running export waits for the archive, or does no longer.
func (s *Exports) noteWaiting(id string, waits bool) {
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	of := &s.jobs.running[id].export
	if of.Waiting = ""; waits {
		of.Waiting = WaitsForArchive
	}
}
