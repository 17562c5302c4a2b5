package archivetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// Twin is a log with an archive, and a store with the same entries without one.
type Twin struct {
	Tenant  string
	Plain   *storage.DB
	Here    *storage.DB // without the days that were removed
	Index   *search.Index
	Archive *archive.Archive
	Joined  oplog.Store
	Dates   []string // that have entries, in order
	IDs     []string // senders' ids
	Last    uint64   // the last seq
	engines []archive.Engine
	random  *rand.Rand
	t       testing.TB
}

// FirstDate is the first date of a Twin's entries.
var FirstDate = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// NewTwin returns logs with entries of so many days, which arrive nearly in order.
func NewTwin(t testing.TB, tenant string, days, perDay int, seed uint64, engines ...archive.Engine) *Twin {
	t.Helper()
	w := &Twin{Tenant: tenant, engines: engines, random: rand.New(rand.NewPCG(seed, 1)), t: t} //nolint:gosec // a test's
	w.Plain, w.Here = w.open(), w.open()
	index, err := search.Open(filepath.Join(t.TempDir(), "index"), w.Here)
	w.Must(err)
	t.Cleanup(func() { _ = index.Close() })
	w.Index = index
	w.fill(days, perDay)
	w.Reopen()
	return w
}

// Must ends the test if there is an error.
func (w *Twin) Must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *Twin) open() *storage.DB {
	w.t.Helper()
	db, err := storage.Open(filepath.Join(w.t.TempDir(), "data"), storage.Options{})
	w.Must(err)
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

// Reopen makes the archive again, as a start of the program does.
func (w *Twin) Reopen() {
	w.t.Helper()
	a, err := archive.New(w.Here, w.Index, archive.Options{Shards: w.engines, Compile: w.Index.Compile, Decode: storage.Decode, Now: time.Now})
	w.Must(err)
	w.Archive, w.Joined = a, a.Store()
}

// fill appends the same entries to both stores: some late, some with ids that other days have, too, and many at the same time.
func (w *Twin) fill(days, perDay int) {
	w.t.Helper()
	seen := map[string]bool{}
	var batch []oplog.Entry
	for i := range days * perDay {
		day := min(days-1, max(0, i/perDay-w.random.IntN(2)*w.random.IntN(3)))
		if day%5 == 3 && days > 5 {
			continue // a day without entries
		}
		e := w.entry(day, i)
		if id := oplog.DateOf(e.Time) + e.ID; e.ID != "" && seen[id] {
			e.ID = ""
		} else {
			seen[id] = true
		}
		if batch = append(batch, e); len(batch) == batchSize {
			w.append(batch)
			batch = nil
		}
	}
	w.append(batch)
	slices.Sort(w.Dates)
	w.Dates = slices.Compact(w.Dates)
}

// batchSize is how many entries are appended at a time.
const batchSize = 100

func (w *Twin) append(batch []oplog.Entry) {
	w.t.Helper()
	for _, s := range []oplog.Store{w.Plain, w.Here} {
		receipts, err := s.Append(w.t.Context(), w.Tenant, slices.Clone(batch), 0)
		w.Must(err)
		for _, r := range receipts {
			w.Last = max(w.Last, r.Seq)
		}
	}
	for i := range batch {
		w.Dates = append(w.Dates, oplog.DateOf(batch[i].Time))
		if id := batch[i].ID; id != "" && !slices.Contains(w.IDs, id) {
			w.IDs = append(w.IDs, id)
		}
	}
}

func (w *Twin) entry(day, i int) oplog.Entry {
	at := FirstDate.AddDate(0, 0, day).Add(time.Duration(w.random.IntN(24*60)) * time.Minute)
	switch w.random.IntN(20) {
	case 0:
		at = FirstDate.AddDate(0, 0, day)
	case 1:
		at = FirstDate.AddDate(0, 0, day+1).Add(-time.Microsecond)
	}
	e := oplog.Entry{
		Tenant: w.Tenant, Time: at, ReceivedAt: FirstDate.AddDate(0, 0, 40).Add(time.Duration(i) * time.Second),
		User: oplog.User{ID: fmt.Sprintf("u%d", i%7), Name: "王芳"}, Module: "sms", Operation: "send",
		Content: oplog.Ref{ID: fmt.Sprintf("c%d", i%11), Name: fmt.Sprintf("Campaign %d", i)}, Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
		Organization: oplog.Ref{ID: []string{"east", "west", ""}[i%3]},
	}
	if w.random.IntN(3) == 0 {
		e.ID = fmt.Sprintf("order-%d", w.random.IntN(25))
	}
	if w.random.IntN(4) == 0 {
		e.Details = json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))
	}
	return e
}

// KeyOn returns the key of the first entry of a date.
func (w *Twin) KeyOn(date string) (first oplog.Key) {
	w.t.Helper()
	w.Must(w.Plain.DayLeaves(w.t.Context(), w.Tenant, date, func(key oplog.Key, _ []byte) error {
		if first.IsZero() {
			first = key
		}
		return nil
	}))
	return first
}
