package cli

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestTLSInit: a browser that trusts the CA accepts the server for the names of the certificate, also once it was renewed.
func TestTLSInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	out := setting{}.mustRun(t, "tls", "init", "--dir", dir, "--host", "localhost", "--host", "127.0.0.1")
	for _, want := range []string{"certutil", "security add-trusted-cert", "update-ca-certificates", "trust anchor", "--tls-cert " + filepath.Join(dir, "cert.pem")} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	for _, name := range []string{caKeyFile, keyFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	s := serve(t, "serve", "--data", t.TempDir(), "--tls-cert", filepath.Join(dir, certFile), "--tls-key", filepath.Join(dir, keyFile))
	client := trusting(t, filepath.Join(dir, caFile))
	get := func() *x509.Certificate {
		t.Helper()
		response, err := client.Get(s.url + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		client.CloseIdleConnections()
		return response.TLS.PeerCertificates[0]
	}
	first := get()
	if !strings.Contains(out, "SHA-256 ") || first.NotAfter.Sub(first.NotBefore) > maxCertDays*24*time.Hour || len(first.DNSNames) != 1 || len(first.IPAddresses) != 1 {
		t.Errorf("the certificate is for %v and %v, %s to %s", first.DNSNames, first.IPAddresses, first.NotBefore, first.NotAfter)
	}

	if r := (setting{}).run(t, "tls", "init", "--dir", dir, "--host", "localhost"); r.status != exitFailed || !strings.Contains(r.stderr, "add --renew") {
		t.Errorf("again: status %d, %s", r.status, r.stderr)
	}
	ca, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		t.Fatal(err)
	}
	setting{}.mustRun(t, "tls", "init", "--renew", "--dir", dir, "--host", "localhost", "--host", "127.0.0.1", "--host", "log.example.com")
	if same, err := os.ReadFile(filepath.Join(dir, caFile)); err != nil || string(same) != string(ca) {
		t.Errorf("the CA was replaced: %v", err)
	}
	other := trusting(t, filepath.Join(dir, caFile))
	again := serve(t, "serve", "--data", t.TempDir(), "--tls-cert", filepath.Join(dir, certFile), "--tls-key", filepath.Join(dir, keyFile))
	response, err := other.Get(again.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := response.TLS.PeerCertificates[0].VerifyHostname("log.example.com"); err != nil {
		t.Error(err)
	}
}

// trusting returns a client that trusts a CA alone.
func trusting(t *testing.T, caPath string) *http.Client {
	t.Helper()
	ca, err := os.ReadFile(caPath)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("it is no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestTLSInitRefusals: each has one line that says what to do, and leaves the folder as it was.
func TestTLSInitRefusals(t *testing.T) {
	dir := t.TempDir()
	setting{}.mustRun(t, "tls", "init", "--dir", dir, "--host", "a")
	f := func(change func(), want string, args ...string) {
		t.Helper()
		change()
		r := setting{}.run(t, append([]string{"tls", "init", "--renew", "--dir", dir}, args...)...)
		if r.status == exitDone || !strings.Contains(r.stderr, want) || strings.Count(strings.TrimSpace(r.stderr), "\n") > 1 {
			t.Errorf("status %d, %s; want %q", r.status, r.stderr, want)
		}
	}
	nothing := func() {}
	f(nothing, "--host")
	f(nothing, "neither a host name", "--host", "https://a")
	f(nothing, "neither a host name", "--host", "a_b")
	f(nothing, "neither a host name", "--host", "*.a")
	f(nothing, "between 1 and 825", "--host", "a", "--days", "900")
	write := func(name, text string) func() {
		return func() {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	f(write(caKeyFile, string(key)), "is not the key of", "--host", "a")
	f(write(caKeyFile, "x"), "is not a key in PEM", "--host", "a")
	f(func() { _ = os.Remove(filepath.Join(dir, caKeyFile)) }, "put it back", "--host", "a")
	f(write(caFile, "x"), "is not a certificate in PEM", "--host", "a")
	if now, err := os.ReadFile(filepath.Join(dir, keyFile)); err != nil || string(now) != string(key) {
		t.Errorf("a refusal replaced the key: %v", err)
	}
}
