package storage

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// damagedPair returns a store, of which texts of entries are flipped, and another one with what was recorded.
func damagedPair(t *testing.T, texts ...string) (db, other *DB) {
	t.Helper()
	db = openStore(t, t.TempDir())
	mustAppend(t, db, withID("e1", entry(3, "first")), withID("e2", entry(2, "salary 1000")), withID("e3", entry(1, "salary 2000")), withID("e4", entry(0, "last")))
	closeStore(t, db)
	dir := t.TempDir()
	copyStore(t, db.path(), dir)
	copyKey(t, db.dir, dir)
	for _, text := range texts {
		flip(t, db.dir, text, strings.Replace(text, "salary", "celery", 1))
	}
	return openStore(t, db.dir), openStore(t, dir)
}

// healing runs the healer of a store, with a count of what it asks for.
func healing(t *testing.T, db *DB, fetch Fetch) (asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		db.Heal(ctx, func(ctx context.Context, log string, seq uint64, leaf [32]byte) ([]byte, error) {
			asked.Add(1)
			return fetch(ctx, log, seq, leaf)
		})
	}()
	t.Cleanup(func() { stop(); <-ended })
	for db.healer.Load() == nil {
		time.Sleep(time.Millisecond)
	}
	return asked
}

func leavesFrom(other *DB) Fetch {
	return func(_ context.Context, log string, seq uint64, _ [32]byte) ([]byte, error) {
		return other.Leaf(log, seq)
	}
}

// treeAndPosition returns the checkpoint and the position in the replicated log, which healing must not change.
func treeAndPosition(t *testing.T, db *DB) (checkpoint string, at Position) {
	t.Helper()
	checkpoint, err := db.Checkpoint("acme")
	if err != nil {
		t.Fatal(err)
	}
	at, _ = db.Replicated()
	return checkpoint, at
}

// TestCheckHeals: a check of the store puts back what another copy has, tells of no damage, and writes nothing that others would have to apply.
func TestCheckHeals(t *testing.T) {
	db, other := damagedPair(t, "salary 1000", "salary 2000")
	if _, _, found := pass(t, db, func(int) {}); len(found) != 1 {
		t.Fatalf("without other copies: %q", found)
	}
	if err := db.BeginReplication(Position{Index: 7, Chain: [32]byte{7}}); err != nil {
		t.Fatal(err)
	}
	db.Replicate(func([]byte) (uint64, error) { return 0, errors.New("nothing is to be replicated") })
	before, at := treeAndPosition(t, db)
	healing(t, db, leavesFrom(other))
	if _, _, found := pass(t, db, func(int) {}); len(found) > 0 || db.Healed() != 2 {
		t.Errorf("%q, %d were healed", found, db.Healed())
	}
	if after, then := treeAndPosition(t, db); after != before || then != at {
		t.Errorf("the tree or the position changed: %s %v, %s %v", before, at, after, then)
	}
	closeStore(t, db)
	db = openStore(t, db.dir)
	if e, err := db.Find("acme", "e2", nil); err != nil || e.Content.Name != "salary 1000" {
		t.Errorf("after another start: %+v, %v", e, err)
	}
	if v, err := db.Verify(t.Context(), "acme", nil, func(_, _ uint64) {}); err != nil || v.Bad > 0 {
		t.Errorf("%+v, %v", v, err)
	}
}

// TestReadHeals: a read of a damaged entry has it healed.
func TestReadHeals(t *testing.T) {
	for how, read := range map[string]func(db *DB) error{
		"by id": func(db *DB) error { _, err := db.Find("acme", "e2", nil); return err },
		"in a page": func(db *DB) error {
			_, err := db.Older("acme", oplog.MakeKey(morning, 99), oplog.Key{}, 10, nil)
			return err
		},
		"sent again": func(db *DB) error {
			_, err := db.Append(context.Background(), "acme", []oplog.Entry{withID("e2", entry(2, "salary 1000"))}, 0)
			return err
		},
	} {
		db, other := damagedPair(t, "salary 1000")
		healing(t, db, leavesFrom(other))
		if err := read(db); how != "in a page" && oplog.CodeOf(err) != oplog.CodeDamaged {
			t.Errorf("%s: %v", how, err)
		}
		for began := time.Now(); db.Healed() == 0 && time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) {
		}
		if e, err := db.Find("acme", "e2", nil); err != nil || e.Damaged {
			t.Errorf("%s: %+v, %v", how, e, err)
		}
	}
}

// TestOtherBytesAreNotPutBack: what does not match the leaf that is stored here changes nothing, whatever others say, and is told as before; it is
// tried again, and not at once.
func TestOtherBytesAreNotPutBack(t *testing.T) {
	db, other := damagedPair(t, "salary 1000")
	first, err := other.Leaf("acme", 1)
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Replace(mustLeaf(t, other, 2), []byte("salary"), []byte("celery"), 1)
	for name, fetch := range map[string]Fetch{
		"another entry": func(context.Context, string, uint64, [32]byte) ([]byte, error) { return first, nil },
		"changed":       func(context.Context, string, uint64, [32]byte) ([]byte, error) { return wrong, nil },
		"nobody": func(context.Context, string, uint64, [32]byte) ([]byte, error) {
			return nil, errors.New("no node answers")
		},
	} {
		ctx, stop := context.WithCancel(t.Context())
		db.healer.Store(&healer{ctx: ctx, fetch: fetch, noted: make(chan struct{}, 1), waiting: make(map[damagedEntry]attempt)})
		if _, _, found := pass(t, db, func(int) {}); len(found) != 1 || db.Healed() != 0 {
			t.Errorf("%s: %q, %d were healed", name, found, db.Healed())
		}
		stop()
	}
	db.healer.Store(nil)
	asked := healing(t, db, func(context.Context, string, uint64, [32]byte) ([]byte, error) {
		return nil, errors.New("no node answers")
	})
	for range 20 {
		if _, err := db.Find("acme", "e2", nil); oplog.CodeOf(err) != oplog.CodeDamaged {
			t.Error(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("it was asked for %d times", n)
	}
}

func mustLeaf(t *testing.T, db *DB, seq uint64) []byte {
	t.Helper()
	data, err := db.Leaf("acme", seq)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDamagedLeafIsNotHealed: where the leaf itself is damaged, the entry's bytes stay as they are.
func TestDamagedLeafIsNotHealed(t *testing.T) {
	db, other := damagedPair(t)
	good := mustLeaf(t, other, 2)
	leaf := LeafHash(good)
	flipped := bytes.Clone(leaf[:])
	flipped[5] ^= 1
	closeStore(t, db)
	flip(t, db.dir, string(leaf[:]), string(flipped))
	path := db.dir
	db, err := Open(path, Options{AcceptLoss: true}) // the head knows the tree's root
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	healing(t, db, leavesFrom(other))
	if _, _, found := pass(t, db, func(int) {}); len(found) == 0 || db.Healed() != 0 {
		t.Errorf("%q, %d were healed", found, db.Healed())
	}
	if _, err := db.Leaf("acme", 2); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("another copy is given it: %v", err)
	}
	err = db.view(func(tx *bolt.Tx) error {
		data, err := entryAt(tx, "acme", oplog.MakeKey(entry(2, "").Time, 2))
		if !bytes.Equal(data, good) {
			t.Error("the entry's bytes were changed")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
