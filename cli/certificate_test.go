package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate creates a certificate for this machine, and for some names, in PEM files.
func certificate(t *testing.T, names ...string) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	return certificateFor(t, 24*time.Hour, names...) // the clock of tests is up to 12 hours ahead or behind
}

// certificateFor creates a certificate that is valid for a time, which may have passed.
func certificateFor(t *testing.T, validity time.Duration, names ...string) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-validity.Abs() * 2), NotAfter: time.Now().Add(validity),
		DNSNames:    names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, certFile, string(certPEM))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, roots
}

func TestServeTLS(t *testing.T) {
	certFile, keyFile, roots := certificate(t)
	p := serve(t, "serve", "--data", t.TempDir(), "--tls-cert", certFile, "--tls-key", keyFile)
	if !strings.HasPrefix(p.url, "https://") {
		t.Fatal(p.url)
	}
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer c.CloseIdleConnections()
	answer, err := c.Get(p.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("status %d, %v", answer.StatusCode, answer.Header)
	}
}

// TestRejectedCertificates: a certificate that browsers would reject is rejected at the start, in one line that says what to do.
func TestRejectedCertificates(t *testing.T) {
	data := t.TempDir()
	f := func(certFile, keyFile, want string, args ...string) {
		t.Helper()
		s := setting{}
		args = append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile}, args...)
		s.mustFail(t, want, args...)
	}
	certFile, keyFile, _ := certificate(t, "log.example.com")
	_, otherKey, _ := certificate(t)
	f(certFile, otherKey, "private key does not match public key; specify PEM files of a certificate and its key")
	f(certFile, certFile, "specify PEM files of a certificate and its key")
	f(certFile, filepath.Join(data, "none"), "cannot use the certificate's key: ")
	f(certFile, keyFile, "is for log.example.com, 127.0.0.1, not for --host log.example.org; specify a certificate for that name", "--host", "log.example.org")
	expired, expiredKey, _ := certificateFor(t, -24*time.Hour)
	f(expired, expiredKey, expired+" expired at 20")
	future, futureKey, _ := certificateFor(t, 1000*time.Hour)
	m, _, stderr := setting{}.main()
	m.Now = func() time.Time { return time.Now().Add(-3000 * time.Hour) }
	if m.Run(t.Context(), []string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--tls-cert", future, "--tls-key", futureKey}) != exitFailed ||
		!strings.Contains(stderr.String(), "check the clock of this machine, which shows ") {
		t.Error(stderr)
	}
	serving := func(want string, args ...string) {
		t.Helper()
		p := serve(t, append([]string{"serve", "--data", data, "--tls-cert", certFile, "--tls-key", keyFile}, args...)...)
		p.stop()
		if got := p.stderr.String(); !strings.Contains(got, want) || want == "" && strings.Contains(got, "certificate") {
			t.Errorf("%q: %s; want %s", args, got, want)
		}
	}
	serving("", "--host", "log.example.com:8443")
	serving("not_for=oplog", "--host", "log.example.com", "--host", "oplog")
	serving("", "--host", "www.example.com", "--trusted-proxy", "127.0.0.1") // people see the proxy's certificate
}

// TestCertificateRenewal: changed files are used from the next connection on, unless they cannot be used, and a key that others can read is
// refused.
func TestCertificateRenewal(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	now := time.Now()
	var logged strings.Builder
	m := &Program{Now: func() time.Time { now = now.Add(certificateInterval); return now }, Stderr: &logged, Getenv: func(string) string { return "" }}
	c, err := m.loadCertificate(tlsFlags{certFile, keyFile}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := func() string {
		t.Helper()
		used, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(used.Certificate[0])
	}
	first, expires := got(), c.expires()
	renewedCert, renewedKey, _ := certificateFor(t, 72*time.Hour)
	write(t, certFile, content(t, renewedCert))
	if got() != first || !strings.Contains(logged.String(), "cannot be used") {
		t.Errorf("a certificate without its key is used; the log says: %s", &logged)
	}
	write(t, keyFile, content(t, renewedKey))
	renewed := got()
	if renewed == first {
		t.Error("the renewed certificate is not used")
	}
	if later := c.expires().Sub(expires).Round(time.Hour); later != 48*time.Hour {
		t.Errorf("it expires %s later, want 48h", later)
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	if got() != renewed {
		t.Error("a missing file ends the certificate in use")
	}

	write(t, certFile, content(t, renewedCert))
	if err := os.Chmod(keyFile, 0o644); err != nil { //nolint:gosec // this is what is refused
		t.Fatal(err)
	}
	r := setting{}.run(t, "serve", "--data", t.TempDir(), "--tls-cert", certFile, "--tls-key", keyFile)
	if r.status != exitFailed || !strings.Contains(r.stderr, "chmod o= "+keyFile) {
		t.Errorf("%+v", r)
	}
}
