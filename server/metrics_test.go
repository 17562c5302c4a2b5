package server

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"oplog/faults"
	"oplog/timing"
)

// metrics parses the metrics as Prometheus does, and fails on invalid ones.
func (f *fixture) metrics() map[string]float64 {
	f.Helper()
	r := f.send("read", "GET", "/metrics", "")
	if r.status != 200 || r.header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" || !strings.HasSuffix(r.body, "\n") {
		f.Fatalf("%d %v", r.status, r.header)
	}
	line := regexp.MustCompile(`^([a-z_]+)(\{[a-zA-Z]+="[^"]*"(?:, ?[a-zA-Z]+="[^"]*")*\})? ([0-9.]+(?:e[+-][0-9]+)?)$`)
	values := make(map[string]float64)
	var family, kind string
	for text := range strings.Lines(r.body) {
		text = strings.TrimSuffix(text, "\n")
		if help, is := strings.CutPrefix(text, "# HELP "); is {
			var words string
			family, words, _ = strings.Cut(help, " ")
			kind = ""
			if words == "" {
				f.Errorf("%s has no words", family)
			}
			continue
		}
		if described, is := strings.CutPrefix(text, "# TYPE "+family+" "); is {
			kind = described
			continue
		}
		m := line.FindStringSubmatch(text)
		if m == nil || kind == "" || m[1] != family && (kind != "histogram" && kind != "summary" || !strings.HasPrefix(m[1], family+"_")) {
			f.Fatalf("%q below %s of type %q", text, family, kind)
		}
		n, err := strconv.ParseFloat(m[3], 64)
		f.noError(err)
		if _, twice := values[m[1]+m[2]]; twice {
			f.Errorf("%s stands twice", m[1]+m[2])
		}
		values[m[1]+m[2]] = n
	}
	return values
}

func TestMetrics(t *testing.T) {
	f := newServer(t)
	before := f.metrics()
	f.record(entry(), entry())
	f.record(entry(`"origin":"api"`))
	f.get("member", entriesPath, 403)
	f.get("admin", entriesPath, 200)
	f.send("nobody", "POST", "/sign-in", "")
	after := f.metrics()
	for name, want := range map[string]float64{
		"oplog_entries_recorded_total":                                        2,
		"oplog_entries_skipped_total":                                         1,
		`oplog_http_requests_total{method="POST",status="2xx"}`:               2,
		`oplog_http_requests_total{method="POST",status="4xx"}`:               1,
		`oplog_http_requests_total{method="GET",status="4xx"}`:                1,
		`oplog_http_requests_total{method="GET",status="2xx"}`:                2, // including the first request of the metrics
		`oplog_http_request_duration_seconds_count{class="write"}`:            2,
		`oplog_http_request_duration_seconds_bucket{class="write",le="+Inf"}`: 2,
		`oplog_http_request_duration_seconds_count{class="read"}`:             2,
		`oplog_http_request_duration_seconds_count{class="health"}`:           1, // the first request of the metrics
		`oplog_http_request_duration_seconds_count{class="console"}`:          0,
		`oplog_http_request_duration_seconds_count{class="other"}`:            1, // a POST to a page
		"oplog_tenants": 0,
	} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]float64{
		"oplog_index_ready": 1, "oplog_live_streams": 0, "oplog_start_time_seconds": float64(f.server.started.Unix()),
		"oplog_tenants": float64(len(must(f.log.Directory.Tenants())(t))),
	} {
		if after[name] != want {
			t.Errorf("%s is %v, want %v", name, after[name], want)
		}
	}
	for _, name := range []string{"oplog_store_bytes", `oplog_http_request_duration_seconds_sum{class="read"}`, "go_goroutines", "go_memstats_heap_alloc_bytes", "go_memstats_sys_bytes"} {
		if after[name] <= 0 {
			t.Errorf("%s is %v", name, after[name])
		}
	}
	if body := f.send("read", "GET", "/metrics", "").body; strings.Contains(body, "acme") {
		t.Errorf("a tenant is named: %s", body)
	}
}

