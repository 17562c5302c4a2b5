package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// acme creates a data directory with a tenant.
func newAcme(t *testing.T) (data string, s setting) {
	t.Helper()
	data = t.TempDir()
	s = setting{env: map[string]string{"OPLOG_DATA": data}}
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme 公司")
	return data, s
}

// fails runs a command that must fail for a reason.
func (s setting) mustFail(t *testing.T, want string, args ...string) {
	t.Helper()
	r := s.run(t, args...)
	if r.status != exitFailed || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, want) {
		t.Errorf("%q: status %d, stderr %q", args, r.status, r.stderr)
	}
}

// shows runs a command whose output must match.
func (s setting) mustPrint(t *testing.T, want string, args ...string) {
	t.Helper()
	if out := s.mustRun(t, args...); !regexp.MustCompile(want).MatchString(out) {
		t.Errorf("%q: %s\nis not %s", args, out, want)
	}
}

func TestTenants(t *testing.T) {
	_, s := newAcme(t)
	s.mustPrint(t, `(?m)^acme +Acme 公司 +Asia/Shanghai +off +forever +never +0$`, "tenant", "list")
	s.mustFail(t, "already exists", "tenant", "add", "acme", "--name", "Again")
	s.mustFail(t, "180 days", "tenant", "add", "b", "--name", "B", "--retention-days", "179")
	s.mustFail(t, "time_zone", "tenant", "add", "b", "--name", "B", "--time-zone", "Mars/Base")
	s.mustFail(t, "id", "tenant", "add", "a/b", "--name", "B")
	s.mustRun(t, "tenant", "add", "b", "--name", "B", "--retention-days", "30", "--below-legal-minimum", "--data-permission")
	s.mustPrint(t, `(?m)^b +B +Asia/Shanghai +on +30 days`, "tenant", "list")

	s.mustRun(t, "tenant", "set", "acme", "--data-permission")
	s.mustPrint(t, `(?m)^acme +Acme 公司 +Asia/Shanghai +on +forever`, "tenant", "list")
	s.mustRun(t, "tenant", "set", "acme", "--retention-days", "365", "--time-zone", "UTC", "--name", "Acme")
	s.mustPrint(t, `(?m)^acme +Acme +UTC +on +365 days`, "tenant", "list")
	s.mustRun(t, "tenant", "set", "acme", "--no-data-permission", "--retention-days", "0")
	s.mustPrint(t, `(?m)^acme +Acme +UTC +off +forever`, "tenant", "list")
	s.mustFail(t, "180 days", "tenant", "set", "acme", "--retention-days", "7")
	s.mustFail(t, "365", "tenant", "set", "acme", "--access-retention-days", "364")
	s.mustRun(t, "tenant", "set", "acme", "--access-retention-days", "365")
	s.mustPrint(t, `(?m)^acme +Acme +UTC +off +forever +never +`, "tenant", "list")
	s.mustFail(t, "archive_after", "tenant", "set", "acme", "--archive-after", "29")
	if r := s.run(t, "tenant", "set", "acme", "--archive-after", "180"); r.status != exitDone || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	s.mustPrint(t, `(?m)^acme +Acme +UTC +off +forever +180 days +`, "tenant", "list")
	if r := s.run(t, "tenant", "set", "acme", "--retention-days", "180"); r.status != exitDone || !strings.Contains(r.stderr, "Nothing goes to the archive: entries are deleted after 180 days") {
		t.Errorf("%+v", r)
	}
	s.mustRun(t, "tenant", "set", "acme", "--archive-after", "0")
	s.mustPrint(t, `(?m)^acme +Acme +UTC +off +180 days +never +`, "tenant", "list")
	s.mustFail(t, "oplog tenant list", "tenant", "set", "nobody", "--name", "X")
}

func TestAccounts(t *testing.T) {
	_, s := newAcme(t)
	add := func(password string, args ...string) result {
		t.Helper()
		s.stdin = password
		return s.run(t, append([]string{"account", "add", "--password-stdin"}, args...)...)
	}
	if r := add("correct horse\r\nnot read\n", "ann", "--role", "admin", "--tenant", "acme"); r.status != exitDone || r.stdout != "" {
		t.Errorf("%+v", r)
	}
	if r := add("battery staple", "root", "--role", "owner", "--language", "zh-CN"); r.status != exitDone {
		t.Errorf("%+v", r)
	}
	s.mustPrint(t, `(?m)^ann +admin +acme +all +- .*in use$`, "account", "list")
	s.mustPrint(t, `(?m)^root +owner +all +all +zh-CN .*in use$`, "account", "list")
	if out := s.mustRun(t, "account", "list", "--tenant", "acme"); strings.Contains(out, "root") {
		t.Error(out)
	}

	refused := func(password, want string, args ...string) {
		t.Helper()
		if r := add(password, args...); r.status != exitFailed || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, want) {
			t.Errorf("%q: %+v", args, r)
		}
	}
	refused("correct horse", "already exists", "ann", "--role", "admin", "--tenant", "acme")
	refused("short", "at least 12", "bob", "--role", "admin", "--tenant", "acme")
	refused("", "password", "bob", "--role", "admin", "--tenant", "acme")
	refused("correct horse", "tenant", "bob", "--role", "admin")
	refused("correct horse", "oplog tenant list", "bob", "--role", "admin", "--tenant", "nobody")
	refused("correct horse", "owner", "bob", "--role", "owner", "--tenant", "acme")
	// The tree is sent to a server later; accounts restricted to a part of it can be added first.
	s.mustRun(t, "tenant", "set", "acme", "--data-permission")
	if r := add("correct horse", "eve", "--role", "auditor", "--tenant", "acme", "--organization", "moon"); r.status != exitDone || !strings.Contains(r.stderr, "sees nothing until moon") {
		t.Errorf("%+v", r)
	}
	file := filepath.Join(t.TempDir(), "one.ndjson")
	write(t, file, `{"user":{"id":"u1","name":"Ann"},"organization":{"id":"east","name":"East"},"module":"email","operation":"send"}`)
	s.mustRun(t, "import", "--tenant", "acme", file)
	refused("correct horse", "organization", "bob", "--role", "admin", "--tenant", "acme", "--organization", "moon")
	if r := add("correct horse", "bob", "--role", "admin", "--tenant", "acme", "--organization", "east"); r.status != exitDone || strings.Contains(r.stderr, "nothing") {
		t.Errorf("%+v", r)
	}
	s.stdin = "correct horse"
	s.mustFail(t, "--password-stdin", "account", "add", "dan", "--role", "admin", "--tenant", "acme")
	s.mustFail(t, "oplog account list", "account", "disable", "dan")
	s.mustFail(t, "oplog account list", "account", "set-password", "dan", "--password-stdin")
}

