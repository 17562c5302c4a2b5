package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oplog/identity"
)

// connFrom is a connection from an address.
type connFrom struct {
	net.Conn
	ip string
}

func (c connFrom) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(c.ip)} }

// sendFrom sends a request from an address. A cookie header is all that identifies the caller.
func (f *fixture) sendFrom(ip, method, path, body string, cookies ...string) reply {
	f.Helper()
	f.server.App().Handler() // prepares the routes
	browser, served := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- f.server.App().Server().ServeConn(connFrom{served, ip}) }()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", strings.Join(cookies, "; "))
	r.Close = true
	f.noError(r.Write(browser))
	answer, err := http.ReadResponse(bufio.NewReader(browser), r)
	f.noError(err)
	text, err := io.ReadAll(answer.Body)
	f.noError(err)
	f.noError(answer.Body.Close())
	f.noError(browser.Close())
	f.noError(<-done)
	return reply{answer.StatusCode, answer.Header, string(text)}
}

// cookiesOf returns the cookies that an answer sets, as a browser sends them back.
func (f *fixture) cookiesOf(r reply) (session, device string) {
	f.Helper()
	for _, line := range r.header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		f.noError(err)
		switch cookie.Name {
		case sessionCookie:
			session = cookie.Name + "=" + cookie.Value
		case deviceCookie:
			device = cookie.Name + "=" + cookie.Value
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != devicePath || cookie.MaxAge != 90*24*60*60 {
				f.Errorf("cookie %+v", cookie)
			}
		}
	}
	return session, device
}

// attempt signs in from an address and checks the status.
func (f *fixture) attempt(ip, username, password string, want int, cookies ...string) reply {
	f.Helper()
	r := f.sendFrom(ip, "POST", "/api/v1/session", signIn(username, password), cookies...)
	if r.status != want {
		f.Errorf("%s from %s: %d, want %d: %s", username, ip, r.status, want, r.body)
	}
	return r
}

// TestOthersKeepNobodyOut: wrong passwords from one address keep the right one out only from there, in the same words for names that exist
// and names that do not.
func TestOthersKeepNobodyOut(t *testing.T) {
	f := newServer(t)
	refused := map[string]string{}
	for _, name := range []string{"admin", "nobody at all"} {
		for range pairLimit.attempts {
			f.asProblem(f.attempt("192.0.2.1", name, "wrong", 401), 401)
		}
		r := f.attempt("192.0.2.1", name, password, 429)
		if r.header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
		}
		f.attempt("192.0.2.1", " "+strings.ToUpper(name), password, 429) // the same name
		refused[name] = r.body
	}
	if refused["admin"] != refused["nobody at all"] {
		t.Errorf("%v", refused)
	}
	f.attempt("192.0.2.2", "admin", password, 200)
	f.attempt("192.0.2.1", "auditor", password, 200)
	f.get("admin", "/api/v1/session", 200) // sessions go on
	for range pairLimit.attempts {
		f.attempt("2001:db8::1", "admin", "wrong", 401)
	}
	f.attempt("2001:db8::2", "admin", password, 429) // the same customer
	f.attempt("2001:db8:0:1::1", "admin", password, 200)
}

// lock fails to sign in until the name is locked everywhere.
func (f *fixture) lock(username string) {
	f.Helper()
	for i := range nameLimit.attempts {
		f.attempt(fmt.Sprintf("198.51.100.%d", i%25), username, "wrong", 401)
	}
	f.attempt("192.0.2.99", username, password, 429)
}

