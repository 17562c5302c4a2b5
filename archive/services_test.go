package archive_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/exports"
	"oplog/oplog"
)

// away lets all servers answer no more, or again.
func (f *fixture) away(away bool) {
	for _, shard := range f.shards {
		for i := range shard.Servers() {
			shard.SetAway(i, away)
		}
	}
}

// fed returns the ids of all entries in order of arrival.
func (f *fixture) fed() (ids []string, err error) {
	for after := uint64(0); ; {
		page, err := f.Journal.Feed(f.T.Context(), "plain", oplog.Query{}, after, 100)
		if err != nil {
			return ids, err
		}
		for i := range page.Entries {
			ids = append(ids, page.Entries[i].ID)
		}
		if after = page.NextAfterSeq; after == page.LastSeq {
			return ids, nil
		}
	}
}

// export exports the entries of the oldest day by the store alone, and returns how many lines were written.
func (f *fixture) export(date string) (rows int, err error) {
	from, to := oplog.Days{From: date, To: date}.Bounds()
	var file bytes.Buffer
	x := exports.Export{Tenant: "plain", Format: "txt", Range: oplog.RangeCustom, From: from, To: to, Locale: oplog.LocaleEN}
	done, _, err := f.Exports.Write(f.T.Context(), x, &file, func(int, int) {})
	return done.RowsTotal, err
}

// The services read archived days as those before: feed, entries, proofs and exports. Without the archive they say so, and nothing is short.
func TestServicesReadArchivedDays(t *testing.T) {
	f := newFixture(t, 2, 2)
	before, err := f.fed()
	f.Must(nil, err)
	dates := f.dates()[:oldDays-1] // the last has its grace
	f.settle()
	f.check(dates)
	if after, err := f.fed(); err != nil || !slices.Equal(after, before) {
		t.Errorf("the feed has %d entries, before %d: %v", len(after), len(before), err)
	}
	id := f.sent[dates[0]][7]
	e, err := f.Journal.Entry("plain", id, "")
	if err != nil || e.ID != id || oplog.DateOf(e.Time) != dates[0] {
		t.Fatalf("%+v, %v", e, err)
	}
	if same, err := f.Journal.EntryAt("plain", "~", e.Seq, ""); err != nil || same.ID != id {
		t.Errorf("by its seq: %+v, %v", same, err)
	}
	if p, err := f.Journal.Proof(e, 0); err != nil || len(p.Leaf) == 0 || p.Index != e.Seq-1 {
		t.Errorf("proof: %+v, %v", p, err)
	}
	if rows, err := f.export(dates[0]); err != nil || rows != dayEntries {
		t.Errorf("%d rows are exported: %v", rows, err)
	}
	f.away(true)
	for what, read := range map[string]func() error{
		"feed":          func() error { _, err := f.fed(); return err },
		"entry":         func() error { _, err := f.Journal.Entry("plain", id, ""); return err },
		"entry by seq":  func() error { _, err := f.Journal.EntryAt("plain", "~", e.Seq, ""); return err },
		"unknown entry": func() error { _, err := f.Journal.Entry("plain", "none", ""); return err },
		"proof":         func() error { _, err := f.Journal.Proof(e, 0); return err },
		"export":        func() error { _, err := f.export(dates[0]); return err },
	} {
		if err := read(); oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), "archive") {
			t.Errorf("%s without the archive: %v", what, err)
		}
	}
	f.away(false)
	for _, shard := range f.shards {
		shard.Alter(func(rows []archivetest.Row) []archivetest.Row {
			for i := range rows {
				if rows[i].Key == e.Key() {
					rows[i].Leaf = append(slices.Clone(rows[i].Leaf), 0)
				}
			}
			return rows
		})
	}
	for what, read := range map[string]func() error{
		"entry":  func() error { _, err := f.Journal.Entry("plain", id, ""); return err },
		"proof":  func() error { _, err := f.Journal.Proof(e, 0); return err },
		"export": func() error { _, err := f.export(dates[0]); return err },
	} {
		if err := read(); oplog.CodeOf(err) != oplog.CodeDamaged {
			t.Errorf("%s of a changed leaf: %v", what, err)
		}
	}
}

// held returns how many rows all servers have of the dates.
func (f *fixture) held(dates []string) (rows int) {
	for _, date := range dates {
		d := f.recordOf(date)
		of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: date, Attempt: d.Attempt}}
		for i := range f.shards[d.Shard].Servers() {
			rows += len(f.shards[d.Shard].Rows(i, of))
		}
	}
	return rows
}

// deletions returns the deletions of plain.
func (f *fixture) deletions() []oplog.Deletion {
	f.T.Helper()
	t, err := f.Directory.State("plain")
	f.Must(nil, err)
	return t.Deletions
}

// turn changes the clock while the log is closed.
func (f *fixture) turn(by time.Duration) {
	f.T.Helper()
	f.Stop()
	f.Clock.Advance(by)
	f.Start()
}

// Archived days are deleted as others are: not under a hold, not by a wrong clock, and finished only once no server has them.
func TestArchivedDaysAreDeleted(t *testing.T) {
	f := newFixture(t, 1, 2)
	dates := f.dates()[:oldDays-1] // the last has its grace
	f.settle()
	copies := 2 * dayEntries
	id := f.sent[dates[0]][3]
	hold, err := f.Directory.AddHold("plain", oplog.Hold{Reason: "case 7", SetBy: "admin"})
	f.Must(nil, err)
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.RetentionDays, t.BelowMinimum = 31, true }))
	f.Must(nil, f.Journal.Retain(t.Context()))
	if n := f.held(dates); n != copies*len(dates) || len(f.deletions()) != 0 {
		t.Fatalf("under a hold %d rows are left, and %d deletions were made", n, len(f.deletions()))
	}
	f.Must(f.Directory.LiftHold("plain", hold.ID, "owner"))
	f.turn(50 * 24 * time.Hour) // nothing confirms that
	f.Must(nil, f.Journal.Retain(t.Context()))
	if n := f.held(dates); n != copies*len(dates) || len(f.Journal.Waiting("plain")) != 1 {
		t.Fatalf("by a wrong clock %d rows are left, and %d deletions wait", n, len(f.Journal.Waiting("plain")))
	}
	f.turn(-50 * 24 * time.Hour)
	f.shards[0].SetAway(1, true)
	if err := f.Journal.Retain(t.Context()); err == nil {
		t.Error("a deletion ends while a server may still have the entries")
	}
	if d := f.deletions(); len(d) != 1 || !d[0].FinishedAt.IsZero() || d[0].Entries < dayEntries {
		t.Fatalf("%+v", d)
	}
	if _, err := f.Journal.Entry("plain", id, ""); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("a deleted entry: %v", err)
	}
	f.shards[0].SetAway(1, false)
	f.Must(nil, f.Journal.Retain(t.Context()))
	d := f.deletions()
	gone := slices.DeleteFunc(slices.Collect(maps.Keys(f.sent)), func(date string) bool { return !d[0].Contains(date) })
	if len(d) != 1 || d[0].FinishedAt.IsZero() || len(gone) < len(dates) || f.held(gone) != 0 {
		t.Errorf("%+v, %d rows are left of %v", d, f.held(gone), gone)
	}
	if left, err := f.fed(); err != nil || len(left) != (len(f.sent)-len(gone))*dayEntries {
		t.Errorf("%d entries are left of %d days: %v", len(left), len(f.sent)-len(gone), err)
	}
}