func TestAccountsSignIn(t *testing.T) {
	data, s := newAcme(t)
	s.stdin = "correct horse"
	s.mustRun(t, "account", "add", "ann", "--role", "admin", "--tenant", "acme", "--password-stdin")
	signsIn := func(password string, want int) {
		t.Helper()
		p := serve(t, "serve", "--data", data)
		if _, status := signIn(t, p.url, "ann", password); status != want {
			t.Errorf("signing in with %q: status %d", password, status)
		}
		if status := p.stop(); status != exitDone {
			t.Errorf("stopped with status %d: %s", status, p.stderr)
		}
	}
	signsIn("correct horse", http.StatusOK)
	s.stdin = "battery staple"
	s.mustRun(t, "account", "set-password", "ann", "--password-stdin")
	signsIn("correct horse", http.StatusUnauthorized)
	s.mustPrint(t, `ann +admin .* in use\n$`, "account", "list")
	s.mustRun(t, "account", "set-password", "ann", "--password-stdin", "--must-change")
	s.mustPrint(t, `ann +admin .* must change password\n$`, "account", "list")
	signsIn("battery staple", http.StatusOK)
	s.mustRun(t, "account", "disable", "ann")
	s.mustPrint(t, `(?m)^ann .*disabled$`, "account", "list")
	signsIn("battery staple", http.StatusUnauthorized)
	s.mustRun(t, "account", "enable", "ann")
	signsIn("battery staple", http.StatusOK)
}

func TestKeys(t *testing.T) {
	data, s := newAcme(t)
	r := s.run(t, "key", "add", "--tenant", "acme", "--scope", "write", "--name", "crm")
	if r.status != exitDone || !regexp.MustCompile(`^oplog_write_[\w-]{43}\n$`).MatchString(r.stdout) || strings.Contains(r.stderr, strings.TrimSpace(r.stdout)) {
		t.Fatalf("%+v", r)
	}
	key := strings.TrimSpace(r.stdout)
	s.mustFail(t, "oplog tenant list", "key", "add", "--tenant", "nobody", "--scope", "read", "--name", "x")
	s.mustFail(t, "oplog key list", "key", "revoke", "nothing")
	s.mustPrint(t, `(?m)^oplog_write_\S{8} +acme +write +crm .*in use$`, "key", "list")
	if out := s.mustRun(t, "key", "list"); strings.Contains(out, key) {
		t.Error("the whole key is listed")
	}

	records := func(want int) {
		t.Helper()
		p := serve(t, "serve", "--data", data)
		defer p.stop()
		entry := `{"user":{"id":"u1","name":"Ann"},"module":"email","operation":"send"}`
		request, err := http.NewRequest(http.MethodPost, p.url+"/api/v1/tenants/acme/entries", strings.NewReader(entry))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("recording: status %d, want %d", answer.StatusCode, want)
		}
	}
	records(http.StatusCreated)
	s.mustRun(t, "key", "revoke", key[:len("oplog_write_")+8])
	s.mustPrint(t, `(?m)^oplog_write_.*revoked \d{4}-`, "key", "list")
	records(http.StatusUnauthorized)
	s.mustPrint(t, `(?m)^acme .* 1$`, "tenant", "list")
}

func TestDataDirectoryInUse(t *testing.T) {
	data, s := newAcme(t)
	p := serve(t, "serve", "--data", data)
	pid := fmt.Sprint(os.Getpid())
	s.mustRun(t, "tenant", "list") // in the server
	if err := os.Remove(filepath.Join(data, "oplog.sock")); err != nil {
		t.Fatal(err)
	}
	s.mustFail(t, pid, "tenant", "list")
	s.mustFail(t, pid, "account", "disable", "ann")
	s.mustFail(t, pid, "key", "list")
	s.mustFail(t, pid, "key", "rotate")
	s.mustFail(t, pid, "serve", "--listen", "127.0.0.1:0")
	if status := p.stop(); status != exitDone {
		t.Errorf("stopped with status %d", status)
	}
	s.mustRun(t, "tenant", "list")
}
