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

// Audit records the first change that is one of those selected, once: see [oplog.Audit].
type Audit struct {
	trail *Trail
	of    []Change

	mu        sync.Mutex // guards the fields below
	event     Event
	committed bool
}

// Audit returns what tells of a change.
func (t *Trail) Audit(of ...Change) *Audit { return &Audit{trail: t, of: of} }

// EntryOf returns the entry of a change. Everything that the trail was told before is written first.
func (a *Audit) EntryOf(c oplog.RecordChange) (oplog.Entry, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.of {
		if !a.committed && one.kind == c.Kind && one.removed == (c.Data == nil) {
			a.event = one.event(c.Data)
			e := a.trail.entryOf(&a.event)
			a.trail.mu.Lock()
			a.trail.flushSource(a.event.Source)
			a.trail.mu.Unlock()
			a.trail.writePending()
			e.ReceivedAt = a.trail.now().UTC().Truncate(time.Microsecond)
			return e, true
		}
	}
	return oplog.Entry{}, false
}

// Committed notes that the change is on disk with its entry.
func (a *Audit) Committed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committed = true
	if a.event.Action == "" {
		return
	}
	e := a.trail.entryOf(&a.event)
	past := a.trail.pastAction(e, a.event)
	a.trail.mu.Lock()
	defer a.trail.mu.Unlock()
	a.trail.actionOf(e, a.event, past).created[a.event.Object.ID] = time.Time{}
}

// IsCommitted reports whether the entry is on disk.
func (a *Audit) IsCommitted() bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.committed
}
