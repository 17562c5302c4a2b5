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

// Checkpoint is the head of a tenant's tree, as a checkpoint says it.
type Checkpoint struct {
	Tenant string
	Size   uint64
	Root   tlog.Hash
}

var errNotCheckpoint = errors.New("it is no checkpoint; keep the text of one as it is, with its signature")

// OpenCheckpoint reads a checkpoint that this store has signed. Of any other it
// says why it is not taken.
func (db *DB) OpenCheckpoint(text string) (Checkpoint, error) {
	return signedCheckpoint(text, db.verifier)
}

// signedCheckpoint reads a checkpoint that the owner of a verifier key has signed.
func signedCheckpoint(text, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%q is not a verifier key; oplog key verifier prints the log's", key)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified):
		return Checkpoint{}, fmt.Errorf("it is signed by another store's key, not by %s: it was forged, or this is not the store that it is of", key)
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
