package trail

import (
	"errors"
	"log/slog"
	"time"

	"oplog/faults"
	"oplog/oplog"
)

// While the store cannot be written, or the leader of several nodes not be reached, events stay pending, up to maxPending of them. They are written once it can be written again; those beyond are
// counted, and their number is recorded then.

// awaitInterval is how often it is tried.
const awaitInterval = 2 * time.Second

// await reports whether the store cannot be written, here or by the leader. Then pending events are tried again later.
func (t *Trail) await() bool {
	failure := t.store.Failure()
	t.mu.Lock()
	defer t.mu.Unlock()
	if failure == nil && !t.unreachable {
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
	t.retrying, t.unreachable = false, false
	t.mu.Unlock()
	t.background.Once("trail", t.writeAll)
}

// putBack returns events to the pending ones, before later ones. lost counts earlier ones, for which the first event stands: it is made again,
// unless it may have been stored.
func (t *Trail) putBack(trail string, events []oplog.Entry, lost int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if lost > 0 && t.place.Alone() {
		t.lost[trail] += lost
		events = events[1:]
	}
	later := t.pending
	t.pending = nil
	for _, e := range append(events, later...) {
		t.enqueue(e)
	}
}

// reportUnwritten logs how many events end with the program. Of several nodes, each has its pending ones in records.
func (t *Trail) reportUnwritten() {
	t.writeMu.Lock()
	defer t.writeMu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.pending) - t.recovered
	if !t.place.Alone() && t.saved != nil {
		n = 0
	}
	for _, lost := range t.lost {
		n += lost
	}
	if n > 0 {
		faults.Report("writing the access log", errors.New("the log was read-only until the program ended"), "events", n)
	}
}
