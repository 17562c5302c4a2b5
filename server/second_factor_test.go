package server

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/identity"
)

const factorPath = "/api/v1/session/second-factor"

// codeOf returns the code that an authenticator app with a secret shows at a time, computed as RFC 6238 says.
func codeOf(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	mac := hmac.New(sha1.New, must(base32.StdEncoding.DecodeString(secret))(t))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	at4 := sum[sum[19]&15:]
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(at4)&0x7fffffff%1_000_000)
}

// browser is a browser, with its cookies.
type browser struct {
	*fixture
	ip              string
	session, device string
}

func (f *fixture) browser(ip string) *browser { return &browser{fixture: f, ip: ip} }

// send makes a request, checks its status, and keeps the cookies that it sets.
func (b *browser) send(method, path, body string, want int) reply {
	b.Helper()
	r := b.sendFrom(b.ip, method, path, body, b.session, b.device)
	if r.status != want {
		b.Fatalf("%s %s %s: %d, want %d: %s", method, path, body, r.status, want, r.body)
	}
	session, device := b.cookiesOf(r)
	if session != "" {
		b.session = session
	}
	if device != "" {
		b.device = device
	}
	return r
}

// signIn signs in with a password.
func (b *browser) signIn(username string, want int) reply {
	b.Helper()
	return b.send("POST", "/api/v1/session", signIn(username, password), want)
}

// now is the time of the server, in steps of a code.
func (f *fixture) now() time.Time { return f.server.now() }

// enroll adds an authenticator app to the account of a signed-in browser.
func (b *browser) enroll(stepUp string) (secret string, recovery []string) {
	b.Helper()
	secret = decode[struct{ Secret string }](b, b.send("POST", factorPath+"/totp", stepUp, 200).body).Secret
	r := b.send("PUT", factorPath+"/totp", fmt.Sprintf(`{"code":%q}`, codeOf(b, secret, b.now())), 200)
	b.advance(30 * time.Second) // codes are accepted once
	return secret, decode[struct {
		Codes []string `json:"recovery_codes"`
	}](b, r.body).Codes
}

const byPassword = `{"password":"` + password + `"}`

// code is the body with the current code of an app.
func (b *browser) code(secret string) string {
	return fmt.Sprintf(`{"code":%q}`, codeOf(b, secret, b.now()))
}

// TestSecondFactor: with an authenticator app the password is not enough, and until the code comes the session is good for nothing else.
func TestSecondFactor(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	before := b.session
	b.send("POST", factorPath+"/totp", `{}`, 422)
	b.send("POST", factorPath+"/totp", `{"password":"wrong"}`, 422)
	b.send("PUT", factorPath+"/totp", `{"code":"123456"}`, 409) // not begun
	secret, recovery := b.enroll(byPassword)
	if len(recovery) != 10 || b.session == before {
		t.Errorf("%d recovery codes; session %s", len(recovery), b.session)
	}
	f.get("auditor", "/api/v1/session", 401) // all other sessions ended
	if state := b.send("GET", factorPath, "", 200).body; strings.TrimSpace(state) != `{"totp":true,"recovery_codes":10,"passkeys":[],"required":false,"passkeys_possible":false}` {
		t.Error(state)
	}

	r := b.signIn("auditor", 202)
	if strings.TrimSpace(r.body) != `{"username":"auditor","role":"auditor","locale":"en","tenants":[],"second_factor":{"methods":["totp","recovery_code"],"enroll":false}}` {
		t.Error(r.body)
	}
	pending := b.session
	b.send("GET", "/api/v1/session", "", 202)
	for i := range f.server.table {
		if r := &f.server.table[i]; r.callers != anyone && !beforeSecondFactor[r.id] {
			path := strings.NewReplacer("{tenant}", "acme", "{id}", "x", "{username}", "member", "{sub}", "x").Replace(r.path)
			if a := b.sendFrom(b.ip, r.method, path, "{}", b.session); a.status != 401 || !strings.Contains(a.body, `"type":"urn:oplog:second-factor"`) {
				t.Errorf("%s %s: %d %s", r.method, path, a.status, a.body)
			}
		}
	}
	b.send("POST", factorPath+"/totp", byPassword, 401) // another app is not added before the first one is proved
	b.send("PUT", factorPath+"/totp", b.code(secret), 401)
	b.send("POST", factorPath, `{}`, 422)
	done := b.send("POST", factorPath, b.code(secret), 200)
	if !strings.Contains(done.body, `"id":"acme"`) || b.session == pending {
		t.Errorf("%s %s", b.session, done.body)
	}
	if r := f.sendFrom(b.ip, "GET", "/api/v1/session", "", pending); r.status != 401 {
		t.Errorf("the token of before: %d", r.status)
	}
	b.send("GET", entriesPath, "", 200)
	b.send("POST", factorPath, b.code(secret), 409)
	if list := f.get("admin", accountsPath, 200); strings.Count(list, `"second_factor":true`) != 1 {
		t.Error(list)
	}
	told := strings.Join(f.trail("admin", tenantA+"/access"), "\n")
	for _, want := range []string{`auditor session add_factor {"second_factor":"totp"}`, `auditor session sign_in {"second_factor":"totp"}`} {
		if !strings.Contains(told, want) {
			t.Errorf("the trail does not tell %s:\n%s", want, told)
		}
	}
	if strings.Contains(told, secret) || strings.Count(told, "auditor session sign_in") != 2 {
		t.Error(told)
	}
}

