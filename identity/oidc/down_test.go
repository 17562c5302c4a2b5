package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/oplog"
)

// at lets a provider of the test do something at a path.
func at(path string, do http.HandlerFunc) lie {
	return lie{refuse: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		do(w, r)
		return true
	}}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// endless is an answer of more than a MiB.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"keys": [], "x": "` + strings.Repeat("x", 2<<20) + `"}`))
}

const wellKnown = "/.well-known/openid-configuration"

// TestProvidersThatCannotBeUsed: nobody is signed in, the person reads that the source does not answer or fit, and an administrator why.
func TestProvidersThatCannotBeUsed(t *testing.T) {
	metadata := func(name string, value any) lie {
		return lie{metadata: func(m object) {
			if m[name] = value; value == nil {
				delete(m, name)
			}
		}}
	}
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	for name, test := range map[string]struct {
		lie         lie
		reason, why string
	}{
		"down":                               {at(wellKnown, status(http.StatusBadGateway)), "source-unavailable", "502"},
		"no description":                     {at(wellKnown, status(http.StatusNotFound)), "source-misconfigured", "404 Not Found: ; specify the address"},
		"an endless description":             {at(wellKnown, endless), "source-unavailable", "longer than 1 MiB"},
		"a description elsewhere":            {at(wellKnown, redirect), "source-unavailable", "redirects to https://127.0.0.1"},
		"another issuer":                     {metadata("issuer", "https://other.example.com"), "source-misconfigured", `its issuer is "https://other.example.com"; specify issuer exactly so`},
		"no token endpoint":                  {metadata("token_endpoint", nil), "source-misconfigured", "no token_endpoint"},
		"tokens without TLS":                 {metadata("token_endpoint", "http://sso.example.com/token"), "source-misconfigured", "does not begin with https://"},
		"tokens without TLS on this machine": {metadata("token_endpoint", "http://127.0.0.1/token"), "source-misconfigured", "does not begin with https://"},
		"keys from a file":                   {metadata("jwks_uri", "file:///etc/passwd"), "source-misconfigured", "jwks_uri"},
		"a script for an address":            {metadata("authorization_endpoint", "javascript:alert(1)"), "source-misconfigured", "authorization_endpoint"},
		"an address to log out at":           {metadata("end_session_endpoint", "javascript:alert(1)"), "source-misconfigured", "end_session_endpoint"},
		"no code flow":                       {metadata("response_types_supported", []string{"id_token"}), "source-misconfigured", "response type code"},
		"shared secrets alone":               {metadata("id_token_signing_alg_values_supported", []string{"HS256"}), "source-misconfigured", `signs ID tokens with ["HS256"]`},

		"no tokens":         {at("/token", status(http.StatusServiceUnavailable)), "source-unavailable", "503"},
		"tokens elsewhere":  {at("/token", redirect), "source-unavailable", "redirects to"},
		"endless tokens":    {at("/token", endless), "source-unavailable", "cannot"},
		"no access token":   {lie{tokens: func(o object) { delete(o, "access_token") }}, "source-unavailable", "access_token"},
		"no keys":           {at("/keys", status(http.StatusInternalServerError)), "source-unavailable", "500"},
		"endless keys":      {at("/keys", endless), "source-unavailable", "longer than 1 MiB"},
		"no userinfo":       {at("/userinfo", status(http.StatusForbidden)), "source-unavailable", "userinfo: 403"},
		"endless userinfo":  {at("/userinfo", endless), "source-unavailable", "longer than 1 MiB"},
		"encrypted tokens":  {lie{sign: func(*fake, jwt.MapClaims) string { return "a.b.c.d.e" }}, "source-misconfigured", "encrypts"},
		"keys that are bad": {at("/keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, object{"keys": 1}) }), "source-unavailable", "decode keys"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.lie = test.lie
			p := f.source(t, nil)
			to, s, err := p.Begin(t.Context(), callback, false)
			if err == nil {
				address, _ := url.Parse(to)
				f.begun = address.Query()
				_, err = p.Finish(t.Context(), callback, s, url.Values{"state": {s.State}, "code": {"the code"}})
			}
			refused(t, err, test.reason, test.why)
			if oplog.CodeOf(err) != oplog.CodeUnavailable {
				t.Errorf("it has code %s", oplog.CodeOf(err))
			}
		})
	}
}

// TestCertificates: a certificate must be of an authority that the machine or ca_file trusts, and of the provider's name.
func TestCertificates(t *testing.T) {
	f := newFake(t)
	_, _, err := f.source(t, func(c *Config) { c.CAFile = "" }).Begin(t.Context(), callback, false)
	refused(t, err, "source-misconfigured", "specify the certificate of the authority that signed it with ca_file")
	_, _, err = f.source(t, func(c *Config) { c.Issuer = strings.Replace(f.URL, "127.0.0.1", "localhost", 1) }).Begin(t.Context(), callback, false)
	refused(t, err, "source-misconfigured", "certificate")

	ca := write(t, "ca.pem", "")
	p := f.source(t, nil)
	p.config.CAFile = ca // as if somebody had emptied it since
	_, _, err = p.Begin(t.Context(), callback, false)
	refused(t, err, "source-misconfigured", "no certificate in PEM")
	good, readErr := os.ReadFile(f.ca(t))
	if readErr != nil || os.WriteFile(ca, good, 0o600) != nil {
		t.Fatal(readErr)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Errorf("a repaired ca_file has no effect: %v", err)
	}
}

