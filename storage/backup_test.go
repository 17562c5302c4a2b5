package storage

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"oplog/oplog"
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

// TestInterruptedRestore: a partial backup never gets the store's name, and leftovers of a crash do not prevent the next restore.
func TestInterruptedRestore(t *testing.T) {
	db := openStore(t, t.TempDir())
	var backup bytes.Buffer
	if _, err := db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, restorePart), []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	reads := 0
	from := watchedReader{&backup, func() {
		reads++
		if _, err := os.Stat(filepath.Join(dir, fileName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the store has its name before it is whole: %v", err)
		}
	}}
	if _, err := Restore(t.Context(), dir, from, func(oplog.Records) error { return nil }); err != nil || reads == 0 {
		t.Fatalf("%d reads, %v", reads, err)
	}
	copyKey(t, db.dir, dir)
	openStore(t, dir)
	if _, err := os.Stat(filepath.Join(dir, restorePart)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the part is left: %v", err)
	}
}
