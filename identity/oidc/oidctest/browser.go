package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Browser is a browser as far as a provider sees it: it keeps cookies, and follows the provider's redirects.
type Browser struct {
	p      *Provider
	client *http.Client
}

// Browser returns a browser without cookies.
func (p *Provider) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{p, &http.Client{Jar: jar, Transport: p.client.Transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), p.Issuer+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// SignIn opens an address of the provider, fills in its form if it asks for a password, and returns the address that the provider then
// sends the browser to, or nil if it stays there.
func (b *Browser) SignIn(t testing.TB, to, name, password string) *url.URL {
	t.Helper()
	return b.send(t, to, url.Values{"login": {name}, "password": {password}})
}

// Cancel opens an address of the provider, and cancels.
func (b *Browser) Cancel(t testing.TB, to string) *url.URL {
	t.Helper()
	return b.send(t, to, url.Values{"cancel": {"yes"}})
}

// Asks reports whether the provider asks for a password at an address.
func (b *Browser) Asks(t testing.TB, to string) bool {
	t.Helper()
	return b.open(t, to).asks()
}

// SignOut opens the provider's page to log out, and does so.
func (b *Browser) SignOut(t testing.TB, to string) *url.URL {
	t.Helper()
	at := b.open(t, to)
	_, rest, found := strings.Cut(at.text, `name="xsrf" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("%s: %s: %s", to, at.status, at.text)
	}
	return b.post(t, b.p.Issuer+"/session/end/confirm", url.Values{"xsrf": {token}, "logout": {"yes"}})
}

// page is what a browser shows.
type page struct {
	address, status, text string
	next                  *url.URL // outside the provider, where the browser is sent; nil if it stays
}

func (p page) asks() bool { return p.status == "200 OK" && strings.Contains(p.text, `name="password"`) }

func (b *Browser) send(t testing.TB, to string, form url.Values) *url.URL {
	t.Helper()
	at := b.open(t, to)
	if at.next != nil {
		return at.next // it was signed in already, or refuses
	}
	if !at.asks() {
		t.Fatalf("%s: %s: %s", to, at.status, at.text)
	}
	return b.post(t, at.address, form)
}

func (b *Browser) open(t testing.TB, to string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, r)
}

func (b *Browser) post(t testing.TB, to string, form url.Values) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(t, r).next
}

func (b *Browser) do(t testing.TB, r *http.Request) page {
	t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	at := page{address: answer.Request.URL.String(), status: answer.Status, text: string(text)}
	if to := answer.Header.Get("Location"); to != "" {
		if at.next, err = url.Parse(to); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

// certify makes an authority, and a certificate of it for 127.0.0.1, in PEM.
func certify(t testing.TB) (ca, certificate, key []byte) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "An authority of the test"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	site := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Identity provider"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	siteKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	caDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		t.Fatal(err)
	}
	siteDER, err := x509.CreateCertificate(rand.Reader, site, authority, &siteKey.PublicKey, authorityKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(siteKey)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return block("CERTIFICATE", caDER), block("CERTIFICATE", siteDER), block("PRIVATE KEY", keyDER)
}

// trusting returns a client that trusts an authority.
func trusting(ca []byte) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
}
