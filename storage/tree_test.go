package storage

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// grown is a tenant's log with what an observer knows of it: the leaves.
type grown struct {
	db     *DB
	keys   []oplog.Key
	leaves []tlog.Hash
}

// grow appends entries up to a size.
func (g *grown) grow(t *testing.T, size int) {
	t.Helper()
	g.db.OnAppend(func(_ string, entries []oplog.Entry) {
		for _, e := range entries {
			data, err := encodeEntry(&e)
			if err != nil {
				t.Error(err)
			}
			g.keys = append(g.keys, e.Key())
			g.leaves = append(g.leaves, leafHash(data))
		}
	})
	var entries []oplog.Entry
	for i := len(g.leaves); i < size; i++ {
		entries = append(entries, entry(i*7919%100_000, fmt.Sprint(i)))
	}
	if _, err := g.db.Append(context.Background(), "acme", entries, 0); err != nil {
		t.Fatal(err)
	}
	if len(g.leaves) != size {
		t.Fatalf("%d leaves, want %d", len(g.leaves), size)
	}
}

// check compares the checkpoint, and the proofs of some leaves, with the tree
// of the leaves.
func (g *grown) check(t *testing.T, indexes ...int) {
	t.Helper()
	size := len(g.leaves)
	root := rootOf(g.leaves)
	checkpoint, err := g.db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	if gotSize, gotRoot := openCheckpoint(t, g.db, "acme", checkpoint); gotSize != size || gotRoot != root {
		t.Fatalf("the checkpoint is of %d, %s, want %d, %s", gotSize, gotRoot, size, root)
	}
	for _, index := range indexes {
		proof, err := g.db.Prove("acme", g.keys[index])
		if err != nil {
			t.Fatalf("entry %d of %d: %v", index, size, err)
		}
		if proof.Index != uint64(index) || proof.Size != uint64(size) || proof.Checkpoint != checkpoint || leafHash(proof.Leaf) != g.leaves[index] {
			t.Fatalf("entry %d of %d: %+v", index, size, proof)
		}
		if err := checkRecord(proof, root); err != nil {
			t.Fatalf("entry %d of %d: %v", index, size, err)
		}
	}
}

func checkRecord(proof oplog.Proof, root tlog.Hash) error {
	path := make(tlog.RecordProof, len(proof.Path))
	for i := range path {
		path[i] = tlog.Hash(proof.Path[i])
	}
	return tlog.CheckRecord(path, int64(proof.Size), root, int64(proof.Index), tlog.RecordHash(proof.Leaf))
}

// openCheckpoint verifies a checkpoint as anybody can who has the verifier key.
func openCheckpoint(t *testing.T, db *DB, tenant, checkpoint string) (int, tlog.Hash) {
	t.Helper()
	verifier, err := note.NewVerifier(db.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
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

func TestTreeOfEverySize(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	g.check(t) // of nothing
	random := rand.New(rand.NewPCG(1, 2))
	for size := 1; size <= 600; size++ {
		g.grow(t, size)
		g.check(t, random.IntN(size), size-1)
		if size%97 == 0 || size == 256 || size == 512 {
			g.db = reopen(t, g.db)
			g.check(t, 0, size/2, size-1)
		}
	}
	all := make([]int, len(g.leaves))
	for i := range all {
		all[i] = i
	}
	g.check(t, all...)
	checkStore(t, g.db, "acme")
}

func TestTreeAroundLargeSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("65,000 entries")
	}
	g := &grown{db: openStore(t, t.TempDir())}
	for _, size := range []int{4095, 4096, 4097, 20_000, 40_000, 65_279, 65_535, 65_536, 65_537, 65_792, 65_793} {
		g.grow(t, size)
		g.check(t, 0, 255, 256, 4094, size/2, size-257, size-2, size-1)
		if size == 65_536 {
			g.db = reopen(t, g.db)
			g.check(t, 0, 32_767, 32_768, 65_535)
		}
	}
	checkStore(t, g.db, "acme")
}
