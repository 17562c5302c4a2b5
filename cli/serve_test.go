package cli

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestServePrintsOneLine(t *testing.T) {
	p := serve(t, "--data", t.TempDir())
	answer, err := http.Get(p.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("healthz: status %d", answer.StatusCode)
	}
	if out := p.stdout.String(); out != "listening on "+p.url+"\n" {
		t.Errorf("stdout is %q", out)
	}
	if hint := p.stderr.String(); !strings.Contains(hint, "oplog tenant add") || !strings.Contains(hint, "oplog account add") {
		t.Errorf("stderr is %q", hint)
	}
	if status := p.stop(); status != exitDone {
		t.Errorf("stopped with status %d: %s", status, p.stderr)
	}
}

// TestServeSetsUp creates the first owner with the printed code.
func TestServeSetup(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "--data", data)
	_, code, found := strings.Cut(p.stderr.String(), p.url+"/#setup=")
	code, _, _ = strings.Cut(code, "\n")
	if !found || len(code) < 20 {
		t.Fatalf("stderr is %q", p.stderr)
	}
	body := `{"code":"` + code + `","username":"ann","password":"correct horse","tenant":{"id":"acme","name":"Acme"}}`
	answer, err := http.Post(p.url+"/api/v1/setup", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("status %d", answer.StatusCode)
	}
	if _, status := signIn(t, p.url, "ann", "correct horse"); status != http.StatusOK {
		t.Errorf("the owner cannot sign in: status %d", status)
	}
	p.stop()
	if again := serve(t, "--data", data); again.stderr.String() != "" {
		t.Errorf("stderr is %q", again.stderr)
	}
}

func TestServeHostNames(t *testing.T) {
	f := func(url, host string, want int) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, url+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: status %d, want %d", host, answer.StatusCode, want)
		}
	}
	p := serve(t, "serve", "--data", t.TempDir(), "--host", "log.example.com", "--host", "oplog.test:8443")
	f(p.url, "localhost", http.StatusOK)
	f(p.url, "log.example.com", http.StatusOK)
	f(p.url, "oplog.test", http.StatusOK)
	f(p.url, "evil.test", http.StatusMisdirectedRequest)
	f(p.url, "192.0.2.1", http.StatusMisdirectedRequest)
}

func TestServeWithAccountsPrintsNoSetup(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "owner", "--password-stdin")
	if p := serve(t, "serve", "--data", data); p.stderr.String() != "" {
		t.Errorf("stderr is %q", p.stderr)
	}
}

func TestServePortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	want := regexp.MustCompile(`^oplog: cannot listen on \S+: [^:;]+; another program uses this port, perhaps another oplog: stop it, or specify another address with --listen, such as 127\.0\.0\.1:0\n$`)
	for _, command := range []string{"serve", "demo"} {
		r := setting{}.run(t, command, "--data", t.TempDir(), "--listen", ln.Addr().String())
		if r.status != exitFailed || !want.MatchString(r.stderr) {
			t.Errorf("%s: %+v", command, r)
		}
	}
	r := setting{}.run(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--metrics-listen", ln.Addr().String())
	if r.status != exitFailed || !strings.Contains(r.stderr, "stop it, or specify another address with --metrics-listen") {
		t.Errorf("%+v", r)
	}
}

// TestTwoServers: a second server on a data directory is refused, with the first one's pid.
func TestTwoServers(t *testing.T) {
	data := t.TempDir()
	serve(t, "serve", "--data", data)
	want := fmt.Sprintf("data directory %s is in use by the process with pid %d; stop it first, or specify another directory", data, os.Getpid())
	setting{}.mustFail(t, want, "serve", "--data", data, "--listen", "127.0.0.1:0")
}

// TestTrailOfCommands: starts, stops and commands are in the trail, too.
func TestTrailOfCommands(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	setting{}.mustRun(t, "export", "--tenant", "acme", "--today", "--data", data)
	serve(t, "serve", "--data", data).stop()
	p := serve(t, "serve", "--data", data)
	c, _ := signIn(t, p.url, "ann", "correct horse")
	var trail struct {
		Entries []struct {
			User              struct{ ID string }
			Module, Operation string
		}
	}
	c.get(t, "/api/v1/tenants/acme/access", &trail)
	var recorded []string
	for _, e := range trail.Entries {
		recorded = append(recorded, e.User.ID+" "+e.Module+" "+e.Operation)
	}
	want := "ann session sign_in, server server start, server server stop, server server start, " +
		"command export start, command account create, command tenant create"
	if got := strings.Join(recorded, ", "); got != want {
		t.Errorf("it tells %s, want %s", got, want)
	}
}

