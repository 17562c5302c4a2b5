package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"oplog/identity"
	"oplog/oplog"
)

const viewPath = "/api/v1/session/view-as"

func viewAs(username string) string { return fmt.Sprintf(`{"username":%q}`, username) }

// TestView: who may have whose view. Nobody has one that shows more than the own.
func TestView(t *testing.T) {
	f := newServer(t)
	must(f.log.Identity.AddAccount(identity.Account{Username: "off", Role: identity.RoleAuditor, Tenant: "acme", PasswordHash: passwordHash(), Disabled: true}, nil))(t)
	must(f.log.Identity.AddAccount(identity.Account{Username: "owner2", Role: identity.RoleOwner, PasswordHash: passwordHash()}, nil))(t)
	must(f.log.Identity.AddAccount(identity.Account{Username: "admin2", Role: identity.RoleAdmin, Tenant: "acme", PasswordHash: passwordHash()}, nil))(t)
	f.enter("launched", f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, jwt.MapClaims{"role": "admin"})))
	for caller, want := range map[string]map[string]int{
		"owner":    {"admin": 200, "scoped": 200, "auditor": 200, "member": 200, "stranger": 200, "owner": 409, "owner2": 403, "off": 409, "nobody": 404},
		"admin":    {"admin2": 200, "scoped": 200, "auditor": 200, "member": 200, "stranger": 404, "owner": 404, "admin": 409, "off": 409, "nobody": 404},
		"launched": {"admin": 200, "auditor": 200, "stranger": 404, "owner": 404},
		"scoped":   {"auditor": 403, "member": 403, "scoped": 403, "owner": 403},
		"auditor":  {"auditor": 403, "member": 403},
		"member":   {"member": 403},
		"read":     {"member": 403},
		"stranger": {"member": 404, "admin": 404, "owner": 404},
	} {
		for username, status := range want {
			if r := f.send(caller, "POST", viewPath, viewAs(username)); r.status != status {
				t.Errorf("%s as %s: %d, want %d: %s", caller, username, r.status, status, r.body)
			} else if status == 200 {
				f.change(caller, "DELETE", viewPath, "", 200)
			}
		}
	}
}

// TestWhoMayView: with the view of each kind of person a session reads what that person may, and changes nothing, whatever its own person may.
func TestWhoMayView(t *testing.T) {
	for _, viewed := range []string{"admin", "scoped", "auditor", "member"} {
		t.Run(viewed, func(t *testing.T) {
			f := newServer(t)
			f.record(entry(`"id":"e1","time":"2026-11-22T07:00:00Z"`))
			f.get("owner", tenantA+"/entries", 200)
			told := decode[oplog.Page](t, f.get("owner", tenantA+"/access", 200)).Entries[0].ID
			x := f.export("admin", `{"range":"today","format":"csv"}`)
			f.change("owner", "POST", viewPath, viewAs(viewed), 200)
			before := f.get("admin", "/api/v1/accounts", 200)
			for _, call := range whoMay {
				want, r := call.want[viewed], f.routeFor(call.method, call.path)
				if r == nil || r.callers&evenViewing != 0 {
					continue // of no route, or which end it
				}
				if changes(call.method) && want != 404 || r.callers&neverViewing != 0 {
					want = 403
				}
				got := f.send("owner", call.method, strings.Replace(call.path, "{told}", told, 1), call.body)
				if got.status != want && (got.status != 403 || !changes(call.method)) {
					t.Errorf("%s %s viewing as %s: %d, want %d: %s", call.method, call.path, viewed, got.status, want, got.body)
				}
			}
			for _, file := range []string{"/file", "/bundle", "/manifest"} {
				f.get("owner", tenantA+"/exports/"+x.ID+file, 403)
			}
			if after := f.get("admin", "/api/v1/accounts", 200); after != before {
				t.Errorf("it changed the accounts:\n%s\n%s", before, after)
			}
			f.change("owner", "DELETE", viewPath, "", 200)
			f.get("owner", "/api/v1/tenants", 200)
		})
	}
}

// routeFor returns the route of a request; nil if it has none.
func (f *fixture) routeFor(method, path string) *route {
	f.Helper()
	for i := range f.server.table {
		if r := &f.server.table[i]; r.method == method && r.matches(strings.Split(path, "?")[0]) {
			return r
		}
	}
	return nil
}

