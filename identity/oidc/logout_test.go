package oidc

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oplog/oplog"
)

func TestLogoutURL(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	f.lie.metadata = func(m object) { m["end_session_endpoint"] = f.URL + "/logout?realm=staff" }
	to, err := p.LogoutURL(t.Context(), "the.id.token", "https://log.example.com/")
	address, _ := url.Parse(to)
	want := url.Values{"realm": {"staff"}, "client_id": {clientID}, "id_token_hint": {"the.id.token"}, "post_logout_redirect_uri": {"https://log.example.com/"}}
	if err != nil || address.Path != "/logout" || address.Query().Encode() != want.Encode() {
		t.Errorf("%s, %v", to, err)
	}
	if to, err = p.LogoutURL(t.Context(), strings.Repeat("x", 5000), ""); err != nil || to != f.URL+"/logout?realm=staff&client_id="+clientID {
		t.Errorf("with a token that no address can hold: %s, %v", to, err)
	}
	f.lie.metadata = func(m object) { delete(m, "end_session_endpoint") }
	if to, err = f.source(t, nil).LogoutURL(t.Context(), "the.id.token", ""); to != "" || err != nil {
		t.Errorf("a provider that has none: %s, %v", to, err)
	}
}

// logoutToken makes a logout token, changed.
func (f *fake) logoutToken(change func(c object)) string {
	c := object{
		"iss": f.URL, "aud": clientID, "iat": f.now().Unix(), "exp": f.now().Add(2 * time.Minute).Unix(), "jti": time.Now().String(),
		"sub": "4711", "sid": "session 1", "events": object{logoutEventName: object{}},
	}
	if change != nil {
		change(c)
	}
	return sign(jwt.SigningMethodRS256, f.rsa, "rsa", object{"typ": "logout+jwt"}, c)
}

func TestLogoutToken(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	for name, test := range map[string]struct {
		header, change object
		want           Logout
	}{
		"of a session":            {want: Logout{Subject: "4711", SessionID: "session 1"}},
		"of a person":             {change: object{"sid": nil}, want: Logout{Subject: "4711"}},
		"of a session alone":      {change: object{"sub": nil}, want: Logout{SessionID: "session 1"}},
		"of before the type was":  {header: object{"typ": "JWT"}, want: Logout{Subject: "4711", SessionID: "session 1"}},
		"with the type in full":   {header: object{"typ": "application/logout+jwt"}, want: Logout{Subject: "4711", SessionID: "session 1"}},
		"from a clock behind":     {change: object{"iat": ago(3 * time.Minute), "exp": ago(time.Minute)}, want: Logout{Subject: "4711", SessionID: "session 1"}},
		"from a clock ahead":      {change: object{"iat": ago(-time.Minute)}, want: Logout{Subject: "4711", SessionID: "session 1"}},
		"for several at the same": {change: object{"aud": []string{clientID, "other"}}, want: Logout{Subject: "4711", SessionID: "session 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			token := f.logoutToken(func(c object) { changed(c, test.change) })
			if test.header != nil {
				token = resign(f, token, test.header)
			}
			got, err := p.LogoutToken(t.Context(), token)
			if issued := got.IssuedAt; err != nil || f.now().Sub(issued).Abs() > 4*time.Minute {
				t.Fatalf("%+v, %v", got, err)
			}
			if got.IssuedAt = (time.Time{}); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			_, err = p.LogoutToken(t.Context(), token)
			refused(t, err, string(oplog.CodeInvalid), "came before (jti)")
		})
	}
}

// changed sets claims; nil removes them.
func changed(c, change object) {
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, value any) bool { return value == nil })
}

// resign signs the claims of a token again, with another header.
func resign(f *fake, token string, header object) string {
	c := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, c); err != nil {
		panic(err)
	}
	return sign(jwt.SigningMethodRS256, f.rsa, "rsa", header, object(c))
}

