package enginetest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"oplog/oplog"
)

var archivedChecks = []check{
	{"ProveLeaf proves the recorded bytes of an entry that the store need not have, and no others", provesGivenLeaves},
	{"MoveArrivals leaves whole tiles of removed days, which reads fetch all at once", fetchesMoved},
	{"fetched arrivals are compared, and without them a read that needs them is unavailable", comparesMoved},
	{"BringArrivals takes the tiles of days back", bringsMoved},
}

// archived is a store of three tiles of two days that were removed to an archive, and some entries of today.
type archived struct {
	*observer
	proofs []oplog.Proof // of all entries, before
	asked  [][]uint64
	date   string // of the first tile
}

func archive(s *store) *archived {
	s.t.Helper()
	a := &archived{observer: observe(s), date: date(90)}
	const size = 3 * oplog.TileSize
	var entries []oplog.Entry
	for i := range size {
		e := entry(90*minutesOfDay-i/oplog.TileSize*2*minutesOfDay-i%7, fmt.Sprint(i)) // days 90, 88 and 86
		if i%5 == 0 {
			e.ID = fmt.Sprint("sender-", i)
		}
		entries = append(entries, e)
	}
	s.append(entries...)
	s.append(entry(3, "today"), entry(2, "today"))
	a.update()
	for _, key := range a.Keys {
		proof, err := s.Prove(acme, key, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		a.proofs = append(a.proofs, proof)
	}
	for _, daysAgo := range []int{90, 88} {
		a.remove(date(daysAgo))
	}
	if err := s.MoveArrivals(s.t.Context(), acme); err != nil {
		s.t.Fatal(err)
	}
	s.FetchArrivals(a.fetch)
	return a
}

// remove removes a day to the archive.
func (a *archived) remove(date string) {
	a.t.Helper()
	d := oplog.ArchivedDay{Tenant: acme, Date: date, State: oplog.DayArchived, Attempt: 1, BegunAt: morning, ArchivedAt: morning}
	for i, key := range a.Keys {
		if oplog.DateOf(key.Time()) != date {
			continue
		}
		if d.Rows++; d.Rows == 1 {
			d.MinSeq = key.Seq()
		}
		d.MaxSeq = key.Seq()
		for part := range d.Sum {
			d.Sum[part] += binary.LittleEndian.Uint64(a.Leaves[i][8*part:])
		}
	}
	data, err := json.Marshal(d)
	if err == nil {
		err = a.PutRecord(oplog.RecordArchive, d.Name(), oplog.Revision{}, data)
	}
	before := oplog.RevisionOf(data)
	d.State, d.RemovedAt = oplog.DayRemoved, morning
	data, e := json.Marshal(d)
	event := entry(0, "")
	event.Module, event.Operation, event.Details = "archive", "remove", data
	if err = errors.Join(err, e); err == nil {
		err = a.PutRecords([]oplog.RecordChange{{Kind: oplog.RecordArchive, Name: d.Name(), Replaces: before, Data: data}}, ofTenant(oplog.TrailName(acme), event)...)
	}
	if err == nil {
		err = a.DeleteDays(a.t.Context(), acme, oplog.Days{From: date, To: date})
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *archived) fetch(_ context.Context, tenant string, firsts []uint64, _ oplog.Fits) (tiles [][]oplog.Arrival, err error) {
	if a.asked = append(a.asked, firsts); tenant != acme {
		return nil, fmt.Errorf("asked for tenant %s", tenant)
	}
	for _, first := range firsts {
		var tile []oplog.Arrival
		for i := first - 1; i < first-1+oplog.TileSize; i++ {
			tile = append(tile, oplog.Arrival{Key: a.Keys[i], Hash: a.Leaves[i]})
		}
		tiles = append(tiles, tile)
	}
	return tiles, nil
}

func provesGivenLeaves(t *testing.T, s *store) {
	a := archive(s)
	s.acrossReopen(func() {
		s.FetchArrivals(a.fetch)
		for _, i := range []int{0, 255, 256, 511, 512, 769} {
			got, err := s.ProveLeaf(acme, a.Keys[i], a.proofs[i].Leaf, 0)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(a.proofs[i]) {
				t.Errorf("entry %d: %+v, %v", i, got, err)
			}
			if _, err := s.ProveLeaf(acme, a.Keys[i], a.proofs[i+1-2*(i%2)].Leaf, 0); oplog.CodeOf(err) != oplog.CodeDamaged {
				t.Errorf("entry %d, other bytes: %v", i, err)
			}
			if _, err := s.Prove(acme, a.Keys[i], 0); i < 512 && oplog.CodeOf(err) != oplog.CodeNotFound || i >= 512 && err != nil {
				t.Errorf("entry %d: %v", i, err)
			}
		}
		if _, err := s.ProveLeaf(acme, at(1, 9), a.proofs[8].Leaf, 0); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("nothing was recorded there: %v", err)
		}
	})
}

func fetchesMoved(t *testing.T, s *store) {
	a := archive(s)
	hashes, err := s.LeafHashes(t.Context(), acme, []oplog.Key{a.Keys[300], a.Keys[600], a.Keys[3], a.Keys[299]})
	if err != nil || hashes[0] != a.Leaves[300] || hashes[1] != a.Leaves[600] || hashes[2] != a.Leaves[3] || hashes[3] != a.Leaves[299] {
		t.Errorf("%x, %v", hashes, err)
	}
	s.assertEqual(fmt.Sprint(a.asked), "[[1 257]]")
	s.acrossReopen(func() {
		s.FetchArrivals(a.fetch)
		for _, seq := range []uint64{1, 200, 256, 257, 512, 513, 770} {
			if key, err := s.KeyOfSeq(acme, seq); err != nil || key != a.Keys[seq-1] {
				t.Errorf("entry %d has key %s, %v", seq, key.ID(), err)
			}
			if arrived, err := s.Arrived(acme, a.Keys[seq-1]); err != nil || !arrived {
				t.Errorf("entry %d has arrived: %v, %v", seq, arrived, err)
			}
			a.CheckConsistency(t, s, acme, int(seq), 770, 0) //nolint:gosec // small
		}
		a.Check(t, s, acme, 512, 769)
		if err := s.MoveArrivals(t.Context(), acme); err != nil { // nothing is left
			t.Error(err)
		}
		s.counts(acme, 770, 0)
	})
	if err := s.MoveArrivals(t.Context(), "none"); err != nil {
		t.Error(err)
	}
}

func comparesMoved(t *testing.T, s *store) {
	a := archive(s)
	s.FetchArrivals(func(ctx context.Context, tenant string, firsts []uint64, fits oplog.Fits) ([][]oplog.Arrival, error) {
		tiles, err := a.fetch(ctx, tenant, firsts, fits)
		tiles[0][9].Hash[0] ^= 1
		return tiles, err
	})
	if _, err := s.KeyOfSeq(acme, 300); oplog.CodeOf(err) != oplog.CodeDamaged {
		t.Errorf("another hash: %v", err)
	}
	s.reopen()
	if _, err := s.KeyOfSeq(acme, 300); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("without a function: %v", err)
	}
	s.FetchArrivals(func(context.Context, string, []uint64, oplog.Fits) ([][]oplog.Arrival, error) {
		t.Error("asked for arrivals that nobody needs")
		return nil, errors.New("away")
	})
	a.Check(t, s, acme, 512, 769)
	a.CheckConsistency(t, s, acme, 512, 770, 0)
	s.assertEqual(s.arrivals(1, 515), "512 513")
	s.append(entry(1, "later"))
	if _, err := s.Checkpoint(acme); err != nil {
		t.Error(err)
	}
}

func bringsMoved(t *testing.T, s *store) {
	a := archive(s)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	days := []oplog.Days{{From: a.date, To: a.date}}
	if err := s.BringArrivals(canceled, acme, days); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	for range 2 {
		if err := s.BringArrivals(t.Context(), acme, days); err != nil {
			t.Error(err)
		}
	}
	s.reopen()
	a.asked = nil
	s.FetchArrivals(a.fetch)
	for _, seq := range []uint64{1, 256, 257} {
		if key, err := s.KeyOfSeq(acme, seq); err != nil || key != a.Keys[seq-1] {
			t.Errorf("entry %d has key %s, %v", seq, key.ID(), err)
		}
	}
	if !slices.EqualFunc(a.asked, [][]uint64{{257}}, slices.Equal[[]uint64]) {
		t.Errorf("asked for %v", a.asked)
	}
}
