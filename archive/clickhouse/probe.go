package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A server that does not answer costs its first reader the time that a question may take. Until it answers again, others wait only as long as a server
// takes that is there: it is probed beside them, by one question for all.

// probeWait is how long a reader waits for a server that did not answer lately.
const probeWait = 250 * time.Millisecond

// errLost is the error of a server that did not answer lately, and does not yet.
var errLost = errors.New("it did not answer a moment ago, and does not yet")

// probe is a question to a server that did not answer.
type probe struct {
	done chan struct{}
	err  error // valid once done is closed
}

// ready returns an error if a server did not answer lately, and does not answer a probe at once.
func (s *server) ready(ctx context.Context) error {
	if !s.wasLost() {
		return nil
	}
	p := s.probed()
	wait := time.NewTimer(probeWait)
	defer wait.Stop()
	select {
	case <-p.done:
		return p.err // which says why, as a certificate of another authority
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return fmt.Errorf("%s: %w", s.url, errLost)
}

// probed returns the probe of a server that is under way, which it begins if there is none. It ends by itself within the time of a probe.
func (s *server) probed() *probe {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != nil {
		return s.probe
	}
	p := &probe{done: make(chan struct{})}
	s.probe = p
	go func() {
		_, p.err = s.ask(context.Background(), "SELECT 1", probing)
		s.mu.Lock()
		s.probe = nil
		s.mu.Unlock()
		close(p.done)
	}()
	return p
}
