package oidc

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/identity"
)

func samePerson(a, b identity.Person) bool { return reflect.DeepEqual(a, b) }

// claim sets a claim; nil removes it.
func claim(name string, value any) lie {
	return lie{claims: func(c object) {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}}
}

func ago(d time.Duration) int64 { return start.Add(-d).Unix() }

// publicKey returns the provider's public key as those have it who confuse it with a shared secret.
func publicKey(f *fake) []byte {
	der, err := x509.MarshalPKIXPublicKey(&f.rsa.PublicKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// lyingTokens are answers of a token endpoint, and why they are refused.
var lyingTokens = map[string]struct {
	lie   lie
	fresh bool
	why   string
}{
	"another issuer":                   {lie: claim("iss", "https://other.example.com"), why: "different provider"},
	"no issuer":                        {lie: claim("iss", nil), why: "different provider"},
	"another audience":                 {lie: claim("aud", "other"), why: "audience"},
	"no audience":                      {lie: claim("aud", nil), why: "audience"},
	"several audiences without azp":    {lie: claim("aud", []string{clientID, "other"}), why: "azp"},
	"made for another client":          {lie: claim("azp", "other"), why: `the client "other"`},
	"azp is no text":                   {lie: claim("azp", []string{clientID}), why: "azp"},
	"expired":                          {lie: claim("exp", ago(3*time.Minute)), why: "it expired 3m"},
	"no expiry":                        {lie: claim("exp", nil), why: "no exp"},
	"expiry is a text":                 {lie: claim("exp", "soon"), why: "ID token"},
	"made in the future":               {lie: claim("iat", ago(-10*time.Minute)), why: "in the future; set the clocks"},
	"no time":                          {lie: claim("iat", nil), why: "no iat"},
	"not valid yet":                    {lie: claim("nbf", ago(-3*time.Minute)), why: "set the clocks"},
	"another nonce":                    {lie: claim("nonce", "of somebody else"), why: "nonce"},
	"no nonce":                         {lie: claim("nonce", nil), why: "nonce"},
	"no subject":                       {lie: claim("sub", nil), why: "sub has 0"},
	"an endless subject":               {lie: claim("sub", strings.Repeat("x", 256)), why: "sub has 256"},
	"the hash of another access token": {lie: claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), why: "hash does not match"},
	"not asked for a password again":   {lie: claim("auth_time", ago(time.Hour)), fresh: true, why: "before it was asked to"},
	"no auth_time":                     {lie: claim("auth_time", nil), fresh: true, why: "auth_time"},
	"auth_time is a text":              {lie: claim("auth_time", "now"), fresh: true, why: "auth_time"},

	"alg none": {why: "ID token: oidc: malformed jwt: unexpected signature algorithm", lie: lie{sign: func(_ *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "rsa", nil, object(c))
	}}},
	"HS256 with the public key": {why: "unexpected signature algorithm", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodHS256, publicKey(f), "rsa", nil, object(c))
	}}},
	"HS256 with the client secret": {why: "unexpected signature algorithm", lie: lie{sign: func(_ *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodHS256, []byte(secret), "rsa", nil, object(c))
	}}},
	"an algorithm that the provider does not have": {why: "unexpected signature algorithm", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodPS512, f.rsa, "rsa", nil, object(c))
	}}},
	"the key of somebody else": {why: "failed to verify", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodRS256, f.old, "rsa", nil, object(c))
	}}},
	"a key in the token": {why: "failed to verify", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodRS256, f.old, "own", object{"jwk": rsaJWK("own", &f.old.PublicKey)}, object(c))
	}}},
	"an unknown key": {why: "failed to verify", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		return sign(jwt.SigningMethodRS256, f.old, "gone", nil, object(c))
	}}},
	"changed after it was signed": {why: "failed to verify", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		honest := strings.Split(sign(jwt.SigningMethodRS256, f.rsa, "rsa", nil, object(c)), ".")
		c["sub"] = "the owner"
		honest[1] = strings.Split(sign(jwt.SigningMethodRS256, f.rsa, "rsa", nil, object(c)), ".")[1]
		return strings.Join(honest, ".")
	}}},
	"no signature": {why: "failed to verify", lie: lie{sign: func(f *fake, c jwt.MapClaims) string {
		token := sign(jwt.SigningMethodRS256, f.rsa, "rsa", nil, object(c))
		return token[:strings.LastIndex(token, ".")+1]
	}}},
	"not a token":     {why: "malformed jwt", lie: lie{sign: func(*fake, jwt.MapClaims) string { return "a.b" }}},
	"no ID token":     {why: "no ID token", lie: lie{tokens: func(o object) { delete(o, "id_token") }}},
	"a number for it": {why: "no ID token", lie: lie{tokens: func(o object) { o["id_token"] = 1 }}},
	"another type":    {why: `of type "DPoP"`, lie: lie{tokens: func(o object) { o["token_type"] = "DPoP" }}},

	"userinfo of somebody else": {why: `userinfo is about "1"`, lie: lie{userinfo: func(o object) { o["sub"] = "1" }}},
	"userinfo of nobody":        {why: `userinfo is about ""`, lie: lie{userinfo: func(o object) { delete(o, "sub") }}},
}

