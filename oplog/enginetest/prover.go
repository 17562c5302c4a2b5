package enginetest

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

var proverChecks = []check{
	{"checkpoints and proofs of every size", provesEverySize},
	{"the tree of several hundred entries outlives the process", provesAfterReopening},
	{"consistency between every two sizes", provesConsistency},
	{"consistency of sizes that the log does not have is invalid", refusesConsistency},
	{"an entry that is not there has no proof", provesNothing},
	{"a change of a proof or checkpoint shows", changesShow},
	{"Sign returns a signed note", signsNotes},
	{"the key outlives the process and is the store's own", keepsKey},
}

// observer is what an observer knows of acme's log: the keys of the entries, the
// hashes of their recorded bytes, and the root by RFC 6962.
type observer struct {
	*store
	keys   []oplog.Key
	leaves []tlog.Hash
}

// observe reads the log from the start.
func observe(s *store) *observer {
	s.t.Helper()
	o := &observer{store: s}
	o.follow()
	return o
}

// follow reads what arrived since.
func (o *observer) follow() {
	o.t.Helper()
	err := o.Arrivals(o.t.Context(), acme, uint64(len(o.keys)+1), 0, func(e oplog.Entry) error {
		proof, err := o.Prove(acme, e.Key())
		o.keys, o.leaves = append(o.keys, e.Key()), append(o.leaves, leafHash(proof.Leaf))
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// grow appends entries up to a size, with times in no order.
func (o *observer) grow(size int) {
	o.t.Helper()
	var entries []oplog.Entry
	for i := len(o.keys); i < size; i++ {
		entries = append(entries, entry(i*7919%100_000, fmt.Sprint(i)))
	}
	o.append(entries...)
	o.follow()
	if len(o.keys) != size {
		o.t.Fatalf("%d entries, want %d", len(o.keys), size)
	}
}

// check compares the checkpoint, and the proofs of all entries, with the tree of
// the leaves.
func (o *observer) check() {
	o.t.Helper()
	size, root := len(o.leaves), rootOf(o.leaves)
	checkpoint, err := o.Checkpoint(acme)
	if err != nil {
		o.t.Fatal(err)
	}
	if gotSize, gotRoot := o.openCheckpoint(checkpoint); gotSize != size || gotRoot != root {
		o.t.Fatalf("the checkpoint is of %d, %s, want %d, %s", gotSize, gotRoot, size, root)
	}
	for index, key := range o.keys {
		proof, err := o.Prove(acme, key)
		if err != nil {
			o.t.Fatalf("entry %d of %d: %v", index, size, err)
		}
		if proof.Index != uint64(index) || proof.Size != uint64(size) || proof.Checkpoint != checkpoint || leafHash(proof.Leaf) != o.leaves[index] {
			o.t.Fatalf("entry %d of %d: %+v", index, size, proof)
		}
		if err := checkRecord(proof, root); err != nil {
			o.t.Fatalf("entry %d of %d: %v", index, size, err)
		}
	}
}

// openCheckpoint verifies a checkpoint of acme as anybody can that has the verifier key.
func (s *store) openCheckpoint(checkpoint string) (int, tlog.Hash) {
	s.t.Helper()
	verifier := s.verifier()
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(verifier))
	if err != nil {
		s.t.Fatalf("%v: %s", err, checkpoint)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name()+"/"+acme || lines[3] != "" || len(opened.Sigs) != 1 {
		s.t.Fatalf("checkpoint %q", checkpoint)
	}
	var size int
	if _, err := fmt.Sscan(lines[1], &size); err != nil {
		s.t.Fatal(err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		s.t.Fatalf("root %q, %v", lines[2], err)
	}
	return size, tlog.Hash(root)
}

func (s *store) verifier() note.Verifier {
	s.t.Helper()
	verifier, err := note.NewVerifier(s.VerifierKey())
	if err != nil {
		s.t.Fatal(err)
	}
	return verifier
}

// leafHash and rootOf are RFC 6962 as it is written, 2.1.
func leafHash(data []byte) tlog.Hash { return sha256.Sum256(append([]byte{0}, data...)) }

func rootOf(leaves []tlog.Hash) tlog.Hash {
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
		left, right := rootOf(leaves[:k]), rootOf(leaves[k:])
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

func provesEverySize(_ *testing.T, s *store) {
	o := observe(s)
	o.check() // of nothing
	for size := 1; size <= 35; size++ {
		o.grow(size)
		o.check()
	}
}

func provesAfterReopening(_ *testing.T, s *store) {
	o := observe(s)
	for _, size := range []int{256, 257, 600} {
		o.grow(size)
		s.opened(o.check)
	}
}

func provesConsistency(t *testing.T, s *store) {
	o := observe(s)
	const size = 40
	o.grow(size)
	f := func(from, to, asked int) {
		t.Helper()
		c, err := s.ProveConsistency(acme, uint64(from), uint64(asked))
		if err != nil {
			t.Fatalf("%d to %d: %v", from, to, err)
		}
		n, root := s.openCheckpoint(c.Checkpoint)
		if c.From != uint64(from) || c.To != uint64(to) || n != to || root != rootOf(o.leaves[:to]) {
			t.Fatalf("%d to %d: %+v", from, to, c)
		}
		path := tlog.TreeProof(hashes(c.Path))
		if err := tlog.CheckTree(path, int64(to), root, int64(from), rootOf(o.leaves[:from])); err != nil {
			t.Errorf("%d to %d: %v", from, to, err)
		}
		other := slices.Clone(o.leaves[:from])
		other[from/2][0] ^= 1
		if err := tlog.CheckTree(path, int64(to), root, int64(from), rootOf(other)); err == nil {
			t.Errorf("%d to %d: another beginning is proven too", from, to)
		}
	}
	s.opened(func() {
		for from := 1; from <= size; from++ {
			f(from, size, 0)
			for to := from; to <= size; to++ {
				f(from, to, to)
			}
		}
	})
}

func refusesConsistency(t *testing.T, s *store) {
	f := func(from, to uint64, field string) {
		t.Helper()
		_, err := s.ProveConsistency(acme, from, to)
		var refused *oplog.Error
		if oplog.CodeOf(err) != oplog.CodeInvalid || !errors.As(err, &refused) || len(refused.Fields) != 1 || refused.Fields[0].Part != oplog.InQuery || refused.Fields[0].Field != field {
			t.Errorf("%d to %d: %v", from, to, err)
		}
	}
	f(1, 0, "from")
	f(0, 0, "from")
	observe(s).grow(3)
	f(4, 0, "from")
	f(3, 2, "from")
	f(0, 3, "from")
	f(1, 4, "to")
}

func provesNothing(t *testing.T, s *store) {
	o := observe(s)
	o.grow(3)
	f := func(tenant string, key oplog.Key) {
		t.Helper()
		if _, err := s.Prove(tenant, key); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s %s: %v", tenant, key.ID(), err)
		}
	}
	f(acme, oplog.Key{})
	f(acme, oplog.MakeKey(morning, 4))
	f(acme, oplog.MakeKey(o.keys[0].Time(), 2))
	f("other", o.keys[0])
}

func changesShow(t *testing.T, s *store) {
	o := observe(s)
	o.grow(300)
	root := rootOf(o.leaves)
	proof, err := s.Prove(acme, o.keys[7])
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, change func(*oplog.Proof)) {
		t.Helper()
		p := proof
		p.Leaf, p.Path = slices.Clone(proof.Leaf), slices.Clone(proof.Path)
		change(&p)
		if checkRecord(p, root) == nil {
			t.Errorf("%s goes unnoticed", name)
		}
	}
	for i := range proof.Leaf {
		f(fmt.Sprintf("byte %d of the leaf", i), func(p *oplog.Proof) { p.Leaf[i] ^= 1 })
	}
	f("a longer leaf", func(p *oplog.Proof) { p.Leaf = append(p.Leaf, 0) })
	f("another index", func(p *oplog.Proof) { p.Index++ })
	f("another size", func(p *oplog.Proof) { p.Size = 1 << 20 })
	f("a shorter path", func(p *oplog.Proof) { p.Path = p.Path[1:] })
	f("another path", func(p *oplog.Proof) { p.Path[0] = p.Path[1] })
	foreign, err := s.another().Checkpoint(acme)
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []string{
		strings.Replace(proof.Checkpoint, "\n300\n", "\n299\n", 1), strings.Replace(proof.Checkpoint, "/acme\n", "/other\n", 1), foreign,
	} {
		if _, err := note.Open([]byte(forged), note.VerifierList(s.verifier())); err == nil {
			t.Errorf("a forged checkpoint is taken: %s", forged)
		}
	}
}

func signsNotes(t *testing.T, s *store) {
	const text = "manifest\n双十一\n"
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	s.opened(func() {
		opened, err := note.Open([]byte(signed), note.VerifierList(s.verifier()))
		if err != nil || opened.Text != text || len(opened.Sigs) != 1 {
			t.Errorf("%+v, %v", opened, err)
		}
		if _, err := note.Open([]byte(strings.Replace(signed, "manifest", "manifesto", 1)), note.VerifierList(s.verifier())); err == nil {
			t.Error("another text is taken")
		}
	})
	if _, err := s.Sign("no line"); err == nil {
		t.Error("a text that is no lines is signed")
	}
}

func keepsKey(t *testing.T, s *store) {
	key := s.VerifierKey()
	before, err := s.Checkpoint(acme)
	if err != nil {
		t.Fatal(err)
	}
	s.reopen()
	s.same(s.VerifierKey(), key)
	if size, _ := s.openCheckpoint(before); size != 0 {
		t.Errorf("an empty log has size %d", size)
	}
	if s.another().VerifierKey() == key {
		t.Error("two stores have one key")
	}
}
