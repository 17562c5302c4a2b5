// Package sourcestest has directories and identity providers in memory, for tests.
package sourcestest

import (
	"context"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"oplog/identity"
	"oplog/identity/ldap"
	"oplog/identity/oidc"
	"oplog/oplog"
)

// ErrDown is the answer of a source that cannot be reached.
var ErrDown = oplog.Refuse(oplog.CodeUnavailable, "source-unavailable", "{source} does not answer.", "Corp")

// Password is that of everybody in a Directory.
const Password = "right"

// Directory is a directory in memory. Its fields are not changed while it is asked.
type Directory struct {
	People map[string]identity.Person // by username
	Down   error                      // what it answers to everything; nil if it works
	Blind  bool                       // it cannot look people up
	Hangs  chan struct{}              // sign-ins wait until it is closed; nil for not at all
	Asked  atomic.Int64
}

// SignIn is that of [sources.Directory].
func (d *Directory) SignIn(_ context.Context, username, password string) (identity.Person, error) {
	d.Asked.Add(1)
	if d.Hangs != nil {
		<-d.Hangs
	}
	p, known := d.People[username]
	switch {
	case d.Down != nil:
		return p, d.Down
	case !known || password != Password:
		return p, identity.ErrNotThisPerson
	}
	return p, nil
}

// Find is that of [sources.Directory].
func (d *Directory) Find(_ context.Context, username string) (identity.Person, error) {
	p, known := d.People[username]
	if d.Down == nil && !known {
		return p, oplog.Errorf(oplog.CodeNotFound, "There is nobody named %s.", username)
	}
	return p, d.Down
}

// FindSubjects is that of [sources.Directory].
func (d *Directory) FindSubjects(_ context.Context, subjects []string) (map[string]identity.Person, error) {
	d.Asked.Add(1)
	found := make(map[string]identity.Person)
	for _, p := range d.People {
		if slices.Contains(subjects, p.Subject) {
			found[p.Subject] = p
		}
	}
	return found, d.Down
}

// Looks is that of [sources.Directory].
func (d *Directory) Looks() bool { return !d.Blind }

// Check is that of [sources.Directory].
func (d *Directory) Check(context.Context) error { return d.Down }

// CertificateEnds is when the certificates of sources end.
var CertificateEnds = time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)

// Servers is that of [sources.Directory]: two, of which the first is down always.
func (d *Directory) Servers(context.Context) []ldap.ServerState {
	return []ldap.ServerState{{URL: "ldaps://one.example", Err: ErrDown}, {URL: "ldaps://two.example", Err: d.Down, CertificateEnds: CertificateEnds}}
}

// Provider is an identity provider in memory. A browser comes back from it with a code, which names the person, and refresh, which is the refresh token.
// Its fields are not changed while it is asked.
type Provider struct {
	People    map[string]identity.Person // by code, and by refresh token
	Down      error                      // what it answers to everything; nil if it works
	Said      oidc.Logout                // what every logout token says
	Stays     bool                       // nobody signs out of it
	Refreshed atomic.Int64
}

// Begin is that of [sources.Provider].
func (p *Provider) Begin(_ context.Context, back string, fresh bool) (string, oidc.State, error) {
	return "https://idp.example/?back=" + url.QueryEscape(back), oidc.State{State: "s", Fresh: fresh}, p.Down
}

// Finish is that of [sources.Provider].
func (p *Provider) Finish(_ context.Context, _ string, _ oidc.State, query url.Values) (oidc.SignedIn, error) {
	person, known := p.People[query.Get("code")]
	if !known {
		return oidc.SignedIn{}, identity.ErrNotThisPerson
	}
	return oidc.SignedIn{Person: person, SessionID: "sid-" + query.Get("code"), IDToken: "hint", RefreshToken: query.Get("refresh")}, nil
}

// Refresh is that of [sources.Provider].
func (p *Provider) Refresh(_ context.Context, token, _ string) (oidc.SignedIn, error) {
	p.Refreshed.Add(1)
	person, known := p.People[token]
	switch {
	case p.Down != nil:
		return oidc.SignedIn{}, p.Down
	case !known:
		return oidc.SignedIn{}, identity.ErrNotThisPerson
	}
	return oidc.SignedIn{Person: person, RefreshToken: token}, nil
}

// LogoutURL is that of [sources.Provider].
func (p *Provider) LogoutURL(_ context.Context, hint, back string) (string, error) {
	if p.Stays {
		return "", nil
	}
	return "https://idp.example/out?" + url.Values{"hint": {hint}, "back": {back}}.Encode(), p.Down
}

// LogoutToken is that of [sources.Provider].
func (p *Provider) LogoutToken(context.Context, string) (oidc.Logout, error) { return p.Said, p.Down }

// Icon is that of [sources.Provider].
func (p *Provider) Icon() (string, []byte, error) { return "image/svg+xml", []byte("<svg/>"), nil }

// Check is that of [sources.Provider].
func (p *Provider) Check(context.Context) error { return p.Down }

// State is that of [sources.Provider].
func (p *Provider) State(context.Context) (time.Time, error) { return CertificateEnds, p.Down }

// Issuer is that of [sources.Provider].
func (p *Provider) Issuer() string { return "https://idp.example" }