// TestLyingTokens: an ID token is believed only if the provider made it for this sign-in.
func TestLyingTokens(t *testing.T) {
	for name, test := range lyingTokens {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.lie = test.lie
			got, err := f.signIn(t, f.source(t, nil), test.fresh)
			refused(t, err, "sign-in-untrusted", test.why)
			if got.Person.Subject != "" {
				t.Errorf("it says who signed in: %+v", got.Person)
			}
		})
	}
}

// TestLyingBrowsers: what a browser brings back must be of the sign-in that it began.
func TestLyingBrowsers(t *testing.T) {
	says := func(m object) { m["authorization_response_iss_parameter_supported"] = true }
	set := func(name string, values ...string) func(url.Values) {
		return func(q url.Values) {
			if q[name] = values; len(values) == 0 {
				delete(q, name)
			}
		}
	}
	for name, test := range map[string]struct {
		lie         lie
		reason, why string
	}{
		"another state":             {lie{query: set("state", "of somebody else")}, "sign-in-expired", "not that of the sign-in"},
		"no state":                  {lie{query: set("state")}, "sign-in-expired", "not that of the sign-in"},
		"two states":                {lie{query: set("state", "a", "b")}, "sign-in-untrusted", "state occurs 2 times"},
		"two codes":                 {lie{query: set("code", "a", "b")}, "sign-in-untrusted", "code occurs 2 times"},
		"another code":              {lie{query: set("code", "guessed")}, "sign-in-expired", "invalid_grant"},
		"no code":                   {lie{query: set("code")}, "sign-in-untrusted", "neither a code"},
		"another provider":          {lie{query: set("iss", "https://evil.example.com")}, "sign-in-untrusted", "https://evil.example.com"},
		"not which provider":        {lie{metadata: says}, "sign-in-untrusted", "does not say which provider"},
		"cancelled":                 {lie{query: set("error", "access_denied")}, "sign-in-denied", "access_denied"},
		"cancelled by another":      {lie{metadata: says, query: set("error", "access_denied")}, "sign-in-untrusted", "which provider"},
		"the provider has no time":  {lie{query: set("error", "temporarily_unavailable")}, "source-unavailable", "temporarily_unavailable"},
		"the provider does not fit": {lie{query: set("error", "invalid_scope")}, "source-misconfigured", "invalid_scope"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.lie = test.lie
			_, err := f.signIn(t, f.source(t, nil), false)
			refused(t, err, test.reason, test.why)
		})
	}
}

// TestStateIsOfThisBrowser: a cookie is good for one sign-in, at one source, for some minutes.
func TestStateIsOfThisBrowser(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	for name, test := range map[string]struct {
		change      func(*State)
		reason, why string
	}{
		"no cookie":         {func(s *State) { *s = State{} }, "sign-in-expired", "no sign-in was begun"},
		"another source":    {func(s *State) { s.Source = "other" }, "sign-in-untrusted", `begun with "other"`},
		"too late":          {func(s *State) { s.At = start.Add(-11 * time.Minute) }, "sign-in-expired", "begun 11m"},
		"in the future":     {func(s *State) { s.At = start.Add(time.Hour) }, "sign-in-expired", "within 10 min"},
		"another verifier":  {func(s *State) { s.Verifier = "of somebody else, who intercepted the code" }, "sign-in-expired", "invalid_grant"},
		"nonce of somebody": {func(s *State) { s.Nonce = "of somebody else" }, "sign-in-untrusted", "nonce"},
	} {
		t.Run(name, func(t *testing.T) {
			s, query := f.begin(t, p, false)
			test.change(&s)
			_, err := p.Finish(t.Context(), callback, s, query)
			refused(t, err, test.reason, test.why)
		})
	}
	s, query := f.begin(t, p, false)
	_, err := p.Finish(t.Context(), callback+"/other", s, query)
	refused(t, err, "sign-in-expired", "invalid_grant")
}

