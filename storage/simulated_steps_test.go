//go:build linux && !race

package storage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"oplog/exports"
	"oplog/identity"
	"oplog/journal"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

var simWords = []string{"双十一", "spring", "v3.1", "O'Brien", "notice", "合同", "contract", "müller"}

// entry makes an entry of the last days that the tenant keeps. Its content's id, its label, is of no other.
func (w *world) entry(l *ledger) oplog.Entry {
	w.labels++
	days := 10
	if l.ruled {
		days = leastKept - 1
	}
	e := oplog.Entry{
		Time: w.now().Add(-time.Duration(w.random.IntN(days*24*60)) * time.Minute).UTC().Truncate(time.Microsecond),
		User: oplog.User{ID: fmt.Sprint("u", w.random.IntN(5)), Name: "Wang Fang"}, Module: "sms", Operation: "send",
		Content: oplog.Ref{ID: fmt.Sprint("c", w.labels), Name: simWords[w.random.IntN(len(simWords))] + " " + simWords[w.random.IntN(len(simWords))]},
	}
	if w.random.IntN(3) > 0 {
		e.ID = fmt.Sprint("id-", w.labels)
	}
	if w.random.IntN(8) == 0 {
		e.Details = fmt.Appendf(nil, `{"text":"%s"}`, strings.Repeat("x", w.random.IntN(6000)))
	}
	return e
}

// request makes a request of new entries, and some that were sent before.
func (w *world) request(l *ledger) []oplog.Entry {
	n := 1
	switch w.random.IntN(6) {
	case 0, 1:
		n += w.random.IntN(20)
	case 2:
		n += w.random.IntN(200)
	}
	entries := make([]oplog.Entry, 0, n)
	for range n {
		entries = append(entries, w.entry(l))
	}
	resendable := func(e oplog.Entry) bool {
		return e.ID != "" && oplog.DateOf(e.Time) >= l.gone && e.Time.Before(w.now().Add(23*time.Hour)) && !strings.HasPrefix(e.ID, "0")
	}
	for _, label := range slices.Sorted(maps.Keys(l.unacked)) {
		if e := l.unacked[label]; resendable(e) && w.random.IntN(2) == 0 {
			entries = append(entries, e)
		}
	}
	if seqs := slices.Sorted(maps.Keys(l.acked)); len(seqs) > 0 && w.random.IntN(3) == 0 {
		if e := l.acked[seqs[w.random.IntN(len(seqs))]]; resendable(e) {
			entries = append(entries, e)
		}
	}
	return entries
}

// send sends a request and notes what is acknowledged.
func (w *world) send(l *ledger, entries []oplog.Entry) {
	w.expect(l, entries)
	answer, err := w.Journal.Append(context.Background(), l.tenant, slices.Clone(entries))
	w.note(l, entries, answer, err)
}

// expect notes entries that are about to be sent.
func (w *world) expect(l *ledger, entries []oplog.Entry) {
	for _, e := range entries {
		if _, acked := l.seqOf(e.Content.ID); !acked {
			l.unacked[e.Content.ID] = e
		}
	}
}

// note notes what is acknowledged.
func (w *world) note(l *ledger, entries []oplog.Entry, answer journal.Appended, err error) {
	w.log("%s: %d sent: %v", l.tenant, len(entries), oplog.CodeOf(err))
	if oplog.CodeOf(err) == oplog.CodeInvalid && l.ruled {
		return // it has entries of deleted days, or from before those that are kept
	}
	if w.disk.off || w.refused(err) {
		return
	}
	for i, r := range answer.Entries {
		e := entries[i]
		if before, acked := l.seqOf(e.Content.ID); acked && before != r.Seq {
			w.t.Fatalf("%s: entry %s was acknowledged with seq %d, now with %d", l.tenant, e.Content.ID, before, r.Seq)
		}
		delete(l.unacked, e.Content.ID)
		if other, taken := l.acked[r.Seq]; taken && other.Content.ID != e.Content.ID {
			w.t.Fatalf("%s: seq %d was given to %s and to %s", l.tenant, r.Seq, other.Content.ID, e.Content.ID)
		}
		l.acked[r.Seq] = e
	}
}

func (l *ledger) seqOf(label string) (uint64, bool) {
	for seq, e := range l.acked {
		if e.Content.ID == label {
			return seq, true
		}
	}
	return 0, false
}

