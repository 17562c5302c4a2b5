package server

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// openLink opens a link in a browser.
func (f *fixture) openLink(caller, token string, headers ...string) reply {
	f.Helper()
	return f.send(caller, "GET", "/launch?tenant=acme&token="+token, "", append([]string{"Accept", "text/html"}, headers...)...)
}

// goOn submits the form of the confirmation page.
func (f *fixture) goOn(caller, token, site string) reply {
	f.Helper()
	form := url.Values{"tenant": {"acme"}, "token": {token}}.Encode()
	return f.send(caller, "POST", "/launch", form, "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", site)
}

// TestLaunchAsksFirst: while another person is signed in, a link changes nothing until they confirm on this server's own page.
func TestLaunchAsksFirst(t *testing.T) {
	f := newServer(t)
	token := f.launchToken(f.launchKey(), jwt.SigningMethodHS256, jwt.MapClaims{"name": "<b>韩梅梅"})
	for range 2 { // reloading asks again
		page := f.openLink("admin", token)
		for _, part := range []string{
			"<h1>Sign in as someone else?</h1>", "You are signed in as <bdi>admin</bdi>. The link is for <bdi>&lt;b&gt;韩梅梅</bdi>, from the host system.",
			"Continue as <bdi>&lt;b&gt;韩梅梅</bdi></button>", `<a href="/">Stay signed in as <bdi>admin</bdi></a>`,
			`<form method="post" action="/launch">`, `<input type="hidden" name="token" value="` + token + `">`,
		} {
			if page.status != 200 || !strings.Contains(page.body, part) {
				t.Errorf("no %s in %d %s", part, page.status, page.body)
			}
		}
		if h := page.header; h.Get("Set-Cookie") != "" || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "same-origin" || strings.Contains(page.body, "<script") {
			t.Errorf("%v", h)
		}
	}
	if page := f.openLink("admin", token, "Accept-Language", "zh-CN"); !strings.Contains(page.body, "以<bdi>&lt;b&gt;韩梅梅</bdi>继续") || !strings.Contains(page.body, "保持 <bdi>admin</bdi> 登录") {
		t.Errorf("%s", page.body)
	}
	f.change("owner", "PATCH", tenantA, `{"frame_ancestors":["https://app.example.com"]}`, 200)
	if policy := f.openLink("admin", token).header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; frame-ancestors 'self' https://app.example.com") || !strings.Contains(policy, "style-src 'self' 'sha256-") {
		t.Errorf("the policy is %s", policy)
	}
	f.asProblem(f.send("admin", "GET", "/launch?tenant=acme&token="+token, ""), 409)
	if r := f.goOn("admin", token, "cross-site"); r.status != 403 || r.header.Get("Set-Cookie") != "" {
		t.Errorf("from another site: %d %v", r.status, r.header)
	}
	f.get("admin", "/api/v1/session", 200)
	if told := strings.Join(f.trail("owner", tenantA+"/access"), "\n"); strings.Contains(told, "session launch") {
		t.Errorf("the trail says %s", told)
	}

	gone := f.goOn("admin", token, "same-origin")
	if gone.status != 303 {
		t.Fatalf("%d %s", gone.status, gone.body)
	}
	gone.status = 302
	f.enter("next", gone)
	f.get("next", tenantA+"/entries", 200)
	f.get("admin", "/api/v1/session", 401)
	if told := strings.Join(f.trail("owner", tenantA+"/access"), "\n"); !strings.Contains(told, "host/u7 session launch") {
		t.Errorf("the trail says %s", told)
	}
	if r := f.goOn("next", token, "same-origin"); r.status != 401 || !strings.Contains(r.body, "already used") {
		t.Errorf("sent again: %d %s", r.status, r.body)
	}
	f.get("next", "/api/v1/session", 200)
}

// TestLaunchAsksNothing: links of the same person, and links that sign nobody in, are answered immediately; the latter sign nobody out.
func TestLaunchAsksNothing(t *testing.T) {
	f := newServer(t)
	hs := jwt.SigningMethodHS256
	link := func(claims jwt.MapClaims) string { return f.launchToken(f.launchKey(), hs, claims) }
	for name, claims := range map[string]jwt.MapClaims{
		"member": {"role": "member"}, "expired": {"exp": clock.Add(-time.Second).Unix()}, "no jti": {"jti": nil},
	} {
		if r := f.openLink("admin", link(claims)); r.status != 401 && r.status != 403 {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := f.goOn("admin", link(jwt.MapClaims{"organization": "nowhere"}), "same-origin"); r.status != 422 {
		t.Errorf("%d %s", r.status, r.body)
	}
	late := link(nil)
	if r := f.openLink("admin", late); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
	f.advance(10 * time.Minute)
	if r := f.goOn("admin", late, "same-origin"); r.status != 401 || !strings.Contains(r.body, "it has expired") {
		t.Errorf("%d %s", r.status, r.body)
	}
	f.get("admin", "/api/v1/session", 200)

	soon := jwt.MapClaims{"exp": clock.Add(12 * time.Minute).Unix()}
	f.enter("first", f.launch("acme", link(soon)))
	if r := f.openLink("first", link(soon)); r.status != 302 {
		t.Errorf("the same person: %d %s", r.status, r.body)
	}
	if r := f.openLink("first", link(soon)); r.status != 302 { // their session was replaced
		t.Errorf("a session that is over: %d %s", r.status, r.body)
	}
	f.enter("namesake", f.launch("acme", link(jwt.MapClaims{"sub": "owner", "name": "owner", "exp": soon["exp"]})))
	if r := f.openLink("owner", link(jwt.MapClaims{"sub": "owner", "name": "owner", "exp": soon["exp"]})); !strings.Contains(r.body, "Continue as <bdi>owner (host/owner)</bdi>") {
		t.Errorf("a namesake: %d %s", r.status, r.body)
	}
}
