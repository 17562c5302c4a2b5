package oplog_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// filesIn lists the files of a folder and all below it.
func filesIn(t *testing.T, dir string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			found = append(found, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, " ")
}

func TestAnchors(t *testing.T) {
	l, dir := newLog(t), t.TempDir()
	l.record("acme", entry("one", 1))
	a := oplog.NewAnchors(l.Log, dir)
	f := func(want string) {
		t.Helper()
		if err := a.Write(); err != nil {
			t.Fatal(err)
		}
		if got := filesIn(t, dir); got != want {
			t.Errorf("at %s there are %s; want %s", l.clock.now(), got, want)
		}
	}
	f("acme/2026-11-20.checkpoint plain/2026-11-20.checkpoint")
	kept, err := os.ReadFile(filepath.Join(dir, "acme", "2026-11-20.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := l.Checkpoint("acme"); err != nil || now != string(kept) || !strings.Contains(now, "/acme\n1\n") {
		t.Errorf("kept %s, now %s, %v", kept, now, err)
	}

	// 00:00 in Shanghai, 17:00 the day before in Berlin.
	l.record("acme", entry("two", 0))
	l.clock.advance(7*time.Hour + 17*time.Minute)
	f("acme/2026-11-20.checkpoint plain/2026-11-20.checkpoint")
	l.clock.advance(time.Minute)
	f("acme/2026-11-20.checkpoint acme/2026-11-21.checkpoint plain/2026-11-20.checkpoint")
	l.clock.advance(24 * time.Hour)
	f("acme/2026-11-20.checkpoint acme/2026-11-21.checkpoint acme/2026-11-22.checkpoint plain/2026-11-20.checkpoint plain/2026-11-21.checkpoint")
	if s := a.State(); s.Dir != dir || !s.KeptAt.Equal(l.clock.now()) || s.Failure != "" {
		t.Errorf("%+v", s)
	}

	// Another start writes nothing anew.
	l.record("acme", entry("three", 0))
	a = oplog.NewAnchors(l.Log, dir)
	f("acme/2026-11-20.checkpoint acme/2026-11-21.checkpoint acme/2026-11-22.checkpoint plain/2026-11-20.checkpoint plain/2026-11-21.checkpoint")
	if again, err := os.ReadFile(filepath.Join(dir, "acme", "2026-11-20.checkpoint")); err != nil || string(again) != string(kept) {
		t.Errorf("%s, %v", again, err)
	}
}

// A folder that is not there is not made, for it may be a stick that is not
// plugged in; it is tried again each hour.
func TestAnchorsOfAFolderThatFails(t *testing.T) {
	l := newLog(t)
	dir := filepath.Join(t.TempDir(), "stick")
	a := oplog.NewAnchors(l.Log, dir)
	if err := a.Write(); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(a.State().Failure, "no such file") {
		t.Errorf("%v, %+v", err, a.State())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l.clock.advance(59 * time.Minute)
	if err := a.Write(); err != nil || filesIn(t, dir) != "" || a.State().Failure == "" {
		t.Errorf("%v, %s, %+v", err, filesIn(t, dir), a.State())
	}
	l.clock.advance(time.Minute)
	if err := a.Write(); err != nil || filesIn(t, dir) != "acme/2026-11-20.checkpoint plain/2026-11-20.checkpoint" || a.State().Failure != "" {
		t.Errorf("%v, %s, %+v", err, filesIn(t, dir), a.State())
	}

	// Where one tenant's folder fails, the others' are written.
	l.clock.advance(24 * time.Hour)
	if err := os.RemoveAll(filepath.Join(dir, "acme")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "acme"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Write(); err == nil || filesIn(t, dir) != "acme plain/2026-11-20.checkpoint plain/2026-11-21.checkpoint" {
		t.Errorf("%v, %s", err, filesIn(t, dir))
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.clock.advance(time.Hour)
	told := 0
	a.Keep(ctx, func(error) { told++; cancel() }) // at once, and until the context ends
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// What another log has left in the folder is neither taken for this log's nor
// written over.
func TestAnchorsOfAFolderOfAnotherLog(t *testing.T) {
	l, other, dir := newLog(t), newLog(t), t.TempDir()
	if err := oplog.NewAnchors(other.Log, dir).Write(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "acme", "2026-11-20.checkpoint")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := oplog.NewAnchors(l.Log, dir).Write(); err == nil || !strings.Contains(err.Error(), path+" is of another log") {
		t.Error(err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("%s, %v", after, err)
	}
}
