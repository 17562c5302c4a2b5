package storage

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"oplog/oplog"
)

// TestInstallCopy: a copy replaces the store of a directory; a damaged one does not, nor one of a log that is not replicated.
func TestInstallCopy(t *testing.T) {
	leader, follower, log := twoCopies(t)
	put(t, leader, oplog.RecordServer, "clock", `"mine"`)
	put(t, leader, oplog.RecordIndex, "acme", `"mine"`)
	for i := range 300 {
		mustAppend(t, leader, entry(i, "some"))
	}
	dir := follower.dir
	closeStore(t, follower)
	if err := os.MkdirAll(filepath.Join(dir, "index", "acme"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "received")
	copyOf(t, leader, file)
	whole, err := os.ReadFile(file) //nolint:gosec // in a directory of the test
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(whole, []byte("some"), []byte("sane")) // also where pages are free
	single := filepath.Join(dir, "single")
	copyOf(t, openStore(t, t.TempDir()), single)
	write := func(path string, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, damaged)
	for _, bad := range []string{file, single} {
		if err := InstallCopy(t.Context(), dir, bad); err == nil {
			t.Fatalf("%s was put in place", bad)
		}
	}
	// A crash may come after each of its steps.
	write(file, whole)
	part := filepath.Join(dir, installPart)
	if err := os.MkdirAll(part, 0o700); err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(part, headName), []byte("of an earlier try"))
	if err := os.Rename(file, filepath.Join(part, fileName)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := InstallCopy(t.Context(), dir, file); err != nil {
			t.Fatal(err)
		}
	}
	follower = openStore(t, dir)
	checkInstalled(t, follower, leader, log)
}

// checkInstalled checks that a copy that was put in place is that of the leader, but for the leader's own, and goes on.
func checkInstalled(t *testing.T, follower, leader *DB, log *replicatedLog) {
	t.Helper()
	if got, want := contents(t, follower), contents(t, leader); got != want {
		t.Errorf("the copy has\n%s\nand the leader\n%s", got, want)
	}
	if _, _, err := follower.Record(oplog.RecordServer, "clock"); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("the copy has the other's clock: %v", err)
	}
	if left, err := follower.Records(oplog.RecordIndex, ""); err != nil || len(left) > 0 {
		t.Errorf("the copy has the other's index: %v, %v", left, err)
	}
	mustAppend(t, leader, entry(1, "later"))
	if err := follower.Apply(log.messages); err != nil {
		t.Error(err)
	}
}

// TestPositionOfCopy: a copy says where it is, also when the store has gone on; a damaged one, or one of a single store, says why it does not.
func TestPositionOfCopy(t *testing.T) {
	leader, _, _ := twoCopies(t)
	mustAppend(t, leader, entry(1, "some"))
	file := filepath.Join(t.TempDir(), "copy")
	copyOf(t, leader, file)
	want, _ := leader.Replicated()
	mustAppend(t, leader, entry(2, "later"))
	if got, err := PositionOfCopy(file); got != want || err != nil {
		t.Errorf("the copy is at %+v, want %+v, %v", got, want, err)
	}
	if err := os.Truncate(file, 12<<10); err != nil {
		t.Fatal(err)
	}
	single := filepath.Join(t.TempDir(), "single")
	copyOf(t, openStore(t, t.TempDir()), single)
	for _, bad := range []string{file, single, file + "2"} {
		if _, err := PositionOfCopy(bad); err == nil {
			t.Errorf("%s has a position", bad)
		}
	}
}