// TestKnownDevicesAreNotKeptOut: a browser that signed in before signs in while the name is locked everywhere else, until the password
// changes or an admin signs the account out.
func TestKnownDevicesAreNotKeptOut(t *testing.T) {
	f := newServer(t)
	_, device := f.cookiesOf(f.attempt("192.0.2.1", "admin", password, 200))
	_, both := f.cookiesOf(f.attempt("192.0.2.1", "auditor", password, 200, device))
	_, other := f.cookiesOf(f.attempt("192.0.2.1", "admin", password, 200))
	f.lock("admin")
	f.attempt("192.0.2.99", "admin", password, 429, device[:len(device)-6]+"AAAAAA")
	f.attempt("192.0.2.99", "admin", password, 200, device)
	f.attempt("192.0.2.99", "admin", password, 200, both)
	f.attempt("198.51.100.1", "auditor", password, 200, both)

	// Its own failures count.
	for range deviceLimit.attempts {
		f.attempt("192.0.2.99", "admin", "wrong", 401, device)
	}
	f.attempt("192.0.2.98", "admin", password, 429, device)
	f.attempt("192.0.2.98", "admin", password, 200, other)

	f.change("owner", "DELETE", accountsPath+"/admin/sessions", "", 204)
	f.attempt("192.0.2.97", "admin", password, 429, other)
	f.change("owner", "DELETE", accountsPath+"/admin/lock", "", 204)
	_, device = f.cookiesOf(f.attempt("192.0.2.97", "admin", password, 200))
	f.lock("admin")
	f.attempt("192.0.2.97", "admin", password, 200, device)
	f.change("owner", "PATCH", accountsPath+"/admin", `{"password":"battery staple"}`, 200)
	f.attempt("192.0.2.97", "admin", "battery staple", 429, device)
}

// TestUnlock: admins see that an account is locked, and free it; the trail says so.
func TestUnlock(t *testing.T) {
	f := newServer(t)
	locked := func(caller string, want int) {
		t.Helper()
		if n := strings.Count(f.get(caller, accountsPath, 200), `"locked_until":"2026-11-22T08:0`); n != want {
			t.Errorf("%s sees %d locked accounts, want %d", caller, n, want)
		}
	}
	locked("admin", 0)
	f.lock("AUDITOR") // counts for all spellings
	locked("admin", 1)
	locked("stranger", 0)
	if told := strings.Join(f.trail("admin", tenantA+"/access"), "\n"); strings.Count(told, "unknown account lock auditor") != 1 {
		t.Errorf("%v", told)
	}
	f.asProblem(f.send("stranger", "DELETE", accountsPath+"/auditor/lock", ""), 404)
	f.asProblem(f.send("admin", "DELETE", accountsPath+"/owner/lock", ""), 404)
	locked("admin", 1)
	f.change("admin", "DELETE", accountsPath+"/auditor/lock", "", 204)
	locked("admin", 0)
	f.attempt("192.0.2.99", "auditor", password, 200)
	if told := f.trail("admin", tenantA+"/access"); !strings.HasPrefix(told[1], "admin account unlock auditor") {
		t.Errorf("%v", told)
	}
}

// TestUnlockInPlaces: a lock of a name from an address, or on a browser that signed in before, is seen and lifted as well.
func TestUnlockInPlaces(t *testing.T) {
	f := newServer(t)
	_, device := f.cookiesOf(f.attempt("192.0.2.7", "auditor", password, 200))
	locked := func(want string) {
		t.Helper()
		accounts := decode[struct {
			Accounts []map[string]any
		}](t, f.get("admin", accountsPath, 200)).Accounts
		for _, a := range accounts {
			_, is := a["locked_until"]
			if got := fmt.Sprint(is, a["locked_in_places"] == true); a["username"] == "auditor" && got != want || a["username"] != "auditor" && is {
				t.Errorf("%v is locked, in places: %s", a["username"], got)
			}
		}
	}
	locked("false false")
	for name, at := range map[string]struct {
		ip, typed string
		cookies   []string
		limit
	}{"the owner's address": {"192.0.2.1", "AUDITOR", nil, pairLimit}, "a known browser": {"192.0.2.7", "auditor", []string{device}, deviceLimit}} {
		for range at.attempts {
			f.attempt(at.ip, at.typed, "wrong", 401, at.cookies...)
		}
		f.attempt(at.ip, "auditor", password, 429, at.cookies...)
		locked("true true")
		f.change("admin", "DELETE", accountsPath+"/auditor/lock", "", 204)
		locked("false false")
		if r := f.attempt(at.ip, "auditor", password, 200, at.cookies...); r.status != 200 {
			t.Errorf("from %s it stays locked", name)
		}
	}
	f.lock("auditor") // by every address
	locked("true false")
	for range pairLimit.attempts {
		f.attempt("192.0.2.50", "nobody at all", "wrong", 401)
	}
	if len(f.server.locks.byName) != 1 {
		t.Errorf("%d names are remembered", len(f.server.locks.byName))
	}
}

