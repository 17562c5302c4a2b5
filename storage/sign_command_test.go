package storage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/signing/signingtest"
)

// A log whose command fails records on and proves without a checkpoint; it signs again when the command does.
func TestSignCommand(t *testing.T) {
	s := signingtest.New(t)
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	before := mustCheckpoint(t, db)
	mustRotate(t, db, Rotation{SignCommand: s.Line, PublicKey: s.PublicKey})
	if _, err := os.Stat(filepath.Join(db.dir, keyName)); err == nil {
		t.Error("the old private key is still there")
	}
	if _, err := db.OpenCheckpoint(mustCheckpoint(t, db)); err != nil {
		t.Error(err)
	}
	closeStore(t, db)
	wantRejected(t, db.dir, "signing.key is missing", "--sign-command")

	open := func() {
		t.Helper()
		var err error
		if db, err = Open(db.dir, Options{SignCommand: s.Line}); err != nil {
			t.Fatal(err)
		}
	}
	s.Answer("")
	open()
	mustAppend(t, db, withID("b", entry(2, "b")))
	if _, err := db.Checkpoint("acme"); oplog.CodeOf(err) != oplog.CodeUnavailable || strings.Contains(err.Error(), "card") {
		t.Errorf("%v", err)
	}
	key, err := db.KeyOfSeq("acme", 2)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := db.Prove("acme", key, 0); oplog.CodeOf(err) != oplog.CodeUnavailable || len(p.Leaf) == 0 || p.Checkpoint != "" {
		t.Errorf("%+v, %v", p, err)
	}
	closeStore(t, db)
	s.Work()
	open()
	for _, text := range []string{before, mustCheckpoint(t, db)} {
		if _, err := db.OpenCheckpoint(text); err != nil {
			t.Error(err)
		}
	}
	if err := db.Rotate(Rotation{Lost: true}); err == nil || !strings.Contains(err.Error(), "is not lost") {
		t.Errorf("a command that signs: %v", err)
	}
	mustRotate(t, db, Rotation{}) // back to a key in a file
	closeStore(t, db)
	closeStore(t, openStore(t, db.dir))
}

// A new log does not begin with a command: its name is that of its first key.
func TestNewLogWithSignCommand(t *testing.T) {
	if db, err := Open(t.TempDir(), Options{SignCommand: "true"}); err == nil || !strings.Contains(err.Error(), "oplog key rotate") {
		t.Error(db, err)
	}
}

// TestLostSignCommand: the key of a command that does not sign any more can be given up while the log is open.
func TestLostSignCommand(t *testing.T) {
	s := signingtest.New(t)
	db := openStore(t, t.TempDir())
	mustRotate(t, db, Rotation{SignCommand: s.Line, PublicKey: s.PublicKey})
	s.Answer("")
	mustRotate(t, db, Rotation{Lost: true})
	mustCheckpoint(t, db)
}

// TestReplacedKeyFile: the private key that a command replaced is removed, also if a crash came before that; another one is left alone.
func TestReplacedKeyFile(t *testing.T) {
	s := signingtest.New(t)
	db := openStore(t, t.TempDir())
	path := filepath.Join(db.dir, keyName)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mustRotate(t, db, Rotation{SignCommand: s.Line, PublicKey: s.PublicKey})
	closeStore(t, db)
	f := func(text string, stays bool) {
		t.Helper()
		writeKeyFile(t, path, text)
		opened, err := Open(db.dir, Options{SignCommand: s.Line})
		if err != nil {
			t.Fatal(err)
		}
		closeStore(t, opened)
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v", text, err)
		}
	}
	f(string(old), false)
	other := openStore(t, t.TempDir())
	foreign, err := os.ReadFile(filepath.Join(other.dir, keyName))
	if err != nil {
		t.Fatal(err)
	}
	f(string(foreign), true)
	f("something else", true)
}
