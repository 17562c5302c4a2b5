package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/identity"
)

const confirmPath = "/api/v1/session/confirm"

// confirm notes that a caller has just confirmed who it is.
func (f *fixture) confirm(caller string) {
	f.Helper()
	token := strings.TrimPrefix(f.sent[caller]["Cookie"], sessionCookie+"=")
	a := must(f.log.Identity.SessionAccount(token))(f.TB)
	must(f.log.Identity.ConfirmSession(token, identity.Proof{}, identity.StepUp{Checked: a.PasswordHash, Source: a.Source}))(f.TB)
}

// irreversible has a request of each route that asks its caller again, with the answer to somebody who may.
var irreversible = map[string]struct {
	method, path, body string
	want               int
}{
	"liftHold":        {"DELETE", tenantA + "/holds/none", "", 404},
	"agreeToDeletion": {"POST", tenantA + "/retention/agreement", `{"reason":"clock"}`, 409},
	"changeTenant":    {"PATCH", tenantA, `{"retention_days":200}`, 200},
	"removeTenant":    {"DELETE", tenantA, `{"confirm":"another"}`, 422},
	"closeAccount":    {"DELETE", accountsPath + "/nobody", "", 404},
}

// TestIrreversible: each route that names it asks who confirmed in no other session, and within five minutes.
func TestIrreversible(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("owner", 200)
	for i := range f.server.table {
		if r := &f.server.table[i]; r.callers&(confirmed|confirmedIf) != 0 && irreversible[r.id].want == 0 {
			t.Errorf("%s is not checked", r.id)
		}
	}
	refused := func(in *browser) {
		t.Helper()
		for id, call := range irreversible {
			if r := in.send(call.method, call.path, call.body, 403); !strings.Contains(r.body, `"type":"urn:oplog:confirm-required"`) {
				t.Errorf("%s: %s", id, r.body)
			}
		}
	}
	refused(b)
	other := f.browser("192.0.2.1")
	other.signIn("owner", 200)
	other.send("POST", confirmPath, byPassword, 200)
	refused(b)
	b.send("POST", confirmPath, byPassword, 200)
	f.advance(identity.ConfirmLife - time.Second)
	for _, id := range []string{"removeTenant", "liftHold", "agreeToDeletion", "changeTenant", "closeAccount"} {
		call := irreversible[id]
		b.send(call.method, call.path, call.body, call.want)
	}
	f.advance(time.Second)
	b.send("PATCH", tenantA, `{"retention_days":199}`, 403)
	b.send("PATCH", tenantA, `{"access_retention_days":400}`, 403)
	for _, body := range []string{`{"retention_days":200,"name":"Acme"}`, `{"retention_days":201}`, `{"retention_days":0}`, `{"archive_after":30}`} {
		b.send("PATCH", tenantA, body, 200) // nothing is deleted sooner
	}
	b.send("PATCH", tenantA, `{"retention_days":20}`, 422) // what is impossible needs no password
	if told := strings.Join(f.trail("owner", tenantA+"/access"), "\n"); strings.Contains(told, "refused") || strings.Contains(told, "no permission") {
		t.Errorf("to be asked is no attempt that was refused:\n%s", told)
	}
}

// TestConfirm: by the password or any second factor; wrong ones are limited as those of a sign-in, and all are in the trail.
func TestConfirm(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("owner", 200)
	if state := b.send("GET", confirmPath, "", 200).body; state != "{\"methods\":[\"password\"]}\n" {
		t.Error(state)
	}
	for _, body := range []string{`{}`, `{"password":"x","code":"123456"}`, `{"code":"123456","recovery_code":"x"}`, `{"code":"123456"}`, `{"recovery_code":"aaaa"}`, `{"passkey":{}}`, `{"password":"wrong"}`} {
		b.send("POST", confirmPath, body, 422)
	}
	secret, recovery := b.enroll(byPassword)
	f.advance(30 * time.Second) // codes are accepted once
	code := b.code(secret)
	if state := b.send("POST", confirmPath, code, 200).body; !strings.Contains(state, `["password","totp","recovery_code"],"until":"2026-11-22T08:0`) {
		t.Error(state)
	}
	b.send("POST", confirmPath, code, 422)
	byRecovery := fmt.Sprintf(`{"recovery_code":%q}`, recovery[0])
	b.send("POST", confirmPath, byRecovery, 200)
	b.send("POST", confirmPath, byRecovery, 422)
	b.send("POST", confirmPath, byPassword, 200)
	for range passwordLimit.attempts {
		b.send("POST", confirmPath, `{"password":"guessed"}`, 422)
	}
	if r := b.send("POST", confirmPath, byPassword, 429); r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	f.sent["owner"]["Cookie"] = b.session
	told := strings.Join(f.trail("owner", "/api/v1/access"), "\n")
	for _, want := range []string{
		`owner session confirm {"confirmed_by":"totp"}`, `owner session confirm {"confirmed_by":"recovery_code"}`, `owner session confirm {"confirmed_by":"password"}`,
		`"reason":"wrong password"`, `"reason":"wrong second factor"`,
	} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in\n%s", want, told)
		}
	}
	pending := f.browser("192.0.2.1")
	pending.signIn("owner", 202)
	pending.send("POST", confirmPath, byPassword, 401)
}

