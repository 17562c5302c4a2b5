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
	"oplog/oplog"
	"oplog/proof"
	"oplog/trail"
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

func anchorsOf(l *nodetest.Log, dir string) *proof.Anchors {
	return proof.NewAnchors(proof.NewTrees(l.Directory, l.Prover), oplog.Place{}, l.Clock.Now, dir)
}

// all are the first checkpoints of a log with tenants acme and plain.
const all = "_server/2026-11-20/084200Z-access.checkpoint " +
	"acme/2026-11-20/084200Z-access.checkpoint acme/2026-11-20/084200Z-log.checkpoint " +
	"plain/2026-11-20/084200Z-access.checkpoint plain/2026-11-20/084200Z-log.checkpoint"

// Every tree has its checkpoints, whenever it has grown and only then; none is replaced.
func TestAnchors(t *testing.T) {
	l, dir := nodetest.New(t), t.TempDir()
	l.Record("acme", nodetest.Entry("one", 1))
	a := anchorsOf(l, dir)
	f := func(want string) {
		t.Helper()
		if err := a.Write(); err != nil {
			t.Fatal(err)
		}
		if got := filesIn(t, dir); got != want {
			t.Errorf("at %s there are %s; want %s", l.Clock.Now(), got, want)
		}
	}
	f(all)
	kept, err := os.ReadFile(filepath.Join(dir, "acme", "2026-11-20", "084200Z-log.checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if now, err := l.Journal.Checkpoint("acme"); err != nil || now != string(kept) || !strings.Contains(now, "/acme\n1\n") {
		t.Errorf("kept %s, now %s, %v", kept, now, err)
	}
	l.Clock.Advance(5 * time.Minute)
	f(all) // nothing has changed
	l.Record("acme", nodetest.Entry("two", 0))
	l.Trail.Add(trail.Event{User: trail.ServerUser, Module: "server", Operation: "start"})
	l.Trail.Flush()
	grown := strings.Replace(strings.Replace(all, "Z-log.checkpoint plain", "Z-log.checkpoint acme/2026-11-20/084700Z-log.checkpoint plain", 1),
		" acme", " _server/2026-11-20/084700Z-access.checkpoint acme", 1)
	f(grown)
	if s := a.State(); s.Dir != dir || !s.KeptAt.Equal(l.Clock.Now()) || s.Failure != "" {
		t.Errorf("%+v", s)
	}

	// A restart writes nothing; an existing file with the next name is kept.
	a = anchorsOf(l, dir)
	f(grown)
	l.Record("acme", nodetest.Entry("three", 0))
	f(strings.Replace(grown, "084700Z-log.checkpoint", "084700Z-log-2.checkpoint acme/2026-11-20/084700Z-log.checkpoint", 1))
	if again, err := os.ReadFile(filepath.Join(dir, "acme", "2026-11-20", "084200Z-log.checkpoint")); err != nil || string(again) != string(kept) {
		t.Errorf("%s, %v", again, err)
	}
	read, err := proof.ReadAnchors(dir)
	if err != nil || len(read) != 8 {
		t.Errorf("%d are read, %v", len(read), err)
	}
}

// A missing folder is not created, since it may be an unmounted USB stick.
func TestAnchorsRetryFailures(t *testing.T) {
	l := nodetest.New(t)
	dir := filepath.Join(t.TempDir(), "stick")
	a := anchorsOf(l, dir)
	if err := a.Write(); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(a.State().Failure, "no such file") {
		t.Errorf("%v, %+v", err, a.State())
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := a.Write(); err != nil || filesIn(t, dir) != all || a.State().Failure != "" {
		t.Errorf("%v, %s, %+v", err, filesIn(t, dir), a.State())
	}

	// If one tenant's folder fails, the others are still written.
	l.Record("acme", nodetest.Entry("one", 1))
	l.Record("plain", nodetest.Entry("one", 1))
	if err := os.RemoveAll(filepath.Join(dir, "acme")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "acme"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.Clock.Advance(time.Minute)
	if err := a.Write(); err == nil || !strings.HasSuffix(filesIn(t, dir), "plain/2026-11-20/084300Z-log.checkpoint") {
		t.Errorf("%v, %s", err, filesIn(t, dir))
	}
	ctx, cancel := context.WithCancel(context.Background())
	failures := 0
	a.Run(ctx, func(error) { failures++; cancel() }) // immediately, and until the context ends
	if failures != 1 {
		t.Errorf("told %d times", failures)
	}
}

// Checkpoints of another log in the folder, and those of entries that the log no longer has, are neither continued nor overwritten.
func TestAnchorsRejectForeignFolders(t *testing.T) {
	l, other, dir := nodetest.New(t), nodetest.New(t), t.TempDir()
	if err := anchorsOf(other, dir).Write(); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, dir)
	if err := anchorsOf(l, dir).Write(); err == nil || !strings.Contains(err.Error(), "Z-log.checkpoint belongs to a different log") {
		t.Error(err)
	}
	if after := filesIn(t, dir); after != before {
		t.Errorf("%s became %s", before, after)
	}

	daily := t.TempDir() // as earlier versions wrote it
	if err := os.Mkdir(filepath.Join(daily, "acme"), 0o700); err != nil {
		t.Fatal(err)
	}
	text, err := l.Prover.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	origin, _, _ := strings.Cut(text, "\n")
	if err := os.WriteFile(filepath.Join(daily, "acme", "2026-11-19.checkpoint"), []byte(origin+"\n7\nAAAA\n\n— x y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := anchorsOf(l, daily).Write(); err == nil || !strings.Contains(err.Error(), "proves 7 entries, but there are only 0: an old backup was restored") {
		t.Error(err)
	}
	if !oplog.IsTrail("acme/access") || strings.Contains(filesIn(t, daily), "acme/2026-11-20/084200Z-log") {
		t.Error(filesIn(t, daily))
	}
}
