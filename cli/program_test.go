package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"oplog/archive"
)

// output is a stream that can be read while it is written.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// result is the result of a command.
type result struct {
	status         int
	stdout, stderr string
}

// setting is the environment of a command.
type setting struct {
	stdin        string
	env          map[string]string
	systemConfig string
	engines      []archive.Engine
}

// begun is when the tests started; their clock starts at noon of that day in UTC, evening in Shanghai, so that no day ends while they run.
var begun = time.Now()

func testNow() time.Time {
	return begun.UTC().Truncate(24 * time.Hour).Add(12*time.Hour + time.Since(begun))
}

// testConsole is small: compressing the real one at the start takes seconds with the race detector.
var testConsole = fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>oplog</title>")}}

func (s setting) main() (m *Program, stdout, stderr *output) {
	stdout, stderr = new(output), new(output)
	return &Program{
		Stdin: strings.NewReader(s.stdin), Stdout: stdout, Stderr: stderr, Now: testNow,
		Console: testConsole, SystemConfig: s.systemConfig, engines: s.engines,
		Getenv: func(name string) string { return s.env[name] },
	}, stdout, stderr
}

// run runs a command to its end.
func (s setting) run(t *testing.T, args ...string) result {
	t.Helper()
	m, stdout, stderr := s.main()
	status := m.Run(t.Context(), args)
	return result{status, stdout.String(), stderr.String()}
}

// mustRun runs a command that must succeed, and returns its stdout.
func (s setting) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	r := s.run(t, args...)
	if r.status != exitDone {
		t.Fatalf("oplog %s: status %d, %s", strings.Join(args, " "), r.status, r.stderr)
	}
	return r.stdout
}

// served is a running server.
type served struct {
	url            string
	stdout, stderr *output
	stop           func() int // stops it and returns the exit status
}

// serve runs a serving command on a free port.
func serve(t *testing.T, args ...string) served {
	t.Helper()
	return setting{}.serve(t, args...)
}

func (s setting) serve(t *testing.T, args ...string) served {
	t.Helper()
	m, stdout, stderr := s.main()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- m.Run(ctx, append(args, "--listen", "127.0.0.1:0")) }()
	stop := sync.OnceValue(func() int { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	line := regexp.MustCompile(`(?m)^listening on (https?://\S+)\n`)
	for ; ; time.Sleep(2 * time.Millisecond) {
		if found := line.FindStringSubmatch(stdout.String()); found != nil {
			return served{found[1], stdout, stderr, stop}
		}
		select {
		case status := <-ended:
			ended <- status // for stop
			t.Fatalf("it ended with status %d: %s", status, stderr)
		default:
		}
	}
}

func TestUsageErrors(t *testing.T) {
	data := t.TempDir()
	f := func(want string, args ...string) {
		t.Helper()
		r := setting{env: map[string]string{"OPLOG_DATA": data}}.run(t, args...)
		if r.status != exitUsage || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, want) || r.stdout != "" {
			t.Errorf("%q: status %d, stderr %q", args, r.status, r.stderr)
		}
	}
	f("bogus", "bogus")
	f("bogus", "serve", "bogus")
	f("--bogus", "--bogus")
	f("--name", "tenant", "add", "acme")
	f("<id>", "tenant", "add", "--name", "Acme")
	f("expected one of", "tenant")
	f("--role", "account", "add", "ann", "--password-stdin")
	f("boss", "account", "add", "ann", "--role", "boss")
	f("admin", "key", "add", "--tenant", "a", "--name", "n", "--scope", "admin")
	f("--tls-key", "serve", "--tls-cert", "cert.pem")
	f("--tls-cert", "--tls-key", "key.pem")
	f("HOST:PORT", "--listen", "8484")
	f("HOST:PORT", "demo", "--listen", "localhost")
	f("--listen 127.0.0.1:8484", "--listen", "http://127.0.0.1:8484/")
	f("--host log.example.com", "--host", "http://log.example.com")
	f("--host *.example.com is a pattern", "--host", "*.example.com")
	f("--host log.example.com", "demo", "--host", "https://log.example.com:8484/t/acme/log")
	f("such as http://127.0.0.1:8484", "export", "--tenant", "a", "--today", "--server", "127.0.0.1:8484", "--key", "k")
	f("--entries", "demo", "--entries=-1")
	f("--entries", "demo", "--entries", "many")
	f("--seed", "demo", "--seed", "x")
	f("--retention-days", "tenant", "add", "a", "--name", "A", "--retention-days", "long")
	if left, _ := os.ReadDir(data); len(left) > 0 {
		t.Errorf("words that are off left %v behind", left)
	}
}

