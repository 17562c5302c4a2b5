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

func TestProofOfWhatIsNotThere(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	g.grow(t, 3)
	f := func(t *testing.T, tenant string, key oplog.Key) {
		t.Helper()
		if _, err := g.db.Prove(tenant, key); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s %s: %v", tenant, key.ID(), err)
		}
	}
	f(t, "acme", oplog.Key{})
	f(t, "acme", oplog.MakeKey(morning, 4))
	f(t, "acme", oplog.MakeKey(g.keys[0].Time(), 2))
	f(t, "other", g.keys[0])
}

func TestTamperingShows(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	g.grow(t, 300)
	root := rootOf(g.leaves)
	proof, err := g.db.Prove("acme", g.keys[7])
	if err != nil {
		t.Fatal(err)
	}
	f := func(t *testing.T, name string, change func(*oplog.Proof)) {
		t.Helper()
		p := proof
		p.Leaf = append([]byte(nil), proof.Leaf...)
		p.Path = append([][]byte(nil), proof.Path...)
		change(&p)
		if checkRecord(p, root) == nil {
			t.Errorf("%s goes unnoticed", name)
		}
	}
	for i := range proof.Leaf {
		f(t, fmt.Sprintf("byte %d of the leaf", i), func(p *oplog.Proof) { p.Leaf[i] ^= 1 })
	}
	f(t, "a longer leaf", func(p *oplog.Proof) { p.Leaf = append(p.Leaf, 0) })
	f(t, "another index", func(p *oplog.Proof) { p.Index++ })
	f(t, "another size", func(p *oplog.Proof) { p.Size = 1 << 20 })
	f(t, "a shorter path", func(p *oplog.Proof) { p.Path = p.Path[1:] })
	f(t, "another path", func(p *oplog.Proof) { p.Path[0] = p.Path[1] })

	verifier, err := note.NewVerifier(g.db.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	other := openStore(t, t.TempDir())
	if other.VerifierKey() == g.db.VerifierKey() {
		t.Error("two stores have one key")
	}
	foreign, err := other.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []string{
		strings.Replace(proof.Checkpoint, "\n300\n", "\n299\n", 1), strings.Replace(proof.Checkpoint, "/acme\n", "/other\n", 1), foreign,
	} {
		if _, err := note.Open([]byte(forged), note.VerifierList(verifier)); err == nil {
			t.Errorf("a forged checkpoint is taken: %s", forged)
		}
	}
}

func TestKeyOutlivesTheProcess(t *testing.T) {
	db := openStore(t, t.TempDir())
	key := db.VerifierKey()
	before, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	db = reopen(t, db)
	if db.VerifierKey() != key {
		t.Errorf("the key was %s, is %s", key, db.VerifierKey())
	}
	if size, _ := openCheckpoint(t, db, "acme", before); size != 0 {
		t.Errorf("an empty log has size %d", size)
	}
}
