package server

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

const archivePath = "/api/v1/system/archive"

// archived lets the archive say of itself what a test wants; asked counts how often it was asked.
func (f *fixture) archived(state archive.Status) (asked *atomic.Int64) {
	asked = new(atomic.Int64)
	f.server.archive.ask = func(ctx context.Context, tenants func() ([]oplog.TenantState, error)) archive.Status {
		asked.Add(1)
		if all, err := tenants(); err != nil || len(all) != 2 || ctx.Done() != nil {
			f.Errorf("asked about %d tenants: %v", len(all), err)
		}
		return state
	}
	return asked
}

// oneAway is an archive of two shards, one of whose servers does not answer.
func oneAway() archive.Status {
	return archive.Status{
		Configured: true,
		Servers: []archive.ServerStatus{
			{URL: "https://oplog:secret@a.example:8443/?token=t0ken", Shard: 0, Error: `Get "https://oplog:secret@a.example:8443/?token=t0ken": connection refused`},
			{URL: "https://b.example:8443", Shard: 0, Reachable: true, Rows: 12, Unknown: []string{"acme/2026-05-01 9"}},
			{URL: "https://c.example:8443", Shard: 1, Reachable: true, Rows: 7, Missing: []string{"acme/2026-05-02"}},
		},
		Tenants: []archive.TenantStatus{
			{
				Tenant: "acme", ArchiveAfter: 90, Days: 3, Removed: 2, Entries: 19, RemovedEntries: 12, First: "2026-05-01", Last: "2026-05-03", Due: 2, LagDays: 4,
				Shipping: "2026-05-04", LastError: "quorum", LastErrorAt: clock.Add(-time.Hour), LastShipped: clock.Add(-2 * time.Hour), LastVerified: clock.Add(-3 * time.Hour),
			},
			{Tenant: "other", ArchiveAfter: 30},
		},
	}
}

// TestArchiveOfAll: an owner sees all servers, without secrets, and all tenants; what a moment ago was said is not asked again.
func TestArchiveOfAll(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	asked := f.archived(oneAway())
	text := f.get("owner", archivePath, 200)
	if strings.Contains(text, "secret") || strings.Contains(text, "t0ken") {
		t.Errorf("a secret is shown: %s", text)
	}
	got := decode[archiveBody](t, text)
	if !got.Configured || len(got.Servers) != 3 || got.Servers[0].URL != "https://a.example:8443/" || got.Servers[0].Reachable ||
		!strings.Contains(got.Servers[0].Error, "connection refused") || got.Servers[2].Shard != 1 || got.Servers[2].Missing[0] != "acme/2026-05-02" || got.Servers[1].Unknown[0] != "acme/2026-05-01 9" {
		t.Errorf("the servers are %+v", got.Servers)
	}
	if len(got.Tenants) != 2 {
		t.Fatalf("the tenants are %+v", got.Tenants)
	}
	want := `{"tenant":"acme","name":"Acme","archive_after":90,"days":3,"removed_days":2,"entries":19,"removed_entries":12,"entries_here":0,` +
		`"first":"2026-05-01","last":"2026-05-03","due":2,"lag_days":4,"shipping":"2026-05-04","last_error":"quorum","last_error_at":"2026-11-22T07:00:00Z",` +
		`"last_shipped_at":"2026-11-22T06:00:00Z","last_verified_at":"2026-11-22T05:00:00Z"}`
	sent, err := json.Marshal(got.Tenants[0])
	if f.noError(err); string(sent) != want {
		t.Errorf("the tenant is %s,\n want %s", sent, want)
	}
	if other := got.Tenants[1]; other.ArchiveAfter != 30 || other.Days != 0 || *other.EntriesHere != 0 {
		t.Errorf("the other tenant is %+v", other)
	}
	f.get("owner", archivePath, 200)
	f.get("admin", tenantA+"/archive", 200)
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times in a moment", n)
	}
	f.advance(3 * time.Second)
	f.get("owner", archivePath, 200)
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times in three seconds", n)
	}
}

// TestArchiveOfTenant: an admin sees the line of the own tenant, and nothing of servers or other tenants.
func TestArchiveOfTenant(t *testing.T) {
	f := newServer(t)
	state := oneAway()
	f.archived(state)
	text := f.get("admin", tenantA+"/archive", 200)
	got := decode[tenantArchiveBody](t, text)
	if !got.Configured || !got.Reachable || got.Tenant == nil || got.Tenant.Entries != 19 || strings.Contains(text, "example") || strings.Contains(text, "other") {
		t.Errorf("the tenant's part is %s", text)
	}
	f.advance(3 * time.Second)
	state.Servers[2].Reachable, state.Tenants = false, state.Tenants[:1]
	f.archived(state)
	if got := decode[tenantArchiveBody](t, f.get("admin", tenantA+"/archive", 200)); got.Reachable {
		t.Error("a shard without a server is reachable")
	}
	if got := decode[tenantArchiveBody](t, f.get("stranger", "/api/v1/tenants/other/archive", 200)); got.Tenant != nil {
		t.Errorf("a tenant without archived days has %+v", got.Tenant)
	}
}

// TestNoArchive: without an archive, the answers say so, with empty lists.
func TestNoArchive(t *testing.T) {
	f := newServer(t)
	if got := f.get("owner", archivePath, 200); !strings.Contains(got, `"configured":false,"servers":[],"tenants":[]`) {
		t.Errorf("the archive is %s", got)
	}
	if got := f.get("admin", tenantA+"/archive", 200); !strings.Contains(got, `"configured":false,"reachable":false}`) {
		t.Errorf("the tenant's part is %s", got)
	}
}

// TestMetricsOfArchive: the archive is in the metrics once there is one.
func TestMetricsOfArchive(t *testing.T) {
	f := newServer(t)
	for name := range f.metrics() {
		if strings.HasPrefix(name, "oplog_archive_") {
			t.Errorf("without an archive there is %s", name)
		}
	}
	f.advance(time.Minute)
	f.archived(oneAway())
	m := f.metrics()
	for name, want := range map[string]float64{
		"oplog_archive_lag_days": 4, "oplog_archive_entries": 19, "oplog_archive_servers_unreachable": 1, "oplog_archive_missing_days": 1,
		`oplog_archive_days{state="removed"}`: 0, "oplog_archive_last_verified_timestamp_seconds": float64(clock.Add(-3 * time.Hour).Unix()),
		"oplog_archive_shipped_entries_total": 0, "oplog_archive_failures_total": 0,
	} {
		if value, has := m[name]; !has || value != want {
			t.Errorf("%s is %v (%t), want %v", name, value, has, want)
		}
	}
}
