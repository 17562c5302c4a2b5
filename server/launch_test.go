package server

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"oplog/exports"
	"oplog/identity"
	"oplog/oplog"

	"github.com/golang-jwt/jwt/v5"
)

// launchToken returns a token as a host system makes it; claims replace its usual claims or, if nil, remove them.
func (f *fixture) launchToken(key string, method jwt.SigningMethod, claims jwt.MapClaims) string {
	f.Helper()
	all := jwt.MapClaims{"sub": "u7", "name": "韩梅梅", "role": "admin", "exp": clock.Add(2 * time.Minute).Unix(), "jti": f.Name() + time.Now().String()}
	for name, value := range claims {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	var secret any = []byte(key)
	if method == jwt.SigningMethodNone {
		secret = jwt.UnsafeAllowNoneSignatureType
	}
	text, err := jwt.NewWithClaims(method, all).SignedString(secret)
	f.noError(err)
	return text
}

func (f *fixture) launchKey() string {
	return strings.TrimPrefix(f.sent["launch"]["Authorization"], "Bearer ")
}

func (f *fixture) launch(tenant, token string) reply {
	f.Helper()
	return f.send("nobody", "GET", "/launch?tenant="+tenant+"&token="+token, "")
}

// enter adds the user whom a launch signed in as a caller.
func (f *fixture) enter(caller string, r reply) {
	f.Helper()
	if r.status != http.StatusFound || r.header.Get("Location") != "/t/acme/log" || r.header.Get("Cache-Control") != "no-store" {
		f.Fatalf("launch: %d %v %s", r.status, r.header, r.body)
	}
	cookie, err := http.ParseSetCookie(r.header.Get("Set-Cookie"))
	f.noError(err)
	f.sent[caller] = map[string]string{"Cookie": sessionCookie + "=" + cookie.Value}
}

// TestLaunchedNamesake: nothing that a launched user creates is attributed to the account of the same name.
func TestLaunchedNamesake(t *testing.T) {
	f := newServer(t)
	f.record(entry())
	f.enter("namesake", f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, jwt.MapClaims{"sub": "admin", "name": "admin"})))
	f.get("namesake", entriesPath, 200)
	x := f.change("namesake", "POST", exportsPath, `{"range":"today","format":"csv"}`, 202)
	view := f.change("namesake", "POST", tenantA+"/views", `{"name":"mine","query":"q=x","shared":true}`, 201)
	hold := f.change("namesake", "POST", tenantA+"/holds", `{"reason":"case 7"}`, 201)
	for text, want := range map[string]string{
		x: `"created_by":{"username":"host/admin"}`, view: `"made_by":"admin (host/admin)"`, hold: `"set_by":"host/admin"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	told := f.get("owner", tenantA+"/access", 200)
	if strings.Contains(told, `"user":{"id":"admin"`) || strings.Contains(told, `"name":"admin",`) || strings.Count(told, `"user":{"id":"host/admin","name":"admin (host/admin)"`) < 4 {
		t.Errorf("the trail says %s", told)
	}
	if by := (exports.Creator{Username: "host/admin"}).String(); by != "user of the host system host/admin" {
		t.Errorf("a manifest is by %s", by)
	}
}

// TestEndLaunched: the host system ends the sessions of its user, and no others.
func TestEndLaunched(t *testing.T) {
	f := newServer(t)
	f.enter("leaving", f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, jwt.MapClaims{"sub": "admin"})))
	f.enter("staying", f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, nil)))
	f.change("launch", "DELETE", tenantA+"/launched/admin", "", 204)
	f.get("leaving", "/api/v1/session", 401)
	f.get("staying", "/api/v1/session", 200)
	f.get("admin", "/api/v1/session", 200)
}

// TestLaunchHeadersAndAudience: tokens with unknown critical extensions, for other servers, or issued in the future are refused.
func TestLaunchHeadersAndAudience(t *testing.T) {
	f := newServer(t)
	for name, c := range map[string]struct {
		aud  any
		iat  time.Duration
		want int
	}{
		"none": {nil, 0, 302}, "url": {"http://example.com", 0, 302}, "path": {"https://EXAMPLE.com/launch", 0, 302}, "host": {"example.com", 0, 302},
		"one of many": {[]string{"crm", "example.com"}, 0, 302}, "another": {"https://log.test", 0, 401}, "suffix": {"http://example.com.evil.test", 0, 401},
		"others": {[]string{"crm", "erp"}, 0, 401}, "clock ahead": {nil, 30 * time.Second, 302}, "future": {nil, 2 * time.Minute, 401},
	} {
		claims := jwt.MapClaims{"aud": c.aud, "iat": clock.Add(c.iat).Unix()}
		if r := f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, claims)); r.status != c.want {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u7", "name": "x", "role": "admin", "exp": clock.Add(time.Minute).Unix(), "jti": "crit"})
	token.Header["crit"] = []string{"x"}
	text, err := token.SignedString([]byte(f.launchKey()))
	f.noError(err)
	if p := f.asProblem(f.launch("acme", text), 401); !strings.Contains(p.Detail, "crit") {
		t.Errorf("%+v", p)
	}
}

func TestLaunch(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"organization":{"id":"west","name":"West"}`), entry(`"organization":{"id":"shanghai","name":"Shanghai"}`))
	hs := jwt.SigningMethodHS256
	f.enter("whole", f.launch("acme", f.launchToken(f.launchKey(), hs, nil)))
	want := `{"username":"u7","name":"韩梅梅","role":"admin","locale":"en","tenants":[{"id":"acme","name":"Acme","time_zone":"Asia/Shanghai","data_permission":true}],"launched":true}`
	if body := f.get("whole", "/api/v1/session", 200); strings.TrimSpace(body) != want {
		t.Error(body)
	}
	f.get("whole", accountsPath, 200)
	f.get("whole", "/api/v1/tenants/other/entries", 404)

	token := f.launchToken(f.launchKey(), hs, jwt.MapClaims{"role": "auditor", "organization": "east"})
	f.enter("part", f.launch("acme", token))
	if sum := f.get("part", tenantA+"/summary", 200); !strings.Contains(sum, `"total":1`) {
		t.Error(sum)
	}
	f.get("part", accountsPath, 403)
	f.asProblem(f.launch("acme", token), 401) // valid only once
	f.change("part", "PATCH", "/api/v1/session", `{"locale":"zh-CN"}`, 200)
	if body := f.get("part", "/api/v1/session", 200); !strings.Contains(body, `"locale":"zh-CN"`) {
		t.Error(body)
	}

	// The host system may set the user's language.
	f.enter("chinese", f.launch("acme", f.launchToken(f.launchKey(), hs, jwt.MapClaims{"locale": "zh-CN"})))
	if body := f.get("chinese", "/api/v1/session", 200); !strings.Contains(body, `"locale":"zh-CN"`) {
		t.Error(body)
	}

	// It is unrelated to an account of the same name.
	f.enter("namesake", f.launch("acme", f.launchToken(f.launchKey(), hs, jwt.MapClaims{"sub": "owner"})))
	f.get("namesake", "/api/v1/tenants", 403)
	f.change("namesake", "PATCH", "/api/v1/session", `{"locale":"zh-CN"}`, 200)
	f.change("namesake", "DELETE", "/api/v1/sessions", "", 204)
	if body := f.get("owner", "/api/v1/session", 200); !strings.Contains(body, `"locale":"en"`) {
		t.Error(body)
	}

	told := f.trail("admin", tenantA+"/access")
	if all := strings.Join(told, "\n"); !strings.Contains(all, `host/u7 session launch `) || !strings.Contains(all, `{"organization":"east","role":"auditor"}`) ||
		!strings.Contains(all, `unknown session launch {"reason":"This link was already used.`) || strings.Contains(all, token) {
		t.Error(all)
	}

	// Revoking the key ends its sessions immediately.
	keys := must(f.log.Identity.Keys("acme"))(t)
	for _, k := range keys {
		if k.Scope == identity.ScopeLaunch {
			f.change("admin", "DELETE", tenantA+"/keys/"+k.ID, "", 204)
		}
	}
	f.get("whole", "/api/v1/session", 401)
	f.asProblem(f.launch("acme", f.launchToken(f.launchKey(), hs, nil)), 401)
}

