package server

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/identity/oidc"
	"oplog/identity/sources/sourcestest"
	"oplog/oplog"
)

// TestSourceSignIn: local accounts go first and do not depend on directories; names may say the directory; nobody learns who is known.
func TestSourceSignIn(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	enter := func(username, password, source, who string, status int) {
		t.Helper()
		r := f.send("nobody", "POST", "/api/v1/session", `{"username":"`+username+`","password":"`+password+`","source":"`+source+`"}`)
		if r.status != status || status == 200 && !strings.HasPrefix(r.body, `{"username":"`+who+`"`) {
			t.Errorf("%s of %q: %d %s, want %d %s", username, source, r.status, r.body, status, who)
		}
	}
	enter("auditor", password, "", "auditor", 200)
	enter("auditor", password, "local", "auditor", 200)
	enter("auditor", "right", "", "corp/auditor", 200)
	enter("auditor", "right", "corp", "corp/auditor", 200)
	enter("corp/auditor", "right", "", "corp/auditor", 200)
	enter("dave", "right", "", "lab/dave", 200)
	enter("lab/dave", "right", "", "lab/dave", 200)
	enter("auditor", password, "corp", "", 401)
	enter("auditor", "right", "local", "", 401)
	enter("dave", "right", "corp", "", 401)
	enter("auditor", "", "", "", 401)
	enter("dave", "right", "nowhere", "", 422)
	enter("dave", "right", "sso", "", 422)
	wrong, unknown := f.send("nobody", "POST", "/api/v1/session", signIn("dave", "x")), f.send("nobody", "POST", "/api/v1/session", signIn("who", "x"))
	if wrong.body != unknown.body {
		t.Errorf("%s\n%s", wrong.body, unknown.body)
	}
	p := f.asProblem(f.send("nobody", "POST", "/api/v1/session", signIn("nobody", "right")), 403)
	if !strings.Contains(p.Detail, "not allowed") || strings.Contains(p.Detail, "rule") {
		t.Errorf("who has no rule reads %s", p.Detail)
	}
	told := f.get("owner", "/api/v1/access", 200)
	for _, want := range []string{`"reason":"no rule"`, `"groups":["nobody"]`, `"id":"corp/nobody"`} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in %s", want, told)
		}
	}
	if told := f.get("owner", tenantA+"/access", 200); !strings.Contains(told, `"source":"corp"`) || strings.Count(told, `"operation":"create"`) != 2 || strings.Contains(told, "right") {
		t.Error(told)
	}
	w.corp.Down = sourcestest.ErrDown
	enter("owner", password, "", "owner", 200)
	enter("auditor", "right", "", "", 503)
	enter("dave", "right", "", "lab/dave", 200)
	enter("auditor", "right", "lab", "", 401)
	if metrics := f.get("metrics", "/metrics", 200); !strings.Contains(metrics, `oplog_source_sign_ins_total{source="corp",result="signed_in"} 3`) || !strings.Contains(metrics, `{source="corp",result="unavailable"} 2`) {
		t.Error("the metrics do not tell of the sources")
	}
	if body := strings.TrimSpace(f.get("nobody", "/api/v1/session/providers", 200)); body != `{"providers":[{"name":"corp","title":"Corp","kind":"ldap"},{"name":"lab","title":"Lab","kind":"ldap"},{"name":"sso","title":"Single sign-on","kind":"oidc","icon":"data:image/svg+xml;base64,`+
		base64.StdEncoding.EncodeToString([]byte("<svg/>"))+`"}]}` {
		t.Error(body)
	}
}

// TestSourceThrottle: attempts are counted by the name that people type, for all sources together, and an admin can unlock it.
func TestSourceThrottle(t *testing.T) {
	f := newServer(t)
	f.withSources()
	f.send("nobody", "POST", "/api/v1/session", signIn("auditor", "right"))
	for i := range pairLimit.attempts {
		source := []string{"", "corp", "lab", "local"}[i%4]
		f.asProblem(f.send("nobody", "POST", "/api/v1/session", `{"username":"auditor","password":"wrong","source":"`+source+`"}`), 401)
	}
	for _, name := range []string{"auditor", "corp/auditor"} {
		f.asProblem(f.send("nobody", "POST", "/api/v1/session", signIn(name, "right")), 429)
	}
	if list := f.get("admin", accountsPath, 200); strings.Count(list, "locked_until") != 2 {
		t.Errorf("locked: %s", list)
	}
	if r := f.send("admin", "DELETE", accountsPath+"/corp%2Fauditor/lock", ""); r.status != 204 {
		t.Errorf("unlock: %d %s", r.status, r.body)
	}
	if r := f.send("nobody", "POST", "/api/v1/session", signIn("auditor", "right")); r.status != 200 {
		t.Errorf("after all: %d %s", r.status, r.body)
	}
}