// refused reports whether the disk kept the log from doing something. Any other error is a mistake.
func (w *world) refused(err error) bool {
	code := oplog.CodeOf(err)
	if err != nil && !w.disk.off && !w.disk.struck && code != oplog.CodeUnavailable && code != oplog.CodeDiskFull {
		w.t.Fatalf("it is answered with %v", err)
	}
	return err != nil
}

// crowd sends requests while another is being committed, so that they are committed together.
func (w *world) crowd(l *ledger) {
	requests := make([][]oplog.Entry, 1+w.random.IntN(4))
	for i := range requests {
		requests[i] = []oplog.Entry{w.entry(l), w.entry(l)}
		w.expect(l, requests[i])
	}
	answers, errs := make([]journal.Appended, len(requests)), make([]error, len(requests))
	var senders sync.WaitGroup
	sent := false
	w.disk.during = func(name string) {
		if name != "data/oplog.db" || sent {
			return
		}
		sent = true
		for i, entries := range requests {
			senders.Go(func() { answers[i], errs[i] = w.Journal.Append(context.Background(), l.tenant, slices.Clone(entries)) })
			synctest.Wait() // until it is queued
		}
	}
	first := w.request(l)
	w.expect(l, first)
	answer, err := w.Journal.Append(context.Background(), l.tenant, slices.Clone(first))
	senders.Wait()
	w.disk.during = nil
	w.note(l, first, answer, err)
	for i := range requests {
		if sent {
			w.note(l, requests[i], answers[i], errs[i])
		}
	}
}

// rename changes the tenant's settings.
func (w *world) rename(l *ledger) {
	w.labels++
	name := fmt.Sprintf("%s %d", l.tenant, w.labels)
	l.maybe = append(l.maybe, name)
	_, err := w.Directory.ChangeTenant(l.tenant, func(t *oplog.Tenant) { t.Name = name })
	if !w.refused(err) && !w.disk.off {
		l.name, l.maybe = name, nil
	}
}

// build builds segments, and merges them.
func (w *world) build(l *ledger) {
	ctx := context.Background()
	var err error
	switch w.random.IntN(8) {
	case 0:
		err = w.index.Rebuild(ctx, l.tenant, func(_, _ uint64) {})
	case 1, 2:
		_, err = w.index.Merge(ctx, l.tenant)
	default:
		err = w.index.Flush(ctx, l.tenant)
	}
	w.log("%s: build: %v", l.tenant, err != nil)
}

// checkpoint asks for a checkpoint, which the log must agree with for ever.
func (w *world) checkpoint(l *ledger) {
	text, err := w.Journal.Checkpoint(l.tenant)
	if !w.refused(err) {
		l.heads = append(l.heads, text)
		w.log("%s: checkpoint %q", l.tenant, text[:20])
	}
}

// rotate replaces the key of the log. What the old one has signed under a clock that was ahead is taken for misuse then.
func (w *world) rotate() {
	w.tried++
	for _, l := range w.tenants {
		maps.DeleteFunc(l.exports, func(_ string, x finishedExport) bool { return x.CreatedAt.After(w.now()) })
	}
	err := w.store.Rotate(storage.Rotation{Now: w.now, Tell: func(old, next string) ([]oplog.Entry, error) {
		return w.Trail.EntriesForAll(trail.Event{
			User: trail.CommandUser, Module: "server", Operation: "rotate_key", Object: oplog.Ref{ID: next}, Details: map[string]any{"old_key": old},
		})
	}})
	w.log("rotated: %v", err == nil)
	if !w.refused(err) && !w.disk.off {
		w.rotated = w.tried
	}
}

// finishedExport is an export that was told as finished.
type finishedExport struct {
	exports.Export
	labels []string
}

// exportTime is longer than all pauses of an export, and shorter than the log waits before it recovers.
const exportTime = 20 * time.Millisecond

// export writes an export to its end. One that paused from the instant at which the next step pauses, too, would go on before or after it: timers
// of an instant fire in no order.
func (w *world) export(l *ledger) {
	stored := w.storedLabels(l)
	x, err := w.Exports.Start(context.Background(), exports.Export{Tenant: l.tenant, Format: "ndjson", Locale: "en"})
	w.sleep(exportTime)
	if w.refused(err) || w.disk.off {
		return
	}
	x, err = w.Exports.Export(l.tenant, x.ID, "")
	w.log("%s: export: %s", l.tenant, x.Status)
	if err == nil && x.Status == exports.Running && !w.disk.struck {
		w.t.Fatalf("%s: the export of %d entries still runs", l.tenant, len(stored))
	}
	if err == nil && x.Status == exports.Done && w.store.Failure() == nil {
		l.exports[x.ID] = finishedExport{x, stored}
	}
}