// TestConfirmByPasskey: the browser proves a passkey to a challenge of the session, once.
func TestConfirmByPasskey(t *testing.T) {
	f := newServer(t)
	b, device := f.browser("192.0.2.9"), newAuthenticator(f, "localhost", local)
	b.signIn("owner", 200)
	b.addPasskey(device, byPassword)
	if state := b.send("GET", local+confirmPath, "", 200).body; !strings.Contains(state, `"passkey"`) {
		t.Error(state)
	}
	signed := fmt.Sprintf(`{"passkey":%s}`, device.sign(b.send("POST", assertion, "", 200).body))
	b.send("POST", local+confirmPath, signed, 200)
	b.send("POST", local+confirmPath, signed, 422) // its challenge was used
	b.send("PATCH", tenantA, `{"retention_days":200}`, 200)
}

// TestConfirmBySource: people of a directory confirm with its password, those of a provider at the provider.
func TestConfirmBySource(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	w.as("corp", w.enterBy("corp", "owner"))
	f.asProblem(f.send("corp", "POST", confirmPath, byPassword), 422)
	f.change("corp", "POST", confirmPath, `{"password":"right"}`, 200)
	f.change("corp", "PATCH", tenantA, `{"retention_days":300}`, 200)

	w.as("sso", w.enterBy("sso", "owner"))
	f.change("sso", "POST", confirmPath, `{"password":"right"}`, 403)
	if state := f.get("sso", confirmPath, 200); state != "{\"methods\":[\"provider\"],\"source\":\"sso\",\"title\":\"Single sign-on\"}\n" {
		t.Error(state)
	}
	back := func(code string, cookies ...string) string {
		t.Helper()
		r := w.send("nobody", "GET", providerRoot+"sso/callback?code="+code+"&state=s", "", "Cookie", strings.Join(cookies, "; "),
			"Accept", "text/html", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		if r.status != http.StatusFound {
			t.Errorf("%d %s", r.status, r.body)
		}
		return r.header.Get("Location")
	}
	own := w.sent["sso"]["Cookie"]
	begin := func(query string) string { return w.beginAs("sso", query) }
	confirming := begin("?confirm=true&next=/t/acme/settings/retention%3Fx=1")
	for _, wrong := range []struct{ code, cookies, outcome string }{
		{"admin", own + "; " + confirming, "other-person"}, {"owner", w.sent["corp"]["Cookie"] + "; " + confirming, "other-person"}, {"owner", confirming, "again"},
	} {
		if at := back(wrong.code, wrong.cookies); at != "/t/acme/settings/retention?confirm="+wrong.outcome+"&x=1" {
			t.Errorf("as %s it leads to %s, want %s", wrong.code, at, wrong.outcome)
		}
	}
	if at := back("owner", own, begin("?next=/x")); at != "/x" { // which signs in, and is another session
		t.Error(at)
	}
	w.as("sso", w.enterBy("sso", "owner"))
	f.change("sso", "PATCH", tenantA, `{"retention_days":200}`, 403)
	confirming = begin("?confirm=true&next=/t/acme/settings/retention")
	if at := back("owner", w.sent["sso"]["Cookie"], confirming); at != "/t/acme/settings/retention?confirm=done" {
		t.Error(at)
	}
	f.change("sso", "PATCH", tenantA, `{"retention_days":200}`, 200)
	told := strings.Join(f.trail("owner", "/api/v1/access"), "\n")
	for _, want := range []string{`sso/owner session confirm {"confirmed_by":"provider","source":"sso"}`, `corp/owner session confirm {"confirmed_by":"password","source":"corp"}`, `"reason":"not confirmed by the provider"`} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in\n%s", want, told)
		}
	}
}

// TestConfirmLaunched: people whom a host system signed in have nothing to confirm with, which is said in words.
func TestConfirmLaunched(t *testing.T) {
	f := newServer(t)
	f.enter("launched", f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, nil)))
	if state := f.get("launched", confirmPath, 200); state != "{\"methods\":[]}\n" {
		t.Error(state)
	}
	if p := f.asProblem(f.send("launched", "POST", confirmPath, byPassword), 403); !strings.Contains(p.Detail, "host system") {
		t.Error(p.Detail)
	}
	p := &principal{account: identity.Account{Launched: true}}
	if err := p.hasConfirmed(); reasonOf(err) != "confirm-impossible" {
		t.Error(err)
	}
}

// TestConfirmOnNodes: what is confirmed on one node counts on each.
func TestConfirmOnNodes(t *testing.T) {
	all := newNodes(t, 3)
	leader, others := all.leader()
	b := others[0].browser("192.0.2.1")
	b.signIn("owner", 200)
	others[1].sent["new"] = map[string]string{"Cookie": b.session}
	b.send("PATCH", tenantA, `{"retention_days":900}`, 403)
	b.send("POST", confirmPath, byPassword, 200)
	for i, n := range slices.Concat(nodes{leader}, others) {
		if r := n.again("new", "PATCH", tenantA, fmt.Sprintf(`{"retention_days":%d}`, 800-i)); r.status != 200 {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
}
