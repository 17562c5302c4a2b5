package storage

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oplog/oplog"
)

// flip changes a text in the file of a closed store, once.
func flip(t *testing.T, dir, from, to string) {
	t.Helper()
	overwrite(t, filepath.Join(dir, fileName), from, to)
}

// overwrite changes a text in a file, in place.
func overwrite(t *testing.T, path, from, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte(from)); n != 1 || len(from) != len(to) {
		t.Fatalf("%q is there %d times", from, n)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(to), int64(bytes.Index(data, []byte(from)))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedEntry: an entry that is not as recorded never leaves the store as if it were; the others do.
func TestDamagedEntry(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("e1", entry(3, "first")), withID("e2", entry(2, "salary 1000")), withID("e3", entry(1, "last")))
	closeStore(t, db)
	flip(t, db.dir, "salary 1000", "salary 9000")
	db = openStore(t, db.dir)

	second := entry(2, "")
	key := oplog.MakeKey(second.Time, 2)
	_, err := db.Find("acme", "e2", nil)
	if oplog.CodeOf(err) != oplog.CodeDamaged || !strings.Contains(err.Error(), "Entry 2 of tenant acme, of 2026-11-20 (UTC)") {
		t.Errorf("by its id: %v", err)
	}
	check := func(how string, got []oplog.Entry, err error) {
		t.Helper()
		if err != nil || len(got) != 3 {
			t.Fatalf("%s: %d entries, %v", how, len(got), err)
		}
		for _, e := range got {
			if e.Damaged != (e.Seq == 2) || e.Damaged && (e.Content.Name != "" || e.Key() != key) {
				t.Errorf("%s: %+v", how, e)
			}
		}
	}
	var all []oplog.Entry
	collect := func(e oplog.Entry) error {
		all = append(all, e)
		return nil
	}
	err = db.Arrivals(context.Background(), "acme", 1, 0, collect)
	check("arrivals", all, err)
	var keys []oplog.Key
	for i := range all {
		keys = append(keys, all[i].Key())
	}
	all = nil
	err = db.Scan(context.Background(), "acme", oplog.Key{}, oplog.Key{}, collect)
	check("scan", all, err)
	for _, into := range []*oplog.ReadBuffer{nil, {}} {
		got, err := db.Get("acme", keys, into)
		check("get", got, err)
		got, err = db.Older("acme", oplog.MakeKey(morning, 99), oplog.Key{}, 10, into)
		check("older", got, err)
	}

	// Its sender learns that it must not drop what it has; other entries are recorded.
	_, err = db.Append(context.Background(), "acme", []oplog.Entry{withID("e2", entry(2, "salary 1000"))}, 0)
	if oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("it is sent again: %v", err)
	}
	mustAppend(t, db, withID("e4", entry(0, "more")))
	if db.Failure() != nil {
		t.Error(db.Failure())
	}
}

// TestLaterDamage: damage is found as well in an entry that was read before.
func TestLaterDamage(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("e3", entry(1, "last")))
	for range 2 {
		if e, err := db.Find("acme", "e3", nil); err != nil || e.Content.Name != "last" {
			t.Errorf("%+v, %v", e, err)
		}
	}
	overwrite(t, db.path(), "last", "lost")
	if _, err := db.Find("acme", "e3", nil); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("damaged after it was read: %v", err)
	}
}
