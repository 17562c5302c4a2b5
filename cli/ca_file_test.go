package cli

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestCAFile: a command with --server accepts a certificate of the CA in --ca-file, and says what to do about any other.
func TestCAFile(t *testing.T) {
	data, s := newAcme(t)
	dir := t.TempDir()
	key := filepath.Join(dir, "backup.key")
	write(t, key, s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "backup", "--name", "nightly"))
	ours, others := filepath.Join(dir, "ours"), filepath.Join(dir, "others")
	for _, folder := range []string{ours, others} {
		s.mustRun(t, "tls", "init", "--dir", folder, "--host", "localhost")
	}
	s.env = nil
	p := serve(t, "serve", "--data", data, "--tls-cert", filepath.Join(ours, certFile), "--tls-key", filepath.Join(ours, keyFile))
	url, ca := strings.Replace(p.url, "127.0.0.1", "localhost", 1), filepath.Join(ours, caFile)
	copied := filepath.Join(dir, "copied")
	backup := func(args ...string) []string { return append([]string{"backup", copied, "--key-file", key}, args...) }

	s.mustFail(t, "no CA that this machine trusts has signed the certificate of "+url+"; specify the file of its CA, such as ca.pem of oplog tls init, with --ca-file", backup("--server", url)...)
	s.mustFail(t, "has not signed the certificate of "+url, backup("--server", url, "--ca-file", filepath.Join(others, caFile))...)
	s.mustFail(t, "is for localhost, not for 127.0.0.1; specify one of its names with --server", backup("--server", p.url, "--ca-file", ca)...)
	s.mustFail(t, "contains no certificate in PEM", backup("--server", url, "--ca-file", filepath.Join(ours, keyFile))...)
	s.mustFail(t, "cannot read the CA of --ca-file: ", backup("--server", url, "--ca-file", filepath.Join(dir, "none"))...)
	expired, expiredCA := expiredServer(t)
	s.mustFail(t, "renew it, or check the clock of this machine", backup("--server", expired, "--ca-file", expiredCA)...)
	for _, args := range [][]string{{"backup", copied, "--ca-file", ca}, backup("--server", "http://localhost", "--ca-file", ca)} {
		if r := s.run(t, args...); r.status != exitUsage || !strings.Contains(r.stderr, "--ca-file is for a server with HTTPS") {
			t.Errorf("%q: %+v", args, r)
		}
	}

	s.mustRun(t, backup("--server", url+"/", "--ca-file", ca)...)
	s.mustRun(t, "restore", copied, "--data", filepath.Join(dir, "restored"))
}

// expiredServer starts a server whose certificate has expired, and returns its URL and the file of its CA.
func expiredServer(t *testing.T) (url, ca string) {
	t.Helper()
	certFile, keyFile, _ := certificateFor(t, -24*time.Hour)
	loaded, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{loaded}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, certFile
}

// TestKeyStaysOffRedirects: a command with --server follows no redirect, not even to another path, so its key is seen by that server alone.
func TestKeyStaysOffRedirects(t *testing.T) {
	var seen atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			seen.Add(1)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	key := filepath.Join(t.TempDir(), "backup.key")
	write(t, key, "olk_a_secret")
	r := setting{}.run(t, "backup", filepath.Join(t.TempDir(), "copied"), "--server", server.URL, "--key-file", key)
	if r.status != exitFailed || seen.Load() != 0 || !strings.Contains(r.stderr, "the server responded 307 Temporary Redirect; is "+server.URL+" an oplog server?") {
		t.Errorf("%d requests elsewhere, %+v", seen.Load(), r)
	}
}