// TestSlowProvider: one call takes no longer than it may, whatever is slow, and the person is told.
func TestSlowProvider(t *testing.T) {
	for _, path := range []string{wellKnown, "/token", "/keys", "/userinfo"} {
		t.Run(path, func(t *testing.T) {
			f := newFake(t)
			ends := make(chan struct{})
			f.lie = at(path, func(http.ResponseWriter, *http.Request) { <-ends })
			t.Cleanup(func() { close(ends) }) // before the server is closed
			p := f.source(t, nil)
			p.timeout = 300 * time.Millisecond
			to, s, err := p.Begin(t.Context(), callback, false)
			if err == nil {
				address, _ := url.Parse(to)
				f.begun = address.Query()
				_, err = p.Finish(t.Context(), callback, s, url.Values{"state": {s.State}, "code": {"the code"}})
			}
			refused(t, err, "source-unavailable", "no answer within 300ms")
		})
	}
}

// TestBackOff: a provider that is down is asked once in a while, not by everybody who wants to sign in; and again once it is time.
func TestBackOff(t *testing.T) {
	f := newFake(t)
	now := time.Now()
	f.now = func() time.Time { return now }
	f.lie = at(wellKnown, status(http.StatusBadGateway))
	p := f.source(t, nil)
	begin := func() error {
		_, _, err := p.Begin(t.Context(), callback, false)
		return err
	}
	for i, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		for range 3 {
			err := begin()
			refused(t, err, "source-unavailable", "502")
			var told *oplog.Error
			if !errors.As(err, &told) || told.Wait != wait {
				t.Errorf("after %d failures the next attempt is in %v, want %s", i+1, told, wait)
			}
		}
		if f.asked[wellKnown] != i+1 {
			t.Fatalf("the provider was asked %d times, want %d", f.asked[wellKnown], i+1)
		}
		now = now.Add(wait)
	}
	f.lie = lie{}
	if err := begin(); err != nil {
		t.Error(err)
	}
	f.lie = at(wellKnown, status(http.StatusBadGateway))
	now = now.Add(59 * time.Minute)
	if err := begin(); err != nil || f.asked[wellKnown] != 8 {
		t.Errorf("asked %d times: %v", f.asked[wellKnown], err)
	}
	now = now.Add(2 * time.Minute)
	if err := begin(); err != nil || f.asked[wellKnown] != 9 {
		t.Errorf("what it said an hour ago is not used while it is down; asked %d times: %v", f.asked[wellKnown], err)
	}
	now = now.Add(23 * time.Hour)
	refused(t, begin(), "source-unavailable", "502")
}

// TestBrowserThatLeaves: a person who closes the page while the provider is asked is no failure of the provider.
func TestBrowserThatLeaves(t *testing.T) {
	f := newFake(t)
	asked, goOn := make(chan struct{}), make(chan struct{})
	f.lie = at(wellKnown, func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-goOn
		answer(w, f.metadata())
	})
	p := f.source(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-asked
		leave()
		close(goOn)
	}()
	_, _, _ = p.Begin(ctx, callback, false)
	if _, _, err := p.Begin(t.Context(), callback, false); err != nil || f.asked[wellKnown] != 1 {
		t.Errorf("asked %d times: %v", f.asked[wellKnown], err)
	}
}

// TestRotatedKeys: a token by a new key makes the provider be asked for its keys; one that it took back is not accepted for long.
func TestRotatedKeys(t *testing.T) {
	f := newFake(t)
	now := time.Now()
	f.now = func() time.Time { return now }
	p := f.source(t, nil)
	signIn := func() error {
		_, err := f.signIn(t, p, false)
		return err
	}
	if err := signIn(); err != nil || f.asked["/keys"] != 1 {
		t.Fatalf("asked %d times for keys: %v", f.asked["/keys"], err)
	}
	first := lie{sign: func(f *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodRS256, f.rsa, "rsa", nil, object(c))
	}}
	second := lie{
		keys: func([]any) []any { return []any{rsaJWK("second", &f.old.PublicKey)} },
		sign: func(f *fake, c jwt.MapClaims) string {
			return sign(jwt.SigningMethodRS256, f.old, "second", nil, object(c))
		},
	}
	f.lie = second
	if err := signIn(); err != nil || f.asked["/keys"] != 2 {
		t.Errorf("asked %d times for keys: %v", f.asked["/keys"], err)
	}
	first.keys = second.keys
	f.lie = first
	refused(t, signIn(), "sign-in-untrusted", "failed to verify")

	f.lie = lie{}
	if err := signIn(); err != nil {
		t.Fatal(err)
	}
	f.lie = first // the key is taken back, but nothing makes this log ask for the keys
	now = now.Add(61 * time.Minute)
	refused(t, signIn(), "sign-in-untrusted", "failed to verify")
}

// TestCheck: what doctor and the page of sources say.
func TestCheck(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	if ends, err := p.State(t.Context()); err != nil || !ends.Equal(f.Certificate().NotAfter) || p.Issuer() != f.URL {
		t.Errorf("%s %v of %s", ends, err, p.Issuer())
	}
	f.lie = at("/keys", status(http.StatusNotFound))
	_, err := p.State(t.Context())
	refused(t, err, "source-unavailable", "404")
	f.lie = lie{keys: func([]any) []any { return []any{object{"kty": "oct", "k": "AAAA"}, object{"kty": "RSA", "use": "enc"}} }}
	refused(t, p.Check(t.Context()), "source-misconfigured", "no key for signatures")
	f.lie = at(wellKnown, status(http.StatusBadGateway))
	refused(t, p.Check(t.Context()), "source-unavailable", "502")
	f.lie = lie{}
	if err := p.Check(t.Context()); err != nil {
		t.Errorf("it is not asked at once whether it works again: %v", err)
	}
	p.config.ClientSecretFile = "/nowhere"
	refused(t, p.Check(t.Context()), "source-misconfigured", "client_secret_file")
}
