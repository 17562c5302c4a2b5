package archive_test

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// damage flips a bit of a record while the log is closed, and opens it again.
func (f *fixture) damage(kind oplog.RecordKind, name string) {
	f.T.Helper()
	f.Stop()
	db, err := bolt.Open(filepath.Join(f.Dir, "oplog.db"), 0o600, nil)
	f.Must(nil, err)
	f.Must(nil, db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("records")).Bucket([]byte(kind))
		data := bytes.Clone(b.Get([]byte(name)))
		data[len(data)/2] ^= 4
		return b.Put([]byte(name), data)
	}))
	f.Must(nil, db.Close())
	f.Start()
}

// on returns the query of a date, or of the dates before one.
func on(from, to string) oplog.Query {
	first, end := oplog.Days{From: from, To: to}.Bounds()
	return oplog.Query{Range: oplog.RangeCustom, From: first, To: end}
}

// TestDamagedRecordOfADay: the log starts with a damaged record of a day that the archive has alone. What needs the day says so, everything else can be read, and nothing
// of the day is dropped, deleted or shipped.
func TestDamagedRecordOfADay(t *testing.T) {
	f := newFixture(t, 2, 2)
	dates := f.dates()[:oldDays-1] // the last has its grace
	f.settle()
	f.check(dates)
	bad, good := dates[1], dates[0]
	held := f.held([]string{bad})
	of := f.recordOf(bad)
	f.damage(oplog.RecordArchive, "plain/"+bad)

	if got := f.Archive.Unknown("plain"); !slices.Equal(got, []string{bad}) {
		t.Fatalf("unknown are %v", got)
	}
	f.checkUnknownReads(bad, good)
	report, err := f.Archive.Verify(t.Context(), "plain", false, nil)
	if err != nil || report.Bad != 1 || !strings.Contains(report.Findings[0].String(), bad) || !strings.Contains(report.Findings[0].Text, "its record is damaged") {
		t.Errorf("verification: %+v, %v", report, err)
	}
	if s := f.Archive.Status(t.Context(), f.TenantStates); !slices.Equal(s.Tenants[0].Unknown, []string{bad}) {
		t.Errorf("%+v", s.Tenants)
	}
	if days, err := f.Archive.Store().DaysBefore(t.Context(), "plain", oplog.DateOf(f.Clock.Now())); err != nil || len(days) == 0 || slices.ContainsFunc(days, func(d oplog.DayCount) bool { return d.Date == bad }) {
		t.Errorf("days to delete are %v, %v", days, err)
	}
	f.Record("plain", f.entryOn(1)) // others go on
	f.Archive.Retry()
	f.Must(nil, f.round())
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.RetentionDays, t.BelowMinimum = 31, true }))
	f.Must(nil, f.Journal.Retain(t.Context()))
	d := f.deletions()
	if len(d) != 1 || !d[0].Contains(good) || d[0].Contains(bad) || d[0].FinishedAt.IsZero() || f.recordOf(good).State != oplog.DayDeleted {
		t.Errorf("deleted: %+v; %+v", d, f.recordOf(good))
	}
	f.Clock.Advance(25 * time.Hour)
	f.Archive.Retry()
	f.Must(nil, f.round())
	f.damage(oplog.RecordArchive, "plain/"+bad) // the same bit again, so it is whole
	if d := f.recordOf(bad); f.held([]string{bad}) != held || d.State != of.State || d.Attempt != of.Attempt {
		t.Errorf("%d rows are left of %d, and %+v of %+v", f.held([]string{bad}), held, d, of)
	}
	if rows, err := f.export(bad); err != nil || rows != dayEntries {
		t.Errorf("%d rows are exported once its record is whole: %v", rows, err)
	}
}

