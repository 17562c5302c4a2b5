package server

import (
	"net/http"
	"strings"
	"testing"
)

// change sends a modifying request and returns the response.
func (f *fixture) change(caller, method, path, body string, want int) string {
	f.Helper()
	r := f.send(caller, method, path, body)
	if r.status != want {
		f.Fatalf("%s %s %s as %s: %d, want %d: %s", method, path, body, caller, r.status, want, r.body)
	}
	return r.body
}

func TestAccounts(t *testing.T) {
	f := newServer(t)
	names := func(caller, query string) string {
		t.Helper()
		list := decode[struct{ Accounts []struct{ Username string } }](t, f.get(caller, accountsPath+query, 200))
		var names []string
		for _, a := range list.Accounts {
			names = append(names, a.Username)
		}
		return strings.Join(names, " ")
	}
	check := func(caller, query, want string) {
		t.Helper()
		if got := names(caller, query); got != want {
			t.Errorf("%s%s sees %s, want %s", caller, query, got, want)
		}
	}
	check("owner", "", "admin auditor member owner scoped stranger")
	check("owner", "?tenant=other", "stranger")
	check("admin", "", "admin auditor member scoped")
	check("admin", "?tenant=acme", "admin auditor member scoped")
	check("stranger", "", "stranger")
	f.get("admin", accountsPath+"?tenant=other", 404)
	f.get("admin", accountsPath+"?role=admin", 422)

	made := f.change("admin", "POST", accountsPath, `{"username":"李雷@例子.cn","password":"correct horse","role":"auditor","organization":"east"}`, 201)
	if !strings.HasPrefix(made, `{"username":"李雷@例子.cn","role":"auditor","tenant":"acme","organization":"east","disabled":false,"created_at":`) {
		t.Error(made)
	}
	if strings.Contains(f.get("owner", accountsPath, 200), "argon2") {
		t.Error("a list of accounts holds their hashes")
	}
	if r := f.send("nobody", "POST", "/api/v1/session", signIn("李雷@例子.cn", "correct horse")); r.status != 200 {
		t.Errorf("the new account cannot sign in: %d %s", r.status, r.body)
	}
	if list := f.get("admin", accountsPath, 200); strings.Count(made, "last_sign_in_at") != 0 || !strings.Contains(list, `"last_sign_in_at":"2026-11-22T08:00`) {
		t.Errorf("when an account signed in last does not show: %s", list)
	}
	path := accountsPath + "/%E6%9D%8E%E9%9B%B7@%E4%BE%8B%E5%AD%90.cn"
	f.change("admin", "PATCH", path, `{"role":"member","organization":""}`, 200)
	named := f.change("admin", "PATCH", path, `{"name":"李雷 Li Lei"}`, 200)
	if !strings.Contains(named, `"name":"李雷 Li Lei","role":"member"`) || !strings.Contains(named, "last_sign_in_at") {
		t.Error(named)
	}
	f.asProblem(f.send("admin", "PATCH", path, `{"name":"`+strings.Repeat("x", 129)+`"}`), 422)
	f.change("stranger", "PATCH", path, `{"disabled":true}`, 404)
}

// TestAccountsStayInTheirTenant: an admin cannot grant more than admin rights, and cannot reach accounts of other tenants.
func TestAccountsStayInTheirTenant(t *testing.T) {
	f := newServer(t)
	add := func(caller, fields string, want int) {
		t.Helper()
		f.asProblem(f.send(caller, "POST", accountsPath, `{"username":"new","password":"correct horse",`+fields+`}`), want)
	}
	add("admin", `"role":"owner"`, 403)
	add("admin", `"role":"owner","tenant":"acme"`, 403)
	add("admin", `"role":"admin","tenant":"other"`, 404)
	add("admin", `"role":"admin","tenant":"nowhere"`, 404)
	add("admin", `"role":"admin","organization":"nowhere"`, 422)
	add("admin", `"role":"boss"`, 422)
	add("admin", `"role":"admin","is_owner":true`, 422)
	add("admin", `"role":"admin","password":"short"`, 400)
	add("owner", `"role":"admin"`, 422)
	add("owner", `"role":"owner","tenant":"acme"`, 422)
	f.asProblem(f.send("admin", "POST", accountsPath, `{"username":"new","password":"short","role":"admin"}`), 422)

	change := func(caller, username, fields string, want int) {
		t.Helper()
		f.asProblem(f.send(caller, "PATCH", accountsPath+"/"+username, `{`+fields+`}`), want)
	}
	change("admin", "owner", `"disabled":true`, 404)
	change("admin", "stranger", `"disabled":true`, 404)
	change("admin", "none", `"disabled":true`, 404)
	change("admin", "member", `"role":"owner"`, 403)
	change("admin", "member", `"role":"owner","tenant":""`, 403)
	change("admin", "member", `"tenant":"other"`, 404)
	change("admin", "member", `"username":"other"`, 422)
	change("owner", "owner", `"disabled":true`, 409)
	change("owner", "owner", `"role":"admin","tenant":"acme"`, 409)
	one, other := f.send("admin", "PATCH", accountsPath+"/stranger", `{}`), f.send("admin", "PATCH", accountsPath+"/nobody12", `{}`)
	if strings.ReplaceAll(one.body, "stranger", "nobody12") != other.body {
		t.Errorf("another tenant's account shows: %s %s", one.body, other.body)
	}

	f.change("owner", "PATCH", accountsPath+"/stranger", `{"role":"owner"}`, 200)
	f.change("owner", "PATCH", accountsPath+"/owner", `{"role":"admin","tenant":"other"}`, 200)
	f.get("owner", "/api/v1/session", 401) // its role has changed
}

