package cli

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alecthomas/kong"
)

// told returns the events of an access log as "user module operation object via", newest first.
func told(t *testing.T, c client, path string) []string {
	t.Helper()
	var page struct {
		Entries []struct {
			User, Content     struct{ ID, Name string }
			Module, Operation string
			Details           struct{ Via string }
		}
	}
	if status := c.get(t, path+"/access?limit=200", &page); status != http.StatusOK {
		t.Fatalf("%s: %d", path, status)
	}
	var events []string
	for _, e := range page.Entries {
		events = append(events, strings.TrimSpace(strings.Join([]string{e.User.ID, e.Module, e.Operation, or(e.Content.ID, e.Content.Name), e.Details.Via}, " ")))
	}
	return events
}

// load records entries of tenant acme with a key until it is stopped, and returns how many were acknowledged.
func load(t *testing.T, url, key string) (stop func() int64) {
	t.Helper()
	var recorded atomic.Int64
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
			}
			r, err := http.NewRequest(http.MethodPost, url+"/api/v1/tenants/acme/entries", strings.NewReader(`{"user":{"id":"u","name":"U"},"module":"sms","operation":"send","content":{"name":"under load"}}`))
			if err != nil {
				return
			}
			r.Header.Set("Authorization", "Bearer "+key)
			r.Header.Set("Content-Type", "application/json")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				return
			}
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusCreated {
				recorded.Add(1)
			}
		}
	}()
	return func() int64 { close(end); <-ended; return recorded.Load() }
}

// TestCommandsBesideAServer runs every command on the log of a server that records, with the same output as without one; the access log tells
// of them.
func TestCommandsBesideAServer(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	p := serve(t, "serve", "--data", data)
	s := setting{stdin: "correct horse\n", env: map[string]string{"OPLOG_DATA": data}}
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme")
	s.mustRun(t, "account", "add", "root", "--role", "owner", "--password-stdin")
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	key := strings.TrimSpace(s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "write", "--name", "crm"))
	stop := load(t, p.url, key)

	owner, status := signIn(t, p.url, "root", "correct horse")
	if status != http.StatusOK {
		t.Fatalf("signing in: %d", status)
	}
	administerBeside(t, s)
	if _, status := signIn(t, p.url, "ann", "battery staple"); status != http.StatusOK {
		t.Errorf("signing in with the new password: %d", status)
	}
	moveBeside(t, s, dir, func() string { return owner.text(t, "/api/v1/tenants/acme/checkpoint") })
	recorded := stop()

	events := told(t, owner, "/api/v1/tenants/acme")
	for _, want := range []string{
		"command tenant create acme socket", "command account create ann socket", "command account change ann socket", "command key create " + key[:len("oplog_write_")+8] + " socket",
		"command log import lines.csv socket", "command export start out.csv socket", "command server reindex  socket",
		"command tenant change acme socket",
	} {
		if !slices.Contains(events, want) {
			t.Errorf("the access log does not tell %q: %q", want, events)
		}
	}
	events = told(t, owner, "/api/v1")
	for _, want := range []string{"command account create root socket", "command backup download  socket", "command server verify  socket"} {
		if !slices.Contains(events, want) {
			t.Errorf("the access log of the server does not tell %q: %q", want, events)
		}
	}
	if status := p.stop(); status != exitDone || recorded == 0 {
		t.Errorf("%d entries were recorded meanwhile; status %d: %s", recorded, status, p.stderr)
	}
	if _, err := os.Lstat(filepath.Join(data, "oplog.sock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
	restored := filepath.Join(dir, "restored")
	s.mustRun(t, "restore", filepath.Join(dir, "backup"), "--data", restored)
	s.mustPrint(t, `tenant acme: intact`, "verify", "--data", restored)
	s.mustPrint(t, `tenant acme: intact`, "verify")
}

// administerBeside runs commands that list and change what is set up.
func administerBeside(t *testing.T, s setting) {
	t.Helper()
	s.mustPrint(t, `(?m)^acme +Acme `, "tenant", "list")
	s.mustRun(t, "tenant", "set", "acme", "--retention-days", "365")
	s.mustPrint(t, `(?m)^acme .* 365 days`, "tenant", "list")
	s.mustFail(t, "oplog tenant list", "tenant", "set", "none", "--name", "X")
	hold := strings.TrimSpace(s.mustRun(t, "tenant", "hold", "add", "acme", "--reason", "case 7"))
	s.mustPrint(t, hold+` .*case 7`, "tenant", "hold", "list", "acme")
	s.mustFail(t, "No deletion waits", "tenant", "agree-to-deletion", "acme", "amount")

	s.stdin = "battery staple\n"
	s.mustRun(t, "account", "set-password", "ann", "--password-stdin")
	s.mustRun(t, "account", "disable", "ann")
	s.mustPrint(t, `(?m)^ann .*disabled$`, "account", "list")
	s.mustRun(t, "account", "enable", "ann")
	s.mustFail(t, "has no second factor", "account", "--no-second-factor", "ann")
	s.mustFail(t, "there is no terminal", "account", "set-password", "ann")

	second := strings.TrimSpace(s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "read", "--name", "bi"))
	s.mustRun(t, "key", "revoke", second[:len("oplog_read_")+8])
	s.mustPrint(t, `(?m)^oplog_read_.*revoked`, "key", "list")
	s.mustPrint(t, `^\S+\+\w+\+\S+\n$`, "key", "verifier")
	s.mustFail(t, "is not lost", "key", "rotate", "--lost")

	if r := s.run(t, "serve", "--listen", "127.0.0.1:0"); r.status != exitFailed || !strings.Contains(r.stderr, "in use") {
		t.Errorf("a second server: %+v", r)
	}
}

