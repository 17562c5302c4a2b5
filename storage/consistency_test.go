package storage

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
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

func TestConsistencyThatIsNone(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	f := func(from, to uint64, field string) {
		t.Helper()
		_, err := g.db.ProveConsistency("acme", from, to)
		var refused *oplog.Error
		if oplog.CodeOf(err) != oplog.CodeInvalid || !errors.As(err, &refused) || refused.Fields[0].Part != oplog.InQuery || refused.Fields[0].Field != field {
			t.Errorf("%d to %d: %v", from, to, err)
		}
	}
	f(1, 0, "from")
	f(0, 0, "from")
	g.grow(t, 3)
	f(4, 0, "from")
	f(3, 2, "from")
	f(0, 3, "from")
	f(1, 4, "to")
}
