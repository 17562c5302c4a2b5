package storage

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"oplog/oplog"
)

// putWithEntry changes an account's record together with an entry in acme's trail whose content is the new value.
func putWithEntry(db *DB, name string, replaces, data []byte) error {
	trail := oplog.TrailName("acme")
	e := entry(0, string(data))
	e.Tenant = trail
	return db.PutRecords([]oplog.RecordChange{{Kind: oplog.RecordAccount, Name: name, Replaces: oplog.RevisionOf(replaces), Data: data}}, e)
}

// trailOf returns the contents of the entries in acme's trail.
func trailOf(t *testing.T, db *DB) (contents []string) {
	t.Helper()
	err := db.Arrivals(t.Context(), oplog.TrailName("acme"), 1, 0, func(e oplog.Entry) error {
		contents = append(contents, e.Content.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

// TestAChangeAndItsEntryAreStoredTogether: when the transaction fails, neither is there, also after the file was opened again; a deletion that
// did not begin closes no days.
func TestAChangeAndItsEntryAreStoredTogether(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(3*minutesOfDay, "old"))
	if err := putWithEntry(db, "a", nil, []byte("1")); err != nil {
		t.Fatal(err)
	}
	db.sync = func(*os.File) error { return syscall.EIO }
	if err := putWithEntry(db, "a", []byte("1"), []byte("2")); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("%v, want read-only", err)
	}
	db.sync = syncData
	db = reopen(t, db)
	if data, _, err := db.Record(oplog.RecordAccount, "a"); string(data) != "1" || fmt.Sprint(trailOf(t, db)) != "[1]" {
		t.Errorf("the record is %s, %v; the trail has %v; want the first change and its entry", data, err, trailOf(t, db))
	}

	db.sync = func(*os.File) error { return syscall.EIO }
	e := entry(0, "deletion")
	e.Tenant = oplog.TrailName("acme")
	day := dateOf(entry(3*minutesOfDay, "").Time)
	d := oplog.Deletion{Tenant: "acme", Days: []oplog.Days{{From: day, To: day}}, Through: 1}
	if err := db.BeginDeletion(&d, e); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("%v, want read-only", err)
	}
	db.sync = syncData
	if got := arrivals(t, db, 1); got != "old" {
		t.Errorf("after a deletion that did not begin, there is %q", got)
	}
	db = reopen(t, db)
	if got := fmt.Sprint(arrivals(t, db, 1), trailOf(t, db)); got != "old[1]" {
		t.Errorf("after a deletion that did not begin, there is %q", got)
	}
}

// TestEachChangeHasOneEntry: changes that replace each other's revisions share transactions with appends, and each has one entry.
func TestEachChangeHasOneEntry(t *testing.T) {
	db := openStore(t, t.TempDir())
	const writers, changes = 8, 20
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for range changes {
				for done := false; !done; {
					data, _, err := db.Record(oplog.RecordAccount, "a")
					if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
						t.Error(err)
						return
					}
					err = putWithEntry(db, "a", data, fmt.Appendf(data[:len(data):len(data)], "%d", w))
					if done = err == nil; !done && !errors.Is(err, oplog.ErrRevision) {
						t.Error(err)
						return
					}
				}
				mustAppend(t, db, entry(1, "other"))
			}
		})
	}
	all.Wait()
	data, _, err := db.Record(oplog.RecordAccount, "a")
	found := trailOf(t, db)
	if err != nil || len(data) != writers*changes || len(found) != len(data) {
		t.Fatalf("%d changes, %d entries, %v; want %d", len(data), len(found), err, writers*changes)
	}
	for i, content := range found {
		if content != string(data[:i+1]) {
			t.Fatalf("entry %d has %s, the record was %s", i+1, content, data[:i+1])
		}
	}
	checkStore(t, db, "acme")
	checkStore(t, db, oplog.TrailName("acme"))
}
