package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oplog/packaging/watching"
)

// TestAssets: the files are written as they are; one that exists stays, and so do the others then, unless told otherwise.
func TestAssets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "assets")
	files, err := watching.Files()
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	expect := func() {
		t.Helper()
		for _, f := range files {
			if text := content(t, filepath.Join(dir, f.Name)); text != string(f.Content) {
				t.Errorf("%s is %q", f.Name, text)
			}
		}
		if there, err := os.ReadDir(dir); err != nil || len(there) != len(files) {
			t.Errorf("%v, %v", there, err)
		}
	}
	r := setting{}.run(t, "assets", dir)
	if r.status != exitDone || r.stdout != "" || strings.Count(r.stderr, "\n") != len(files) || !strings.Contains(r.stderr, "rule_files") {
		t.Errorf("%+v", r)
	}
	expect()
	last := filepath.Join(dir, files[len(files)-1].Name)
	write(t, last, "mine")
	if err := os.Remove(filepath.Join(dir, files[0].Name)); err != nil {
		t.Fatal(err)
	}
	setting{}.mustFail(t, last+" exists; choose another directory, or overwrite it with --force", "assets", dir)
	if there, err := os.ReadDir(dir); err != nil || len(there) != len(files)-1 || content(t, last) != "mine" {
		t.Errorf("%v, %v: a refused command wrote", there, err)
	}
	setting{}.mustRun(t, "assets", dir, "--force")
	expect()
	setting{}.mustFail(t, "cannot create the directory", "assets", filepath.Join(last, "below"))
}
