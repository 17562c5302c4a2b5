package oidc

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"oplog/identity"
	"oplog/oplog"
)

// refuseToken lets the token endpoint refuse with a code.
func refuseToken(code string, status int) lie {
	return at("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"error": "` + code + `"}`))
	})
}

// signedIn signs anna in.
func (f *fake) signedIn(t *testing.T, p *Provider) SignedIn {
	t.Helper()
	s, err := f.signIn(t, p, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRefresh: groups that change at the provider are seen at the next refresh, from wherever they came, and the newest token is kept.
func TestRefresh(t *testing.T) {
	for name, test := range map[string]lie{
		"by userinfo beside an ID token": {},
		"by userinfo alone":              {tokens: func(o object) { delete(o, "id_token") }},
		"by the ID token alone": {
			metadata: func(m object) { delete(m, "userinfo_endpoint") },
			claims:   func(c object) { c["groups"] = []string{"new"} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.lie.metadata = test.metadata
			p := f.source(t, nil)
			s := f.signedIn(t, p)
			f.lie = test
			f.info = object{"sub": "4711", "groups": []string{"new"}, "preferred_username": "anna"}
			for range 3 {
				last := s.RefreshToken
				var err error
				if s, err = p.Refresh(t.Context(), last, "4711"); err != nil {
					t.Fatal(err)
				}
				if s.RefreshToken == last || s.RefreshToken != f.refresh || s.Person.Username != "anna" || !slices.Equal(s.Person.Groups, []string{"new"}) {
					t.Errorf("%+v after %s", s, last)
				}
			}
		})
	}
}

// TestRefreshTokenStays: a provider that does not replace it means that it stays valid.
func TestRefreshTokenStays(t *testing.T) {
	f := newFake(t)
	p := f.source(t, nil)
	f.signedIn(t, p)
	used := f.refresh
	f.lie.tokens = func(o object) { delete(o, "refresh_token") }
	if s, err := p.Refresh(t.Context(), used, "4711"); err != nil || s.RefreshToken != used {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestRefreshRefused: who is out, and who cannot be asked about.
func TestRefreshRefused(t *testing.T) {
	out := func(t *testing.T, err error, why string) {
		t.Helper()
		if !errors.Is(err, identity.ErrNotThisPerson) || Why(err) == "" {
			t.Errorf("got %v, want that the person is out because of %q", err, why)
		}
	}
	f := newFake(t)
	p := f.source(t, nil)
	s := f.signedIn(t, p)
	_, err := p.Refresh(t.Context(), "", "4711")
	out(t, err, "no refresh token")
	_, err = p.Refresh(t.Context(), "guessed", "4711")
	out(t, err, "invalid_grant")
	for _, code := range []string{"invalid_grant", "interaction_required", "access_denied"} {
		f.lie = refuseToken(code, http.StatusBadRequest)
		_, err = p.Refresh(t.Context(), s.RefreshToken, "4711")
		out(t, err, code)
	}
	for _, test := range []struct {
		lie         lie
		reason, why string
	}{
		{refuseToken("invalid_client", http.StatusUnauthorized), "source-misconfigured", "invalid_client"},
		{refuseToken("unauthorized_client", http.StatusBadRequest), "source-misconfigured", "unauthorized_client"},
		{refuseToken("temporarily_unavailable", http.StatusBadRequest), "source-unavailable", "temporarily_unavailable"},
		{refuseToken("invalid_grant", http.StatusInternalServerError), "source-unavailable", "invalid_grant"},
		{at("/token", status(http.StatusTooManyRequests)), "source-unavailable", "429"},
		{at("/token", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }), "source-unavailable", "EOF"},
	} {
		f.lie = test.lie
		_, err = p.Refresh(t.Context(), s.RefreshToken, "4711")
		refused(t, err, test.reason, test.why)
		if oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Errorf("%v has code %s", err, oplog.CodeOf(err))
		}
	}
}

// TestRefreshIsOfTheSamePerson: what comes back must be about whom the session is of, and a new refresh token is kept even if it is not, or if
// userinfo fails: the one that was used is used up.
func TestRefreshIsOfTheSamePerson(t *testing.T) {
	for name, test := range map[string]struct {
		lie         lie
		reason, why string
	}{
		"another subject":                 {claim("sub", "1"), "sign-in-untrusted", `about "1", not about "4711"`},
		"userinfo of another":             {lie{userinfo: func(o object) { o["sub"] = "1" }}, "sign-in-untrusted", `userinfo is about "1"`},
		"userinfo of another alone":       {lie{tokens: func(o object) { delete(o, "id_token") }, userinfo: func(o object) { o["sub"] = "1" }}, "sign-in-untrusted", `userinfo is about "1"`},
		"for another client":              {claim("aud", "other"), "sign-in-untrusted", "audience"},
		"userinfo down":                   {at("/userinfo", status(http.StatusBadGateway)), "source-unavailable", "502"},
		"userinfo that refuses the token": {at("/userinfo", status(http.StatusUnauthorized)), "source-unavailable", "401"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			p := f.source(t, nil)
			s := f.signedIn(t, p)
			f.lie = test.lie
			got, err := p.Refresh(t.Context(), s.RefreshToken, "4711")
			refused(t, err, test.reason, test.why)
			if got.RefreshToken != f.refresh || got.RefreshToken == s.RefreshToken || got.Person.Subject != "" {
				t.Errorf("kept: %+v", got)
			}
		})
	}
	f := newFake(t)
	f.lie = lie{metadata: func(m object) { delete(m, "userinfo_endpoint") }}
	p := f.source(t, nil)
	s := f.signedIn(t, p)
	f.lie.tokens = func(o object) { delete(o, "id_token") }
	_, err := p.Refresh(t.Context(), s.RefreshToken, "4711")
	refused(t, err, "source-misconfigured", "neither an ID token with a refresh token nor userinfo")
}
