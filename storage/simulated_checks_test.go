//go:build linux && !race

package storage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/exports"
	"oplog/exports/formats"
	"oplog/oplog"
	"oplog/signing"
	"oplog/storage"
)

// check checks everything that must hold whenever the log is open.
func (w *world) check() {
	if w.store.Failure() != nil {
		w.settle()
	}
	if !w.retained { // until it is repeated, as at each start, the index counts what the store does not show any more
		w.drift, w.retained = 0, true
		if err := w.Journal.Retain(context.Background()); err != nil {
			w.t.Fatalf("the deletion is not completed: %v", err)
		}
		w.noteGone()
	}
	w.checkKey()
	for _, l := range w.tenants {
		entries := w.checkStored(l)
		w.checkTree(l, entries)
		w.checkIndex(l, entries, false)
		w.checkExports(l)
		if t, err := w.Directory.Tenant(l.tenant); err != nil || t.Name != l.name && !slices.Contains(l.maybe, t.Name) {
			w.t.Fatalf("the tenant's name is %q, not %q nor of %q: %v", t.Name, l.name, l.maybe, err)
		}
	}
}

// checkKey checks that the log signs with the key that its first one leads to, and that the trails tell of each replacement of it.
func (w *world) checkKey() {
	history, err := w.store.KeyHistory("")
	if err != nil {
		w.t.Fatal(err)
	}
	keys, err := signing.Follow(w.firstKey, history.Changes)
	if err != nil || keys.Current() != history.Key {
		w.t.Fatalf("the first key leads to %s, and the key is %s: %v", keys.Current(), history.Key, err)
	}
	signed, err := w.store.Sign("a text\n")
	if _, openErr := keys.Open(signed); err != nil || openErr != nil {
		w.t.Fatalf("the log signs %q: %v, %v", signed, err, openErr)
	}
	for _, name := range []string{"", w.tenants[0].tenant, w.tenants[1].tenant} {
		told := make(map[string]bool)
		if err := w.store.Arrivals(context.Background(), oplog.TrailName(name), 1, 0, func(e oplog.Entry) error {
			if e.Operation == "rotate_key" {
				told[e.Content.ID] = true
			}
			return nil
		}); err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			w.t.Fatal(err)
		}
		if n := len(history.Changes); len(told) != n || n > 0 && !told[history.Key] || n > w.tried || w.rotated > 0 && n == 0 {
			w.t.Fatalf("the key was replaced %d times, of %d attempts; the trail of %q tells of %d", n, w.tried, name, len(told))
		}
	}
}

// look checks what can be read at any time, also while the log is read-only: nothing is in it then that was not acknowledged before, but what
// may be stored.
func (w *world) look() {
	for _, l := range w.tenants {
		entries := w.checkStored(l)
		w.checkTree(l, entries)
		if w.retained {
			w.checkIndex(l, entries, true)
		}
		w.checkExports(l)
	}
}

// checkStored checks that what was acknowledged is stored, that nothing else is but what was sent, nothing twice, and no seq is missing. It
// returns the entries in order of arrival.
func (w *world) checkStored(l *ledger) []oplog.Entry {
	count, _, err := w.store.Counts(l.tenant)
	if err != nil {
		w.t.Fatal(err)
	}
	var entries []oplog.Entry
	if err := w.store.Arrivals(context.Background(), l.tenant, 1, 0, func(e oplog.Entry) error {
		entries = append(entries, e)
		return nil
	}); err != nil {
		w.t.Fatalf("%s: %v", l.tenant, err)
	}
	w.log("%s: %d stored, %d there", l.tenant, count, len(entries))
	seqs := make(map[string]uint64)
	next := uint64(1)
	for _, e := range entries {
		if twice := seqs[e.Content.ID]; twice > 0 {
			w.t.Fatalf("%s: entry %s is stored as %d and %d", l.tenant, e.Content.ID, twice, e.Seq)
		}
		seqs[e.Content.ID] = e.Seq
		w.checkGone(l, next, e.Seq)
		next = e.Seq + 1
		want, acked := l.acked[e.Seq]
		if !acked {
			want = l.unacked[e.Content.ID]
		}
		if !isSame(want, e) {
			w.t.Fatalf("%s: seq %d is\n%+v\nnot\n%+v", l.tenant, e.Seq, e, want)
		}
	}
	w.checkGone(l, next, count+1)
	for seq := range l.acked {
		if seq > count {
			w.t.Fatalf("%s: seq %d was acknowledged, but only %d are stored", l.tenant, seq, count)
		}
	}
	return entries
}

