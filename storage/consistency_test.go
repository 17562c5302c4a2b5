package storage

import (
	"testing"
)

// TestConsistencyOfEverySize: with the store's proofs alone, an observer who kept a checkpoint verifies that the log of a later checkpoint
// begins with the same entries.
func TestConsistencyOfEverySize(t *testing.T) {
	g := &grown{db: openStore(t, t.TempDir())}
	const size = 2*tileSize + 35
	g.grow(t, size)
	check := func(from, to, asked int) {
		t.Helper()
		g.CheckConsistency(t, g.db, "acme", from, to, asked)
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