// TestMetricsOfDurations: each append, query and export is in its histogram, whose buckets include those below.
func TestMetricsOfDurations(t *testing.T) {
	f := newServer(t)
	before := f.metrics()
	f.record(entry(), entry())
	f.record(entry(`"origin":"api"`))
	f.get("admin", entriesPath, 200)
	f.get("admin", tenantA+"/summary", 200)
	after := f.metrics()
	for name, want := range map[string]float64{
		`oplog_append_duration_seconds`: 2, `oplog_query_duration_seconds{kind="page"}`: 1, `oplog_query_duration_seconds{kind="summary"}`: 1,
		`oplog_query_duration_seconds{kind="total"}`: 0, `oplog_export_duration_seconds`: 0, `oplog_http_request_duration_seconds{class="write"}`: 2,
	} {
		family, labels, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		in := labels
		if labels != "" {
			in, labels = labels+",", "{"+labels+"}"
		}
		if got := after[family+"_count"+labels] - before[family+"_count"+labels]; got != want {
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
		if sum, all := after[family+"_sum"+labels], after[family+"_bucket{"+in+`le="+Inf"}`]; sum > 0 != (want > 0) || all != after[family+"_count"+labels] {
			t.Errorf("%s: sum %v, all %v", name, sum, all)
		}
		least, buckets := 0.0, 0
		for _, bound := range allBounds() {
			if n, there := after[family+"_bucket{"+in+`le="`+strconv.FormatFloat(bound, 'g', -1, 64)+`"}`]; there {
				buckets++
				if n < least {
					t.Errorf("%s: %v below %v, fewer than below", name, n, bound)
				}
				least = n
			}
		}
		if buckets < 13 {
			t.Errorf("%s has %d buckets", name, buckets)
		}
	}
}

// allBounds returns the bounds of all histograms in seconds.
func allBounds() []float64 {
	all := slices.Clone(bounds)
	for _, bound := range slices.Concat(timing.Short, timing.Long) {
		all = append(all, bound.Seconds())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestMetricsOfStreams: an open live stream is counted.
func TestMetricsOfStreams(t *testing.T) {
	f := newServer(t)
	f.server.keepAlive = 1
	reader := f.follow(f.listen(), "admin", "", "")
	if n := f.metrics()["oplog_live_streams"]; n != 1 {
		t.Errorf("%v streams are open", n)
	}
	f.noError(f.log.Identity.EndSessions("admin"))
	for _, want := range []string{"event: end", "end of the stream"} {
		if got := reader.event(); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if n := f.metrics()["oplog_live_streams"]; n != 0 {
		t.Errorf("%v streams are open after they ended", n)
	}
}

// TestRouteClasses: every route has the class by which its requests are measured; only requests without a route have none.
func TestRouteClasses(t *testing.T) {
	f := newServer(t)
	const tenant = "/api/v1/tenants/acme/"
	for _, c := range []struct{ method, path, class string }{
		{"POST", tenant + "entries", "write"},
		{"GET", tenant + "entries", "read"},
		{"HEAD", tenant + "entries", "read"},
		{"GET", tenant + "entries/x", "read"},
		{"GET", tenant + "summary", "read"},
		{"GET", tenant + "live", "live"},
		{"GET", tenant + "exports", "export"},
		{"GET", tenant + "exports/x/file", "export"},
		{"GET", tenant + "catalog", "api"},
		{"PUT", tenant + "catalog", "api"},
		{"GET", "/api/v1/session", "api"},
		{"GET", "/launch", "api"},
		{"GET", "/api/v1/nothing", "api"},
		{"POST", "/api/v1/nothing", "api"},
		{"GET", "/healthz", "health"},
		{"GET", "/readyz", "health"},
		{"GET", "/tenants/acme/log", "console"},
		{"PATCH", "/", "other"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			name := `oplog_http_request_duration_seconds_count{class="` + c.class + `"}`
			before := f.metrics()[name]
			f.send("nobody", c.method, c.path, "")
			if after := f.metrics()[name]; after <= before || c.class != "health" && after != before+1 {
				t.Errorf("%s went from %v to %v", name, before, after)
			}
		})
	}
}

// TestMetricsOfMistakes: internal errors are counted, and a panic only fails its own request.
func TestMetricsOfMistakes(t *testing.T) {
	f := newServer(t)
	before := f.metrics()
	services := f.server.exports
	f.server.exports = nil
	f.get("admin", tenantA+"/exports", 500)
	f.server.exports = services
	f.get("admin", tenantA+"/exports", 200)
	faults.Report("a test", errors.New("a disk"))
	after := f.metrics()
	for name, want := range map[string]float64{"oplog_panics_total": 1, "oplog_background_errors_total": 1} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
	}
}
