package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"oplog/durable"
	"oplog/oplog"
)

// appendOne appends an entry with a sender's id, and returns the error.
func appendOne(db *DB, n int, id string) error {
	e := entry(n, id)
	e.ID = id
	_, err := db.Append(context.Background(), "acme", []oplog.Entry{e}, 0)
	return err
}

// failSyncs makes the next syncs fail.
func failSyncs(db *DB, n int, err error) {
	db.sync = func(f *os.File) error {
		if n--; n >= 0 {
			return err
		}
		return syncData(f)
	}
}

func wantReadOnly(t *testing.T, db *DB, err error) {
	t.Helper()
	if oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("it is answered %v", err)
	}
	if err := db.Failure(); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("the failure is %v", err)
	}
}

// TestFailedSync: what a failed sync leaves uncertain is void, whatever the error; later entries get the same seqs, once.
func TestFailedSync(t *testing.T) {
	for _, cause := range []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, &os.PathError{Op: "sync", Err: syscall.ENOSPC}} {
		t.Run(cause.Error(), func(t *testing.T) {
			db := openStore(t, t.TempDir())
			if err := errors.Join(appendOne(db, 1, "a"), appendOne(db, 2, "b")); err != nil {
				t.Fatal(err)
			}
			failSyncs(db, 2, cause)
			wantReadOnly(t, db, appendOne(db, 3, "c"))
			wantReadOnly(t, db, appendOne(db, 4, "d"))
			if got := arrivals(t, db, 1); got != "a b" {
				t.Errorf("arrivals %s", got)
			}
			if err := db.recoverWrites(); !errors.Is(err, cause) {
				t.Errorf("recovered while the disk fails: %v", err)
			}
			if err := db.recoverWrites(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(appendOne(db, 4, "d"), appendOne(db, 3, "c"), db.Failure()); err != nil {
				t.Fatal(err)
			}
			if got := arrivals(t, db, 1); got != "a b d c" {
				t.Errorf("arrivals %s", got)
			}
			checkStore(t, db, "acme")
			db = reopen(t, db)
			if got := arrivals(t, db, 1); got != "a b d c" {
				t.Errorf("after opening it again, arrivals %s", got)
			}
			checkStore(t, db, "acme")
		})
	}
}

// TestFailedSyncOfRecords: caches hear of records whose change became void.
func TestFailedSyncOfRecords(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := appendOne(db, 1, "a"); err != nil { // from now on transactions are sealed
		t.Fatal(err)
	}
	var changed []string
	db.OnRecord(func(_ oplog.RecordKind, name string) { changed = append(changed, name) })
	failSyncs(db, 1, syscall.EIO)
	wantReadOnly(t, db, db.PutRecord(oplog.RecordServer, "x", oplog.Revision{}, []byte("1")))
	changed = nil
	if err := db.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	if len(changed) != 1 || changed[0] != "x" {
		t.Errorf("changed %v", changed)
	}
	if _, _, err := db.Record(oplog.RecordServer, "x"); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("the record is there: %v", err)
	}
	if err := db.PutRecord(oplog.RecordServer, "x", oplog.Revision{}, []byte("2")); err != nil {
		t.Error(err)
	}
}

