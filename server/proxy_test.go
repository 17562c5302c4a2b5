package server

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"oplog/server/wire"
)

// everyPeer trusts all proxies, as tests have no network.
var everyPeer = wire.Proxies{netip.MustParsePrefix("0.0.0.0/0")}

// TestForwardedClients: the headers of trusted proxies, and of no others, tell the address and host of the client.
func TestForwardedClients(t *testing.T) {
	f := newServer(t)
	signsInFrom := func(want string, headers ...string) {
		t.Helper()
		f.sent["new"] = map[string]string{}
		r := f.send("new", "POST", "/api/v1/session", signIn("auditor", password), headers...)
		cookie, _, _ := strings.Cut(r.header.Get("Set-Cookie"), ";")
		f.sent["new"] = map[string]string{"Cookie": cookie}
		if sessions := f.get("new", "/api/v1/sessions", 200); !strings.Contains(sessions, `"ip":"`+want+`"`) {
			t.Errorf("%v: %s is not in %s", headers, want, sessions)
		}
		f.change("new", "DELETE", "/api/v1/sessions", "", 204)
	}
	signsInFrom("0.0.0.0", "X-Forwarded-For", "198.51.100.7")
	if !strings.Contains(f.words.String(), "--trusted-proxy 0.0.0.0") {
		t.Errorf("the log does not say how to trust the proxy: %s", f.words)
	}
	host := func(want int, headers ...string) {
		t.Helper()
		f.asProblem(f.send("nobody", "GET", "/api/v1/session", "", headers...), want)
	}
	host(401, "X-Forwarded-Host", "evil.test")

	f.server.proxies = wire.Proxies{netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("10.0.0.0/8")}
	signsInFrom("198.51.100.7", "X-Forwarded-For", "198.51.100.7")
	signsInFrom("198.51.100.7", "X-Forwarded-For", "203.0.113.9, 198.51.100.7, 10.1.2.3") // the first is only a claim
	signsInFrom("198.51.100.7", "X-Forwarded-For", "203.0.113.9, 198.51.100.7:4711, 10.1.2.3")
	signsInFrom("2001:db8::7", "X-Forwarded-For", "[2001:db8::7]:4711")
	signsInFrom("10.1.2.3", "X-Forwarded-For", "made up, 10.1.2.3")
	signsInFrom("10.9.9.9", "X-Forwarded-For", "10.9.9.9, 10.1.2.3")
	signsInFrom("0.0.0.0", "X-Forwarded-For", "made up")
	host(421, "X-Forwarded-Host", "evil.test")
	host(401, "X-Forwarded-Host", "example.com")
}

// TestConnectionsOfProxies: a proxy sends the requests of several clients over one connection, and each has its own client's address.
func TestConnectionsOfProxies(t *testing.T) {
	f := newServer(t)
	f.server.proxies = wire.Proxies{netip.MustParsePrefix("127.0.0.1/32")}
	url := f.listen()
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	proxy := &http.Client{Transport: transport}
	for i, client := range []string{"198.51.100.7", "198.51.100.8", ""} {
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/session", strings.NewReader(signIn("auditor", password))))(t)
		r.Header.Set("Content-Type", "application/json")
		if client != "" {
			r.Header.Set("X-Forwarded-For", client)
			r.Header.Set("X-Forwarded-Proto", "https")
		} else {
			client = "127.0.0.1"
		}
		answer := must(proxy.Do(r))(t)
		_ = must(io.ReadAll(answer.Body))(t)
		f.noError(answer.Body.Close())
		if secure := strings.Contains(answer.Header.Get("Set-Cookie"), "; Secure"); secure != (client != "127.0.0.1") {
			t.Errorf("request %d: cookie %s", i, answer.Header.Get("Set-Cookie"))
		}
		if sessions := f.get("auditor", "/api/v1/sessions", 200); !strings.Contains(sessions, `"ip":"`+client+`"`) {
			t.Errorf("request %d: %s is not in %s", i, client, sessions)
		}
	}
}

