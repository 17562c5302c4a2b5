package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// Tiles of arrivals that are all of days removed to the archive move there, too: a stub stays, and the hash of the subtree over the tile's leaves. A read
// that needs arrivals of moved tiles notes which, ends its transaction, has all of them fetched, and runs again. What was fetched is compared with
// the stub and the subtree before anything depends on it.

// A stub is the least and the greatest time of a tile's arrivals, and the beginning of the tile's SHA-256, since the subtree does not hash times. Its
// length tells it from a tile.
const (
	stubSumSize = 16
	stubSize    = 2*timeSize + stubSumSize
)

type stub []byte

func isStub(tile []byte) bool { return len(tile) == stubSize }

func makeStub(tile []byte) stub {
	first, last := tile[:timeSize], tile[:timeSize]
	for arrival := range slices.Chunk(tile, arrivalSize) {
		t := arrival[:timeSize]
		if bytes.Compare(t, first) < 0 {
			first = t
		}
		if bytes.Compare(t, last) > 0 {
			last = t
		}
	}
	sum := sha256.Sum256(tile)
	return slices.Concat(first, last, sum[:stubSumSize])
}

// bounds returns the least and the greatest time, in microseconds.
func (s stub) bounds() (first, last int64) {
	return microsOf(s[:timeSize]), microsOf(s[timeSize : 2*timeSize])
}

func microsOf(stored []byte) int64 {
	var b [8]byte
	copy(b[8-timeSize:], stored)
	return int64(binary.BigEndian.Uint64(b[:])) //nolint:gosec // 7 bytes
}

// overlaps reports whether some of the days lie between the bounds.
func (s stub) overlaps(days closedDays) bool {
	first, last := s.bounds()
	return slices.ContainsFunc(days, func(d span) bool { return d.from <= last && first < d.to })
}

// movedError is the error of a read that needs moved tiles.
type movedError struct{ numbers []uint64 }

func (e *movedError) Error() string {
	from, to := seqsOfTiles(e.numbers)
	return fmt.Sprintf("The leaf hashes of entries %d to %d are in the archive.", from, to)
}

// Unwrap says to callers that cannot fetch them what is the matter.
func (e *movedError) Unwrap() error { return oplog.Errorf(oplog.CodeUnavailable, "%s", e.Error()) }

func isMoved(err error) bool {
	var moved *movedError
	return errors.As(err, &moved)
}

// seqsOfTiles returns the first and the last seq of tiles.
func seqsOfTiles(numbers []uint64) (from, to uint64) {
	return slices.Min(numbers)*tileSize + 1, (slices.Max(numbers) + 1) * tileSize
}

// maxFetched is the number of tiles fetched at once, and of those kept; tests have fewer.
var maxFetched = 64

// fetchTime is how long that may take.
const fetchTime = 30 * time.Second

// movedTiles are the moved tiles of a log that a read needs.
type movedTiles struct {
	db     *DB
	tenant string
	tiles  map[uint64][]byte // by number; checked
	wanted map[uint64]wantedTile
}

// wantedTile is what stays of a moved tile.
type wantedTile struct {
	stub stub
	root tlog.Hash // of the subtree over its leaves
}

// FetchArrivals sets the function that fetches moved arrivals; see [oplog.Retainer].
func (db *DB) FetchArrivals(fetch oplog.FetchArrivals) { db.fetchArrivals.Store(&fetch) }

// viewTree is view for a read that may need moved tiles. It is repeated after these were fetched, as long as it returns a movedError.
func (db *DB) viewTree(ctx context.Context, tenant string, read func(tx *bolt.Tx, m *movedTiles) error) error {
	m := &movedTiles{db: db, tenant: tenant, tiles: make(map[uint64][]byte)}
	for {
		m.wanted = make(map[uint64]wantedTile)
		err := db.view(func(tx *bolt.Tx) error { return read(tx, m) })
		if !isMoved(err) || len(m.wanted) == 0 {
			return err
		}
		if err := m.fetch(ctx); err != nil {
			return err
		}
	}
}

// readTree returns the tree, whose moved tiles are those of m.
func (m *movedTiles) readTree(tx *bolt.Tx) (tree, error) {
	t, err := readTree(tx, m.tenant)
	t.moved = m
	return t, err
}

// tile returns a moved tile, or notes that it is to be fetched.
func (m *movedTiles) tile(t tree, number uint64, left stub) ([]byte, error) {
	tile := m.tiles[number]
	if tile == nil {
		if tile = m.db.movedCache.get(tileOf{m.tenant, number}); tile != nil {
			m.tiles[number] = tile
		}
	}
	if tile != nil {
		return tile, nil
	}
	if len(m.wanted) < maxFetched {
		root, err := t.hash(tileLevel, int64(number)) //nolint:gosec // a number of tiles
		if err != nil {
			return nil, err
		}
		m.wanted[number] = wantedTile{bytes.Clone(left), root}
	}
	return nil, &movedError{[]uint64{number}}
}

// mayHold returns false for a key that is certainly not the one of its arrival, since that was moved and has another time.
func (t tree) mayHold(key oplog.Key) bool {
	left := stub(t.arrivals.Get(tileKey((key.Seq() - 1) / tileSize)))
	if !isStub(left) {
		return true
	}
	first, last := left.bounds()
	return first <= key.Micros() && key.Micros() <= last
}