// TestViewShows: the session is described as the person's, in the language of the one who looks, who is refused in words what the person could do.
func TestViewShows(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"organization":{"id":"east","name":"x"}`), entry(`"organization":{"id":"west","name":"x"}`))
	f.saveView("scoped", `{"name":"mine","query":"q=x"}`)
	session := f.change("admin", "POST", viewPath, viewAs("scoped"), 200)
	for _, want := range []string{`{"username":"scoped"`, `"organization":"east"`, `"locale":"en"`, `"viewing":{"username":"scoped","by":"admin"}`} {
		if !strings.Contains(session, want) {
			t.Errorf("no %s in %s", want, session)
		}
	}
	if sum := f.get("admin", tenantA+"/summary", 200); !strings.Contains(sum, `"total":1,`) {
		t.Error(sum)
	}
	if all := f.get("admin", tenantA+"/views", 200); !strings.Contains(all, `"mine"`) {
		t.Error(all)
	}
	for _, call := range [][]string{
		{"POST", tenantA + "/exports", `{"range":"today","format":"csv"}`}, {"POST", tenantA + "/views", `{"name":"x","query":"q=x"}`}, {"PATCH", "/api/v1/session", `{"locale":"en"}`},
		{"POST", viewPath, viewAs("auditor")}, {"POST", confirmPath, byPassword}, {"PATCH", "/api/v1/session", `{"password":"x","old_password":"y"}`},
	} {
		if r := f.send("admin", call[0], call[1], call[2]); r.status != 403 || !strings.Contains(r.body, "You are viewing the log as scoped") {
			t.Errorf("%v: %d %s", call, r.status, r.body)
		}
	}
	f.get("admin", "/api/v1/accounts", 403)
	if own := f.get("scoped", "/api/v1/session", 200); strings.Contains(own, "viewing") {
		t.Error(own)
	}
	if list := f.get("admin", "/api/v1/sessions", 200); strings.Count(list, `"id"`) != 1 || strings.Contains(list, `"current":true`) {
		t.Errorf("not the sessions of the person: %s", list)
	}
	if back := f.change("admin", "DELETE", viewPath, "", 200); !strings.Contains(back, `{"username":"admin"`) || strings.Contains(back, "viewing") {
		t.Error(back)
	}
	f.change("admin", "DELETE", viewPath, "", 200) // again changes nothing
}

// TestViewTrail: the trail says who looks and as whom, and claims of the person nothing.
func TestViewTrail(t *testing.T) {
	f := newServer(t)
	f.record(entry())
	f.change("owner", "POST", viewPath, viewAs("auditor"), 200)
	f.get("owner", tenantA+"/entries?q=x", 200)
	f.change("owner", "POST", tenantA+"/exports", `{"range":"today","format":"csv"}`, 403)
	f.change("owner", "DELETE", viewPath, "", 200)
	f.change("owner", "POST", viewPath, viewAs("auditor"), 200)
	f.change("owner", "DELETE", "/api/v1/session", "", 204)
	all := f.trail("admin", tenantA+"/access")
	told := strings.Join(all, "\n")
	for _, want := range []string{
		`owner session view_as auditor {"organization":"","role":"auditor"}`, `owner log search {"filters":{"q":["x"]},"viewing_as":"auditor"}`,
		`owner session end_view auditor`, `"reason":"viewing as another","viewing_as":"auditor"`,
	} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in\n%s", want, told)
		}
	}
	if slices.ContainsFunc(all, func(line string) bool { return strings.HasPrefix(line, "auditor ") }) {
		t.Errorf("it claims something of the person:\n%s", told)
	}
	if left := strings.Join(f.trail("stranger", "/api/v1/tenants/other/access"), "\n"); strings.Contains(left, "view_as") {
		t.Error(left)
	}
	b := f.browser("192.0.2.1")
	b.signIn("owner", 200)
	if b.send("GET", "/api/v1/session", "", 200); strings.Contains(b.send("GET", "/api/v1/session", "", 200).body, "viewing") {
		t.Error("the view outlived the session")
	}
	if of := b.send("GET", "/api/v1/access", "", 200).body; !strings.Contains(of, `"operation":"sign_out"`) || !strings.Contains(of, `"viewing_as":"auditor"`) {
		t.Errorf("the sign-out belongs to the owner: %s", of)
	}
}

// TestViewEnds: with the rights of the person, and of the one who looks; nothing is done as oneself until one stops.
func TestViewEnds(t *testing.T) {
	for name, change := range map[string]string{
		"role": `{"role":"member"}`, "more rights": `{"role":"owner","tenant":""}`, "scope": `{"organization":"east"}`, "disabled": `{"disabled":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newServer(t)
			f.change("admin", "POST", viewPath, viewAs("auditor"), 200)
			f.get("admin", tenantA+"/entries", 200)
			f.change("owner", "PATCH", "/api/v1/accounts/auditor", change, 200)
			for _, call := range [][]string{{"GET", tenantA + "/entries", ""}, {"GET", "/api/v1/accounts", ""}, {"POST", tenantA + "/keys", `{"scope":"read","name":"x"}`}} {
				if r := f.send("admin", call[0], call[1], call[2]); r.status != 403 || !strings.Contains(r.body, identity.ReasonViewEnded) {
					t.Errorf("%v: %d %s", call, r.status, r.body)
				}
			}
			if session := f.get("admin", "/api/v1/session", 200); !strings.Contains(session, `"viewing":{"username":"auditor","by":"admin","ended":true}`) || !strings.Contains(session, `{"username":"admin"`) {
				t.Error(session)
			}
			f.change("admin", "DELETE", viewPath, "", 200)
			f.get("admin", tenantA+"/entries", 200)
			f.change("admin", "POST", tenantA+"/keys", `{"scope":"read","name":"x"}`, 201)
		})
	}
	f := newServer(t)
	f.change("admin", "POST", viewPath, viewAs("auditor"), 200)
	f.change("owner", "PATCH", "/api/v1/accounts/admin", `{"role":"auditor"}`, 200)
	f.get("admin", tenantA+"/entries", 401)
}

