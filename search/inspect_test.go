package search

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"oplog/storage"
)

// TestInspect: the files of a closed index tell what the next start has to do, and stay as they are.
func TestInspect(t *testing.T) {
	dir, segments := closedLog(t)
	f := func(want Inspection) (got Inspection) {
		t.Helper()
		before := files(t, dir)
		withStore(t, dir, func(store *storage.DB) (err error) {
			got, err = Inspect(filepath.Join(dir, "index"), store)
			return err
		})
		bytes := got.Bytes
		if got.Bytes = 0; got != want || len(files(t, dir)) != len(before) {
			t.Errorf("%+v, want %+v", got, want)
		}
		got.Bytes = bytes
		return got
	}
	m := manifestOf(t, dir)
	whole := f(Inspection{Behind: damagedEntries - m.Through})
	if whole.Bytes == 0 {
		t.Error("it takes no room")
	}
	m.Through -= 5
	changeManifest(t, dir, string(must(json.Marshal(m))(t)))
	f(Inspection{Behind: damagedEntries - m.Through})
	path := filepath.Join(indexDir(dir), segments[0])
	write(t, path, append(read(t, path), 0))
	if err := os.Remove(filepath.Join(indexDir(dir), segments[1])); err != nil {
		t.Fatal(err)
	}
	if got := f(Inspection{Behind: damagedEntries - m.Through, Lost: 2}); got.Bytes >= whole.Bytes {
		t.Errorf("%d bytes of %d are left", got.Bytes, whole.Bytes)
	}
	changeManifest(t, dir, `{"analysis":1}`)
	f(Inspection{Outdated: 1})
	changeManifest(t, dir, "")
	f(Inspection{Behind: damagedEntries})
}
