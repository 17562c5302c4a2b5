package archive_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"oplog/archive"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// TestRun: days are shipped, removed and tidied as long as it runs; what fails of a tenant, even by a mistake of the program, does not keep the others.
func TestRun(t *testing.T) {
	f := newFixture(t, 1, 1)
	f.Grace = 0
	f.Restart()
	f.Record("acme", f.entryOn(40))
	f.Must(f.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.ArchiveAfter = 30 }))
	f.shards[0].Fault = func(step string, of archive.Shipment) error {
		switch {
		case of.Tenant == "acme" && step == "put":
			panic("a mistake")
		case of.Tenant == "acme" && step == "holdings":
			return errors.New("the server is tired")
		}
		return nil
	}
	var mu sync.Mutex
	var failed []string
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.Archive.Run(ctx, f.TenantStates, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err.Error())
		})
	}()
	dates := f.dates()
	isArchived := func() bool {
		n := 0
		for _, d := range f.Archive.Days("plain") {
			if d.State == oplog.DayArchived || d.State == oplog.DayRemoved {
				n++
			}
		}
		return n == len(dates)
	}
	nodetest.Eventually(t, "all days of plain are archived", isArchived)
	nodetest.Eventually(t, "days are removed from the disk", func() bool {
		left := 0
		f.Must(nil, f.Store.DayLeaves(t.Context(), "plain", dates[0], func(oplog.Key, []byte) error { left++; return nil }))
		return left == 0
	})
	end()
	<-ended
	mu.Lock()
	defer mu.Unlock()
	text := strings.Join(failed, "\n")
	if len(failed) != 2 || !strings.Contains(text, "archiving of tenant acme: The archive cannot be used: the server is tired") || !strings.Contains(text, "archiving of tenant acme: panic: a mistake") {
		t.Errorf("failures are %q", failed)
	}
	if s := f.Archive.Status(t.Context(), f.TenantStates).Tenants[0]; s.Tenant != "acme" || s.LastError == "" || s.Shipping == "" {
		t.Errorf("the status is %+v", s)
	}
	if m := f.Archive.Meters(); m.ShippedEntries != oldDays*dayEntries || m.Failures != 2 {
		t.Errorf("the meters are %+v", m)
	}
}

// TestFailureIsOver: what failed is not told any more once the days were shipped by a command.
func TestFailureIsOver(t *testing.T) {
	f := newFixture(t, 1, 1)
	away := errors.New("the server is tired")
	f.shards[0].Fault = func(step string, _ archive.Shipment) error {
		if step == "put" {
			return away
		}
		return nil
	}
	if err := f.round(); err == nil {
		t.Fatal("days are shipped to nobody")
	}
	status := func() archive.TenantStatus {
		all := f.Archive.Status(t.Context(), f.TenantStates).Tenants
		return all[len(all)-1]
	}
	away = nil
	if s := status(); s.Tenant != "plain" || !strings.Contains(s.LastError, "tired") {
		t.Errorf("before: %+v", s)
	}
	tenants, err := f.TenantStates()
	f.Must(nil, err)
	plain := slices.IndexFunc(tenants, func(t oplog.TenantState) bool { return t.ID == "plain" })
	f.Must(nil, f.Archive.ShipDue(t.Context(), tenants[plain], func(string, uint64) {}))
	if s := status(); s.LastError != "" || s.Due > 0 {
		t.Errorf("after: %+v", s)
	}
}

// TestArchiveAfterIsTakenBack: what is archived stays so, and nothing more goes there.
func TestArchiveAfterIsTakenBack(t *testing.T) {
	f := newFixture(t, 1, 1)
	dates := f.dates()
	f.Must(nil, f.Archive.ShipDay(t.Context(), "plain", dates[0]))
	f.Must(f.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.ArchiveAfter = 0 }))
	f.settle()
	if all := f.Archive.Days("plain"); len(all) != 1 || all[0].State != oplog.DayArchived {
		t.Errorf("the records are %+v", all)
	}
	if err := f.Archive.ShipDay(t.Context(), "plain", dates[1]); oplog.CodeOf(err) != oplog.CodeInvalid {
		t.Error(err)
	}
}

// TestTrail: the trail tells of both with what the archive has.
func TestTrail(t *testing.T) {
	f := newFixture(t, 1, 1)
	date := f.dates()[0]
	f.settle()
	var told []string
	f.Must(nil, f.Store.Arrivals(t.Context(), oplog.TrailName("plain"), 1, 0, func(e oplog.Entry) error {
		if e.Module == "archive" && strings.Contains(string(e.Details), date) {
			told = append(told, e.User.ID+" "+e.Operation+" "+string(e.Details))
		}
		return nil
	}))
	if len(told) != 2 || !strings.HasPrefix(told[0], "server ship {") || !strings.HasPrefix(told[1], "server remove {") || !strings.Contains(told[1], `"rows":150`) {
		t.Errorf("the trail says %q", told)
	}
}
