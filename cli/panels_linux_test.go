package cli

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// checkPanels has Debian's Prometheus scrape the metrics at a URL, and asks it what the panels and variables of a dashboard ask: each has an answer.
func checkPanels(t *testing.T, dashboard []byte, metrics string) {
	t.Helper()
	program := debianPrometheus(t, "prometheus")
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(64 << 30)) // one panel shows it, if there is one
	dir := t.TempDir()
	from, err := url.Parse(metrics)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "prometheus.yml"), "scrape_configs:\n  - job_name: oplog\n    scrape_interval: 200ms\n    scrape_timeout: 200ms\n    metrics_path: "+
		from.Path+"\n    static_configs:\n      - targets: ["+from.Host+"]\n")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	_ = free.Close()
	var said strings.Builder
	c := exec.CommandContext(t.Context(), program, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+at)
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var missing []string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if missing = unanswered(t, dashboard, "http://"+at); len(missing) == 0 {
			break
		}
	}
	_ = c.Process.Kill()
	_ = c.Wait() // it was killed
	if len(missing) > 0 {
		t.Errorf("Prometheus has no answer to\n%s\n%s", strings.Join(missing, "\n"), said.String())
	}
}

// unanswered returns the queries of a dashboard that a Prometheus has no answer to. The variables are what Grafana makes of "All" and of its interval.
func unanswered(t *testing.T, dashboard []byte, prometheus string) (missing []string) {
	t.Helper()
	var d struct {
		Templating struct {
			List []struct{ Type, Definition string }
		}
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(dashboard, &d); err != nil {
		t.Fatal(err)
	}
	asked := 0
	has := func(path string) bool {
		asked++
		response, err := http.Get(prometheus + path)
		if err != nil {
			return false // it starts
		}
		defer response.Body.Close()
		var answer struct {
			Data json.RawMessage
		}
		var rows struct{ Result []json.RawMessage }
		if json.NewDecoder(response.Body).Decode(&answer) != nil {
			return false
		}
		if strings.HasPrefix(string(answer.Data), "[") {
			return json.Unmarshal(answer.Data, &rows.Result) == nil && len(rows.Result) > 0
		}
		return json.Unmarshal(answer.Data, &rows) == nil && len(rows.Result) > 0
	}
	for _, v := range d.Templating.List {
		if of, found := strings.CutPrefix(v.Definition, "label_values("); found {
			metric, label, _ := strings.Cut(strings.TrimSuffix(of, ")"), ", ")
			if !has("/api/v1/label/" + label + "/values?match[]=" + url.QueryEscape(metric)) {
				missing = append(missing, v.Definition)
			}
		}
	}
	variables := strings.NewReplacer("$instance", ".*", "$__rate_interval", "5s")
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			if expr := variables.Replace(q.Expr); strings.Contains(expr, "$") || !has("/api/v1/query?query="+url.QueryEscape(expr)) {
				missing = append(missing, p.Title+": "+q.Expr)
			}
		}
	}
	if asked < 50 {
		t.Fatalf("the dashboard has %d queries", asked)
	}
	return missing
}
