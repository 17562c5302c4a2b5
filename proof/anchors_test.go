package proof_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/proof"
)

// filesIn lists the files of a folder recursively.
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
	l, dir := nodetest.New(t), t.TempDir()
	l.Record("acme", nodetest.Entry("one", 1))
	a := proof.NewAnchors(l.Directory, l.Journal, l.Clock.Now, dir)
	f := func(want string) {
		t.Helper()
		if err := a.Write(); err != nil {
			t.Fatal(err)
		}
		if got := filesIn(t, dir); got != want {
			t.Errorf("at %s there are %s; want %s", l.Clock.Now(), got, want)
		}
	}
	f("acme/2026-11-20.checkpoint plain/2026-11-20.checkpoint")
	kept, err := os.ReadFile(filepath.Join(dir, "acme", "2026-11-20.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := l.Journal.Checkpoint("acme"); err != nil || now != string(kept) || !strings.Contains(now, "/acme\n1\n") {
		t.Errorf("kept %s, now %s, %v", kept, now, err)
	}

	// 00:00 in Shanghai, 17:00 the day before in Berlin.
	l.Record("acme", nodetest.Entry("two", 0))
	l.Clock.Advance(7*time.Hour + 17*time.Minute)
	f("acme/2026-11-20.checkpoint plain/2026-11-20.checkpoint")
	l.Clock.Advance(time.Minute)
	f("acme/2026-11-20.checkpoint acme/2026-11-21.checkpoint plain/2026-11-20.checkpoint")
	l.Clock.Advance(24 * time.Hour)
	f("acme/2026-11-20.checkpoint acme/2026-11-21.checkpoint acme/2026-11-22.checkpoint plain/2026-11-20.checkpoint plain/2026-11-21.checkpoint")
	if s := a.State(); s.Dir != dir || !s.KeptAt.Equal(l.Clock.Now()) || s.Failure != "" {
		t.Errorf("%+v", s)
	}

	// A restart rewrites nothing.
	l.Record("acme", nodetest.Entry("three", 0))
	a = proof.NewAnchors(l.Directory, l.Journal, l.Clock.Now, dir)
	f("acme/2026-11-20.checkpoint acme/2026-11-21.checkpoint acme/2026-11-22.checkpoint plain/2026-11-20.checkpoint plain/2026-11-21.checkpoint")
	if again, err := os.ReadFile(filepath.Join(dir, "acme", "2026-11-20.checkpoint")); err != nil || string(again) != string(kept) {
		t.Errorf("%s, %v", again, err)
	}
}

// A missing folder is not created, since it may be an unmounted USB stick; it is retried each hour.
func TestAnchorsRetryFailures(t *testing.T) {
	l := nodetest.New(t)
	dir := filepath.Join(t.TempDir(), "stick")
	a := proof.NewAnchors(l.Directory, l.Journal, l.Clock.Now, dir)
	if err := a.Write(); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(a.State().Failure, "no such file") {
		t.Errorf("%v, %+v", err, a.State())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l.Clock.Advance(59 * time.Minute)
	if err := a.Write(); err != nil || filesIn(t, dir) != "" || a.State().Failure == "" {
		t.Errorf("%v, %s, %+v", err, filesIn(t, dir), a.State())
	}
	l.Clock.Advance(time.Minute)
	if err := a.Write(); err != nil || filesIn(t, dir) != "acme/2026-11-20.checkpoint plain/2026-11-20.checkpoint" || a.State().Failure != "" {
		t.Errorf("%v, %s, %+v", err, filesIn(t, dir), a.State())
	}

	// If one tenant's folder fails, the others are still written.
	l.Clock.Advance(24 * time.Hour)
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
	l.Clock.Advance(time.Hour)
	failures := 0
	a.Run(ctx, func(error) { failures++; cancel() }) // immediately, and until the context ends
	if failures != 1 {
		t.Errorf("told %d times", failures)
	}
}

// Checkpoints of another log in the folder are neither accepted as this log's nor overwritten.
func TestAnchorsRejectFolderOfAnotherLog(t *testing.T) {
	l, other, dir := nodetest.New(t), nodetest.New(t), t.TempDir()
	if err := proof.NewAnchors(other.Directory, other.Journal, other.Clock.Now, dir).Write(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "acme", "2026-11-20.checkpoint")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.NewAnchors(l.Directory, l.Journal, l.Clock.Now, dir).Write(); err == nil || !strings.Contains(err.Error(), path+" belongs to a different log") {
		t.Error(err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("%s, %v", after, err)
	}
}
