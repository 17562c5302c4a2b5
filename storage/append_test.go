package storage

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/oplog"
)

func entryID(minutesAgo int, seq uint64) string {
	return oplog.MakeKey(morning.Add(-time.Duration(minutesAgo)*time.Minute), seq).ID()
}

// A conflict rejects its own request only; others in the same transaction succeed.
func TestAppendConflictInAGroup(t *testing.T) {
	db := openStore(t, t.TempDir())
	var reported []string
	db.OnAppend(func(tenant string, entries []oplog.Entry) {
		for _, e := range entries {
			reported = append(reported, fmt.Sprintf("%s/%d", tenant, e.Seq))
		}
	})
	request := func(tenant string, entries ...oplog.Entry) *appendRequest {
		for i := range entries {
			entries[i].Tenant = tenant
		}
		return &appendRequest{tenant: tenant, entries: entries, skipped: 1, done: make(chan error, 1)}
	}
	group := []*appendRequest{
		request("acme", withID("a", entry(1, "a")), entry(2, "b")),
		request("acme", entry(0, "refused"), withID("a", entry(1, "changed")), withID("r", entry(0, "refused"))),
		request("new", withID("x", entry(1, "x")), withID("x", entry(1, "y"))),
		request("acme", withID("a", entry(1, "a")), withID("c", entry(3, "c"))),
		request("other", withID("a", entry(1, "o"))),
		request("acme", withID("r", entry(0, "r"))),
	}
	db.commit(group)
	want := []string{
		"a 1 recorded, " + entryID(2, 2) + " 2 recorded", "conflict", "conflict", "a 1 duplicate, c 3 recorded", "a 1 recorded", "r 4 recorded",
	}
	for i, r := range group {
		got := format(r.receipts)
		if err := <-r.done; err != nil {
			got = string(oplog.CodeOf(err))
		}
		if got != want[i] {
			t.Errorf("request %d: %s, want %s", i, got, want[i])
		}
	}
	if got := strings.Join(reported, " "); got != "acme/1 acme/2 acme/3 other/1 acme/4" {
		t.Errorf("OnAppend got %s", got)
	}
	db = reopen(t, db)
	if got := arrivals(t, db, 1); got != "a b c r" {
		t.Errorf("arrivals %s", got)
	}
	for tenant, want := range map[string]string{"acme": "4 3", "new": "0 0", "other": "1 1"} {
		entries, skipped, err := db.Counts(tenant)
		if got := fmt.Sprint(entries, skipped); err != nil || got != want {
			t.Errorf("%s has %s, %v, want %s", tenant, got, err, want)
		}
		checkStore(t, db, tenant)
	}
}

func TestAppendAfterClose(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	closeStore(t, db)
	for range 100 { // repeated, since it depends on timing
		_, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(1, "b")}, 0)
		if oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Fatal(err)
		}
	}
	closeStore(t, db)
}

// After a write failure nothing is written until the file is reopened; reads still work.
func TestAppendAfterAFailure(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	if err := db.PutRecord(oplog.RecordTenant, "acme", oplog.Revision{}, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	db.sync = func(*os.File) error { return syscall.EIO }
	_, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(1, "x")}, 0)
	db.sync = syncData
	if oplog.CodeOf(err) != oplog.CodeUnavailable || strings.Contains(err.Error(), "\n") {
		t.Fatal(err)
	}
	_, err = db.Append(context.Background(), "acme", []oplog.Entry{entry(1, "b")}, 0)
	if oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Error(err)
	}
	err = db.PutRecord(oplog.RecordTenant, "acme", oplog.RevisionOf([]byte("{}")), []byte("{1}"))
	if oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Error(err)
	}
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s", got)
	}
	if data, _, err := db.Record(oplog.RecordTenant, "acme"); err != nil || string(data) != "{}" {
		t.Errorf("%s, %v", data, err)
	}
	db = reopen(t, db)
	mustAppend(t, db, entry(1, "b"))
	if got := arrivals(t, db, 1); got != "a b" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}
