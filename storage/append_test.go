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

func TestAppendAndReopen(t *testing.T) {
	db := openStore(t, t.TempDir())
	if got := arrivals(t, db, 0) + scanned(t, db, oplog.Key{}, oplog.Key{}); got != "" {
		t.Errorf("a new store has %s", got)
	}
	if got, want := mustAppend(t, db, entry(5, "b"), withID("own", entry(9, "a")), entry(24*60, "z")),
		"%s 1 recorded, own 2 recorded, %s 3 recorded"; got != fmt.Sprintf(want, entryID(5, 1), entryID(24*60, 3)) {
		t.Errorf("receipts %s", got)
	}
	mustAppend(t, db, entry(5, "c"), entry(-60, "n"))
	for range 3 {
		if got := arrivals(t, db, 1); got != "b a z c n" {
			t.Errorf("arrivals %s", got)
		}
		if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != "z a b c n" {
			t.Errorf("scanned %s", got)
		}
		checkStore(t, db, "acme")
		db = reopen(t, db)
	}
	mustAppend(t, db, entry(1, "d"))
	if got := arrivals(t, db, 4); got != "c n d" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

func entryID(minutesAgo int, seq uint64) string {
	return oplog.MakeKey(morning.Add(-time.Duration(minutesAgo)*time.Minute), seq).ID()
}

func TestAppendOfNothing(t *testing.T) {
	db := openStore(t, t.TempDir())
	for _, n := range []int{0, 3, 0, 4} {
		receipts, err := db.Append(context.Background(), "acme", nil, n)
		if err != nil || len(receipts) > 0 {
			t.Errorf("%v, %v", receipts, err)
		}
	}
	db = reopen(t, db)
	if entries, skipped, err := db.Counts("acme"); entries != 0 || skipped != 7 || err != nil {
		t.Errorf("counts %d %d %v, want 0 7", entries, skipped, err)
	}
	if entries, skipped, err := db.Counts("other"); entries != 0 || skipped != 0 || err != nil {
		t.Errorf("counts of another tenant %d %d %v", entries, skipped, err)
	}
	checkStore(t, db, "acme")
}

func TestAppendDuplicates(t *testing.T) {
	db := openStore(t, t.TempDir())
	f := func(t *testing.T, want string, entries ...oplog.Entry) {
		t.Helper()
		if got := mustAppend(t, db, entries...); got != want {
			t.Errorf("receipts %s, want %s", got, want)
		}
	}
	a, b := withID("a", entry(1, "a")), withID("b", entry(2, "b"))
	f(t, "a 1 recorded, a 1 duplicate, b 2 recorded, a 1 duplicate", a, a, b, a) // in one request
	f(t, "b 2 duplicate, a 1 duplicate", b, a)                                   // in another
	db = reopen(t, db)
	f(t, "a 1 duplicate, c 3 recorded, c 3 duplicate", a, withID("c", entry(0, "c")), withID("c", entry(0, "c")))
	f(t, "a 4 recorded", withID("a", entry(24*60, "another day")))
	f(t, "a 1 duplicate, a 4 duplicate", a, withID("a", entry(24*60, "another day")))
	// The day is that of UTC.
	midnight := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	first, last := withID("m", entry(0, "m")), withID("m", entry(0, "m"))
	first.Time, last.Time = midnight, midnight.Add(-time.Microsecond)
	f(t, "m 5 recorded, m 6 recorded", first, last)
	shanghai := first
	shanghai.Time = first.Time.In(time.FixedZone("", 8*3600))
	f(t, "m 5 duplicate, m 6 duplicate", shanghai, last)
	// An id that the log gave, sent back.
	f(t, entryID(3, 7)+" 7 recorded", entry(3, "d"))
	f(t, entryID(3, 7)+" 7 duplicate", withID(entryID(3, 7), entry(3, "d")))
	// One that it would have given, had the sender not given another.
	f(t, entryID(0, 3)+" 8 recorded, "+entryID(0, 3)+" 8 duplicate", withID(entryID(0, 3), entry(0, "e")), withID(entryID(0, 3), entry(0, "e")))
	// Without an id nothing is the same.
	f(t, entryID(3, 9)+" 9 recorded, "+entryID(3, 10)+" 10 recorded", entry(3, "d"), entry(3, "d"))
	// Ids differ by case.
	f(t, "A 11 recorded", withID("A", entry(1, "a")))
	if got := arrivals(t, db, 1); got != "a b c another day m m d e d d a" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

func TestAppendOfAnotherTenantIsNoDuplicate(t *testing.T) {
	db := openStore(t, t.TempDir())
	for _, tenant := range []string{"acme", "other", "Acme"} {
		e := withID("a", entry(1, tenant))
		e.Tenant = tenant
		receipts, err := db.Append(context.Background(), tenant, []oplog.Entry{e}, 0)
		if err != nil || spell(receipts) != "a 1 recorded" {
			t.Errorf("%s: %v, %v", tenant, receipts, err)
		}
	}
	for _, tenant := range []string{"acme", "other", "Acme"} {
		if e, err := db.Find(tenant, "a", nil); err != nil || e.Content.Name != tenant {
			t.Errorf("%s has %+v, %v", tenant, e, err)
		}
		checkStore(t, db, tenant)
	}
}

func TestAppendConflictStoresNothing(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("a", entry(1, "a")), withID("b", entry(1, "b")), entry(3, "c"))
	given := entryID(3, 3)
	f := func(t *testing.T, fields string, entries ...oplog.Entry) {
		t.Helper()
		_, err := db.Append(context.Background(), "acme", entries, 5)
		var e *oplog.Error
		if !errors.As(err, &e) || e.Code != oplog.CodeConflict {
			t.Fatalf("%v, want a conflict", err)
		}
		var got []string
		for _, field := range e.Fields {
			got = append(got, fmt.Sprintf("%d: %s %v", field.Item, field.Field, field.Value))
		}
		if strings.Join(got, ", ") != fields {
			t.Errorf("%v, want %s", got, fields)
		}
	}
	changed := withID("a", entry(1, "changed"))
	f(t, "1: id a", changed)
	f(t, "2: id a, 4: id b", entry(0, "new"), changed, withID("a", entry(1, "a")), withID("b", entry(2, "b")))
	f(t, "2: id n", withID("n", entry(1, "n")), withID("n", entry(1, "other")))
	f(t, "1: id "+given, withID(given, entry(3, "changed")))
	// Whatever differs makes another entry, however little.
	for name, change := range map[string]func(*oplog.Entry){
		"time":    func(e *oplog.Entry) { e.Time = e.Time.Add(time.Microsecond) },
		"outcome": func(e *oplog.Entry) { e.Outcome = oplog.OutcomeFailure },
		"role":    func(e *oplog.Entry) { e.User.Role = "x" },
		"details": func(e *oplog.Entry) { e.Details = []byte("{}") },
		"changes": func(e *oplog.Entry) { e.Changes = []oplog.Change{{Field: "x"}} },
		"ip":      func(e *oplog.Entry) { e.IP = "::1" },
	} {
		t.Run(name, func(t *testing.T) {
			e := withID("a", entry(1, "a"))
			change(&e)
			f(t, "1: id a", e)
		})
	}
	db = reopen(t, db)
	if entries, skipped, err := db.Counts("acme"); entries != 3 || skipped != 0 || err != nil {
		t.Errorf("counts %d %d %v, want 3 0", entries, skipped, err)
	}
	if got := arrivals(t, db, 1); got != "a b c" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

// A conflict refuses its own request; those of the same transaction go on.
func TestAppendConflictInAGroup(t *testing.T) {
	db := openStore(t, t.TempDir())
	var told []string
	db.OnAppend(func(tenant string, entries []oplog.Entry) {
		for _, e := range entries {
			told = append(told, fmt.Sprintf("%s/%d", tenant, e.Seq))
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
		got := spell(r.receipts)
		if err := <-r.done; err != nil {
			got = string(oplog.CodeOf(err))
		}
		if got != want[i] {
			t.Errorf("request %d: %s, want %s", i, got, want[i])
		}
	}
	if got := strings.Join(told, " "); got != "acme/1 acme/2 acme/3 other/1 acme/4" {
		t.Errorf("told of %s", got)
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
	for range 100 { // it used to be a matter of luck
		_, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(1, "b")}, 0)
		if oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Fatal(err)
		}
	}
	closeStore(t, db)
}

// After a failure of writing nothing is written until the file is opened anew;
// reading goes on.
func TestAppendAfterAFailure(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	if err := db.PutRecord(oplog.RecordTenant, "acme", oplog.Revision{}, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	// No bucket can have this name, so the transaction fails.
	_, err := db.Append(context.Background(), "", []oplog.Entry{entry(1, "x")}, 0)
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

func TestAppendCancelled(t *testing.T) {
	db := openStore(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	receipts, err := db.Append(ctx, "acme", []oplog.Entry{entry(1, "a")}, 0)
	// It was either refused, or stored and answered so.
	entries, _, countErr := db.Counts("acme")
	if countErr != nil || (err == nil) != (entries == 1) || err != nil && !errors.Is(err, context.Canceled) || err == nil && len(receipts) != 1 {
		t.Errorf("%v, %v, and there are %d", receipts, err, entries)
	}
}
