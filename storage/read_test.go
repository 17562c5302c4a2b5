package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

func TestGet(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"), entry(24*60, "b"), entry(48*60, "c"))
	key := func(minutesAgo int, seq uint64) oplog.Key {
		return oplog.MakeKey(morning.Add(-time.Duration(minutesAgo)*time.Minute), seq)
	}
	f := func(t *testing.T, want string, keys ...oplog.Key) {
		t.Helper()
		entries, err := db.Get("acme", keys, nil)
		var names []string
		for _, e := range entries {
			names = append(names, e.Content.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	a, b, c := key(1, 1), key(24*60, 2), key(48*60, 3)
	f(t, "")
	f(t, "a b c", a, b, c)
	f(t, "c a c b", c, a, c, b)
	for _, missing := range []oplog.Key{{}, key(1, 2), key(2, 1), key(72*60, 1)} {
		if entries, err := db.Get("acme", []oplog.Key{a, missing}, nil); err == nil {
			t.Errorf("%s gives %v", missing.ID(), entries)
		}
	}
	if _, err := db.Get("other", []oplog.Key{a}, nil); err == nil {
		t.Error("another tenant has the entry")
	}
	if entries, err := db.Get("other", nil, nil); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestFind(t *testing.T) {
	db := openStore(t, t.TempDir())
	ulid := "01KACKM5NSRKBJ3TMZ5WBSGY3G" // reads as a key of the far future
	mustAppend(t, db, entry(1, "a"), withID("own", entry(48*60, "b")), withID("own", entry(24*60, "c")), withID(ulid, entry(9, "d")),
		withID(entryID(0, 99), entry(9, "e")), withID(entryID(72*60, 1), entry(9, "f")))
	f := func(t *testing.T, tenant, id, want string) {
		t.Helper()
		e, err := db.Find(tenant, id, nil)
		if want == "" {
			if oplog.CodeOf(err) != oplog.CodeNotFound {
				t.Errorf("%s gives %s, %v", id, e.Content.Name, err)
			}
			return
		}
		if err != nil || e.Content.Name != want || e.ID != id {
			t.Errorf("%s gives %s, %v, want %s", id, e.Content.Name, err, want)
		}
	}
	f(t, "acme", entryID(1, 1), "a")
	f(t, "acme", "own", "c") // the newest
	f(t, "acme", ulid, "d")
	f(t, "acme", entryID(0, 99), "e")
	f(t, "acme", entryID(72*60, 1), "f")
	mustAppend(t, db, withID(entryID(1, 1), entry(-24*60, "g")))
	f(t, "acme", entryID(1, 1), "a") // its own entry, not the newer one that a sender gave the same id
	f(t, "acme", "", "")
	f(t, "acme", "ow", "")
	f(t, "acme", "OWN", "")
	f(t, "acme", entryID(1, 2), "")
	f(t, "acme", entryID(48*60, 2), "") // the key of an entry that has an id of its own
	f(t, "other", "own", "")
	f(t, "other", entryID(1, 1), "")
	for name, want := range map[string]string{"c": "c", "b": "b", "a": ""} { // whoever sees not all finds the newest that they see
		e, err := db.Find("acme", "own", func(e *oplog.Entry) bool { return e.Content.Name == name })
		if e.Content.Name != want || (err == nil) != (want != "") {
			t.Errorf("who sees %s finds %q, %v", name, e.Content.Name, err)
		}
	}
	checkStore(t, db, "acme")
}

func TestKeyOfSeq(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(5, "a"), withID("own", entry(9, "b")))
	f := func(tenant string, seq uint64, want oplog.Key) {
		t.Helper()
		key, err := db.KeyOfSeq(tenant, seq)
		if want.IsZero() {
			if oplog.CodeOf(err) != oplog.CodeNotFound {
				t.Errorf("seq %d of %s: %s, %v", seq, tenant, key.ID(), err)
			}
		} else if err != nil || key != want {
			t.Errorf("seq %d of %s: %s, %v, want %s", seq, tenant, key.ID(), err, want.ID())
		}
	}
	f("acme", 1, oplog.MakeKey(morning.Add(-5*time.Minute), 1))
	f("acme", 2, oplog.MakeKey(morning.Add(-9*time.Minute), 2))
	f("acme", 0, oplog.Key{})
	f("acme", 3, oplog.Key{})
	f("other", 1, oplog.Key{})
}

func TestScan(t *testing.T) {
	db := openStore(t, t.TempDir())
	// One a day, and three at one time.
	mustAppend(t, db, entry(0, "g"), entry(3*24*60, "a"), entry(2*24*60, "b"), entry(24*60, "c"), entry(24*60, "d"), entry(24*60, "e"), entry(1, "f"))
	at := func(minutesAgo int, seq uint64) oplog.Key {
		return oplog.MakeKey(morning.Add(-time.Duration(minutesAgo)*time.Minute), seq)
	}
	f := func(t *testing.T, from, to oplog.Key, want string) {
		t.Helper()
		if got := scanned(t, db, from, to); got != want {
			t.Errorf("%s … %s: %s, want %s", from.Time(), to.Time(), got, want)
		}
	}
	var none oplog.Key
	f(t, none, none, "a b c d e f g")
	f(t, at(2*24*60, 0), none, "b c d e f g")
	f(t, at(24*60, 5), none, "d e f g")
	f(t, at(24*60, 7), at(0, 0), "f")
	f(t, none, at(24*60, 6), "a b c d")
	f(t, at(24*60, 4), at(24*60, 4), "")
	f(t, at(0, 2), none, "")
	f(t, at(-24*60, 0), none, "")
	f(t, none, at(9*24*60, 0), "")

	failure := errors.New("stop")
	visited := 0
	visit := func(oplog.Entry) error {
		if visited++; visited == 3 {
			return failure
		}
		return nil
	}
	if err := db.Scan(context.Background(), "acme", none, none, visit); !errors.Is(err, failure) || visited != 3 {
		t.Errorf("%v after %d", err, visited)
	}
	visited = 0
	if err := db.Arrivals(context.Background(), "acme", 1, 0, visit); !errors.Is(err, failure) || visited != 3 {
		t.Errorf("%v after %d", err, visited)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, err := range []error{db.Scan(ctx, "acme", none, none, visit), db.Arrivals(ctx, "acme", 1, 0, visit)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want it cancelled", err)
		}
	}
	if got := arrivals(t, db, 8); got != "" {
		t.Errorf("after the last come %s", got)
	}
}

// Reading in chunks loses nothing between them, nor does an append meanwhile.
func TestReadsOfManyChunks(t *testing.T) {
	db := openStore(t, t.TempDir())
	const n = 2*chunkSize + 1
	entries := make([]oplog.Entry, n)
	want := make([]string, n)
	for i := range entries {
		entries[i] = entry((n-i)/100, fmt.Sprint(i)) // a hundred at a time
		want[i] = fmt.Sprint(i)
	}
	mustAppend(t, db, entries...)
	if got := arrivals(t, db, 1); got != strings.Join(want, " ") {
		t.Error("arrivals differ")
	}
	if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != strings.Join(want, " ") {
		t.Error("scanned differ")
	}
	var got []string
	err := db.Scan(context.Background(), "acme", oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
		if e.Seq%1000 == 0 {
			mustAppend(t, db, entry(n, "old"), entry(-60, "new")) // in a read it would wait for ever
		}
		if e.Content.Name != "old" && e.Content.Name != "new" {
			got = append(got, e.Content.Name)
		}
		return nil
	})
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%d of %d, %v", len(got), n, err)
	}
	checkStore(t, db, "acme")
}
