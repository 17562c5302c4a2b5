package oidc

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/identity"
	"oplog/oplog"
)

const (
	callback = "https://log.example.com/api/v1/session/oidc/sso/callback"
	clientID = "oplog"
	secret   = "the secret: of/this+client %"
)

// start is what the clocks of the provider and of this log say, unless a test sets them.
var start = time.Now()

type object = map[string]any

// lie is what a provider does differently from an honest one; fields are nil for what it does right.
type lie struct {
	metadata func(object)
	header   object // of signed tokens
	claims   func(object)
	sign     func(*fake, jwt.MapClaims) string // the ID token
	keys     func([]any) []any
	tokens   func(object) // the answer of the token endpoint
	refuse   func(http.ResponseWriter, *http.Request) bool
	userinfo func(object)
	query    func(url.Values) // what the browser brings back
}

// fake is a provider of the test's own.
type fake struct {
	*httptest.Server
	lie      lie
	now      func() time.Time
	rsa, old *rsa.PrivateKey
	ec       *ecdsa.PrivateKey

	mu      sync.Mutex
	asked   map[string]int // how often each path was
	forms   []url.Values   // what the token endpoint was sent
	begun   url.Values     // the last authorization request
	issued  string         // the last access token
	refresh string         // the only valid refresh token
	person  object         // claims of ID tokens
	info    object         // claims of userinfo
}

// keysOnce are made once for all tests: RSA keys take time.
var keysOnce = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys
})

func newFake(t *testing.T) *fake {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{
		now: func() time.Time { return start }, rsa: keysOnce()[0], old: keysOnce()[1], ec: ec, asked: map[string]int{},
		person: object{"sub": "4711", "sid": "session 1", "preferred_username": "anna", "name": "Anna Fischer"},
		info:   object{"sub": "4711", "groups": []string{"log-admins", "staff"}, "email": "anna@example.com"},
	}
	f.Server = httptest.NewTLSServer(http.HandlerFunc(f.serve))
	f.Config.ErrorLog = nil
	t.Cleanup(f.Close)
	return f
}

