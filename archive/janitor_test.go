package archive_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/archive/archivetest"
	"oplog/oplog"
)

// TestJanitor: what records name as given up goes, what none names stays and is told, and what is missing is named.
func TestJanitor(t *testing.T) {
	f := newFixture(t, 1, 2)
	date, engine := f.dates()[0], f.shards[0]
	engine.Fault = func(step string, of archive.Shipment) error {
		if step == "inserted" && of.Date == date && of.Attempt < 3 {
			return errors.New("the server has lost its breath")
		}
		return nil
	}
	for range 2 {
		if err := f.Archive.ShipDay(t.Context(), "plain", date); err == nil {
			t.Fatal("it has shipped")
		}
	}
	engine.Fault = nil
	unknown := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: "2020-01-01", Attempt: 1}}
	other := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: date, Attempt: 9}}
	some := []archivetest.Row{{ID: "of another log"}}
	for _, of := range []archive.Shipment{unknown, other} {
		engine.Change(1, of, func([]archivetest.Row) []archivetest.Row { return some })
	}
	f.Must(nil, f.round())
	f.Archive.Retry()
	f.Must(nil, f.round())
	d := f.recordOf(date)
	if d.Attempt != 10 || !slices.Equal(d.Attempts, []uint32{1, 2}) { // above all that a server has
		t.Errorf("the record is %+v", d)
	}
	holdings, err := engine.Holdings(t.Context(), "plain")
	f.Must(holdings, err)
	if len(holdings[0]) != oldDays || len(holdings[1]) != oldDays+2 || holdings[0][archive.DayAttempt{Date: date, Attempt: d.Attempt}] != dayEntries {
		t.Errorf("the servers have %v", holdings)
	}
	s := f.Archive.Status(t.Context(), f.TenantStates)
	if got := s.Servers[1].Unknown; len(got) != 2 || got[0] != "plain/2020-01-01 attempt 1" || len(s.Servers[0].Unknown) > 0 {
		t.Errorf("unknown are %v", got)
	}
	f.checkMissing(date)
}

// TestJanitorOfRemovedDays: attempts that were given up before a day was removed have no readers, and go at once.
func TestJanitorOfRemovedDays(t *testing.T) {
	f := newFixture(t, 1, 2)
	date, engine := f.dates()[0], f.shards[0]
	engine.Fault = func(step string, of archive.Shipment) error {
		if step == "inserted" && of.Date == date && of.Attempt == 1 {
			return errors.New("the server has lost its breath")
		}
		return nil
	}
	if err := f.Archive.ShipDay(t.Context(), "plain", date); err == nil {
		t.Fatal("it has shipped")
	}
	engine.Fault = nil
	f.Must(nil, f.round())
	f.Clock.Advance(f.Grace)
	f.Must(nil, f.round())
	if d := f.recordOf(date); d.State != oplog.DayRemoved || d.Attempt != 2 {
		t.Fatalf("the record is %+v", d)
	}
	f.Restart()
	f.Must(nil, f.round())
	f.check([]string{date})
}

// checkMissing lets a server lose rows of a day, and checks that it is named.
func (f *fixture) checkMissing(date string) {
	f.T.Helper()
	d := f.recordOf(date)
	of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: date, Attempt: d.Attempt}}
	f.shards[0].Change(0, of, dropLast)
	f.Archive.Retry()
	err := f.round()
	if err == nil || !strings.Contains(err.Error(), "https://shard-1-1:8443 lacks rows of archived days: "+date) {
		f.T.Errorf("the janitor says %v", err)
	}
	s := f.Archive.Status(f.T.Context(), f.TenantStates)
	if !slices.Equal(s.Servers[0].Missing, []string{"plain/" + date}) || len(s.Servers[1].Missing) > 0 || s.Servers[0].Rows != oldDays*dayEntries-dayEntries+dayEntries-1 {
		f.T.Errorf("the status is %+v", s.Servers)
	}
	if one := s.Tenants[0]; one.LastError == "" || !one.LastErrorAt.Equal(f.Clock.Now()) || f.Archive.Meters().Failures == 0 {
		f.T.Errorf("the status is %+v", one)
	}
}