// TestSecondFactorEnds: what waits for a second factor ends after ten minutes, and with a change of the account.
func TestSecondFactorEnds(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	secret, _ := b.enroll(byPassword)
	b.signIn("auditor", 202)
	f.advance(pendingTime)
	b.send("POST", factorPath, b.code(secret), 401)
	b.signIn("auditor", 202)
	f.change("admin", "DELETE", accountsPath+"/auditor/sessions", "", 204)
	b.send("POST", factorPath, b.code(secret), 401)
	b.signIn("auditor", 202)
	b.send("DELETE", "/api/v1/session", "", 204)
	b.send("POST", factorPath, b.code(secret), 401)
}

const pendingTime = 10 * time.Minute

// TestCodesAreUsedOnce: a code and a recovery code sign in once, however they are typed.
func TestCodesAreUsedOnce(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	secret, recovery := b.enroll(byPassword)
	b.signIn("auditor", 202)
	code := b.code(secret)
	b.send("POST", factorPath, code, 200)
	b.signIn("auditor", 202)
	b.send("POST", factorPath, code, 422)
	spend := func(code string, want int) {
		t.Helper()
		b.signIn("auditor", 202)
		b.send("POST", factorPath, fmt.Sprintf(`{"recovery_code":%q}`, code), want)
	}
	spend(recovery[3], 200)
	spend(recovery[3], 422)
	spend(strings.ToUpper(strings.ReplaceAll(recovery[4], "-", " ")), 200)
	if state := b.send("GET", factorPath, "", 200).body; !strings.Contains(state, `"recovery_codes":8`) {
		t.Error(state)
	}
	f.advance(time.Minute)
	renewed := decode[struct {
		Codes []string `json:"recovery_codes"`
	}](t, b.send("POST", factorPath+"/recovery-codes", b.code(secret), 200).body).Codes
	if len(renewed) != 10 || slices.Contains(renewed, recovery[0]) {
		t.Errorf("%v", renewed)
	}
	spend(recovery[0], 422)
	spend(renewed[0], 200)
	for _, record := range must(f.log.Identity.Accounts(""))(t) {
		if text := fmt.Sprintf("%+v", record.Factors.Recovery); strings.Contains(text, strings.ReplaceAll(renewed[1], "-", "")) {
			t.Error("recovery codes are stored in clear")
		}
	}
}

// TestSimultaneousCode: of many requests with the same code one signs in.
func TestSimultaneousCode(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	secret, _ := b.enroll(byPassword)
	b.signIn("auditor", 202)
	second := f.browser("192.0.2.2")
	second.signIn("auditor", 202)
	body, statuses := b.code(secret), make(chan int)
	for _, at := range []*browser{b, b, second, second} {
		go func() { statuses <- f.sendFrom(at.ip, "POST", factorPath, body, at.session).status }()
	}
	signedIn := 0
	for range 4 {
		if status := <-statuses; status == 200 {
			signedIn++
		} else if status != 422 && status != 401 && status != 409 {
			t.Errorf("status %d", status)
		}
	}
	if signedIn != 1 {
		t.Errorf("%d requests signed in", signedIn)
	}
}