// checkGone checks that entries that are not there were deleted under the rule.
func (w *world) checkGone(l *ledger, from, to uint64) {
	if to < from {
		w.t.Fatalf("%s: seq %d comes after %d", l.tenant, to, from-1)
	}
	for seq := from; seq < to; seq++ {
		key, err := w.store.KeyOfSeq(l.tenant, seq)
		if err != nil || oplog.DateOf(key.Time()) >= l.gone {
			w.t.Fatalf("%s: entry %d, of %s, is missing: %v", l.tenant, seq, oplog.DateOf(key.Time()), err)
		}
	}
}

func isSame(want, got oplog.Entry) bool {
	return (want.ID == "" || want.ID == got.ID) && want.Time.Equal(got.Time) && want.User == got.User && want.Content == got.Content &&
		want.Module == got.Module && bytes.Equal(want.Details, got.Details)
}

// checkTree checks the Merkle tree: every entry, the checkpoints that were given out, and the proof of one entry.
func (w *world) checkTree(l *ledger, entries []oplog.Entry) {
	var kept []uint64
	var heads []storage.Checkpoint
	for _, text := range l.heads {
		head, err := w.store.OpenCheckpoint(text)
		if err != nil {
			w.t.Fatal(err)
		}
		heads, kept = append(heads, head), append(kept, head.Size)
	}
	v, err := w.store.Verify(context.Background(), l.tenant, kept, func(_, _ uint64) {})
	if err != nil || v.Bad > 0 {
		w.t.Fatalf("%s: verify finds %+v, %v", l.tenant, v.Findings, err)
	}
	for _, head := range heads {
		if root, ok := v.Kept[head.Size]; head.Size > 0 && (!ok || root != head.Root) {
			w.t.Fatalf("%s: the log of %d entries contradicts its checkpoint of %d", l.tenant, v.Size, head.Size)
		}
	}
	if len(entries) == 0 {
		return
	}
	e := entries[w.random.IntN(len(entries))]
	proof, err := w.store.Prove(l.tenant, e.Key(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	path := make(tlog.RecordProof, len(proof.Path))
	for i, h := range proof.Path {
		path[i] = tlog.Hash(h)
	}
	if err := tlog.CheckRecord(path, int64(proof.Size), v.Root, int64(e.Seq)-1, tlog.RecordHash(proof.Leaf)); err != nil {
		w.t.Fatalf("%s: the proof of entry %d: %v", l.tenant, e.Seq, err)
	}
}

// checkIndex checks that searches find what a scan of the store finds. They may fail if the disk keeps the index from being opened.
func (w *world) checkIndex(l *ledger, entries []oplog.Entry, mayFail bool) {
	if err := w.index.Open(context.Background(), l.tenant); err != nil { // again, if that failed while the log was read-only
		w.t.Fatal(err)
	}
	word := simWords[w.random.IntN(len(simWords))]
	for _, q := range []oplog.Query{{}, {Filters: oplog.Filters{Search: word}}, {Filters: oplog.Filters{Values: oplog.Values{Users: []string{"u1"}}}}} {
		want := slices.DeleteFunc(slices.Clone(entries), func(e oplog.Entry) bool {
			return q.Search != "" && !strings.Contains(e.Content.Name, word) || len(q.Users) > 0 && e.User.ID != "u1"
		})
		slices.SortFunc(want, func(a, b oplog.Entry) int { return b.Key().Compare(a.Key()) })
		var got []oplog.Entry
		for cursor := ""; ; {
			page, err := w.Journal.Page(context.Background(), l.tenant, q, oplog.MaxPageSize, cursor)
			if mayFail && w.refused(err) {
				return
			}
			if err != nil {
				w.t.Fatalf("%s: a search failed: %v", l.tenant, err)
			}
			got = append(got, page.Entries...)
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if !slices.EqualFunc(want, got, func(a, b oplog.Entry) bool { return a.Key() == b.Key() }) {
			w.t.Fatalf("%s: search %q finds %s, not %s", l.tenant, q.Search, seqsOf(got), seqsOf(want))
		}
		total, err := w.Journal.Total(context.Background(), l.tenant, q)
		if err != nil || total != len(want) {
			w.t.Fatalf("%s: search %q counts %d, not %d: %v", l.tenant, q.Search, total, len(want), err)
		}
	}
}

func seqsOf(entries []oplog.Entry) string {
	var seqs []uint64
	for _, e := range entries {
		seqs = append(seqs, e.Seq)
	}
	text, _ := json.Marshal(seqs)
	return string(text)
}

func (w *world) storedLabels(l *ledger) (labels []string) {
	_ = w.store.Arrivals(context.Background(), l.tenant, 1, 0, func(e oplog.Entry) error {
		labels = append(labels, e.Content.ID)
		return nil
	})
	slices.Sort(labels)
	return labels
}

// expire forgets the exports that have expired by the clock, even if it is wrong.
func (w *world) expire() {
	for _, l := range w.tenants {
		maps.DeleteFunc(l.exports, func(_ string, x finishedExport) bool { return !w.now().Before(x.ExpiresAt) })
	}
}

// checkExports checks that exports that were told as finished are there, whole, and match their manifests.
func (w *world) checkExports(l *ledger) {
	w.expire()
	for _, id := range slices.Sorted(maps.Keys(l.exports)) {
		want := l.exports[id]
		x, err := w.Exports.Export(l.tenant, id, "")
		if err != nil || x.Status != exports.Done {
			w.t.Fatalf("%s: the export is %s: %v", l.tenant, x.Status, err)
		}
		f, err := w.Exports.Open(x)
		if err != nil {
			w.t.Fatalf("%s: the file of an export: %v", l.tenant, err)
		}
		data, err := io.ReadAll(f)
		_ = f.Close()
		manifest, manifestErr := w.Exports.Manifest(x)
		history, _ := w.store.KeyHistory(l.tenant)
		keys, keysErr := signing.Follow(w.firstKey, history.Changes)
		if err != nil || manifestErr != nil || keysErr != nil {
			w.t.Fatal(err, manifestErr, keysErr)
		}
		if _, err := formats.Verify(bytes.NewReader(data), []byte(manifest), keys); err != nil {
			w.t.Fatalf("%s: an export of %d bytes: %v", l.tenant, len(data), err)
		}
		var labels []string
		for line := range strings.Lines(string(data)) {
			var e oplog.Entry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				w.t.Fatal(err)
			}
			labels = append(labels, e.Content.ID)
		}
		slices.Sort(labels)
		if !slices.Equal(labels, want.labels) {
			w.t.Fatalf("%s: the export has %d entries, not %d", l.tenant, len(labels), len(want.labels))
		}
	}
}

// checkRestored checks that everything was restored.
func (w *world) checkRestored(dir string, counts map[string]uint64) {
	db, err := storage.Open(dir, storage.Options{WithoutKey: true})
	if err != nil {
		w.t.Fatalf("the restored log does not open: %v", err)
	}
	defer func() { _ = db.Close() }()
	for tenant, want := range counts {
		got, _, err := db.Counts(tenant)
		if err != nil || got != want {
			w.t.Fatalf("%d of %d entries of %s were restored: %v", got, want, tenant, err)
		}
		if v, err := db.Verify(context.Background(), tenant, nil, func(_, _ uint64) {}); err != nil || v.Bad > 0 {
			w.t.Fatalf("verify finds in the restored log of %s %+v, %v", tenant, v.Findings, err)
		}
	}
}
