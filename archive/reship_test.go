package archive_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/oplog"
	"oplog/search"
)

// TestShippedAgain: after a change of the analysis, days are shipped again, removed ones from the archive; wherever that ends, one attempt counts.
func TestShippedAgain(t *testing.T) {
	for _, c := range []struct {
		step  string
		first uint32 // attempt of the first day afterwards
	}{{"", 2}, {"put", 3}, {"leaves", 3}, {"row", 3}, {"inserted", 3}, {"verify", 3}} {
		t.Run(c.step, func(t *testing.T) {
			f := newFixture(t, 1, 2)
			dates := f.dates()
			f.settle()
			archived := oplog.DateOf(f.Clock.Now().AddDate(0, 0, -31)) // in both places
			f.Newer = 1
			f.Restart()
			last := dates[len(dates)-1]
			ended := c.step == ""
			f.shards[0].Fault = func(step string, of archive.Shipment) error {
				if step == c.step && !ended && of.Date == last {
					ended = true
					f.store.dead.Store(true)
				}
				return f.store.alive()
			}
			if err := f.round(); (err == nil) != (c.step == "") || !ended {
				t.Fatalf("ended %v: %v", ended, err)
			}
			f.shards[0].Fault = nil
			f.Restart()
			f.Clock.Advance(25 * time.Hour)
			f.Must(nil, f.round())
			f.Clock.Advance(25 * time.Hour)
			f.Archive.Retry()
			f.Must(nil, f.round())
			f.check(append(dates, archived))
			for _, date := range append(dates, archived) {
				if d := f.recordOf(date); d.Analysis != search.AnalysisVersion+1 || d.Next != 0 || date == last && d.Attempt != c.first {
					t.Errorf("the record is %+v", d)
				}
			}
			v, err := f.Store.Verify(t.Context(), "plain", nil, func(_, _ uint64) {})
			if err != nil || len(v.Findings) > 0 || v.Bad > 0 {
				t.Errorf("verify finds %+v, %v", v.Findings, err)
			}
		})
	}
}

// TestShippedAgainTampered: what has changed in the archive is not sent on as if it were right.
func TestShippedAgainTampered(t *testing.T) {
	f := newFixture(t, 1, 1)
	dates := f.dates()
	f.settle()
	f.Newer = 1
	f.Restart()
	last := dates[len(dates)-1]
	of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: last, Attempt: 1}}
	f.shards[0].Change(0, of, func(rows []archivetest.Row) []archivetest.Row {
		rows[0].Leaf = bytes.Replace(rows[0].Leaf, []byte("Wang"), []byte("Wong"), 1)
		return rows
	})
	if err := f.round(); err == nil || !strings.Contains(err.Error(), "differs from the log") {
		t.Errorf("it says %v", err)
	}
	if d := f.recordOf(last); d.Attempt != 1 || d.Next != 2 || d.State != oplog.DayRemoved {
		t.Errorf("the record is %+v", d)
	}
	f.shards[0].Change(0, of, func([]archivetest.Row) []archivetest.Row { return nil })
	f.shards[0].Fault = func(step string, _ archive.Shipment) error {
		if step == "drop" {
			return errors.New("something that counts was dropped")
		}
		return nil
	}
	f.Archive.Retry()
	if err := f.round(); err == nil || strings.Contains(err.Error(), "was dropped") {
		t.Errorf("it says %v", err)
	}
	if steps := f.shards[0].Steps(); slices.Contains(steps, "drop") {
		t.Errorf("the steps are %v", steps)
	}
}
