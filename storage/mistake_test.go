package storage

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/faults"
	"oplog/oplog"
)

// wantMistake checks that an error is a panic of ours, with its stack, that says nothing about the file.
func wantMistake(t *testing.T, err error) {
	t.Helper()
	var p *faults.Panic
	if !errors.As(err, &p) || strings.Contains(err.Error(), "damaged") || !strings.Contains(string(p.Stack), "mistake_test.go") {
		t.Errorf("it is answered %v", err)
	}
}

// TestMistakesAreNotTheFiles: a panic of ours is reported as one, and neither reading nor writing ends.
func TestMistakesAreNotTheFiles(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	before := faults.Panics()
	wantMistake(t, db.view(func(tx *bolt.Tx) error { return tx.Bucket(bucketRecords).Bucket([]byte("unknown")).Put(nil, nil) }))
	wantMistake(t, db.update(func(*bolt.Tx) error { panic("assertion failed") }))
	if n := faults.Panics() - before; n != 2 {
		t.Errorf("%d panics were counted", n)
	}
	mustAppend(t, db, entry(2, "b"))
	if got := arrivals(t, db, 1); got != "a b" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

// TestMistakeBeforeTheFirstAppend: a panic of ours while the first append makes transactions sealed does not end the program. What is on disk of
// that is not known, so the file is opened again.
func TestMistakeBeforeTheFirstAppend(t *testing.T) {
	db := openStore(t, t.TempDir())
	panics := true
	db.sync = func(f *os.File) error {
		if panics {
			panics = false
			panic("assertion failed")
		}
		return syncData(f)
	}
	before := faults.Panics()
	wantMistake(t, appendOne(db, 1, "a"))
	if n := faults.Panics() - before; n != 1 {
		t.Errorf("%d panics were counted", n)
	}
	wantReadOnly(t, db, appendOne(db, 1, "a"))
	if err := errors.Join(db.recoverWrites(), appendOne(db, 1, "a"), db.PutRecord(oplog.RecordServer, "x", oplog.Revision{}, []byte("1"))); err != nil {
		t.Fatal(err)
	}
	db = reopen(t, db)
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

// TestOneRequestFailsAlone: an error of one request, before anything is written, fails no other in its transaction, and does not stop the log.
func TestOneRequestFailsAlone(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	request := func(tenant, content string) *appendRequest {
		e := entry(1, content)
		e.Tenant = tenant
		return &appendRequest{tenant: tenant, entries: []oplog.Entry{e}, done: make(chan error, 1)}
	}
	// Buckets cannot have an empty name.
	group := []*appendRequest{request("acme", "b"), request("", "x"), request("acme", "c"), request("other", "d")}
	db.commit(group)
	for i, r := range group {
		if err := <-r.done; (err != nil) != (i == 1) || oplog.CodeOf(err) == oplog.CodeUnavailable {
			t.Errorf("request %d is answered %v", i, err)
		}
	}
	if got := arrivals(t, db, 1); got != "a b c" || group[2].receipts[0].Seq != 3 {
		t.Errorf("arrivals %s, receipt %v", got, group[2].receipts)
	}
	mustAppend(t, db, entry(2, "e"))
	checkStore(t, db, "acme")
	checkStore(t, db, "other")
}

// TestFollowerPanics: entries are on disk when they are passed on, and are acknowledged whatever happens then.
func TestFollowerPanics(t *testing.T) {
	db := openStore(t, t.TempDir())
	before := faults.Panics()
	db.OnAppend(func(string, []oplog.Entry) { panic("a follower") })
	for _, content := range []string{"a", "b"} {
		if _, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(1, content)}, 0); err != nil {
			t.Error(err)
		}
	}
	if got := arrivals(t, db, 1); got != "a b" || faults.Panics() != before+2 {
		t.Errorf("arrivals %s, %d panics", got, faults.Panics()-before)
	}
}