// TestViewLive: a live stream ends when its session gets another view.
func TestViewLive(t *testing.T) {
	f := newServer(t)
	token := strings.TrimPrefix(f.sent["admin"]["Cookie"], sessionCookie+"=")
	still := f.server.recheckAccess(&call{principal: must(f.server.callerOf(token, false))(t)})
	f.noError(still())
	f.change("admin", "POST", viewPath, viewAs("auditor"), 200)
	if err := still(); reasonOf(err) != "access-changed" {
		t.Error(err)
	}
	as := f.server.recheckAccess(&call{principal: must(f.server.callerOf(token, false))(t)})
	f.noError(as())
	f.change("admin", "DELETE", viewPath, "", 200)
	if err := as(); reasonOf(err) != "access-changed" {
		t.Error(err)
	}
}

// TestViewBySources: people of a directory and of a provider are viewed as others are.
func TestViewBySources(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	for _, source := range []string{"corp", "sso"} {
		w.as(source, w.enterBy(source, "scoped"))
		session := f.change("owner", "POST", viewPath, viewAs(source+"/scoped"), 200)
		if !strings.Contains(session, `"organization":"east"`) || !strings.Contains(session, `"source":"`+source+`"`) {
			t.Error(session)
		}
		f.change("owner", "DELETE", viewPath, "", 200)
		w.as("by "+source, w.enterBy(source, "admin"))
		f.change("by "+source, "POST", viewPath, viewAs("auditor"), 200)
		f.change("by "+source, "DELETE", viewPath, "", 200)
	}
}

// TestViewOnNodes: a view that began on one node is that of each, and ends on each.
func TestViewOnNodes(t *testing.T) {
	all := newNodes(t, 3)
	if r := all[1].again("admin", "POST", viewPath, viewAs("scoped")); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, n := range all {
		var session struct {
			Username string
			Viewing  *viewingBody
		}
		if r := n.send("admin", "GET", "/api/v1/session", ""); json.Unmarshal([]byte(r.body), &session) != nil || session.Username != "scoped" || session.Viewing == nil {
			t.Errorf("%d %s", r.status, r.body)
		}
		n.get("admin", "/api/v1/accounts", 403)
		n.asProblem(n.again("admin", "POST", tenantA+"/keys", `{"scope":"read","name":"x"}`), 403)
	}
	if r := all[2].again("admin", "DELETE", viewPath, ""); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, n := range all {
		n.get("admin", "/api/v1/accounts", 200)
	}
}
