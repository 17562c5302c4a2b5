//go:build linux && !race

package storage_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"io/fs"
	"maps"
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
	store, err := storage.Open(w.dir(), storage.Options{ReadOnly: true})
	if err != nil {
		w.checkWords(name, at, err)
		return
	}
	defer func() { _ = store.Close() }() // if something is wrong
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

// turnBit turns a bit of a file, and names it. In a page of bbolt's it is none of the numbers of pages: those follow no seed.
func (w *world) turnBit() (name string, at int) {
	var paths []string
	_ = filepath.WalkDir(w.dir(), func(path string, e fs.DirEntry, err error) error {
		if info, infoErr := e.Info(); err == nil && infoErr == nil && e.Type().IsRegular() && info.Size() > 0 {
			if name := e.Name(); name != "signing.key" && name != "signing.key.next" && name != "oplog.pid" && !strings.HasPrefix(name, ".") {
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
	if filepath.Base(path) == "oplog.db" {
		name, at = w.placeInPages(path, data)
	} else {
		name, at = "", w.random.IntN(len(data))
	}
	data[at] ^= 1 << w.random.IntN(8)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w.disk.name(path) + name, at
}

// pagePlaces are the places of a page at which a bit can turn, by what is there.
type pagePlaces struct {
	label  uint64
	places map[string][][2]int // from, to
}

// placeInPages returns a place in a page that is in use, and what is there: in the page's header, in the head of an element, in a key or in a value; or in a
// meta page, or the header of the list of free pages. Pages are chosen by what they hold.
func (w *world) placeInPages(path string, data []byte) (what string, at int) {
	pages := w.pagesOf(path, data)
	kinds := []string{"meta", "free", "header", "element", "key", "value", "value", "value"}
	what = kinds[w.random.IntN(len(kinds))]
	pages = slices.DeleteFunc(pages, func(p pagePlaces) bool { return len(p.places[what]) == 0 })
	slices.SortFunc(pages, func(a, b pagePlaces) int { return cmp.Compare(a.label, b.label) })
	places := pages[w.random.IntN(len(pages))].places[what]
	place := places[w.random.IntN(len(places))]
	return " " + what, place[0] + w.random.IntN(place[1]-place[0])
}

// pagesOf returns the pages of a data file that are in use.
func (w *world) pagesOf(path string, data []byte) (pages []pagePlaces) {
	b, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = b.Close() }()
	const metaEnd = pageHead + 64 // of what bbolt has in it
	for slot := range 2 {
		at := slot * simPage
		newer := binary.NativeEndian.Uint64(data[at+64:]) > binary.NativeEndian.Uint64(data[(1-slot)*simPage+64:])
		pages = append(pages, pagePlaces{map[bool]uint64{true: 1}[newer], map[string][][2]int{"meta": {{at + 8, at + metaEnd}}}})
	}
	err = b.View(func(tx *bolt.Tx) error {
		for id := 2; ; id++ {
			info, err := tx.Page(id)
			if err != nil || info == nil {
				return err
			}
			if info.Type == "free" { // what its header says is of what it was before
				continue
			}
			from := id * simPage
			pages = append(pages, placesIn(data[from:from+(1+info.OverflowCount)*simPage], from))
			id += info.OverflowCount
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return pages
}

// placesIn returns the places of a page at an offset.
func placesIn(page []byte, offset int) pagePlaces {
	p := pagePlaces{labelOf(page), make(map[string][][2]int)}
	add := func(what string, from, to int) {
		if from < to {
			p.places[what] = append(p.places[what], [2]int{offset + from, offset + to})
		}
	}
	kind, elements := elementsOf(page)
	if elements == nil {
		add("free", 8, pageHead)
		return p
	}
	add("header", 8, pageHead)
	for _, e := range elements {
		if kind == branchPage {
			add("element", e.head, e.head+8) // before the number of a page
		} else {
			add("element", e.head, e.head+elementHead)
		}
		add("key", e.key, e.value)
		add("value", e.plain, e.end)
	}
	return p
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
	for _, seq := range slices.Sorted(maps.Keys(l.acked)) {
		if e := l.acked[seq]; !found[seq] && oplog.DateOf(e.Time) >= l.gone {
			w.t.Fatalf("%s: a bit of %s at %d: entry %d is missing, and verify finds nothing", l.tenant, name, at, seq)
		}
	}
}
