package storage

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"oplog/durable"
)

// watchedReader checks a directory on every read.
type watchedReader struct {
	io.Reader
	look func()
}

func (r watchedReader) Read(p []byte) (int, error) {
	r.look()
	return r.Reader.Read(p)
}

// TestInterruptedRestore: until a restore is complete, also verified and changed, there is no store; what a crash leaves says so, and does not
// prevent the next restore.
func TestInterruptedRestore(t *testing.T) {
	db := openStore(t, t.TempDir())
	var backup bytes.Buffer
	if _, err := db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	var crashed []string
	dir := t.TempDir()
	crash := func() {
		if _, err := os.Stat(filepath.Join(dir, fileName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the store has its name before it is complete: %v", err)
		}
		left := t.TempDir()
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		crashed = append(crashed, left)
	}
	from := watchedReader{bytes.NewReader(backup.Bytes()), crash}
	finish := func(*DB) error { crash(); return nil }
	if _, err := Restore(t.Context(), dir, from, finish); err != nil || len(crashed) < 2 {
		t.Fatalf("%d moments, %v", len(crashed), err)
	}
	copyKey(t, db.dir, dir)
	openStore(t, dir)
	if _, err := os.Stat(filepath.Join(dir, restorePart)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the part is left: %v", err)
	}
	for _, left := range crashed {
		wantRejected(t, left, "a restore that was interrupted; run oplog restore again")
		copyKey(t, db.dir, left)
		wantRejected(t, left, "a restore that was interrupted; run oplog restore again")
		if r, err := Restore(t.Context(), left, bytes.NewReader(backup.Bytes()), func(*DB) error { return nil }); err != nil || !r.HasKey {
			t.Errorf("%+v, %v", r, err)
		}
		closeStore(t, openStore(t, left))
	}
}

// refusing is a disk that refuses every write.
type refusing struct{ durable.SystemDisk }

func (refusing) WriteAt(f *os.File, _ []byte, _ int64) (int, error) {
	return 0, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.EIO}
}

func (refusing) Sync(f *os.File) error {
	return &os.PathError{Op: "sync", Path: f.Name(), Err: syscall.EIO}
}

func (d refusing) SyncData(f *os.File) error { return d.Sync(f) }

// TestBackupWhileTheDiskFails: a backup to elsewhere has what was acknowledged, and not the transaction that failed, though bbolt shows that until
// the disk accepts the meta pages of before.
func TestBackupWhileTheDiskFails(t *testing.T) {
	db := openStore(t, t.TempDir())
	if err := errors.Join(appendOne(db, 1, "a"), appendOne(db, 2, "b")); err != nil {
		t.Fatal(err)
	}
	accept := durable.UseDisk(refusing{})
	t.Cleanup(accept)
	wantReadOnly(t, db, appendOne(db, 3, "c"))
	var backup bytes.Buffer
	_, err := db.WriteTo(&backup)
	_ = db.Close() // the disk refuses that too
	accept()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r, err := Restore(t.Context(), dir, &backup, func(*DB) error { return nil })
	if err != nil || r.Entries != 2 {
		t.Fatalf("%d entries were restored, %v", r.Entries, err)
	}
	copyKey(t, db.dir, dir)
	restored := openStore(t, dir)
	if err := appendOne(restored, 4, "d"); err != nil {
		t.Error(err)
	}
	if got := arrivals(t, restored, 1); got != "a b d" {
		t.Errorf("arrivals %s", got)
	}
	checkStore(t, restored, "acme")
}
