package storage

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
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
