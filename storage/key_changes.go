package storage

import (
	"context"
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
	Now         func() time.Time
	Lost        bool   // the old key is lost, so it cannot sign its replacement
	SignCommand string // command that signs from now on; "" for a private key in the data directory
	PublicKey   string // of the command: Ed25519, in base64

	// Tell returns the entries of trails that tell of the replacement, of one tenant each, which are recorded with it. It may be nil.
	Tell func(old, next string) ([]oplog.Entry, error)
}

// Rotate replaces the log's key: the old key signs a statement that names the new one and covers the heads of all trees, and the store keeps
// it. Entries are recorded meanwhile; callers that need a signature wait, so that the old key signs nothing afterwards. The old private key is
// removed.
func (db *DB) Rotate(r Rotation) error {
	db.signMu.Lock()
	defer db.signMu.Unlock()
	if err := db.Failure(); err != nil { // a rotation before may have failed, and a start in this state may need its key
		return err
	}
	old := db.key.Load()
	previous, err := db.previousSigner(old, r.Lost)
	if err != nil {
		return err
	}
	path, next := filepath.Join(db.dir, keyName), filepath.Join(db.dir, nextKeyName)
	if err := db.finishRotation(path, false); err != nil { // of one before, whose key may only be in the file of the next
		return err
	}
	signer, verifier, err := db.nextSigner(r, next)
	if err != nil {
		return err
	}
	now := &signingKey{signer: signer, verifier: verifier}
	if err := db.replaceKey(r, old, previous, now); err != nil {
		if _, replicated := db.Replicated(); !replicated && db.Failure() == nil { // otherwise the statement may be on disk, or come back from other nodes
			err = errors.Join(err, durable.Remove(next))
		}
		return err
	}
	if err := db.finishRotation(path, r.SignCommand != ""); err != nil {
		return fmt.Errorf("the key was replaced by %s, and the next start will do what could not be done now: %w", verifier, err)
	}
	return nil
}

var errKeyReplaced = errors.New("the log's key was replaced meanwhile, on another node; nothing was changed here")

// previousSigner returns what signs the replacement of a key; nil if the key is lost: it is not there, or its command does not sign.
func (db *DB) previousSigner(old *signingKey, lost bool) (note.Signer, error) {
	switch {
	case old.signer == nil && !lost:
		return nil, db.errNoKey()
	case old.signer == nil || !lost:
		return old.signer, nil
	}
	if _, err := old.signer.Sign([]byte("oplog key check\n")); err == nil {
		return nil, errors.New("the log's key is not lost: rotate it without --lost, so that verifiers can follow from the old key to the new one")
	}
	return nil, nil
}

// replaceKey has the old key sign its replacement, and stores that with the entries that tell of it. Commands may sign slowly, so they do before the
// transaction. Heads that grow until then do so without a signature of the old key.
func (db *DB) replaceKey(r Rotation, old *signingKey, previous note.Signer, now *signingKey) error {
	at := r.Now() // after everything that the old key has signed
	heads, err := db.currentHeads()
	if err != nil {
		return err
	}
	change, err := signing.Replace(old.verifier, previous, now.verifier, now.signer, at, heads)
	if err != nil {
		return err
	}
	now.changes = append(slices.Clone(old.changes), change)
	request := &appendRequest{key: now, may: func() error {
		if db.VerifierKey() != old.verifier {
			return errKeyReplaced
		}
		return nil
	}}
	if r.Tell != nil {
		entries, err := r.Tell(old.verifier, now.verifier)
		if err != nil {
			return err
		}
		for _, e := range entries {
			request.others = append(request.others, &appendRequest{tenant: e.Tenant, entries: []oplog.Entry{e}})
		}
	}
	_, err = db.submit(context.Background(), request)
	return err
}

// put stores the key and how it replaced earlier ones.
func (k *signingKey) put(tx *bolt.Tx) error {
	data, err := json.Marshal(k.changes)
	if err != nil {
		return fmt.Errorf("write the replacement of the key: %w", err)
	}
	meta := tx.Bucket(bucketMeta)
	return errors.Join(meta.Put(keyChanges, data), meta.Put(keyVerifier, []byte(k.verifier)))
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

// currentHeads returns the heads of all trees, of what is on disk.
func (db *DB) currentHeads() (heads []signing.Head, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		return topBucket(tx, bucketTenants).ForEachBucket(func(name []byte) error {
			t, err := readTree(tx, string(name))
			if err != nil {
				return err
			}
			size, err := db.sizeOf(string(name), t)
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
	})
	return heads, err
}

// finishRotation does what follows once the store names a new key, also if a crash came in between: it puts the key in the place of the old one. If a
// command signs, it removes the old one.
func (db *DB) finishRotation(path string, byCommand bool) error {
	if byCommand {
		return db.removeReplaced(path)
	}
	ours := db.VerifierKey() // once, as a message may replace the key meanwhile: neither placed nor known as still to come, the new one was removed
	next := filepath.Join(db.dir, nextKeyName)
	_, verifier, err := readSigner(next)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && verifier == ours {
		var text []byte
		if text, err = durable.ReadSecret(next); err == nil {
			err = durable.WriteSecret(path, string(text))
		}
	}
	if err != nil {
		return fmt.Errorf("put the new signing key in place: %w", err)
	}
	if _, replicated := db.Replicated(); replicated && verifier != ours {
		return nil // other nodes may have the rotation, and this one not yet
	}
	return durable.Remove(next) // of an interrupted rotation, if it is not the store's
}

// removeReplaced removes a private key that was replaced by that of a command.
func (db *DB) removeReplaced(path string) error {
	history, err := db.KeyHistory("")
	if err != nil {
		return err
	}
	if _, verifier, err := readSigner(path); err == nil && slices.ContainsFunc(history.Changes, func(c oplog.KeyChange) bool { return c.Replaced() == verifier }) {
		return durable.Remove(path)
	}
	return nil // there is none, or another, which is left alone
}

// KeyHistory returns the verifier key and how it replaced earlier ones; see [oplog.Store].
func (db *DB) KeyHistory(tree string) (oplog.KeyHistory, error) {
	k := db.key.Load()
	origin := ""
	if tree != "" {
		origin = db.origin(tree)
	}
	changes, err := k.changesOf(origin)
	return oplog.KeyHistory{Key: k.verifier, Changes: changes}, err
}

// changesOf returns how the key replaced earlier ones, with the heads of the tree with an origin.
func (k *signingKey) changesOf(origin string) ([]oplog.KeyChange, error) {
	if len(k.changes) == 0 {
		return nil, nil
	}
	if name, _, _ := strings.Cut(k.verifier, "+"); origin != "" && !strings.HasPrefix(origin, name+"/") {
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
