package server

import (
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

// TestWhoMay holds each call against each kind of caller.
func TestWhoMay(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
	checked := map[*route]bool{}
	callers := []string{"nobody", "revoked", "owner", "admin", "scoped", "auditor", "member", "write", "read", "launch", "stranger", "strange key", "strange writer"}
	check := func(method, path, body string, want ...int) {
		t.Helper()
		for i := range f.server.table {
			if r := &f.server.table[i]; r.method == method && r.matches(strings.Split(path, "?")[0]) {
				checked[r] = true
			}
		}
		for i, caller := range callers {
			r := f.send(caller, method, path, body)
			if r.status != want[i] {
				t.Errorf("%s %s as %s: %d, want %d: %s", method, path, caller, r.status, want[i], r.body)
			}
		}
	}
	tenant := tenantA
	//                                                     nobody revoked owner admin scoped auditor member write read launch stranger's keys
	check("GET", "/api/v1/session", "", 401, 401, 200, 200, 200, 200, 200, 403, 403, 403, 200, 403, 403)
	check("PATCH", "/api/v1/session", `{"locale":"en"}`, 401, 401, 200, 200, 200, 200, 200, 403, 403, 403, 200, 403, 403)
	check("GET", "/api/v1/key", "", 401, 401, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200)
	check("GET", "/api/v1/backup", "", 401, 401, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("GET", "/api/v1/system", "", 401, 401, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("GET", "/api/v1/tenants", "", 401, 401, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("POST", tenant+"/entries", entry(), 401, 401, 403, 403, 403, 403, 403, 201, 403, 403, 404, 404, 404)
	check("GET", tenant+"/entries", "", 401, 401, 200, 200, 200, 200, 403, 403, 200, 403, 404, 404, 404)
	check("GET", tenant+"/entries/e1", "", 401, 401, 200, 200, 404, 200, 403, 403, 200, 403, 404, 404, 404)
	check("GET", tenant+"/summary", "", 401, 401, 200, 200, 200, 200, 403, 403, 200, 403, 404, 404, 404)
	check("GET", tenant+"/status", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", tenant+"/catalog", "", 401, 401, 200, 200, 200, 200, 403, 200, 200, 200, 404, 404, 404)
	check("PUT", tenant+"/catalog", `{"modules":[]}`, 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", tenant+"/organizations", "", 401, 401, 200, 200, 200, 200, 403, 403, 403, 403, 404, 404, 404)
	check("PUT", tenant+"/organizations", `[{"id":"hq","name":"HQ"},{"id":"east","name":"East","parent_id":"hq"}]`, 401, 401, 200, 200, 403, 403, 403, 200, 403, 403, 404, 404, 404)
	check("GET", tenant+"/exports", "", 401, 401, 200, 200, 200, 200, 403, 403, 200, 403, 404, 404, 404)
	check("POST", tenant+"/exports", `{"range":"today","format":"csv"}`, 401, 401, 202, 202, 202, 202, 403, 403, 202, 403, 404, 404, 404)
	check("GET", tenant+"/exports/none", "", 401, 401, 404, 404, 404, 404, 403, 403, 404, 403, 404, 404, 404)
	check("DELETE", tenant+"/exports/none", "", 401, 401, 404, 404, 404, 404, 403, 403, 404, 403, 404, 404, 404)
	check("GET", tenant+"/exports/none/file", "", 401, 401, 404, 404, 404, 404, 403, 403, 404, 403, 404, 404, 404)
	check("GET", tenant+"/exports/none/bundle", "", 401, 401, 404, 404, 404, 404, 403, 403, 404, 403, 404, 404, 404)
	check("GET", tenant+"/exports/none/manifest", "", 401, 401, 404, 404, 404, 404, 403, 403, 404, 403, 404, 404, 404)
	check("GET", tenant+"/views", "", 401, 401, 200, 200, 200, 200, 403, 403, 403, 403, 404, 404, 404)
	check("POST", tenant+"/views", `{"name":"x","query":"q=x"}`, 401, 401, 201, 201, 201, 201, 403, 403, 403, 403, 404, 404, 404)
	check("PATCH", tenant+"/views/none", `{"name":"x"}`, 401, 401, 404, 404, 404, 404, 403, 403, 403, 403, 404, 404, 404)
	check("DELETE", tenant+"/views/none", "", 401, 401, 404, 404, 404, 404, 403, 403, 403, 403, 404, 404, 404)
	check("GET", tenant+"/checkpoint/consistency?from=1", "", 401, 401, 200, 200, 200, 200, 403, 403, 200, 403, 404, 404, 404)
	check("GET", tenant+"/checkpoint", "", 401, 401, 200, 200, 200, 200, 403, 403, 200, 403, 404, 404, 404)
	check("GET", "/api/v1/openapi.json", "", slices.Repeat([]int{200}, len(callers))...)
	check("GET", tenant+"/live?limit=x", "", 401, 401, 422, 422, 422, 422, 403, 403, 422, 403, 404, 404, 404)
	trail := decode[oplog.Page](t, f.get("owner", tenant+"/access", 200)).Entries
	check("GET", tenant+"/access", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", tenant+"/access?q=x&user=admin&operation=log.search&range=today", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", tenant+"/access/checkpoint", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", tenant+"/access/"+trail[0].ID, "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", "/api/v1/access", "", 401, 401, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("GET", "/api/v1/access/none", "", 401, 401, 404, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("GET", "/api/v1/access?q=x&range=today", "", 401, 401, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("GET", tenant+"/retention", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("POST", tenant+"/holds", `{"reason":"case 7"}`, 401, 401, 201, 201, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("DELETE", tenant+"/holds/none", "", 401, 401, 404, 403, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("PATCH", tenant, `{"name":"Acme"}`, 401, 401, 200, 403, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("POST", "/api/v1/tenants", `{"id":"acme","name":"Again"}`, 401, 401, 409, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403)
	check("GET", "/api/v1/accounts", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 200, 403, 403)
	check("POST", "/api/v1/accounts", `{"username":"admin","password":"correct horse","role":"admin","tenant":"acme"}`, 401, 401, 409, 409, 403, 403, 403, 403, 403, 403, 404, 403, 403)
	check("PATCH", "/api/v1/accounts/member", `{"locale":"en"}`, 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 403, 403)
	check("GET", tenant+"/keys", "", 401, 401, 200, 200, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("POST", tenant+"/keys", `{"scope":"read","name":"x"}`, 401, 401, 201, 201, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("DELETE", tenant+"/keys/none", "", 401, 401, 404, 404, 403, 403, 403, 403, 403, 403, 404, 404, 404)
	check("GET", "/api/v1/sessions", "", 401, 401, 200, 200, 200, 200, 200, 403, 403, 403, 200, 403, 403)
	check("DELETE", "/api/v1/session", "", 401, 401, 204, 204, 204, 204, 204, 403, 403, 403, 204, 403, 403)
	for i := range f.server.table {
		switch r := &f.server.table[i]; r.id {
		case "signIn", "launch", "getSetup", "setUp", "endSessions": // see TestSignIn, TestLaunch, TestSetup and TestSignOutEverywhere
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

// TestEveryRouteIsChecked finds routes that TestWhoMay might have forgotten:
// none but signing in takes a caller without credentials.
func TestEveryRouteIsChecked(t *testing.T) {
	f := newServer(t)
	for _, r := range f.server.table {
		path := strings.NewReplacer("{tenant}", "acme", "{id}", "x").Replace(r.path)
		a := f.send("nobody", r.method, path, "")
		if r.who == anyone {
			if !slices.Contains([]string{"signIn", "launch", "getSetup", "setUp"}, r.id) {
				t.Errorf("%s %s takes anyone", r.method, r.path)
			}
			continue
		}
		f.asProblem(a, 401)
		if a.header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("%s %s: no WWW-Authenticate", r.method, path)
		}
		if strings.Contains(r.path, "{tenant}") && r.who&byMember != 0 {
			t.Errorf("%s %s is open to members", r.method, r.path)
		}
	}
}

// TestNoHint: what a caller may not know of looks like what is not there.
func TestNoHint(t *testing.T) {
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
	if p.Title != "Forbidden" || p.Detail != "This account has no access here." {
		t.Errorf("a member learns %+v", p)
	}
	f.get("owner", "/api/v1/tenants/nowhere/entries", 404)
}

// TestScope: who is scoped to an organization sees what is below it, in every
// answer.
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
		if r := f.send("admin", "GET", "/api/v1/session", "", headers...); r.status != 200 {
			t.Errorf("reading with %v: %d", headers, r.status)
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
