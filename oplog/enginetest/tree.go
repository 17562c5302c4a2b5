package enginetest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// Tree is an observer's knowledge of a tenant's log: the keys of its entries and the hashes of their bytes, in order of arrival.
type Tree struct {
	Keys   []oplog.Key
	Leaves []tlog.Hash
}

// Check compares the checkpoint, and the proofs of the entries at some indexes, with the tree of the leaves.
func (o *Tree) Check(t testing.TB, p oplog.Prover, tenant string, indexes ...int) {
	t.Helper()
	size, root := len(o.Leaves), RootOf(o.Leaves)
	checkpoint, err := p.Checkpoint(tenant)
	if err != nil {
		t.Fatal(err)
	}
	if gotSize, gotRoot := OpenCheckpoint(t, p, tenant, checkpoint); gotSize != size || gotRoot != root {
		t.Fatalf("the checkpoint is of %d, %s, want %d, %s", gotSize, gotRoot, size, root)
	}
	for _, index := range indexes {
		proof, err := p.Prove(tenant, o.Keys[index], 0)
		if err != nil {
			t.Fatalf("entry %d of %d: %v", index, size, err)
		}
		if proof.Index != uint64(index) || proof.Size != uint64(size) || proof.Checkpoint != checkpoint || LeafHash(proof.Leaf) != o.Leaves[index] {
			t.Fatalf("entry %d of %d: %+v", index, size, proof)
		}
		if err := checkRecord(proof, root); err != nil {
			t.Fatalf("entry %d of %d: %v", index, size, err)
		}
	}
}

// CheckAll does this for every entry.
func (o *Tree) CheckAll(t testing.TB, p oplog.Prover, tenant string) {
	t.Helper()
	indexes := make([]int, len(o.Leaves))
	for i := range indexes {
		indexes[i] = i
	}
	o.Check(t, p, tenant, indexes...)
}

// CheckConsistency checks that the log of one size is proven to begin with that of another, and that no other beginning is. 0 as the later
// size requests the current one.
func (o *Tree) CheckConsistency(t testing.TB, p oplog.Prover, tenant string, from, to, asked int) {
	t.Helper()
	c, err := p.ProveConsistency(tenant, uint64(from), uint64(asked))
	if err != nil {
		t.Fatalf("%d to %d: %v", from, to, err)
	}
	n, root := OpenCheckpoint(t, p, tenant, c.Checkpoint)
	if c.From != uint64(from) || c.To != uint64(to) || n != to || root != RootOf(o.Leaves[:to]) {
		t.Fatalf("%d to %d: %+v", from, to, c)
	}
	path := tlog.TreeProof(hashes(c.Path))
	if err := tlog.CheckTree(path, int64(to), root, int64(from), RootOf(o.Leaves[:from])); err != nil {
		t.Errorf("%d to %d: %v", from, to, err)
	}
	other := slices.Clone(o.Leaves[:from])
	other[from/2][0] ^= 1
	if err := tlog.CheckTree(path, int64(to), root, int64(from), RootOf(other)); err == nil {
		t.Errorf("%d to %d: another beginning is proven too", from, to)
	}
}

// OpenCheckpoint verifies a checkpoint with the verifier key only, and returns the size and the root of its tree.
func OpenCheckpoint(t testing.TB, p oplog.Prover, tenant, checkpoint string) (int, tlog.Hash) {
	t.Helper()
	verifier := verifierOf(t, p)
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifier))
	if err != nil {
		t.Fatalf("%v: %s", err, checkpoint)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name()+"/"+tenant || lines[3] != "" || len(opened.Sigs) != 1 {
		t.Fatalf("checkpoint %q", checkpoint)
	}
	var size int
	if _, err := fmt.Sscan(lines[1], &size); err != nil {
		t.Fatal(err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		t.Fatalf("root %q, %v", lines[2], err)
	}
	return size, tlog.Hash(root)
}

func verifierOf(t testing.TB, p oplog.Prover) note.Verifier {
	t.Helper()
	verifier, err := note.NewVerifier(p.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

// LeafHash is the leaf hash as RFC 6962, 2.1 defines it.
func LeafHash(data []byte) tlog.Hash { return sha256.Sum256(append([]byte{0}, data...)) }

// RootOf is the Merkle tree hash as RFC 6962, 2.1 defines it.
func RootOf(leaves []tlog.Hash) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := RootOf(leaves[:k]), RootOf(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

func hashes(path [][]byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(path))
	for i := range path {
		hashes[i] = tlog.Hash(path[i])
	}
	return hashes
}

func checkRecord(p oplog.Proof, root tlog.Hash) error {
	return tlog.CheckRecord(hashes(p.Path), int64(p.Size), root, int64(p.Index), tlog.RecordHash(p.Leaf))
}
