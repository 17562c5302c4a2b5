//go:build linux && !race

package storage_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
	"oplog/storage"
)

// rot turns a bit of a file while the log is closed. Afterwards the log is refused in words; or everything that is read is right, and what is
// missing is found by verify.
func (w *world) rot() {
	name, at := w.turnBit()
	w.log("rot in %s", name)
	if name == "" {
		return
	}
	store, err := storage.Open(w.dir(), storage.Options{ReadOnly: true})
	if err != nil {
		w.checkWords(name, at, err)
		return
	}
	for _, l := range w.tenants {
		w.checkRotten(store, l, name, at)
	}
	if err := store.Close(); err != nil {
		w.t.Fatal(err)
	}
	if store.Damage() != nil || strings.HasPrefix(name, "data/oplog.db") {
		return // it may have hidden what verify finds
	}
	w.open() // damage of the index is repaired, of exports their checks find it
	for _, l := range w.tenants {
		l.exports = nil
	}
	w.check()
	if err := w.shut(); err != nil {
		w.t.Fatal(err)
	}
}

// turnBit turns a bit of a file, and names it; "" if there was nothing to turn. In a page of bbolt's it is none of a page's number: those follow no seed.
func (w *world) turnBit() (name string, at int) {
	var paths []string
	_ = filepath.WalkDir(w.dir(), func(path string, e fs.DirEntry, err error) error {
		if info, infoErr := e.Info(); err == nil && infoErr == nil && e.Type().IsRegular() && info.Size() > 0 {
			if name := e.Name(); name != "signing.key" && !strings.HasPrefix(name, ".") {
				paths = append(paths, path)
			}
		}
		return err
	})
	path := paths[w.random.IntN(len(paths))]
	if w.random.IntN(2) == 0 {
		path = filepath.Join(w.dir(), "oplog.db")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	at = w.random.IntN(len(data))
	if filepath.Base(path) == "oplog.db" {
		if at = w.placeInPage(path, data); at < 0 {
			return "", 0
		}
	}
	data[at] ^= 1 << w.random.IntN(8)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.disk.name(path), at
}

// placeInPage returns a place in a value of a page that is in use; -1 if there is none. The pages are in the order of what they hold.
func (w *world) placeInPage(path string, data []byte) int {
	b, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	type page struct {
		label  uint64
		values [][2]int // from, to
	}
	var pages []page
	err = b.View(func(tx *bolt.Tx) error {
		for id := 2; ; id++ {
			info, err := tx.Page(id)
			if err != nil || info == nil {
				return err
			}
			at := id * simPage
			id += info.OverflowCount
			if info.Type != "leaf" {
				continue
			}
			whole := data[at : at+(1+info.OverflowCount)*simPage]
			p := page{label: labelOf(whole)}
			for element := range info.Count {
				head := 16 + 16*element
				field := func(n int) int { return int(binary.NativeEndian.Uint32(whole[head+4*n:])) }
				from := head + field(1) + field(2)
				to := from + field(3)
				if field(0) != 0 { // a bucket: the number of its first page, unless its only page follows
					from += 16
				}
				if from < to {
					p.values = append(p.values, [2]int{at + from, at + to})
				}
			}
			if len(p.values) > 0 {
				pages = append(pages, p)
			}
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(pages) == 0 {
		return -1
	}
	slices.SortFunc(pages, func(a, b page) int { return cmp.Compare(a.label, b.label) })
	values := pages[w.random.IntN(len(pages))].values
	value := values[w.random.IntN(len(values))]
	return value[0] + w.random.IntN(value[1]-value[0])
}

// checkWords checks that the log is refused in a line for people.
func (w *world) checkWords(name string, at int, err error) {
	if text := err.Error(); strings.Contains(text, "\n") || strings.Contains(text, "goroutine") {
		w.t.Fatalf("a bit of %s at %d: the log is refused with %q", name, at, text)
	}
}

// checkRotten checks that no entry is wrong, and that verify finds those that are missing.
func (w *world) checkRotten(store *storage.DB, l *ledger, name string, at int) {
	ctx := context.Background()
	found := make(map[uint64]bool)
	readErr := store.Arrivals(ctx, l.tenant, 1, 0, func(e oplog.Entry) error {
		want, acked := l.acked[e.Seq]
		if !acked {
			want = l.unacked[e.Content.ID]
		}
		if !e.Damaged && !isSame(want, e) {
			w.t.Fatalf("%s: a bit of %s at %d: seq %d is read as %+v, not %+v", l.tenant, name, at, e.Seq, e, want)
		}
		found[e.Seq] = !e.Damaged
		return nil
	})
	v, err := store.Verify(ctx, l.tenant, nil, func(_, _ uint64) {})
	if readErr != nil || err != nil || v.Bad > 0 || store.Missing() != nil || store.Damage() != nil {
		return // it is told
	}
	for seq, e := range l.acked {
		if !found[seq] && oplog.DateOf(e.Time) >= l.gone {
			w.t.Fatalf("%s: a bit of %s at %d: entry %d is missing, and verify finds nothing", l.tenant, name, at, seq)
		}
	}
}
