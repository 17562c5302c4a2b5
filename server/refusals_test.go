package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/trail"
)

// TestRefusalsAreRecorded: each refused attempt is in one trail, that of its caller's tenant, or of the tenant whose log a program with an
// unknown key wanted; equal ones are counted.
func TestRefusalsAreRecorded(t *testing.T) {
	f := newServer(t)
	f.sent["guess"] = map[string]string{"Authorization": "Bearer oplog_read_guessed"}
	f.sent["evil page"] = map[string]string{"Cookie": f.sent["admin"]["Cookie"], "Sec-Fetch-Site": "cross-site"}
	const other = "/api/v1/tenants/other"
	check := func(caller, method, path, body string, status int, trail, want string) {
		t.Helper()
		for _, tenant := range []string{"/api/v1", tenantA, other} { // each of them ends its windows
			f.trail("owner", tenant+"/access")
		}
		before := map[string]int{}
		for _, tenant := range []string{"/api/v1", tenantA, other} {
			before[tenant] = len(f.refusals(tenant))
		}
		for range 3 {
			if r := f.send(caller, method, path, body); r.status != status {
				t.Fatalf("%s %s as %s: %d, want %d: %s", method, path, caller, r.status, status, r.body)
			}
		}
		for _, tenant := range []string{"/api/v1", tenantA, other} {
			told := f.refusals(tenant)
			told = told[:len(told)-before[tenant]]
			if tenant != trail && len(told) != 0 || tenant == trail && (len(told) != 1 || !strings.Contains(told[0], want) || !strings.Contains(told[0], `"count":3`)) {
				t.Errorf("%s %s as %s: the trail of %s tells %v, want %q in that of %s", method, path, caller, tenant, told, want, trail)
			}
		}
	}
	check("guess", "GET", entriesPath, "", 401, tenantA, `unknown request refuse {"area":"log"`)
	check("guess", "GET", "/api/v1/tenants/nowhere/exports", "", 401, "/api/v1", `"reason":"unknown key"`)
	check("guess", "GET", "/api/v1/key", "", 401, "/api/v1", `"reason":"unknown key"`)
	check("revoked", "POST", entriesPath, entry(), 401, tenantA, `"reason":"revoked key"`)
	check("auditor", "GET", tenantA+"/keys", "", 403, tenantA, `auditor request refuse {"area":"key"`)
	check("write", "GET", entriesPath, "", 403, tenantA, `"reason":"no permission"`)
	check("member", "GET", other+"/summary", "", 403, tenantA, `member request refuse {"area":"log"`)
	check("owner", "POST", entriesPath, entry(), 403, tenantA, `owner request refuse {"area":"log"`)
	check("stranger", "GET", entriesPath, "", 404, other, `stranger request refuse acme {"area":"log"`)
	check("stranger", "GET", "/api/v1/tenants/nowhere/access", "", 404, other, `stranger request refuse nowhere {"area":"access"`)
	check("strange key", "GET", tenantA+"/summary", "", 404, other, `request refuse acme {"area":"log"`)
	check("admin", "GET", accountsPath+"?tenant=other", "", 404, tenantA, `admin request refuse other {"area":"account"`)
	check("admin", "PATCH", accountsPath+"/stranger", `{"role":"auditor"}`, 404, tenantA, `admin request refuse stranger {"area":"account"`)
	check("admin", "PATCH", accountsPath+"/auditor", `{"role":"owner"}`, 403, tenantA, `"reason":"no permission"`)
	check("evil page", "GET", entriesPath, "", 403, "/api/v1", `"reason":"cross-site request"`)
	check("nobody", "POST", "/api/v1/session", signIn("admin", "wrong password"), 401, tenantA, `admin session sign_in`)
	check("nobody", "POST", "/api/v1/session", signIn("a guess", "wrong"), 401, "/api/v1", `unknown session sign_in`)
}

// refusals returns the refused attempts in a trail, newest first.
func (f *fixture) refusals(tenant string) (told []string) {
	f.Helper()
	for _, line := range f.trail("owner", tenant+"/access?limit=200") {
		if strings.HasSuffix(line, " failed") {
			told = append(told, line)
		}
	}
	return told
}

// TestMistakesAreNoRefusals: what is expired, absent or misspelled is no attempt at something that is not the caller's.
func TestMistakesAreNoRefusals(t *testing.T) {
	f := newServer(t)
	f.sent["expired"] = map[string]string{"Cookie": sessionCookie + "=ended"}
	for path, status := range map[string]int{
		entriesPath + "/none": 404, entriesPath + "?limit=0": 422, accountsPath + "/none/sessions": 404, "/api/v1/none": 404,
	} {
		f.get("admin", path, status)
	}
	f.get("owner", "/api/v1/tenants/nowhere/entries", 404)
	f.get("nobody", entriesPath, 401)
	f.get("expired", entriesPath, 401)
	for _, tenant := range []string{"/api/v1", tenantA} {
		if told := f.refusals(tenant); len(told) != 0 {
			t.Errorf("the trail of %s tells %v", tenant, told)
		}
	}
}

// TestRefusalsAreBounded: attempts from many networks leave a bounded number of entries, which count all of them.
func TestRefusalsAreBounded(t *testing.T) {
	f := newServer(t)
	const attempts = 60
	for i := range attempts {
		if r := f.sendFrom(fmt.Sprint("192.0.2.", i), "GET", "/launch?tenant=acme&token=made-up", ""); r.status != 401 {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	f.get("auditor", tenantA+"/keys", 403) // a known caller has room left
	entries, counted, known := decode[oplog.Page](t, f.get("admin", tenantA+"/access?limit=200", 200)).Entries, 0, false
	for _, e := range entries {
		var details struct {
			Count  int
			Reason string
		}
		f.noError(json.Unmarshal(e.Details, &details))
		if e.User == trail.UnknownUser {
			counted += max(1, details.Count)
		}
		known = known || e.User.ID == "auditor"
	}
	if len(entries) > 20 || counted != attempts || !known {
		t.Errorf("%d entries count %d of %d attempts; the auditor's is there: %t", len(entries), counted, attempts, known)
	}
}

// TestEveryRouteHasAnArea: refused requests are recorded with the module that they wanted.
func TestEveryRouteHasAnArea(t *testing.T) {
	f := newServer(t)
	for _, r := range f.server.table {
		area := areaOf(strings.NewReplacer("{", ":", "}", "").Replace(r.path))
		ofServer := []string{"getSystem", "listChecks", "getStatus", "getServerStatus", "getCluster", "addJoinToken", "transferLeadership", "removeNode"}
		if !slices.Contains(trail.Modules(), area) || area == "server" && !slices.Contains(ofServer, r.id) {
			t.Errorf("%s %s belongs to %s", r.method, r.path, area)
		}
	}
}
