package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"

	"oplog/durable"
	"oplog/oplog"
	"oplog/signing"
)

// nextKeyName is the file of a new key until the statement that it replaces the old one is in the store.
const nextKeyName = "signing.key.next"

// Rotation says how to replace the log's key.
type Rotation struct {
	At          time.Time
	Lost        bool   // the old key is lost, so it cannot sign its replacement
	SignCommand string // command that signs from now on; "" for a private key in the data directory
	PublicKey   string // of the command: Ed25519, in base64
}

// Rotate replaces the log's key: the old key signs a statement that names the new one and covers the heads of all trees, and the store keeps
// it. The old private key is removed.
func (db *DB) Rotate(r Rotation) error {
	old := db.key.Load()
	switch {
	case r.Lost && old.signer != nil:
		return errors.New("the log's key is not lost: rotate it without --lost, so that verifiers can follow from the old key to the new one")
	case !r.Lost && old.signer == nil:
		return db.errNoKey()
	}
	path, next := filepath.Join(db.dir, keyName), filepath.Join(db.dir, nextKeyName)
	signer, verifier, err := db.nextSigner(r, next)
	if err != nil {
		return err
	}
	now := &signingKey{signer: signer, verifier: verifier}
	err = db.update(func(tx *bolt.Tx) error {
		heads, err := db.currentHeads(tx)
		if err != nil {
			return err
		}
		change, err := signing.Replace(old.verifier, old.signer, verifier, signer, r.At, heads)
		if err != nil {
			return err
		}
		now.changes = append(slices.Clone(old.changes), change)
		data, err := json.Marshal(now.changes)
		if err != nil {
			return fmt.Errorf("write the replacement of the key: %w", err)
		}
		meta := tx.Bucket(bucketMeta)
		return errors.Join(meta.Put(keyChanges, data), meta.Put(keyVerifier, []byte(verifier)))
	})
	if err != nil {
		return errors.Join(err, durable.Remove(next))
	}
	db.key.Store(now)
	if r.SignCommand != "" {
		return durable.Remove(path)
	}
	return db.finishRotation(path)
}

// nextSigner returns the signer of the new key, which has the name of the old one, and its verifier key.
func (db *DB) nextSigner(r Rotation, path string) (note.Signer, string, error) {
	if r.SignCommand == "" {
		if err := writeKey(path, db.name()); err != nil {
			return nil, "", err
		}
		return readSigner(path)
	}
	verifier, err := signing.VerifierKey(db.name(), r.PublicKey)
	if err != nil {
		return nil, "", err
	}
	signer, err := signing.NewCommand(r.SignCommand, verifier)
	return signer, verifier, err
}

// currentHeads returns the heads of all trees.
func (db *DB) currentHeads(tx *bolt.Tx) ([]signing.Head, error) {
	var heads []signing.Head
	err := tx.Bucket(bucketTenants).ForEachBucket(func(name []byte) error {
		t, err := readTree(tx, string(name))
		if err != nil {
			return err
		}
		size, err := t.size()
		if err != nil {
			return err
		}
		text, err := db.headText(string(name), size, t)
		if err != nil {
			return err
		}
		head, err := signing.ParseHead(text)
		heads = append(heads, head)
		return err
	})
	return heads, err
}

// finishRotation puts a new key in place if a crash came between the statement in the store and that.
func (db *DB) finishRotation(path string) error {
	next := filepath.Join(db.dir, nextKeyName)
	_, verifier, err := readSigner(next)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && verifier == db.VerifierKey() {
		var text []byte
		if text, err = durable.ReadSecret(next); err == nil {
			err = durable.WriteSecret(path, string(text))
		}
	}
	if err != nil {
		return fmt.Errorf("put the new signing key in place: %w", err)
	}
	return durable.Remove(next) // of an interrupted rotation, if it is not the store's
}

// KeyChanges returns how the log's key was replaced; see [oplog.Store].
func (db *DB) KeyChanges(tree string) ([]oplog.KeyChange, error) {
	if tree == "" {
		return db.keyChangesOf("")
	}
	return db.keyChangesOf(db.origin(tree))
}

// keyChangesOf returns how the log's key was replaced, with the heads of the tree with an origin.
func (db *DB) keyChangesOf(origin string) ([]oplog.KeyChange, error) {
	k := db.key.Load()
	if len(k.changes) == 0 {
		return nil, nil
	}
	if origin != "" && !strings.HasPrefix(origin, db.name()+"/") {
		origin = ""
	}
	if given, known := k.given.Load(origin); known {
		return given.([]oplog.KeyChange), nil
	}
	var changes []oplog.KeyChange
	for _, r := range k.changes {
		c, err := r.Of(origin)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	k.given.Store(origin, changes)
	return changes, nil
}
