package storage

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
	"oplog/signing"
)

// VerifyProof checks an inclusion proof (RFC 6962, 2.1.1) against the keys of its store, and returns the proven entry and the
// checkpoint. Errors explain for users what does not match.
func VerifyProof(p oplog.Proof, keys *signing.Keys) (oplog.Entry, Checkpoint, error) {
	head, err := signedCheckpoint(p.Checkpoint, keys)
	if err != nil {
		return oplog.Entry{}, head, fmt.Errorf("the checkpoint in it is not valid: %w", err)
	}
	if p.Size != head.Size || p.Index >= head.Size {
		return oplog.Entry{}, head, fmt.Errorf("it is for entry %d of %d, but its checkpoint is for %d entries", p.Index+1, p.Size, head.Size)
	}
	path := make(tlog.RecordProof, len(p.Path))
	for i, hash := range p.Path {
		if len(hash) != tlog.HashSize {
			return oplog.Entry{}, head, fmt.Errorf("hash %d of its path has %d bytes instead of %d", i+1, len(hash), tlog.HashSize)
		}
		path[i] = tlog.Hash(hash)
	}
	if err := tlog.CheckRecord(path, int64(head.Size), head.Root, int64(p.Index), tlog.RecordHash(p.Leaf)); err != nil { //nolint:gosec // below 2^63, as signedCheckpoint ensures
		return oplog.Entry{}, head, errors.New("the entry differs from what the log recorded: its hash does not lead to the root of the signed checkpoint")
	}
	entry, err := decodeEntry(p.Leaf)
	if err != nil {
		return oplog.Entry{}, head, fmt.Errorf("the recorded entry is invalid: %w", err)
	}
	if entry.Tenant != head.Tenant || entry.Seq != p.Index+1 {
		return oplog.Entry{}, head, fmt.Errorf("the recorded entry is number %d of tenant %s, but the proof is for number %d of %s", entry.Seq, entry.Tenant, p.Index+1, head.Tenant)
	}
	return entry, head, nil
}

// IsLeaf reports whether an entry encodes to exactly the bytes of a leaf.
func IsLeaf(e oplog.Entry, leaf []byte) bool {
	data, err := encodeEntry(&e)
	return err == nil && string(data) == string(leaf)
}
