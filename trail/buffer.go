package trail

import (
	"cmp"
	"slices"
	"time"

	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Actions are buffered briefly so that further readings can join them. The buffer is also written to a record, so that a crash loses
// none; what is only counted, further pages and refused attempts, is saved with it when the count has doubled, and every 15 s.

// isDue reports whether an action is complete: it had no reading for a while. Counts and streams without other readings wait longer, for the
// rows that they belong to, and further pages of recorded ones for more of them.
func (a *action) isDue(now time.Time) bool {
	return now.Sub(a.start) >= actionMaxTime || a.rowless() == 0 && now.Sub(a.last) >= actionIdle
}

// rowless is 1 if an action has only counts, streams and further pages, otherwise 0.
func (a *action) rowless() int {
	if slices.ContainsFunc(a.buffered, func(r reading) bool { return r.hasFirst && r.Kind != ReadCount && r.Kind != ReadFollow }) {
		return 0
	}
	return 1
}

// flush moves the selected actions to the pending entries, in order of their start. Actions with
// counts and streams only come last: another action may have the search that they belong to.
func (t *Trail) flush(which func(*action) bool) {
	var actions []*action
	for a := range t.buffered {
		if which(a) {
			actions = append(actions, a)
		}
	}
	slices.SortFunc(actions, func(a, b *action) int {
		return cmp.Or(cmp.Compare(a.rowless(), b.rowless()), a.start.Compare(b.start), cmp.Compare(a.id, b.id))
	})
	for _, a := range actions {
		entries, fresh := a.trailEntries()
		for _, e := range entries {
			t.enqueue(e)
		}
		a.recorded, a.buffered, a.entries = append(a.recorded, fresh...), nil, a.entries+len(entries)
		delete(t.buffered, a)
	}
}

// flushDue writes the actions that are complete and the folded events whose window has ended.
func (t *Trail) flushDue() {
	now := t.now()
	t.mu.Lock()
	t.flush(func(a *action) bool { return a.isDue(now) })
	t.flushFolded(func(f *folded) bool { return !now.Before(f.due) })
	t.flushScheduled = len(t.buffered)+len(t.folded) > 0
	if t.flushScheduled {
		time.AfterFunc(actionIdle, t.scheduleFlush)
	}
	t.mu.Unlock()
	t.writeAll()
}

// flushAll writes all buffered actions, before the log is closed.
func (t *Trail) flushAll() {
	t.mu.Lock()
	t.flushEverything()
	t.mu.Unlock()
	t.background.Once("trail", t.writeAll)
}

// scheduleFlush writes complete actions in the background.
func (t *Trail) scheduleFlush() { t.background.Once("actions", t.flushDue) }

// pendingEntry is a trail entry to be written.
type pendingEntry struct {
	Trail string      `json:"trail"`
	Entry oplog.Entry `json:"entry"`
}

// pendingRecord is the record of entries to be written, which survives a crash.
const pendingRecord = "acts"

// writeAll writes pending entries and saves buffered ones in the record.
func (t *Trail) writeAll() {
	t.writePending()
	err := t.savePending()
	if err == nil || t.await() {
		return
	}
	faults.Report("saving unfinished actions of the access log", err)
	t.mu.Lock()
	t.flushEverything()
	t.mu.Unlock()
	t.writePending() // counts those that cannot be written
}

func (t *Trail) savePending() error {
	t.writeMu.Lock()
	defer t.writeMu.Unlock()
	if t.store.Failure() != nil {
		return nil // what it has from before stays
	}
	var pending []pendingEntry
	t.mu.Lock()
	for _, e := range t.pending {
		if e.ID != "" {
			pending = append(pending, pendingEntry{e.Tenant, e})
		}
	}
	for a := range t.buffered {
		if a.pending == nil {
			a.pending, _ = a.trailEntries()
		}
		for _, e := range a.pending {
			pending = append(pending, pendingEntry{e.Tenant, e})
		}
	}
	for _, f := range t.folded {
		pending = append(pending, pendingEntry{f.entry.Tenant, f.trailEntry()})
	}
	t.mu.Unlock()
	if len(pending) == 0 && !t.saved {
		return nil
	}
	slices.SortFunc(pending, func(a, b pendingEntry) int {
		return cmp.Or(a.Entry.Time.Compare(b.Entry.Time), cmp.Compare(a.Entry.ID, b.Entry.ID))
	})
	_, err := records.Change(t.store, oplog.RecordServer, pendingRecord, func(stored *[]pendingEntry, _ bool) (remove bool, err error) {
		*stored = pending
		return len(pending) == 0, nil
	})
	if err == nil {
		t.saved = len(pending) > 0
	}
	return err
}

// loseRecord gives up the record of pending entries, which is damaged, and reports that some events are lost.
func (t *Trail) loseRecord(damage error) {
	faults.Report("reading the unfinished entries of access logs", damage)
	faults.Report("removing them", records.Mend[[]pendingEntry](t.store, oplog.RecordServer, pendingRecord, nil))
	e := lostEntry(oplog.TrailName(""), t.now().UTC().Truncate(time.Microsecond), 0)
	e.Details = nil // their number is not known
	t.mu.Lock()
	t.enqueue(e)
	t.mu.Unlock()
	t.background.Once("trail", t.writeAll)
}

// recoverPending writes the entries that were pending when the program last crashed.
func (t *Trail) recoverPending() error {
	pending, err := records.Read[[]pendingEntry](t.store, oplog.RecordServer, pendingRecord)
	switch oplog.CodeOf(err) {
	case oplog.CodeNotFound:
		return nil
	case oplog.CodeDamaged:
		t.loseRecord(err)
		return nil
	}
	if err != nil {
		return err
	}
	for _, k := range pending {
		_, err := t.store.Find(k.Trail, k.Entry.ID, nil)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if err != nil {
			k.Entry.Tenant = k.Trail
			t.enqueue(k.Entry)
		}
	}
	t.saved = true
	if t.store.Failure() != nil {
		t.recovered = len(t.pending)
	}
	t.writePending() // before a reading of the same action looks for it
	t.background.Once("trail", t.writeAll)
	return nil
}
