package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// addKey makes a key of acme with limits, as a caller of that name, and returns its id.
func (f *fixture) addKey(caller string, scope identity.KeyScope, limits identity.KeyLimits) string {
	f.Helper()
	key, text, err := f.log.Identity.AddLimitedKey("acme", scope, caller, identity.MadeByCommand, limits)
	f.noError(err)
	f.sent[caller] = map[string]string{"Authorization": "Bearer " + text}
	return key.ID
}

func TestKeyLimitsAreChecked(t *testing.T) {
	f := newServer(t)
	f.asProblem(f.send("admin", "POST", tenantA+"/keys", `{"name":"\u001b[2J","scope":"read"}`), 422)
	f.asProblem(f.send("admin", "POST", viewsPath, `{"name":"a\u0007b","query":""}`), 422)
	for body, field := range map[string]string{
		`{"scope":"read","name":"x","expires_at":"2026-11-21T08:00:00Z"}`:                     "body.expires_at",
		`{"scope":"read","name":"x","expires_at":"0001-01-01T00:00:00Z"}`:                     "body.expires_at",
		`{"scope":"read","name":"x","addresses":["192.0.2.7","192.0.2.0/33"]}`:                "body.addresses[1]",
		`{"scope":"read","name":"x","organization":"nowhere"}`:                                "body.organization",
		`{"scope":"write","name":"x","organization":"east"}`:                                  "body.organization",
		`{"scope":"admin","name":"x"}`:                                                        "body.scope",
		`{"scope":"read","name":"x","addresses":[` + strings.Repeat(`"::1",`, 64) + `"::1"]}`: "body.addresses",
	} {
		p := f.asProblem(f.send("admin", "POST", tenantA+"/keys", body), 422)
		if len(p.Errors) != 1 || p.Errors[0].Location != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	const body = `{"scope":"read","name":"x","expires_at":"2027-01-31T08:00:00+08:00","addresses":["192.0.2.7","10.1.2.3/8"],"organization":"east"}`
	const limits = `"expires_at":"2027-01-31T00:00:00Z","addresses":["192.0.2.7/32","10.0.0.0/8"],"organization":"east"`
	if made := f.change("admin", "POST", tenantA+"/keys", body, 201); !strings.Contains(made, limits) {
		t.Errorf("made: %s", made)
	}
	if list := f.get("admin", tenantA+"/keys", 200); strings.Count(list, limits) != 1 || strings.Contains(list, "0001-") {
		t.Errorf("listed: %s", list)
	}
	if told := f.trail("admin", tenantA+"/access")[0]; !strings.Contains(told, `{"addresses":["192.0.2.7/32","10.0.0.0/8"],"expires_at":"2027-01-31T00:00:00Z","organization":"east","scope":"read"}`) {
		t.Errorf("the trail says %s", told)
	}
}

// TestKeysExpire: every use of a key asks the clock, also of one that was used before; only the holder of the key learns that it expired.
func TestKeysExpire(t *testing.T) {
	f := newServer(t)
	f.addKey("short", identity.ScopeRead, identity.KeyLimits{ExpiresAt: clock.Add(time.Hour)})
	live := &call{principal: &principal{}}
	f.get("short", tenantA+"/catalog", 200)
	live.key = must(f.log.Identity.Keys("acme"))(t)[len(must(f.log.Identity.Keys("acme"))(t))-1]
	recheck := f.server.recheckAccess(live)
	f.noError(recheck())
	f.advance(time.Hour)
	var p struct{ Type, Detail string }
	r := f.send("short", "GET", tenantA+"/catalog", "")
	f.noError(json.Unmarshal([]byte(r.body), &p))
	if r.status != 401 || p.Type != "urn:oplog:key-expired" || !strings.Contains(p.Detail, "expired") {
		t.Errorf("%d %s", r.status, r.body)
	}
	if oplog.CodeOf(recheck()) != oplog.CodeUnauthenticated {
		t.Error("a live stream goes on")
	}
	for _, caller := range []string{"revoked", "strange"} {
		f.sent["strange"] = map[string]string{"Authorization": f.sent["short"]["Authorization"] + "x"}
		if r := f.send(caller, "GET", tenantA+"/catalog", ""); r.status != 401 || strings.Contains(r.body, "expired") {
			t.Errorf("%s: %d %s", caller, r.status, r.body)
		}
	}
	f.get("short", tenantA+"/catalog", 401)
	told := strings.Join(f.trail("admin", tenantA+"/access"), "\n")
	if strings.Count(told, `"reason":"expired key"} failed`) != 1 || !strings.Contains(told, `"count":2`) || strings.Count(told, "revoked key") != 1 {
		t.Errorf("the trail says %s", told)
	}
}

func TestKeysAreBoundToAddresses(t *testing.T) {
	f := newServer(t)
	f.addKey("near", identity.ScopeRead, identity.KeyLimits{Addresses: []string{"0.0.0.0", "192.0.2.0/24"}}) // App.Test comes from 0.0.0.0
	f.addKey("far", identity.ScopeRead, identity.KeyLimits{Addresses: []string{"192.0.2.0/24", "2001:db8::/32"}})
	f.get("near", tenantA+"/catalog", 200)
	for range 2 {
		if r := f.send("far", "GET", tenantA+"/catalog", ""); r.status != 403 || !strings.Contains(r.body, `"type":"urn:oplog:key-address"`) {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Authorization", f.sent["far"]["Authorization"])
	if got := f.do(r); got.status != 403 {
		t.Errorf("metrics: %d", got.status)
	}
	told := strings.Join(f.trail("admin", tenantA+"/access"), "\n")
	if strings.Count(told, `"reason":"address not allowed"} failed`) != 1 || !strings.Contains(told, `"count":3`) {
		t.Errorf("the trail says %s", told)
	}
	for _, k := range must(f.log.Identity.Keys("acme"))(t) {
		if k.Name == "far" && !k.LastUsedAt.IsZero() {
			t.Error("a refused use counts as the last one")
		}
	}
}

// TestScopedReadKey: a read key that is limited to an organization sees the same as a scoped account.
func TestScopedReadKey(t *testing.T) {
	f := newServer(t)
	f.addKey("scoped key", identity.ScopeRead, identity.KeyLimits{Organization: "east"})
	for i, org := range []string{"hq", "east", "shanghai", "west"} {
		f.record(entry(`"id":"e` + org + `","time":"2026-11-22T07:00:0` + string(rune('0'+i)) + `Z","organization":{"id":"` + org + `","name":"x"}`))
	}
	const period = "from=2026-11-22T07:00:00Z&to=2026-11-22T07:01:00Z"
	for _, path := range []string{
		"/entries", "/entries?organization=west", "/entries?order=seq&after_seq=0", "/entries/eshanghai", "/entries/ewest", "/summary?" + period, "/summary?organization=hq&" + period,
		"/exports", "/checkpoint/consistency?from=1",
	} {
		person, key := f.send("scoped", "GET", tenantA+path, ""), f.send("scoped key", "GET", tenantA+path, "", "Accept-Language", "zh-CN")
		if person.status != key.status || key.status == 200 && person.body != key.body && !strings.Contains(path, "shanghai") {
			t.Errorf("%s: %d %s\nas the account %d %s", path, key.status, key.body, person.status, person.body)
		}
	}
	if page := f.get("scoped key", tenantA+"/entries", 200); strings.Contains(page, "ewest") || !strings.Contains(page, "eeast") {
		t.Errorf("sees %s", page)
	}
	f.change("read", "POST", tenantA+"/exports", `{"range":"today","format":"csv"}`, 202)
	f.change("scoped key", "POST", tenantA+"/exports", `{"range":"today","format":"csv"}`, 202)
	list := decode[struct {
		Exports []struct {
			CreatedBy struct{ Key string } `json:"created_by"`
		}
	}](t, f.get("scoped key", tenantA+"/exports", 200))
	if len(list.Exports) != 1 || list.Exports[0].CreatedBy.Key != "scoped key" {
		t.Errorf("exports: %+v", list)
	}
	f.change("scoped key", "POST", tenantA+"/exports", `{"range":"today","format":"csv","filters":{"organization":["west"]}}`, 202)
}

// TestWriteKeysMoveNothing: an entry of a write key may add an organization, but neither moves nor renames one.
func TestWriteKeysMoveNothing(t *testing.T) {
	f := newServer(t)
	before := f.get("admin", tenantA+"/organizations", 200)
	f.record(entry(`"organization":{"id":"shanghai","name":"Renamed"}`))
	if after := f.get("admin", tenantA+"/organizations", 200); after != before {
		t.Errorf("the tree was %s and is %s", before, after)
	}
	f.asProblem(f.send("write", "POST", tenantA+"/entries", entry(`"organization":{"id":"shanghai","name":"x","parent_id":"west"}`)), 422)
	f.asProblem(f.send("write", "PUT", tenantA+"/organizations", `[]`), 403)
	f.record(entry(`"organization":{"id":"new","name":"New"}`))
	if after := f.get("admin", tenantA+"/organizations", 200); !strings.Contains(after, `{"id":"new","parent_id":"hq","name":"New"}`) {
		t.Errorf("the tree is %s", after)
	}
}

// TestEntriesCarryTheirKey: the server sets the id of the key; nobody can name another one, and another key makes a repetition no other entry.
func TestEntriesCarryTheirKey(t *testing.T) {
	f := newServer(t)
	ids := map[string]string{}
	for _, caller := range []string{"crm", "erp"} {
		ids[caller] = f.addKey(caller, identity.ScopeWrite, identity.KeyLimits{})
		f.change(caller, "POST", tenantA+"/entries", entry(`"id":"e-`+caller+`","time":"2026-11-22T07:00:00Z"`), 201)
	}
	if again := f.change("erp", "POST", tenantA+"/entries", entry(`"id":"e-crm","time":"2026-11-22T07:00:00Z"`), 201); !strings.Contains(again, `"duplicates":1`) {
		t.Errorf("sent again by another key: %s", again)
	}
	p := f.asProblem(f.send("crm", "POST", tenantA+"/entries", entry(`"key":"`+ids["erp"]+`"`)), 422)
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.key" {
		t.Errorf("a sender names a key: %+v", p)
	}
	for query, want := range map[string]string{
		"key=" + ids["crm"]: "e-crm", "not_key=" + ids["crm"]: "e-erp", "key=" + ids["erp"] + "&key=none": "e-erp", "key=none": "",
		"order=seq&after_seq=0&key=" + ids["erp"]: "e-erp",
	} {
		page := f.get("auditor", tenantA+"/entries?"+query, 200)
		if want != "" && (strings.Count(page, `"id":"e-`) != 1 || !strings.Contains(page, `"id":"`+want+`"`)) || want == "" && strings.Contains(page, `"id":"e-`) {
			t.Errorf("%s: %s", query, page)
		}
		if !strings.Contains(query, "order") {
			if sum := f.get("auditor", tenantA+"/summary?"+query, 200); strings.Contains(sum, `{"total":1,`) != (want != "") {
				t.Errorf("%s counts %s", query, sum)
			}
		}
	}
	if one := f.get("auditor", tenantA+"/entries/e-crm", 200); !strings.Contains(one, `"key":"`+ids["crm"]+`"`) {
		t.Errorf("the entry is %s", one)
	}
}

// TestBackupKeys: a backup contains every tenant, so that admins of one get no key to it.
func TestBackupKeys(t *testing.T) {
	f := newServer(t)
	const body = `{"scope":"backup","name":"nightly"}`
	for _, caller := range []string{"admin", "stranger"} {
		if r := f.send(caller, "POST", tenantA+"/keys", body); r.status != 403 && r.status != 404 {
			t.Errorf("%s: %d %s", caller, r.status, r.body)
		}
	}
	created := decode[createdKeyBody](t, f.change("owner", "POST", tenantA+"/keys", body, 201))
	f.sent["nightly"] = map[string]string{"Authorization": "Bearer " + created.Key}
	if backup := f.get("nightly", "/api/v1/backup", 200); len(backup) < 4096 {
		t.Errorf("a backup of %d bytes", len(backup))
	}
	if told := f.trail("owner", "/api/v1/access")[0]; !strings.Contains(told, created.ID+" backup download") {
		t.Errorf("the trail says %s", told)
	}
	f.change("admin", "POST", tenantA+"/keys", `{"scope":"metrics","name":"prometheus"}`, 201)
	if metrics := f.get("metrics", "/metrics", 200); !strings.Contains(metrics, "oplog_tenants 2") {
		t.Errorf("metrics: %s", metrics)
	}
}
