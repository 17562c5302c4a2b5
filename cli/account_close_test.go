package cli

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestAccountClose: the command prints the keys that the account made over the API, and revokes them if asked; run again, it does the rest.
func TestAccountClose(t *testing.T) {
	data, s := newAcme(t)
	for _, name := range []string{"ann", "root"} {
		s.stdin = "correct horse"
		role := []string{"--role", "owner"}
		if name == "ann" {
			role = []string{"--role", "admin", "--tenant", "acme"}
		}
		s.mustRun(t, append([]string{"account", "add", name, "--password-stdin"}, role...)...)
	}
	s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "read", "--name", "by-command")
	p := serve(t, "serve", "--data", data)
	ann, _ := signIn(t, p.url, "ann", "correct horse")
	answer, err := ann.Post(p.url+"/api/v1/tenants/acme/keys", "application/json", strings.NewReader(`{"scope":"write","name":"crm"}`))
	if err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("%+v %v", answer, err)
	}
	defer answer.Body.Close()
	r := s.run(t, "account", "close", "ann") // beside the server
	if r.status != exitDone || !regexp.MustCompile(`(?m)^oplog_write_\S{8} +acme +write +crm .*in use$`).MatchString(r.stdout) ||
		strings.Contains(r.stdout, "by-command") || !strings.Contains(r.stderr, "still work") {
		t.Errorf("%+v", r)
	}
	if _, status := signIn(t, p.url, "ann", "correct horse"); status != http.StatusUnauthorized {
		t.Errorf("ann signs in: %d", status)
	}
	if status := p.stop(); status != exitDone {
		t.Errorf("stopped with status %d: %s", status, p.stderr)
	}
	s.mustPrint(t, `(?m)^ann .*closed 2`, "account", "list")
	s.mustFail(t, "cannot be undone", "account", "enable", "ann")
	s.mustFail(t, "only active owner", "account", "close", "root")
	s.mustFail(t, "oplog account list", "account", "close", "nobody")
	s.mustPrint(t, `(?m)^oplog_write_\S{8} .*revoked 2`, "account", "close", "ann", "--revoke-keys")
	if r := s.run(t, "account", "close", "ann"); r.status != exitDone || r.stdout != "" || !strings.Contains(r.stderr, "no API key") {
		t.Errorf("%+v", r)
	}
}
