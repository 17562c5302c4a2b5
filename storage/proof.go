package storage

import (
	"encoding/base64"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// Prove returns the inclusion proof of an entry in a tree of its tenant; see [oplog.Store].
func (db *DB) Prove(tenant string, key oplog.Key, of uint64) (oplog.Proof, error) {
	var proof oplog.Proof
	err := db.view(func(tx *bolt.Tx) error {
		t, err := readTree(tx, tenant)
		if err != nil {
			return err
		}
		leaf, err := entryAt(tx, tenant, key)
		if err != nil {
			return err
		}
		size, err := t.size()
		if err != nil {
			return err
		}
		if of > size || of > 0 && of < key.Seq() {
			return fmt.Errorf("prove entry %d in the first %d of %d", key.Seq(), of, size)
		}
		if of > 0 {
			size = of
		}
		path, err := tlog.ProveRecord(int64(size), int64(key.Seq()-1), t)
		if err != nil {
			return fmt.Errorf("prove entry %d of %d: %w", key.Seq(), size, err)
		}
		proof = oplog.Proof{Leaf: append([]byte(nil), leaf...), Index: key.Seq() - 1, Size: size, Path: make([][]byte, len(path))}
		for i := range path {
			proof.Path[i] = path[i][:]
		}
		proof.Checkpoint, err = db.sign(tenant, size, t)
		return err
	})
	return proof, err
}

// Checkpoint returns the signed head of a tenant's tree; see [oplog.Store].
func (db *DB) Checkpoint(tenant string) (string, error) {
	var checkpoint string
	err := db.view(func(tx *bolt.Tx) error {
		t, err := readTree(tx, tenant)
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			checkpoint, err = db.sign(tenant, 0, tree{})
			return err
		}
		if err != nil {
			return err
		}
		size, err := t.size()
		if err != nil {
			return err
		}
		checkpoint, err = db.sign(tenant, size, t)
		return err
	})
	return checkpoint, err
}

// sign creates a checkpoint (c2sp.org/tlog-checkpoint): a signed note whose lines are the log's origin, its size, and its root hash in
// base64.
func (db *DB) sign(tenant string, size uint64, t tree) (string, error) {
	root, err := tlog.TreeHash(int64(size), t)
	if err != nil {
		return "", fmt.Errorf("tree hash at %d: %w", size, err)
	}
	name, _, _ := strings.Cut(db.verifier, "+")
	text := fmt.Sprintf("%s/%s\n%d\n%s\n", name, tenant, size, base64.StdEncoding.EncodeToString(root[:]))
	return db.Sign(text)
}

// Sign returns a text as a signed note; see [oplog.Store].
func (db *DB) Sign(text string) (string, error) {
	if db.signer == nil {
		return "", db.errNoKey()
	}
	signed, err := note.Sign(&note.Note{Text: text}, db.signer)
	return string(signed), err
}

// VerifierKey returns the public key of checkpoints; see [oplog.Store].
func (db *DB) VerifierKey() string { return db.verifier }
