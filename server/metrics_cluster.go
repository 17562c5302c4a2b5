package server

import (
	"bytes"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// writeClusterMetrics writes the metrics of a node of several.
func (s *Server) writeClusterMetrics(w *bytes.Buffer) {
	if s.cluster == nil {
		return
	}
	m := s.cluster.Meters()
	metrics.WriteGaugeUint64(w, "oplog_cluster_leader", boolGauge(m.Leads))
	metrics.WriteGaugeUint64(w, "oplog_cluster_quorum", boolGauge(m.Quorum))
	metrics.WriteGaugeUint64(w, "oplog_cluster_term", m.Term)
	metrics.WriteGaugeUint64(w, "oplog_cluster_level", uint64(m.Level)) //nolint:gosec // positive
	metrics.WriteGaugeUint64(w, "oplog_cluster_last_index", m.Last)
	metrics.WriteGaugeUint64(w, "oplog_cluster_commit_index", m.Commit)
	metrics.WriteGaugeUint64(w, "oplog_cluster_applied_index", m.Applied)
	metrics.WriteGaugeUint64(w, "oplog_cluster_lag_entries", m.LagEntries)
	metrics.WriteGaugeFloat64(w, "oplog_cluster_lag_seconds", m.Lag.Seconds())
	if !m.LastContact.IsZero() {
		metrics.WriteGaugeFloat64(w, "oplog_cluster_last_contact_seconds", max(0, time.Since(m.LastContact).Seconds()))
	}
	metrics.WriteCounterUint64(w, "oplog_cluster_elections_total", m.Elections)
	metrics.WriteCounterUint64(w, "oplog_cluster_proposals_total", m.Proposals)
	metrics.WriteCounterUint64(w, "oplog_cluster_proposals_refused_total", m.Refused)
	metrics.WriteCounterUint64(w, "oplog_cluster_log_damaged_total", m.LogDamaged)
	metrics.WriteCounterUint64(w, "oplog_cluster_copies_failed_total", m.CopiesFailed)
	metrics.WriteGaugeUint64(w, "oplog_cluster_copy_missing_bytes", m.CopyMissing)
	metrics.WriteCounterUint64(w, "oplog_cluster_entries_healed_total", m.Healed)
	metrics.WriteGaugeUint64(w, "oplog_cluster_diverged", boolGauge(m.Diverged))
	metrics.WriteCounterUint64(w, "oplog_cluster_snapshots_sent_total", m.SnapshotsSent)
	metrics.WriteCounterUint64(w, "oplog_cluster_snapshots_received_total", m.SnapshotsReceived)
	if m.LogSyncs != nil {
		writeHistogram(w, "oplog_cluster_log_sync_duration_seconds", labelled{"", m.LogSyncs})
	}
	if m.ReadIndexes != nil {
		writeHistogram(w, "oplog_cluster_read_index_duration_seconds", labelled{"", m.ReadIndexes})
	}
	writeHistogram(w, "oplog_cluster_forward_duration_seconds", labelled{"", s.forwards})
}
