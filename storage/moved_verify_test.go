package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
	"oplog/oplog/enginetest"
)

// changeTree changes the arrivals and subtrees of acme.
func (m *movable) changeTree(change func(tenant *bolt.Bucket, t tree) error) {
	m.Helper()
	m.must(m.db.update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketTenants).Bucket([]byte("acme"))
		return change(b, treeIn(b))
	}))
}

// hideInStub removes the entries and ids of days that are here from the tile that has the fewest, and says that the tile was moved with those of removed days.
func hideInStub(m *movable, b *bolt.Bucket, t tree) error {
	best := []oplog.Key(nil)
	for first := 0; first+tileSize < len(m.keys); first += tileSize {
		var here []oplog.Key
		for _, key := range m.keys[first : first+tileSize] {
			if !m.removed[oplog.DateOf(key.Time())] {
				here = append(here, key)
			}
		}
		if len(here) > 0 && (best == nil || len(here) < len(best)) {
			best = here
		}
	}
	var errs []error
	for _, key := range best {
		errs = append(errs, bucketOfDay(b.Bucket([]byte(nameEntries)), key).Delete(key[:]))
	}
	ids := b.Bucket([]byte(nameIDs))
	errs = append(errs, ids.ForEachBucket(func(name []byte) error {
		run := readRun(ids, name)
		var kept []idRecord
		for i := range run.len() {
			if r := run.at(i); !slices.ContainsFunc(best, func(k oplog.Key) bool { return k.Seq() == r.seq }) {
				kept = append(kept, r)
			}
		}
		return ids.Bucket(name).Put(runValue, makeRun(kept))
	}))
	number := tileKey((best[0].Seq() - 1) / tileSize)
	left, removed := makeStub(t.arrivals.Get(number)), m.keys[0]
	copy(left, removed[1:8])
	copy(left[timeSize:], removed[1:8])
	return errors.Join(append(errs, t.arrivals.Put(number, left))...)
}

// TestVerifyTellsFalseStubs: a tile that says it was moved explains nothing but the removed days.
func TestVerifyTellsFalseStubs(t *testing.T) {
	for name, c := range map[string]struct {
		want   string
		change func(m *movable, b *bolt.Bucket, t tree) error
	}{
		"of days that are here": {"moved 2561, inserted", func(_ *movable, _ *bolt.Bucket, t tree) error {
			key := tileKey(10)
			return t.arrivals.Put(key, makeStub(t.arrivals.Get(key)))
		}},
		"with entries that are not in the archive": {"moved 1", hideInStub},
		"of a subtree that is not there": {"subtree 1", func(_ *movable, _ *bolt.Bucket, t tree) error {
			return t.subtrees.Delete(subtreeKey(tileLevel, 0))
		}},
		"of another subtree": {"subtree 1", func(_ *movable, _ *bolt.Bucket, t tree) error {
			return t.subtrees.Put(subtreeKey(tileLevel, 0), make([]byte, 32))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMovable(t, 5, 12*tileSize, 4)
			m.remove(m.dates()[:3]...)
			m.move()
			if moved := stubs(t, m.db); len(moved) < 4 || moved[0] != 0 {
				t.Fatalf("moved %v", moved)
			}
			m.changeTree(func(b *bolt.Bucket, tr tree) error { return c.change(m, b, tr) })
			if found, _ := verified(t, m.db); !strings.Contains(found, c.want) {
				t.Errorf("found %s, want %s", found, c.want)
			}
		})
	}
}

// TestVerifyKeptInMoved: kept checkpoints that end within moved tiles are compared if the archive answers, and are told otherwise.
func TestVerifyKeptInMoved(t *testing.T) {
	m := allMoved(t)
	var leaves enginetest.Tree
	for _, key := range m.keys {
		proof, err := m.plain.Prove("acme", key, 0)
		m.must(err)
		leaves.Leaves = append(leaves.Leaves, enginetest.LeafHash(proof.Leaf))
	}
	sizes := []uint64{3, 256, 300, 1000, 1200, 1280}
	for _, without := range []bool{false, true} {
		if without {
			m.db = reopen(t, m.db)
		}
		v, err := m.db.Verify(t.Context(), "acme", sizes, func(_, _ uint64) {})
		m.must(err)
		unknown := 0
		for _, size := range sizes {
			root, known := v.Kept[size]
			if !known {
				unknown++
			} else if root != enginetest.RootOf(leaves.Leaves[:size]) {
				t.Errorf("the root of the first %d is %s", size, root)
			}
		}
		want := "[]"
		if without {
			want = "[3 300 1000]"
		}
		if fmt.Sprint(v.KeptInArchive) != want || unknown != len(v.KeptInArchive) || v.Bad > 0 || v.Root != enginetest.RootOf(leaves.Leaves) {
			t.Errorf("without the archive %v: not compared %v, unknown %d: %+v", without, v.KeptInArchive, unknown, v.Findings)
		}
	}
}