func TestEnvironment(t *testing.T) {
	data := t.TempDir()
	env := map[string]string{"OPLOG_DATA": data, "OPLOG_NAME": "Acme", "OPLOG_DATA_PERMISSION": "true", "OPLOG_TIME_ZONE": "Asia/Tokyo"}
	setting{env: env}.mustRun(t, "tenant", "add", "acme", "--time-zone", "Europe/Berlin")
	list := setting{}.mustRun(t, "tenant", "list", "--data", data)
	if !regexp.MustCompile(`acme +Acme +Europe/Berlin +on +forever`).MatchString(list) {
		t.Error(list)
	}
	if r := (setting{env: map[string]string{"OPLOG_DATA_PERMISSION": "perhaps"}}).run(t, "tenant", "list"); r.status == exitUsage {
		t.Errorf("a variable of another command is read: %s", r.stderr)
	}
	// The error names the variable, not the flag that was not used.
	for name, value := range map[string]string{"OPLOG_ENTRIES": "many", "OPLOG_LISTEN": "8484", "OPLOG_HOST": "http://x"} {
		r := setting{env: map[string]string{name: value}}.run(t, "demo")
		flag := "--" + strings.ToLower(strings.TrimPrefix(name, "OPLOG_"))
		if r.status != exitUsage || !strings.Contains(r.stderr, name) || strings.Contains(r.stderr, flag) {
			t.Errorf("%s: status %d, %s", name, r.status, r.stderr)
		}
	}
}

func TestFailures(t *testing.T) {
	foreign, damaged, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "file")
	write(t, filepath.Join(foreign, "letter.txt"), "Dear")
	write(t, filepath.Join(damaged, "oplog.db"), strings.Repeat("no database ", 2000))
	write(t, file, "a file")
	f := func(want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, args...)
		if r.status != exitFailed || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, want) || r.stdout != "" {
			t.Errorf("%q: status %d, stderr %q", args, r.status, r.stderr)
		}
	}
	for _, command := range [][]string{{"serve"}, {"demo"}, {"tenant", "list"}, {"key", "list"}} {
		listen := []string{"--data"}
		if len(command) == 1 {
			listen = []string{"--listen", "127.0.0.1:0", "--data"}
		}
		args := slices.Concat(command, listen)
		f("does not belong to oplog", append(args, foreign)...)
		f("is not an oplog data file", append(args, damaged)...)
		f("not a directory", append(args, file)...)
	}
	f("no data directory", "account", "list", "--data", filepath.Join(foreign, "nowhere"))
	f("--data", "serve")
	f("cannot listen", "serve", "--data", t.TempDir(), "--listen", "203.0.113.1:80", "--insecure")
	f("certificate", "serve", "--data", t.TempDir(), "--tls-cert", file, "--tls-key", file)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"help", "tenant", "add"}, {"serve", "--help"}, {"tenant", "--help"}, {"tenant", "add", "--help"}} {
		r := setting{}.run(t, args...)
		if r.status != exitDone || r.stderr != "" || !strings.Contains(r.stdout, "Usage: oplog") {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if out := (setting{}).mustRun(t, "version"); !regexp.MustCompile(`^oplog \S+\ncommit .+\ngo1\.\S+ \S+\n$`).MatchString(out) {
		t.Errorf("%q", out)
	}
	var document struct{ OpenAPI string }
	if err := json.Unmarshal([]byte(setting{}.mustRun(t, "openapi")), &document); err != nil || !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Errorf("%v: %+v", err, document)
	}
}

func TestUserDataDir(t *testing.T) {
	f := func(system, want string, env map[string]string) {
		t.Helper()
		got, err := userDataDir(system, func(name string) string { return env[name] })
		if filepath.ToSlash(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s %v: %q, %v", system, env, got, err)
		}
	}
	f("linux", "/home/ann/.local/share/oplog", map[string]string{"HOME": "/home/ann"})
	f("linux", "/data/oplog", map[string]string{"HOME": "/home/ann", "XDG_DATA_HOME": "/data"})
	f("linux", "/home/ann/.local/share/oplog", map[string]string{"HOME": "/home/ann", "XDG_DATA_HOME": "relative"})
	f("linux", "", nil)
	f("darwin", "/Users/ann/Library/Application Support/oplog", map[string]string{"HOME": "/Users/ann"})
	f("windows", "/local/oplog", map[string]string{"LocalAppData": "/local"})
	f("windows", "", map[string]string{"HOME": "/home/ann"})
}

// client is a signed-in client of a server.
type client struct {
	*http.Client
	url string
}

// signIn signs in and returns the status of the response.
func signIn(t *testing.T, url, username, password string) (client, int) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := client{&http.Client{Jar: jar}, url}
	body := fmt.Sprintf(`{"username":%q,"password":%q}`, username, password)
	answer, err := c.Post(url+"/api/v1/session", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return c, answer.StatusCode
}

// get reads a JSON response and returns its status.
func (c client) get(t *testing.T, path string, into any) int {
	t.Helper()
	answer, err := c.Get(c.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(body, into); err != nil {
			t.Fatalf("%s: %v in %s", path, err, body)
		}
	}
	return answer.StatusCode
}
