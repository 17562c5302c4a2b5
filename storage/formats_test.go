package storage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFormatsWithoutWriting: a store that is opened for reading tells its format, or that a start has to migrate it; its key is looked for only when
// asked.
func TestFormatsWithoutWriting(t *testing.T) {
	o := Options{ReadOnly: true, IgnoreKey: true}
	for _, name := range formatFiles {
		dir := t.TempDir()
		copyStore(t, filepath.Join("testdata", name+".db"), dir)
		if _, err := Open(dir, o); !errors.Is(err, ErrMustWrite) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	closeStore(t, openStore(t, dir))
	if err := os.Rename(filepath.Join(dir, keyName), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, db)
	if found, newest := db.Formats(); found != formatVersion || newest != formatVersion {
		t.Errorf("a new store has format %d, the newest is %d", found, newest)
	}
	if err := db.LoadKey(""); err == nil || !strings.Contains(err.Error(), "signing.key is missing") {
		t.Errorf("without a key: %v", err)
	}
	if err := os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, keyName)); err != nil {
		t.Fatal(err)
	}
	if err := db.LoadKey(""); err != nil {
		t.Error(err)
	}
}