// lyingLogoutTokens are tokens that log nobody out, and why.
var lyingLogoutTokens = map[string]struct {
	change object
	token  func(f *fake, honest string) string
	why    string
}{
	"another issuer":      {change: object{"iss": "https://other.example.com"}, why: "different provider"},
	"another client":      {change: object{"aud": "other"}, why: "audience"},
	"with a nonce":        {change: object{"nonce": "n"}, why: "nonce"},
	"with an empty nonce": {change: object{"nonce": ""}, why: "nonce"},
	"without an id":       {change: object{"jti": nil}, why: "jti"},
	"without an event":    {change: object{"events": nil}, why: "event"},
	"with another event":  {change: object{"events": object{"x": object{}}}, why: "event"},
	"with a text for it":  {change: object{"events": object{logoutEventName: "yes"}}, why: "not an object"},
	"of nobody":           {change: object{"sub": nil, "sid": nil}, why: "'sub'"},
	"of an empty person":  {change: object{"sub": ""}, why: "not a text"},
	"expired":             {change: object{"exp": ago(3 * time.Minute)}, why: "it expired 3m"},
	"without an end":      {change: object{"exp": nil}, why: "'exp'"},
	"of the future":       {change: object{"iat": ago(-3 * time.Minute)}, why: "in the future"},
	"without a time":      {change: object{"iat": nil}, why: "no iat"},
	"valid for ever":      {change: object{"exp": ago(-48 * time.Hour)}, why: "more than 24 h"},
	"an ID token": {why: "event", token: func(f *fake, _ string) string {
		f.begun = url.Values{"nonce": {"n"}}
		return f.idToken(false)
	}},
	"an access token": {why: `type "at+jwt"`, token: func(f *fake, honest string) string { return resign(f, honest, object{"typ": "at+jwt"}) }},
	"by another key": {why: "failed to verify", token: func(f *fake, honest string) string {
		c := jwt.MapClaims{}
		_, _, _ = jwt.NewParser().ParseUnverified(honest, c)
		return sign(jwt.SigningMethodRS256, f.old, "rsa", nil, object(c))
	}},
	"alg none": {why: "unexpected signature algorithm", token: func(_ *fake, honest string) string {
		c := jwt.MapClaims{}
		_, _, _ = jwt.NewParser().ParseUnverified(honest, c)
		return sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "rsa", nil, object(c))
	}},
	"HS256 with the public key": {why: "unexpected signature algorithm", token: func(f *fake, honest string) string {
		c := jwt.MapClaims{}
		_, _, _ = jwt.NewParser().ParseUnverified(honest, c)
		return sign(jwt.SigningMethodHS256, publicKey(f), "rsa", nil, object(c))
	}},
	"nothing": {why: "not a JWT", token: func(*fake, string) string { return "" }},
	"noise":   {why: "not a JWT", token: func(*fake, string) string { return "bm9pc2U.x.y" }},
	"endless": {why: "longer than 16 KiB", token: func(*fake, string) string { return strings.Repeat("x", 17<<10) }},
}

// TestLyingLogoutTokens: anybody can send a logout token, so nobody is logged out by one that is not the provider's.
func TestLyingLogoutTokens(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	for name, test := range lyingLogoutTokens {
		t.Run(name, func(t *testing.T) {
			p.keys = interval{} // each may ask for keys
			token := f.logoutToken(func(c object) { changed(c, test.change) })
			if test.token != nil {
				token = test.token(f, token)
			}
			_, err := p.LogoutToken(t.Context(), token)
			refused(t, err, string(oplog.CodeInvalid), test.why)
		})
	}
}

// TestLogoutTokensCauseFewQuestions: anybody can send tokens by keys that are unknown, and with each the provider could be asked for its keys.
func TestLogoutTokensCauseFewQuestions(t *testing.T) {
	f := newFake(t)
	now := time.Now()
	f.now = func() time.Time { return now }
	p := f.source(t, nil)
	for i := range 20 {
		_, err := p.LogoutToken(t.Context(), sign(jwt.SigningMethodRS256, f.old, "unknown", nil, object{}))
		if i == 0 {
			refused(t, err, string(oplog.CodeInvalid), "failed to verify")
			continue
		}
		refused(t, err, "source-unavailable", "less than 5 s ago")
	}
	if f.asked["/keys"] != 1 {
		t.Errorf("the provider was asked %d times for its keys", f.asked["/keys"])
	}
	f.signedIn(t, p) // asks with keys of its own
	f.lie.keys = func([]any) []any { return []any{rsaJWK("unknown", &f.old.PublicKey)} }
	now = now.Add(6 * time.Second)
	token := resignBy(f, f.logoutToken(nil))
	if _, err := p.LogoutToken(t.Context(), token); err != nil {
		t.Errorf("a new key is not seen after a while: %v", err)
	}
}

// resignBy signs the claims of a token by the other key.
func resignBy(f *fake, token string) string {
	c := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, c); err != nil {
		panic(err)
	}
	return sign(jwt.SigningMethodRS256, f.old, "unknown", nil, object(c))
}