// ca writes the certificate of the provider to a file.
func (f *fake) ca(t *testing.T) string {
	t.Helper()
	return write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})))
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// source returns this log's configuration of the provider, changed.
func (f *fake) source(t *testing.T, change func(*Config)) *Provider {
	t.Helper()
	c := Config{Name: "sso", Title: "Company SSO", Issuer: f.URL, ClientID: clientID, ClientSecretFile: write(t, "secret", secret+"\n"), CAFile: f.ca(t)}
	if change != nil {
		change(&c)
	}
	if errs := c.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return New(c, func() time.Time { return f.now() })
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[r.URL.Path]++
	if f.lie.refuse != nil && f.lie.refuse(w, r) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		answer(w, f.metadata())
	case "/keys":
		keys := []any{rsaJWK("rsa", &f.rsa.PublicKey), ecJWK("ec", &f.ec.PublicKey)}
		if f.lie.keys != nil {
			keys = f.lie.keys(keys)
		}
		answer(w, object{"keys": keys})
	case "/token":
		f.token(w, r)
	case "/userinfo":
		info := maps.Clone(f.info)
		if f.lie.userinfo != nil {
			f.lie.userinfo(info)
		}
		if r.Header.Get("Authorization") != "Bearer "+f.issued {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, info)
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (f *fake) metadata() object {
	m := object{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/authorize?realm=staff", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys",
		"userinfo_endpoint": f.URL + "/userinfo", "end_session_endpoint": f.URL + "/logout",
		"response_types_supported": []string{"code"}, "id_token_signing_alg_values_supported": []string{"RS256", "ES256", "HS256", "none"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
	if f.lie.metadata != nil {
		f.lie.metadata(m)
	}
	return m
}

// token answers as a provider does that checks the client, PKCE, and the address to come back to.
func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.forms = append(f.forms, r.PostForm)
	refuse := func(code string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(object{"error": code, "error_description": "said by the provider"})
	}
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch refresh := r.PostFormValue("grant_type") == "refresh_token"; {
	case !isClient(r):
		refuse("invalid_client")
	case refresh && r.PostFormValue("refresh_token") != f.refresh:
		refuse("invalid_grant")
	case !refresh && (r.PostFormValue("code") != "the code" || r.PostFormValue("redirect_uri") != f.begun.Get("redirect_uri") ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != f.begun.Get("code_challenge")):
		refuse("invalid_grant")
	default:
		f.issued, f.refresh = "access "+rand.Text(), "refresh "+rand.Text()
		tokens := object{"access_token": f.issued, "token_type": "Bearer", "expires_in": 300, "refresh_token": f.refresh, "id_token": f.idToken(refresh)}
		if f.lie.tokens != nil {
			f.lie.tokens(tokens)
		}
		answer(w, tokens)
	}
}

// isClient reports whether a request is that of this client, by a header or by the form.
func isClient(r *http.Request) bool {
	name, password, ok := r.BasicAuth()
	if !ok {
		return r.PostFormValue("client_id") == clientID && (r.PostFormValue("client_secret") == secret || r.PostFormValue("client_secret") == "")
	}
	name, err1 := url.QueryUnescape(name)
	password, err2 := url.QueryUnescape(password)
	return err1 == nil && err2 == nil && name == clientID && password == secret
}

func (f *fake) idToken(refresh bool) string {
	now := f.now()
	sum := sha256.Sum256([]byte(f.issued))
	c := object{
		"iss": f.URL, "aud": clientID, "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(), "auth_time": now.Unix(),
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	if !refresh {
		c["nonce"] = f.begun.Get("nonce")
	}
	maps.Copy(c, f.person)
	if f.lie.claims != nil {
		f.lie.claims(c)
	}
	if f.lie.sign != nil {
		return f.lie.sign(f, c)
	}
	return sign(jwt.SigningMethodRS256, f.rsa, "rsa", f.lie.header, c)
}

// sign signs a token by a key with an id.
func sign(method jwt.SigningMethod, key crypto.PrivateKey, id string, header object, c object) string {
	token := jwt.NewWithClaims(method, jwt.MapClaims(c))
	token.Header["kid"] = id
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return text
}

func rsaJWK(id string, key *rsa.PublicKey) object {
	e := []byte{byte(key.E >> 16), byte(key.E >> 8), byte(key.E)}
	return object{"kty": "RSA", "use": "sig", "kid": id, "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(e)}
}

func ecJWK(id string, key *ecdsa.PublicKey) object {
	point, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	return object{
		"kty": "EC", "crv": "P-256", "use": "sig", "kid": id,
		"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
	}
}

// begin begins a sign-in, and returns what the browser keeps and what it brings back from an honest provider.
func (f *fake) begin(t *testing.T, p *Provider, fresh bool) (State, url.Values) {
	t.Helper()
	to, s, err := p.Begin(t.Context(), callback, fresh)
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.begun = address.Query()
	f.mu.Unlock()
	return s, url.Values{"state": {f.begun.Get("state")}, "code": {"the code"}}
}

// signIn signs somebody in.
func (f *fake) signIn(t *testing.T, p *Provider, fresh bool) (SignedIn, error) {
	t.Helper()
	s, query := f.begin(t, p, fresh)
	if f.lie.query != nil {
		f.lie.query(query)
	}
	return p.Finish(t.Context(), callback, s, query)
}

// refused checks that an error has a reason (or a code) for the person, who reads the title, and tells an administrator why.
func refused(t *testing.T, err error, reason, why string) {
	t.Helper()
	var told *oplog.Error
	switch {
	case !errors.As(err, &told):
		t.Errorf("got %v, want a refusal because of %q", err, why)
	case cmp.Or(told.Reason, string(told.Code)) != reason || !strings.Contains(Why(err), why):
		t.Errorf("got %s: %v; want %s because of %q", told.Reason, err, reason, why)
	case strings.Contains(told.Message, why):
		t.Errorf("the person is told why: %s", told.Message)
	}
}

func TestSignIn(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	s, query := f.begin(t, p, false)
	want := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {"openid profile email"}, "realm": {"staff"},
		"code_challenge_method": {"S256"}, "state": {s.State}, "nonce": {s.Nonce}, "code_challenge": f.begun["code_challenge"],
	}
	if f.begun.Encode() != want.Encode() || s.State == s.Nonce || len(s.Verifier) < 43 {
		t.Errorf("the browser is sent to the provider with %v, and keeps %+v", f.begun, s)
	}
	got, err := p.Finish(t.Context(), callback, s, query)
	if err != nil {
		t.Fatal(err)
	}
	person := identity.Person{Source: "sso", Subject: "4711", Username: "anna", Name: "Anna Fischer", Groups: []string{"log-admins", "staff"}}
	if !samePerson(got.Person, person) || got.SessionID != "session 1" || got.RefreshToken != f.refresh || got.IDToken == "" || f.now().Sub(got.AuthTime) > time.Minute {
		t.Errorf("signed in: %+v", got)
	}
	_, err = p.Finish(t.Context(), callback, s, query)
	refused(t, err, "sign-in-expired", "brought back before")
	if oplog.CodeOf(err) != oplog.CodeUnauthenticated {
		t.Errorf("a replayed state has code %s", oplog.CodeOf(err))
	}
}
