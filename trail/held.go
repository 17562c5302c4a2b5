package trail

import (
	"cmp"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// Acts are held for a moment, in case more is read for them. What is held is in
// a record meanwhile, so that a crash loses none of it.

// due reports whether an act is to be told: nothing was read for it lately. Counts
// alone wait for the rows that they stand beside.
func (a *act) due(now time.Time) bool {
	return now.Sub(a.begun) >= actLonger || a.alone() == 0 && now.Sub(a.last) >= actPause
}

// alone is 1 where an act holds counts alone, and 0 where it holds more.
func (a *act) alone() int {
	if slices.ContainsFunc(a.held, func(r told) bool { return r.Kind != ReadCount }) {
		return 0
	}
	return 1
}

// settle has acts told, in the order in which they began, and reports whether some
// are left. Counts alone come last: another act may have the search that they
// are part of.
func (t *Trail) settle(which func(*act) bool) (left bool) {
	var acts []*act
	for a := range t.held {
		if which(a) {
			acts = append(acts, a)
		}
	}
	slices.SortFunc(acts, func(a, b *act) int {
		return cmp.Or(cmp.Compare(a.alone(), b.alone()), a.begun.Compare(b.begun), cmp.Compare(a.id, b.id))
	})
	for _, a := range acts {
		entries, fresh := a.entries()
		for _, e := range entries {
			t.wait(e)
		}
		for _, r := range fresh {
			if r.Kind == ReadSearch {
				a.visit.times[periodOf(r.Filters)] = r.at
			}
		}
		a.told, a.held = append(a.told, fresh...), nil
		delete(t.held, a)
	}
	return len(t.held) > 0
}

// writeDue writes the acts that are to be told.
func (t *Trail) writeDue() {
	now := t.now()
	t.mu.Lock()
	t.armed = t.settle(func(a *act) bool { return a.due(now) })
	if t.armed {
		time.AfterFunc(actPause, t.writeActs)
	}
	t.mu.Unlock()
	t.writeWaiting()
}

// endActs has all acts told, before the log is closed.
func (t *Trail) endActs() {
	t.mu.Lock()
	t.settle(func(*act) bool { return true })
	t.mu.Unlock()
	t.background.Once("trail", t.writeWaiting)
}

// writeActs has acts written a moment from now.
func (t *Trail) writeActs() { t.background.Once("acts", t.writeDue) }

// keptEntry is an entry of a trail that waits to be written.
type keptEntry struct {
	Trail string      `json:"trail"`
	Entry oplog.Entry `json:"entry"`
}

// heldActs is the record of the acts that wait to be told: a crash loses none.
const heldActs = "acts"

// writeWaiting writes what waits, and keeps in a record what still does.
func (t *Trail) writeWaiting() {
	t.writePending()
	if t.keepActs() == nil {
		return
	}
	t.mu.Lock()
	t.settle(func(*act) bool { return true })
	t.mu.Unlock()
	t.writePending() // which counts what cannot be written
}

func (t *Trail) keepActs() error {
	t.writing.Lock()
	defer t.writing.Unlock()
	var kept []keptEntry
	t.mu.Lock()
	for _, e := range t.pending {
		if e.ID != "" {
			kept = append(kept, keptEntry{e.Tenant, e})
		}
	}
	for a := range t.held {
		if a.waiting == nil {
			a.waiting, _ = a.entries()
		}
		for _, e := range a.waiting {
			kept = append(kept, keptEntry{e.Tenant, e})
		}
	}
	t.mu.Unlock()
	if len(kept) == 0 && !t.kept {
		return nil
	}
	slices.SortFunc(kept, func(a, b keptEntry) int {
		return cmp.Or(a.Entry.Time.Compare(b.Entry.Time), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	_, err := records.Change(t.store, oplog.RecordServer, heldActs, func(stored *[]keptEntry, _ bool) (remove bool, err error) {
		*stored = kept
		return len(kept) == 0, nil
	})
	if err == nil {
		t.kept = len(kept) > 0
	}
	return err
}

// recoverActs has the acts told that waited when the program last ended without
// a chance to do so.
func (t *Trail) recoverActs() error {
	kept, err := records.Read[[]keptEntry](t.store, oplog.RecordServer, heldActs)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	for _, k := range kept {
		_, err := t.store.Find(k.Trail, k.Entry.ID, nil)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if err != nil {
			k.Entry.Tenant = k.Trail
			t.wait(k.Entry)
		}
	}
	t.kept = true
	t.background.Once("trail", t.writeWaiting)
	return nil
}
