package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// TestMovedArrivals: whatever is moved, and in whatever order, all that is said of a log is what a store says that has everything.
func TestMovedArrivals(t *testing.T) {
	moved := 0
	all := maxFetched
	defer func() { maxFetched = all }()
	for seed := range uint64(6) {
		maxFetched = []int{all, 2}[seed%2]
		m := newMovable(t, seed, 9*tileSize+int(seed)*53, 6) //nolint:gosec // small
		dates := m.dates()
		m.random.Shuffle(len(dates), func(i, j int) { dates[i], dates[j] = dates[j], dates[i] })
		for i, date := range dates[:m.random.IntN(len(dates)-1)+2] {
			m.remove(date)
			if i%2 == 0 {
				continue
			}
			m.move()
			m.move() // nothing is left
			if got, want := stubs(t, m.db), m.movableTiles(); !slices.Equal(got, want) {
				t.Errorf("seed %d: moved %v, want %v", seed, got, want)
			}
			m.equal()
			m.readsWhatIsHere()
		}
		moved += len(stubs(t, m.db))
		m.db = reopen(t, m.db)
		m.db.FetchArrivals(m.fetch)
		more := entry(-2*minutesOfDay, "more") // of another day than any other
		mustAppend(t, m.db, more)
		mustAppend(t, m.plain, more)
		m.keys = append(m.keys, oplog.MakeKey(more.Time, uint64(len(m.keys)+1)))
		m.equal()
		m.readsWhatIsHere()
	}
	if moved < 10 {
		t.Errorf("only %d tiles were moved", moved)
	}
}

// allMoved is a store of five tiles of removed days, of which the last one stays.
func allMoved(t *testing.T) *movable {
	t.Helper()
	m := newMovable(t, 3, 5*tileSize, 3)
	m.remove(m.dates()...)
	m.move()
	if got := stubs(t, m.db); !slices.Equal(got, []uint64{0, 1, 2, 3}) {
		t.Fatalf("moved %v", got)
	}
	return m
}

// TestMovedArrivalsAreFetchedAtOnce: a read asks once for all tiles that it needs, and what was fetched is kept for the next.
func TestMovedArrivalsAreFetchedAtOnce(t *testing.T) {
	m := allMoved(t)
	for range 2 {
		_, err := m.db.LeafHashes(t.Context(), "acme", []oplog.Key{m.keys[900], m.keys[3], m.keys[300], m.keys[1100]})
		m.must(err)
		_, err = m.db.ProveConsistency("acme", 3, 900)
		m.must(err)
	}
	if got, want := fmt.Sprint(m.fetched), "[[1 257 769]]"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if arrived, err := m.db.Arrived("acme", oplog.MakeKey(morning, 600)); arrived || err != nil || len(m.fetched) > 1 {
		t.Errorf("a time of no moved arrival: %v, %v, after %d calls", arrived, err, len(m.fetched))
	}
}

// wrongAnswer is a way of the archive to answer, and the error that it leads to.
type wrongAnswer struct {
	fetch oplog.FetchArrivals
	code  oplog.Code
	words string
}

// changed returns the answers with the last tile changed.
func (m *movable) changed(words string, change func(tile []oplog.Arrival) []oplog.Arrival) wrongAnswer {
	return wrongAnswer{func(ctx context.Context, tenant string, firsts []uint64, fits oplog.Fits) ([][]oplog.Arrival, error) {
		tiles, err := m.fetch(ctx, tenant, firsts, fits)
		last := len(tiles) - 1
		tiles[last] = change(tiles[last])
		return tiles, err
	}, oplog.CodeDamaged, words}
}

// fails returns an error as the answer.
func fails(err error, words string) wrongAnswer {
	return wrongAnswer{func(context.Context, string, []uint64, oplog.Fits) ([][]oplog.Arrival, error) { return nil, err }, oplog.CodeUnavailable, words}
}

