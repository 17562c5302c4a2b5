package archive_test

import (
	"bytes"
	"strings"
	"testing"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/oplog"
)

func (f *fixture) countsOf(date string) ([]byte, oplog.Revision) {
	f.T.Helper()
	data, revision, err := f.Store.Record(oplog.RecordArchiveCounts, "plain/"+date)
	f.Must(data, err)
	return data, revision
}

// Counts in the form of the first ones, and damaged ones, are counted again: of removed days from the archive, unless it has been changed, and of others from here.
func TestDaysAreCountedAgain(t *testing.T) {
	f := newFixture(t, 2, 2)
	f.settle()
	dates := f.dates() // with one that is in both places by now
	if last := f.recordOf(dates[len(dates)-1]); last.State != oplog.DayArchived {
		t.Fatalf("the last day is %s", last.State)
	}
	before := map[string][]byte{}
	for i, date := range dates {
		data, revision := f.countsOf(date)
		before[date] = data
		worse := []byte("damaged")
		if i != 1 {
			var err error
			worse, err = archive.EarlierCounts(data)
			f.Must(worse, err)
		}
		f.Must(nil, f.Store.PutRecord(oplog.RecordArchiveCounts, "plain/"+date, revision, worse))
	}
	changed := f.recordOf(dates[0])
	of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: changed.Date, Attempt: changed.Attempt}}
	var whole []archivetest.Row
	for server := range 2 {
		f.shards[changed.Shard].Change(server, of, func(rows []archivetest.Row) []archivetest.Row {
			whole = rows
			other := append([]archivetest.Row{}, rows...)
			other[0].Leaf = bytes.Replace(other[0].Leaf, []byte("Wang"), []byte("Wong"), 1)
			return other
		})
	}
	f.Archive.Retry()
	if err := f.round(); err == nil || !strings.Contains(err.Error(), "count day "+changed.Date) {
		t.Errorf("it says %v", err)
	}
	for i, date := range dates {
		if data, _ := f.countsOf(date); bytes.Equal(data, before[date]) != (i > 0) {
			t.Errorf("day %d has %d bytes of counts, before %d", i, len(data), len(before[date]))
		}
	}
	for server := range 2 {
		f.shards[changed.Shard].Change(server, of, func([]archivetest.Row) []archivetest.Row { return whole })
	}
	f.Archive.Retry()
	f.Must(nil, f.round())
	if data, _ := f.countsOf(changed.Date); !bytes.Equal(data, before[changed.Date]) {
		t.Error("the changed day is not counted once it is as it was")
	}
}
