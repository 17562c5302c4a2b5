package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestExportDays: a day starts at its first instant, also where clock changes skip or repeat midnight.
func TestExportDays(t *testing.T) {
	f := func(zone, text, want string) {
		t.Helper()
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseTime("--from", text, loc); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s in %s: %v, %v; want %s", text, zone, got, err, want)
		}
	}
	f("Asia/Shanghai", "2026-11-20", "2026-11-19T16:00:00Z")
	f("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z") // 01:00, not 23:00 of the day before
	f("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z")
	f("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z")
	f("America/Santiago", "2026-09-06T00:00:00-03:00", "2026-09-06T03:00:00Z")
	if _, err := parseTime("--from", "2026-13-01", time.UTC); err == nil {
		t.Error("a 13th month is taken")
	}
}

// exportCases are exports as requested from the API, and the equivalent arguments of the command.
var exportCases = map[string]struct {
	body  string
	words []string
}{
	"csv":        {`{"range":"last_30_days","format":"csv"}`, []string{"--last", "30d"}},
	"ndjson":     {`{"range":"last_90_days","format":"ndjson"}`, []string{"--last", "90d", "--format", "ndjson"}},
	"today":      {`{"range":"today","format":"csv"}`, []string{"--today"}},
	"last month": {`{"range":"last_month","format":"csv"}`, []string{"--range", "last_month"}},
	"yesterday":  {`{"range":"yesterday","format":"csv"}`, []string{"--range", "yesterday"}},
	"custom": {
		`{"range":"custom","from":"2020-01-01T00:00:00+08:00","to":"2100-01-01T00:00:00+08:00","format":"csv"}`,
		[]string{"--from", "2020-01-01T00:00:00+08:00", "--to", "2100-01-01T00:00:00+08:00"},
	},
	"filtered": {
		`{"range":"last_90_days","format":"csv","filters":{"q":"-vip","outcome":"success","role":"营销经理","not_module":["sms","email"],"not_ip":"10.200.0.0/16"}}`,
		[]string{"--last", "90d", "--q=-vip", "--outcome", "success", "--role", "营销经理", "--not-module", "sms", "--not-module", "email", "--not-ip", "10.200.0.0/16"},
	},
}

func TestExportCommand(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	p := serve(t, "demo", "--entries", "3000", "--data", data)
	c, _ := signIn(t, p.url, "admin", demoPassword)
	jobs := map[string]string{}
	for name, x := range exportCases {
		jobs[name] = c.text(t, exported(t, c, x.body)+"/file")
	}
	var vkey struct{ Key string }
	c.get(t, "/api/v1/key", &vkey)
	p.stop()
	key := strings.TrimSpace(setting{}.mustRun(t, "key", "add", "--data", data, "--tenant", "demo", "--scope", "read", "--name", "test"))

	if rows := strings.Count(jobs["filtered"], "\r\n") - 1; rows < 1 || rows > 1000 {
		t.Errorf("the filters let %d rows through", rows)
	}
	checkExports(t, jobs, vkey.Key, dir, "--data", data)
	if out := (setting{}).mustRun(t, "export", "--tenant", "demo", "--from", "2020-01-01", "--to", "2100-01-01", "--data", data); out != jobs["custom"] {
		t.Error("days are not those of the tenant's time zone")
	}
	p = serve(t, "serve", "--data", data)
	checkExports(t, jobs, vkey.Key, dir, "--server", p.url, "--key", key)

	checkExports(t, jobs, vkey.Key, dir, "--data", data) // in the server
	keyFile := filepath.Join(dir, "key")
	write(t, keyFile, key+"\n")
	checkExports(t, jobs, vkey.Key, dir, "--server", p.url, "--key-file", keyFile)
	checkExportFails(t, exitUsage, "without --key-file", "--today", "--server", p.url, "--key", key, "--key-file", keyFile)
	checkExportFails(t, exitUsage, "specify the period")
	checkExportFails(t, exitUsage, "--server and --key", "--today", "--server", p.url)
	checkExportFails(t, exitUsage, "--today", "--today", "--last", "7d")
	checkExportFails(t, exitUsage, "--to", "--from", "2026-01-01")
	checkExportFails(t, exitUsage, "--last", "--last", "8d")
	checkExportFails(t, exitUsage, "--range never is not one of today, yesterday, last_7_days", "--range", "never")
	checkExportFails(t, exitUsage, "--range", "--range", "last_week", "--today")
	checkExportFails(t, exitUsage, "--columns colour is not one of exact_time, received, key, user_agent, changes, details", "--today", "--columns", "changes,colour")
	checkExportFails(t, exitUsage, "--not-outcome failed is not one of", "--today", "--not-outcome", "failed")
	checkExportFails(t, exitUsage, "--ip 10.0.0 is neither an address", "--today", "--ip", "10.0.0")
	checkExportFails(t, exitFailed, "401", "--today", "--server", p.url, "--key", "wrong")
	checkExportFails(t, exitUsage, "--format", "--today", "--format", "pdf", "--server", p.url, "--key", key)
	checkExportFails(t, exitUsage, "is not a time", "--from", "2026-01-01", "--to", "2026-01-02", "--server", p.url, "--key", key)
	checkExportFails(t, exitFailed, "does not respond", "--today", "--server", "http://127.0.0.1:1", "--key", key)
	checkExportFails(t, exitFailed, "cannot write the file", "--today", "--server", p.url, "--key", key, "-o", filepath.Join(dir, "none", "x.csv"))
	p.stop()
	checkExportFails(t, exitFailed, "empty period: --to is exclusive; for the whole day, --to 2026-03-01", "--from", "2026-02-28", "--to", "2026-02-28", "--data", data)
	checkExportFails(t, exitFailed, "is after", "--from", "2026-01-02", "--to", "2026-01-01", "--data", data)
	checkExportFails(t, exitUsage, "is neither a time", "--from", "yesterday", "--to", "2026-01-01", "--data", data)
	checkExportFails(t, exitUsage, "--to tomorrow is neither a time", "--from", "2026-01-01", "--to", "tomorrow", "--data", data)
	checkExportFails(t, exitUsage, "--format", "--today", "--format", "pdf", "--data", data, "-o", filepath.Join(dir, "new"))
	if found, err := filepath.Glob(filepath.Join(dir, "*.part")); err != nil || len(found) > 0 {
		t.Errorf("%v is left, %v", found, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("a file is left of an export that failed")
	}
}

// checkExports runs the exports, and compares each with that of the API.
func checkExports(t *testing.T, jobs map[string]string, verifierKey, dir string, from ...string) {
	t.Helper()
	for name, x := range exportCases {
		args := append(append([]string{"export", "--tenant", "demo"}, x.words...), from...)
		if out := (setting{}).mustRun(t, args...); out != jobs[name] {
			t.Errorf("%q: %d bytes, want the %d of the job", args, len(out), len(jobs[name]))
		}
		file := filepath.Join(dir, name)
		setting{}.mustRun(t, append(args, "-o", file)...)
		if content(t, file) != jobs[name] {
			t.Errorf("%q: the file is not that of the job", args)
		}
		setting{}.mustRun(t, "verify-export", file, "--key", verifierKey)
	}
}

// checkExportFails runs an export that must fail and print nothing else.
func checkExportFails(t *testing.T, status int, want string, args ...string) {
	t.Helper()
	r := setting{}.run(t, append([]string{"export", "--tenant", "demo"}, args...)...)
	if r.status != status || !strings.Contains(r.stderr, want) || r.stdout != "" {
		t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
	}
}
