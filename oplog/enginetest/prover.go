package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"oplog/oplog"
)

var proverChecks = []check{
	{"checkpoints and proofs are valid at every size", provesEverySize},
	{"the tree of several hundred entries is kept on disk", provesAfterReopening},
	{"an entry is proven in every smaller tree that holds it", provesInSmallerTrees},
	{"every two sizes are provably consistent", provesConsistency},
	{"consistency proofs for sizes beyond the log are rejected", rejectsInvalidSizes},
	{"a missing entry has no proof", provesNoMissingEntries},
	{"a changed proof or checkpoint is detected", detectsForgedProofs},
	{"Sign returns a signed note", signsNotes},
	{"each store keeps a key of its own", keepsKey},
}

// observer follows acme's log as an outside auditor would.
type observer struct {
	*store
	Tree
}

// observe starts an observer at the first entry.
func observe(s *store) *observer {
	s.t.Helper()
	o := &observer{store: s}
	o.update()
	return o
}

// update reads the entries that have arrived since the last call.
func (o *observer) update() {
	o.t.Helper()
	err := o.Arrivals(o.t.Context(), acme, uint64(len(o.Keys)+1), 0, func(e oplog.Entry) error {
		proof, err := o.Prove(acme, e.Key(), 0)
		o.Keys, o.Leaves = append(o.Keys, e.Key()), append(o.Leaves, LeafHash(proof.Leaf))
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// grow appends entries until the log has a size, with times out of order.
func (o *observer) grow(size int) {
	o.t.Helper()
	var entries []oplog.Entry
	for i := len(o.Keys); i < size; i++ {
		entries = append(entries, entry(i*7919%100_000, fmt.Sprint(i)))
	}
	o.append(entries...)
	o.update()
	if len(o.Keys) != size {
		o.t.Fatalf("%d entries, want %d", len(o.Keys), size)
	}
}

func provesEverySize(_ *testing.T, s *store) {
	o := observe(s)
	o.CheckAll(s.t, s, acme) // of an empty log
	for size := 1; size <= 35; size++ {
		o.grow(size)
		o.CheckAll(s.t, s, acme)
	}
}

func provesAfterReopening(_ *testing.T, s *store) {
	o := observe(s)
	for _, size := range []int{256, 257, 600} {
		o.grow(size)
		s.acrossReopen(func() { o.CheckAll(s.t, s, acme) })
	}
}

func provesInSmallerTrees(t *testing.T, s *store) {
	o := observe(s)
	o.grow(20)
	for size := 1; size <= 20; size++ {
		for index, key := range o.Keys {
			proof, err := s.Prove(acme, key, uint64(size))
			switch {
			case index >= size && err == nil:
				t.Errorf("entry %d is proven in a tree of %d", index, size)
			case index < size && (err != nil || proof.Size != uint64(size) || checkRecord(proof, RootOf(o.Leaves[:size])) != nil):
				t.Errorf("entry %d in %d: %+v, %v", index, size, proof, err)
			}
		}
	}
	if _, err := s.Prove(acme, o.Keys[0], 21); err == nil {
		t.Error("a tree larger than the log has a proof")
	}
}

func provesConsistency(t *testing.T, s *store) {
	o := observe(s)
	const size = 40
	o.grow(size)
	s.acrossReopen(func() {
		for from := 1; from <= size; from++ {
			o.CheckConsistency(t, s, acme, from, size, 0)
			for to := from; to <= size; to++ {
				o.CheckConsistency(t, s, acme, from, to, to)
			}
		}
	})
}

func rejectsInvalidSizes(t *testing.T, s *store) {
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

func provesNoMissingEntries(t *testing.T, s *store) {
	o := observe(s)
	o.grow(3)
	f := func(tenant string, key oplog.Key) {
		t.Helper()
		if _, err := s.Prove(tenant, key, 0); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s %s: %v", tenant, key.ID(), err)
		}
	}
	f(acme, oplog.Key{})
	f(acme, oplog.MakeKey(morning, 4))
	f(acme, oplog.MakeKey(o.Keys[0].Time(), 2))
	f("other", o.Keys[0])
}

func detectsForgedProofs(t *testing.T, s *store) {
	o := observe(s)
	o.grow(300)
	root := RootOf(o.Leaves)
	proof, err := s.Prove(acme, o.Keys[7], 0)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, change func(*oplog.Proof)) {
		t.Helper()
		p := proof
		p.Leaf, p.Path = slices.Clone(proof.Leaf), slices.Clone(proof.Path)
		change(&p)
		if checkRecord(p, root) == nil {
			t.Errorf("%s is not detected", name)
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
	foreign, err := s.secondStore().Checkpoint(acme)
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []string{
		strings.Replace(proof.Checkpoint, "\n300\n", "\n299\n", 1), strings.Replace(proof.Checkpoint, "/acme\n", "/other\n", 1), foreign,
	} {
		if _, err := note.Open([]byte(forged), note.VerifierList(verifierOf(s.t, s))); err == nil {
			t.Errorf("a forged checkpoint is accepted: %s", forged)
		}
	}
}

func signsNotes(t *testing.T, s *store) {
	const text = "manifest\n双十一\n"
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	s.acrossReopen(func() {
		opened, err := note.Open([]byte(signed), note.VerifierList(verifierOf(s.t, s)))
		if err != nil || opened.Text != text || len(opened.Sigs) != 1 {
			t.Errorf("%+v, %v", opened, err)
		}
		if _, err := note.Open([]byte(strings.Replace(signed, "manifest", "manifesto", 1)), note.VerifierList(verifierOf(s.t, s))); err == nil {
			t.Error("another text is accepted")
		}
	})
	if _, err := s.Sign("no line"); err == nil {
		t.Error("a text that does not end with a newline is signed")
	}
}

func keepsKey(t *testing.T, s *store) {
	key := s.VerifierKey()
	before, err := s.Checkpoint(acme)
	if err != nil {
		t.Fatal(err)
	}
	s.reopen()
	s.assertEqual(s.VerifierKey(), key)
	for _, tree := range []string{"", acme} {
		if history, err := s.KeyHistory(tree); err != nil || history.Key != key || len(history.Changes) > 0 {
			t.Errorf("a key that was never replaced has %+v, %v", history, err)
		}
	}
	if size, _ := OpenCheckpoint(s.t, s, acme, before); size != 0 {
		t.Errorf("an empty log has size %d", size)
	}
	if s.secondStore().VerifierKey() == key {
		t.Error("two stores have the same key")
	}
}
