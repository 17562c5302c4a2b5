package cli

import (
	"strings"
	"testing"
)

// TestPing: with the environment of the server, it finds the server.
func TestPing(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "serve", "--data", data, "--base-path", "/oplog", "--metrics-listen", "127.0.0.1:0")
	address := strings.TrimSuffix(strings.TrimPrefix(p.url, "http://"), "/oplog")
	f := func(want string, env map[string]string, args ...string) {
		t.Helper()
		s := setting{env: env}
		if strings.HasSuffix(want, "\n") {
			if out := s.mustRun(t, append([]string{"ping"}, args...)...); out != want {
				t.Errorf("%q: %q, want %q", args, out, want)
			}
			return
		}
		s.mustFail(t, want, append([]string{"ping"}, args...)...)
	}
	own := map[string]string{"OPLOG_LISTEN": address, "OPLOG_BASE_PATH": "/oplog"}
	f("ok\n", own)
	f("ready\n", own, "--ready")
	f("ok\n", nil, "--url", p.url+"/")
	f("/oplog/elsewhere/healthz is a page", nil, "--url", p.url+"/elsewhere")
	_, metrics, _ := strings.Cut(p.stderr.String(), "metrics on http://")
	metrics, _, _ = strings.Cut(metrics, "/metrics")
	f("ready\n", map[string]string{"OPLOG_METRICS_LISTEN": metrics}, "--ready")
	f("the port of 127.0.0.1:0 is chosen when the server starts", map[string]string{"OPLOG_LISTEN": "127.0.0.1:0"})
	p.stop()
	f("the server does not respond", own)
	f("the server does not respond", own, "--ready")
}

func TestPingURL(t *testing.T) {
	f := func(want, url string, flags serveFlags) {
		t.Helper()
		if got, err := (&pingCommand{serveFlags: flags, URL: url}).where(); got != want || err != nil {
			t.Errorf("%q %+v: %q, %v", url, flags, got, err)
		}
	}
	f("http://127.0.0.1:8484", "", serveFlags{Listen: "127.0.0.1:8484"})
	f("http://127.0.0.1:80", "", serveFlags{Listen: ":80"})
	f("http://127.0.0.1:80/a/b", "", serveFlags{Listen: "0.0.0.0:80", BasePath: "/a/b"})
	f("https://[::1]:443", "", serveFlags{Listen: "[::]:443", TLS: tlsFlags{Cert: "cert.pem"}})
	f("https://log.example.com:443", "", serveFlags{Listen: "log.example.com:443", TLS: tlsFlags{Cert: "cert.pem"}})
	f("http://127.0.0.1:9484", "", serveFlags{Listen: "0.0.0.0:443", TLS: tlsFlags{Cert: "cert.pem"}, BasePath: "/a", Metrics: metricsFlags{Listen: "127.0.0.1:9484"}})
	f("https://log.example.com/a", "https://log.example.com/a/", serveFlags{Listen: "127.0.0.1:8484"})
}