// TestSourceAccounts: admins see where people come from, may keep them out and sign them out, and change nothing that the source and the rules say. Names
// with a slash are in URLs as %2F, behind a base path, too.
func TestSourceAccounts(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	w.as("alice", w.enterBy("corp", "auditor"))
	if list := f.get("admin", accountsPath, 200); !strings.Contains(list, `"username":"corp/auditor","role":"auditor","tenant":"acme","locale":"en","disabled":false`) ||
		!strings.Contains(list, `"source":"corp","rule":4,"groups":["auditor"],"checked_at":"2026-11-22T08:00`) {
		t.Error(list)
	}
	path := accountsPath + "/corp%2Fauditor"
	for body, reason := range map[string]string{`{"role":"admin"}`: "role-of-rule", `{"password":"correct horse battery"}`: "password-of-source", `{"name":"x"}`: "name-of-source"} {
		if r := f.send("admin", "PATCH", path, body); r.status != 403 || !strings.Contains(r.body, reason) {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
	if r := f.send("alice", "PATCH", "/api/v1/session", `{"password":"correct horse battery","old_password":"right"}`); r.status != 403 || !strings.Contains(r.body, "password-of-source") {
		t.Errorf("own password: %d %s", r.status, r.body)
	}
	if !strings.Contains(f.get("alice", "/api/v1/session", 200), `"source":"corp"`) {
		t.Error("the session does not say where the person comes from")
	}
	if sessions := f.get("admin", path+"/sessions?limit=5", 200); strings.Count(sessions, `"id"`) != 1 {
		t.Error(sessions)
	}
	f.get("admin", accountsPath+"/corp%2fauditor/sessions", 200)
	f.get("stranger", path+"/sessions", 404)
	f.get("admin", accountsPath+"/corp/auditor/sessions", 404)
	if r := f.send("admin", "DELETE", path+"/sessions", ""); r.status != 204 {
		t.Errorf("sign out: %d %s", r.status, r.body)
	}
	f.get("alice", "/api/v1/session", 401)
	w.as("alice", w.enterBy("corp", "auditor"))
	f.change("admin", "PATCH", path, `{"disabled":true}`, 200)
	f.get("alice", "/api/v1/session", 401)
	f.asProblem(w.enterBy("corp", "auditor"), 401)
	f.change("admin", "PATCH", path, `{"disabled":false}`, 200)
	w.as("alice", w.enterBy("corp", "auditor"))
	f.server.basePath = "/oplog"
	f.server.app.Server().Handler = f.server.behindProxy(f.server.app.Handler())
	f.get("admin", "/oplog"+path+"/sessions", 200)
}

// TestSourceFactor: people of a directory confirm with their password there, those of a provider with a code.
func TestSourceFactor(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	w.as("alice", w.enterBy("corp", "auditor"))
	w.as("erin", w.enterBy("sso", "auditor"))
	f.asProblem(f.send("alice", "POST", factorPath+"/totp", `{"password":"wrong"}`), 422)
	if r := f.send("erin", "POST", factorPath+"/totp", `{"password":"right"}`); r.status != 403 || !strings.Contains(r.body, "password-at-provider") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := f.send("alice", "POST", factorPath+"/totp", `{"password":"right"}`); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
	must(f.log.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.RequireSecondFactor = true }))(t)
	if r := w.enterBy("corp", "auditor"); r.status != 202 {
		t.Errorf("a required second factor: %d %s", r.status, r.body)
	}
	r := w.enterBy("sso", "auditor")
	w.as("pending", r)
	if r.header.Get("Location") != "/" {
		t.Errorf("%d %v", r.status, r.header)
	}
	f.get("pending", "/api/v1/session", 202)
	f.get("pending", tenantA+"/entries", 401)
}