// TestErrorsOfOthersAreNotShown: the address that a browser is sent to can hold any text.
func TestErrorsOfOthersAreNotShown(t *testing.T) {
	f := newFake(t)
	f.lie.query = func(q url.Values) {
		q.Set("error", "access_denied")
		q.Set("error_description", "Call 0900 1234\r\n\x1bnow "+strings.Repeat("x", 1000))
	}
	_, err := f.signIn(t, f.source(t, nil), false)
	refused(t, err, "sign-in-denied", "Call 0900 1234 now xxx")
	if why := Why(err); len(why) > 410 || strings.ContainsAny(why, "\r\n\x1b") {
		t.Errorf("an administrator is shown %q", why)
	}
}

// TestTolerance: what honest providers do differently is accepted.
func TestTolerance(t *testing.T) {
	for name, lie := range map[string]lie{
		"a clock that is behind": {claims: func(c object) { c["exp"], c["iat"] = ago(time.Minute), ago(2*time.Minute) }},
		"a clock that is ahead":  {claims: func(c object) { c["iat"], c["nbf"] = ago(-time.Minute), ago(-time.Minute) }},
		"several audiences":      {claims: func(c object) { c["aud"], c["azp"] = []string{"other", clientID}, clientID }},
		"no at_hash":             claim("at_hash", nil),
		"no session":             claim("sid", nil),
		"times with fractions":   claim("iat", float64(start.Unix())+0.5),
		"type in lower case":     {tokens: func(o object) { o["token_type"] = "bearer" }},
		"it says who it is":      {query: func(q url.Values) { q.Set("iss", "set below") }},
		"ES256": {sign: func(f *fake, c jwt.MapClaims) string {
			delete(c, "at_hash")
			return sign(jwt.SigningMethodES256, f.ec, "ec", nil, object(c))
		}},
		"a token without the id of a key": {sign: func(f *fake, c jwt.MapClaims) string {
			return sign(jwt.SigningMethodRS256, f.rsa, "", nil, object(c))
		}},
		"keys of unknown kinds": {keys: func(keys []any) []any {
			return append([]any{object{"kty": "AKP", "kid": "pq", "alg": "ML-DSA-44"}, object{"kty": "oct", "k": "AAAA"}}, keys...)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			if f.lie = lie; name == "it says who it is" {
				f.lie.query = func(q url.Values) { q.Set("iss", f.URL) }
			}
			if got, err := f.signIn(t, f.source(t, nil), false); err != nil || got.Person.Username != "anna" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestClientAuthentication: the secret goes as the provider takes it, in a header if it can.
func TestClientAuthentication(t *testing.T) {
	for name, test := range map[string]struct {
		methods          []string
		public           bool
		wantID, wantText string
		why              string
	}{
		"by header":            {methods: []string{"client_secret_post", "client_secret_basic"}},
		"by form":              {methods: []string{"client_secret_post"}, wantID: clientID, wantText: secret},
		"by header by default": {},
		"public":               {methods: []string{"none"}, public: true, wantID: clientID},
		"by key pair":          {methods: []string{"private_key_jwt"}, why: "client_secret_basic or client_secret_post"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.lie.metadata = func(m object) { m["token_endpoint_auth_methods_supported"] = test.methods }
			p := f.source(t, func(c *Config) {
				if test.public {
					c.ClientSecretFile = ""
				}
			})
			_, err := f.signIn(t, p, false)
			if test.why != "" {
				refused(t, err, "source-misconfigured", test.why)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if form := f.forms[0]; form.Get("client_id") != test.wantID || form.Get("client_secret") != test.wantText {
				t.Errorf("the token endpoint was sent %v", form)
			}
		})
	}
}

// TestFreshSignIn: a change that asks for the password again gets somebody who was asked for it.
func TestFreshSignIn(t *testing.T) {
	f := newFake(t)
	got, err := f.signIn(t, f.source(t, nil), true)
	if err != nil || f.begun.Get("prompt") != "login" || f.begun.Get("max_age") != "0" || got.AuthTime.IsZero() {
		t.Errorf("%+v, %v, asked with %v", got, err, f.begun)
	}
}

// TestSecretCanBeReplaced: the file is read at each sign-in.
func TestSecretCanBeReplaced(t *testing.T) {
	f := newFake(t)
	path := write(t, "secret", "an old one")
	p := f.source(t, func(c *Config) { c.ClientSecretFile = path })
	_, err := f.signIn(t, p, false)
	refused(t, err, "source-misconfigured", "does not accept client_id with client_secret_file")
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.signIn(t, p, false); err != nil {
		t.Error(err)
	}
}
