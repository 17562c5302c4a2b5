package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/oplog"
)

// together is a store whose trails take only entries that are stored with the changes that they tell of, once that is on.
type together struct {
	oplog.Store
	on atomic.Bool
}

func (s *together) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	if s.on.Load() && oplog.IsTrail(tenant) {
		return nil, errors.New("only with changes")
	}
	return s.Store.Append(ctx, tenant, entries, skipped)
}

// told returns the events of all trails of the fixture, oldest first, which were stored with a change.
func (s *together) told(t testing.TB) (events []string) {
	t.Helper()
	for _, tenant := range []string{"", "acme", "new", "other"} {
		err := s.Arrivals(t.Context(), oplog.TrailName(tenant), 1, 0, func(e oplog.Entry) error {
			events = append(events, e.Module+"."+e.Operation)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return events
}

// auditedAfterwards are the changes that the trail is told of afterwards, with the reason.
var auditedAfterwards = map[string]string{
	"unlockAccount": "failed attempts are in memory only",
	"endProvider":   "see TestSourcesAreStoredWithTheirEntries",
	"startBackup":   "nothing is changed yet; the backup is told with its own entries",

	"addJoinToken":       "see TestCluster; the nodes are no part of the store",
	"transferLeadership": "likewise",
	"removeNode":         "likewise",
}

// auditFixture is a server on such a store.
type auditFixture struct {
	*fixture
	store  *together
	told   int             // entries so far
	tested map[string]bool // by the id of the route
}

func newAuditFixture(t *testing.T, prepare func(*fixture)) *auditFixture {
	t.Helper()
	return newAuditFixtureOver(t, newServerOver, prepare)
}

// newAuditFixtureOver is newAuditFixture for a server that newServer makes over a store.
func newAuditFixtureOver(t *testing.T, newServer func(testing.TB, func(oplog.Store) oplog.Store) *fixture, prepare func(*fixture)) *auditFixture {
	t.Helper()
	s := &auditFixture{tested: map[string]bool{}}
	s.fixture = newServer(t, func(store oplog.Store) oplog.Store {
		s.store = &together{Store: store}
		return s.store
	})
	prepare(s.fixture)
	s.log.Trail.Flush()
	s.store.on.Store(true)
	s.told = len(s.store.told(t))
	return s
}

// check checks that a change of a route was just stored with its entry, and no other.
func (s *auditFixture) check(id string) {
	s.Helper()
	event, events := trailEvents[id].module+"."+trailEvents[id].operation, s.store.told(s)
	if len(events) != s.told+1 || !slices.Contains(events, event) {
		s.Errorf("%s: %d entries were stored with changes, want one more than %d, and %s among them", id, len(events), s.told, event)
	}
	s.told, s.tested[id] = len(events), true
}

// changes makes a change, and returns the id in the response.
func (s *auditFixture) changes(id, caller, method, path, body string) string {
	s.Helper()
	r := s.send(caller, method, path, body)
	if r.status >= http.StatusBadRequest {
		s.Errorf("%s: %d %s", id, r.status, r.body)
	}
	s.check(id)
	var made struct{ ID string }
	_ = json.Unmarshal([]byte(r.body), &made) // not all have one
	return made.ID
}

// TestChangesAreStoredWithTheirEntries: each change that the API makes is stored in one transaction with the entry of the trail that tells of it.
func TestChangesAreStoredWithTheirEntries(t *testing.T) {
	var x exportBody
	var view viewBody
	s := newAuditFixture(t, func(f *fixture) {
		x, view = f.export("admin", `{"range":"today","format":"csv"}`), f.saveView("admin", `{"name":"old","query":"q=x"}`)
		f.waitForAgreement()
	})
	s.changes("agreeToDeletion", "owner", "POST", tenantA+"/retention/agreement", `{"reason":"amount"}`)
	s.changes("addTenant", "owner", "POST", "/api/v1/tenants", `{"id":"new","name":"New"}`)
	s.changes("changeTenant", "owner", "PATCH", tenantA, `{"name":"Acme again"}`)
	s.changes("addAccount", "owner", "POST", "/api/v1/accounts", `{"username":"ann","password":"correct horse","role":"admin","tenant":"acme"}`)
	s.changes("changeAccount", "owner", "PATCH", "/api/v1/accounts/ann", `{"name":"Ann"}`)
	s.changes("endAccountSessions", "owner", "DELETE", "/api/v1/accounts/ann/sessions", "")
	s.changes("closeAccount", "owner", "DELETE", "/api/v1/accounts/ann", "")
	key := s.changes("addKey", "admin", "POST", tenantA+"/keys", `{"scope":"read","name":"x"}`)
	s.changes("revokeKey", "admin", "DELETE", tenantA+"/keys/"+key, "")
	s.changes("removeTenant", "owner", "DELETE", "/api/v1/tenants/new", `{"confirm":"new"}`)
	hold := s.changes("addHold", "owner", "POST", tenantA+"/holds", `{"reason":"case 7"}`)
	s.changes("liftHold", "owner", "DELETE", tenantA+"/holds/"+hold, "")
	s.changes("setCatalog", "admin", "PUT", tenantA+"/catalog", `{"modules":[{"key":"fax","title":{"en":"Fax","zh-CN":"传真"},"operations":["send"]}]}`)
	s.changes("setOrganizations", "admin", "PUT", tenantA+"/organizations", `[{"id":"hq","name":"HQ"}]`)
	s.changes("addView", "admin", "POST", tenantA+"/views", `{"name":"x","query":"q=x","start":true}`)
	s.changes("changeView", "admin", "PATCH", tenantA+"/views/"+view.ID, `{"name":"y"}`)
	s.changes("changeView", "admin", "PATCH", tenantA+"/views/"+view.ID, `{"start":true}`)
	s.changes("removeView", "admin", "DELETE", tenantA+"/views/"+view.ID, "")
	s.changes("startExport", "admin", "POST", tenantA+"/exports", `{"range":"today","format":"csv"}`)
	s.changes("removeExport", "admin", "DELETE", tenantA+"/exports/"+x.ID, "")
	s.changes("setSecondFactorRule", "owner", "PUT", "/api/v1/second-factor", `{"roles":["member"]}`)
	s.changes("setSecondFactorRule", "owner", "PUT", "/api/v1/second-factor", `{"roles":[]}`)
	s.changes("changeSession", "auditor", "PATCH", "/api/v1/session", fmt.Sprintf(`{"old_password":%q,"password":"battery staple"}`, password))
	s.changes("confirm", "admin", "POST", confirmPath, byPassword)
	s.changes("beginView", "admin", "POST", viewPath, viewAs("member"))
	s.changes("endView", "admin", "DELETE", viewPath, "")
	s.changes("signOut", "scoped", "DELETE", "/api/v1/session", "")
	s.changes("endSessions", "stranger", "DELETE", "/api/v1/sessions", "")
	s.launchAndEnd()
	s.signInWithFactors()
	s.changePasskeys()
	for id := range trailEvents {
		at := slices.IndexFunc(s.server.table, func(r route) bool { return r.id == id })
		elsewhere := id == "setUp" // see TestSetupIsStoredWithItsEntry
		if s.server.table[at].method != http.MethodGet && !s.tested[id] && auditedAfterwards[id] == "" && !elsewhere {
			t.Errorf("%s is not checked", id)
		}
	}
}

// signInWithFactors checks the changes that a person makes to the own second factors.
func (s *auditFixture) signInWithFactors() {
	b := s.browser("192.0.2.7")
	b.signIn("admin", 200)
	s.check("signIn")
	secret := decode[struct{ Secret string }](b, b.send("POST", factorPath+"/totp", byPassword, 200).body).Secret
	b.send("PUT", factorPath+"/totp", b.code(secret), 200)
	s.check("confirmTOTP")
	b.send("POST", factorPath+"/recovery-codes", byPassword, 200)
	s.check("renewRecoveryCodes")
	other := s.browser("192.0.2.8")
	other.signIn("admin", 202)
	s.advance(30 * time.Second) // codes are accepted once
	other.send("POST", factorPath, other.code(secret), 200)
	s.check("finishSignIn")
	other.send("DELETE", factorPath+"/totp", byPassword, 204)
	s.check("removeTOTP")
	other.enroll(byPassword)
	s.check("confirmTOTP")
	s.changes("removeSecondFactor", "owner", "DELETE", "/api/v1/accounts/admin/second-factor", "")
}

// launchAndEnd checks what a link of the host system changes, and that it ends the sessions of its user.
func (s *auditFixture) launchAndEnd() {
	s.enter("launched", s.launch("acme", s.launchToken(s.launchKey(), jwt.SigningMethodHS256, nil)))
	s.check("launch")
	if r := s.goOn("admin", s.launchToken(s.launchKey(), jwt.SigningMethodHS256, nil), "same-origin"); r.status != http.StatusSeeOther {
		s.Errorf("%d %s", r.status, r.body)
	}
	s.check("continueLaunch")
	s.changes("endLaunched", "launch", "DELETE", tenantA+"/launched/u7", "")
}

// changePasskeys checks the changes that a person makes to the own passkeys.
func (s *auditFixture) changePasskeys() {
	b, device := s.browser("192.0.2.9"), newAuthenticator(s, "localhost", local)
	b.signIn("stranger", 200)
	s.check("signIn")
	b.addPasskey(device, byPassword)
	s.check("addPasskey")
	b.signIn("stranger", 202)
	b.withPasskey(device, 200)
	s.check("finishSignIn")
	b.send("DELETE", passkeys+"/"+b64(device.id), byPassword, 204)
	s.check("removePasskey")
}

// TestSetupIsStoredWithItsEntry: so is the first setup, which also signs the owner in.
func TestSetupIsStoredWithItsEntry(t *testing.T) {
	s := newAuditFixtureOver(t, newEmptyServerOver, func(*fixture) {})
	s.changes("setUp", "nobody", "POST", "/api/v1/setup", `{"code":"the code","username":"ann","password":"correct horse","tenant":{"id":"acme","name":"Acme"}}`)
	if events := s.store.told(t); !slices.Equal(events, []string{"session.sign_in"}) {
		t.Errorf("the trails have %v", events)
	}
}