// TestPlainHTTP: other machines cannot connect without HTTPS unless that is asked for, and to the demo not at all.
func TestPlainHTTP(t *testing.T) {
	f := func(status int, want string, args ...string) {
		t.Helper()
		r := setting{}.run(t, args...)
		if r.status != status || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v; want %d, %s", args, r, status, want)
		}
	}
	data := t.TempDir()
	f(exitFailed, "without HTTPS", "serve", "--data", data, "--listen", "0.0.0.0:0")
	f(exitFailed, "without HTTPS", "demo", "--entries", "1", "--data", data, "--listen", "[::]:0")
	f(exitUsage, "does not allow --insecure", "demo", "--entries", "1", "--data", data, "--insecure")
	f(exitUsage, "--base-path /a b is not a path", "serve", "--data", data, "--base-path", "/a b")
	f(exitUsage, "--trusted-proxy proxy is neither an address", "serve", "--data", data, "--trusted-proxy", "proxy")
	f(exitUsage, "--metrics-listen 9090 is not HOST:PORT", "serve", "--data", data, "--metrics-listen", "9090")
}

// everywhere is a listener on all addresses of the machine.
type everywhere struct{ net.Listener }

func (everywhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: 8484} }

// TestServeURL: the printed URL is one at which people reach the console.
func TestServeURL(t *testing.T) {
	f := func(want string, flags serveFlags) {
		t.Helper()
		if got := flags.url(everywhere{}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f("http://"+ownAddress()+":8484", serveFlags{})
	f("https://log.example.com:8484/oplog", serveFlags{Host: []string{"log.example.com", "other"}, BasePath: "/oplog", TLS: tlsFlags{Cert: "cert.pem"}})
}

// page is a page of entries, with the fields that the tests read.
type page struct {
	Entries []struct {
		ID   string
		Seq  uint64
		User struct{ Name string }
	}
	NextCursor string `json:"next_cursor"`
}

// allOf pages through the demo tenant's log.
func allOf(t *testing.T, c client) []string {
	t.Helper()
	var ids []string
	cursor := ""
	for {
		var p page
		if status := c.get(t, "/api/v1/tenants/demo/entries?limit=200"+cursor, &p); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		for _, e := range p.Entries {
			ids = append(ids, e.ID)
		}
		if p.NextCursor == "" {
			return ids
		}
		cursor = "&cursor=" + p.NextCursor
	}
}

func TestDemo(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "demo", "--entries", "2000", "--seed", "7", "--data", data)
	out := p.stdout.String()
	for _, want := range []string{demoPassword, "2000 entries", "Bearer oplog_write_", p.url + "/api/v1/tenants/demo/entries", p.url + "/host\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if !strings.HasSuffix(out, "\nlistening on "+p.url+"\n") {
		t.Errorf("the line of listening is not the last: %s", out)
	}
	c, status := signIn(t, p.url, "admin", demoPassword)
	if status != http.StatusOK {
		t.Fatalf("signing in: status %d", status)
	}
	before := allOf(t, c)
	if len(before) != 2000 {
		t.Errorf("%d entries", len(before))
	}
	var organizations []struct{ ID string }
	c.get(t, "/api/v1/tenants/demo/organizations", &organizations)
	if len(organizations) < 15 {
		t.Errorf("%+v", organizations)
	}
	for _, l := range logins {
		if _, status := signIn(t, p.url, l.username, demoPassword); status != http.StatusOK {
			t.Errorf("%s cannot sign in: status %d", l.username, status)
		}
	}
	member, _ := signIn(t, p.url, "member", demoPassword)
	if status := member.get(t, "/api/v1/tenants/demo/entries", nil); status != http.StatusForbidden {
		t.Errorf("the member reads the log: status %d", status)
	}
	if status := p.stop(); status != exitDone {
		t.Fatalf("stopped with status %d: %s", status, p.stderr)
	}

	again := serve(t, "demo", "--entries", "10", "--data", data)
	if strings.Contains(again.stderr.String(), "Recording") {
		t.Error("the demo is made again")
	}
	c, _ = signIn(t, again.url, "admin", demoPassword)
	if after := allOf(t, c); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("%d entries before, %d after a restart, or others", len(before), len(after))
	}
}

func TestDemoIsTemporary(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	p := serve(t, "demo", "--entries", "10")
	if made, _ := os.ReadDir(temporary); len(made) != 1 {
		t.Errorf("%d directories while it runs", len(made))
	}
	if status := p.stop(); status != exitDone {
		t.Errorf("stopped with status %d: %s", status, p.stderr)
	}
	if left, _ := os.ReadDir(temporary); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// TestDemoRejectsOtherLogs: a log that is not a demo never gets an owner with a public password, also if the environment names its
// directory.
func TestDemoRejectsOtherLogs(t *testing.T) {
	f := func(use func(s setting)) {
		t.Helper()
		data, s := newAcme(t)
		use(s)
		s.mustFail(t, "contains a log that is not a demo", "demo", "--entries", "10", "--listen", "127.0.0.1:0")
		s.mustPrint(t, `^ID[^\n]*\nacme[^\n]*\n$`, "tenant", "list", "--data", data)
	}
	f(func(s setting) {
		s.stdin = "correct horse"
		s.mustRun(t, "account", "add", "wang", "--role", "admin", "--tenant", "acme", "--password-stdin")
	})
	f(func(s setting) {
		file := filepath.Join(t.TempDir(), "one.ndjson")
		if err := os.WriteFile(file, []byte(`{"user":{"id":"u","name":"U"},"module":"sms","operation":"send"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		s.mustRun(t, "import", "--tenant", "acme", file)
	})
}
