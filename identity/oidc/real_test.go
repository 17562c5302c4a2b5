package oidc_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/identity/oidc"
	"oplog/identity/oidc/oidctest"
	"oplog/oplog"
)

const back = "http://127.0.0.1:9/api/v1/session/oidc/sso/callback"

// source returns a configuration of a real provider.
func source(t *testing.T, real *oidctest.Provider) *oidc.Provider {
	t.Helper()
	c := oidc.Config{Name: "sso", Title: "Company", Issuer: real.Issuer, ClientID: real.ClientID, OrganizationClaim: "organization"}
	for file, text := range map[*string]string{&c.ClientSecretFile: real.ClientSecret, &c.CAFile: real.CA} {
		if text == "" {
			continue
		}
		*file = filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(*file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if errs := c.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return oidc.New(c, time.Now)
}

// signIn signs somebody in by the provider's form.
func signIn(t *testing.T, p *oidc.Provider, b *oidctest.Browser, name, password string) (oidc.SignedIn, error) {
	t.Helper()
	to, state, err := p.Begin(t.Context(), back, false)
	if err != nil {
		t.Fatal(err)
	}
	at := b.SignIn(t, to, name, password)
	if at == nil {
		t.Fatal("the provider does not accept the password")
	}
	return p.Finish(t.Context(), back, state, at.Query())
}

// TestRealProvider: node-oidc-provider signs people in as each kind of client, with each kind of key.
func TestRealProvider(t *testing.T) {
	for name, s := range map[string]oidctest.Settings{
		"by header":                    {},
		"by form, over TLS":            {AuthMethod: "client_secret_post", TLS: true},
		"public client":                {Public: true, Algorithm: "ES256"},
		"claims in the ID token":       {ClaimsInIDToken: true, Algorithm: "PS256"},
		"Ed25519, and the logout hint": {Algorithm: "EdDSA", PostLogoutRedirectURIs: []string{"http://127.0.0.1:9/"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.RedirectURIs = []string{back}
			real := oidctest.Start(t, s)
			p, b := source(t, real), real.Browser(t)
			if err := p.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := signIn(t, p, b, "wei", "王伟的密码")
			if err != nil {
				t.Fatal(err)
			}
			if person := got.Person; person.Username != "wei" || person.Subject != "wei" || person.Name != "王伟" || person.Organization != "shanghai" ||
				person.Source != "sso" || !slices.Equal(person.Groups, []string{"log-readers"}) {
				t.Errorf("signed in: %+v", person)
			}
			if s.PostLogoutRedirectURIs == nil {
				return
			}
			to, err := p.LogoutURL(t.Context(), got.IDToken, s.PostLogoutRedirectURIs[0])
			if err != nil {
				t.Fatal(err)
			}
			if at := b.SignOut(t, to); at == nil || at.String() != s.PostLogoutRedirectURIs[0] {
				t.Errorf("the provider sends the browser back to %v", at)
			}
			if to, _, _ = p.Begin(t.Context(), back, false); !b.Asks(t, to) {
				t.Error("the provider does not ask for a password after it was logged out")
			}
		})
	}
}

// TestRealPeopleChange: what changes at the provider is seen at the next refresh, and people who are gone are out.
func TestRealPeopleChange(t *testing.T) {
	real := oidctest.Start(t, oidctest.Settings{RedirectURIs: []string{back}})
	p, b := source(t, real), real.Browser(t)
	s, err := signIn(t, p, b, "anna", "anna’s password")
	if err != nil || !slices.Equal(s.Person.Groups, []string{"log-admins", "staff"}) {
		t.Fatalf("%+v, %v", s, err)
	}
	real.Change(t, "anna", map[string]any{"groups": []string{"staff"}, "organization": "paris", "preferred_username": "anna.weber"})
	first := s.RefreshToken
	if s, err = p.Refresh(t.Context(), first, "anna"); err != nil || !slices.Equal(s.Person.Groups, []string{"staff"}) || s.Person.Organization != "paris" ||
		s.Person.Username != "anna.weber" || s.Person.Subject != "anna" || s.RefreshToken == first {
		t.Errorf("after the groups changed: %+v, %v", s, err)
	}
	if s, err = p.Refresh(t.Context(), s.RefreshToken, "anna"); err != nil {
		t.Errorf("the newest refresh token: %v", err)
	}
	real.Change(t, "anna", nil)
	if _, err = p.Refresh(t.Context(), s.RefreshToken, "anna"); !errors.Is(err, identity.ErrNotThisPerson) {
		t.Errorf("somebody who is gone: %v", err)
	}

	if s, err = signIn(t, p, real.Browser(t), "wei", "王伟的密码"); err != nil {
		t.Fatal(err)
	}
	real.Revoke(t, "wei")
	if _, err = p.Refresh(t.Context(), s.RefreshToken, "wei"); !errors.Is(err, identity.ErrNotThisPerson) {
		t.Errorf("somebody whose session was ended: %v", err)
	}
}

// TestRealRefreshTokenIsUsedOnce: a refresh token that was replaced is worth nothing, so the newest must be kept.
func TestRealRefreshTokenIsUsedOnce(t *testing.T) {
	real := oidctest.Start(t, oidctest.Settings{RedirectURIs: []string{back}})
	p := source(t, real)
	s, err := signIn(t, p, real.Browser(t), "otto", "otto’s password")
	if err != nil || s.Person.Groups != nil || s.Person.Organization != "" {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err = p.Refresh(t.Context(), s.RefreshToken, "otto"); err != nil {
		t.Fatal(err)
	}
	if _, err = p.Refresh(t.Context(), s.RefreshToken, "otto"); !errors.Is(err, identity.ErrNotThisPerson) {
		t.Errorf("a refresh token that was used: %v", err)
	}
}

// TestRealPasswords: a wrong password, one that was cancelled, one that is asked for again, and codes that come twice.
func TestRealPasswords(t *testing.T) {
	real := oidctest.Start(t, oidctest.Settings{RedirectURIs: []string{back}})
	p, b := source(t, real), real.Browser(t)
	begin := func(fresh bool) (string, oidc.State) {
		to, state, err := p.Begin(t.Context(), back, fresh)
		if err != nil {
			t.Fatal(err)
		}
		return to, state
	}
	for _, password := range []string{"", "wrong", "otto’s password"} {
		if to, _ := begin(false); b.SignIn(t, to, "anna", password) != nil {
			t.Errorf("the provider accepts the password %q", password)
		}
	}
	to, state := begin(false)
	_, err := p.Finish(t.Context(), back, state, b.Cancel(t, to).Query())
	var told *oplog.Error
	if !errors.As(err, &told) || told.Reason != "sign-in-denied" || !strings.Contains(oidc.Why(err), "the person cancelled") {
		t.Errorf("cancelled: %v", err)
	}

	to, state = begin(false)
	first := b.SignIn(t, to, "anna", "anna’s password").Query()
	if _, err = p.Finish(t.Context(), back, state, first); err != nil {
		t.Fatal(err)
	}
	again := source(t, real) // another node, which has not seen the state
	if _, err = again.Finish(t.Context(), back, state, first); !errors.As(err, &told) || told.Reason != "sign-in-expired" {
		t.Errorf("a code that comes twice: %v", err)
	}
	if to, _ = begin(false); b.Asks(t, to) {
		t.Error("the provider asks for the password again, though it knows the person")
	}
	to, state = begin(true)
	if !b.Asks(t, to) {
		t.Fatal("the provider does not ask for the password again")
	}
	s, err := p.Finish(t.Context(), back, state, b.SignIn(t, to, "anna", "anna’s password").Query())
	if err != nil || time.Since(s.AuthTime) > 5*time.Minute {
		t.Errorf("asked for the password again: %+v, %v", s, err)
	}
}

// TestRealLogoutTokens: the provider tells of sessions that end there.
func TestRealLogoutTokens(t *testing.T) {
	tokens := make(chan string, 10)
	log := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { tokens <- r.PostFormValue("logout_token") }))
	defer log.Close()
	real := oidctest.Start(t, oidctest.Settings{RedirectURIs: []string{back}, PostLogoutRedirectURIs: []string{"http://127.0.0.1:9/"}, BackchannelLogoutURI: log.URL})
	p, b := source(t, real), real.Browser(t)
	ends := func(what string, s oidc.SignedIn) {
		t.Helper()
		var token string
		select {
		case token = <-tokens:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: the provider sends no logout token", what)
		}
		got, err := p.LogoutToken(t.Context(), token)
		if err != nil || got.Subject != s.Person.Subject || got.SessionID != s.SessionID || s.SessionID == "" || time.Since(got.IssuedAt) > 5*time.Minute {
			t.Errorf("%s: %+v, %v; signed in: %+v", what, got, err, s)
		}
		if _, err = p.Refresh(t.Context(), s.RefreshToken, s.Person.Subject); !errors.Is(err, identity.ErrNotThisPerson) {
			t.Errorf("%s: the refresh token is still accepted: %v", what, err)
		}
	}
	s, err := signIn(t, p, b, "anna", "anna’s password")
	if err != nil {
		t.Fatal(err)
	}
	to, err := p.LogoutURL(t.Context(), s.IDToken, "http://127.0.0.1:9/")
	if err != nil {
		t.Fatal(err)
	}
	b.SignOut(t, to)
	ends("logged out by the person", s)

	if s, err = signIn(t, p, b, "anna", "anna’s password"); err != nil {
		t.Fatal(err)
	}
	real.Logout(t, "anna")
	ends("logged out by the provider", s)
	if len(tokens) > 0 {
		t.Errorf("%d more logout tokens came", len(tokens))
	}
}

// TestRealCallback: the provider sends a browser to the registered address alone.
func TestRealCallback(t *testing.T) {
	real := oidctest.Start(t, oidctest.Settings{RedirectURIs: []string{back}})
	p := source(t, real)
	for _, other := range []string{back + "/", back + "?x=1", "http://127.0.0.1:9/", "https://evil.example.com/"} {
		to, _, err := p.Begin(t.Context(), other, false)
		if err != nil {
			t.Fatal(err)
		}
		address, _ := url.Parse(to)
		if real.Browser(t).Asks(t, to) || address.Query().Get("redirect_uri") != other {
			t.Errorf("the provider goes on with %s", other)
		}
	}
}
