package storage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/signing"
	"oplog/signing/signingtest"
)

var rotationTime = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func rotatedAt() time.Time { return rotationTime }

func mustRotate(t *testing.T, db *DB, r Rotation) {
	t.Helper()
	r.Now = rotatedAt
	if err := db.Rotate(r); err != nil {
		t.Fatal(err)
	}
}

func writeKeyFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustCheckpoint(t *testing.T, db *DB) string {
	t.Helper()
	text, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// After a rotation, also a restart later, the new key signs under the same origin; what the old one signed stays valid, and proofs carry
// what leads from the old key to the new one.
func TestRotate(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	first, before := db.VerifierKey(), mustCheckpoint(t, db)
	oldFile, err := os.ReadFile(filepath.Join(db.dir, keyName))
	if err != nil {
		t.Fatal(err)
	}
	mustRotate(t, db, Rotation{})
	mustRotate(t, db, Rotation{})
	for range 2 {
		mustAppend(t, db, withID("b", entry(2, "b")))
		after := mustCheckpoint(t, db)
		if db.VerifierKey() == first || strings.Split(before, "\n")[0] != strings.Split(after, "\n")[0] {
			t.Errorf("%s, %s", db.VerifierKey(), after)
		}
		for _, text := range []string{before, after} {
			if c, err := db.OpenCheckpoint(text); err != nil || c.Tenant != "acme" {
				t.Errorf("%+v, %v", c, err)
			}
		}
		p, err := db.Prove("acme", oplog.Key{}, 0)
		if err == nil {
			t.Fatal("an entry without a key is proven")
		}
		key, err := db.KeyOfSeq("acme", 2)
		if err != nil {
			t.Fatal(err)
		}
		if p, err = db.Prove("acme", key, 0); err != nil || len(p.KeyChanges) != 2 {
			t.Fatalf("%+v, %v", p, err)
		}
		for _, known := range []string{first, db.VerifierKey()} {
			keys, err := signing.Follow(known, p.KeyChanges)
			if err != nil {
				t.Fatal(err)
			}
			if _, c, err := VerifyProof(p, keys); err != nil || c.Key != db.VerifierKey() {
				t.Errorf("%+v, %v", c, err)
			}
		}
		closeStore(t, db)
		db = openStore(t, db.dir)
	}
	closeStore(t, db)
	writeKeyFile(t, filepath.Join(db.dir, keyName), string(oldFile))
	wantRejected(t, db.dir, "is the key that this log has before or after a rotation")
}

// A new key that a crash left beside the store is put in place if the store names it, and removed otherwise.
func TestInterruptedRotation(t *testing.T) {
	db := openStore(t, t.TempDir())
	current, next := filepath.Join(db.dir, keyName), filepath.Join(db.dir, nextKeyName)
	before, err := os.ReadFile(current)
	if err != nil {
		t.Fatal(err)
	}
	mustRotate(t, db, Rotation{})
	closeStore(t, db)
	after, err := os.ReadFile(current)
	if err != nil {
		t.Fatal(err)
	}
	f := func(in, beside string) {
		t.Helper()
		writeKeyFile(t, current, in)
		writeKeyFile(t, next, beside)
		closeStore(t, openStore(t, db.dir))
		if text, err := os.ReadFile(current); err != nil || string(text) != string(after) {
			t.Errorf("the key is %q, %v", text, err)
		}
		if _, err := os.Stat(next); err == nil {
			t.Errorf("%s is still there", next)
		}
	}
	f(string(before), string(after)) // the crash came after the statement was stored
	f(string(after), string(before)) // and before
}

// A lost key is not replaced silently: only on request, and verifiers who know the old key see a break.
func TestReplaceLostKey(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	before, old := mustCheckpoint(t, db), db.VerifierKey()
	if err := db.Rotate(Rotation{Lost: true}); err == nil || !strings.Contains(err.Error(), "is not lost") {
		t.Error(err)
	}
	if history, err := db.KeyHistory(""); err != nil || history.Key != old {
		t.Errorf("%+v, %v", history, err)
	}
	closeStore(t, db)
	if err := os.Remove(filepath.Join(db.dir, keyName)); err != nil {
		t.Fatal(err)
	}
	wantRejected(t, db.dir, "signing.key is missing", "oplog key rotate --lost")
	db, err := Open(db.dir, Options{WithoutKey: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Rotate(Rotation{}); err == nil || !strings.Contains(err.Error(), "signing.key is missing") {
		t.Error(err)
	}
	mustRotate(t, db, Rotation{Lost: true})
	closeStore(t, db)
	db = openStore(t, db.dir)
	if _, err := db.OpenCheckpoint(before); err != nil {
		t.Error(err)
	}
	history, err := db.KeyHistory("acme")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := signing.Follow(old, history.Changes)
	if err != nil || !keys.BrokenAt().Equal(rotationTime) {
		t.Errorf("%+v, %v", keys, err)
	}
	if _, _, err := keys.OpenCheckpoint(mustCheckpoint(t, db)); err == nil || !strings.Contains(err.Error(), "the chain of keys is broken") {
		t.Error(err)
	}
}

// teller returns the entries that tell of a replacement, in two trails.
func teller(old, next string) ([]oplog.Entry, error) {
	var entries []oplog.Entry
	for _, trail := range []string{oplog.TrailName(""), oplog.TrailName("acme")} {
		e := entry(1, "rotated")
		e.Tenant, e.Content = trail, oplog.Ref{ID: next, Name: old}
		entries = append(entries, e)
	}
	return entries, nil
}

// TestRotationFails: while nobody knows whether the replacement is on disk, the new key is kept beside the store and no other replaces it. When
// the transaction is void, neither key nor trail has changed.
func TestRotationFails(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("a", entry(1, "a")))
	first, next := db.VerifierKey(), filepath.Join(db.dir, nextKeyName)
	failSyncs(db, 1, syscall.EIO)
	r := Rotation{Now: rotatedAt, Tell: teller}
	wantReadOnly(t, db, db.Rotate(r))
	beside, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	wantReadOnly(t, db, db.Rotate(r))
	if again, err := os.ReadFile(next); err != nil || string(again) != string(beside) || db.VerifierKey() != first {
		t.Errorf("the new key is %q, %v; that of the log is %s", again, err, db.VerifierKey())
	}
	if err := db.recoverWrites(); err != nil {
		t.Fatal(err)
	}
	told := func() int {
		n, _, err := db.Counts(oplog.TrailName("acme"))
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Error(err)
		}
		return int(n) //nolint:gosec // a few
	}
	if n := told(); n != 0 {
		t.Errorf("the trail tells of %d replacements", n)
	}
	mustRotate(t, db, r)
	key := db.VerifierKey()
	if db = reopen(t, db); key == first || db.VerifierKey() != key || told() != 1 {
		t.Errorf("the key is %s, then %s; the trail tells of %d", key, db.VerifierKey(), told())
	}
	mustCheckpoint(t, db)
	refused := errors.New("no trail")
	if err := db.Rotate(Rotation{Now: rotatedAt, Tell: func(string, string) ([]oplog.Entry, error) { return nil, refused }}); !errors.Is(err, refused) {
		t.Error(err)
	}
	if _, err := os.Stat(next); err == nil || db.VerifierKey() != key {
		t.Errorf("a key is left by a replacement that was refused; the key is %s", db.VerifierKey())
	}
}

// TestRotateAfterAnUnfinishedOne: while the file of a new key, which the store names, could not be put in place, another replacement does not overwrite it.
func TestRotateAfterAnUnfinishedOne(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("a", entry(1, "a")))
	path := filepath.Join(db.dir, keyName)
	if err := errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "in the way"), 0o700)); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for range 2 {
		if err := db.Rotate(Rotation{Now: rotatedAt}); err == nil {
			t.Error("a key was put in place of a folder")
		}
		keys = append(keys, db.VerifierKey())
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if db = reopen(t, db); keys[0] != keys[1] || db.VerifierKey() != keys[0] {
		t.Errorf("the keys were %v, and the log has %s", keys, db.VerifierKey())
	}
	mustCheckpoint(t, db)
	mustRotate(t, db, Rotation{})
}