func TestLaunchRefused(t *testing.T) {
	f := newServer(t)
	_, strange, err := f.log.Identity.AddKey("other", identity.ScopeLaunch, "host")
	f.noError(err)
	hs := jwt.SigningMethodHS256
	key := f.launchKey()
	check := func(token string, want int, why string) {
		t.Helper()
		r := f.launch("acme", token)
		p := f.asProblem(r, want)
		if !strings.Contains(p.Detail, why) || r.header.Get("Set-Cookie") != "" {
			t.Errorf("%d %s, want %s; %v", r.status, p.Detail, why, r.header)
		}
	}
	at := func(d time.Duration) jwt.MapClaims { return jwt.MapClaims{"exp": clock.Add(d).Unix()} }
	check("", 401, "is not a JWT")
	check("x.y.z", 401, "is not a JWT")
	check(f.launchToken(strange, hs, nil), 401, "is not signed")
	check(f.launchToken("", hs, nil), 401, "is not signed")
	check(f.launchToken(key, jwt.SigningMethodNone, nil), 401, "is not signed")
	check(f.launchToken(key, jwt.SigningMethodHS512, nil), 401, "is not signed")
	for _, caller := range []string{"write", "read"} {
		check(f.launchToken(strings.TrimPrefix(f.sent[caller]["Authorization"], "Bearer "), hs, nil), 401, "is not signed")
	}
	good := f.launchToken(key, hs, nil)
	signature := strings.LastIndex(good, ".") + 1
	check(good[:signature]+strings.Repeat("A", len(good)-signature), 401, "is not signed")
	check(f.launchToken(key, hs, at(-time.Second)), 401, "has expired")
	check(f.launchToken(key, hs, at(time.Hour)), 401, "5 minutes from now")
	check(f.launchToken(key, hs, at(6*time.Minute)), 401, "5 minutes from now")
	check(f.launchToken(key, hs, jwt.MapClaims{"exp": nil}), 401, "exp is missing")
	check(f.launchToken(key, hs, jwt.MapClaims{"nbf": clock.Add(time.Minute).Unix()}), 401, "not valid yet")
	check(f.launchToken(key, hs, jwt.MapClaims{"jti": nil}), 401, "jti")
	check(f.launchToken(key, hs, jwt.MapClaims{"role": "owner"}), 401, "role")
	check(f.launchToken(key, hs, jwt.MapClaims{"role": nil}), 401, "role")
	check(f.launchToken(key, hs, jwt.MapClaims{"locale": "fr"}), 401, "locale")
	check(f.launchToken(key, hs, jwt.MapClaims{"sub": 10027}), 401, "its sub is a JSON number, not a string")
	check(f.launchToken(key, hs, jwt.MapClaims{"name": []string{"a"}}), 401, "its name is a JSON array, not a string")
	check(f.launchToken(key, hs, jwt.MapClaims{"organization": 7}), 401, "its organization is a JSON number, not a string")
	check(f.launchToken(key, hs, jwt.MapClaims{"exp": "soon"}), 401, "its exp, nbf or iat is not a number of seconds")
	check(f.launchToken(key, hs, jwt.MapClaims{"exp": true}), 401, "its exp, nbf or iat is not a number of seconds")
	check(f.launchToken(key, hs, jwt.MapClaims{"role": "member"}), 403, "no access")
	check(f.launchToken(key, hs, jwt.MapClaims{"sub": nil}), 422, "is invalid")
	check(f.launchToken(key, hs, jwt.MapClaims{"name": strings.Repeat("x", 200)}), 422, "is invalid")
	check(f.launchToken(key, hs, jwt.MapClaims{"organization": "nowhere"}), 422, "is invalid")

	f.asProblem(f.send("nobody", "GET", "/launch?token="+good, ""), 401)
	if r := f.send("nobody", "HEAD", "/launch?tenant=acme&token="+good, ""); r.status != 405 || r.header.Get("Set-Cookie") != "" {
		t.Errorf("HEAD: %d", r.status)
	}
	for _, line := range f.trail("admin", tenantA+"/access") {
		if strings.Contains(line, " session launch") && !strings.HasSuffix(line, "failed") {
			t.Errorf("the trail tells %s", line)
		}
	}
	if r := f.launch("acme", good); r.status != http.StatusFound {
		t.Errorf("the good one: %d %s", r.status, r.body)
	}
}

