package trail

import (
	"encoding/json"
	"sync"
	"time"

	"oplog/oplog"
)

// A change and the entry that tells of it are stored in one transaction, so that a crash leaves both or neither. The caller of a service says
// which change it is about to make, and what the trail records of it; the service makes the change with the store's records, which it was
// told to tell of.

// Change selects a change to a record that an event tells of.
type Change struct {
	kind    oplog.RecordKind
	removed bool
	event   func(data []byte) Event
}

// Stored selects a record of a kind that is created or replaced; event returns what tells of it.
func Stored[T any](kind oplog.RecordKind, event func(record T) Event) Change {
	return Change{kind: kind, event: func(data []byte) Event {
		var record T
		_ = json.Unmarshal(data, &record) // it was just encoded
		return event(record)
	}}
}

// Removed selects a record of a kind that is removed; event returns what tells of it.
func Removed(kind oplog.RecordKind, event func() Event) Change {
	return Change{kind: kind, removed: true, event: func([]byte) Event { return event() }}
}

// Telling tells of the first change that is one of those selected, once: see [oplog.Teller].
type Telling struct {
	trail *Trail
	of    []Change

	mu    sync.Mutex // guards the fields below
	event Event
	told  bool
}

// Telling returns what tells of a change.
func (t *Trail) Telling(of ...Change) *Telling { return &Telling{trail: t, of: of} }

// Tell returns the entry of a change. Everything that the trail was told before is written first.
func (w *Telling) Tell(c oplog.RecordChange) (oplog.Entry, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.of {
		if !w.told && one.kind == c.Kind && one.removed == (c.Data == nil) {
			w.event = one.event(c.Data)
			e := w.trail.entryOf(&w.event)
			w.trail.mu.Lock()
			w.trail.flushSource(w.event.Source)
			w.trail.mu.Unlock()
			w.trail.writePending()
			e.ReceivedAt = w.trail.now().UTC().Truncate(time.Microsecond)
			return e, true
		}
	}
	return oplog.Entry{}, false
}

// Told notes that the change is on disk with its entry.
func (w *Telling) Told() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = true
	if w.event.Action == "" {
		return
	}
	e := w.trail.entryOf(&w.event)
	past := w.trail.pastAction(e, w.event)
	w.trail.mu.Lock()
	defer w.trail.mu.Unlock()
	w.trail.actionOf(e, w.event, past).created[w.event.Object.ID] = time.Time{}
}

// IsTold reports whether the entry is on disk.
func (w *Telling) IsTold() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told
}
