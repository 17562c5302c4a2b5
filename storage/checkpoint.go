package storage

import (
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/signing"
)

// Checkpoint is a parsed checkpoint: the head of a tenant's tree.
type Checkpoint struct {
	Tenant string
	Size   uint64
	Root   tlog.Hash
	Key    string // that signed it
}

var errNotCheckpoint = errors.New("it is not a checkpoint; keep checkpoints unchanged, including the signature")

// OpenCheckpoint parses a checkpoint signed by this store, or explains why it is rejected. Checkpoints of earlier keys are valid up to the
// size that the tree had when the key was replaced.
func (db *DB) OpenCheckpoint(text string) (Checkpoint, error) {
	origin, _, _ := strings.Cut(text, "\n")
	k := db.key.Load()
	changes, err := k.changesOf(origin)
	if err != nil {
		return Checkpoint{}, err
	}
	keys, err := signing.Follow(k.verifier, changes)
	if err != nil {
		return Checkpoint{}, err
	}
	return signedCheckpoint(text, keys)
}

// signedCheckpoint parses a checkpoint signed by one of the keys of a log.
func signedCheckpoint(text string, keys *signing.Keys) (Checkpoint, error) {
	head, key, err := keys.OpenCheckpoint(text)
	tenant, ours := strings.CutPrefix(head.Origin, keys.Name()+"/")
	switch {
	case errors.Is(err, signing.ErrModified):
		return Checkpoint{}, errors.New("its signature does not match its text: the checkpoint was modified")
	case errors.Is(err, signing.ErrNoNote), errors.Is(err, signing.ErrNoHead):
		return Checkpoint{}, errNotCheckpoint
	case err != nil:
		return Checkpoint{}, err
	case !ours:
		return Checkpoint{}, errNotCheckpoint
	}
	return Checkpoint{tenant, head.Size, head.Root, key}, nil
}
