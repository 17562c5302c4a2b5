package storage

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

// movable is a store of which days are removed and moved, beside a copy that keeps everything.
type movable struct {
	*testing.T
	db, plain *DB
	random    *rand.Rand
	keys      []oplog.Key // by seq - 1
	removed   map[string]bool
	fetched   [][]uint64 // the firsts of each call
}

// newMovable returns stores with n entries of some days, out of order; every third has a sender's id.
func newMovable(t *testing.T, seed uint64, n, days int) *movable {
	t.Helper()
	m := &movable{T: t, db: openStore(t, t.TempDir()), random: rand.New(rand.NewPCG(seed, 1)), removed: make(map[string]bool)}
	m.db.OnAppend(func(tenant string, entries []oplog.Entry) {
		for i := range entries {
			if tenant == "acme" {
				m.keys = append(m.keys, entries[i].Key())
			}
		}
	})
	var entries []oplog.Entry
	for i := range n {
		minutes := minutesOfDay*i*days/n + m.random.IntN(minutesOfDay) // somewhat out of order: two days at a time
		e := entry(minutesOfDay*(days+1)-minutes, fmt.Sprint(i))
		if i%3 == 0 {
			e.ID = fmt.Sprintf("own-%d", i)
		}
		entries = append(entries, e)
	}
	for chunk := range slices.Chunk(entries, 1000) {
		mustAppend(t, m.db, chunk...)
	}
	closeStore(t, m.db)
	dir := t.TempDir()
	copyStore(t, m.db.path(), dir)
	m.plain, m.db = openStore(t, dir), openStore(t, m.db.dir)
	m.db.FetchArrivals(m.fetch)
	return m
}

// fetch answers as the archive does.
func (m *movable) fetch(_ context.Context, tenant string, firsts []uint64, _ oplog.Fits) ([][]oplog.Arrival, error) {
	m.fetched = append(m.fetched, firsts)
	return arrivalsIn(m.plain, tenant, firsts)
}

func arrivalsIn(db *DB, tenant string, firsts []uint64) (tiles [][]oplog.Arrival, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		t, err := readTree(tx, tenant)
		if err != nil {
			return err
		}
		for _, first := range firsts {
			var tile []oplog.Arrival
			for seq := first; seq < first+oplog.TileSize; seq++ {
				key, hash, err := t.arrival(seq)
				if err != nil {
					return err
				}
				tile = append(tile, oplog.Arrival{Key: key, Hash: hash})
			}
			tiles = append(tiles, tile)
		}
		return nil
	})
	return tiles, err
}

// must fails the test on an error.
func (m *movable) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// dates returns the dates of all entries, in order.
func (m *movable) dates() (dates []string) {
	for _, key := range m.keys {
		dates = append(dates, oplog.DateOf(key.Time()))
	}
	slices.Sort(dates)
	return slices.Compact(dates)
}

// dayRecord returns the record of a day that the archive has, from the store that keeps everything.
func (m *movable) dayRecord(date string) oplog.ArchivedDay {
	m.Helper()
	d := oplog.ArchivedDay{Tenant: "acme", Date: date, State: oplog.DayArchived, Attempt: 1, BegunAt: morning.UTC(), ArchivedAt: morning.UTC()}
	m.must(m.plain.DayLeaves(m.Context(), "acme", date, func(key oplog.Key, leaf []byte) error {
		hash := tlog.RecordHash(leaf)
		if d.Rows++; d.Rows == 1 || key.Seq() < d.MinSeq {
			d.MinSeq = key.Seq()
		}
		d.MaxSeq = max(d.MaxSeq, key.Seq())
		for i := range d.Sum {
			d.Sum[i] += binary.LittleEndian.Uint64(hash[8*i:])
		}
		return nil
	}))
	return d
}

// putDay puts the record of a day, which the trail confirms if it was removed.
func (m *movable) putDay(d oplog.ArchivedDay) {
	m.Helper()
	_, revision, err := m.db.Record(oplog.RecordArchive, d.Name())
	if oplog.CodeOf(err) != oplog.CodeNotFound {
		m.must(err)
	}
	data, err := json.Marshal(d)
	m.must(err)
	var audit []oplog.Entry
	if d.State == oplog.DayRemoved {
		audit = []oplog.Entry{{
			Tenant: oplog.TrailName(d.Tenant), Time: d.RemovedAt, ReceivedAt: d.RemovedAt, User: oplog.User{ID: "server", Name: "oplog"},
			Module: "archive", Operation: "remove", Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: data,
		}}
	}
	m.must(m.db.PutRecords([]oplog.RecordChange{{Kind: oplog.RecordArchive, Name: d.Name(), Replaces: revision, Data: data}}, audit...))
}

// remove removes days to the archive.
func (m *movable) remove(dates ...string) {
	m.Helper()
	for _, date := range dates {
		d := m.dayRecord(date)
		m.putDay(d)
		d.State, d.RemovedAt = oplog.DayRemoved, morning.UTC()
		m.putDay(d)
		m.must(m.db.DeleteDays(m.Context(), "acme", oplog.Days{From: date, To: date}))
		m.removed[date] = true
	}
}

