package server

import (
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

// callers are all kinds of callers: without credentials, with a revoked key, users of acme by role, its keys by scope, and users and keys
// of another tenant.
var callers = []string{
	"nobody", "revoked", "owner", "admin", "scoped", "auditor", "member", "write", "read", "launch", "directory", "metrics", "backup", "stranger", "strange key", "strange writer", "strange directory",
}

// answers maps a status to the callers who get it.
type answers map[int]string

// ofServer returns the status for each caller; callers that are not named are refused.
func ofServer(named answers) map[string]int { return statusesOf(named, 403) }

// ofTenant is like ofServer, for requests that name acme, which does not exist for callers of another tenant.
func ofTenant(named answers) map[string]int { return statusesOf(named, 404) }

func statusesOf(named answers, ofStrangers int) map[string]int {
	statuses := make(map[string]int)
	for _, caller := range callers {
		switch {
		case caller == "nobody" || caller == "revoked":
			statuses[caller] = 401
		case strings.HasPrefix(caller, "strange"):
			statuses[caller] = ofStrangers
		default:
			statuses[caller] = 403
		}
	}
	for status, list := range named {
		for caller := range strings.SplitSeq(list, ", ") {
			statuses[caller] = status
		}
	}
	return statuses
}

// whoMay has the status for each caller. {told} stands for an entry of the trail.
var whoMay = []struct {
	method, path, body string
	want               map[string]int
}{
	{"GET", "/api/v1/session", "", ofServer(answers{200: "owner, admin, scoped, auditor, member, stranger"})},
	{"PATCH", "/api/v1/session", `{"locale":"en"}`, ofServer(answers{200: "owner, admin, scoped, auditor, member, stranger"})},
	{"GET", "/api/v1/key", "", ofServer(answers{200: "owner, admin, scoped, auditor, member, write, read, launch, directory, metrics, backup, stranger, strange key, strange writer, strange directory"})},
	{"GET", "/api/v1/backup", "", ofServer(answers{200: "owner, backup"})},
	{"GET", "/api/v1/system", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/identity", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/identity/preview?username=x", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/system/checks", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/system/backups", "", ofServer(answers{200: "owner"})},
	{"POST", "/api/v1/system/backups", "", ofServer(answers{409: "owner"})}, // see TestSystemBackups
	{"GET", "/api/v1/system/archive", "", ofServer(answers{200: "owner"})},
	{"GET", tenantA + "/archive", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", "/api/v1/cluster", "", ofServer(answers{200: "owner"})},
	{"POST", "/api/v1/cluster/tokens", "", ofServer(answers{409: "owner"})},      // see TestCluster
	{"POST", "/api/v1/cluster/transfer", "{}", ofServer(answers{409: "owner"})},  // likewise
	{"DELETE", "/api/v1/cluster/nodes/x", "{}", ofServer(answers{409: "owner"})}, // likewise
	{"GET", "/api/v1/tenants", "", ofServer(answers{200: "owner"})},
	{"POST", tenantA + "/entries", entry(), ofTenant(answers{201: "write"})},
	{"GET", tenantA + "/entries", "", ofTenant(answers{200: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/entries/e1", "", ofTenant(answers{200: "owner, admin, auditor, read", 404: "scoped"})},
	{"GET", tenantA + "/summary", "", ofTenant(answers{200: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/status", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", tenantA + "/catalog", "", ofTenant(answers{200: "owner, admin, scoped, auditor, write, read, launch, directory, metrics, backup"})},
	{"PUT", tenantA + "/catalog", `{"modules":[]}`, ofTenant(answers{200: "owner, admin"})},
	{"GET", tenantA + "/organizations", "", ofTenant(answers{200: "owner, admin, scoped, auditor"})},
	{"PUT", tenantA + "/organizations", `[{"id":"hq","name":"HQ"},{"id":"east","name":"East","parent_id":"hq"}]`, ofTenant(answers{200: "owner, admin, directory"})},
	{"GET", tenantA + "/exports", "", ofTenant(answers{200: "owner, admin, scoped, auditor, read"})},
	{"POST", tenantA + "/exports", `{"range":"today","format":"csv"}`, ofTenant(answers{202: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/exports/none", "", ofTenant(answers{404: "owner, admin, scoped, auditor, read"})},
	{"DELETE", tenantA + "/exports/none", "", ofTenant(answers{404: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/exports/none/file", "", ofTenant(answers{404: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/exports/none/bundle", "", ofTenant(answers{404: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/exports/none/manifest", "", ofTenant(answers{404: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/views", "", ofTenant(answers{200: "owner, admin, scoped, auditor"})},
	{"POST", tenantA + "/views", `{"name":"x","query":"q=x"}`, ofTenant(answers{201: "owner, admin, scoped, auditor"})},
	{"PATCH", tenantA + "/views/none", `{"name":"x"}`, ofTenant(answers{404: "owner, admin, scoped, auditor"})},
	{"DELETE", tenantA + "/views/none", "", ofTenant(answers{404: "owner, admin, scoped, auditor"})},
	{"GET", tenantA + "/checkpoint/consistency?from=1", "", ofTenant(answers{200: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/checkpoint/keys", "", ofTenant(answers{200: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/checkpoint", "", ofTenant(answers{200: "owner, admin, scoped, auditor, read"})},
	{"GET", "/api/v1/openapi.json", "", ofServer(answers{200: strings.Join(callers, ", ")})},
	{"GET", tenantA + "/live?limit=x", "", ofTenant(answers{422: "owner, admin, scoped, auditor, read"})},
	{"GET", tenantA + "/access", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", tenantA + "/access?q=x&user=admin&operation=log.search&range=today", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", tenantA + "/access/checkpoint", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", tenantA + "/access/checkpoint/consistency?from=1", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", "/api/v1/access/checkpoint", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/access/checkpoint/consistency?from=99999", "", ofServer(answers{422: "owner"})},
	{"GET", tenantA + "/access/{told}", "", ofTenant(answers{200: "owner, admin"})},
	{"GET", "/api/v1/access", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/access/none", "", ofServer(answers{404: "owner"})},
	{"GET", "/api/v1/access?q=x&range=today", "", ofServer(answers{200: "owner"})},
	{"GET", tenantA + "/retention", "", ofTenant(answers{200: "owner, admin"})},
	{"POST", tenantA + "/holds", `{"reason":"case 7"}`, ofTenant(answers{201: "owner, admin"})},
	{"POST", tenantA + "/retention/agreement", `{"reason":"clock"}`, ofTenant(answers{409: "owner"})},
	{"DELETE", tenantA + "/holds/none", "", ofTenant(answers{404: "owner"})},
	{"GET", tenantA, "", ofTenant(answers{200: "owner, admin, scoped, auditor, write, read, launch, directory, metrics, backup"})},
	{"PATCH", tenantA, `{"name":"Acme"}`, ofTenant(answers{200: "owner"})},
	{"POST", "/api/v1/tenants", `{"id":"acme","name":"Again"}`, ofServer(answers{409: "owner"})},
	{"DELETE", tenantA, `{"confirm":"other"}`, ofTenant(answers{422: "owner"})}, // see TestRemoveTenant
	{"GET", tenantA + "/everything", "", ofTenant(answers{200: "owner"})},
	{"GET", "/api/v1/removed-tenants", "", ofServer(answers{200: "owner"})},
	{"GET", "/api/v1/accounts", "", ofServer(answers{200: "owner, admin, stranger"})},
	{"POST", "/api/v1/accounts", `{"username":"admin","password":"correct horse","role":"admin","tenant":"acme"}`, ofServer(answers{404: "stranger", 409: "owner, admin"})},
	{"PATCH", "/api/v1/accounts/member", `{"locale":"en"}`, ofServer(answers{200: "owner, admin", 404: "stranger"})},
	{"DELETE", "/api/v1/accounts/gone", "", ofServer(answers{404: "owner, admin, stranger"})}, // see TestCloseAccount
	{"GET", "/api/v1/accounts/member/keys", "", ofServer(answers{200: "owner, admin", 404: "stranger"})},
	{"GET", "/api/v1/accounts/member/sessions", "", ofServer(answers{200: "owner, admin", 404: "stranger"})},
	{"DELETE", "/api/v1/accounts/member/lock", "", ofServer(answers{204: "owner, admin", 404: "stranger"})},
	{"DELETE", "/api/v1/accounts/gone/sessions", "", ofServer(answers{404: "owner, admin, stranger"})},      // see TestAccountSessions
	{"DELETE", "/api/v1/accounts/gone/second-factor", "", ofServer(answers{404: "owner, admin, stranger"})}, // see TestRemoveSecondFactor
	{"GET", "/api/v1/second-factor", "", ofServer(answers{200: "owner"})},
	{"PUT", "/api/v1/second-factor", `{"roles":[]}`, ofServer(answers{200: "owner"})},
	{"GET", factorPath, "", ofServer(answers{200: "owner, admin, scoped, auditor, member, stranger"})},
	{"POST", factorPath, `{"code":"123456"}`, ofServer(answers{409: "owner, admin, scoped, auditor, member, stranger"})}, // see TestSecondFactor
	{"POST", factorPath + "/totp", `{}`, ofServer(answers{422: "owner, admin, scoped, auditor, member, stranger"})},
	{"PUT", factorPath + "/totp", `{"code":"123456"}`, ofServer(answers{409: "owner, admin, scoped, auditor, member, stranger"})},
	{"DELETE", factorPath + "/totp", `{}`, ofServer(answers{422: "owner, admin, scoped, auditor, member, stranger"})},
	{"POST", factorPath + "/passkeys/options", `{}`, ofServer(answers{409: "owner, admin, scoped, auditor, member, stranger"})}, // see TestPasskey
	{"POST", factorPath + "/passkeys", `{"name":"x","credential":{}}`, ofServer(answers{409: "owner, admin, scoped, auditor, member, stranger"})},
	{"POST", factorPath + "/passkeys/assertion", "", ofServer(answers{409: "owner, admin, scoped, auditor, member, stranger"})},
	{"DELETE", factorPath + "/passkeys/none", `{}`, ofServer(answers{422: "owner, admin, scoped, auditor, member, stranger"})},
	{"POST", factorPath + "/recovery-codes", `{}`, ofServer(answers{422: "owner, admin, scoped, auditor, member, stranger"})},
	{"GET", tenantA + "/keys", "", ofTenant(answers{200: "owner, admin"})},
	{"POST", tenantA + "/keys", `{"scope":"read","name":"x"}`, ofTenant(answers{201: "owner, admin"})},
	{"GET", confirmPath, "", ofServer(answers{200: "owner, admin, scoped, auditor, member, stranger"})},
	{"POST", confirmPath, `{}`, ofServer(answers{422: "owner, admin, scoped, auditor, member, stranger"})},
	{"POST", viewPath, `{"username":"none"}`, ofServer(answers{404: "owner, admin, stranger"})}, // see TestView
	{"DELETE", viewPath, "", ofServer(answers{200: "owner, admin, scoped, auditor, member, stranger"})},
	{"DELETE", tenantA + "/launched/u7", "", ofTenant(answers{204: "launch"})},
	{"DELETE", tenantA + "/keys/none", "", ofTenant(answers{404: "owner, admin"})},
	{"GET", "/api/v1/sessions", "", ofServer(answers{200: "owner, admin, scoped, auditor, member, stranger"})},
	{"DELETE", "/api/v1/session", "", ofServer(answers{204: "owner, admin, scoped, auditor, member, stranger"})},
}

// TestWhoMay makes each request as each kind of caller, with accounts of its own, of a directory and of an identity provider.
func TestWhoMay(t *testing.T) {
	for _, source := range []string{"", "corp", "sso"} {
		t.Run(source, func(t *testing.T) {
			f := newServer(t)
			if source != "" {
				w := f.withSources()
				w.sso.Stays = true
				w.replaceBy(source)
			}
			f.checkWhoMay(t)
		})
	}
}

func (f *fixture) checkWhoMay(t *testing.T) {
	t.Helper()
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	f.get("owner", tenantA+"/entries", 200)
	told := decode[oplog.Page](t, f.get("owner", tenantA+"/access", 200)).Entries[0].ID
	checked := map[*route]bool{}
	for _, call := range whoMay {
		path := strings.Replace(call.path, "{told}", told, 1)
		for i := range f.server.table {
			if r := &f.server.table[i]; r.method == call.method && r.matches(strings.Split(path, "?")[0]) {
				checked[r] = true
			}
		}
		for _, caller := range callers {
			if r := f.send(caller, call.method, path, call.body); r.status != call.want[caller] {
				t.Errorf("%s %s as %s: %d, want %d: %s", call.method, path, caller, r.status, call.want[caller], r.body)
			}
		}
		if len(call.want) != len(callers) {
			t.Errorf("%s %s: a caller of %v is unknown", call.method, path, call.want)
		}
	}
	for i := range f.server.table {
		switch r := &f.server.table[i]; r.id {
		case "signIn", "launch", "continueLaunch", "getSetup", "setUp", "endSessions", "getServerStatus": // see TestReadOnly, TestSignIn, TestLaunch, TestLaunchAsksFirst, TestSetup and TestSignOutEverywhere
		case "listProviders", "beginProvider", finishProvider, "endProvider": // see TestProviderSignIn and TestProviderLogout
		default:
			if !checked[r] {
				t.Errorf("%s %s is not checked", r.method, r.path)
			}
		}
	}
}

func TestSignOutEverywhere(t *testing.T) {
	f := newServer(t)
	for caller, want := range map[string]int{
		"nobody": 401, "revoked": 401, "owner": 204, "admin": 204, "scoped": 204, "auditor": 204, "member": 204, "write": 403, "read": 403, "launch": 403,
	} {
		if r := f.send(caller, "DELETE", "/api/v1/sessions", ""); r.status != want || (want == 204) != strings.Contains(r.header.Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("%s: %d, want %d: %v", caller, r.status, want, r.header)
		}
		if want == 204 {
			f.get(caller, "/api/v1/session", 401)
		}
	}
}

// TestEveryRouteIsChecked covers routes that TestWhoMay might miss: only those for signing in accept a caller without credentials.
func TestEveryRouteIsChecked(t *testing.T) {
	f := newServer(t)
	for _, r := range f.server.table {
		path := strings.NewReplacer("{tenant}", "acme", "{id}", "x").Replace(r.path)
		a := f.send("nobody", r.method, path, "")
		if r.callers == anyone {
			if !slices.Contains([]string{"signIn", "launch", "continueLaunch", "getSetup", "setUp", "getServerStatus", "listProviders", "beginProvider", finishProvider, "endProvider"}, r.id) {
				t.Errorf("%s %s takes anyone", r.method, r.path)
			}
			continue
		}
		f.asProblem(a, 401)
		if a.header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("%s %s: no WWW-Authenticate", r.method, path)
		}
		if strings.Contains(r.path, "{tenant}") && r.callers&byMember != 0 {
			t.Errorf("%s %s is open to members", r.method, r.path)
		}
	}
}

// TestNothingIsDisclosed: things that a caller may not see get the same response as things that do not exist.
func TestNothingIsDisclosed(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z","organization":{"id":"west","name":"West"}`))
	same := func(caller, path, otherPath string, status int) {
		t.Helper()
		a, b := f.send(caller, "GET", path, ""), f.send(caller, "GET", otherPath, "")
		if a.status != status || b.status != status {
			t.Fatalf("%s: %d and %d, want %d", path, a.status, b.status, status)
		}
		tidy := strings.NewReplacer("nowhere", "acme", "e2", "e1").Replace
		if tidy(a.body) != tidy(b.body) {
			t.Errorf("as %s the answers differ:\n%s\n%s", caller, a.body, b.body)
		}
	}
	same("stranger", tenantA+"/entries", "/api/v1/tenants/nowhere/entries", 404)
	same("strange key", tenantA+"/entries", "/api/v1/tenants/nowhere/entries", 404)
	same("scoped", tenantA+"/entries/e1", tenantA+"/entries/e2", 404)
	same("member", tenantA+"/entries", "/api/v1/tenants/nowhere/summary", 403)
	p := f.asProblem(f.send("member", "GET", tenantA+"/entries", ""), 403)
	if p.Title != "Forbidden" || p.Detail != "This account has no access." {
		t.Errorf("a member learns %+v", p)
	}
	f.get("owner", "/api/v1/tenants/nowhere/entries", 404)
}

// TestScope: every response to a user scoped to an organization covers that organization and those below it, and no other.
func TestScope(t *testing.T) {
	f := newServer(t)
	for _, org := range []string{"hq", "east", "shanghai", "west"} {
		f.record(entry(`"organization":{"id":"` + org + `","name":"x"}`))
	}
	seen := func(caller, query string, want int) {
		t.Helper()
		page := decode[struct{ Entries []struct{ ID string } }](t, f.get(caller, tenantA+"/entries?"+query, 200))
		sum := decode[struct {
			Total  int
			Facets struct{ Organization []struct{ Value string } }
		}](t, f.get(caller, tenantA+"/summary?"+query, 200))
		if len(page.Entries) != want || sum.Total != want || len(sum.Facets.Organization) != want {
			t.Errorf("%s sees %d entries, counts %d in %v; want %d", caller, len(page.Entries), sum.Total, sum.Facets.Organization, want)
		}
	}
	seen("admin", "", 4)
	seen("scoped", "", 2)
	seen("scoped", "organization=west", 0)
	seen("scoped", "organization=hq", 2)
	seen("scoped", "organization=shanghai", 1)
	tree := decode[oplog.Tree](t, f.get("scoped", tenantA+"/organizations", 200))
	if len(tree) != 2 {
		t.Errorf("scoped sees the tree %v", tree)
	}
}

func TestSameOrigin(t *testing.T) {
	f := newServer(t)
	check := func(want int, headers ...string) {
		t.Helper()
		for _, caller := range []string{"admin"} {
			if r := f.send(caller, "PATCH", "/api/v1/session", `{"locale":"en"}`, headers...); r.status != want {
				t.Errorf("%v: %d, want %d", headers, r.status, want)
			}
		}
		if r := f.send("nobody", "POST", "/api/v1/session", `{"username":"x","password":"y"}`, headers...); (r.status == 403) != (want == 403) {
			t.Errorf("sign in with %v: %d", headers, r.status)
		}
		if r := f.send("write", "POST", tenantA+"/entries", entry(), headers...); r.status != 201 {
			t.Errorf("a key with %v: %d", headers, r.status)
		}
		for _, method := range []string{"GET", "HEAD"} {
			if r := f.send("admin", method, "/api/v1/session", "", headers...); r.status != want {
				t.Errorf("%s with %v: %d, want %d", method, headers, r.status, want)
			}
		}
		for _, path := range []string{tenantA + "/entries", "/api/v1/openapi.json", "/metrics", "/healthz"} {
			if r := f.send("read", "GET", path, "", headers...); r.status != 200 {
				t.Errorf("%s by a key with %v: %d", path, headers, r.status)
			}
		}
		if r := f.send("nobody", "GET", "/api/v1/openapi.json", "", headers...); r.status != want {
			t.Errorf("the document with %v: %d, want %d", headers, r.status, want)
		}
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} { // need no key on this machine
			if r := f.send("nobody", "GET", path, "", headers...); (r.status == 403) != (want == 403) {
				t.Errorf("%s with %v: %d", path, headers, r.status)
			}
		}
		// Links of other sites lead to the console and sign users in.
		if r := f.send("admin", "GET", "/t/acme/log", "", headers...); r.status != 200 {
			t.Errorf("the console with %v: %d", headers, r.status)
		}
		if r := f.send("nobody", "GET", "/launch", "", headers...); r.status != 401 {
			t.Errorf("a launch link with %v: %d", headers, r.status)
		}
	}
	check(200)
	check(200, "Sec-Fetch-Site", "same-origin")
	check(200, "Sec-Fetch-Site", "none")
	check(403, "Sec-Fetch-Site", "same-site")
	check(403, "Sec-Fetch-Site", "cross-site")
	check(403, "Sec-Fetch-Site", "cross-site", "Origin", "http://example.com")
	check(200, "Origin", "http://example.com")
	check(200, "Origin", "https://EXAMPLE.com")
	check(403, "Origin", "http://example.com:8080")
	check(403, "Origin", "http://evil.test")
	check(403, "Origin", "null")
	check(403, "Origin", "http://evil.test", "X-Forwarded-Host", "evil.test")
}

func TestCredentials(t *testing.T) {
	f := newServer(t)
	f.sent["odd"] = map[string]string{}
	check := func(want int, headers ...string) {
		t.Helper()
		if r := f.send("odd", "GET", tenantA+"/catalog", "", headers...); r.status != want {
			t.Errorf("%v: %d, want %d: %s", headers, r.status, want, r.body)
		}
	}
	key := f.sent["read"]["Authorization"]
	check(200, "Authorization", key)
	check(200, "Authorization", "bearer"+strings.TrimPrefix(key, "Bearer"))
	check(401, "Authorization", strings.TrimPrefix(key, "Bearer "))
	check(401, "Authorization", "Basic YTpi")
	check(401, "Authorization", "Bearer ")
	check(401, "Authorization", key+"x")
	check(401, "Authorization", "Bearer nothing", "Cookie", f.sent["admin"]["Cookie"])
	check(401, "Cookie", sessionCookie+"=made-up")
	check(401, "Cookie", sessionCookie+"=")
	f.noError(f.log.Identity.EndSessions("admin"))
	check(401, "Cookie", f.sent["admin"]["Cookie"])
}