// fetch fetches the wanted tiles.
func (m *movedTiles) fetch(parent context.Context) error {
	numbers := slices.Sorted(maps.Keys(m.wanted))
	firsts := make([]uint64, len(numbers))
	for i, number := range numbers {
		firsts[i] = number*tileSize + 1
	}
	from, to := seqsOfTiles(numbers)
	fetch := m.db.fetchArrivals.Load()
	if fetch == nil {
		return oplog.Errorf(oplog.CodeUnavailable, "The leaf hashes of entries %d to %d of tenant %s are in the archive, and this oplog runs without --archive.", from, to, m.tenant)
	}
	if err := parent.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(parent, fetchTime)
	defer cancel()
	answers, err := (*fetch)(ctx, m.tenant, firsts, func(i int, got []oplog.Arrival) bool {
		_, err := m.check(numbers[i], got)
		return err == nil
	})
	if err == nil && len(answers) != len(firsts) {
		err = fmt.Errorf("it answered for %d of %d tiles", len(answers), len(firsts))
	}
	switch {
	case err == nil:
	case parent.Err() != nil:
		return parent.Err()
	case oplog.CodeOf(err) != "":
		return err
	default:
		return oplog.Errorf(oplog.CodeUnavailable, "The leaf hashes of entries %d to %d of tenant %s are in the archive, and could not be read from it: %w", from, to, m.tenant, err)
	}
	for i, number := range numbers {
		tile, err := m.check(number, answers[i])
		if errors.Is(err, errDropped) {
			tile, err = m.ofOtherCopy(ctx, number, err)
		}
		if err != nil {
			return err
		}
		m.tiles[number] = tile
		m.db.movedCache.add(tileOf{m.tenant, number}, tile)
	}
	return nil
}

// errDropped is the cause of an error that says that the archive has dropped some arrivals with deleted days.
var errDropped = errors.New("they were dropped with deleted days")

// check returns the tile of arrivals that were fetched, if they are those that were moved.
func (m *movedTiles) check(number uint64, got []oplog.Arrival) ([]byte, error) {
	from, to := seqsOfTiles([]uint64{number})
	switch {
	case len(got) < tileSize && m.wanted[number].stub.overlaps(m.db.closedOf(m.tenant)):
		return nil, oplog.Errorf(oplog.CodeUnavailable, "The archive has %d of the leaf hashes of entries %d to %d of tenant %s, and proofs that need the others cannot be made from this copy of the log: %w there before they were brought back here.",
			len(got), from, to, m.tenant, errDropped)
	case len(got) < tileSize:
		return nil, oplog.Errorf(oplog.CodeDamaged, "The archive has %d of the entries %d to %d of tenant %s; oplog archive verify tells which are missing.", len(got), from, to, m.tenant)
	}
	tile := make([]byte, 0, tileSize*arrivalSize)
	for i, a := range got {
		if a.Key.Seq() == from+uint64(i) && a.Key[0] == 0 {
			tile = appendArrival(tile, a.Key, a.Hash)
		}
	}
	if len(got) != tileSize || !m.isMoved(number, tile) {
		return nil, oplog.Errorf(oplog.CodeDamaged, "What the archive has of entries %d to %d of tenant %s is not what was recorded; oplog archive verify tells more.", from, to, m.tenant)
	}
	return tile, nil
}

// isMoved reports whether a tile is the one that was moved.
func (m *movedTiles) isMoved(number uint64, tile []byte) bool {
	want := m.wanted[number]
	sum := sha256.Sum256(tile)
	return len(tile) == tileSize*arrivalSize && bytes.Equal(sum[:stubSumSize], want.stub[2*timeSize:]) && rootOfTile(tile) == want.root
}

// rootOfTile returns the hash of the subtree over the leaves of a whole tile.
func rootOfTile(tile []byte) tlog.Hash {
	leaves := make([]tlog.Hash, 0, tileSize)
	for arrival := range slices.Chunk(tile, arrivalSize) {
		leaves = append(leaves, tlog.Hash(arrival[timeSize:]))
	}
	for n := len(leaves); n > 1; n /= 2 {
		for i := range n / 2 {
			leaves[i] = tlog.NodeHash(leaves[2*i], leaves[2*i+1])
		}
	}
	return leaves[0]
}

// FetchTile gets a tile from another copy of a replicated store that has it, as Tile returns it.
type FetchTile func(ctx context.Context, log string, number uint64) ([]byte, error)

// FetchTiles sets the function by which tiles come back that the archive dropped with deleted days, before this copy had taken them back. They are
// compared as what the archive has.
func (db *DB) FetchTiles(fetch FetchTile) { db.fetchTile.Store(&fetch) }

// ofOtherCopy returns a tile from another copy, or why there is none.
func (m *movedTiles) ofOtherCopy(ctx context.Context, number uint64, dropped error) ([]byte, error) {
	fetch := m.db.fetchTile.Load()
	if fetch == nil {
		return nil, dropped
	}
	tile, err := (*fetch)(ctx, m.tenant, number)
	if err != nil || !m.isMoved(number, tile) {
		return nil, dropped
	}
	return tile, nil
}

// Tile returns a whole tile of a log, for another copy; CodeNotFound if it is not here.
func (db *DB) Tile(log string, number uint64) (tile []byte, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		t, err := readTree(tx, log)
		if err == nil {
			tile = bytes.Clone(t.arrivals.Get(tileKey(number)))
		}
		return err
	})
	if err == nil && len(tile) != tileSize*arrivalSize {
		return nil, oplog.Errorf(oplog.CodeNotFound, "Tile %d of %s is not here.", number, log)
	}
	return tile, err
}