// TestServersThatDifferLater: a day whose rows have changed before it was removed here is shipped again, and told.
func TestServersThatDifferLater(t *testing.T) {
	f := newFixture(t, 1, 2)
	dates := f.dates()
	f.Must(nil, f.round())
	of := archive.Shipment{Tenant: "plain", DayAttempt: archive.DayAttempt{Date: dates[1], Attempt: 1}}
	f.shards[0].Change(1, of, func(rows []archivetest.Row) []archivetest.Row {
		rows[7].Leaf[20] ^= 1
		return rows
	})
	f.Clock.Advance(f.Grace)
	if err := f.round(); err == nil || !strings.Contains(err.Error(), "https://shard-1-2:8443 has of day "+dates[1]+" of tenant plain differs") {
		t.Errorf("it says %v", err)
	}
	if d := f.recordOf(dates[1]); d.State != oplog.DayArchived || d.Attempt != 2 {
		t.Errorf("the record is %+v", d)
	}
	f.settle()
	f.check(dates)
}

// TestShards: days are spread over the shards, and stay where they were recorded.
func TestShards(t *testing.T) {
	f := newFixture(t, 2, 1)
	for i := range 40 {
		e := f.entryOn(60 + i)
		f.Record("plain", e)
		f.sent[oplog.DateOf(e.Time)] = []string{e.ID}
	}
	dates := f.dates()
	f.settle()
	f.check(dates)
	on := map[int]int{}
	for _, date := range dates {
		on[f.recordOf(date).Shard]++
	}
	if on[0] < 10 || on[1] < 10 || on[0]+on[1] != len(dates) {
		t.Errorf("on shards are %v of %d days", on, len(dates))
	}
	f.Shards = f.Shards[:1]
	f.Restart()
	states, err := f.TenantStates()
	f.Must(states, err)
	if err := f.Archive.CheckShards(states); err == nil || !strings.Contains(err.Error(), "is on shard 2, and only 1 are configured") {
		t.Errorf("days of a shard that is not configured: %v", err)
	}
	f.Shards = nil
	f.Restart()
	f.Must(nil, f.Archive.CheckShards(states))
}

// TestStatus tells what is where and what is due.
func TestStatus(t *testing.T) {
	f := newFixture(t, 1, 2)
	dates := f.dates()
	status := func() archive.TenantStatus {
		t.Helper()
		s := f.Archive.Status(t.Context(), f.TenantStates)
		if !s.Configured || len(s.Servers) != 2 || len(s.Tenants) != 1 {
			t.Fatalf("the status is %+v", s)
		}
		return s.Tenants[0]
	}
	if s := status(); s.Tenant != "plain" || s.Due != oldDays || s.LagDays != oldDays || s.Days != 0 || s.ArchiveAfter != 30 {
		t.Errorf("the status is %+v", s)
	}
	f.Must(nil, f.Archive.ShipDay(t.Context(), "plain", dates[0]))
	if s := status(); s.Due != oldDays-1 || s.Days != 1 || s.Entries != dayEntries || s.First != dates[0] || s.Last != dates[0] || !s.LastShipped.Equal(f.Clock.Now()) || s.Removed != 0 {
		t.Errorf("the status is %+v", s)
	}
	f.settle()
	if s := status(); s.Due != 0 || s.LagDays != 0 || s.Removed != oldDays || s.RemovedEntries != oldDays*dayEntries || s.Shipping != "" || s.LastError != "" {
		t.Errorf("the status is %+v", s)
	}
	f.shards[0].SetAway(1, true)
	s := f.Archive.Status(t.Context(), f.TenantStates)
	if !s.Servers[0].Reachable || s.Servers[1].Reachable || !strings.Contains(s.Servers[1].Error, "shard-1-2:8443 does not answer") || s.Servers[0].Error != "" {
		t.Errorf("the status is %+v", s.Servers)
	}
	if len(s.Servers[0].Missing)+len(s.Servers[1].Missing) > 0 {
		t.Errorf("missing are %+v", s.Servers)
	}
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.ArchiveAfter = 0 }))
	f.Clock.Advance(365 * 24 * time.Hour)
	if s := status(); s.Due != 0 || s.Removed != oldDays {
		t.Errorf("the status is %+v", s)
	}
}

// TestDamagedDay: a day that is damaged here is told, and does not keep others from being archived.
func TestDamagedDay(t *testing.T) {
	f := newFixture(t, 1, 1)
	dates := f.dates()
	f.store.damaged = dates[0]
	err := f.round()
	if oplog.CodeOf(err) != oplog.CodeDamaged || !strings.Contains(err.Error(), dates[0]) {
		t.Errorf("it says %v", err)
	}
	if d := f.recordOf(dates[1]); d.State != oplog.DayArchived {
		t.Errorf("the record is %+v", d)
	}
	if d := f.recordOf(dates[0]); d.State != oplog.DayShipping {
		t.Errorf("the record is %+v", d)
	}
	f.store.damaged = ""
	f.Archive.Retry()
	f.settle()
	f.check(dates)
}
