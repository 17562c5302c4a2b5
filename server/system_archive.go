package server

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"oplog/archive"
	"oplog/oplog"
)

type (
	archiveOutput struct{ Body archiveBody }
	archiveBody   struct {
		Configured bool                `json:"configured" doc:"Whether servers for archived days are configured."`
		Servers    []archiveServerBody `json:"servers" doc:"The servers, in the order of the configuration. Each had 3 seconds to answer."`
		Tenants    []archiveTenantBody `json:"tenants" doc:"The tenants that have archived days or are to have some, by id."`
	}
	archiveServerBody struct {
		URL       string   `json:"url" doc:"Its URL, without user and password."`
		Shard     int      `json:"shard" doc:"Number of its shard in the configuration, from 0. All servers of a shard have the same days."`
		Reachable bool     `json:"reachable" doc:"Whether it answered just now."`
		Error     string   `json:"error,omitempty" doc:"Why it cannot be used; omitted if all is well."`
		Rows      uint64   `json:"rows" doc:"Entries that it has."`
		Missing   []string `json:"missing,omitempty" doc:"Days that it should have and lacks, each as tenant/date; omitted if there are none."`
		Unknown   []string `json:"unknown,omitempty" doc:"Days, each as tenant/date attempt, of which it has rows that this log knows nothing of, and leaves alone; another log may use the same database. Omitted if there are none."`
	}
	archiveTenantBody struct {
		Tenant         string    `json:"tenant" doc:"The tenant's id."`
		Name           string    `json:"name" doc:"Its display name."`
		ArchiveAfter   int       `json:"archive_after,omitempty" doc:"Whole days before today after which entries go to the archive; omitted: never."`
		Days           int       `json:"days" doc:"UTC days in the archive."`
		RemovedDays    int       `json:"removed_days" doc:"Of these, days whose entries are in the archive alone."`
		Entries        uint64    `json:"entries" doc:"Entries in the archive."`
		RemovedEntries uint64    `json:"removed_entries" doc:"Of these, entries that are in the archive alone."`
		EntriesHere    *uint64   `json:"entries_here,omitempty" doc:"Entries in this log's own store; omitted while they cannot be counted."`
		First          string    `json:"first,omitempty" doc:"The first UTC date in the archive; omitted if there is none."`
		Last           string    `json:"last,omitempty" doc:"The last UTC date in the archive; omitted if there is none."`
		Due            int       `json:"due" doc:"UTC days that should be in the archive and are not yet."`
		LagDays        int       `json:"lag_days" doc:"By how many days archiving is behind; 0 if nothing is due."`
		Shipping       string    `json:"shipping,omitempty" doc:"The UTC date that is being sent to the archive; omitted if there is none."`
		LastError      string    `json:"last_error,omitempty" doc:"Why archiving last failed; omitted if it has succeeded since."`
		LastErrorAt    time.Time `json:"last_error_at,omitzero" doc:"When that was."`
		LastShippedAt  time.Time `json:"last_shipped_at,omitzero" doc:"When a day was last archived; omitted if none was."`
		LastVerifiedAt time.Time `json:"last_verified_at,omitzero" doc:"When a day was last compared with what the archive has; omitted if none was."`
	}
	tenantArchiveOutput struct{ Body tenantArchiveBody }
	tenantArchiveBody   struct {
		Configured bool               `json:"configured" doc:"Whether servers for archived days are configured."`
		Reachable  bool               `json:"reachable" doc:"Whether of each shard at least one server answered just now."`
		Tenant     *archiveTenantBody `json:"tenant,omitempty" doc:"What the archive has of this tenant; omitted if nothing, and nothing is to go there."`
	}
)

// archiveFreshness is how old the state of the archive may be that a page shows, and archiveScrapes how old that of the metrics: its servers are not
// asked by each reader.
const (
	archiveFreshness = 2 * time.Second
	archiveScrapes   = 30 * time.Second
)

