package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/trail"
)

// TestRetention: a rule below the minimum must be confirmed, a hold takes precedence over it, deletions are announced, and deleted entries
// are reported as such. TestRetentionRules: the rules that a tenant may have, and what one would delete.
func TestRetentionRules(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"time":"2026-10-01T07:00:00Z","organization":{"id":"east","name":"East"}`), entry(`"time":"2026-10-02T07:00:00Z"`), entry(`"time":"2026-11-22T07:00:00Z"`))
	for _, body := range []string{`{"retention_days":30}`, `{"retention_days":179}`, `{"retention_days":-1}`, `{"retention_days":36501}`, `{"retention_days":1.5}`, `{"retention_days":"30"}`} {
		f.asProblem(f.send("owner", "PATCH", tenantA, body), 422)
	}
	f.asProblem(f.send("owner", "POST", "/api/v1/tenants", `{"id":"short","name":"Short","retention_days":30}`), 422)
	if p := f.asProblem(f.send("owner", "PATCH", tenantA, `{"retention_days":30}`), 422); !strings.Contains(p.Errors[0].Message, "legal minimum of 180 days") {
		t.Errorf("%+v", p)
	}
	would := f.get("admin", tenantA+"/retention?days=30", 200)
	if !strings.Contains(would, `"would":{"before":"2026-10-22T00:00:00Z","dates":2,"entries":2}`) || !strings.Contains(would, `"retention_days":0`) {
		t.Error(would)
	}
	for _, days := range []string{"-1", "0", "x", "36501", "99999999999999999999"} {
		f.asProblem(f.send("admin", "GET", tenantA+"/retention?days="+days, ""), 422)
	}
}

// entryGone requests an entry that may be deleted.
func (f *fixture) entryGone(caller, id string, want int) {
	f.Helper()
	r := f.send(caller, "GET", entriesPath+"/"+id, "")
	if r.status != want {
		f.Errorf("%s as %s: %d %s", id, caller, r.status, r.body)
	}
	if want == 410 {
		if p := f.asProblem(r, 410); p.Detail != "Deleted on 2026-11-22 under the retention rule." || p.Errors[0].Value != "2026-11-22" {
			f.Errorf("%+v", p)
		}
	}
}

func TestRetention(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"time":"2026-10-01T07:00:00Z","organization":{"id":"east","name":"East"}`), entry(`"time":"2026-10-02T07:00:00Z"`), entry(`"time":"2026-11-22T07:00:00Z"`))
	before := decode[oplog.Page](t, f.get("admin", entriesPath, 200)).Entries
	first, second := before[2].ID, before[1].ID

	hold := decode[oplog.Hold](t, f.change("admin", "POST", tenantA+"/holds", `{"to":"2026-10-01","reason":"case 7"}`, 201))
	if hold.To != "2026-10-01" || hold.TimeZone != "Asia/Shanghai" || !hold.CoversFrom.IsZero() || hold.CoversUntil.Format(time.RFC3339) != "2026-10-02T00:00:00Z" {
		t.Errorf("%+v", hold)
	}
	for _, body := range []string{`{}`, `{"reason":""}`, `{"reason":"x","from":"tomorrow"}`, `{"reason":"x","from":"2026-02-30"}`, `{"reason":"x","from":"2026-02-02","to":"2026-02-01"}`, `{"reason":"x","until":"2026-02-01"}`} {
		f.asProblem(f.send("admin", "POST", tenantA+"/holds", body), 422)
	}
	f.change("owner", "PATCH", tenantA, `{"retention_days":30,"below_legal_minimum":true}`, 200)
	f.noError(f.log.Journal.Retain(t.Context()))
	f.entryGone("admin", first, 200)
	f.entryGone("scoped", first, 200)
	f.entryGone("admin", second, 410)
	f.entryGone("read", second, 410)
	f.entryGone("scoped", second, 404) // the organization of a deleted entry is no longer known
	f.entryGone("stranger", second, 404)

	f.change("owner", "DELETE", tenantA+"/holds/"+hold.ID, "", 200)
	f.asProblem(f.send("owner", "DELETE", tenantA+"/holds/"+hold.ID, ""), 409)
	f.noError(f.log.Journal.Retain(t.Context()))
	f.entryGone("admin", first, 410)
	f.entryGone("scoped", first, 404)
	p := f.asProblem(f.send("write", "POST", entriesPath, `{"entries":[`+entry()+`,`+entry(`"time":"2026-10-01T07:00:00Z"`)+`]}`), 422)
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.entries[1].time" || !strings.Contains(p.Errors[0].Message, "keeps entries for 30 days") {
		t.Errorf("%+v", p)
	}
	p = f.asProblem(f.send("write", "POST", entriesPath, `{"entries":[`+entry(`"module":"x"`)+`,`+entry(`"time":"2026-10-01T07:00:00Z"`)+`]}`), 422)
	if len(p.Errors) != 2 || p.Errors[0].Location != "body.entries[0].module" || p.Errors[1].Location != "body.entries[1].time" {
		t.Errorf("not all that is wrong is named: %+v", p)
	}

	r := decode[oplog.Retention](t, f.get("admin", tenantA+"/retention", 200))
	if len(r.Deletions) != 2 || len(r.Holds) != 1 || r.Holds[0].LiftedBy != "owner" || r.SetBy != "owner" || r.Deletions[0].Entries != 1 {
		t.Errorf("%+v", r)
	}
	told := strings.Join(f.trail("admin", tenantA+"/access"), "\n")
	for _, want := range []string{"server retention delete", "admin retention hold", "owner retention lift", "owner tenant change"} {
		if !strings.Contains(told, want) {
			t.Errorf("no %q in\n%s", want, told)
		}
	}
	if sum := f.get("admin", tenantA+"/summary", 200); !strings.Contains(sum, `"total":1`) {
		t.Error(sum)
	}
}

