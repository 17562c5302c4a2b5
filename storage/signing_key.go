package storage

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"

	"oplog/durable"
)

// The private key is in a file of its own beside the store, so that a backup, which many people and machines may hold, cannot sign. Earlier
// versions had it in the store.
const keyName = "signing.key"

// errNoKey is what a store without its private key says when something has to be signed.
func (db *DB) errNoKey() error {
	return fmt.Errorf("%s is missing: backups do not contain the signing key; copy it from the original data directory, or from where it is kept", filepath.Join(db.dir, keyName))
}

// newSigner makes the key of a new store. One that a crash left behind is used.
func (db *DB) newSigner() error {
	path := filepath.Join(db.dir, keyName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		random := make([]byte, 4)
		_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
		private, _, err := note.GenerateKey(rand.Reader, "oplog-"+hex.EncodeToString(random))
		if err != nil {
			return err
		}
		if err := durable.WriteSecret(path, private+"\n"); err != nil {
			return fmt.Errorf("write the signing key: %w", err)
		}
	}
	signer, verifier, err := readSigner(path)
	db.signer, db.verifier = signer, verifier
	return err
}

// readSigner reads a private key, and derives its verifier key.
func readSigner(path string) (signer note.Signer, verifier string, err error) {
	text, err := durable.ReadSecret(path)
	if err != nil {
		return nil, "", err
	}
	if signer, err = note.NewSigner(strings.TrimSpace(string(text))); err != nil {
		return nil, "", fmt.Errorf("%s is not a signing key (%w); restore the file from a copy", path, err)
	}
	verifier, err = verifierOf(strings.TrimSpace(string(text)))
	return signer, verifier, err
}

// verifierOf derives the verifier key of a private key, whose last part is the algorithm and the seed.
func verifierOf(private string) (string, error) {
	parts := strings.SplitN(private, "+", 5) // PRIVATE, KEY, name, hash, key
	if len(parts) < 5 {
		return "", errors.New("the signing key is damaged")
	}
	key, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(key) != 1+ed25519.SeedSize {
		return "", errors.New("the signing key is damaged")
	}
	return note.NewEd25519VerifierKey(parts[2], ed25519.NewKeyFromSeed(key[1:]).Public().(ed25519.PublicKey))
}

// loadSigner reads the key of an existing store. inside is the private key in a store of an earlier version, which is moved out.
func (db *DB) loadSigner(inside string, optional bool) error {
	path := filepath.Join(db.dir, keyName)
	if inside != "" {
		if err := db.moveKeyOut(path, inside); err != nil {
			return err
		}
	}
	signer, verifier, err := readSigner(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && optional:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return db.errNoKey()
	case err != nil:
		return err
	case verifier != db.verifier:
		return fmt.Errorf("%s is the key of another log: its verifier key is %s, that of this log is %s; put the log's own key there", path, verifier, db.verifier)
	}
	db.signer = signer
	return nil
}

// moveKeyOut writes a key in the store to its file, and then removes it from the store.
func (db *DB) moveKeyOut(path, inside string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := durable.WriteSecret(path, inside+"\n"); err != nil {
			return fmt.Errorf("move the signing key out of the store: %w", err)
		}
	}
	_, verifier, err := readSigner(path)
	if err != nil {
		return err
	}
	if verifier != db.verifier {
		return fmt.Errorf("%s is the key of another log, and the store still has its own; remove the file", path)
	}
	db.keyMoved = true
	return db.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keySigner) })
}

// KeyMoved reports whether this Open moved the private key out of the store. Unused pages of the file, and earlier backups, may still
// contain it.
func (db *DB) KeyMoved() bool { return db.keyMoved }
