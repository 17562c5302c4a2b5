package archive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/archive"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// shelf is a shard whose two servers have rows that a test changes.
type shelf struct {
	archive.Engine // what is not here is not asked for

	mu     sync.Mutex               // days are compared two at a time
	rows   [2]map[string][]shelfRow // by date
	failed error                    // of sums
	before func(date string)        // called before sums are made; nil for nothing
}

type shelfRow struct {
	key  oplog.Key
	leaf []byte
}

func (s *shelf) Servers() []string { return []string{"https://one:8443", "https://two:8443"} }

func (s *shelf) Verify(_ context.Context, of archive.Shipment) ([]archive.Sum, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		s.before(of.Date)
	}
	sums := make([]archive.Sum, len(s.rows))
	for i, days := range s.rows {
		for _, row := range days[of.Date] {
			sums[i].Add(row.key.Seq(), archive.LeafHash(row.leaf))
		}
	}
	return sums, s.failed
}

// Leaves returns what the first server has, if there are as many as there should be.
func (s *shelf) Leaves(_ context.Context, r *archive.Range, visit func(oplog.Key, []byte) error) error {
	s.mu.Lock()
	rows := s.rows[0][r.Days[0].Date]
	s.mu.Unlock()
	if uint64(len(rows)) != r.Days[0].Rows {
		return archive.ErrIncomplete
	}
	for _, row := range slices.Backward(rows) {
		if err := visit(row.key, row.leaf); err != nil {
			return err
		}
	}
	return nil
}

const shelfEntries = 1500 // of a day: more than are compared at once

// shelved is a log with three archived days on a shelf.
type shelved struct {
	*nodetest.Log
	shelf *shelf
	dates []string
}

func newShelved(t *testing.T) *shelved {
	t.Helper()
	archive.SetLeavesAtOnce(1000)
	f := &shelved{Log: nodetest.New(t), shelf: &shelf{}}
	var entries []oplog.Entry
	for i := range 3 * shelfEntries {
		entries = append(entries, nodetest.Entry(fmt.Sprint("content ", i), 24*60*(40+i/shelfEntries)))
	}
	f.Record("plain", entries...)
	for i := range f.shelf.rows {
		f.shelf.rows[i] = map[string][]shelfRow{}
	}
	for _, e := range entries {
		if date := oplog.DateOf(e.Time); !slices.Contains(f.dates, date) {
			f.dates = append(f.dates, date)
		}
	}
	slices.Sort(f.dates)
	for _, date := range f.dates {
		f.archive(date)
	}
	f.Shards = []archive.Engine{f.shelf}
	f.Restart()
	return f
}

// archive puts a day on both servers, and records it.
func (f *shelved) archive(date string) {
	f.T.Helper()
	var sum archive.Sum
	var rows []shelfRow
	f.Must(nil, f.Store.DayLeaves(f.T.Context(), "plain", date, func(key oplog.Key, leaf []byte) error {
		sum.Add(key.Seq(), archive.LeafHash(leaf))
		rows = append(rows, shelfRow{key, slices.Clone(leaf)})
		return nil
	}))
	for i := range f.shelf.rows {
		f.shelf.rows[i][date] = slices.Clone(rows)
	}
	f.put(oplog.ArchivedDay{
		Tenant: "plain", Date: date, State: oplog.DayArchived, Attempt: 1, Rows: sum.Rows, MinSeq: sum.MinSeq, MaxSeq: sum.MaxSeq, Sum: sum.Lanes, ArchivedAt: f.Clock.Now(),
	})
}

// put replaces the record of a day.
func (f *shelved) put(d oplog.ArchivedDay) {
	f.T.Helper()
	_, revision, err := f.Store.Record(oplog.RecordArchive, d.Name())
	if oplog.CodeOf(err) != oplog.CodeNotFound {
		f.Must(nil, err)
	}
	data, err := json.Marshal(&d)
	f.Must(data, err)
	f.Must(nil, f.Store.PutRecord(oplog.RecordArchive, d.Name(), revision, data))
}

// change changes the rows of the second day on a server.
func (f *shelved) change(server int, change func([]shelfRow) []shelfRow) {
	f.shelf.rows[server][f.dates[1]] = change(f.shelf.rows[server][f.dates[1]])
}