// TestThrottleForgetsNobody: its memory is fixed, and other names and addresses do not make it forget one that is attacked.
func TestThrottleForgetsNobody(t *testing.T) {
	now := clock
	limit := newThrottle(func() time.Time { return now })
	attacked := bucket{"attacked", pairLimit, ""}
	for range pairLimit.attempts {
		limit.take(attacked)
	}
	for i := range 500 { // few enough that none shares all cells with the attacked one, in 20 million runs
		if _, wait := limit.take(bucket{fmt.Sprint("another ", i), pairLimit, ""}); wait > 0 {
			t.Fatalf("number %d waits %v", i, wait)
		}
	}
	if wait := limit.wait(attacked); wait != pairLimit.every {
		t.Errorf("waits %v", wait)
	}
	now = now.Add(pairLimit.every - time.Second)
	if wait := limit.wait(attacked); wait != time.Second {
		t.Errorf("waits %v", wait)
	}
	now = now.Add(time.Second)
	giveBack, _ := limit.take(attacked)
	giveBack() // successes cost nothing
	if _, wait := limit.take(attacked); wait != 0 {
		t.Errorf("waits %v", wait)
	}
	if _, wait := limit.take(bucket{"free", addressLimit, ""}, attacked); wait != pairLimit.every {
		t.Errorf("waits %v", wait)
	}
	limit.free(attacked)
	for range pairLimit.attempts {
		if _, wait := limit.take(attacked); wait != 0 {
			t.Errorf("waits %v", wait)
		}
	}
}

// TestAddressLimit: an address has a limit for all names together.
func TestAddressLimit(t *testing.T) {
	f := newServer(t)
	for i := range addressLimit.attempts {
		f.attempt("192.0.2.1", []string{"owner", "admin", "scoped", "auditor", "member", "stranger"}[i%6], "wrong", 401)
	}
	f.attempt("192.0.2.1", "admin", password, 429)
	f.attempt("192.0.2.2", "admin", password, 200)
}

// TestOwnPassword: people change their own password if they know the old one. Their session goes on, all others end.
func TestOwnPassword(t *testing.T) {
	f := newServer(t)
	session, _ := f.cookiesOf(f.attempt("192.0.2.1", "auditor", password, 200))
	patch := func(cookie, old, password string, want int) reply {
		t.Helper()
		r := f.sendFrom("192.0.2.1", "PATCH", "/api/v1/session", fmt.Sprintf(`{"old_password":%q,"password":%q}`, old, password), cookie)
		if r.status != want || strings.Contains(r.body, "secret") {
			t.Errorf("%d, want %d: %s", r.status, want, r.body)
		}
		return r
	}
	const next = "a secret between us"
	patch(session, "wrong", next, 422)
	patch(session, "", next, 422)
	patch(session, password, "secret", 422)
	patch(session, password, "1qaz2wsx3edc", 422)
	patch(session, password, password, 422)
	f.get("auditor", "/api/v1/session", 200)
	renewed, device := f.cookiesOf(patch(session, password, next, 200))
	f.get("auditor", "/api/v1/session", 401) // another session of the account
	if r := f.sendFrom("192.0.2.1", "GET", "/api/v1/session", "", session); r.status != 401 {
		t.Errorf("the token of before: %d", r.status)
	}
	if r := f.sendFrom("192.0.2.1", "GET", "/api/v1/session", "", renewed); r.status != 200 || device == "" {
		t.Errorf("the new token: %d %s", r.status, r.body)
	}
	f.attempt("192.0.2.1", "auditor", password, 401)
	f.attempt("192.0.2.1", "auditor", next, 200)
	told := strings.Join(f.trail("admin", tenantA+"/access"), "\n")
	if !strings.Contains(told, "auditor session change_password auditor") || !strings.Contains(told, `auditor session change_password {"count":2,"last_at"`) || strings.Contains(told, "secret") {
		t.Error(told)
	}
	for range passwordLimit.attempts {
		patch(renewed, "wrong", password, 422)
	}
	patch(renewed, next, password, 429)
	f.attempt("192.0.2.1", "auditor", next, 200)
}

// TestOwnPasswordNeedsTheOld: an admin's session cannot set the own password the way it sets another's.
func TestOwnPasswordNeedsTheOld(t *testing.T) {
	f := newServer(t)
	f.asProblem(f.send("admin", "PATCH", accountsPath+"/admin", `{"password":"battery staple"}`), 403)
	f.asProblem(f.send("write", "PATCH", "/api/v1/session", `{"password":"battery staple","old_password":"x"}`), 403)
	f.attempt("192.0.2.1", "admin", password, 200)
}

