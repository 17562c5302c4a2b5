package archive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"oplog/oplog"
)

// Status describes the archive.
type Status struct {
	Configured bool
	Servers    []ServerStatus // in the order of the configuration
	Tenants    []TenantStatus // that have archived days, or are to have some, in the order of their ids
}

// ServerStatus describes a server of the archive.
type ServerStatus struct {
	URL       string
	Shard     int // its number, from 0
	Reachable bool
	Error     string   // why it does not answer as it should
	Rows      uint64   // that records name
	Missing   []string // tenant/date of recorded days that it lacks
	Unknown   []string // tenant/date attempt of rows that no record names; they are left alone
}

// TenantStatus describes what the archive has of a tenant.
type TenantStatus struct {
	Tenant         string
	ArchiveAfter   int // days
	Days, Removed  int
	Unknown        []string // dates of days whose records are damaged
	Entries        uint64
	RemovedEntries uint64 // that are in the archive alone
	First, Last    string // dates
	Due            int    // days that should be there, and are not
	LagDays        int    // how much too late the oldest of them is
	Shipping       string // date, if one is under way
	Sent           uint64 // entries of that day so far; only this node knows those that it sends itself
	LastError      string // of the node that leads
	LastErrorAt    time.Time
	LastVerified   time.Time
	LastShipped    time.Time
}

// statusTime limits how long the servers are asked.
const statusTime = 3 * time.Second

// Status describes the archive. It asks all servers.
func (a *Archive) Status(ctx context.Context, tenants func() ([]oplog.TenantState, error)) Status {
	s := Status{Configured: a.IsConfigured()}
	all, _ := tenants() //nolint:errcheck // those that cannot be read are told elsewhere
	var ids []string
	for i := range all {
		if t := &all[i]; t.ArchiveAfter > 0 || len(a.Days(t.ID)) > 0 {
			ids = append(ids, t.ID)
			s.Tenants = append(s.Tenants, a.tenantStatus(ctx, t))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, statusTime)
	defer cancel()
	ofShards := make([][]ServerStatus, len(a.options.Shards))
	var asking sync.WaitGroup
	for shard := range a.options.Shards {
		asking.Go(func() { ofShards[shard] = a.serversOf(ctx, shard, ids) })
	}
	asking.Wait()
	for _, servers := range ofShards {
		s.Servers = append(s.Servers, servers...)
	}
	return s
}

// serversOf asks the servers of a shard what they have of some tenants.
func (a *Archive) serversOf(ctx context.Context, shard int, tenants []string) []ServerStatus {
	engine := a.options.Shards[shard]
	urls := engine.Servers()
	servers := make([]ServerStatus, len(urls))
	for i := range servers {
		servers[i] = ServerStatus{URL: urls[i], Shard: shard, Reachable: true}
	}
	if len(tenants) == 0 { // are they there at all?
		_, err := engine.Holdings(ctx, "")
		note(servers, err)
	}
	var mu sync.Mutex // guards servers
	var asking sync.WaitGroup
	for _, tenant := range tenants {
		asking.Go(func() {
			holdings, err := engine.Holdings(ctx, tenant)
			mu.Lock()
			defer mu.Unlock()
			note(servers, err)
			days := a.Days(tenant)
			for i, rows := range holdings {
				if rows != nil && i < len(servers) {
					servers[i].add(tenant, days, rows)
				}
			}
		})
	}
	asking.Wait()
	for i := range servers {
		slices.Sort(servers[i].Missing)
		slices.Sort(servers[i].Unknown)
	}
	return servers
}

// add adds what a server has of a tenant.
func (s *ServerStatus) add(tenant string, days []oplog.ArchivedDay, rows map[DayAttempt]uint64) {
	for i := range days {
		if d := &days[i]; d.Shard == s.Shard && isThere(d) {
			s.Rows += rows[shipmentOf(d).DayAttempt]
		}
	}
	h := holdingOf(days, s.Shard, rows)
	for _, date := range h.missing {
		s.Missing = append(s.Missing, tenant+"/"+date)
	}
	for _, of := range h.unknown {
		s.Unknown = append(s.Unknown, tenant+"/"+of.String())
	}
}

// note notes which servers do not answer.
func note(servers []ServerStatus, err error) {
	if err == nil {
		return
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for i := range servers {
		for _, one := range all {
			of := (*ServerError)(nil)
			if !errors.As(one, &of) || of.Server == servers[i].URL {
				servers[i].Reachable, servers[i].Error = false, reasonOf(one, servers[i].URL)
			}
		}
	}
}

// reasonOf returns why a server does not answer, beside its URL: the text of the error without the URL and what the network repeats of it.
func reasonOf(err error, url string) string {
	var refused *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer within %s", statusTime)
	case errors.As(err, &refused):
		if system := (*os.SyscallError)(nil); errors.As(refused, &system) {
			return system.Err.Error()
		}
		return refused.Err.Error()
	}
	return strings.TrimPrefix(err.Error(), url+": ")
}

// tenantStatus describes what the archive has of a tenant.
func (a *Archive) tenantStatus(ctx context.Context, t *oplog.TenantState) TenantStatus {
	s := TenantStatus{Tenant: t.ID, ArchiveAfter: t.ArchiveAfter, Shipping: a.work.get(t.ID).shipping, Unknown: a.Unknown(t.ID)}
	_, s.Sent = a.Sending(t.ID)
	for _, d := range a.Days(t.ID) {
		switch {
		case d.State == oplog.DayShipping && s.Shipping == "":
			s.Shipping = d.Date
		case isThere(&d):
			s.add(&d)
		}
	}
	if last := a.work.lastFailure(t.ID); last.failed != nil {
		s.LastError, s.LastErrorAt = last.failed.Error(), last.failedAt
	}
	if dates, err := a.due(ctx, t); err == nil && len(dates) > 0 { // an index that is being built knows it later
		s.Due = len(dates)
		oldest, _ := oplog.Days{From: dates[0], To: dates[0]}.Bounds()
		end, _ := oplog.Days{From: t.ArchivedBefore(a.surelyNow())}.Bounds()
		s.LagDays = int(end.Sub(oldest) / (24 * time.Hour))
	}
	return s
}

// add adds a day that the archive has.
func (s *TenantStatus) add(d *oplog.ArchivedDay) {
	s.Days++
	s.Entries += d.Rows
	if d.State == oplog.DayRemoved {
		s.Removed++
		s.RemovedEntries += d.Rows
	}
	if s.First == "" {
		s.First = d.Date
	}
	s.Last = d.Date
	if d.VerifiedAt.After(s.LastVerified) {
		s.LastVerified = d.VerifiedAt
	}
	if d.ArchivedAt.After(s.LastShipped) {
		s.LastShipped = d.ArchivedAt
	}
}
