package archive_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"oplog/archive"
	"oplog/oplog"
)

// TestShipDay: a day is shipped once; days that are too new, empty or of tenants that keep theirs are not.
func TestShipDay(t *testing.T) {
	f := newFixture(t, 1, 2)
	dates := f.dates()
	f.Must(nil, f.Archive.ShipDay(t.Context(), "plain", dates[0]))
	first := f.recordOf(dates[0])
	f.Must(nil, f.Archive.ShipDay(t.Context(), "plain", dates[0]))
	if d := f.recordOf(dates[0]); d.Attempt != 1 || d.State != oplog.DayArchived || !d.ArchivedAt.Equal(first.ArchivedAt) || d.Rows != dayEntries || len(d.Attempts) > 0 {
		t.Errorf("the record is %+v", d)
	}
	for _, c := range []struct {
		tenant, date, want string
	}{
		{"plain", oplog.DateOf(f.Clock.Now().AddDate(0, 0, -30)), "stays out of the archive"},
		{"plain", "2026-01-01", "no entries"},
		{"plain", "yesterday", "not a date"},
		{"acme", dates[0], "--archive-after"},
		{"nobody", dates[0], ""},
	} {
		if err := f.Archive.ShipDay(t.Context(), c.tenant, c.date); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("shipping %s of %s: %v; want %q", c.date, c.tenant, err, c.want)
		}
	}
	if n := len(f.Archive.Days("plain")); n != 1 {
		t.Errorf("%d days are recorded", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Archive.ShipDay(ended, "plain", dates[1]); err == nil {
		t.Error("a day is shipped after the context has ended")
	}
}

// TestServersThatDiffer: an attempt that a server does not have as it was sent counts nothing, and the error names the server.
func TestServersThatDiffer(t *testing.T) {
	f := newFixture(t, 1, 2)
	date := f.dates()[0]
	f.shards[0].Fault = func(step string, of archive.Shipment) error {
		if step == "inserted" && of.Date == date && of.Attempt == 1 {
			f.shards[0].Change(1, of, dropLast)
		}
		return nil
	}
	err := f.Archive.ShipDay(t.Context(), "plain", date)
	if err == nil || !strings.Contains(err.Error(), "https://shard-1-2:8443 has") || !strings.HasSuffix(err.Error(), fmt.Sprintf(": %d entries instead of %d", dayEntries-1, dayEntries)) || strings.Contains(err.Error(), "shard-1-1") {
		t.Errorf("the error is %v", err)
	}
	if d := f.recordOf(date); d.State != oplog.DayShipping {
		t.Errorf("the record is %+v", d)
	}
	f.Must(nil, f.round())
	if d := f.recordOf(date); d.Attempt != 2 || d.State != oplog.DayArchived || len(d.Attempts) != 1 {
		t.Errorf("the record is %+v", d)
	}
}