// TestWrongCodes: wrong codes are limited by account and address, and by account; neither keeps out a browser that signed in before, nor
// somebody with a recovery code.
func TestWrongCodes(t *testing.T) {
	f := newServer(t)
	known := f.browser("192.0.2.1")
	known.signIn("auditor", 200)
	secret, recovery := known.enroll(byPassword)
	attack := func(ip string) reply {
		b := f.browser(ip)
		b.signIn("auditor", 202)
		for range codeLimit.attempts {
			if r := f.sendFrom(ip, "POST", factorPath, `{"code":"000000"}`, b.session); r.status != 422 {
				return r
			}
		}
		return b.send("POST", factorPath, b.code(secret), 429)
	}
	b := f.browser("198.51.100.1")
	b.signIn("auditor", 202)
	if p := f.asProblem(b.send("POST", factorPath, `{"code":"000000"}`, 422), 422); len(p.Errors) != 1 || p.Errors[0].Location != "body.code" || p.Errors[0].Value != 4.0 {
		t.Errorf("%+v", p)
	}
	if r := attack("198.51.100.1"); r.header.Get("Retry-After") == "" {
		t.Errorf("%v", r.header)
	}
	for i := range 4 {
		attack(fmt.Sprintf("203.0.113.%d", i))
	}
	if list := f.get("admin", accountsPath, 200); strings.Count(list, "locked_until") != 1 {
		t.Error(list)
	}
	fresh := f.browser("192.0.2.77")
	fresh.signIn("auditor", 202)
	fresh.send("POST", factorPath, fresh.code(secret), 429)
	fresh.send("POST", factorPath, fmt.Sprintf(`{"recovery_code":%q}`, recovery[0]), 200)
	known.signIn("auditor", 202)
	known.send("POST", factorPath, known.code(secret), 200)
	f.change("admin", "DELETE", accountsPath+"/auditor/lock", "", 204)
	f.advance(30 * time.Second)
	b.signIn("auditor", 202) // at the address that was locked, too
	b.send("POST", factorPath, b.code(secret), 200)
	f.advance(30 * time.Second)
	f.advance(time.Minute)
	another := f.browser("192.0.2.78")
	another.signIn("auditor", 202)
	another.send("POST", factorPath, another.code(secret), 200)
	if told := strings.Join(f.trail("admin", tenantA+"/access"), "\n"); !strings.Contains(told, `"reason":"wrong second factor"} failed`) {
		t.Error(told)
	}
}

// TestRequiredSecondFactor: by a rule of the installation or of the tenant, accounts without a second factor add one at their next sign-in,
// and cannot remove the last one.
func TestRequiredSecondFactor(t *testing.T) {
	for name, require := range map[string]func(*fixture){
		"of a tenant": func(f *fixture) { f.change("owner", "PATCH", tenantA, `{"require_second_factor":true}`, 200) },
		"of a role":   func(f *fixture) { f.change("owner", "PUT", "/api/v1/second-factor", `{"roles":["auditor"]}`, 200) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newServer(t)
			require(f)
			f.get("auditor", entriesPath, 200) // sessions go on until they end
			b := f.browser("192.0.2.1")
			if r := b.signIn("auditor", 202); !strings.Contains(r.body, `"second_factor":{"methods":["totp"],"enroll":true}`) || b.device != "" {
				t.Errorf("%s %s", r.body, b.device)
			}
			b.send("GET", entriesPath, "", 401)
			b.send("POST", factorPath, `{"code":"123456"}`, 422)
			if state := b.send("GET", factorPath, "", 200).body; !strings.Contains(state, `"required":true`) {
				t.Error(state)
			}
			secret, recovery := b.enroll(`{}`)
			if len(recovery) != 10 {
				t.Errorf("%v", recovery)
			}
			if list := f.get("admin", accountsPath, 200); strings.Count(list, "last_sign_in_at") == 0 {
				t.Error(list)
			}
			b.send("GET", entriesPath, "", 200)
			f.asProblem(b.send("DELETE", factorPath+"/totp", b.code(secret), 409), 409)
			f.browser("192.0.2.2").signIn("stranger", 200)
			f.change("owner", "PATCH", tenantA, `{"require_second_factor":false}`, 200)
			f.change("owner", "PUT", "/api/v1/second-factor", `{"roles":[]}`, 200)
			f.advance(time.Minute)
			b.send("DELETE", factorPath+"/totp", b.code(secret), 204)
			b.send("GET", entriesPath, "", 200)
			if state := b.send("GET", factorPath, "", 200).body; !strings.Contains(state, `"totp":false,"recovery_codes":0`) {
				t.Error(state)
			}
			b.signIn("auditor", 200)
		})
	}
}