// TestRetentionOfAccess: an owner sets how long the access log is kept, a year at least.
func TestRetentionOfAccess(t *testing.T) {
	f := newServer(t)
	for _, days := range []string{"-1", "1", "29", "36501", `"90"`} {
		f.change("owner", "PATCH", tenantA, `{"archive_after":`+days+`}`, 422)
	}
	f.change("admin", "PATCH", tenantA, `{"archive_after":90}`, 403)
	for days, want := range map[string]bool{"30": true, "0": false} {
		if got := f.change("owner", "PATCH", tenantA, `{"archive_after":`+days+`}`, 200); strings.Contains(got, `"archive_after":30`) != want {
			t.Errorf("%s", got)
		}
	}
	f.change("owner", "PATCH", tenantA, `{"access_retention_days":364}`, 422)
	f.change("admin", "PATCH", tenantA, `{"access_retention_days":365}`, 403)
	f.change("owner", "PATCH", tenantA, `{"access_retention_days":365}`, 200)
	f.change("owner", "POST", "/api/v1/tenants", `{"id":"new","name":"New","access_retention_days":400}`, 201)
	for tenant, want := range map[string]string{"acme": `"access_retention_days":365,"access_kept_from":"2025-11-21","access_deletions":[]`, "new": `"access_retention_days":400`} {
		if body := f.get("owner", "/api/v1/tenants/"+tenant+"/retention", 200); !strings.Contains(body, want) {
			t.Errorf("%s, want %s", body, want)
		}
	}
}

// waitForAgreement makes a deletion wait, as it is much more than the one before.
func (f *fixture) waitForAgreement() {
	f.Helper()
	for i := range 40 {
		f.record(entry(fmt.Sprintf(`"time":%q`, clock.AddDate(0, 0, -i).Format(time.RFC3339))))
	}
	for _, days := range []int{37, 3} {
		f.change("owner", "PATCH", tenantA, fmt.Sprintf(`{"retention_days":%d,"below_legal_minimum":true}`, days), 200)
		f.noError(f.log.Journal.Retain(f.Context()))
	}
}

// TestAgreeToDeletion: a deletion that waits is said wherever an owner looks, and begins once one agrees.
func TestAgreeToDeletion(t *testing.T) {
	f := newServer(t)
	f.waitForAgreement()
	want := `waiting":[{"tenant":"acme","reason":"amount","clock":`
	for caller, path := range map[string]string{"admin": tenantA + "/retention", "owner": "/api/v1/system"} {
		if body := f.get(caller, path, 200); !strings.Contains(body, want) || !strings.Contains(body, `"dates":34,"entries":34,"last_dates":1,"last_entries":1}]`) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if text := f.get("read", "/metrics", 200); !strings.Contains(text, "\noplog_retention_waiting 1\n") {
		t.Error("the metrics do not say it")
	}
	f.change("admin", "POST", tenantA+"/retention/agreement", `{"reason":"amount"}`, 403)
	f.change("owner", "POST", tenantA+"/retention/agreement", `{"reason":"clock"}`, 409)
	f.change("owner", "POST", tenantA+"/retention/agreement", `{"reason":"amount"}`, 200)
	f.noError(f.log.Journal.Retain(t.Context()))
	if body := f.get("admin", tenantA+"/retention", 200); strings.Contains(body, "waiting") || !strings.Contains(body, `"entries":34`) {
		t.Error(body)
	}
	if told := strings.Join(f.trail("admin", tenantA+"/access"), "\n"); !strings.Contains(told, "owner retention agree") {
		t.Error(told)
	}
}

// TestAgreeToTheInstallationsDeletion: where only the installation's access log waits, owners see that with each tenant and agree there; it is told
// in the installation's trail, not in the tenant's, whose people see nothing of it.
func TestAgreeToTheInstallationsDeletion(t *testing.T) {
	f := newServer(t)
	f.log.Trail.Add(trail.Event{User: oplog.User{ID: "owner", Name: "owner"}, Module: "session", Operation: "sign_in"})
	f.noError(f.log.Close())
	f.looks.Add((10 * 365 * 24 * time.Hour).Microseconds())
	f.open(func(store oplog.Store) oplog.Store { return store })
	for _, name := range []string{"owner", "admin"} {
		account := must(f.log.Identity.Account(name))(t)
		_, token, err := f.log.Identity.StartSession(account, "", "")
		f.noError(err)
		f.sent[name] = map[string]string{"Cookie": sessionCookie + "=" + token}
	}
	f.log.Journal.KeepInstallationTrail(oplog.MinAccessDays)
	f.noError(f.log.Journal.Retain(t.Context()))
	want := `aiting":[{"tenant":"","access":true,"reason":"clock",`
	for _, path := range []string{tenantA + "/retention", "/api/v1/system"} {
		if body := f.get("owner", path, 200); !strings.Contains(body, want) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if body := f.get("admin", tenantA+"/retention", 200); strings.Contains(body, "waiting") {
		t.Errorf("an admin sees %s", body)
	}
	f.change("owner", "POST", confirmPath, byPassword, 200)
	f.change("owner", "POST", tenantA+"/retention/agreement", `{"reason":"clock"}`, 200)
	for path, want := range map[string]int{"/api/v1/access": 1, tenantA + "/access": 0} {
		if told := strings.Join(f.trail("owner", path), "\n"); strings.Count(told, "owner retention agree clock") != want || strings.Contains(told, "retention agree") != (want > 0) {
			t.Errorf("%s has %s", path, told)
		}
	}
}