// moveBeside runs commands that read and write files.
func moveBeside(t *testing.T, s setting, dir string, checkpoint func() string) {
	t.Helper()
	lines, out := filepath.Join(dir, "lines.csv"), filepath.Join(dir, "out.csv")
	write(t, lines, "time,id,user_id,user_name,module,operation\n2026-11-30 03:04:05,a-1,v,王芳,sms,send\n2026-11-30 03:04:06,a-2,v,王芳,sms,fly\n")
	r := s.run(t, "import", "--tenant", "acme", lines)
	if r.status != exitDone || !strings.Contains(r.stdout, "1 recorded, 0 duplicates, 0 skipped, 1 invalid lines") || !strings.Contains(r.stderr, lines+":3: operation") {
		t.Errorf("%+v", r)
	}
	s.mustFail(t, "no such file", "import", "--tenant", "acme", filepath.Join(dir, "none.csv"))
	s.mustFail(t, "this is a folder", "import", "--tenant", "acme", dir)

	period := []string{"export", "--tenant", "acme", "--from", "2026-01-01", "--to", "2100-01-01", "--user", "v"}
	s.mustRun(t, append(period, "-o", out)...)
	if rows := s.mustRun(t, append(period, "-o", "-")...); rows != content(t, out) || !strings.Contains(rows, "王芳") {
		t.Errorf("exported %q, %q", rows, content(t, out))
	}
	s.mustRun(t, "verify-export", out, "--key", strings.TrimSpace(s.mustRun(t, "key", "verifier")))
	s.mustFail(t, "cannot write the file", append(period, "-o", filepath.Join(dir, "none", "x.csv"))...)

	s.mustRun(t, "reindex")
	kept := filepath.Join(dir, "checkpoint")
	write(t, kept, checkpoint())
	s.mustPrint(t, `tenant acme: its first \d+ entries are those of the checkpoint`, "verify", "--checkpoint", kept)
	s.mustFail(t, "there is no tenant none", "verify", "--tenant", "none")
	backup := filepath.Join(dir, "backup")
	s.mustRun(t, "backup", backup)
	s.mustFail(t, "exists", "backup", backup)
	write(t, filepath.Join(dir, "piped"), s.mustRun(t, "backup", "-"))
	s.mustRun(t, "restore", filepath.Join(dir, "piped"), "--data", filepath.Join(dir, "from a pipe"))
}