// TestRemoveSecondFactor: an admin removes the second factors of somebody who lost them, but not the own ones, and not an owner's.
func TestRemoveSecondFactor(t *testing.T) {
	f := newServer(t)
	b := f.browser("192.0.2.1")
	b.signIn("auditor", 200)
	b.enroll(byPassword)
	f.asProblem(f.send("stranger", "DELETE", accountsPath+"/auditor/second-factor", ""), 404)
	f.asProblem(f.send("admin", "DELETE", accountsPath+"/owner/second-factor", ""), 404)
	f.asProblem(f.send("admin", "DELETE", accountsPath+"/admin/second-factor", ""), 403)
	b.send("GET", "/api/v1/session", "", 200)
	f.change("admin", "DELETE", accountsPath+"/auditor/second-factor", "", 204)
	b.send("GET", "/api/v1/session", "", 401)
	b.signIn("auditor", 200)
	if told := f.trail("admin", tenantA+"/access"); !strings.HasPrefix(told[1], "admin account remove_factor auditor") {
		t.Errorf("%v", told)
	}
}

// TestFactorRaces: what changes while a password is hashed decides.
func TestFactorRaces(t *testing.T) {
	f := newServer(t)
	enrolled := func(t *testing.T, f *fixture) (b *browser, secret string) {
		t.Helper()
		b = f.browser("192.0.2.1")
		b.signIn("auditor", 200)
		secret, _ = b.enroll(byPassword)
		return b, secret
	}
	change := func(change func(*identity.Account)) {
		must(f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { change(a); return nil }))(t)
	}
	b, _ := enrolled(t, f)
	f.sent["enrolled"] = map[string]string{"Cookie": b.session}
	// Somebody who knows an old password removes the second factor while it is changed.
	r := f.whileHashing("enrolled", "DELETE", factorPath+"/totp", byPassword, func() { change(func(a *identity.Account) { a.PasswordHash += "x" }) })
	if r.status != 401 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if a := must(f.log.Identity.Account("auditor"))(t); !a.Factors.Any() {
		t.Error("the second factor was removed")
	}

	// An account gets its second factor while its password is checked: the session made for the password alone is none.
	f = newServer(t)
	adding := f.browser("192.0.2.1")
	adding.signIn("auditor", 200)
	secret := decode[struct{ Secret string }](t, adding.send("POST", factorPath+"/totp", byPassword, 200).body).Secret
	late := f.whileHashing("nobody", "POST", "/api/v1/session", signIn("auditor", password), func() {
		adding.send("PUT", factorPath+"/totp", adding.code(secret), 200)
	})
	session, _ := f.cookiesOf(late)
	if r := f.sendFrom("192.0.2.9", "GET", entriesPath, "", session); r.status != 401 {
		t.Errorf("signed in with the password alone: %d", r.status)
	}
}

// TestLaunchedHaveNoFactor: people of the host system have no account here, even if one has their name.
func TestLaunchedHaveNoFactor(t *testing.T) {
	f := newServer(t)
	f.enter("launched", f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, jwt.MapClaims{"sub": "auditor"})))
	for _, call := range [][2]string{{"GET", ""}, {"POST", "/totp"}, {"PUT", "/totp"}, {"DELETE", "/totp"}, {"POST", "/recovery-codes"}} {
		body := map[bool]string{true: `{"code":"123456"}`, false: ""}[call[0] != "GET"]
		f.asProblem(f.send("launched", call[0], factorPath+call[1], body), 403)
	}
	if a := must(f.log.Identity.Account("auditor"))(t); a.Factors.Any() {
		t.Error("it has one")
	}
}