// TestLaunchGivesNoHint: unknown and known tenants get the same rejection.
func TestLaunchGivesNoHint(t *testing.T) {
	f := newServer(t)
	_, strange, err := f.log.Identity.AddKey("other", identity.ScopeLaunch, "host")
	f.noError(err)
	for _, claims := range []jwt.MapClaims{nil, {"sub": 10027}, {"exp": "soon"}, {"exp": clock.Add(-time.Hour).Unix()}} {
		token := f.launchToken(strange, jwt.SigningMethodHS256, claims)
		if one, other := f.launch("acme", token), f.launch("nowhere", token); one.body != other.body || one.status != other.status {
			t.Errorf("%v: %s; %s", claims, one.body, other.body)
		}
	}
}

// TestLaunchRefusedWithAPage: users get a page with the reason in their language; it does not mention the log.
func TestLaunchRefusedWithAPage(t *testing.T) {
	f := newServer(t)
	chinese := f.send("nobody", "GET", "/launch?tenant=acme&token=x", "", "Accept", "text/html", "Accept-Language", "zh-CN,zh;q=0.9")
	if chinese.status != 401 || !strings.Contains(chinese.body, `<html lang="zh-CN">`) || !strings.Contains(chinese.body, "请返回业务系统") || !strings.Contains(chinese.body, "is not a JWT") {
		t.Errorf("%d %s", chinese.status, chinese.body)
	}
	for _, language := range []string{"en", "zh-CN"} { // the page for a member does not mention the log
		r := f.send("nobody", "GET", "/launch?tenant=acme&token="+f.launchToken(f.launchKey(), jwt.SigningMethodHS256, jwt.MapClaims{"role": "member"}), "", "Accept", "text/html", "Accept-Language", language)
		if r.status != 403 || strings.Contains(strings.ToLower(r.body), "log") || strings.Contains(r.body, "日志") {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	page := f.send("nobody", "GET", "/launch?tenant=acme&token=%3Cscript%3E", "", "Accept", "text/html,*/*;q=0.8")
	if page.status != 401 || !strings.HasPrefix(page.body, "<!doctype html>") || strings.Contains(page.body, "<script") || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %s", page.status, page.body)
	}
	_, sheet, _ := strings.Cut(page.body, "<style>")
	sheet, _, _ = strings.Cut(sheet, "</style>")
	sum := sha256.Sum256([]byte(sheet))
	want := "; style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; "
	if policy := page.header.Get("Content-Security-Policy"); sheet == "" || !strings.Contains(policy, want) || strings.Contains(policy, "unsafe-inline") {
		t.Errorf("%s; want %s for its style sheet", policy, want)
	}
}

func TestFrameAncestors(t *testing.T) {
	f := newServer(t)
	f.change("owner", "PATCH", tenantA, `{"frame_ancestors":["https://app.example.com","https://*.acme.test:8443"]}`, 200)
	check := func(path, want string) {
		t.Helper()
		if policy := f.send("nobody", "GET", path, "").header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "; frame-ancestors "+want) {
			t.Errorf("%s: %s", path, policy)
		}
	}
	check("/t/acme/log", "'self' https://app.example.com https://*.acme.test:8443")
	check("/t/acme", "'self' https://app.example.com https://*.acme.test:8443")
	for _, path := range []string{"/", "/sign-in", "/t/other/log", "/t/nowhere/log", "/t/", "/t", entriesPath} {
		check(path, "'none'")
	}
	for _, site := range []string{"", "*", "app.example.com", "https://a b", "https://a;script-src *", "javascript:alert(1)", "https://a/b", "'unsafe-inline'", "https://*"} {
		f.asProblem(f.send("owner", "PATCH", tenantA, `{"frame_ancestors":["`+site+`"]}`), 422)
	}

	// If another site may embed the console, the session cookie works there, too.
	f.server.proxies = everyPeer
	f.sent["nobody"] = map[string]string{"X-Forwarded-Proto": "https"}
	r := f.launch("acme", f.launchToken(f.launchKey(), jwt.SigningMethodHS256, nil))
	if cookie := r.header.Get("Set-Cookie"); !strings.Contains(cookie, "SameSite=None") || !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "Partitioned") {
		t.Errorf("%d %s", r.status, cookie)
	}
	f.change("owner", "PATCH", tenantA, `{"frame_ancestors":[]}`, 200)
	check("/t/acme/log", "'none'")
}

