package server

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// metrics reads what Prometheus would, and refuses what it would not take.
func (f *fixture) metrics() map[string]float64 {
	f.Helper()
	r := f.send("read", "GET", "/metrics", "")
	if r.status != 200 || r.header.Get("Content-Type") != "text/plain; version=0.0.4; charset=utf-8" || !strings.HasSuffix(r.body, "\n") {
		f.Fatalf("%d %v", r.status, r.header)
	}
	line := regexp.MustCompile(`^([a-z_]+)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? ([0-9.]+)$`)
	values := make(map[string]float64)
	var family, kind string
	for text := range strings.Lines(r.body) {
		text = strings.TrimSuffix(text, "\n")
		if help, is := strings.CutPrefix(text, "# HELP "); is {
			family, _, _ = strings.Cut(help, " ")
			kind = ""
			continue
		}
		if described, is := strings.CutPrefix(text, "# TYPE "+family+" "); is {
			kind = described
			continue
		}
		m := line.FindStringSubmatch(text)
		if m == nil || kind == "" || m[1] != family && (kind != "histogram" || !strings.HasPrefix(m[1], family+"_")) {
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
		"oplog_entries_recorded_total":                          2,
		"oplog_entries_skipped_total":                           1,
		`oplog_http_requests_total{method="POST",status="2xx"}`: 2,
		`oplog_http_requests_total{method="POST",status="4xx"}`: 1,
		`oplog_http_requests_total{method="GET",status="4xx"}`:  1,
		`oplog_http_requests_total{method="GET",status="2xx"}`:  2, // with the first reading itself
		"oplog_http_request_duration_seconds_count":             6,
		`oplog_http_request_duration_seconds_bucket{le="+Inf"}`: 6,
		"oplog_tenants": 0,
	} {
		if got := after[name] - before[name]; got != want {
			t.Errorf("%s grew by %v, want %v", name, got, want)
		}
	}
	for name, want := range map[string]float64{
		"oplog_index_ready": 1, "oplog_live_streams": 0, "oplog_start_time_seconds": float64(f.server.started.Unix()),
		"oplog_tenants": float64(len(must(f.log.Tenants())(t))),
	} {
		if after[name] != want {
			t.Errorf("%s is %v, want %v", name, after[name], want)
		}
	}
	for _, name := range []string{"oplog_store_bytes", "oplog_http_request_duration_seconds_sum", "go_goroutines", "go_memstats_heap_alloc_bytes", "go_memstats_sys_bytes"} {
		if after[name] <= 0 {
			t.Errorf("%s is %v", name, after[name])
		}
	}
	least := 0.0
	for _, bound := range bounds {
		name := `oplog_http_request_duration_seconds_bucket{le="` + strconv.FormatFloat(bound, 'f', -1, 64) + `"}`
		n, there := after[name]
		if !there || n < least {
			t.Errorf("%s is %v, %v; the one below is %v", name, n, there, least)
		}
		least = n
	}
	if body := f.send("read", "GET", "/metrics", "").body; strings.Contains(body, "acme") {
		t.Errorf("a tenant is named: %s", body)
	}
}

// TestMetricsOfStreams: a live stream is counted while it is open.
func TestMetricsOfStreams(t *testing.T) {
	f := newServer(t)
	f.server.beat = 1
	reader := f.follow(f.listen(), "admin", "", "")
	if n := f.metrics()["oplog_live_streams"]; n != 1 {
		t.Errorf("%v streams are open", n)
	}
	f.noError(f.log.EndSessions("admin"))
	for _, want := range []string{"event: end", "end of the stream"} {
		if got := reader.event(); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if n := f.metrics()["oplog_live_streams"]; n != 0 {
		t.Errorf("%v streams are open after they ended", n)
	}
}
