package server

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"oplog/identity"
	"oplog/identity/oidc"
	"oplog/identity/sources/sourcestest"
)

// TestProviderSignIn: a browser comes back with what it got, once, and only as a page; whatever is wrong, it reads why on the sign-in page.
func TestProviderSignIn(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	r := w.comeBack("auditor", w.begin("?next="+url.QueryEscape("/t/acme/log?q=x")))
	w.as("erin", r)
	if r.status != 302 || r.header.Get("Location") != "/t/acme/log?q=x" {
		t.Errorf("%d %v %s", r.status, r.header, r.body)
	}
	if body := f.get("erin", "/api/v1/session", 200); !strings.HasPrefix(body, `{"username":"sso/auditor"`) {
		t.Error(body)
	}
	if told := f.get("owner", tenantA+"/access", 200); !strings.Contains(told, `"id":"sso/auditor"`) || !strings.Contains(told, `"operation":"sign_in"`) || !strings.Contains(told, `"source":"sso"`) {
		t.Error(told)
	}
	for _, next := range []string{"//evil.test", "/\\evil.test", "https://evil.test", "x", "/\nx"} {
		if at := w.comeBack("auditor", w.begin("?next="+url.QueryEscape(next))).header.Get("Location"); at != "/" {
			t.Errorf("%q leads to %s", next, at)
		}
	}
	w.failedWith(w.comeBack("auditor", "x=y"), "again")
	w.failedWith(w.comeBack("auditor", attemptCookie+"=x"), "again")
	w.failedWith(w.comeBack("auditor", attemptCookie+"="+base64.RawURLEncoding.EncodeToString([]byte(`{"p":"another","s":{"s":"s"}}`))), "again")
	w.failedWith(w.comeBack("unknown", w.begin("")), "again")
	w.failedWith(w.comeBack("nobody", w.begin("")), "not-allowed")
	must(f.log.Identity.ChangeAccount("sso/auditor", func(a *identity.Account) error { a.Disabled = true; return nil }))(t)
	w.failedWith(w.comeBack("auditor", w.begin("")), "again")
	if r := w.comeBack("nobody", w.begin("")); !strings.Contains(strings.Join(r.header["Set-Cookie"], "\n"), attemptCookie+"=; Path=/; Max-Age=0") {
		t.Errorf("the attempt goes on: %v", r.header["Set-Cookie"])
	}
	cookie := w.begin("")
	for _, headers := range [][]string{
		{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, {"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, {},
	} {
		headers = append(headers, "Sec-Fetch-Site", "cross-site", "Cookie", cookie)
		f.asProblem(f.send("nobody", "GET", providerRoot+"sso/callback?code=admin", "", headers...), 403)
		f.asProblem(f.send("nobody", "GET", providerRoot+"sso", "", headers...), 403)
	}
	f.asProblem(f.send("nobody", "GET", providerRoot+"sso", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 403)
	for _, path := range []string{"sso", "sso/callback"} {
		if r := f.send("nobody", "HEAD", providerRoot+path, ""); r.status != 405 {
			t.Errorf("HEAD %s: %d", path, r.status)
		}
	}
	for _, path := range []string{"corp", "corp/callback", "nowhere", "nowhere/callback"} {
		f.get("nobody", providerRoot+path, 404)
	}
	w.sso.Down = sourcestest.ErrDown
	w.failedWith(f.send("nobody", "GET", providerRoot+"sso", "", "Accept", "text/html"), "unavailable")
	f.get("nobody", providerRoot+"sso", 503)
}

// TestProviderLogout: who signs out here is sent to the provider, and who signs out there is signed out here.
func TestProviderLogout(t *testing.T) {
	f := newServer(t)
	w := f.withSources()
	w.as("erin", w.enterBy("sso", "auditor"))
	r := f.send("erin", "DELETE", "/api/v1/session", "")
	if at := must(url.Parse(decode[struct{ Continue string }](t, r.body).Continue))(t); r.status != 200 || at.Host != "idp.example" || at.Query().Get("back") != "http://example.com/sign-in" || at.Query().Get("hint") != "hint" {
		t.Errorf("%d %v", r.status, r.header)
	}
	f.get("erin", "/api/v1/session", 401)
	w.as("alice", w.enterBy("corp", "auditor"))
	if r := f.send("alice", "DELETE", "/api/v1/session", ""); r.status != 204 || r.body != "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	logout := func(path, body string, want int, headers ...string) {
		t.Helper()
		headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
		if r := f.send("nobody", "POST", providerRoot+path+"/logout", body, headers...); r.status != want {
			t.Errorf("%s %s: %d %s, want %d", path, body, r.status, r.body, want)
		}
	}
	w.as("erin", w.enterBy("sso", "auditor"))
	w.sso.Said = oidc.Logout{Subject: "id-auditor", IssuedAt: f.tick()}
	logout("sso", "", 400)
	logout("sso", "logout_token=", 400)
	logout("sso", "logout_token="+strings.Repeat("x", maxLogoutToken+1), 400)
	logout("corp", "logout_token=x", 404)
	logout("sso", "logout_token=x", 403, "Sec-Fetch-Site", "cross-site")
	f.get("erin", "/api/v1/session", 200)
	logout("sso", "logout_token=x", 200)
	f.get("erin", "/api/v1/session", 401)
	if told := f.get("owner", tenantA+"/access", 200); !strings.Contains(told, `"reason":"ended by the provider"`) {
		t.Error(told)
	}
	w.sso.Down = identity.ErrNotThisPerson
	logout("sso", "logout_token=x", 400)
	w.sso.Down = sourcestest.ErrDown
	logout("sso", "logout_token=x", 503)
}
