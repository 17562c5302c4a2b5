package server

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"oplog/identity"
	"oplog/oplog"

	"github.com/golang-jwt/jwt/v5"
)

// stoppedStore is a store that stops a change when it has read a record that the change depends on, and calls meanwhile.
type stoppedStore struct {
	oplog.Store
	mu        sync.Mutex
	kind      oplog.RecordKind
	name      string // a prefix
	meanwhile func()
}

// stop calls meanwhile once, after the next read of records of a kind.
func (s *stoppedStore) stop(kind oplog.RecordKind, name string, meanwhile func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kind, s.name, s.meanwhile = kind, name, meanwhile
}

func (s *stoppedStore) wasRead(kind oplog.RecordKind, name string) {
	s.mu.Lock()
	meanwhile := s.meanwhile
	if meanwhile == nil || kind != s.kind || !strings.HasPrefix(name, s.name) {
		s.mu.Unlock()
		return
	}
	s.meanwhile = nil
	s.mu.Unlock()
	meanwhile()
}

func (s *stoppedStore) Record(kind oplog.RecordKind, name string) ([]byte, oplog.Revision, error) {
	data, revision, err := s.Store.Record(kind, name)
	s.wasRead(kind, name)
	return data, revision, err
}

func (s *stoppedStore) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	found, err := s.Store.Records(kind, prefix)
	s.wasRead(kind, prefix+listed)
	return found, err
}

// listed is the name of reading a list of records.
const listed = "\x00"

// newStoppedServer returns a server over such a store, with a second owner.
func newStoppedServer(t *testing.T) (*fixture, *stoppedStore) {
	t.Helper()
	store := &stoppedStore{}
	f := newServerOver(t, func(real oplog.Store) oplog.Store {
		store.Store = real
		return store
	})
	second := identity.Account{Username: "second", Role: identity.RoleOwner, PasswordHash: passwordHash()}
	must(f.log.Identity.AddAccount(second, nil))(t)
	_, token, err := f.log.Identity.StartSession(second, "", "")
	f.noError(err)
	f.sent["second"] = map[string]string{"Cookie": sessionCookie + "=" + token}
	return f, store
}

// setAccount returns a change of an account, to be made meanwhile.
func setAccount(username string, change func(*identity.Account)) func(*fixture) {
	return func(f *fixture) {
		must(f.log.Identity.ChangeAccount(username, func(a *identity.Account) error { change(a); return nil }))(f)
	}
}

func disable(a *identity.Account) { a.Disabled = true }

func becomesOwner(a *identity.Account) { a.Role, a.Tenant = identity.RoleOwner, "" }

// revokes returns the revocation of a key of acme by its name.
func revokes(name string) func(*fixture) {
	return func(f *fixture) {
		for _, k := range must(f.log.Identity.Keys("acme"))(f) {
			if k.Name == name {
				must(f.log.Identity.RevokeKey("acme", k.ID))(f)
			}
		}
	}
}

// stoppedChange is a change that is stopped when it has read a record of a kind, whose name begins with of.
type stoppedChange struct {
	name, caller, method, path, body string
	kind                             oplog.RecordKind
	of                               string
	meanwhile                        func(*fixture)
	want                             int
	unchanged                        string // a path
}