// backUp takes a backup and restores it beside the log.
func (w *world) backUp() {
	var backup memoryFile
	if _, err := w.store.CopyTo(&backup); w.refused(err) {
		return
	}
	counts := make(map[string]uint64)
	for _, l := range w.tenants {
		counts[l.tenant], _, _ = w.store.Counts(l.tenant)
	}
	content := backup.content
	w.backups++
	name := fmt.Sprint("restored-", w.backups)
	restored, err := storage.Restore(context.Background(), filepath.Join(w.disk.top, name), bytes.NewReader(content),
		func(r *storage.DB) error { return identity.AfterRestore(r, w.now()) })
	w.log("restored: %v, %d", err == nil, restored.Entries)
	told := err == nil && !w.disk.off
	if w.disk.off {
		w.revive()
	}
	w.disk.plan = nil
	dir := filepath.Join(w.disk.top, name)
	if !told { // all or nothing was restored, or it can be tried again
		_, err = storage.Restore(context.Background(), dir, bytes.NewReader(content), func(*storage.DB) error { return nil })
		if _, all := os.Stat(filepath.Join(dir, "oplog.db")); err != nil && all != nil {
			w.t.Fatalf("the restore cannot be repeated: %v", err)
		}
	}
	w.checkRestored(dir, counts)
	delete(w.disk.folders, name)
	if err := os.RemoveAll(dir); err != nil {
		w.t.Fatal(err)
	}
}

// memoryFile is a file in memory.
type memoryFile struct{ content []byte }

func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) {
	if missing := int(at) + len(p) - len(f.content); missing > 0 {
		f.content = append(f.content, make([]byte, missing)...)
	}
	return copy(f.content[at:], p), nil
}

func (f *memoryFile) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(f.content).ReadAt(p, at)
}

// leastKept is the shortest retention, in days.
const leastKept = 3

// retain lets days pass, and deletes what is older than the rule says, by a clock that is right; then by one that is not.
func (w *world) retain(l *ledger) {
	days := leastKept + w.random.IntN(6)
	w.drift, l.ruled = 0, true
	_, err := w.Directory.ChangeTenant(l.tenant, func(t *oplog.Tenant) {
		below := true
		t.Retain(&days, &below, "test", w.now())
	})
	if w.refused(err) || w.disk.off {
		return
	}
	w.sleep(time.Duration(w.random.IntN(72)) * time.Hour)
	w.expire()
	state, err := w.Directory.State(l.tenant)
	if w.refused(err) {
		return
	}
	l.gone = max(l.gone, state.KeptFrom(w.now()))
	err = w.Journal.Retain(context.Background())
	w.retained = err == nil && !w.disk.off
	w.noteGone()
	w.log("%s: retention: %v", l.tenant, err != nil)
	if w.retained && w.logKnowsTime() {
		w.retainByWrongClock()
	}
}

// logKnowsTime reports whether the log has stored the right time, and not that of a wrong clock under which it was begun.
func (w *world) logKnowsTime() bool {
	var at time.Time
	data, _, err := w.store.Record(oplog.RecordServer, "clock")
	return err == nil && json.Unmarshal(data, &at) == nil && w.now().Sub(at).Abs() < 2*time.Hour
}

// retainByWrongClock starts the log under a clock that is far ahead or behind, and runs the retention: nothing may be deleted.
func (w *world) retainByWrongClock() {
	far := oplog.ClockTolerance + time.Duration(3+w.random.IntN(24*3650))*time.Hour
	if w.random.IntN(4) == 0 {
		far = -far
	}
	_ = w.shut() // what goes wrong may keep it from being closed in order
	w.disk.plan = nil
	if w.disk.off {
		w.restart()
	}
	w.drift = far
	w.expire()
	w.open()
	_ = w.Journal.Retain(context.Background()) // it may fail, as long as nothing is deleted
	w.log("retention by a clock that is off by %v: %d wait", far, len(w.Journal.Waiting("")))
	w.drift = 0
}

// noteGone notes what a run of retention may have deleted, of all tenants.
func (w *world) noteGone() {
	for _, l := range w.tenants {
		if state, err := w.Directory.State(l.tenant); err == nil {
			l.gone = max(l.gone, state.KeptFrom(w.now()))
		}
	}
}
