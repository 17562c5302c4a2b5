package server

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Metrics are of the server as a whole: whoever has a key of one tenant reads
// them, and learns of no other.

// metricsType is the text format of Prometheus.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// methods are those that are counted apart.
var methods = [...]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// bounds of the histogram of how long requests took, in seconds.
var bounds = [...]float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// traffic counts requests.
type traffic struct {
	requests [len(methods) + 1][6]atomic.Uint64 // by method, the last for others, and first digit of the status
	took     [len(bounds) + 1]atomic.Uint64     // by bound, the last for longer ones
	nanos    atomic.Uint64                      // that all took together
	streams  atomic.Int64                       // live ones that are open
}

func (t *traffic) count(method string, status int, took time.Duration) {
	i := slices.Index(methods[:], method)
	if i < 0 {
		i = len(methods)
	}
	t.requests[i][min(status/100, 5)].Add(1)
	bucket, _ := slices.BinarySearch(bounds[:], took.Seconds())
	t.took[bucket].Add(1)
	t.nanos.Add(uint64(took))
}

// sendMetrics answers in the text format of Prometheus.
func (s *Server) sendMetrics(c *fiber.Ctx) error {
	if err := s.nearOrKnown(c); err != nil {
		return err
	}
	all, err := s.log.SystemStatus()
	if err != nil {
		return err
	}
	m := &exposition{}
	m.add("oplog_build_info", "gauge", "What the program was built from.",
		sample{fmt.Sprintf("{version=%q,commit=%q,go=%q}", s.built.version, s.built.commit, runtime.Version()), 1})
	m.add("oplog_start_time_seconds", "gauge", "When the program was started, in Unix time.", value(s.started.Unix()))
	m.add("oplog_tenants", "gauge", "Tenants.", value(all.Tenants))
	m.add("oplog_entries_recorded_total", "counter", "Entries ever recorded, of all tenants.", value(all.Recorded))
	m.add("oplog_entries_skipped_total", "counter", "Operations that were not manual, ever, which are not stored.", value(all.Skipped))
	m.add("oplog_store_bytes", "gauge", "Size of the store.", value(all.StoreBytes))
	m.add("oplog_index_bytes", "gauge", "Size of the search index.", value(all.IndexBytes))
	m.add("oplog_index_ready", "gauge", "1 where the search index answers all that the store holds.", truth(all.CatchingUp == nil))
	if !all.LastBackupAt.IsZero() {
		m.add("oplog_last_backup_timestamp_seconds", "gauge", "When a backup was last taken away whole, in Unix time.", value(all.LastBackupAt.Unix()))
	}
	if s.anchors != nil {
		m.add("oplog_anchor_up", "gauge", "1 where the folder off this machine takes checkpoints.", truth(s.anchors.State().Failure == ""))
	}
	m.add("oplog_live_streams", "gauge", "Live streams that are open.", value(s.traffic.streams.Load()))
	m.addTraffic(&s.traffic)
	m.addRuntime()
	c.Set(fiber.HeaderContentType, metricsType)
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.SendString(m.String())
}

// exposition is what Prometheus reads.
type exposition struct{ strings.Builder }

type sample struct {
	of    string // what comes after the name: labels, or the part of a histogram
	value float64
}

func value[N int | int64 | uint64](n N) sample { return sample{value: float64(n)} }

func truth(is bool) sample {
	if is {
		return sample{value: 1}
	}
	return sample{}
}

func (m *exposition) add(name, kind, help string, samples ...sample) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	for _, s := range samples {
		fmt.Fprintf(m, "%s%s %s\n", name, s.of, strconv.FormatFloat(s.value, 'f', -1, 64))
	}
}

func (m *exposition) addTraffic(t *traffic) {
	var counts, took []sample
	for i := range t.requests {
		method := append(methods[:len(methods):len(methods)], "other")[i]
		for digit := range t.requests[i] {
			if n := t.requests[i][digit].Load(); n > 0 {
				counts = append(counts, sample{fmt.Sprintf(`{method="%s",status="%dxx"}`, method, digit), float64(n)})
			}
		}
	}
	m.add("oplog_http_requests_total", "counter", "Requests that were answered.", counts...)
	all := uint64(0)
	for i := range t.took {
		bound := "+Inf"
		if i < len(bounds) {
			bound = strconv.FormatFloat(bounds[i], 'f', -1, 64)
		}
		all += t.took[i].Load()
		took = append(took, sample{`_bucket{le="` + bound + `"}`, float64(all)})
	}
	took = append(took, sample{"_sum", time.Duration(t.nanos.Load()).Seconds()}, sample{"_count", float64(all)}) //nolint:gosec // 292 years
	m.add("oplog_http_request_duration_seconds", "histogram", "How long requests took, up to the answer's first byte.", took...)
}

// addRuntime adds what shows a leak, under the names that dashboards know.
func (m *exposition) addRuntime() {
	read := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(read)
	m.add("go_goroutines", "gauge", "Goroutines.", value(read[0].Value.Uint64()))
	m.add("go_memstats_heap_alloc_bytes", "gauge", "Bytes of objects on the heap.", value(read[1].Value.Uint64()))
	m.add("go_memstats_sys_bytes", "gauge", "Bytes that the program has of the system.", value(read[2].Value.Uint64()))
}