// stoppedChanges are the changes whose callers, or whose accounts, change meanwhile. {view}, {export}, {key} and {session}, which is another one
// of the auditor, stand for ids.
func stoppedChanges() []stoppedChange {
	const views, exports, ofAuditor = tenantA + "/views", tenantA + "/exports", accountsPath + "/auditor/sessions"
	return []stoppedChange{
		{"a view is saved", "admin", "POST", views, `{"name":"x","query":"q=x","shared":true}`, oplog.RecordView, "", setAccount("admin", disable), 401, views},
		{"a view is changed", "admin", "PATCH", views + "/{view}", `{"name":"y"}`, oplog.RecordView, "", setAccount("admin", disable), 401, views},
		{"a shared view is changed by one who was an admin", "admin", "PATCH", views + "/{view}", `{"query":"q=y"}`, oplog.RecordView, "", setAccount("admin", func(a *identity.Account) { a.Organization = "east" }), 401, views},
		{"a view is removed", "admin", "DELETE", views + "/{view}", "", oplog.RecordView, "", setAccount("admin", disable), 401, views},
		{"a view is started with", "admin", "PATCH", views + "/{view}", `{"start":true}`, oplog.RecordStart, "", setAccount("admin", disable), 401, ""},
		{"an export is started", "admin", "POST", exports, `{"range":"today","format":"csv"}`, oplog.RecordExport, "", setAccount("admin", disable), 401, exports},
		{"an export is started by a key", "read", "POST", exports, `{"range":"today","format":"csv"}`, oplog.RecordExport, "", revokes("read"), 401, exports},
		{"an export is removed", "admin", "DELETE", exports + "/{export}", "", oplog.RecordExport, "", setAccount("admin", disable), 401, exports},
		{"a key is made", "admin", "POST", tenantA + "/keys", `{"scope":"read","name":"backdoor"}`, oplog.RecordKey, "", setAccount("admin", disable), 401, tenantA + "/keys"},
		{"a key is revoked", "admin", "DELETE", tenantA + "/keys/{key}", "", oplog.RecordKey, "", setAccount("admin", disable), 401, tenantA + "/keys"},
		{"a tenant is added", "owner", "POST", "/api/v1/tenants", `{"id":"late","name":"Late"}`, oplog.RecordTenant, "late", setAccount("owner", disable), 401, "/api/v1/tenants"},
		{"second factors are required", "owner", "PUT", "/api/v1/second-factor", `{"roles":["member"]}`, oplog.RecordServer, "second_factor", setAccount("owner", disable), 401, "/api/v1/second-factor"},
		{"an account is unlocked", "admin", "DELETE", accountsPath + "/auditor/lock", "", oplog.RecordAccount, "auditor", setAccount("admin", disable), 401, ""},
		{"an account that becomes an owner's is unlocked", "admin", "DELETE", accountsPath + "/auditor/lock", "", oplog.RecordAccount, "auditor", setAccount("auditor", becomesOwner), 404, ""},
		{"sessions of an account are ended", "admin", "DELETE", accountsPath + "/auditor/sessions", "", oplog.RecordAccount, "auditor", setAccount("admin", disable), 401, ofAuditor},
		{"sessions of an account that becomes an owner's are ended", "admin", "DELETE", accountsPath + "/auditor/sessions", "", oplog.RecordAccount, "auditor", setAccount("auditor", becomesOwner), 404, ""},
		{"second factors of an account that becomes an owner's are removed", "admin", "DELETE", accountsPath + "/auditor/second-factor", "", oplog.RecordAccount, "auditor", setAccount("auditor", becomesOwner), 404, ""},
		{"own sessions are ended", "auditor", "DELETE", "/api/v1/sessions", "", oplog.RecordSession, "{session}", setAccount("auditor", disable), 401, ""},
		{"launched sessions are ended", "launch", "DELETE", tenantA + "/launched/u7", "", oplog.RecordSession, "", revokes("launch"), 401, ""},
	}
}

var lastUse = regexp.MustCompile(`,"last_used_at":"[^"]*"`) // written in the background

// TestPermissionBetweenReadAndChange: what a caller may do, and what may be done to an account, is decided when a change is written, not when
// it was read.
func TestPermissionBetweenReadAndChange(t *testing.T) {
	for _, test := range stoppedChanges() {
		t.Run(test.name, func(t *testing.T) {
			f, store := newStoppedServer(t)
			for range nameLimit.attempts {
				f.server.throttle.take(nameBucket("auditor"))
			}
			view := f.saveView("admin", `{"name":"shared","query":"q=a","shared":true}`)
			export := f.export("admin", `{"range":"today","format":"csv"}`)
			_, other, err := f.log.Identity.AddKey("acme", identity.ScopeLaunch, "other host")
			f.noError(err)
			f.enter("launched", f.launch("acme", f.launchToken(other, jwt.SigningMethodHS256, nil)))
			key := must(f.log.Identity.Keys("acme"))(t)[0]
			session, _, err := f.log.Identity.StartSession(must(f.log.Identity.Account("auditor"))(t), "", "")
			f.noError(err)
			state := func() string {
				if test.unchanged == "" {
					return ""
				}
				return lastUse.ReplaceAllString(f.get("second", test.unchanged, 200), "")
			}
			before := state()
			ids := strings.NewReplacer("{view}", view.ID, "{export}", export.ID, "{key}", key.ID, "{session}", session.ID())
			store.stop(test.kind, ids.Replace(test.of), func() { test.meanwhile(f) })
			if r := f.send(test.caller, test.method, ids.Replace(test.path), test.body); r.status != test.want {
				t.Errorf("%d, want %d: %s", r.status, test.want, r.body)
			}
			if store.meanwhile != nil {
				t.Fatal("it was not stopped")
			}
			if after := state(); after != before {
				t.Errorf("it was changed from %s to %s", before, after)
			}
			if strings.Count(f.get("second", accountsPath, 200), `"locked_until"`) != 1 {
				t.Error("the account was unlocked")
			}
			if r := f.send("launched", "GET", entriesPath, ""); r.status != 200 {
				t.Error("the launched session ended")
			}
		})
	}
}
