package storage

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// An observer who kept a checkpoint checks, with what the store proves alone,
// that the log of a later one begins with the same entries.
func TestConsistencyOfEverySize(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	const size = 2*tileSize + 35
	g.grow(t, size)
	check := func(from, to, asked int) {
		t.Helper()
		c, err := g.db.ProveConsistency("acme", uint64(from), uint64(asked))
		if err != nil {
			t.Fatalf("%d to %d: %v", from, to, err)
		}
		path := make(tlog.TreeProof, len(c.Path))
		for i := range path {
			path[i] = tlog.Hash(c.Path[i])
		}
		n, root := openCheckpoint(t, g.db, "acme", c.Checkpoint)
		if c.From != uint64(from) || c.To != uint64(to) || n != to {
			t.Fatalf("%d to %d: %+v", from, to, c)
		}
		if err := tlog.CheckTree(path, int64(to), root, int64(from), rootOf(g.leaves[:from])); err != nil {
			t.Errorf("%d to %d: %v", from, to, err)
		}
		other := append([]tlog.Hash(nil), g.leaves[:from]...)
		other[from/2][0] ^= 1
		if err := tlog.CheckTree(path, int64(to), root, int64(from), rootOf(other)); err == nil {
			t.Errorf("%d to %d: another beginning is proven too", from, to)
		}
	}
	for from := 1; from <= size; from += 17 {
		check(from, size, 0)
		for to := from; to <= size; to += 41 {
			check(from, to, to)
		}
	}
	check(tileSize, 2*tileSize, 2*tileSize)
	check(size, size, size)
}