// archiveWatch keeps the state of the archive that was last asked for.
type archiveWatch struct {
	ask func(context.Context, func() ([]oplog.TenantState, error)) archive.Status // nil without a log
	now func() time.Time

	mu   sync.Mutex // while the servers are asked, up to 3 s; guards the following
	at   time.Time
	last archive.Status
}

// status returns the state of the archive, which may be so old.
func (w *archiveWatch) status(ctx context.Context, age time.Duration, tenants func() ([]oplog.TenantState, error)) archive.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at.IsZero() || w.now().Sub(w.at).Abs() > age {
		w.last = w.ask(context.WithoutCancel(ctx), tenants) // the answer is for the next reader, too
		w.at = w.now()
	}
	return w.last
}

// getArchive describes the archive: its servers, and what it has of each tenant.
func (s *Server) getArchive(ctx context.Context, _ *call, _ *struct{}) (*archiveOutput, error) {
	state := s.archive.status(ctx, archiveFreshness, s.node.TenantStates)
	out := &archiveOutput{archiveBody{Configured: state.Configured, Servers: []archiveServerBody{}, Tenants: []archiveTenantBody{}}}
	for i := range state.Servers {
		out.Body.Servers = append(out.Body.Servers, newArchiveServerBody(&state.Servers[i]))
	}
	for i := range state.Tenants {
		out.Body.Tenants = append(out.Body.Tenants, s.newArchiveTenantBody(ctx, &state.Tenants[i]))
	}
	return out, nil
}

// getTenantArchive describes what the archive has of one tenant.
func (s *Server) getTenantArchive(ctx context.Context, in *call, _ *struct{}) (*tenantArchiveOutput, error) {
	state := s.archive.status(ctx, archiveFreshness, s.node.TenantStates)
	out := &tenantArchiveOutput{tenantArchiveBody{Configured: state.Configured, Reachable: state.Configured && len(unreachableShards(state.Servers)) == 0}}
	for i := range state.Tenants {
		if state.Tenants[i].Tenant == in.tenant.ID {
			b := s.newArchiveTenantBody(ctx, &state.Tenants[i])
			out.Body.Tenant = &b
		}
	}
	return out, nil
}

// unreachableShards returns the shards of which no server answers.
func unreachableShards(servers []archive.ServerStatus) map[int]bool {
	away := map[int]bool{}
	for i := range servers {
		of := servers[i].Shard
		before, known := away[of]
		away[of] = !servers[i].Reachable && (before || !known)
	}
	for shard, is := range away {
		if !is {
			delete(away, shard)
		}
	}
	return away
}

func newArchiveServerBody(of *archive.ServerStatus) archiveServerBody {
	shown := withoutSecrets(of.URL)
	return archiveServerBody{shown, of.Shard, of.Reachable, strings.ReplaceAll(of.Error, of.URL, shown), of.Rows, of.Missing, of.Unknown}
}

// withoutSecrets returns a URL without user, password and parameters.
func withoutSecrets(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

func (s *Server) newArchiveTenantBody(ctx context.Context, of *archive.TenantStatus) archiveTenantBody {
	b := archiveTenantBody{
		Tenant: of.Tenant, ArchiveAfter: of.ArchiveAfter, Days: of.Days, RemovedDays: of.Removed, Entries: of.Entries, RemovedEntries: of.RemovedEntries,
		First: of.First, Last: of.Last, Due: of.Due, LagDays: of.LagDays, Shipping: of.Shipping,
		LastError: of.LastError, LastErrorAt: of.LastErrorAt.UTC(), LastShippedAt: of.LastShipped.UTC(), LastVerifiedAt: of.LastVerified.UTC(),
	}
	if t, err := s.directory.Tenant(of.Tenant); err == nil {
		b.Name = t.Name
	}
	if all, err := s.journal.Status(ctx, of.Tenant); err == nil && all.CatchingUp == nil {
		here := uint64(max(0, all.Entries)) //nolint:gosec // not negative
		here -= min(here, of.RemovedEntries)
		b.EntriesHere = &here
	}
	return b
}