// TestRotateWhileRecording: entries are recorded while a slow command signs the replacement; the old key signs none of them, and a caller that needs a
// signature meanwhile gets that of the new key.
func TestRotateWhileRecording(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, withID("a", entry(1, "a")))
	before, signer, ready := mustCheckpoint(t, db), signingtest.New(t), filepath.Join(t.TempDir(), "ready")
	line := "while ! [ -e '" + ready + "' ]; do sleep 0.01; done; " + signer.Line
	rotated := make(chan error)
	go func() {
		now := func() time.Time {
			if db.signMu.TryRLock() {
				t.Error("the time is taken while the old key may still sign")
			}
			return rotationTime
		}
		rotated <- db.Rotate(Rotation{Now: now, SignCommand: line, PublicKey: signer.PublicKey, Tell: teller})
	}()
	for db.signMu.TryRLock() {
		db.signMu.RUnlock()
		time.Sleep(time.Millisecond)
	}
	waiting := make(chan string)
	go func() { text, _ := db.Checkpoint("acme"); waiting <- text }()
	mustAppend(t, db, withID("b", entry(2, "b")))
	select {
	case err := <-rotated:
		t.Fatalf("the key was replaced without the command, %v", err)
	case text := <-waiting:
		t.Errorf("meanwhile the old key signs %s", text)
	default:
	}
	writeKeyFile(t, ready, "")
	if err := <-rotated; err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{before, <-waiting, mustCheckpoint(t, db)} {
		if c, err := db.OpenCheckpoint(text); err != nil || text != before && c.Key != db.VerifierKey() {
			t.Errorf("%+v, %v: %s", c, err, text)
		}
	}
}
