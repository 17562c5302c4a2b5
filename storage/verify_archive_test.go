package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// putRaw stores a record as somebody does who has the file, and reopens the store.
func putRaw(t *testing.T, db *DB, kind oplog.RecordKind, name string, value any) *DB {
	t.Helper()
	data, err := json.Marshal(value)
	if err == nil {
		err = db.update(func(tx *bolt.Tx) error { return putRecord(tx, kind, name, data) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return reopen(t, db)
}

// removeRaw removes entries of acme from the file.
func removeRaw(t *testing.T, db *DB, seqs ...uint64) {
	t.Helper()
	err := db.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketTenants).Bucket([]byte("acme"))
		for _, seq := range seqs {
			key, _, err := tree{arrivals: b.Bucket([]byte(nameArrivals))}.arrival(seq)
			if err := errors.Join(err, bucketOfDay(b.Bucket([]byte(nameEntries)), key).Delete(key[:])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestVerifyArchived: missing entries are in the archive only if a record says so that the trail confirms exactly, and each record is of the entries that
// arrived. The archived day has entries 2 to 6 of 7.
func TestVerifyArchived(t *testing.T) {
	const unconfirmed = "unconfirmed 3"
	for _, c := range []struct {
		name     string
		change   func(d *oplog.ArchivedDay)
		logged   func(e *oplog.Entry)
		found    string
		archived uint64
	}{
		{"as it was", nil, nil, "", 1},
		{"sent again, which the trail does not tell", func(d *oplog.ArchivedDay) { d.Attempt++ }, nil, unconfirmed, 0},
		{"verified again", func(d *oplog.ArchivedDay) { d.VerifiedAt = morning }, nil, "", 1},
		{"fewer rows", func(d *oplog.ArchivedDay) { d.Rows-- }, nil, unconfirmed + ", another record 2", 0},
		{"another first seq", func(d *oplog.ArchivedDay) { d.MinSeq++ }, nil, unconfirmed + ", another record 3", 0},
		{"another last seq", func(d *oplog.ArchivedDay) { d.MaxSeq++ }, nil, unconfirmed + ", another record 2", 0},
		{"another sum", func(d *oplog.ArchivedDay) { d.Sum[3]++ }, nil, unconfirmed + ", another record 2", 0},
		{"removed at another time", func(d *oplog.ArchivedDay) { d.RemovedAt = d.RemovedAt.Add(2 * time.Minute) }, nil, unconfirmed, 0},
		{"removed at no time", func(d *oplog.ArchivedDay) { d.RemovedAt = time.Time{} }, nil, unconfirmed, 0},
		{"only archived", func(d *oplog.ArchivedDay) { d.State = oplog.DayArchived }, nil, "removed 3", 0},
		{"another operation", nil, func(e *oplog.Entry) { e.Operation = "ship" }, unconfirmed, 0},
		{"another module", nil, func(e *oplog.Entry) { e.Module = "retention" }, unconfirmed, 0},
		{"told earlier", nil, func(e *oplog.Entry) { e.Time = e.Time.Add(-2 * time.Minute) }, unconfirmed, 0},
		{"told at midnight", func(d *oplog.ArchivedDay) { d.RemovedAt = time.Date(2026, 11, 20, 0, 0, 10, 0, time.UTC) },
			func(e *oplog.Entry) { e.Time = time.Date(2026, 11, 19, 23, 59, 50, 0, time.UTC) }, "", 1},
		{"told after midnight", func(d *oplog.ArchivedDay) { d.RemovedAt = time.Date(2026, 11, 19, 23, 59, 50, 0, time.UTC) },
			func(e *oplog.Entry) { e.Time = time.Date(2026, 11, 20, 0, 0, 10, 0, time.UTC) }, "", 1},
		{"another day", nil, func(e *oplog.Entry) { e.Details = []byte(`{"tenant":"acme","date":"2026-11-01"}`) }, unconfirmed, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := openStore(t, t.TempDir())
			mustAppend(t, db, withID("x", entry(20*minutesOfDay, "before")), withID("x", entry(10*minutesOfDay, "a")), entry(10*minutesOfDay, "b"), entry(10*minutesOfDay, "c"))
			mustAppend(t, db, withID("y", entry(10*minutesOfDay, "d")), entry(10*minutesOfDay, "e"), entry(0, "after"))
			d := setArchived(t, db, 10, oplog.DayArchived)
			d.State, d.RemovedAt = oplog.DayRemoved, morning.UTC()
			e := removal(d)
			if c.logged != nil {
				c.logged(&e)
			}
			if err := putDay(db, d, e); err != nil {
				t.Fatal(err)
			}
			removeRaw(t, db, 3)
			if c.change != nil {
				c.change(&d)
			}
			db = putRaw(t, db, oplog.RecordArchive, d.Name(), d)
			if found, v := verified(t, db); found != c.found || v.Archived != c.archived {
				t.Errorf("found %s, %d archived; want %s, %d", found, v.Archived, c.found, c.archived)
			}
			if damage := passDamage(t, db); (damage != nil) != (c.archived == 0) {
				t.Errorf("a pass finds %v", damage)
			}
		})
	}
}

// passDamage checks the store by CheckNext, and returns the first damage.
func passDamage(t *testing.T, db *DB) error {
	t.Helper()
	for at, first := []byte(nil), true; at != nil || first; first = false {
		done, err := db.CheckNext(at)
		if err != nil {
			t.Fatal(err)
		}
		if done.Damage != nil {
			return done.Damage
		}
		at = done.Next
	}
	return nil
}

// TestVerifyArchivedBeforeRemoval: the record of a day that is still here is compared with the arrivals, too; one that is on its way says nothing yet.
func TestVerifyArchivedBeforeRemoval(t *testing.T) {
	for state, want := range map[oplog.ArchiveState]string{oplog.DayShipping: "", oplog.DayArchived: "another record 1"} {
		db := openStore(t, t.TempDir())
		mustAppend(t, db, entry(10*minutesOfDay, "a"), entry(10*minutesOfDay, "b"), entry(0, "after"))
		d := setArchived(t, db, 10, state)
		d.Rows, d.MinSeq, d.Sum[0] = 2, 1, 7
		db = putRaw(t, db, oplog.RecordArchive, d.Name(), d)
		if found, _ := verified(t, db); found != want {
			t.Errorf("%s: found %s, want %s", state, found, want)
		}
	}
}

// TestVerifyWithoutTheTrail: once the trail's own retention has deleted the entries of that time, the record is believed if it is of the entries that
// arrived.
func TestVerifyWithoutTheTrail(t *testing.T) {
	for _, closed := range []bool{true, false} {
		db := removedStore(t, true, 2, 3)
		trail := oplog.TrailName("acme")
		d := oplog.Deletion{Tenant: trail, Through: 1, Days: []oplog.Days{{From: "2026-01-01", To: dateOf(morning)}}}
		if !closed {
			d.Days[0].To = dateOf(morning.AddDate(0, 0, -1))
		}
		details, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		report := removal(oplog.ArchivedDay{Tenant: "acme", RemovedAt: morning.AddDate(0, 0, 30)})
		report.Module, report.Operation, report.Details = "retention", "delete", details
		if err := db.BeginDeletion(&d, report); err != nil {
			t.Fatal(err)
		}
		want, archived := "", uint64(2)
		if err := db.DeleteDays(t.Context(), trail, d.Days[0]); err != nil {
			t.Fatal(err)
		}
		if !closed { // and somebody has removed the entry
			err := db.update(func(tx *bolt.Tx) error { return entriesBucket(tx, trail).DeleteBucket([]byte(dateOf(morning))) })
			if err != nil {
				t.Fatal(err)
			}
			want, archived = "unconfirmed 2, unconfirmed 3, id 5", 0 // the senders' ids are gone, too
		}
		if found, v := verified(t, db); found != want || v.Archived != archived {
			t.Errorf("closed %v: found %s, %d archived", closed, found, v.Archived)
		}
	}
}

// TestVerifyDeletedArchived: entries of a removed day that is deleted later are deleted ones.
func TestVerifyDeletedArchived(t *testing.T) {
	db := removedStore(t, true, 2, 3, 4)
	date := dateOf(morning.AddDate(0, 0, -10))
	days := oplog.Days{From: date, To: date}
	deletion(t, db, 7, days)
	for _, want := range []string{"3 deleted, 0 archived", "5 deleted, 0 archived"} {
		found, v := verified(t, db)
		if got := fmt.Sprintf("%d deleted, %d archived", v.Deleted, v.Archived); found != "" || got != want {
			t.Errorf("found %s, %s; want %s", found, got, want)
		}
		if err := db.DeleteDays(t.Context(), "acme", days); err != nil {
			t.Fatal(err)
		}
	}
}
