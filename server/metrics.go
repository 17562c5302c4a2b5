package server

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/gofiber/fiber/v2"

	"oplog/faults"
	"oplog/proof"
	"oplog/timing"
)

// Metrics cover the whole server: a key of any tenant may read them, so they contain no tenant names.

// metricsType is the text format of Prometheus.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// methods are counted individually, all others together.
var methods = [...]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// bounds of the duration histograms, in seconds.
var bounds = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// Classes of routes, which differ in expected duration.
const (
	classWrite   = "write"   // recording operations
	classRead    = "read"    // pages, single operations and summaries
	classLive    = "live"    // opening a live stream
	classExport  = "export"  // exports and their files
	classAPI     = "api"     // all other calls
	classHealth  = "health"  // the probes and the metrics
	classConsole = "console" // the console's files
	classOther   = "other"   // rejected before a route was found
)

// meters measure HTTP traffic.
type meters struct {
	set      *metrics.Set
	requests [len(methods) + 1][4]*metrics.Counter // by method, the last for others, and first digit of the status, from 2
	took     map[endpoint]*metrics.PrometheusHistogram
	other    *metrics.PrometheusHistogram // for endpoints that are not in took
	streams  *metrics.Gauge
}

// endpoint is a route as Fiber registers it.
type endpoint struct{ method, path string }

// newMeters returns meters for the routes of an application, after all of them are registered.
func newMeters(app *fiber.App) *meters {
	metrics.ExposeMetadata(true) // process-wide: the library has no other setting
	m := &meters{set: metrics.NewSet(), took: make(map[endpoint]*metrics.PrometheusHistogram)}
	for i, method := range append(methods[:], "other") {
		for j := range m.requests[i] {
			m.requests[i][j] = m.set.NewCounter(fmt.Sprintf(`oplog_http_requests_total{method=%q,status="%dxx"}`, method, j+2))
		}
	}
	of := func(class string) *metrics.PrometheusHistogram {
		return m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf("oplog_http_request_duration_seconds{class=%q}", class), bounds)
	}
	for _, routes := range app.Stack() {
		for _, r := range routes {
			m.took[endpoint{r.Method, r.Path}] = of(classOf(r.Method, r.Path))
		}
	}
	m.other = of(classOther)
	m.streams = m.set.NewGauge("oplog_live_streams", nil)
	return m
}

// classOf returns the class of a route.
func classOf(method, path string) string {
	ofTenant, isTenant := strings.CutPrefix(path, "/api/v1/tenants/:tenant/")
	part, _, _ := strings.Cut(ofTenant, "/")
	switch {
	case path == "/healthz", path == "/readyz", path == "/metrics":
		return classHealth
	case path == "/*", path == "/host", path == "/host/*":
		return classConsole
	case isTenant && part == "entries" && method == http.MethodPost:
		return classWrite
	case isTenant && (part == "entries" || part == "summary"):
		return classRead
	case isTenant && part == "live":
		return classLive
	case isTenant && part == "exports":
		return classExport
	case isAPI(path), path == "/launch":
		return classAPI
	}
	return classOther
}

// count records a finished request.
func (m *meters) count(c *fiber.Ctx, took time.Duration) {
	i := slices.Index(methods[:], c.Method())
	if i < 0 {
		i = len(methods)
	}
	m.requests[i][min(max(c.Response().StatusCode()/100, 2), 5)-2].Inc()
	r := c.Route()
	h := m.took[endpoint{c.Method(), r.Path}]
	if h == nil {
		h = m.other
	}
	h.Update(took.Seconds())
}

