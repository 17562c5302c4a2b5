package storage

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"oplog/oplog"
)

// TestOnlyWhatIsOnDiskIsRead: bbolt shows a transaction to readers before it is on disk. What they sign or pass on would contradict the log if
// the power failed then.
func TestOnlyWhatIsOnDiskIsRead(t *testing.T) {
	db := openStore(t, t.TempDir())
	first := entry(3, "a")
	mustAppend(t, db, first, entry(2, "b"))
	before := everything(t, db)

	syncing, finish := make(chan struct{}), make(chan struct{})
	db.sync = func(f *os.File) error {
		syncing <- struct{}{}
		<-finish
		return syncData(f)
	}
	done := make(chan error)
	go func() {
		_, err := db.Append(context.Background(), "acme", []oplog.Entry{withID("new", entry(1, "c"))}, 0)
		done <- err
	}()
	<-syncing // the new entry is written, and bbolt shows it
	if got := everything(t, db); got != before {
		t.Errorf("while the transaction is not on disk, readers see\n%s\nwant what is on disk:\n%s", got, before)
	}
	close(finish)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := everything(t, db); got == before || !strings.Contains(got, "a b c") {
		t.Errorf("after the transaction readers see\n%s", got)
	}
	db.sync = syncData
}

// everything returns what readers of the tenant acme see and sign.
func everything(t *testing.T, db *DB) string {
	t.Helper()
	var b strings.Builder
	show := func(what string, value any, err error) { fmt.Fprintln(&b, what, value, err) }
	checkpoint, err := db.Checkpoint("acme")
	show("checkpoint", checkpoint, err)
	consistency, err := db.ProveConsistency("acme", 1, 0)
	show("consistency", consistency, err)
	key, err := db.KeyOfSeq("acme", 1)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := db.Prove("acme", key, 0)
	show("proof", proof.Size, err)
	n, _, err := db.Counts("acme")
	show("entries", n, err)
	_, err = db.KeyOfSeq("acme", 3)
	show("third", oplog.CodeOf(err) == oplog.CodeNotFound, nil)
	found, err := db.Find("acme", "new", nil)
	show("found", found.Seq, err)
	older, err := db.Older("acme", oplog.MakeKey(entry(-60, "").Time, 0), oplog.Key{}, 10, nil)
	show("older", len(older), err)
	show("arrivals", arrivals(t, db, 1), nil)
	show("scanned", scanned(t, db, oplog.Key{}, oplog.Key{}), nil)
	return b.String()
}

// TestBackupsHaveOnlyWhatIsOnDisk: a backup taken while a transaction is being written waits for it.
func TestBackupsHaveOnlyWhatIsOnDisk(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(2, "a"))
	syncing, finish := make(chan struct{}), make(chan struct{})
	db.sync = func(*os.File) error {
		syncing <- struct{}{}
		<-finish
		return os.ErrInvalid
	}
	done := make(chan error)
	go func() {
		_, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(1, "lost")}, 0)
		done <- err
	}()
	<-syncing
	backup, began := make(chan []byte), make(chan bool)
	go func() {
		var b bytes.Buffer
		began <- true
		_, _ = db.WriteTo(&b)
		backup <- b.Bytes()
	}()
	<-began
	for range 10_000 { // it would not wait long, if it did not wait for the transaction
		runtime.Gosched()
	}
	finish <- struct{}{}
	if err := <-done; oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Fatal(err)
	}
	db.sync = syncData
	dir := filepath.Join(t.TempDir(), "restored")
	r, err := Restore(context.Background(), dir, bytes.NewReader(<-backup), func(*DB) error { return nil })
	if err != nil || r.Entries != 1 {
		t.Errorf("the backup has %d entries, %v; want only the one that was on disk", r.Entries, err)
	}
}