// TestMustChange: an account whose password somebody else set does nothing before it has one of its own.
func TestMustChange(t *testing.T) {
	f := newServer(t)
	f.change("admin", "POST", accountsPath, `{"username":"new","password":"given by an admin","role":"auditor"}`, 201)
	f.change("admin", "POST", accountsPath, `{"username":"robot","password":"given by an admin","role":"auditor","must_change":false}`, 201)
	first := f.attempt("192.0.2.1", "new", "given by an admin", 200)
	if strings.TrimSpace(first.body) != `{"username":"new","role":"auditor","locale":"en","tenants":[],"must_change":true}` {
		t.Error(first.body)
	}
	session, _ := f.cookiesOf(first)
	send := func(method, path, body string, want int) reply {
		t.Helper()
		r := f.sendFrom("192.0.2.1", method, path, body, session)
		if r.status != want {
			t.Errorf("%s %s: %d, want %d: %s", method, path, r.status, want, r.body)
		}
		return r
	}
	for _, path := range []string{entriesPath, tenantA + "/summary", tenantA + "/live", "/api/v1/sessions", "/api/v1/key"} {
		if r := send("GET", path, "", 403); !strings.Contains(r.body, `"type":"urn:oplog:must-change"`) {
			t.Error(r.body)
		}
	}
	send("GET", "/api/v1/session", "", 200)
	send("PATCH", "/api/v1/session", `{"locale":"zh-CN"}`, 200)
	changed := send("PATCH", "/api/v1/session", `{"password":"chosen by myself","old_password":"given by an admin"}`, 200)
	if strings.Contains(changed.body, "must_change") || !strings.Contains(changed.body, `"id":"acme"`) {
		t.Error(changed.body)
	}
	session, _ = f.cookiesOf(changed)
	send("GET", entriesPath, "", 200)

	f.change("admin", "PATCH", accountsPath+"/new", `{"password":"given once more"}`, 200)
	session, _ = f.cookiesOf(f.attempt("192.0.2.1", "new", "given once more", 200))
	send("GET", entriesPath, "", 403)
	send("DELETE", "/api/v1/session", "", 204)
	session, _ = f.cookiesOf(f.attempt("192.0.2.1", "robot", "given by an admin", 200))
	send("GET", entriesPath, "", 200)
	f.change("admin", "PATCH", accountsPath+"/robot", `{"must_change":true}`, 200)
	send("GET", entriesPath, "", 403)
}

// TestAccountSessions: admins see the sessions of their accounts, without the tokens, and end them.
func TestAccountSessions(t *testing.T) {
	f := newServer(t)
	list := f.get("admin", accountsPath+"/auditor/sessions", 200)
	token := strings.TrimPrefix(f.sent["auditor"]["Cookie"], sessionCookie+"=")
	if strings.Count(list, `"created_at"`) != 1 || strings.Contains(list, token) || !strings.Contains(list, `"current":false`) {
		t.Error(list)
	}
	for _, path := range []string{"/auditor/sessions", "/owner/sessions"} {
		caller := map[bool]string{true: "stranger", false: "admin"}[path == "/auditor/sessions"]
		f.asProblem(f.send(caller, "GET", accountsPath+path, ""), 404)
		f.asProblem(f.send(caller, "DELETE", accountsPath+path, ""), 404)
	}
	f.get("auditor", "/api/v1/session", 200)
	f.change("admin", "DELETE", accountsPath+"/auditor/sessions", "", 204)
	f.get("auditor", "/api/v1/session", 401)
	f.get("member", "/api/v1/session", 200)
	if list := f.get("admin", accountsPath+"/auditor/sessions", 200); strings.Contains(list, "created_at") {
		t.Error(list)
	}
	if told := f.trail("admin", tenantA+"/access"); !strings.HasPrefix(told[0], "admin account sign_out auditor") {
		t.Errorf("%v", told)
	}
	f.attempt("192.0.2.1", "auditor", password, 200)
	must(f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.Tenant = "other"; return nil }))(t)
	f.asProblem(f.send("admin", "DELETE", accountsPath+"/auditor/sessions", ""), 404)
}