func (f *fixture) checkUnknownReads(bad, good string) {
	f.T.Helper()
	next := slices.Max(slices.Collect(maps.Keys(f.sent)))
	page := func(q oplog.Query) (dates []string, incomplete bool, err error) {
		for cursor := ""; ; {
			p, err := f.Journal.Page(f.T.Context(), "plain", q, 100, cursor)
			for _, e := range p.Entries {
				dates = append(dates, oplog.DateOf(e.Time))
			}
			if cursor = p.NextCursor; err != nil || cursor == "" || p.Archive != "" {
				return dates, p.Archive == oplog.ArchiveUnavailable, err
			}
		}
	}
	newer := 0
	for date, ids := range f.sent {
		if date > bad {
			newer += len(ids)
		}
	}
	if dates, incomplete, err := page(on(good, next)); err != nil || !incomplete || len(dates) != newer || slices.Min(dates) <= bad {
		f.T.Errorf("pages over the day: %d entries of %d, %v, %v", len(dates), newer, incomplete, err)
	}
	if dates, incomplete, err := page(on(good, good)); err != nil || incomplete || len(dates) != dayEntries {
		f.T.Errorf("pages of another day: %d entries, %v", len(dates), err)
	}
	if n, err := f.Journal.Total(f.T.Context(), "plain", on(good, good)); err != nil || n != dayEntries {
		f.T.Errorf("another day has %d entries: %v", n, err)
	}
	if rows, err := f.export(good); err != nil || rows != dayEntries {
		f.T.Errorf("%d rows of another day are exported: %v", rows, err)
	}
	if e, err := f.Journal.Entry("plain", f.sent[next][0], ""); err != nil || e.ID != f.sent[next][0] {
		f.T.Errorf("a newer entry by its id: %v", err)
	}
	if p, err := f.Journal.Feed(f.T.Context(), "plain", oplog.Query{}, uint64(len(f.sent)*dayEntries-1), 100); err != nil || len(p.Entries) != 1 {
		f.T.Errorf("the end of the feed has %d entries: %v", len(p.Entries), err)
	}
	for what, read := range map[string]func() error{
		"page":  func() error { _, _, err := page(on(bad, bad)); return err },
		"total": func() error { _, err := f.Journal.Total(f.T.Context(), "plain", on(good, next)); return err },
		"summary": func() error {
			_, err := f.Journal.Summary(f.T.Context(), "plain", on(bad, next), oplog.LocaleEN)
			return err
		},
		"feed":          func() error { _, err := f.fed(); return err },
		"entry":         func() error { _, err := f.Journal.Entry("plain", f.sent[bad][7], ""); return err },
		"unknown entry": func() error { _, err := f.Journal.Entry("plain", "none", ""); return err },
		"export":        func() error { _, err := f.export(bad); return err },
	} {
		if err := read(); oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), "damaged") {
			f.T.Errorf("%s: %v", what, err)
		}
	}
}

// TestDamagedRecordOfADeletion: the log starts; what was deleted stays so, and what the tenant has can be read.
func TestDamagedRecordOfADeletion(t *testing.T) {
	f := newFixture(t, 1, 1)
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.RetentionDays, t.BelowMinimum = 31, true }))
	f.Must(nil, f.Journal.Retain(t.Context()))
	before, err := f.fed()
	d := f.deletions()
	if err != nil || len(d) != 1 || len(before) == 0 || len(before) == len(f.sent)*dayEntries {
		t.Fatalf("%+v, %d entries, %v", d, len(before), err)
	}
	f.damage(oplog.RecordDeletion, "plain/"+d[0].ID)
	if after, err := f.fed(); err != nil || !slices.Equal(after, before) {
		t.Errorf("%d entries, before %d: %v", len(after), len(before), err)
	}
	at, _ := d[0].Days[0].Bounds()
	late := f.entryOn(1)
	late.Time = at
	if _, err := f.Journal.Append(t.Context(), "plain", []oplog.Entry{late}); oplog.CodeOf(err) != oplog.CodeInvalid {
		t.Errorf("a deleted day takes entries: %v", err)
	}
	f.Record("plain", f.entryOn(1))
	f.Must(nil, f.Journal.Retain(t.Context()))
	f.Must(f.Directory.State("plain"))
}
