package trail

import (
	"cmp"
	"slices"
	"time"

	"oplog/faults"
)

// Actions are buffered briefly so that further readings can join them. The buffer is also written to records (see unfinished.go), so that a crash
// loses none; what is only counted, further pages and refused attempts, is saved with it when the count has doubled, and every 15 s.

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

// writeAll writes pending entries and saves unfinished ones.
func (t *Trail) writeAll() {
	t.writePending()
	err := t.saveUnfinished()
	if err == nil || t.await() {
		return
	}
	faults.Report("saving unfinished actions of the access log", err)
	t.mu.Lock()
	t.flushEverything()
	t.mu.Unlock()
	t.writePending() // counts those that cannot be written
}