func TestChangedAccountsSignInAgain(t *testing.T) {
	f := newServer(t)
	for caller, fields := range map[string]string{
		"auditor": `{"disabled":true}`, "scoped": `{"organization":""}`, "member": `{"role":"auditor"}`, "admin": `{"password":"battery staple"}`,
	} {
		f.get(caller, "/api/v1/session", 200)
		f.change("owner", "PATCH", accountsPath+"/"+caller, fields, 200)
		f.get(caller, "/api/v1/session", 401)
	}
	check := func(username, password string, want int) {
		t.Helper()
		if r := f.send("nobody", "POST", "/api/v1/session", signIn(username, password)); r.status != want {
			t.Errorf("%s: %d, want %d", username, r.status, want)
		}
	}
	check("admin", password, http.StatusUnauthorized)
	check("admin", "battery staple", http.StatusOK)
	check("auditor", password, http.StatusUnauthorized)
	f.change("owner", "PATCH", accountsPath+"/auditor", `{"disabled":false}`, 200)
	check("auditor", password, http.StatusOK)
}

func TestKeys(t *testing.T) {
	f := newServer(t)
	keysPath := tenantA + "/keys"
	made := decode[struct{ ID, Key, Scope, Name string }](t, f.change("admin", "POST", keysPath, `{"scope":"write","name":"收银台"}`, 201))
	if !strings.HasPrefix(made.Key, made.ID) || len(made.Key) < 40 || made.Scope != "write" || made.Name != "收银台" {
		t.Fatalf("%+v", made)
	}
	f.sent["made"] = map[string]string{"Authorization": "Bearer " + made.Key}
	f.change("made", "POST", entriesPath, entry(), 201)
	list := f.get("admin", keysPath, 200)
	if strings.Contains(list, made.Key) || strings.Contains(list, "secret") || strings.Contains(list, "hash") || !strings.Contains(list, made.ID) || strings.Contains(list, "strange") {
		t.Error(list)
	}
	f.asProblem(f.send("stranger", "DELETE", "/api/v1/tenants/other/keys/"+made.ID, ""), 404)
	f.change("made", "POST", entriesPath, entry(), 201)
	f.change("admin", "DELETE", keysPath+"/"+made.ID, "", 204)
	f.asProblem(f.send("made", "POST", entriesPath, entry()), 401)
	if list := f.get("admin", keysPath, 200); !strings.Contains(list, `"revoked_at":"2026-11-22`) {
		t.Error(list)
	}
	for _, body := range []string{`{}`, `{"scope":"admin","name":"x"}`, `{"scope":"read","name":""}`, `{"scope":"read","name":"x","tenant":"other"}`} {
		f.asProblem(f.send("admin", "POST", keysPath, body), 422)
	}
}

func TestTenants(t *testing.T) {
	f := newServer(t)
	const tenants = "/api/v1/tenants"
	made := f.change("owner", "POST", tenants, `{"id":"new","name":"New"}`, 201)
	if strings.TrimSpace(made) != `{"id":"new","name":"New","time_zone":"Asia/Shanghai","data_permission":false}` {
		t.Error(made)
	}
	f.asProblem(f.send("owner", "POST", tenants, `{"id":"new","name":"New"}`), 409)
	f.asProblem(f.send("owner", "POST", tenants, `{"id":"../x","name":"New"}`), 422)
	f.asProblem(f.send("owner", "POST", tenants, `{"id":"x","name":"New","retention_days":7}`), 422)
	f.asProblem(f.send("owner", "PATCH", tenants+"/none", `{"name":"x"}`), 404)
	f.asProblem(f.send("owner", "PATCH", tenants+"/new", `{"id":"x"}`), 422)

	// With data permission, the tree and the filter exist; without it, neither does.
	f.get("admin", tenantA+"/organizations", 200)
	f.get("admin", entriesPath+"?organization=east", 200)
	f.change("owner", "PATCH", tenantA, `{"data_permission":false}`, 200)
	f.get("admin", tenantA+"/organizations", 422)
	f.get("admin", entriesPath+"?organization=east", 422)
	f.change("owner", "PATCH", tenantA, `{"data_permission":true,"time_zone":"UTC"}`, 200)
	f.get("admin", tenantA+"/organizations", 200)
}

func TestOwnSessions(t *testing.T) {
	f := newServer(t)
	r := f.send("nobody", "POST", "/api/v1/session", signIn("admin", password), "User-Agent", "a browser")
	cookie, err := http.ParseSetCookie(r.header.Get("Set-Cookie"))
	f.noError(err)
	f.sent["new"] = map[string]string{"Cookie": sessionCookie + "=" + cookie.Value}
	list := decode[struct {
		Sessions []struct {
			ID, IP    string
			Current   bool
			UserAgent string `json:"user_agent"`
		}
	}](t, f.get("new", "/api/v1/sessions", 200)).Sessions
	if len(list) != 2 || !list[0].Current || list[1].Current || list[0].UserAgent != "a browser" || list[0].ID == list[1].ID || list[0].IP == "" {
		t.Errorf("%+v", list)
	}
	f.change("new", "DELETE", "/api/v1/sessions", "", 204)
	f.get("admin", "/api/v1/session", 401)
	f.get("auditor", "/api/v1/session", 200)
}
