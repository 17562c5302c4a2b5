package trail

import (
	"errors"
	"log/slog"
	"time"

	"oplog/faults"
	"oplog/oplog"
)

// While the store cannot be written, events stay pending, up to maxPending of them. They are written once it can be written again; those beyond are
// counted, and their number is recorded then.

// awaitInterval is how often it is tried.
const awaitInterval = 2 * time.Second

// await reports whether the store cannot be written. Then pending events are tried again later.
func (t *Trail) await() bool {
	failure := t.store.Failure()
	t.mu.Lock()
	defer t.mu.Unlock()
	if failure == nil {
		t.waiting = false
		return false
	}
	if !t.waiting && len(t.pending)+len(t.lost) > t.recovered {
		t.waiting = true
		slog.Warn("events of the access log wait in memory until the log can be written again")
	}
	if !t.retrying {
		t.retrying = true
		time.AfterFunc(awaitInterval, t.retry)
	}
	return true
}

// retry tries to write pending events in the background.
func (t *Trail) retry() {
	t.mu.Lock()
	t.retrying = false
	t.mu.Unlock()
	t.background.Once("trail", t.writeAll)
}

// putBack returns events to the pending ones, before later ones. lost counts earlier ones, for which the first event stands.
func (t *Trail) putBack(trail string, events []oplog.Entry, lost int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if lost > 0 {
		t.lost[trail] += lost
		events = events[1:]
	}
	later := t.pending
	t.pending = nil
	for _, e := range append(events, later...) {
		t.enqueue(e)
	}
}

// reportUnwritten logs how many events end with the program.
func (t *Trail) reportUnwritten() {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.pending) - t.recovered
	for _, lost := range t.lost {
		n += lost
	}
	if n > 0 {
		faults.Report("writing the access log", errors.New("the log was read-only until the program ended"), "events", n)
	}
}
