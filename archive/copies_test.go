package archive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// movedFixture is a log of which tiles of hashes are in the archive, on two servers. The first whole one, of moreIDs of the first day, and some of the second.
func movedFixture(t *testing.T) (f *fixture, dates []string) {
	t.Helper()
	f = newFixture(t, 1, 2)
	dates = f.dates()[:oldDays-1] // the last has its grace
	for _, daysAgo := range []int{33, 32, 1} {
		var more []oplog.Entry
		for i := range 2 * dayEntries {
			more = append(more, nodetest.WithID(moreID(daysAgo, i), nodetest.Entry(fmt.Sprint("c", i), daysAgo*24*60+dayEntries+i)))
		}
		f.Record("plain", more...)
		for i := range more {
			date := oplog.DateOf(more[i].Time)
			f.sent[date] = append(f.sent[date], more[i].ID)
		}
	}
	f.settle()
	f.check(dates)
	return f, dates
}

func moreID(daysAgo, i int) string { return fmt.Sprintf("more-%d-%d", daysAgo, i) }

// changeRow changes a row of a date on a server, and has the log forget the hashes that it fetched.
func (f *fixture) changeRow(server int, date, id string, change func(*archivetest.Row)) {
	f.T.Helper()
	d := f.recordOf(date)
	of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: date, Attempt: d.Attempt}}
	f.shards[0].Change(server, of, func(rows []archivetest.Row) []archivetest.Row {
		rows = slices.Clone(rows)
		i := slices.IndexFunc(rows, func(r archivetest.Row) bool { return r.ID == id })
		change(&rows[i])
		return rows
	})
	f.Restart()
}

func otherLeaf(r *archivetest.Row) { r.Leaf = append(slices.Clone(r.Leaf), ' ') }
func otherTime(r *archivetest.Row) {
	r.Key = oplog.MakeKey(r.Key.Time().Add(time.Microsecond), r.Key.Seq())
}

// damagedOf returns the entries that are shown as damaged, by seq, of all in order of arrival and of an export of two days.
func (f *fixture) damagedOf() (seqs []uint64) {
	f.T.Helper()
	n := 0
	for after := uint64(0); ; {
		page, err := f.Journal.Feed(f.T.Context(), "plain", oplog.Query{}, after, 100)
		f.Must(nil, err)
		for _, e := range page.Entries {
			if n++; e.Damaged {
				seqs = append(seqs, e.Seq)
			}
		}
		if after = page.NextAfterSeq; after == page.LastSeq {
			break
		}
	}
	for _, ids := range f.sent {
		n -= len(ids)
	}
	if n != 0 {
		f.T.Errorf("the feed has %d entries more than were recorded", n)
	}
	return seqs
}

// TestOtherCopiesAreAsked: what one server has not as it was recorded, another may have: nothing is shown as damaged, also where each has another wrong entry.
func TestOtherCopiesAreAsked(t *testing.T) {
	f, dates := movedFixture(t)
	first, second := moreID(33, 50), moreID(33, 100)
	steps := []struct {
		what   string
		server int
		id     string
		change func(*archivetest.Row)
	}{
		{"a leaf of the first server", 0, first, otherLeaf},
		{"another of the second", 1, second, otherLeaf},
		{"a second leaf of the first server", 0, moreID(33, 52), otherLeaf},
		{"the time of a row that has no moved hash", 0, f.sent[dates[1]][dayEntries-1], otherTime},
	}
	for _, s := range steps {
		date := dates[0]
		if !slices.Contains(f.sent[date], s.id) {
			date = dates[1]
		}
		f.changeRow(s.server, date, s.id, s.change)
		for _, id := range []string{first, second, s.id, moreID(33, 51)} {
			e, err := f.Journal.Entry("plain", id, "")
			if err != nil || e.ID != id {
				t.Errorf("%s: entry %s is %+v, %v", s.what, id, e, err)
				continue
			}
			if _, err := f.Journal.Proof(e, 0); err != nil {
				t.Errorf("%s: proof of %s: %v", s.what, id, err)
			}
		}
		if seqs := f.damagedOf(); len(seqs) > 0 {
			t.Errorf("%s: damaged are %d", s.what, seqs)
		}
		for _, date := range dates {
			if rows, err := f.export(date); err != nil || rows != len(f.sent[date]) {
				t.Errorf("%s: %d rows of %s are exported: %v", s.what, rows, date, err)
			}
		}
	}
}

// TestOneWrongEntryIsNamed: an entry that was changed on all servers is the only one that is damaged, of those whose hashes are kept together; with a second one of its
// day, nobody knows which they are.
func TestOneWrongEntryIsNamed(t *testing.T) {
	f, dates := movedFixture(t)
	bad, good := moreID(33, 50), moreID(33, 51)
	whole, err := f.Journal.Entry("plain", bad, "")
	f.Must(nil, err)
	for server := range 2 {
		f.changeRow(server, dates[0], bad, otherLeaf)
	}
	if e, err := f.Journal.Entry("plain", good, ""); err != nil || e.ID != good {
		t.Errorf("an entry beside it: %+v, %v", e, err)
	}
	if _, err := f.Journal.Entry("plain", bad, ""); oplog.CodeOf(err) != oplog.CodeDamaged || !strings.Contains(err.Error(), fmt.Sprintf("Entry %d of tenant plain, of %s", whole.Seq, dates[0])) {
		t.Errorf("the changed entry: %v", err)
	}
	if seqs := f.damagedOf(); !slices.Equal(seqs, []uint64{whole.Seq}) {
		t.Errorf("damaged are %d, not %d alone", seqs, whole.Seq)
	}
	report, err := f.Archive.Verify(t.Context(), "plain", false, nil)
	named := func(one archive.Finding) bool {
		return one.Seq == whole.Seq && strings.Contains(one.Text, "it was modified")
	}
	if err != nil || !slices.ContainsFunc(report.Findings, named) {
		t.Errorf("verification: %+v, %v", report, err)
	}
	for server := range 2 {
		f.changeRow(server, dates[0], moreID(33, 100), otherLeaf)
	}
	if seqs := f.damagedOf(); len(seqs) != oplog.TileSize {
		t.Errorf("with two of a day, %d are damaged", len(seqs))
	}
	f.changeRow(0, dates[0], moreID(33, 100), func(r *archivetest.Row) { r.Leaf = r.Leaf[:len(r.Leaf)-1] })
	if seqs := f.damagedOf(); !slices.Equal(seqs, []uint64{whole.Seq}) {
		t.Errorf("once a server has the second again, damaged are %d", seqs)
	}
}
