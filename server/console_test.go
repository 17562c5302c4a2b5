package server

import (
	"strings"
	"testing"

	"oplog/server/wire"
)

func TestConsole(t *testing.T) {
	f := newServer(t)
	f.server.console.compress() // Listen does this in the background
	check := func(path, encodings, wantBody, wantType, wantCache, wantEncoding string) {
		t.Helper()
		for _, method := range []string{"GET", "HEAD"} {
			r := f.send("nobody", method, path, "", "Accept-Encoding", encodings)
			h := r.header
			isBody := method == "HEAD" && r.body == "" || method == "GET" && uncompressed(t, r) == wantBody
			if r.status != 200 || !isBody || h.Get("Content-Type") != wantType || h.Get("Cache-Control") != wantCache || h.Get("Content-Encoding") != wantEncoding {
				t.Errorf("%s %s (%s): %d %q %v", method, path, encodings, r.status, r.body, h)
			}
			if h.Get("Etag") == "" {
				t.Errorf("%s: no ETag", path)
			}
			again := f.send("nobody", method, path, "", "Accept-Encoding", encodings, "If-None-Match", h.Get("Etag"))
			if again.status != 304 || again.body != "" || again.header.Get("Etag") != h.Get("Etag") {
				t.Errorf("%s: %d to a known ETag", path, again.status)
			}
		}
	}
	const (
		html, js, css    = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8"
		forever, noCache = "public, max-age=31536000, immutable", "no-cache"
		index            = `<!doctype html><html><head><title>oplog</title><script src="/assets/app.js"></script></head></html>`
	)
	check("/", "", index, html, noCache, "")
	check("/", "gzip, br", index, html, noCache, "")
	check("/index.html", "", index, html, noCache, "")
	check("/sign-in", "", index, html, noCache, "")
	check("/t/acme/log/a:b.c", "", index, html, noCache, "")
	check("/t/acme/log?q=x", "", index, html, noCache, "")
	check("/apiary", "", index, html, noCache, "")
	check("/favicon.svg", "br", "<svg/>", "image/svg+xml", noCache, "")
	app, font := string(testConsole["assets/app.js"].Data), string(testConsole["assets/plain.woff2"].Data)
	check("/assets/app.js", "", app, js, forever, "")
	check("/assets/app.js", "gzip, deflate, br, zstd", app, js, forever, "br")
	check("/assets/app.js", "gzip", app, js, forever, "gzip")
	check("/assets/app.js", "gzip;q=1.0, br;q=0", app, js, forever, "gzip")
	check("/assets/app.js", "gzip;q=0, br;q=0.000", app, js, forever, "")
	check("/assets/short.css", "br, GZIP", "body{}", css, forever, "")
	check("/assets/plain.woff2", "br", font, "font/woff2", forever, "")

	if r := f.send("nobody", "GET", "/assets/app.js", ""); r.header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("Vary %q", r.header.Get("Vary"))
	}
	for _, path := range []string{"/assets/none.js", "/assets/", "/assets/../index.html"} {
		if r := f.send("nobody", "GET", path, ""); r.status != 404 || strings.Contains(r.body, "<") {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

// TestConsoleBeforeCompressed: a file that is not compressed yet is sent immediately, in the best available copy, and caches distinguish
// the copies.
func TestConsoleBeforeCompressed(t *testing.T) {
	f := newServer(t)
	tags := map[string]bool{}
	check := func(want string) {
		t.Helper()
		r := f.send("nobody", "GET", "/assets/app.js", "", "Accept-Encoding", "gzip, br")
		tags[r.header.Get("Etag")] = true
		if r.header.Get("Content-Encoding") != want || r.header.Get("Vary") != "Accept-Encoding" || uncompressed(t, r) != string(testConsole["assets/app.js"].Data) {
			t.Errorf("%v, want encoding %q", r.header, want)
		}
	}
	check("")
	f.server.console.compress()
	a := f.server.console["assets/app.js"]
	br := a.br.Swap(nil)
	check("gzip")
	a.br.Store(br)
	check("br")
	if len(tags) != 3 {
		t.Errorf("ETags %v", tags)
	}
}

func TestNoConsole(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{Hosts: []string{"example.com"}})
	if r := f.send("nobody", "GET", "/", ""); r.status != 404 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestHeaders(t *testing.T) {
	f := newServer(t)
	if strings.Contains(wire.ContentSecurityPolicy, "unsafe") {
		t.Errorf("the policy allows %s", wire.ContentSecurityPolicy)
	}
	for _, path := range []string{"/", "/assets/app.js", "/assets/none.js", "/api/v1/session", "/api/v1/none", "/api/v1/openapi.json", "/healthz"} {
		h := f.send("nobody", "GET", path, "").header
		if h.Get("Content-Security-Policy") != wire.ContentSecurityPolicy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Server") != "" {
			t.Errorf("%s: %v", path, h)
		}
		if h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s lets other sites load or open it: %v", path, h)
		}
		if cache := h.Get("Cache-Control"); strings.HasPrefix(path, "/api") && cache != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, cache)
		}
	}
}

func TestUnknownCalls(t *testing.T) {
	f := newServer(t)
	check := func(method, path string, want int, allow string) {
		t.Helper()
		r := f.send("admin", method, path, "")
		f.asProblem(r, want)
		if r.header.Get("Allow") != allow {
			t.Errorf("%s %s: Allow %q, want %q", method, path, r.header.Get("Allow"), allow)
		}
	}
	check("GET", "/api", 404, "")
	check("GET", "/api/v1", 404, "")
	check("GET", "/api/v1/none", 404, "")
	check("POST", "/api/v1/none", 404, "")
	check("GET", "/api/v1/tenants//entries", 404, "")
	check("GET", "/api/v1/session/", 404, "")
	check("PUT", "/api/v1/session", 405, "POST, GET, PATCH, DELETE")
	check("DELETE", entriesPath, 405, "POST, GET")
	check("POST", tenantA+"/summary", 405, "GET")
	check("POST", tenantA+"/exports/x/file", 405, "GET")
}
