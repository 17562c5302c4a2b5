package cli

import (
	"context"
	"encoding/json"
	"net/url"
	"sync"
	"time"

	"oplog/doctor"
	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
)

// shownShards returns the URLs of the servers of each shard, without secrets.
func (a *archiveSettings) shownShards() [][]string {
	shards := a.shards()
	for _, servers := range shards {
		for i, one := range servers {
			servers[i] = shownURL(one)
		}
	}
	return shards
}

func shownURL(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// archivedIn counts the days that are in the archive, and the shards that have them, and lists those whose records are damaged.
func archivedIn(store *storage.DB, s *doctor.Log) error {
	found, err := store.Records(oplog.RecordArchive, "")
	if err != nil && !oplog.IsDamagedRecord(err) {
		return err
	}
	if s.DamagedRecords, err = store.DamagedDays(); err != nil {
		return err
	}
	unknown, err := store.UnknownDays()
	if err != nil {
		return err
	}
	for i := range unknown {
		if !unknown[i].Deleted {
			s.UnknownDays = append(s.UnknownDays, unknown[i].Name())
		}
	}
	for _, r := range found {
		var d oplog.ArchivedDay
		if json.Unmarshal(r.Data, &d) == nil && (d.State == oplog.DayArchived || d.State == oplog.DayRemoved) {
			s.ArchivedDays++
			s.ArchiveShards = max(s.ArchiveShards, d.Shard+1)
		}
	}
	return nil
}

// archiveTime limits how long the servers of the archive are asked for the checks.
const archiveTime = 3 * time.Second

// archiveOf asks the servers of the archive what they have, and whether that is as it should be.
func archiveOf(l *node.Node) (a doctor.Archive) {
	ctx, cancel := context.WithTimeout(context.Background(), archiveTime)
	defer cancel()
	tenants, _ := l.TenantStates() //nolint:errcheck // other checks tell of damaged ones
	tables := make([]error, len(tenants))
	var asking sync.WaitGroup
	for i := range tenants {
		if t := &tenants[i]; t.ArchiveAfter > 0 || len(l.Archive.Days(t.ID)) > 0 {
			asking.Go(func() { tables[i] = l.Archive.Check(ctx, t.ID) })
		}
	}
	state := l.Archive.Status(ctx, func() ([]oplog.TenantState, error) { return tenants, nil })
	asking.Wait()
	for i, err := range tables {
		if err != nil {
			a.Tables = append(a.Tables, doctor.ArchiveTable{Tenant: tenants[i].ID, Error: oneLine(err)})
		}
	}
	for i := range state.Servers {
		s := &state.Servers[i]
		of := doctor.ArchiveServer{URL: shownURL(s.URL), Shard: s.Shard, Missing: s.Missing, Unknown: s.Unknown}
		if !s.Reachable {
			of.Error = s.Error
		}
		a.Servers = append(a.Servers, of)
	}
	for i := range state.Tenants {
		t := &state.Tenants[i]
		a.Days += t.Days
		a.Entries += t.Entries
		if t.LagDays > 0 || t.LastError != "" {
			a.Behind = append(a.Behind, doctor.ArchiveBehind{Tenant: t.Tenant, Days: t.LagDays, Error: t.LastError})
		}
	}
	return a
}
