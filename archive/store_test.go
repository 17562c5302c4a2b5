package archive_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/oplog"
	"oplog/oplog/enginetest"
	"oplog/storage"
)

const acme = "acme"

// Without archived days, the joined store keeps the contract of stores as the store does.
func TestStoreWithoutArchivedDays(t *testing.T) {
	enginetest.Store(t, func(t *testing.T, dir string) oplog.Store {
		if strings.Contains(t.Name(), "/Archived_days/") {
			t.Skip("the store below is tested with an archive of its own")
		}
		db, err := storage.Open(dir, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := archive.New(db, nil, archive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return a.Store()
	})
}

// newTwin returns a log with an archive of two shards, of two servers each.
func newTwin(t *testing.T, seed uint64) (*archivetest.Twin, []*archivetest.Engine) {
	t.Helper()
	engines := []*archivetest.Engine{archivetest.New("a", 2), archivetest.New("b", 2)}
	return archivetest.NewTwin(t, acme, 14, 60, seed, engines[0], engines[1]), engines
}

// compare compares a number of calls.
func compare(t *testing.T, w *archivetest.Twin, seeds uint64) {
	t.Helper()
	for seed := range seeds {
		if err := w.Compare(seed); err != nil {
			t.Fatal(err)
		}
	}
}

// In whatever state days are, reads are those of one log.
func TestSidesEqualOneLog(t *testing.T) {
	for seed := range uint64(3) {
		w, engines := newTwin(t, seed)
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test's
		for step := range 12 {
			for _, date := range w.Dates {
				d, _, _ := w.Record(date)
				switch {
				case r.IntN(4) > 0:
				case d.State == "":
					w.Ship(date, r.IntN(2))
				case d.State == oplog.DayArchived:
					w.Remove(date)
				case d.State == oplog.DayRemoved:
					w.Must(w.Archive.RemoveHere(t.Context(), acme))
				}
			}
			if step%4 == 3 {
				w.Reopen()
			}
			compare(t, w, 25)
		}
		if engines[0].Asked() == 0 || engines[1].Asked() == 0 {
			t.Error("a shard was asked nothing")
		}
	}
}

// While days change sides, no read misses an entry or has one twice.
func TestDaysChangeSidesWhileRead(t *testing.T) {
	w, _ := newTwin(t, 5)
	var reading sync.WaitGroup
	ended := make(chan struct{})
	for n := range uint64(3) {
		reading.Go(func() {
			for seed := n << 32; ; seed++ {
				select {
				case <-ended:
					return
				default:
				}
				if err := w.Compare(seed); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i, date := range w.Dates {
		w.Ship(date, i/2%2)
		if i >= 2 {
			w.Remove(w.Dates[i-2])
			w.Must(w.Archive.RemoveHere(t.Context(), acme))
		}
	}
	if left, err := w.Here.Undeleted(acme); err != nil || len(left) > 0 {
		t.Errorf("%v is left here of removed days, %v", left, err)
	}
	close(ended)
	reading.Wait()
}

// removed returns a log all of whose days but the last two are in the archive alone.
func removed(t *testing.T) (*archivetest.Twin, []*archivetest.Engine) {
	t.Helper()
	w, engines := inArchive(t)
	w.Must(w.Archive.RemoveHere(t.Context(), acme))
	return w, engines
}

// inArchive is like removed, before anything is taken away here.
func inArchive(t *testing.T) (*archivetest.Twin, []*archivetest.Engine) {
	t.Helper()
	w, engines := newTwin(t, 11)
	for i, date := range w.Dates[:len(w.Dates)-2] {
		w.Ship(date, i/3%2)
		w.Remove(date)
	}
	return w, engines
}

// everything reads the whole log by each method, and returns the first error, the entries of each, and how many are damaged.
func everything(t *testing.T, w *archivetest.Twin) map[string]answer {
	t.Helper()
	answers := map[string]answer{}
	var keys []oplog.Key
	for seq := range w.Last {
		key, err := w.Plain.KeyOfSeq(acme, seq+1)
		w.Must(err)
		keys = append(keys, key)
	}
	found, err := w.Joined.Get(acme, keys, nil)
	answers["Get"] = answer{found, err}
	found, err = w.Joined.Older(acme, oplog.MakeKey(archivetest.FirstDate.AddDate(9, 0, 0), 0), oplog.Key{}, int(w.Last)+1, nil) //nolint:gosec // few
	answers["Older"] = answer{found, err}
	var scanned, arrived []oplog.Entry
	err = w.Joined.Scan(t.Context(), acme, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error { scanned = append(scanned, e); return nil })
	answers["Scan"] = answer{scanned, err}
	err = w.Joined.Arrivals(t.Context(), acme, 0, 0, func(e oplog.Entry) error { arrived = append(arrived, e); return nil })
	answers["Arrivals"] = answer{arrived, err}
	return answers
}

type answer struct {
	entries []oplog.Entry
	err     error
}

func (a *answer) damaged() (seqs []uint64) {
	for i := range a.entries {
		if a.entries[i].Damaged {
			seqs = append(seqs, a.entries[i].Seq)
		}
	}
	return seqs
}

// One copy may be away or incomplete; without a complete one nothing is answered.
func TestServersFail(t *testing.T) {
	w, engines := removed(t)
	date, shard := w.Dates[0], engines[0]
	d, _, _ := w.Record(date)
	of := archive.Shipment{Tenant: acme, DayAttempt: archive.DayAttempt{Date: date, Attempt: d.Attempt}}
	shorten := func(rows []archivetest.Row) []archivetest.Row { return rows[1:] }
	shard.SetAway(0, true)
	compare(t, w, 30)
	shard.SetAway(1, true)
	checkNeedsArchive(t, w)
	shard.SetAway(0, false)
	shard.SetAway(1, false)
	compare(t, w, 30)
	shard.Change(0, of, shorten)
	compare(t, w, 30)
	shard.Change(1, of, shorten)
	checkNeedsArchive(t, w)
}

// checkNeedsArchive checks that nothing is answered that needs the archive, while what is here is.
func checkNeedsArchive(t *testing.T, w *archivetest.Twin) {
	t.Helper()
	for method, a := range everything(t, w) {
		if oplog.CodeOf(a.err) != oplog.CodeUnavailable || !strings.Contains(a.err.Error(), "2026-10-") || !strings.Contains(a.err.Error(), "archive") {
			t.Errorf("%s: %v", method, a.err)
		}
	}
	old, recent := w.KeyOn(w.Dates[0]), w.KeyOn(w.Dates[len(w.Dates)-1])
	for _, id := range []string{old.ID(), "no such id"} {
		if _, err := w.Joined.Find(acme, id, nil); oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Errorf("Find %s: %v", id, err)
		}
	}
	if _, err := w.Joined.Prove(acme, old, 0); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("Prove: %v", err)
	}
	if e, err := w.Joined.Find(acme, recent.ID(), nil); err == nil && e.Key() != recent || err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("Find of what is here: %v", err)
	}
	if found, err := w.Joined.Get(acme, []oplog.Key{recent}, nil); err != nil || len(found) != 1 {
		t.Errorf("Get of what is here: %v, %v", found, err)
	}
	if _, err := w.Joined.DaysBefore(t.Context(), acme, "2030-01-01"); err != nil {
		t.Errorf("DaysBefore: %v", err)
	}
}

// alteration is what is wrong with an answer of the archive.
type alteration struct {
	name    string
	alter   func(rows []archivetest.Row, i int) []archivetest.Row // i is the place of the row to change
	damaged []string                                              // methods that return a placeholder
	whole   []string                                              // methods that are not affected; the others fail
}

var alterations = []alteration{
	{"a changed byte", func(rows []archivetest.Row, i int) []archivetest.Row {
		rows[i].Leaf = slices.Clone(rows[i].Leaf)
		rows[i].Leaf[len(rows[i].Leaf)/2] ^= 1
		return rows
	}, []string{"Get", "Older", "Scan", "Arrivals"}, nil},
	{"another entry's leaf", func(rows []archivetest.Row, i int) []archivetest.Row {
		rows[i].Leaf = append(slices.Clone(rows[(i+1)%len(rows)].Leaf), rows[i].Leaf[:len(rows)%2]...)
		return rows
	}, []string{"Get", "Older", "Scan", "Arrivals"}, nil},
	{"a missing leaf", func(rows []archivetest.Row, i int) []archivetest.Row {
		return slices.Delete(rows, i, i+1)
	}, []string{"Get", "Arrivals"}, []string{"Older", "Scan"}},
	{"an extra leaf", func(rows []archivetest.Row, i int) []archivetest.Row {
		extra := rows[i]
		extra.Key = oplog.MakeKey(extra.Key.Time(), 1<<40)
		return slices.Insert(rows, i, extra)
	}, nil, []string{"Get"}},
	{"a leaf twice", func(rows []archivetest.Row, i int) []archivetest.Row {
		return slices.Insert(rows, i, rows[i])
	}, nil, []string{"Get"}},
	{"a wrong order", func(rows []archivetest.Row, i int) []archivetest.Row {
		if i > 0 {
			rows[i-1], rows[i] = rows[i], rows[i-1]
		}
		return rows
	}, nil, []string{"Get"}},
}

// apply has the answers about an entry altered.
func (c *alteration) apply(engines []*archivetest.Engine, victim oplog.Key) {
	for _, e := range engines {
		e.Alter(func(rows []archivetest.Row) []archivetest.Row {
			i := slices.IndexFunc(rows, func(row archivetest.Row) bool { return row.Key == victim })
			if i < 0 {
				return rows
			}
			return c.alter(rows, i)
		})
	}
}

// What the archive returns and the log did not record is never shown as if it had been.
func TestLeavesAreChecked(t *testing.T) {
	w, engines := inArchive(t)
	victim := w.KeyOn(w.Dates[1])
	for _, c := range alterations {
		t.Run(c.name, func(t *testing.T) {
			c.apply(engines, victim)
			for method, a := range everything(t, w) {
				damaged := a.damaged()
				switch {
				case slices.Contains(c.damaged, method):
					if a.err != nil || len(damaged) != 1 || damaged[0] != victim.Seq() || uint64(len(a.entries)) != w.Last {
						t.Errorf("%s: %d of %d entries, damaged: %v, %v", method, len(a.entries), w.Last, damaged, a.err)
					}
				case slices.Contains(c.whole, method):
					if a.err != nil || len(damaged) > 0 {
						t.Errorf("%s: damaged: %v, %v", method, damaged, a.err)
					}
				case oplog.CodeOf(a.err) != oplog.CodeDamaged:
					t.Errorf("%s: %d entries, %v", method, len(a.entries), a.err)
				}
			}
		})
	}
}

// Once the hashes of a tile are in the archive, too, one wrong leaf makes it unknown which of them are right: none is shown.
func TestLeavesOfMovedTilesAreChecked(t *testing.T) {
	w, engines := removed(t)
	victim := w.KeyOn(w.Dates[1])
	tile := func(seq uint64) uint64 { return (seq - 1) / oplog.TileSize }
	for _, c := range alterations {
		t.Run(c.name, func(t *testing.T) {
			c.apply(engines, victim)
			w.Reopen() // what was fetched before may be kept
			noticed := 0
			for method, a := range everything(t, w) {
				if a.err != nil {
					noticed++
					if oplog.CodeOf(a.err) != oplog.CodeDamaged {
						t.Errorf("%s: %v", method, a.err)
					}
					continue
				}
				for _, e := range a.entries {
					want, err := w.Plain.Get(acme, []oplog.Key{e.Key()}, nil)
					switch {
					case err == nil && reflect.DeepEqual(e, want[0]):
					case e.Damaged && tile(e.Seq) == tile(victim.Seq()):
						noticed++
					default:
						t.Fatalf("%s: %+v", method, e)
					}
				}
			}
			if noticed == 0 && c.name != "a wrong order" {
				t.Error("nothing was noticed")
			}
		})
	}
}

// A read that is cancelled says so.
func TestCancelledReads(t *testing.T) {
	w, _ := removed(t)
	stop := errors.New("seen")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	visit := func(oplog.Entry) error { return stop }
	if err := w.Joined.Scan(ended, acme, oplog.Key{}, oplog.Key{}, visit); !errors.Is(err, ended.Err()) {
		t.Errorf("Scan: %v", err)
	}
	if err := w.Joined.Arrivals(ended, acme, 0, 0, visit); !errors.Is(err, ended.Err()) {
		t.Errorf("Arrivals: %v", err)
	}
	if err := w.Joined.Scan(t.Context(), acme, oplog.Key{}, oplog.Key{}, visit); !errors.Is(err, stop) {
		t.Errorf("Scan: %v", err)
	}
}

// A reader that goes on with one buffer asks the archive less and less often, and gets the same entries.
func TestOlderReadsAhead(t *testing.T) {
	w, engines := inArchive(t)
	const n = 7
	asked := engines[0].Asked() + engines[1].Asked()
	var here, there oplog.ReadBuffer
	calls := 0
	for before := oplog.MakeKey(archivetest.FirstDate.AddDate(9, 0, 0), 0); ; calls++ {
		want, err := w.Plain.Older(acme, before, oplog.Key{}, n, &here)
		w.Must(err)
		got, err := w.Joined.Older(acme, before, oplog.Key{}, n, &there)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("before %s: %v, %v, want %v", before.ID(), got, err, want)
		}
		if len(got) < n {
			break
		}
		before = got[n-1].Key()
		clear(got) // the reader may do what it likes with them
	}
	if asked = engines[0].Asked() + engines[1].Asked() - asked; asked > calls/2 {
		t.Errorf("%d questions for %d reads", asked, calls)
	}
	if _, err := w.Joined.Older(acme, oplog.MakeKey(archivetest.FirstDate.AddDate(0, 0, 9), 0), oplog.Key{}, n, &there); err != nil {
		t.Error(err)
	}
	w.Must(w.Archive.RemoveHere(t.Context(), acme)) // no buffer keeps a view
}
