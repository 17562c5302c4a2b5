package cli

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"oplog/faults"
)

// logged parses a log in JSON, of which each line must be an entry, and returns the entries by message.
func logged(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	entries := map[string]map[string]any{}
	for line := range strings.Lines(text) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		message, _ := e["msg"].(string)
		at, _ := e["time"].(string)
		if _, err := time.Parse(time.RFC3339, at); err != nil || message == "" || e["level"] == "" {
			t.Errorf("%s: %v", line, err)
		}
		entries[message] = e
	}
	return entries
}

// TestLogInJSON: with --log-format json each line on standard error is an entry, hints and the last error included.
func TestLogInJSON(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "serve", "--data", data, "--log-format", "json", "--log-level", "debug", "--metrics-listen", "127.0.0.1:0")
	if answer, err := http.Get(p.url + "/healthz?x=secret"); err != nil || answer.Body.Close() != nil {
		t.Fatal(err)
	}
	faults.Report("a test", errors.New("no disk"), "every", time.Hour)
	m, stdout, stderr := setting{}.main()
	if status := m.Run(t.Context(), []string{"serve", "--data", data, "--log-format", "json", "--listen", "127.0.0.1:0"}); status != exitFailed || stdout.String() != "" {
		t.Errorf("status %d: %s", status, stdout)
	}
	if e := logged(t, stderr.String()); len(e) != 1 || !strings.Contains(stderr.String(), `"level":"ERROR","msg":"data directory `) {
		t.Error(stderr)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if status := p.stop(); status != exitDone {
		t.Errorf("status %d", status)
	}
	entries := logged(t, p.stderr.String())
	if e := entries["the server has started"]; e["url"] != p.url || e["data"] != data || e["version"] == "" {
		t.Errorf("%v", e)
	}
	if e := entries["request"]; e["path"] != "/healthz" || e["status"] != 200.0 || e["method"] != "GET" || e["from"] != "127.0.0.1" || e["level"] != "DEBUG" {
		t.Errorf("%v", e)
	}
	if e := entries["a test failed"]; e["err"] != "no disk" || e["every"] != "1h0m0s" {
		t.Errorf("%v", e)
	}
	text := p.stderr.String()
	for _, want := range []string{`"level":"WARN","msg":"There is no account yet`, `/#setup=`, `"msg":"metrics on http://127.0.0.1:`, `"msg":"the server has stopped"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Errorf("a query was logged: %s", text)
	}
}

// TestLogOfDemoInJSON: what the demo says while it is created is in JSON, too.
func TestLogOfDemoInJSON(t *testing.T) {
	p := serve(t, "demo", "--entries", "10", "--log-format", "json")
	p.stop()
	if e := logged(t, p.stderr.String()); e["Recording 10 entries …"] == nil {
		t.Error(p.stderr)
	}
}

// TestLogFile: --log-file takes the log, and why the program ended; a new start adds to it. Standard error has what people need at the start.
func TestLogFile(t *testing.T) {
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "oplog.log")
	p := serve(t, "serve", "--data", data, "--log-file", file)
	for !strings.Contains(content(t, file), "the server has started") {
		time.Sleep(time.Millisecond)
	}
	faults.Report("a test", errors.New("no disk"))
	if hint := p.stderr.String(); !strings.Contains(hint, "There is no account yet") || strings.Contains(hint, "level=") {
		t.Errorf("stderr is %q", hint)
	}
	r := setting{}.run(t, "serve", "--data", data, "--log-file", file, "--log-format", "json", "--listen", "127.0.0.1:0")
	if r.status != exitFailed || !strings.HasPrefix(r.stderr, "oplog: data directory ") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("%+v", r)
	}
	p.stop()
	serve(t, "serve", "--data", data, "--log-file", file, "--log-level", "warn").stop()
	want := `^time=\S+ level=INFO msg="the server has started" url=http://\S+ data=\S+ version=\S+ commit=\S+
time=\S+ level=ERROR msg="a test failed" err="no disk"
{"time":"\S+","level":"ERROR","msg":"the program ends","err":"data directory [^\n]+"}
time=\S+ level=INFO msg="the server has stopped"
$`
	if text := content(t, file); !regexp.MustCompile(want).MatchString(text) {
		t.Errorf("%s\nwant %s", text, want)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestLogRotates: a log file that has reached its size is rotated, and so many are kept.
func TestLogRotates(t *testing.T) {
	file := filepath.Join(t.TempDir(), "oplog.log")
	m, _, stderr := setting{}.main()
	end, err := m.beginLog(loggingFlags{Format: "text", Level: "info", File: file, MaxSize: "1MiB", Keep: 2})
	if err != nil {
		t.Fatal(err)
	}
	filler := strings.Repeat("x", 100<<10)
	for n := range 40 {
		m.logger().Info(filler, "n", n)
	}
	if err := end(nil); err != nil || stderr.String() != "" {
		t.Errorf("%v, %s", err, stderr)
	}
	var all string
	for _, name := range []string{".2", ".1", ""} {
		text := content(t, file+name)
		if len(text) > minLogSize || len(text) < 100<<10 {
			t.Errorf("oplog.log%s has %d bytes", name, len(text))
		}
		all += text
	}
	if _, err := os.Stat(file + ".3"); !os.IsNotExist(err) || !strings.Contains(all, "n=39\n") || !strings.Contains(all, "n=20\n") {
		t.Errorf("%v", err)
	}
}

// TestLogMistakes: wrong settings of the log are refused in one line.
func TestLogMistakes(t *testing.T) {
	dir := t.TempDir()
	f := func(status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, append([]string{"serve", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0"}, args...)...)
		if r.status != status || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v; want %s", args, r, want)
		}
	}
	f(exitUsage, "--log-format xml is neither text nor json", "--log-format", "xml")
	f(exitUsage, "--log-level loud is not one of debug, info, warn and error", "--log-level", "loud")
	f(exitUsage, "--log-keep 0 is not between 1 and 1000", "--log-keep", "0")
	f(exitUsage, "--log-max-size 10KiB is not a size such as 512MiB or 2GiB, at least 1MiB", "--log-max-size", "10KiB")
	f(exitFailed, "no such file or directory; specify a file that can be written, in a directory that exists", "--log-file", filepath.Join(dir, "none", "log"))
	f(exitFailed, dir+" is not a regular file; specify", "--log-file", dir)
	if _, err := os.Stat("/proc/self/comm"); err == nil {
		f(exitFailed, "--log-file /proc/self/comm: its directory cannot be written, so the log cannot be rotated; specify a file in a directory of its own\n", "--log-file", "/proc/self/comm")
	}
	if _, err := os.Stat(filepath.Join(dir, "data")); !os.IsNotExist(err) {
		t.Errorf("a data directory was created: %v", err)
	}
}

// TestLogFileInTheDataDirectory: a log file in the data directory, however it is named, is refused before it is created, and the next start works.
func TestLogFileInTheDataDirectory(t *testing.T) {
	top := t.TempDir()
	data, linked := filepath.Join(top, "data"), filepath.Join(top, "linked")
	f := func(file string) {
		t.Helper()
		for _, command := range []string{"serve", "demo"} {
			want := "oplog: --log-file " + file + " is in the data directory, which is for the log's data alone; specify a file in another directory\n"
			if r := (setting{}).run(t, command, "--data", data, "--log-file", file, "--listen", "127.0.0.1:0"); r.status != exitFailed || r.stderr != want {
				t.Errorf("%s: %+v", command, r)
			}
		}
	}
	f(filepath.Join(data, "oplog.log")) // which does not exist yet
	if err := os.MkdirAll(filepath.Join(data, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	f(data + "/../data/oplog.log")
	f(filepath.Join(data, "logs", "oplog.log"))
	if err := os.Remove(filepath.Join(data, "logs")); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(data, linked) == nil {
		f(filepath.Join(linked, "oplog.log"))
	}
	serve(t, "serve", "--data", data, "--log-file", filepath.Join(top, "oplog.log")).stop()
}

// TestHintsWhateverTheLevel: what people need at the start is in a log in JSON that has errors alone.
func TestHintsWhateverTheLevel(t *testing.T) {
	p := serve(t, "serve", "--data", t.TempDir(), "--log-format", "json", "--log-level", "error")
	p.stop()
	if text := p.stderr.String(); !strings.Contains(text, `"level":"WARN","msg":"There is no account yet`) || !strings.Contains(text, "/#setup=") || strings.Contains(text, "has started") {
		t.Error(text)
	}
}
