package storage

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// The private key is neither in the store nor in a backup; a store without it can be verified, but signs nothing.
func TestSigningKeyIsOutsideTheStore(t *testing.T) {
	db := openStore(t, t.TempDir())
	mustAppend(t, db, entry(1, "a"))
	checkpoint, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if _, err := db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	closeStore(t, db)
	file, err := os.ReadFile(filepath.Join(db.dir, fileName))
	if err != nil || bytes.Contains(file, []byte("PRIVATE")) || bytes.Contains(backup.Bytes(), []byte("PRIVATE")) {
		t.Errorf("the private key is in the store or its backup, %v", err)
	}

	dir := t.TempDir()
	r, err := Restore(t.Context(), dir, &backup, func(*DB) error { return nil })
	if err != nil || r.HasKey {
		t.Errorf("%+v, %v", r, err)
	}
	wantRejected(t, dir, "signing.key is missing: backups do not contain the signing key")
	without, err := Open(dir, Options{WithoutKey: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := without.OpenCheckpoint(checkpoint); err != nil {
		t.Error(err)
	}
	if _, err := without.Checkpoint("acme"); err == nil || !strings.Contains(err.Error(), "signing.key is missing") {
		t.Error(err)
	}
	closeStore(t, without)
	copyKey(t, closedStore(t), dir)
	wantRejected(t, dir, "signing.key is the key of another log")
	copyKey(t, db.dir, dir)
	closeStore(t, openStore(t, dir))
	if err := os.Chmod(filepath.Join(dir, keyName), 0o644); err != nil { //nolint:gosec // this is the case
		t.Fatal(err)
	}
	wantRejected(t, dir, "can be read or changed by others")
}

// A store of an earlier version has the key inside: it is moved out, and stays the same.
func TestSigningKeyMovesOut(t *testing.T) {
	dir := closedStore(t)
	path := filepath.Join(dir, keyName)
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	changeFile(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keySigner, bytes.TrimSpace(key)) })
	for _, moved := range []bool{true, false} {
		db := openStore(t, dir)
		if db.KeyMoved() != moved {
			t.Errorf("moved: %t", db.KeyMoved())
		}
		closeStore(t, db)
	}
	again, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(again, key) {
		t.Errorf("%s, %v", again, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	changeFile(t, dir, func(tx *bolt.Tx) error {
		if inside := tx.Bucket(bucketMeta).Get(keySigner); inside != nil {
			t.Errorf("%s is still inside", inside)
		}
		return nil
	})
}