// TestFailedDeletion: caches hear that a deletion became void which they may have seen, and its days are not deleted.
func TestFailedDeletion(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := appendOne(db, 1, "a"); err != nil {
		t.Fatal(err)
	}
	days := oplog.Days{From: "2026-01-01", To: "2026-12-31"}
	accept := durable.UseDisk(refusing{})
	t.Cleanup(accept)
	wantReadOnly(t, db, db.BeginDeletion(&oplog.Deletion{Tenant: "acme", ID: "x", Days: []oplog.Days{days}}))
	seen, err := db.Records(oplog.RecordDeletion, "")
	if err != nil || len(seen) != 1 {
		t.Fatalf("bbolt does not show what failed any more: %v, %v", seen, err)
	}
	var changed []string
	db.OnRecord(func(_ oplog.RecordKind, name string) { changed = append(changed, name) })
	accept()
	if err := db.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	if len(changed) != 1 || changed[0] != "acme/x" {
		t.Errorf("changed %v", changed)
	}
	if err := db.DeleteDays(t.Context(), "acme", days); err == nil {
		t.Error("days that are not closed are deleted")
	}
	if got := arrivals(t, db, 1); got != "a" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

// TestReadsWhileRecovering: readers notice nothing when the file is opened again.
func TestReadsWhileRecovering(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := appendOne(db, 1, "a"); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if n, _, err := db.Counts("acme"); err != nil || n == 0 {
					t.Errorf("%d entries, %v", n, err)
					return
				}
			}
		})
	}
	for i := range 20 {
		failSyncs(db, 1, syscall.EIO)
		wantReadOnly(t, db, appendOne(db, 2+i, "x"))
		if err := db.recoverWrites(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
}

// TestRecoversByItself: nobody has to restart anything once the disk accepts writes.
func TestRecoversByItself(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := appendOne(db, 1, "a"); err != nil {
		t.Fatal(err)
	}
	failSyncs(db, 1, syscall.EIO)
	wantReadOnly(t, db, appendOne(db, 2, "b"))
	for deadline := time.Now().Add(time.Minute); db.Failure() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it stays read-only")
		}
	}
	if err := appendOne(db, 2, "b"); err != nil {
		t.Fatal(err)
	}
	checkStore(t, db, "acme")
}

// TestFileMovedAway: nothing is acknowledged into a file that the next start would not open, and nobody else begins a log in its place.
func TestFileMovedAway(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := appendOne(db, 1, "a"); err != nil {
		t.Fatal(err)
	}
	away := filepath.Join(t.TempDir(), "away.db")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(db.path(), away)
	if err := db.Failure(); err == nil {
		t.Error("it is not noticed until something is recorded")
	}
	wantReadOnly(t, db, appendOne(db, 2, "b"))
	wantReadOnly(t, db, db.PutRecord(oplog.RecordServer, "x", oplog.Revision{}, []byte("1")))
	wantRejected(t, db.dir, "in use")
	if err := db.recoverWrites(); err == nil {
		t.Error("it records without its file")
	}
	if err := os.WriteFile(db.path(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantReadOnly(t, db, appendOne(db, 2, "b")) // into another file
	move(away, db.path())
	if err := db.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	if err := appendOne(db, 2, "b"); err != nil {
		t.Fatal(err)
	}
	db = reopen(t, db)
	if got := arrivals(t, db, 1); got != "a b" {
		t.Errorf("arrivals %s", got)
	}
}

// TestFileMovedAwayMeanwhile: nor is a transaction acknowledged during which the file is moved.
func TestFileMovedAwayMeanwhile(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := appendOne(db, 1, "a"); err != nil {
		t.Fatal(err)
	}
	away := db.path() + ".away"
	db.sync = func(f *os.File) error { return errors.Join(syncData(f), os.Rename(db.path(), away)) }
	wantReadOnly(t, db, appendOne(db, 2, "b"))
	db.sync = syncData
	if err := os.Rename(away, db.path()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.recoverWrites(), appendOne(db, 3, "c"), appendOne(db, 2, "b")); err != nil {
		t.Fatal(err)
	}
	if got := arrivals(t, db, 1); got != "a c b" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, db, "acme")
}

// TestOpenRejectsLostFile: a log whose data file is gone or empty is not a new log.
func TestOpenRejectsLostFile(t *testing.T) {
	dir := closedStore(t)
	if err := os.Mkdir(filepath.Join(dir, "index"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, fileName), 0); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, dir, "is empty", "index", "restore a backup")
	if err := os.Remove(filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, dir, "contains index", "but no oplog.db", "put that file back")
}
