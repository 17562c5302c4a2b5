package cli

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"oplog/identity/ldap/ldaptest"
)

// TestIdentityTest: what a real directory says, and what the rules would give, is told with and without a server that has the log open, and nothing
// changes; who signs in gets just that.
func TestIdentityTest(t *testing.T) {
	slapd := ldaptest.Start(t, ldaptest.Options{})
	for _, name := range []string{"alice", "bob", "root"} {
		if err := slapd.AddPerson(ldaptest.Person{UID: name, Name: strings.ToUpper(name), Password: "right"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, group := range []string{"auditors", "admins"} {
		if err := slapd.AddGroup(group, ldaptest.Person{UID: "alice"}.DN()); err != nil {
			t.Fatal(err)
		}
	}
	data := t.TempDir()
	rule := func(group, role string) string {
		return fmt.Sprintf("[[rule]]\ngroup = %q\nrole = %q\ntenant = \"acme\"\n", ldaptest.GroupDN(group), role)
	}
	s := setting{env: map[string]string{"OPLOG_DATA": data, "HOME": t.TempDir()}, stdin: "correct horse battery\n"}
	s.mustRun(t, "tenant", "add", "acme", "--name", "Acme")
	s.mustRun(t, "account", "add", "root", "--role", "owner", "--password-stdin")
	s.mustFail(t, "has no [[ldap]]", "identity", "test", "alice")
	write(t, filepath.Join(data, "oplog.toml"), fmt.Sprintf(`[[ldap]]
name = "corp"
title = "Corporate directory"
url = %q
ca_file = %q
bind_dn = %q
bind_password_file = %q
base_dn = %q
user_filter = "(uid={username})"
group_filter = "(member={dn})"
group_base_dn = %q
%s%s`, slapd.TLSURL, slapd.CAFile, ldaptest.SearchDN, slapd.SearchPasswordFile, ldaptest.PeopleDN, ldaptest.GroupsDN, rule("auditors", "auditor"), rule("admins", "admin")))
	check := func() {
		t.Helper()
		s.mustPrint(t, `(?s)^corp \(Corporate directory\)\n  Username +alice\n  Name +ALICE\n.*cn=auditors,.*  Rule 1 +decides: role auditor, tenant acme, organization all\n  Rule 2 +fits, too, and would give something else: role admin.*  Signs in +as corp/alice\n.*corp is the first`, "identity", "test", "alice")
		s.mustPrint(t, `Signs in +no: no rule fits`, "identity", "test", "corp/bob")
		s.mustPrint(t, `local account root`, "identity", "test", "root", "--source", "corp")
		s.mustPrint(t, `(?i)there is|no`, "identity", "test", "nobody")
		s.mustFail(t, `not a source`, "identity", "test", "alice", "--source", "lab")
	}
	check()
	server := s.serve(t, "serve")
	check()
	s.signsInAsTold(t, server.url, slapd)
}

// signsInAsTold checks who signs in, and that nobody else does, while the directory answers and afterwards.
func (s setting) signsInAsTold(t *testing.T, url string, slapd *ldaptest.Slapd) {
	t.Helper()
	signIn := func(username, password string) int {
		t.Helper()
		body := strings.NewReader(fmt.Sprintf(`{"username":%q,"password":%q}`, username, password))
		answer, err := http.Post(url+"/api/v1/session", "application/json", body) //nolint:noctx // of a test
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	for _, c := range []struct {
		username, password string
		want               int
	}{{"alice", "right", 200}, {"alice", "wrong", 401}, {"*", "right", 401}, {"alice", "", 401}, {"bob", "right", 403}, {"root", "correct horse battery", 200}, {"root", "right", 403}} {
		if status := signIn(c.username, c.password); status != c.want {
			t.Errorf("%s: %d, want %d", c.username, status, c.want)
		}
	}
	s.mustPrint(t, `(?m)^corp/alice +auditor +acme`, "account", "list")
	s.mustFail(t, `corp keeps the password`, "account", "set-password", "corp/alice", "--password-stdin")
	s.mustPrint(t, `sources +ok +corp answers`, "doctor")
	slapd.Stop()
	if status := signIn("root", "correct horse battery"); status != 200 {
		t.Errorf("the local owner is locked out: %d", status)
	}
	if status := signIn("alice", "right"); status != 503 {
		t.Errorf("the directory is down: %d", status)
	}
}
