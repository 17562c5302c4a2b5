package storage

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"

	"oplog/durable"
	"oplog/faults"
	"oplog/oplog"
	"oplog/signing"
)

// The private key is in a file of its own beside the store, so that a backup, which many people and machines may hold, cannot sign. Earlier
// versions had it in the store.
const keyName = "signing.key"

// signingKey is the log's key. It is replaced, never modified.
type signingKey struct {
	signer   note.Signer // nil without the private key
	verifier string
	changes  []signing.Record // how earlier keys were replaced, oldest first
	given    sync.Map         // []oplog.KeyChange by origin
}

// errNoKey is what a store without its private key says when something has to be signed.
func (db *DB) errNoKey() error {
	return fmt.Errorf("%s is missing: backups do not contain the signing key; copy it from the original data directory, or from where it is kept; "+
		"if a command signs, specify --sign-command; if the key is lost for good, begin a new one with oplog key rotate --lost", filepath.Join(db.dir, keyName))
}

// readKeys reads the verifier key, and how earlier ones were replaced.
func (db *DB) readKeys(meta *bolt.Bucket) error {
	k := &signingKey{verifier: string(meta.Get(keyVerifier))}
	if _, err := note.NewVerifier(k.verifier); err != nil { // it has a hash of itself
		return fmt.Errorf("the verifier key in %s is damaged (%w); restore a backup to a new directory: oplog restore FILE --data NEW", db.path(), err)
	}
	if data := meta.Get(keyChanges); data != nil {
		if err := json.Unmarshal(data, &k.changes); err != nil {
			return fmt.Errorf("the record of replaced keys in %s is damaged (%w); restore a backup", db.path(), err)
		}
	}
	db.key.Store(k)
	return nil
}

// newSigner makes the key of a new store. One that a crash left behind is used.
func (db *DB) newSigner() error {
	path := filepath.Join(db.dir, keyName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		random := make([]byte, 4)
		_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
		if err := writeKey(path, "oplog-"+hex.EncodeToString(random)); err != nil {
			return err
		}
	}
	signer, verifier, err := readSigner(path)
	db.key.Store(&signingKey{signer: signer, verifier: verifier})
	return err
}