// TestMovedArrivalsStay: moved tiles stay so in backups and in copies for other nodes, whose formats earlier versions refuse.
func TestMovedArrivalsStay(t *testing.T) {
	m := allMoved(t)
	format := func(db *DB) (version string) {
		t.Helper()
		m.must(db.view(func(tx *bolt.Tx) error {
			version = string(tx.Bucket(bucketMeta).Get(keyFormat))
			return nil
		}))
		return version
	}
	mustAppend(t, m.db, entry(-2*minutesOfDay, "more"))
	mustAppend(t, m.plain, entry(-2*minutesOfDay, "more"))
	m.keys = append(m.keys, oplog.MakeKey(entry(-2*minutesOfDay, "more").Time, uint64(len(m.keys)+1)))
	var backup bytes.Buffer
	if _, err := m.db.WriteTo(&backup); err != nil {
		t.Fatal(err)
	}
	restored := t.TempDir()
	copyKey(t, m.db.dir, restored)
	r, err := Restore(t.Context(), restored, &backup, func(*DB) error { return nil })
	if err != nil || r.Logs != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	crashed := t.TempDir()
	copyStore(t, m.db.path(), crashed)
	closeStore(t, m.db)
	for _, dir := range []string{m.db.dir, restored, crashed} {
		m.db = openStore(t, dir)
		m.db.FetchArrivals(m.fetch)
		if got := format(m.db); got != "8" {
			t.Errorf("%s has format %s", filepath.Base(dir), got)
		}
		if got := stubs(t, m.db); len(got) != 4 {
			t.Errorf("%s: moved %v", filepath.Base(dir), got)
		}
		m.equal()
		m.readsWhatIsHere()
		m.move()
	}
	if got := format(m.plain); got != "7" {
		t.Errorf("without moved tiles it has format %s", got)
	}
}

// TestMovingIsResumed: a crash after any transaction leaves a store that goes on with it.
func TestMovingIsResumed(t *testing.T) {
	before := movesPerTx
	movesPerTx = 2
	defer func() { movesPerTx = before }()
	m := newMovable(t, 8, 12*tileSize, 4)
	m.remove(m.dates()[:3]...)
	dir, crashes := m.db.dir, 0
	seen := m.db.sync
	m.db.sync = func(f *os.File) error {
		err := seen(f)
		crashed := t.TempDir()
		copyStore(t, filepath.Join(dir, fileName), crashed)
		one := *m
		one.db = openStore(t, crashed)
		one.db.FetchArrivals(one.fetch)
		one.equal()
		one.move()
		one.equal()
		one.readsWhatIsHere()
		if got, want := stubs(t, one.db), one.movableTiles(); !slices.Equal(got, want) {
			t.Errorf("after a crash: moved %v, want %v", got, want)
		}
		crashes++
		return err
	}
	m.move()
	m.db.sync = seen
	if crashes < 4 {
		t.Errorf("only %d transactions", crashes)
	}
}

