package storage

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a parsed checkpoint: the head of a tenant's tree.
type Checkpoint struct {
	Tenant string
	Size   uint64
	Root   tlog.Hash
}

var errNotCheckpoint = errors.New("it is not a checkpoint; keep checkpoints unchanged, including the signature")

// OpenCheckpoint parses a checkpoint signed by this store, or explains why it is rejected.
func (db *DB) OpenCheckpoint(text string) (Checkpoint, error) {
	return signedCheckpoint(text, db.verifier)
}

// signedCheckpoint parses a checkpoint signed by the owner of a verifier key.
func signedCheckpoint(text, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%q is not a verifier key; oplog key verifier prints that of the log", key)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return Checkpoint{}, fmt.Errorf("it is signed by another key than %s: it was forged, or it belongs to another log", key)
	case errors.As(err, &invalid):
		return Checkpoint{}, errors.New("its signature does not match its text: the checkpoint was modified")
	case err != nil:
		return Checkpoint{}, errNotCheckpoint
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return Checkpoint{}, errNotCheckpoint
	}
	tenant, ours := strings.CutPrefix(lines[0], verifier.Name()+"/")
	size, sizeErr := strconv.ParseUint(lines[1], 10, 63)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	if !ours || sizeErr != nil || rootErr != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, errNotCheckpoint
	}
	return Checkpoint{tenant, size, tlog.Hash(root)}, nil
}