// writeKey makes a private key for the log with a name.
func writeKey(path, name string) error {
	private, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	if err := durable.WriteSecret(path, private+"\n"); err != nil {
		return fmt.Errorf("write the signing key: %w", err)
	}
	return nil
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

// LoadKey finds what signs for a store that was opened for reading without its private key: a command, or for "" the key in its file.
func (db *DB) LoadKey(signCommand string) error {
	return db.loadSigner("", Options{ReadOnly: true, SignCommand: signCommand})
}

// loadSigner finds what signs for an existing store. inside is the private key in a store of an earlier version, which is moved out.
func (db *DB) loadSigner(inside string, o Options) error {
	path := filepath.Join(db.dir, keyName)
	if inside != "" {
		if err := db.moveKeyOut(path, inside); err != nil {
			return err
		}
	}
	if !o.ReadOnly {
		if err := db.finishRotation(path, o.SignCommand != ""); err != nil {
			return err
		}
	}
	k := db.key.Load()
	if o.SignCommand != "" {
		signer, err := signing.NewCommand(o.SignCommand, k.verifier)
		if err != nil {
			return err
		}
		db.setSigner(k, signer)
		return nil
	}
	signer, verifier, err := readSigner(path)
	_, replicated := db.Replicated()
	switch {
	case errors.Is(err, fs.ErrNotExist) && (o.WithoutKey || replicated):
		return nil
	case err == nil && replicated && verifier != k.verifier && strings.HasPrefix(verifier, db.name()+"+"):
		return nil // it was replaced on another node, whose key is to be adopted
	case errors.Is(err, fs.ErrNotExist):
		return db.errNoKey()
	case err != nil:
		return err
	case verifier != k.verifier && strings.HasPrefix(verifier, db.name()+"+"):
		return fmt.Errorf("%s is the key that this log has before or after a rotation: its verifier key is %s, the store's is %s; "+
			"put the key there that belongs to the store, or if it is lost for good, move this one away and begin a new one with oplog key rotate --lost", path, verifier, k.verifier)
	case verifier != k.verifier:
		return fmt.Errorf("%s is the key of another log: its verifier key is %s, that of this log is %s; put the log's own key there", path, verifier, k.verifier)
	}
	db.setSigner(k, signer)
	return nil
}

// HasKey reports whether the store can sign. A replicated one cannot from when its key was replaced on another node until it adopts the new one.
func (db *DB) HasKey() bool { return db.key.Load().signer != nil }

// AdoptKey makes a private key from another node, which must be the log's, that of this one. If a message replaces the log's key meanwhile, the store
// cannot sign yet: see HasKey.
func (db *DB) AdoptKey(text string) error {
	db.signMu.Lock()
	defer db.signMu.Unlock()
	verifier, err := verifierOf(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	if ours := db.VerifierKey(); verifier != ours {
		return fmt.Errorf("the key is not that of this log: its verifier key is %s, that of this log is %s", verifier, ours)
	}
	if err := durable.WriteSecret(filepath.Join(db.dir, keyName), strings.TrimSpace(text)+"\n"); err != nil {
		return err
	}
	return db.loadSigner("", Options{ReadOnly: true})
}

// AdoptNextKey makes the key of a rotation that was begun here the one that signs, if it has become the log's after all: its message was uncertain, and
// came back from another node.
func (db *DB) AdoptNextKey() error {
	db.signMu.Lock()
	defer db.signMu.Unlock()
	if err := db.finishRotation(filepath.Join(db.dir, keyName), false); err != nil {
		return err
	}
	return db.loadSigner("", Options{ReadOnly: true})
}

// setSigner makes a signer sign for the log's key, for which it was found, unless a message that was applied meanwhile has replaced that.
func (db *DB) setSigner(k *signingKey, signer note.Signer) {
	db.key.CompareAndSwap(k, &signingKey{signer: signer, verifier: k.verifier, changes: k.changes})
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
	if verifier != db.VerifierKey() {
		return fmt.Errorf("%s is the key of another log, and the store still has its own; remove the file", path)
	}
	db.keyMoved = true
	return db.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keySigner) })
}

// KeyMoved reports whether this Open moved the private key out of the store. Unused pages of the file, and earlier backups, may still
// contain it.
func (db *DB) KeyMoved() bool { return db.keyMoved }

// SignCommand returns the command that signs; "" for none.
func (db *DB) SignCommand() string {
	if c, is := db.key.Load().signer.(*signing.Command); is {
		return c.Line()
	}
	return ""
}

// VerifierKey returns the public key of checkpoints; see [oplog.Store].
func (db *DB) VerifierKey() string { return db.key.Load().verifier }

// name returns the name of the log in its keys and origins.
func (db *DB) name() string {
	name, _, _ := strings.Cut(db.VerifierKey(), "+")
	return name
}

// Sign returns a text as a signed note; see [oplog.Store]. While the key is replaced, it waits for the new one.
func (db *DB) Sign(text string) (string, error) {
	db.signMu.RLock()
	defer db.signMu.RUnlock()
	signer := db.key.Load().signer
	if signer == nil {
		return "", db.errNoKey()
	}
	if !strings.HasSuffix(text, "\n") {
		return "", errors.New("the text to sign does not end with a newline")
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		if last := db.signFailure.Swap(&err); last == nil || !errors.Is(err, *last) { // not again what the signer repeats
			faults.Report("signing", err)
		}
		return "", oplog.Errorf(oplog.CodeUnavailable, "The log's key cannot sign at the moment; operations are recorded nevertheless. Retry later; the server's log has the reason.")
	}
	return string(signed), nil
}