// modify changes a byte of the leaf in the middle of the second day, and returns its seq.
func (f *shelved) modify(server int) (seq uint64) {
	f.change(server, func(rows []shelfRow) []shelfRow {
		row := &rows[len(rows)/2]
		row.leaf = slices.Clone(row.leaf)
		row.leaf[len(row.leaf)-1] ^= 1
		seq = row.key.Seq()
		return rows
	})
	return seq
}

// verify verifies, and returns the findings as texts without the place that all have.
func (f *shelved) verify(sums bool) (archive.Report, []string) {
	f.T.Helper()
	report, err := f.Archive.Verify(f.T.Context(), "plain", sums, nil)
	f.Must(report, err)
	var texts []string
	for _, one := range report.Findings {
		text := strings.TrimPrefix(one.String(), "archived day "+f.dates[1]+" of tenant plain")
		if one.Unknown {
			text = "?" + text
		}
		texts = append(texts, text)
	}
	return report, texts
}

func (f *shelved) wantFindings(what string, sums bool, want ...string) {
	f.T.Helper()
	report, texts := f.verify(sums)
	if !slices.Equal(texts, want) || report.Bad != len(want) {
		f.T.Errorf("%s: %d findings %q, want %q", what, report.Bad, texts, want)
	}
}

func TestVerifyArchive(t *testing.T) {
	f := newShelved(t)
	for _, sums := range []bool{true, false} {
		f.Clock.Advance(time.Hour)
		shown := map[string]uint64{}
		report, err := f.Archive.Verify(t.Context(), "plain", sums, func(date string, rows uint64) { shown[date] = rows })
		if err != nil || report.Bad > 0 || report.Days != 3 || report.Entries != 3*shelfEntries || len(shown) != 3 || report.First != f.dates[0] || report.Last != f.dates[2] {
			t.Errorf("sums %v: %+v, %v, %v", sums, report, err, shown)
		}
		for _, d := range f.Archive.Days("plain") {
			if !d.VerifiedAt.Equal(f.Clock.Now()) {
				t.Errorf("day %s was verified at %v, not now, at %v", d.Date, d.VerifiedAt, f.Clock.Now())
			}
		}
	}
	if report, err := f.Archive.Verify(t.Context(), "none", false, nil); err != nil || report.Days > 0 {
		t.Errorf("a tenant without archived days: %+v, %v", report, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := f.Archive.Verify(ended, "plain", false, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context has ended: %v", err)
	}
	f.Shards = nil
	f.Restart()
	if _, err := f.Archive.Verify(t.Context(), "plain", true, nil); err == nil || !strings.Contains(err.Error(), "--archive") {
		t.Errorf("without an archive: %v", err)
	}
}

const differs = "it has 1500 entries, as it should, but their sum differs: at least one was modified or replaced"

// difference is a change of the archive, and what verification finds then.
type difference struct {
	change func(f *shelved) (seq uint64)
	sums   []string // %d stands for the seq
	all    []string // besides
}

var differences = map[string]difference{
	"modified on the server that is read": {
		func(f *shelved) uint64 { return f.modify(0) },
		[]string{" on https://one:8443: " + differs},
		[]string{", entry %d on https://one:8443: it was modified: it differs from what was recorded"},
	},
	"modified on the other": {func(f *shelved) uint64 { return f.modify(1) }, []string{" on https://two:8443: " + differs}, nil},
	"missing": {
		func(f *shelved) uint64 {
			f.change(0, func(rows []shelfRow) []shelfRow { return rows[1:] })
			return 0
		},
		[]string{" on https://one:8443: it has 1499 entries instead of 1500: some are missing"},
		[]string{"?: its entries cannot be read: " + archive.ErrIncomplete.Error()},
	},
	"all missing": {
		func(f *shelved) uint64 {
			f.change(1, func([]shelfRow) []shelfRow { return nil })
			return 0
		},
		[]string{" on https://two:8443: all of its 1500 entries are missing"}, nil,
	},
	"never recorded": {
		func(f *shelved) (seq uint64) {
			f.change(0, func(rows []shelfRow) []shelfRow {
				seq = rows[7].key.Seq()
				rows[7].key = oplog.MakeKey(rows[7].key.Time().Add(time.Microsecond), seq)
				return rows
			})
			return seq
		},
		nil, []string{", entry %d on https://one:8443, https://two:8443: it was inserted: it was never recorded"},
	},
	"of another day": {
		func(f *shelved) (seq uint64) {
			f.change(0, func(rows []shelfRow) []shelfRow {
				rows[7] = f.shelf.rows[0][f.dates[0]][7]
				seq = rows[7].key.Seq()
				return rows
			})
			return seq
		},
		[]string{" on https://one:8443: " + differs}, []string{", entry %d on https://one:8443: it is of another day"},
	},
	"a server that does not answer": {
		func(f *shelved) uint64 {
			f.shelf.failed = errors.New("https://two:8443: no route\nto host")
			for _, date := range []string{f.dates[0], f.dates[2]} { // which would have the same finding
				f.put(oplog.ArchivedDay{Tenant: "plain", Date: date, State: oplog.DayShipping, Attempt: 2, Attempts: []uint32{1}})
			}
			return 0
		},
		[]string{"?: its sums are unknown: https://two:8443: no route; to host"}, nil,
	},
}

func TestVerifyFindsWhatDiffers(t *testing.T) {
	for name, c := range differences {
		t.Run(name, func(t *testing.T) {
			f := newShelved(t)
			seq := c.change(f)
			all := slices.Clone(c.sums)
			for _, text := range c.all {
				all = append(all, strings.ReplaceAll(text, "%d", fmt.Sprint(seq)))
			}
			f.wantFindings("sums", true, c.sums...)
			f.wantFindings("all", false, all...)
			for _, d := range f.Archive.Days("plain") {
				if d.Date == f.dates[1] && !d.VerifiedAt.IsZero() && c.sums != nil {
					t.Error("the day was noted as verified")
				}
			}
		})
	}
}

// moved is a store that has moved a tile to the archive, where something is wrong with it.
type moved struct {
	oplog.Store
	first uint64
}

func (s *moved) LeafHashes(ctx context.Context, tenant string, keys []oplog.Key) ([][32]byte, error) {
	for _, key := range keys {
		if key.Seq() >= s.first && key.Seq() < s.first+256 {
			return nil, oplog.Errorf(oplog.CodeDamaged, "The tile is not what was moved.")
		}
	}
	return s.Store.LeafHashes(ctx, tenant, keys)
}

// TestVerifyOfMovedTiles: of entries whose hashes are kept together, the finding names them together, once.
func TestVerifyOfMovedTiles(t *testing.T) {
	f := newShelved(t)
	first := f.Archive.Days("plain")[1].MinSeq
	first += 256 - (first-1)%256 // the next whole tile
	f.Wrap = func(s oplog.Store) oplog.Store { return &moved{s, first} }
	f.Restart()
	f.wantFindings("a tile", false, fmt.Sprintf(", entry %d on https://one:8443, https://two:8443: entries %d to %d do not match the hash that is kept of them together: at least one was modified, removed or inserted",
		first, first, first+255))
}

// TestVerifyOfChangingDays: a day that was shipped again, or is being shipped, while it is compared is no finding.
func TestVerifyOfChangingDays(t *testing.T) {
	f := newShelved(t)
	f.modify(1)
	asked := 0
	f.shelf.before = func(date string) {
		if date != f.dates[1] {
			return
		}
		if asked++; asked > 1 { // the other attempt is whole
			f.shelf.rows[1][date] = f.shelf.rows[0][date]
			return
		}
		d := f.Archive.Days("plain")[1]
		d.Attempt, d.Attempts = 2, []uint32{1}
		f.put(d)
	}
	f.wantFindings("shipped again", true)
	if asked != 2 {
		t.Errorf("the day was compared %d times", asked)
	}
	f.modify(1)
	f.shelf.before = func(date string) {
		if date == f.dates[1] {
			f.put(oplog.ArchivedDay{Tenant: "plain", Date: date, State: oplog.DayShipping, Attempt: 3, Attempts: []uint32{1, 2}})
		}
	}
	if report, texts := f.verify(false); report.Days != 2 || report.Bad > 0 {
		t.Errorf("being shipped: %+v, %q", report, texts)
	}
	f.shelf.before = nil
	d := f.Archive.Days("plain")[0]
	d.Shard = 3
	f.put(d)
	if report, _ := f.verify(true); report.Bad != 1 || !report.Findings[0].Unknown || !strings.Contains(report.Findings[0].Text, "shard 4") {
		t.Errorf("a shard that is not configured: %+v", report)
	}
}
