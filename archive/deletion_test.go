package archive_test

import (
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestLateEntries: a day that has begun to be shipped takes no entries, so what is compared is what was sent.
func TestLateEntries(t *testing.T) {
	f := newFixture(t, 1, 1)
	date := f.dates()[0]
	tried := 0
	late := nodetest.WithID("late", f.entryOn(33))
	if oplog.DateOf(late.Time) != date {
		t.Fatalf("%s is not %s", oplog.DateOf(late.Time), date)
	}
	f.shards[0].Fault = func(step string, of archive.Shipment) error {
		if of.Date != date || step == "highest" {
			return nil
		}
		if tried++; tried%20 == 1 || step != "row" {
			_, err := f.Journal.Append(t.Context(), "plain", []oplog.Entry{late})
			nodetest.WantCode(t, err, oplog.CodeInvalid)
		}
		return nil
	}
	f.settle()
	f.check(f.dates()[:oldDays])
	if tried < dayEntries {
		t.Errorf("it was tried %d times", tried)
	}
}

// TestDeletedMeanwhile: a day that retention deletes while it is shipped is not archived, and what was sent of it is dropped. One that is archived, or
// was removed, likewise.
func TestDeletedMeanwhile(t *testing.T) {
	for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved} {
		t.Run(string(state), func(t *testing.T) {
			f := newFixture(t, 1, 2)
			dates := f.dates()
			remove := func() {
				days, below := 31, true
				f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.Retain(&days, &below, "owner", f.Clock.Now()) }))
				f.Must(nil, f.Journal.Retain(t.Context()))
			}
			switch state {
			case oplog.DayShipping:
				f.shards[0].Fault = func(step string, of archive.Shipment) error {
					if step == "inserted" && of.Date == dates[0] {
						remove()
					}
					return nil
				}
				if err := f.Archive.ShipDay(t.Context(), "plain", dates[0]); oplog.CodeOf(err) != oplog.CodeUnavailable || !strings.Contains(err.Error(), "deleted meanwhile") {
					t.Errorf("it was shipped: %v", err)
				}
				f.shards[0].Fault = nil
			case oplog.DayArchived:
				f.Must(nil, f.round())
				remove()
			case oplog.DayRemoved:
				f.Must(nil, f.round())
				f.Clock.Advance(f.Grace)
				f.Must(nil, f.round())
				f.Must(nil, f.Store.BeginDeletion(&oplog.Deletion{Tenant: "plain", ID: "d", Days: []oplog.Days{{From: dates[0], To: dates[0]}}, At: f.Clock.Now()}))
			}
			f.Archive.Retry()
			f.Must(nil, f.round())
			f.checkDeleted(dates[0])
			f.Clock.Advance(time.Hour)
			if err := f.Archive.ShipDay(t.Context(), "plain", dates[0]); err != nil {
				t.Error(err)
			}
			f.checkDeleted(dates[0])
		})
	}
}

// checkDeleted checks that nothing is left of a deleted day, but its record.
func (f *fixture) checkDeleted(date string) {
	f.T.Helper()
	if d := f.recordOf(date); d.State != oplog.DayDeleted || d.Attempt != 1 {
		f.T.Errorf("the record is %+v", d)
	}
	holdings, err := f.shards[0].Holdings(f.T.Context(), "plain")
	f.Must(holdings, err)
	for server, rows := range holdings {
		for of := range rows {
			if of.Date == date {
				f.T.Errorf("server %d has %v", server, of)
			}
		}
	}
}

// TestDropDeleted: a deletion is finished once every server has confirmed it.
func TestDropDeleted(t *testing.T) {
	f := newFixture(t, 1, 2)
	date := f.dates()[0]
	f.Must(nil, f.round())
	days, below := 32, true
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.Retain(&days, &below, "owner", f.Clock.Now()) }))
	f.shards[0].SetAway(1, true)
	_ = f.Journal.Retain(t.Context()) // which fails once deletions wait for the archive
	err := f.Archive.DropDeleted(t.Context(), "plain", oplog.Days{From: date, To: date})
	if err == nil || !strings.Contains(err.Error(), "the deletion of day "+date+" of tenant plain is not finished") || !strings.Contains(err.Error(), "shard-1-2:8443") {
		t.Errorf("it says %v", err)
	}
	f.shards[0].SetAway(1, false)
	f.Must(nil, f.Archive.DropDeleted(t.Context(), "plain", oplog.Days{From: date, To: date}))
	f.checkDeleted(date)
}
