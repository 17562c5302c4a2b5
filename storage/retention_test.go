package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// deletion records a deletion in acme's trail and begins it.
func deletion(t *testing.T, db *DB, through uint64, days ...oplog.Days) oplog.Deletion {
	t.Helper()
	d := oplog.Deletion{Tenant: "acme", Days: days, Through: through}
	trail := oplog.TrailName("acme")
	event := oplog.Entry{
		Tenant: trail, Time: morning, ReceivedAt: morning, User: oplog.User{ID: "server", Name: "oplog"}, Module: "retention", Operation: "delete", Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
		Details: fmt.Appendf(nil, `{"tenant":"acme","days":[{"from":%q,"to":%q}],"through":%d}`, days[0].From, days[0].To, through),
	}
	if err := db.BeginDeletion(&d, event); err != nil {
		t.Fatal(err)
	}
	return d
}

const minutesOfDay = 24 * 60

// TestDeletion: days are deleted in several transactions, with their senders' ids; arrivals stay.
func TestDeletion(t *testing.T) {
	db := openStore(t, t.TempDir())
	var entries []oplog.Entry
	for i := range 2*deletesPerTx + 1000 {
		e := entry(10*minutesOfDay+i%60, "old")
		if i%2 == 0 {
			e.ID = fmt.Sprint("id", i)
		}
		entries = append(entries, e)
	}
	mustAppend(t, db, entries[:7000]...)
	mustAppend(t, db, entries[7000:]...)
	mustAppend(t, db, entry(9*minutesOfDay, "b"), entry(8*minutesOfDay, "c"), withID("id2", entry(7*minutesOfDay, "d")), entry(0, "e"))
	n := uint64(len(entries))
	head, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	days, err := db.DaysBefore(t.Context(), "acme", dateOf(morning.AddDate(0, 0, -7)))
	first := dateOf(morning.AddDate(0, 0, -10))
	if want := []oplog.DayCount{{Date: first, Entries: int(n)}, {Date: dateOf(morning.AddDate(0, 0, -9)), Entries: 1}, {Date: dateOf(morning.AddDate(0, 0, -8)), Entries: 1}}; err != nil || !slices.Equal(days, want) {
		t.Errorf("%v, %v", days, err)
	}
	if days, err := db.DaysBefore(t.Context(), "none", first); err != nil || len(days) > 0 {
		t.Errorf("%v, %v", days, err)
	}

	gone := oplog.Days{From: first, To: dateOf(morning.AddDate(0, 0, -9))}
	deletion(t, db, n+4, gone)
	checkDeleted(t, db, n, 0, head) // entries still on disk are not found
	db = reopen(t, db)
	checkDeleted(t, db, n, 0, head)
	if err := db.DeleteDays(t.Context(), "acme", gone); err != nil {
		t.Fatal(err)
	}
	checkDeleted(t, db, n, n+1, head)
	db = reopen(t, db)
	checkDeleted(t, db, n, n+1, head)
	_ = db.bolt.Load().View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketTenants).Bucket([]byte("acme"))
		for _, name := range []string{nameEntries, nameIDs} {
			if k, _ := b.Bucket([]byte(name)).Cursor().First(); string(k[:dateSize]) < dateOf(morning.AddDate(0, 0, -8)) {
				t.Errorf("%s has %s", name, k)
			}
		}
		return nil
	})
	mustAppend(t, db, entry(0, "f"))
	if err := db.DeleteDays(t.Context(), "none", gone); err != nil {
		t.Error(err)
	}
}

// checkDeleted checks the store of TestDeletion, in which the days of the first n entries and of one more are closed, and deleted entries
// are no longer on disk.
func checkDeleted(t *testing.T, db *DB, n, deleted uint64, head string) {
	t.Helper()
	if got := scanned(t, db, oplog.Key{}, oplog.Key{}); got != "c d e" {
		t.Errorf("the entries are %s", got)
	}
	if older, err := db.Older("acme", oplog.MakeKey(morning.AddDate(1, 0, 0), 0), oplog.Key{}, 10, nil); err != nil || len(older) != 3 || older[2].Content.Name != "c" {
		t.Errorf("the entries are %v, %v", older, err)
	}
	v, err := db.Verify(context.Background(), "acme", nil, func(uint64, uint64) {})
	if err != nil || v.Bad > 0 || v.Deleted != deleted || v.Size != n+4 {
		t.Errorf("%+v, %v", v, err)
	}
	if again, err := db.Checkpoint("acme"); err != nil || again != head {
		t.Errorf("%s, %v; want %s", again, err, head)
	}
	key := oplog.MakeKey(entry(10*minutesOfDay+1, "old").Time, 2)
	if _, err := db.Find("acme", key.ID(), nil); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Error(err)
	}
	if _, err := db.Find("acme", "id4", nil); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Error(err)
	}
	if e, err := db.Find("acme", "id2", nil); err != nil || e.Content.Name != "d" {
		t.Errorf("%v, %v", e, err)
	}
	if got, err := db.Get("acme", []oplog.Key{key, oplog.MakeKey(morning, n+4)}, nil); err != nil || len(got) != 1 || got[0].Content.Name != "e" {
		t.Errorf("%v, %v", got, err)
	}
	for k, want := range map[oplog.Key]bool{key: true, oplog.MakeKey(morning, n+4): true, oplog.MakeKey(key.Time(), 3): false, oplog.MakeKey(key.Time(), n+9): false, oplog.MakeKey(key.Time(), 0): false} {
		if arrived, err := db.Arrived("acme", k); err != nil || arrived != want {
			t.Errorf("%v has arrived: %v, %v", k, arrived, err)
		}
	}
	checkClosed(t, db)
}