func (m *movable) move() {
	m.Helper()
	m.must(m.db.MoveArrivals(m.Context(), "acme"))
}

func contains(err error, words string) bool {
	return err != nil && strings.Contains(err.Error(), words)
}

// stubs returns the numbers of the moved tiles.
func stubs(t *testing.T, db *DB) (numbers []uint64) {
	t.Helper()
	err := db.view(func(tx *bolt.Tx) error {
		tr, err := readTree(tx, "acme")
		if err != nil {
			return err
		}
		return tr.arrivals.ForEach(func(k, tile []byte) error {
			if isStub(tile) {
				numbers = append(numbers, binary.BigEndian.Uint64(k))
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

// movableTiles returns the numbers of the tiles that have arrivals of removed days only, without the last one.
func (m *movable) movableTiles() (numbers []uint64) {
	for first := 0; first+tileSize < len(m.keys); first += tileSize {
		if !slices.ContainsFunc(m.keys[first:first+tileSize], func(k oplog.Key) bool { return !m.removed[oplog.DateOf(k.Time())] }) {
			numbers = append(numbers, uint64(first/tileSize))
		}
	}
	return numbers
}

// equal compares all that the trees say with the store that keeps everything.
func (m *movable) equal() {
	m.Helper()
	size := uint64(len(m.keys))
	same := func(what string, got any, err error, want any, wantErr error) {
		m.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
			m.Fatalf("%s: %.300v, %v; want %.300v, %v", what, got, err, want, wantErr)
		}
	}
	got, err := m.db.Checkpoint("acme")
	want, wantErr := m.plain.Checkpoint("acme")
	same("checkpoint", got, err, want, wantErr)
	for range 40 {
		seq := 1 + m.random.Uint64N(size)
		key, of := m.keys[seq-1], seq+m.random.Uint64N(size-seq+1)
		at, err := m.db.KeyOfSeq("acme", seq)
		same("key", at, err, key, nil)
		later := oplog.MakeKey(key.Time().Add(time.Duration(m.random.IntN(3))*time.Microsecond), seq)
		arrived, err := m.db.Arrived("acme", later)
		same("arrived", arrived, err, later == key, nil)
		want, err := m.plain.Prove("acme", key, of)
		m.must(err)
		got, err := m.db.ProveLeaf("acme", key, want.Leaf, of)
		same(fmt.Sprintf("proof of %d in %d", seq, of), got, err, want, nil)
		if got, err := m.db.Prove("acme", key, of); m.removed[oplog.DateOf(key.Time())] {
			if oplog.CodeOf(err) != oplog.CodeNotFound {
				m.Fatalf("the entry %d is removed, and proven: %v", seq, err)
			}
		} else {
			same("proof", got, err, want, nil)
		}
		grown, err := m.db.ProveConsistency("acme", seq, of)
		wantGrown, wantErr := m.plain.ProveConsistency("acme", seq, of)
		same("consistency", grown, err, wantGrown, wantErr)
	}
	keys := make([]oplog.Key, 200)
	for i := range keys {
		keys[i] = m.keys[m.random.IntN(len(m.keys))]
	}
	hashes, err := m.db.LeafHashes(m.Context(), "acme", keys)
	wantHashes, wantErr := m.plain.LeafHashes(m.Context(), "acme", keys)
	same("leaf hashes", hashes, err, wantHashes, wantErr)
}

// readsWhatIsHere checks that what needs no moved tile asks for none, and reads what is here.
func (m *movable) readsWhatIsHere() {
	m.Helper()
	asked := len(m.fetched)
	var want []uint64
	for i, key := range m.keys {
		if !m.removed[oplog.DateOf(key.Time())] {
			want = append(want, uint64(i+1))
		}
	}
	var got []uint64
	m.must(m.db.Arrivals(m.Context(), "acme", 1, 0, func(e oplog.Entry) error {
		got = append(got, e.Seq)
		return nil
	}))
	if !slices.Equal(got, want) {
		m.Errorf("%d arrivals, want %d", len(got), len(want))
	}
	if len(want) > 0 {
		key := m.keys[want[m.random.IntN(len(want))]-1]
		if e, err := m.db.Find("acme", key.ID(), nil); e.ID == "" && err == nil || err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			m.Errorf("%+v, %v", e, err)
		}
		entries, err := m.db.Get("acme", []oplog.Key{key}, nil)
		if err != nil || len(entries) != 1 || entries[0].Damaged {
			m.Errorf("%+v, %v", entries, err)
		}
	}
	if found, v := verified(m.T, m.db); found != "" || v.Archived != uint64(len(m.keys)-len(want)) || v.Moved != uint64(len(stubs(m.T, m.db))*tileSize) {
		m.Errorf("found %s, %d archived and %d moved of %d", found, v.Archived, v.Moved, v.Size)
	}
	for at, first := []byte(nil), true; at != nil || first; first = false {
		done, err := m.db.CheckNext(at)
		if err = errors.Join(err, done.Damage); err != nil {
			m.Error(err)
			break
		}
		at = done.Next
	}
	if len(m.fetched) != asked {
		m.Errorf("asked for %v", m.fetched[asked:])
	}
}
