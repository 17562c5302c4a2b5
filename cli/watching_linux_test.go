package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"oplog/packaging/watching"
	"oplog/scrub"
)

// watched serves a demo log with everything that has metrics, and returns the URL of these.
func watched(t *testing.T) (metrics string) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	serve(t, "demo", "--entries", "100", "--data", at("data")).stop()
	scrubbed(t, at("data"))
	archivedDay(t, at("data"))
	write(t, filepath.Join(at("data"), "oplog.toml"), "[[ldap]]\nname = \"corp\"\nurl = \"ldaps://127.0.0.1:1\"\nbase_dn = \"dc=corp\"\nuser_filter = \"(uid={username})\"\n")
	setting{}.mustRun(t, "cluster", "init", "--address", freeAddress(t), "--data", at("data"))
	for _, name := range []string{"anchors", "backups"} {
		if err := os.Mkdir(at(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"serve", "--data", at("data"), "--metrics-listen", "127.0.0.1:0", "--anchor", at("anchors"), "--backup-dir", at("backups"), "--backup-every", "24h"}
	verifier := strings.TrimSpace(setting{}.mustRun(t, "key", "verifier", "--data", at("data")))
	for _, name := range []string{"auditor", "notary"} {
		w := follow(t, at(name), name, verifier)
		args = append(args, "--witness", w.key+" "+w.url)
	}
	certFile, keyFile, _ := certificate(t)
	p := serve(t, append(args, "--tls-cert", certFile, "--tls-key", keyFile)...)
	_, metrics, found := strings.Cut(p.stderr.String(), "metrics on ")
	if !found {
		t.Fatal(p.stderr)
	}
	return strings.TrimSpace(strings.SplitN(metrics, "\n", 2)[0])
}

// scrubbed checks the whole store of a data directory, which a server would do after a minute.
func scrubbed(t *testing.T, data string) {
	t.Helper()
	m, _, _ := setting{}.main()
	l, err := m.openLog(data)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for l.Scrub.State().WholeAt.IsZero() && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	l.Scrub.Run(ctx, time.Hour, scrub.Pace{})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// names returns the metrics in a text that are named by a pattern.
func names(text, pattern string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// countedDays matches what promtool says against metrics that count days.
var countedDays = regexp.MustCompile(`(?m)^oplog_archive_\w+ use base unit "seconds" instead of "days"\n`)

// TestWatching: each metric in the dashboard and the alert rules is one of a server, and each metric of the log is in them. Debian's promtool finds
// nothing wrong with either, and each alert fires when it should.
func TestWatching(t *testing.T) {
	dir := t.TempDir()
	setting{}.mustRun(t, "assets", dir)
	files, err := watching.Files()
	if err != nil {
		t.Fatal(err)
	}
	var assets string
	for _, f := range files {
		assets += string(f.Content)
	}
	wanted := names(assets, `\b((?:oplog|process|go)_[a-z0-9_]+)`)
	c, text := client{&http.Client{}, watched(t)}, ""
	var missing []string
	for range 3000 { // until there is a backup, and witnesses have cosigned
		text, missing = c.text(t, ""), nil
		there := names(text, `(?m)^(?:# TYPE )?([a-z0-9_]+)[ {]`)
		for name := range wanted {
			if !there[name] {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if len(missing) > 0 {
		t.Errorf("not exported: %v", missing)
	}
	for name := range names(text, `(?m)^# TYPE (oplog_[a-z0-9_]+)`) {
		if !strings.Contains(assets, name) {
			t.Errorf("%s is neither in the dashboard nor in the alert rules", name)
		}
	}
	if n := strings.Count(text, "\n# TYPE oplog_witness_up "); n != 1 || strings.Count(text, "\noplog_witness_up{") != 2 {
		t.Errorf("the metrics of two witnesses are described %d times", n)
	}
	if n := names(text, `(?m)^oplog_sync_duration_seconds_count (\d+)$`); len(n) != 1 || n["0"] {
		t.Errorf("%v syncs were timed", n)
	}
	t.Run("promtool", func(t *testing.T) { checkWithPromtool(t, text, dir) })
	t.Run("panels", func(t *testing.T) { checkPanels(t, files[0].Content, c.url) })
}

// checkWithPromtool has Prometheus' own tool check metrics and the alert rules in a directory.
func checkWithPromtool(t *testing.T, metrics, dir string) {
	t.Helper()
	promtool := debianPrometheus(t, "promtool")
	run := func(stdin string, args ...string) {
		t.Helper()
		check := exec.CommandContext(t.Context(), promtool, args...)
		check.Stdin = strings.NewReader(stdin)
		out, err := check.CombinedOutput()
		if args[1] == "metrics" && len(out) > 0 { // whole UTC days are counted, which are no durations
			if out = countedDays.ReplaceAll(out, nil); len(out) == 0 {
				err = nil
			}
		}
		if err != nil || len(args) == 2 && len(out) > 0 {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
	run(metrics, "check", "metrics")
	run("", "check", "rules", filepath.Join(dir, "prometheus-alerts.yml"))
	run("", "test", "rules", "../packaging/watching/testdata/alerts_test.yml")
}

// debianPrometheus returns a program of Debian's Prometheus, which root gets from its package without the service that this would start.
func debianPrometheus(t *testing.T, program string) string {
	t.Helper()
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	cache, err := os.UserCacheDir()
	dir := filepath.Join(cache, "oplog-tests")
	path := filepath.Join(dir, program)
	if _, statErr := os.Stat(path); err == nil && statErr == nil {
		return path
	}
	_, aptErr := exec.LookPath("apt-get")
	if os.Geteuid() != 0 || errors.Join(err, aptErr) != nil {
		t.Skipf("%s is not installed; on Debian: apt-get install prometheus", program)
	}
	get := exec.CommandContext(t.Context(), "sh", "-ec", fmt.Sprintf( // the last step alone makes the file appear
		`apt-get download prometheus >&2; dpkg-deb -x prometheus_*.deb .; mkdir -p %q; cp usr/bin/%[2]s %[3]q.part; mv %[3]q.part %[3]q`, dir, program, path))
	get.Dir = t.TempDir()
	if out, err := get.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be had: %v\n%s", program, err, out)
	}
	return path
}
