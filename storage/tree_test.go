package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"oplog/oplog"
	"oplog/oplog/enginetest"
)

// grown is a tenant's log with an observer's knowledge of it: the leaves.
type grown struct {
	db *DB
	enginetest.Tree
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
			g.Keys = append(g.Keys, e.Key())
			g.Leaves = append(g.Leaves, enginetest.LeafHash(data))
		}
	})
	var entries []oplog.Entry
	for i := len(g.Leaves); i < size; i++ {
		entries = append(entries, entry(i*7919%100_000, fmt.Sprint(i)))
	}
	if _, err := g.db.Append(context.Background(), "acme", entries, 0); err != nil {
		t.Fatal(err)
	}
	if len(g.Leaves) != size {
		t.Fatalf("%d leaves, want %d", len(g.Leaves), size)
	}
}

func (g *grown) check(t *testing.T, indexes ...int) {
	t.Helper()
	g.Check(t, g.db, "acme", indexes...)
}

func TestTreeOfEverySize(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	g.check(t) // of the empty tree
	random := rand.New(rand.NewPCG(1, 2))
	for size := 1; size <= 600; size++ {
		g.grow(t, size)
		g.check(t, random.IntN(size), size-1)
		if size%97 == 0 || size == 256 || size == 512 {
			g.db = reopen(t, g.db)
			g.check(t, 0, size/2, size-1)
		}
	}
	g.CheckAll(t, g.db, "acme")
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
