package server

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"oplog/archive"
	"oplog/oplog"
)

// archiveStates are the states of archived days, in the order in which days have them.
var archiveStates = []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved, oplog.DayDeleted}

// writeArchiveMetrics writes the metrics of the archive, if there is one, or a day in one.
func (s *Server) writeArchiveMetrics(ctx context.Context, w *bytes.Buffer) {
	state := s.archive.status(ctx, archiveScrapes, s.node.TenantStates)
	days := s.archivedDays()
	if !state.Configured && len(days) == 0 {
		return
	}
	lag, entries, verified := 0, uint64(0), time.Time{}
	for i := range state.Tenants {
		t := &state.Tenants[i]
		lag = max(lag, t.LagDays)
		entries += t.Entries
		if t.Days > 0 && (verified.IsZero() || t.LastVerified.Before(verified)) {
			verified = t.LastVerified
		}
	}
	metrics.WriteGaugeUint64(w, "oplog_archive_lag_days", uint64(lag)) //nolint:gosec // not negative
	metrics.WriteMetadataIfNeeded(w, "oplog_archive_days", "gauge")
	for _, state := range archiveStates {
		fmt.Fprintf(w, "oplog_archive_days{state=%q} %d\n", state, days[state])
	}
	metrics.WriteGaugeUint64(w, "oplog_archive_entries", entries)
	away, missing := awayAndMissing(state.Servers)
	metrics.WriteGaugeUint64(w, "oplog_archive_servers_unreachable", away)
	metrics.WriteGaugeUint64(w, "oplog_archive_missing_days", missing)
	if !verified.IsZero() {
		metrics.WriteGaugeUint64(w, "oplog_archive_last_verified_timestamp_seconds", unix(verified))
	}
	m := s.node.Archive.Meters()
	metrics.WriteCounterUint64(w, "oplog_archive_shipped_entries_total", m.ShippedEntries)
	metrics.WriteCounterUint64(w, "oplog_archive_failures_total", m.Failures)
}

// archivedDays counts the days of all tenants by state.
func (s *Server) archivedDays() map[oplog.ArchiveState]int {
	days := map[oplog.ArchiveState]int{}
	tenants, err := s.directory.Tenants()
	if err != nil {
		return days // which the other metrics tell of
	}
	for i := range tenants {
		for _, d := range s.node.Archive.Days(tenants[i].ID) {
			days[d.State]++
		}
	}
	return days
}

// awayAndMissing returns how many servers do not answer, and how many days servers lack.
func awayAndMissing(servers []archive.ServerStatus) (away, missing uint64) {
	for i := range servers {
		if !servers[i].Reachable {
			away++
		}
		missing += uint64(len(servers[i].Missing))
	}
	return away, missing
}
