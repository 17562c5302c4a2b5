package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"oplog/identity"
)

func signIn(username, password string) string {
	return fmt.Sprintf(`{"username":%q,"password":%q}`, username, password)
}

func TestSignIn(t *testing.T) {
	f := newServer(t)
	f.sent["new"] = map[string]string{}
	r := f.send("new", "POST", "/api/v1/session", signIn("admin", password))
	want := `{"username":"admin","role":"admin","locale":"en","tenants":[{"id":"acme","name":"Acme","time_zone":"Asia/Shanghai","data_permission":true}]}`
	if r.status != 200 || strings.TrimSpace(r.body) != want {
		t.Fatalf("%d %s", r.status, r.body)
	}
	cookie, err := http.ParseSetCookie(r.header.Get("Set-Cookie"))
	f.noError(err)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Secure || cookie.Domain != "" || len(cookie.Value) < 40 ||
		cookie.MaxAge != 12*60*60 || cookie.Expires.Sub(clock).Round(time.Second) != 12*time.Hour {
		t.Errorf("cookie %+v", cookie)
	}
	f.sent["new"]["Cookie"] = sessionCookie + "=" + cookie.Value
	if body := f.get("new", "/api/v1/session", 200); strings.TrimSpace(body) != want {
		t.Errorf("who am I: %s", body)
	}

	// Signing in again ends the previous session; signing out ends this one.
	again := f.send("new", "POST", "/api/v1/session", signIn("admin", password))
	f.get("new", "/api/v1/session", 401)
	cookie, err = http.ParseSetCookie(again.header.Get("Set-Cookie"))
	f.noError(err)
	f.sent["new"]["Cookie"] = sessionCookie + "=" + cookie.Value
	out := f.send("new", "DELETE", "/api/v1/session", "")
	if gone := out.header.Get("Set-Cookie"); out.status != 204 || !strings.Contains(gone, "Max-Age=0") || !strings.HasPrefix(gone, sessionCookie+"=;") {
		t.Errorf("sign out: %d %s", out.status, gone)
	}
	f.get("new", "/api/v1/session", 401)
	f.get("admin", "/api/v1/session", 200) // another session of the account stays
}

// TestSignInRefused: the response does not depend on whether the account exists, is disabled, or has another password.
func TestSignInRefused(t *testing.T) {
	f := newServer(t)
	must(f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.Disabled = true; return nil }))(t)
	want := f.send("nobody", "POST", "/api/v1/session", signIn("admin", "wrong password"))
	f.asProblem(want, 401)
	for _, body := range []string{signIn("nobody", password), signIn("auditor", password), signIn("", ""), signIn("ADMIN", password), signIn("admin", "")} {
		r := f.send("nobody", "POST", "/api/v1/session", body)
		if r.status != want.status || r.body != want.body || r.header.Get("Set-Cookie") != "" || r.header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("%s: %d %s %v", body, r.status, r.body, r.header)
		}
	}
	f.get("auditor", "/api/v1/session", 401) // its session ended with the account
	if f.words.Len() > 0 {
		t.Errorf("logged: %s", f.words)
	}
}

func TestBadSignIn(t *testing.T) {
	f := newServer(t)
	check := func(want int, body string, headers ...string) {
		t.Helper()
		r := f.send("nobody", "POST", "/api/v1/session", body, headers...)
		f.asProblem(r, want)
		if strings.Contains(r.body, "secret") {
			t.Errorf("%s: the answer repeats the password: %s", body, r.body)
		}
	}
	check(400, ``)
	check(400, `{"username":"admin","password":"secret"`)
	check(400, `{"username":"admin","password":"secret","password":"secret"}`)
	check(422, `{"username":"admin"}`)
	check(422, `{"username":"admin","password":["secret"]}`)
	check(422, `{"username":"admin","password":{"secret":1}}`)
	check(422, `{"username":"admin","password":"`+strings.Repeat("secret", 200)+`"}`)
	check(422, `{"username":"admin","password":"secret","tenant":"acme"}`)
	check(422, `["secret"]`)
	check(415, `username=admin&password=secret`, "Content-Type", "application/x-www-form-urlencoded")
	check(415, signIn("admin", "secret"), "Content-Type", "text/plain")
}

func TestSessionBodies(t *testing.T) {
	f := newServer(t)
	check := func(caller, want string) {
		t.Helper()
		if body := f.get(caller, "/api/v1/session", 200); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in %s", caller, want, body)
		}
	}
	check("member", `"tenants":[]`)
	check("scoped", `"locale":"zh-CN"`)
	check("scoped", `"organization":"east"`)
	check("owner", `{"id":"acme",`)
	check("owner", `{"id":"other",`)
	check("stranger", `"tenants":[{"id":"other","name":"Other","time_zone":"UTC","data_permission":false}]`)
	if body := f.get("owner", "/api/v1/tenants", 200); !strings.Contains(body, `{"tenants":[{"id":"acme","name":"Acme"`) {
		t.Error(body)
	}

	r := f.send("auditor", "PATCH", "/api/v1/session", `{"locale":"zh-CN"}`)
	if r.status != 200 || !strings.Contains(r.body, `"locale":"zh-CN"`) {
		t.Errorf("change: %d %s", r.status, r.body)
	}
	check("auditor", `"locale":"zh-CN"`)
	f.asProblem(f.send("auditor", "PATCH", "/api/v1/session", `{"locale":"fr"}`), 422)
	f.asProblem(f.send("auditor", "PATCH", "/api/v1/session", `{}`), 422)
}

// TestLanguageOfTheFirstSignIn: an account without a language gets that of the page, or of the browser, and keeps it.
func TestLanguageOfTheFirstSignIn(t *testing.T) {
	f := newServer(t)
	check := func(want, body, acceptLanguage string) {
		t.Helper()
		f.sent["new"] = map[string]string{"Accept-Language": acceptLanguage}
		r := f.send("new", "POST", "/api/v1/session", body)
		if r.status != 200 || !strings.Contains(r.body, `"locale":"`+want+`"`) {
			t.Errorf("%s, %s: %d %s", body, acceptLanguage, r.status, r.body)
		}
	}
	with := func(username, locale string) string {
		return fmt.Sprintf(`{"username":%q,"password":%q,"locale":%q}`, username, password, locale)
	}
	none := func(username string) {
		must(f.log.Identity.ChangeAccount(username, func(a *identity.Account) error { a.Locale = ""; return nil }))(t)
	}
	none("admin")
	check("zh-CN", with("admin", "zh-CN"), "en-US")
	check("zh-CN", with("admin", "en"), "en-US")
	none("auditor")
	check("zh-CN", signIn("auditor", password), "zh-CN,zh;q=0.9")
	none("owner")
	check("en", signIn("owner", password), "de")
	f.asProblem(f.send("new", "POST", "/api/v1/session", with("owner", "fr")), 422)
}