// TestBringArrivals: tiles of days that are deleted come back before the archive drops these; others stay there.
func TestBringArrivals(t *testing.T) {
	m := newMovable(t, 8, 12*tileSize, 4)
	dates := m.dates()
	m.remove(dates[:4]...)
	m.move()
	moved := stubs(t, m.db)
	day := oplog.Days{From: dates[1], To: dates[1]}
	for range 2 {
		m.must(m.db.BringArrivals(t.Context(), "acme", []oplog.Days{day}))
		left := stubs(t, m.db)
		for _, number := range moved {
			has := slices.ContainsFunc(m.keys[number*tileSize:(number+1)*tileSize], func(k oplog.Key) bool { return oplog.DateOf(k.Time()) == dates[1] })
			if has == slices.Contains(left, number) {
				t.Errorf("tile %d, with arrivals of the day: %v; moved %v", number, has, left)
			}
		}
		if len(left) == 0 || len(left) == len(moved) {
			t.Fatalf("%v are moved, of %v", left, moved)
		}
		m.equal()
		m.readsWhatIsHere()
		m.move() // those with the day in question have been looked at
	}
	deletion(t, m.db, uint64(len(m.keys)), day)
	for _, want := range []string{fmt.Sprint([]oplog.Days{day}), "[]"} {
		left, err := m.db.Undeleted("acme")
		if err != nil || fmt.Sprint(left) != want {
			t.Errorf("left are %v, %v; want %s", left, err, want)
		}
		m.must(m.db.BringArrivals(t.Context(), "acme", []oplog.Days{day}))
	}
	if found, v := verified(t, m.db); found != "" || v.Deleted != countOf(m.keys, dates[1]) || v.Moved != uint64(len(stubs(t, m.db))*tileSize) {
		t.Errorf("found %s: %+v", found, v)
	}
	m.must(m.db.BringArrivals(t.Context(), "none", []oplog.Days{day}))
	m.must(m.db.BringArrivals(t.Context(), "acme", []oplog.Days{{From: "2020-01-01", To: "2020-12-31"}}))
}

// countOf returns how many keys are of a date.
func countOf(keys []oplog.Key, date string) (n uint64) {
	for _, key := range keys {
		if oplog.DateOf(key.Time()) == date {
			n++
		}
	}
	return n
}

// TestDroppedArrivals: without the tiles of a deleted day it is said what is gone, and verify counts it as deleted.
func TestDroppedArrivals(t *testing.T) {
	m := allMoved(t)
	date := m.dates()[0]
	d := deletion(t, m.db, uint64(len(m.keys)), oplog.Days{From: date, To: date})
	kept := func(tile []oplog.Arrival) []oplog.Arrival {
		return slices.DeleteFunc(tile, func(a oplog.Arrival) bool { return oplog.DateOf(a.Key.Time()) == date })
	}
	m.db.FetchArrivals(func(_ context.Context, tenant string, firsts []uint64, _ oplog.Fits) ([][]oplog.Arrival, error) {
		tiles, err := arrivalsIn(m.plain, tenant, firsts)
		for i := range tiles {
			tiles[i] = kept(tiles[i])
		}
		return tiles, err
	})
	if _, err := m.db.ProveConsistency("acme", 3, 0); oplog.CodeOf(err) != oplog.CodeUnavailable || !contains(err, "they were dropped with deleted days there before they were brought back here") {
		t.Errorf("%v", err)
	}
	if err := m.db.BringArrivals(t.Context(), "acme", d.Days); !contains(err, "entries 1 to 256 of tenant acme") {
		t.Errorf("%v", err)
	}
	found, v := verified(t, m.db)
	left, err := m.db.Undeleted("acme")
	if err != nil || fmt.Sprint(left) != fmt.Sprint(d.Days) {
		t.Errorf("left are %v, %v", left, err)
	}
	if want := countOf(m.keys, date); found != "" || v.Deleted != want || v.Archived+v.Deleted != v.Size || v.Moved == 0 {
		t.Errorf("found %s, %d deleted, want %d: %+v", found, v.Deleted, want, v)
	}
	m.healFromOtherCopy(d)
}

// healFromOtherCopy: another copy that has taken the tiles back gives them to this one, which believes no others.
func (m *movable) healFromOtherCopy(d oplog.Deletion) {
	m.Helper()
	m.db.FetchTiles(func(_ context.Context, log string, number uint64) ([]byte, error) {
		tile, err := m.plain.Tile(log, number)
		if err == nil {
			tile[timeSize] ^= 1
		}
		return tile, err
	})
	if err := m.db.BringArrivals(m.Context(), "acme", d.Days); !contains(err, "before they were brought back here") {
		m.Errorf("another tile: %v", err)
	}
	m.db.FetchTiles(func(_ context.Context, log string, number uint64) ([]byte, error) { return m.plain.Tile(log, number) })
	m.must(m.db.BringArrivals(m.Context(), "acme", d.Days))
	if left, err := m.db.Undeleted("acme"); err != nil || len(left) > 0 {
		m.Errorf("left are %v, %v", left, err)
	}
	m.equal()
	for number := range uint64(6) {
		tile, err := m.db.Tile("acme", number)
		want, _ := m.plain.Tile("acme", number)
		if err == nil && !bytes.Equal(tile, want) || err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			m.Errorf("tile %d: %v", number, err)
		}
	}
}