func (m *movable) wrongAnswers() map[string]wrongAnswer {
	const differs = "What the archive has of entries 257 to 512 of tenant acme is not what was recorded"
	key := func(a oplog.Arrival, later time.Duration, further uint64) oplog.Key {
		return oplog.MakeKey(a.Key.Time().Add(later), a.Key.Seq()+further)
	}
	return map[string]wrongAnswer{
		"a hash":             m.changed(differs, func(a []oplog.Arrival) []oplog.Arrival { a[7].Hash[3] ^= 1; return a }),
		"a time":             m.changed(differs, func(a []oplog.Arrival) []oplog.Arrival { a[7].Key = key(a[7], time.Microsecond, 0); return a }),
		"a seq":              m.changed(differs, func(a []oplog.Arrival) []oplog.Arrival { a[7].Key = key(a[7], 0, 1); return a }),
		"a time before 1970": m.changed(differs, func(a []oplog.Arrival) []oplog.Arrival { a[0].Key[0] = 1; return a }),
		"swapped":            m.changed(differs, func(a []oplog.Arrival) []oplog.Arrival { a[0].Hash, a[1].Hash = a[1].Hash, a[0].Hash; return a }),
		"too many":           m.changed(differs, func(a []oplog.Arrival) []oplog.Arrival { return append(a, a[0]) }),
		"short":              m.changed("The archive has 250 of the entries 257 to 512 of tenant acme", func(a []oplog.Arrival) []oplog.Arrival { return a[:250] }),
		"nothing":            m.changed("The archive has 0 of the entries 257 to 512", func([]oplog.Arrival) []oplog.Arrival { return nil }),
		"no tile":            fails(nil, "it answered for 0 of "),
		"an error":           fails(errors.New("connection refused"), "could not be read from it: connection refused"),
		"an error in words":  fails(oplog.Errorf(oplog.CodeUnavailable, "The archive is away."), "The archive is away."),
	}
}

// TestWrongMovedArrivals: answers that are not what was recorded are named, and never believed; without an answer it is said why.
func TestWrongMovedArrivals(t *testing.T) {
	m := allMoved(t)
	for name, c := range m.wrongAnswers() {
		m.db.FetchArrivals(c.fetch)
		_, err := m.db.LeafHashes(t.Context(), "acme", []oplog.Key{m.keys[1], m.keys[300]})
		if oplog.CodeOf(err) != c.code || !contains(err, c.words) {
			t.Errorf("%s: %v", name, err)
		}
		if key, err := m.db.KeyOfSeq("acme", 300); oplog.CodeOf(err) != c.code {
			t.Errorf("%s is believed: %s, %v", name, key.ID(), err)
		}
		if head, err := m.db.Checkpoint("acme"); head == "" || err != nil {
			t.Errorf("%s keeps the checkpoint back: %v", name, err)
		}
	}
}

// TestForgedStub: who changes a stub here and the archive alike is found by the subtree.
func TestForgedStub(t *testing.T) {
	m := allMoved(t)
	forged := m.wrongAnswers()["a hash"]
	tiles, err := forged.fetch(t.Context(), "acme", []uint64{257}, nil)
	m.must(err)
	var tile []byte
	for _, a := range tiles[0] {
		tile = appendArrival(tile, a.Key, a.Hash)
	}
	m.changeTree(func(_ *bolt.Bucket, tr tree) error { return tr.arrivals.Put(tileKey(1), makeStub(tile)) })
	m.db.FetchArrivals(forged.fetch)
	if _, err := m.db.LeafHashes(t.Context(), "acme", []oplog.Key{m.keys[300]}); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("%v", err)
	}
}

// TestSlowMovedArrivals: a read waits no longer than its caller.
func TestSlowMovedArrivals(t *testing.T) {
	m := allMoved(t)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	m.db.FetchArrivals(func(ctx context.Context, _ string, _ []uint64, _ oplog.Fits) ([][]oplog.Arrival, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if _, err := m.db.LeafHashes(canceled, "acme", []oplog.Key{m.keys[600]}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := m.db.LeafHashes(short, "acme", []oplog.Key{m.keys[600]}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
}

// TestMovedArrivalsWithoutArchive: what needs moved arrivals says where they are; all else goes on.
func TestMovedArrivalsWithoutArchive(t *testing.T) {
	m := allMoved(t)
	m.db = reopen(t, m.db)
	if _, err := m.db.ProveConsistency("acme", 300, 0); oplog.CodeOf(err) != oplog.CodeUnavailable || !contains(err, "entries 257 to 512 of tenant acme are in the archive, and this oplog runs without --archive") {
		t.Errorf("%v", err)
	}
	if _, err := m.db.ProveConsistency("acme", 512, 0); err != nil {
		t.Errorf("at the end of a tile: %v", err)
	}
	m.readsWhatIsHere()
	mustAppend(t, m.db, entry(-2*minutesOfDay, "more"))
}

// TestProveLeaf: only the recorded bytes are proven.
func TestProveLeaf(t *testing.T) {
	m := allMoved(t)
	proof, err := m.plain.Prove("acme", m.keys[299], 0)
	m.must(err)
	if _, err := m.db.ProveLeaf("acme", m.keys[299], append(slices.Clone(proof.Leaf), 0), 0); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("other bytes: %v", err)
	}
	for _, key := range []oplog.Key{{}, oplog.MakeKey(m.keys[299].Time(), 301), oplog.MakeKey(m.keys[299].Time(), 5000)} {
		if _, err := m.db.ProveLeaf("acme", key, proof.Leaf, 0); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s: %v", key.ID(), err)
		}
	}
}