// TestHTTPS: over HTTPS, cookies have the prefix with which only this server can set them, and browsers come back by HTTPS only.
func TestHTTPS(t *testing.T) {
	f := newServer(t)
	f.server.proxies = everyPeer
	check := func(base, proto, cookie, transport string) {
		t.Helper()
		f.server.basePath = base
		r := f.send("nobody", "POST", "/api/v1/session", signIn("admin", password), "X-Forwarded-Proto", proto)
		set := strings.ToLower(r.header.Get("Set-Cookie"))
		if !strings.HasPrefix(set, strings.ToLower(cookie)+"=") || strings.Contains(set, "; secure") != (proto == "https") || !strings.Contains(set, "; path="+base+"/;") {
			t.Errorf("%s over %s: cookie %s", base, proto, set)
		}
		if got := r.header.Get("Strict-Transport-Security"); got != transport {
			t.Errorf("over %s: Strict-Transport-Security %q", proto, got)
		}
		_, value, _ := strings.Cut(r.header.Get("Set-Cookie"), "=")
		value, _, _ = strings.Cut(value, ";")
		for _, name := range []string{sessionCookie, "__Host-" + sessionCookie, "__Secure-" + sessionCookie} {
			want := 401
			if name == cookie {
				want = 200
			}
			if r := f.send("nobody", "GET", "/api/v1/session", "", "X-Forwarded-Proto", proto, "Cookie", name+"="+value); r.status != want {
				t.Errorf("%s over %s with the cookie %s: %d, want %d", base, proto, name, r.status, want)
			}
		}
	}
	check("", "http", sessionCookie, "")
	check("", "https", "__Host-"+sessionCookie, "max-age=31536000")
	check("/oplog", "https", "__Secure-"+sessionCookie, "max-age=31536000")
}

// TestBasePath: all URLs work below the base path, for proxies that keep it, and without it, for those that remove it.
func TestBasePath(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{Console: testConsole, Now: f.server.now, Hosts: []string{"example.com"}, BasePath: "/oplog"})
	check := func(path string, holds string) {
		t.Helper()
		if r := f.send("admin", "GET", path, ""); r.status != 200 || !strings.Contains(r.body, holds) {
			t.Errorf("%s: %d %.300s", path, r.status, r.body)
		}
	}
	for _, path := range []string{"/oplog", ""} {
		check(path+"/api/v1/session", `"admin"`)
		check(path+"/api/v1/tenants/acme/summary?range=today", "total")
		check(path+"/t/acme/log", `<meta name="base-path" content="/oplog" />`)
		check(path+"/", `src="/oplog/assets/app.js"`)
		check(path+"/assets/app.js", "")
	}
	check("/oplogs/api/v1/session", "<html") // another path, which is the console's
	if r := f.send("admin", "GET", "/oplog?x=1", ""); r.status != 308 || r.header.Get("Location") != "/oplog/?x=1" {
		t.Errorf("%d, to %s", r.status, r.header.Get("Location"))
	}
}

// TestMonitoring: a request that came through a proxy is not one from this machine; the address for monitoring asks for no key.
func TestMonitoring(t *testing.T) {
	f := newServer(t)
	serve := func(run func(net.Listener) error) string {
		ln := must(net.Listen("tcp", "127.0.0.1:0"))(t)
		go func() { _ = run(ln) }()
		return "http://" + ln.Addr().String()
	}
	get := func(url string, want int, headers ...string) string {
		t.Helper()
		r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil))(t)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		answer := must(http.DefaultClient.Do(r))(t)
		body := must(io.ReadAll(answer.Body))(t)
		f.noError(answer.Body.Close())
		if answer.StatusCode != want {
			t.Errorf("%s %v: %d, want %d", url, headers, answer.StatusCode, want)
		}
		return string(body)
	}
	main, own := serve(f.server.Listen), serve(f.server.ListenForMonitoring)
	defer func() { f.noError(f.server.Shutdown(t.Context())) }()
	get(main+"/metrics", 200)
	for _, header := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"} {
		get(main+"/metrics", 401, header, "127.0.0.1")
		get(main+"/healthz", 401, header, "127.0.0.1")
	}
	f.server.proxies = wire.Proxies{netip.MustParsePrefix("127.0.0.1/32")}
	get(main+"/metrics", 401, "X-Forwarded-For", "127.0.0.1")
	get(main+"/metrics", 200, "X-Forwarded-For", "127.0.0.1", "Authorization", f.sent["read"]["Authorization"])
	for _, path := range monitoringPaths {
		get(own+path, 200, "X-Forwarded-For", "198.51.100.7")
	}
	for _, path := range []string{"/", "/api/v1/session", "/metrics/", "/api/v1/tenants/acme/entries"} {
		if body := get(own+path, 404); !strings.Contains(body, "for monitoring") {
			t.Errorf("%s: %s", path, body)
		}
	}
}