// TestInvalidLinksAreThrottled: invalid links from an address are refused after a number of them, valid ones cost nothing; and of one that is no
// token no key is read.
func TestInvalidLinksAreThrottled(t *testing.T) {
	f, store := newStoppedServer(t)
	store.stop(oplog.RecordKey, listed, func() { t.Error("keys were read") })
	follow := func(ip, token string, want int) {
		t.Helper()
		if r := f.sendFrom(ip, "GET", "/launch?tenant=acme&token="+token, ""); r.status != want || want == 429 && r.header.Get("Retry-After") == "" {
			t.Errorf("%d, want %d: %s", r.status, want, r.body)
		}
	}
	valid := func() string { return f.launchToken(f.launchKey(), jwt.SigningMethodHS256, nil) }
	follow("192.0.2.1", "x", 401)
	store.stop(oplog.RecordKey, listed, func() {})
	for range launchLimit.attempts {
		follow("192.0.2.1", valid(), 302)
	}
	for range launchLimit.attempts - 1 {
		follow("192.0.2.1", f.launchToken("wrong", jwt.SigningMethodHS256, nil), 401)
	}
	follow("192.0.2.1", valid(), 429)
	follow("192.0.2.2", valid(), 302)
	f.attempt("192.0.2.1", "admin", password, 200) // passwords have limits of their own
	f.advance(launchLimit.every)
	follow("192.0.2.1", valid(), 302)
}