// checkClosed checks that closed days accept no entries.
func checkClosed(t *testing.T, db *DB) {
	t.Helper()
	late := withID("id4", entry(10*minutesOfDay, "late"))
	for _, e := range []oplog.Entry{late, entry(9*minutesOfDay, "late")} {
		_, err := db.Append(t.Context(), "acme", []oplog.Entry{entry(0, "fine"), e}, 0)
		var refused *oplog.Error
		if !errors.As(err, &refused) || refused.Code != oplog.CodeInvalid || len(refused.Fields) != 1 || refused.Fields[0].Item != 2 || refused.Fields[0].Field != "time" {
			t.Error(err)
		}
		if err := db.Conflicts("acme", []oplog.Entry{e}); oplog.CodeOf(err) != oplog.CodeInvalid {
			t.Error(err)
		}
	}
	if days, err := db.DaysBefore(t.Context(), "acme", dateOf(morning.AddDate(0, 0, -7))); err != nil || len(days) != 1 {
		t.Errorf("%v, %v", days, err)
	}
}

// TestFindDuringDeletion: an id has an entry on a kept day and another on a later day, which is being deleted. The kept one is always
// found, by id alone and with a filter; the later one is the newest until its day is closed, and is never found afterwards.
func TestFindDuringDeletion(t *testing.T) {
	db := openStore(t, t.TempDir())
	const minutesOfDay = 24 * 60
	kept, gone := withID("order-7", entry(10*minutesOfDay, "kept")), withID("order-7", entry(9*minutesOfDay, "gone"))
	entries := []oplog.Entry{kept, gone}
	for range deletesPerTx { // so that the day takes two transactions
		entries = append(entries, entry(9*minutesOfDay, "gone"))
	}
	mustAppend(t, db, entries...)
	find := func(through func(*oplog.Entry) bool) string {
		e, err := db.Find("acme", "order-7", through)
		if err != nil {
			return err.Error()
		}
		return e.Content.Name
	}
	all := func(*oplog.Entry) bool { return true }
	if got := find(nil) + " " + find(all); got != "gone gone" {
		t.Fatal("before:", got)
	}

	var done atomic.Bool
	var asking sync.WaitGroup
	for _, through := range []func(*oplog.Entry) bool{nil, all, nil} {
		asking.Go(func() {
			for last, ended := "gone", false; !ended; {
				ended = done.Load()
				got := find(through)
				if got != "kept" && got != last {
					t.Errorf("during the deletion: %s, after %s", got, last)
					return
				}
				last = got
			}
		})
	}
	day := dateOf(gone.Time)
	deletion(t, db, uint64(len(entries)), oplog.Days{From: day, To: day})
	if got := find(nil) + " " + find(all); got != "kept kept" {
		t.Error("once its day is closed:", got)
	}
	if err := db.DeleteDays(t.Context(), "acme", oplog.Days{From: day, To: day}); err != nil {
		t.Error(err)
	}
	done.Store(true)
	asking.Wait()
	if got := find(nil) + " " + find(all); got != "kept kept" {
		t.Error("after:", got)
	}
}

func TestClosedDays(t *testing.T) {
	at := func(date string) int64 {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		return day.UnixMicro()
	}
	var c closedDays
	f := func(days []oplog.Days, spans int, closed, open []string) {
		t.Helper()
		if c = c.with(&oplog.Deletion{Days: days}); len(c) != spans {
			t.Errorf("%d spans, want %d", len(c), spans)
		}
		for _, date := range closed {
			if !c.has(at(date)) || !c.has(at(date)+microsPerDay-1) || !c.hasDate([]byte(date)) {
				t.Errorf("%s is open", date)
			}
		}
		for _, date := range open {
			if c.has(at(date)) || c.has(at(date)+microsPerDay-1) {
				t.Errorf("%s is closed", date)
			}
		}
	}
	f(nil, 0, nil, []string{"2026-01-01"})
	f([]oplog.Days{{From: "2026-01-05", To: "2026-01-06"}}, 1, []string{"2026-01-05", "2026-01-06"}, []string{"2026-01-04", "2026-01-07"})
	f([]oplog.Days{{From: "2026-01-09", To: "2026-01-09"}, {From: "2026-01-02", To: "2026-01-02"}}, 3, []string{"2026-01-02", "2026-01-05", "2026-01-09"}, []string{"2026-01-01", "2026-01-03", "2026-01-08", "2026-01-10"})
	f([]oplog.Days{{From: "2026-01-07", To: "2026-01-08"}}, 2, []string{"2026-01-07", "2026-01-08"}, []string{"2026-01-03", "2026-01-10"})
	f([]oplog.Days{{From: "2026-01-01", To: "2026-01-31"}}, 1, []string{"2026-01-01", "2026-01-31"}, []string{"2025-12-31", "2026-02-01"})
}