// sendMetrics responds in the text format of Prometheus.
func (s *Server) sendMetrics(c *fiber.Ctx) error {
	if err := s.authorizeMonitoring(c); err != nil {
		return err
	}
	all, err := s.node.Status()
	if err != nil {
		return err
	}
	var w bytes.Buffer
	metrics.WriteGaugeUint64(&w, fmt.Sprintf("oplog_build_info{version=%q,commit=%q,go=%q}", s.built.version, s.built.commit, runtime.Version()), 1)
	metrics.WriteGaugeUint64(&w, "oplog_start_time_seconds", unix(s.started))
	metrics.WriteGaugeUint64(&w, "oplog_tenants", uint64(all.Tenants)) //nolint:gosec // a number of things
	metrics.WriteCounterUint64(&w, "oplog_entries_recorded_total", all.Recorded)
	metrics.WriteCounterUint64(&w, "oplog_entries_skipped_total", all.Skipped)
	metrics.WriteGaugeUint64(&w, "oplog_store_bytes", uint64(all.StoreBytes))        //nolint:gosec // a size
	metrics.WriteGaugeUint64(&w, "oplog_index_bytes", uint64(all.IndexBytes))        //nolint:gosec // a size
	metrics.WriteGaugeUint64(&w, "oplog_index_values_bytes", uint64(all.ValueBytes)) //nolint:gosec // a size
	if free, reserve, err := s.node.FreeSpace(); err == nil {
		metrics.WriteGaugeUint64(&w, "oplog_disk_free_bytes", free)
		metrics.WriteGaugeUint64(&w, "oplog_disk_reserve_bytes", reserve)
	}
	metrics.WriteGaugeUint64(&w, "oplog_index_ready", boolGauge(all.CatchingUp == nil))
	metrics.WriteGaugeUint64(&w, "oplog_read_only", boolGauge(all.Failure != nil))
	metrics.WriteGaugeUint64(&w, "oplog_damaged_at_start", boolGauge(all.Damage != nil))
	metrics.WriteGaugeUint64(&w, "oplog_scrub_pages", all.Scrub.Pages)
	metrics.WriteGaugeUint64(&w, "oplog_scrub_entries", all.Scrub.Entries)
	metrics.WriteGaugeUint64(&w, "oplog_scrub_damaged", all.Scrub.Found)
	if all.Scrub.Every > 0 {
		metrics.WriteGaugeUint64(&w, "oplog_scrub_interval_seconds", uint64(all.Scrub.Every/time.Second)) //nolint:gosec // not negative
	}
	if !all.Scrub.WholeAt.IsZero() {
		metrics.WriteGaugeUint64(&w, "oplog_scrub_last_whole_timestamp_seconds", unix(all.Scrub.WholeAt))
	}
	metrics.WriteGaugeUint64(&w, "oplog_retention_waiting", uint64(len(s.journal.Waiting(""))))
	if !all.LastBackupAt.IsZero() {
		metrics.WriteGaugeUint64(&w, "oplog_last_backup_timestamp_seconds", unix(all.LastBackupAt))
	}
	s.writeBackupMetrics(&w)
	s.writeArchiveMetrics(c.Context(), &w)
	s.writeSourceMetrics(&w)
	metrics.WriteCounterUint64(&w, "oplog_export_failures_total", s.exports.Failures())
	if s.certificateExpires != nil {
		metrics.WriteGaugeUint64(&w, "oplog_certificate_expiry_timestamp_seconds", unix(s.certificateExpires()))
	}
	metrics.WriteCounterUint64(&w, "oplog_panics_total", faults.Panics())
	metrics.WriteCounterUint64(&w, "oplog_background_errors_total", faults.Background())
	if s.anchors != nil {
		metrics.WriteGaugeUint64(&w, "oplog_anchor_up", boolGauge(s.anchors.State().Failure == ""))
	}
	s.writeWitnessMetrics(&w)
	s.writeClusterMetrics(&w)
	s.writeDurations(&w)
	s.meters.set.WritePrometheus(&w)
	writeProcessMetrics(&w)
	c.Set(fiber.HeaderContentType, metricsType)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendString(withHelp.Replace(w.String()))
}

// writeBackupMetrics writes the metrics of scheduled backups.
func (s *Server) writeBackupMetrics(w *bytes.Buffer) {
	if s.backups == nil {
		return
	}
	state := s.backups.State()
	metrics.WriteGaugeUint64(w, "oplog_backups_kept", uint64(len(state.Files)))
	metrics.WriteGaugeUint64(w, "oplog_backup_overdue", boolGauge(state.Overdue))
	metrics.WriteCounterUint64(w, "oplog_backup_failures_total", state.Failures)
	if !state.MadeAt.IsZero() {
		metrics.WriteGaugeUint64(w, "oplog_backup_last_made_timestamp_seconds", unix(state.MadeAt))
	}
	if proved := state.Proved; proved.Name != "" {
		metrics.WriteGaugeUint64(w, "oplog_backup_last_proved_timestamp_seconds", unix(proved.MadeAt))
		metrics.WriteGaugeUint64(w, "oplog_backup_bytes", uint64(proved.Bytes)) //nolint:gosec // a size
	}
}

// writeWitnessMetrics writes the metrics of each witness. Those of one name stand together, as the format wants it.
func (s *Server) writeWitnessMetrics(w *bytes.Buffer) {
	states := s.witnessStates()
	write := func(name, kind string, value func(p proof.WitnessState) (n uint64, has bool)) {
		described := false
		for _, p := range states {
			n, has := value(p)
			if has && !described {
				metrics.WriteMetadataIfNeeded(w, name, kind)
				described = true
			}
			if has {
				fmt.Fprintf(w, "%s{witness=%q} %d\n", name, p.Name, n)
			}
		}
	}
	write("oplog_witness_up", "gauge", func(p proof.WitnessState) (uint64, bool) { return boolGauge(p.Failure == ""), true })
	write("oplog_witness_failures_total", "counter", func(p proof.WitnessState) (uint64, bool) { return p.Failures, true })
	write("oplog_witness_cosigned_timestamp_seconds", "gauge", func(p proof.WitnessState) (uint64, bool) { return unix(p.CosignedAt), !p.CosignedAt.IsZero() })
}

// writeDurations writes how long the log takes to append, to sync, to answer queries and to write exports.
func (s *Server) writeDurations(w *bytes.Buffer) {
	took := s.journal.Timings()
	writeHistogram(w, "oplog_append_duration_seconds", labelled{"", took.Append})
	if s.syncs != nil {
		writeHistogram(w, "oplog_sync_duration_seconds", labelled{"", s.syncs})
	}
	writeHistogram(w, "oplog_query_duration_seconds",
		labelled{`kind="page"`, took.Page}, labelled{`kind="total"`, took.Total}, labelled{`kind="summary"`, took.Summary})
	writeHistogram(w, "oplog_export_duration_seconds", labelled{"", s.exports.Took()})
}

// labelled is a histogram with its labels.
type labelled struct {
	labels string
	*timing.Histogram
}

func writeHistogram(w *bytes.Buffer, name string, of ...labelled) {
	metrics.WriteMetadataIfNeeded(w, name, "histogram")
	for _, h := range of {
		_ = h.Write(w, name, h.labels) // a buffer takes everything
	}
}

func unix(t time.Time) uint64 { return uint64(max(0, t.Unix())) } //nolint:gosec // not negative

func boolGauge(is bool) uint64 {
	if is {
		return 1
	}
	return 0
}
