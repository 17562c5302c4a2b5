package server

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/oplog"
	"oplog/records"
)

// closedAccount is the answer to closing an account.
type closedAccount struct {
	Account  accountBody
	Sessions int `json:"ended_sessions"`
	Views    int `json:"removed_views"`
	Keys     []accountKeyBody
}

// makeKey makes a key of acme as a caller; what it may do is then known by its name.
func (f *fixture) makeKey(caller, name, path string) createdKeyBody {
	f.Helper()
	made := decode[createdKeyBody](f, f.change(caller, "POST", path+"/keys", `{"scope":"read","name":"`+name+`"}`, 201))
	f.sent[name] = map[string]string{"Authorization": "Bearer " + made.Key}
	return made
}

func namesOf(keys []accountKeyBody) string {
	var names []string
	for _, k := range keys {
		names = append(names, k.Tenant+"/"+k.Name)
	}
	return strings.Join(names, " ")
}

// TestCloseAccount: closing an account is for good. It ends its sessions, deletes the views that it did not share, and says which keys it made,
// which go on working unless they are revoked, too.
func TestCloseAccount(t *testing.T) {
	f := newServer(t)
	const path = accountsPath + "/admin"
	f.makeKey("admin", "crm", tenantA)
	f.makeKey("admin", "report", tenantA)
	gone := f.makeKey("admin", "old", tenantA)
	f.change("admin", "DELETE", tenantA+"/keys/"+gone.ID, "", 204)
	f.makeKey("owner", "others", tenantA)
	f.saveView("admin", `{"name":"Shared","query":"q=a","shared":true}`)
	f.saveView("admin", `{"name":"Private","query":"q=b","start":true}`)

	if keys := decode[struct{ Keys []accountKeyBody }](t, f.get("owner", path+"/keys", 200)).Keys; namesOf(keys) != "acme/crm acme/report" {
		t.Errorf("it made %v", keys)
	}
	if p := f.asProblem(f.send("admin", "DELETE", path, ""), 403); !strings.Contains(p.Detail, "own account") {
		t.Errorf("%+v", p)
	}
	f.asProblem(f.send("owner", "DELETE", path+"?revoke_keys=perhaps", ""), 422)
	f.get("admin", "/api/v1/session", 200)

	closed := decode[closedAccount](t, f.change("owner", "DELETE", path, "", 200))
	if namesOf(closed.Keys) != "acme/crm acme/report" || closed.Sessions != 1 || closed.Views != 1 || closed.Account.ClosedAt.IsZero() || !closed.Account.Disabled {
		t.Errorf("%+v", closed)
	}
	f.get("admin", "/api/v1/session", 401)
	f.attempt("192.0.2.1", "admin", password, 401)
	for _, change := range []string{`{"disabled":false}`, `{"password":"correct horse"}`, `{"role":"auditor"}`, `{"name":"Another"}`} {
		f.asProblem(f.send("owner", "PATCH", path, change), 409)
	}
	f.asProblem(f.send("owner", "POST", accountsPath, `{"username":"Admin","password":"correct horse","role":"admin","tenant":"acme"}`), 409)
	if views := f.viewNames("owner"); views != "Shared!" && views != "Shared" {
		t.Errorf("views %q", views)
	}
	if left, err := f.log.Views.List("acme", identity.Account{Username: "admin", Role: identity.RoleAdmin, Tenant: "acme"}); err != nil || len(left) != 1 {
		t.Errorf("%+v %v", left, err)
	}
	f.get("crm", tenantA+"/catalog", 200)

	closed = decode[closedAccount](t, f.change("owner", "DELETE", path+"?revoke_keys=true", "", 200))
	if namesOf(closed.Keys) != "acme/crm acme/report" || slices.ContainsFunc(closed.Keys, func(k accountKeyBody) bool { return k.RevokedAt.IsZero() }) {
		t.Errorf("%+v", closed.Keys)
	}
	f.get("crm", tenantA+"/catalog", 401)
	f.get("others", tenantA+"/catalog", 200)
	told := strings.Join(f.trail("owner", tenantA+"/access?module=account&module=key"), "\n")
	if strings.Count(told, "owner account close admin") != 2 || strings.Count(told, `owner key revoke `) != 2 || !strings.Contains(told, `"revoke_keys":true`) {
		t.Errorf("the trail tells\n%s", told)
	}
}

// TestCloseAccountWithinRights: an admin closes accounts of the own tenant, and learns of the keys that these made there only; an owner closes
// others, but not the last one.
func TestCloseAccountWithinRights(t *testing.T) {
	f := newServer(t)
	f.change("owner", "POST", accountsPath, `{"username":"second","password":"`+password+`","role":"owner","must_change":false}`, 201)
	_, token, err := f.log.Identity.StartSession(must(f.log.Identity.Account("second"))(t), "", "")
	f.noError(err)
	f.sent["second"] = map[string]string{"Cookie": sessionCookie + "=" + token}
	f.makeKey("second", "here", tenantA)
	f.makeKey("second", "there", "/api/v1/tenants/other")
	f.asProblem(f.send("admin", "DELETE", accountsPath+"/second", ""), 404)
	f.asProblem(f.send("admin", "GET", accountsPath+"/second/keys", ""), 404)
	if keys := decode[closedAccount](t, f.get("owner", accountsPath+"/second/keys", 200)).Keys; namesOf(keys) != "acme/here other/there" {
		t.Errorf("%+v", keys)
	}
	f.change("owner", "PATCH", accountsPath+"/second", `{"role":"admin","tenant":"acme"}`, 200)
	closed := decode[closedAccount](t, f.change("admin", "DELETE", accountsPath+"/second?revoke_keys=true", "", 200))
	if namesOf(closed.Keys) != "acme/here" {
		t.Errorf("%+v", closed.Keys)
	}
	f.get("here", tenantA+"/catalog", 401)
	f.get("there", "/api/v1/tenants/other/catalog", 200)
	if _, err := f.log.Identity.CloseAccount("owner", func(identity.Account) error { return nil }); oplog.CodeOf(err) != oplog.CodeConflict {
		t.Errorf("the last owner is closed: %v", err)
	}
}

// TestOlderKeysAreFoundInTheTrail: a key that does not say who made it is found by the entry of the trail that tells of it.
func TestOlderKeysAreFoundInTheTrail(t *testing.T) {
	var store oplog.Store
	f := newServerOver(t, func(s oplog.Store) oplog.Store { store = s; return s })
	f.makeKey("admin", "mine", tenantA)
	f.advance(time.Hour)
	f.makeKey("owner", "others", tenantA)
	_, _, err := f.log.Identity.AddKey("acme", identity.ScopeRead, "by command")
	f.noError(err)
	found := must(store.Records(oplog.RecordKey, ""))(t)
	for _, r := range found {
		_, err := records.Change(store, oplog.RecordKey, r.Name, func(k *identity.APIKey, _ bool) (bool, error) {
			k.MadeBy = ""
			return false, nil
		})
		f.noError(err)
	}
	if left := must(store.Records(oplog.RecordKey, ""))(t); strings.Contains(string(must(json.Marshal(left))(t)), "made_by") {
		t.Fatal("a key still says who made it")
	}
	for account, want := range map[string]string{"admin": "acme/mine", "owner": "acme/others", "auditor": ""} {
		if keys := decode[closedAccount](t, f.get("owner", accountsPath+"/"+account+"/keys", 200)).Keys; namesOf(keys) != want {
			t.Errorf("%s made %+v, want %s", account, keys, want)
		}
	}
}