// TestEveryCommandBesideAServer: every command on a log can run while a server has the log open, but for those that serve one, and restore. Those that
// read the server's settings do not open the log.
func TestEveryCommandBesideAServer(t *testing.T) {
	parser, err := kong.New(&commands{}, helpVariables())
	if err != nil {
		t.Fatal(err)
	}
	var alone []string
	for _, leaf := range parser.Model.Leaves(false) {
		if _, beside := leaf.Target.Addr().Interface().(interface{ ofLog() *logFlags }); embeds[dataFlag](leaf) && !beside {
			alone = append(alone, leaf.Path())
		}
	}
	if want := []string{"serve", "demo", "cluster init", "cluster join", "cluster recover", "restore", "doctor", "config show", "ping"}; !slices.Equal(alone, want) {
		t.Errorf("%q have the log for themselves; want %q", alone, want)
	}
}

// TestCommandsOverTheAPI: with a key, commands do what its scope allows, and say what it does not.
func TestCommandsOverTheAPI(t *testing.T) {
	data, s := newAcme(t)
	dir := t.TempDir()
	p := serve(t, "serve", "--data", data)
	keys := map[string]string{}
	for _, scope := range []string{"write", "read", "backup"} {
		keys[scope] = filepath.Join(dir, scope+".key")
		write(t, keys[scope], s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", scope, "--name", scope))
	}
	with := func(scope string, args ...string) []string {
		return append(args, "--server", p.url+"/", "--key-file", keys[scope])
	}
	s.env = nil
	lines := filepath.Join(dir, "lines.csv")
	write(t, lines, "time,user_id,user_name,module,operation\n2026-11-30 03:04:05,u,王芳,sms,send\n2026-11-30 03:04:05,u,王芳,sms,send\n2026-11-30 03:04:06,u,王芳,sms,fly\n")
	for _, want := range []string{"2 recorded, 0 duplicates, 0 skipped, 1 invalid lines", "0 recorded, 2 duplicates, 0 skipped, 1 invalid lines"} {
		r := s.run(t, with("write", "import", "--tenant", "acme", lines)...)
		if r.status != exitDone || !strings.Contains(r.stdout, want) || !strings.Contains(r.stderr, lines+`:4: operation "fly" is not allowed`) {
			t.Errorf("%+v, want %s", r, want)
		}
	}
	if out := s.mustRun(t, with("read", "export", "--tenant", "acme", "--from", "2026-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z")...); strings.Count(out, "2026-11-30 03:04:05,王芳") != 2 {
		t.Errorf("exported %s", out)
	}
	backup := filepath.Join(dir, "backup")
	s.mustRun(t, with("backup", "backup", backup)...)
	s.mustRun(t, "restore", backup, "--data", filepath.Join(dir, "restored"))

	if r := s.run(t, with("read", "import", "--tenant", "acme", lines)...); r.status != exitFailed || !strings.Contains(r.stderr, "requires a key of scope write; this one has scope read") {
		t.Errorf("with a key to read: %+v", r)
	}
	s.mustFail(t, "requires a key of scope backup", with("read", "backup", filepath.Join(dir, "other"))...)
	s.mustFail(t, "oplog tenant list is not for API keys", with("read", "tenant", "list")...)
	s.mustFail(t, "oplog reindex is not for API keys", with("backup", "reindex")...)
	s.mustFail(t, "--strict is not available with --server", with("write", "import", "--strict", "--tenant", "acme", lines)...)
	if err := os.Chmod(keys["read"], 0o644); err != nil {
		t.Fatal(err)
	}
	s.mustFail(t, "can be read or changed by others", with("read", "export", "--tenant", "acme", "--today")...)
	if r := s.run(t, "tenant", "list", "--server", p.url); r.status != exitUsage || !strings.Contains(r.stderr, "--key-file") {
		t.Errorf("without a key: %+v", r)
	}
}