// TestSourcesOnNodes: people of sources sign in at every node, are signed in at all of them, and lose their sessions at all of them at once.
func TestSourcesOnNodes(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	all := append(slices.Clone(others), leader)
	w := newWorld()
	for _, f := range all {
		w.join(f)
	}
	sees := func(caller string, want int) {
		t.Helper()
		for _, f := range all {
			f.get(caller, "/api/v1/session", want)
		}
	}
	for i, f := range all {
		w.join(f)
		w.as("alice", w.enterBy("corp", "auditor"))
		w.as("erin", w.enterBy("sso", "auditor"))
		sees("alice", 200)
		sees("erin", 200)
		end := all[(i+1)%3]
		if r := end.send("alice", "DELETE", "/api/v1/session", ""); r.status != 204 {
			t.Errorf("%d %s", r.status, r.body)
		}
		w.sso.Said = oidc.Logout{Subject: "id-auditor", IssuedAt: f.tick()}
		if r := end.send("nobody", "POST", providerRoot+"sso/logout", "logout_token=x", "Content-Type", "application/x-www-form-urlencoded"); r.status != 200 {
			t.Errorf("%d %s", r.status, r.body)
		}
		sees("alice", 401)
		sees("erin", 401)
	}
	w.join(others[0])
	w.as("alice", w.enterBy("corp", "auditor"))
	w.as("erin", w.enterBy("sso", "auditor"))
	delete(w.corp.People, "auditor")
	delete(w.sso.People, "auditor")
	for _, f := range all {
		f.advance(2 * time.Minute)
	}
	failed := func(err error) { t.Error(err) }
	others[0].server.sources.Check(t.Context(), failed)
	sees("alice", 200) // which does not lead
	leader.server.sources.Check(t.Context(), failed)
	sees("alice", 401)
	sees("erin", 401)
}

// TestPreviewRoute: an owner sees what would be decided.
func TestPreviewRoute(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	p := w.corp.People["admin"]
	p.Groups = []string{"admin", "auditor"}
	w.corp.People["admin"] = p
	body := strings.TrimSpace(f.get("owner", "/api/v1/identity/preview?username=admin&source=corp", 200))
	if body != `{"sources":[{"source":"corp","title":"Corp","kind":"ldap","person":{"username":"admin","account":"corp/admin","groups":["admin","auditor"],"disabled":false},"rules":[`+
		`{"number":2,"group":"admin","role":"admin","tenant":"acme","differs":false},{"number":4,"group":"auditor","role":"auditor","tenant":"acme","differs":true}]}]}` {
		t.Error(body)
	}
	if body := f.get("owner", "/api/v1/identity/preview?username=nobody", 200); !strings.Contains(body, `"refused":"no rule"`) || strings.Count(body, `"error"`) != 2 {
		t.Error(body)
	}
	f.get("owner", "/api/v1/identity/preview", 422)
	f.get("owner", "/api/v1/identity/preview?username=x&source=nowhere", 422)
}

// TestSourcesAreStoredWithTheirEntries: a new account, a sign-in, and what a source takes from somebody are each stored in one transaction with the entry
// that tells of it.
func TestSourcesAreStoredWithTheirEntries(t *testing.T) {
	s := newAuditFixture(t, func(*fixture) {})
	w := s.withSources()
	told := func(want ...string) {
		t.Helper()
		events := s.store.told(t)
		for _, one := range want {
			if s.told++; !slices.Contains(events, one) {
				t.Errorf("no %s in %v", one, events)
			}
		}
		if len(events) != s.told {
			t.Errorf("%d entries were stored with changes, want %d: %v", len(events), s.told, events)
		}
	}
	for _, source := range []string{"corp", "sso"} {
		w.as(source, w.enterBy(source, "auditor"))
		told("account.create", "session.sign_in")
		w.enterBy(source, "auditor")
		told("session.sign_in")
	}
	s.changes("signOut", "sso", "DELETE", "/api/v1/session", "")
	w.as("sso", w.enterBy("sso", "auditor"))
	told("session.sign_in")
	w.sso.Said = oidc.Logout{Subject: "id-auditor", IssuedAt: s.tick()}
	s.send("nobody", "POST", providerRoot+"sso/logout", "logout_token=x", "Content-Type", "application/x-www-form-urlencoded")
	told("session.end")
	delete(w.corp.People, "auditor")
	s.server.sources.Check(t.Context(), func(err error) { t.Error(err) })
	told("account.change")
	s.get("corp", "/api/v1/session", 401)
}
