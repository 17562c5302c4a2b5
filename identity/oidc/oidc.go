// Package oidc signs people in at an identity provider by OpenID Connect (authorization code with PKCE), asks again whether they are still the
// same, and logs them out from both sides. It knows nothing of accounts, rules or routes.
//
// Every question to a provider takes 5 s at most in all, and an answer has 1 MiB at most. Errors have words for the person; [Why] is what an
// administrator has to know besides.
package oidc

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"oplog/identity"
)

// Limits of the answers of a provider, and of clocks that differ.
const (
	maxAnswer  = 1 << 20 // bytes
	clockSkew  = 2 * time.Minute
	stateLife  = 10 * time.Minute // from Begin to Finish
	maxSubject = 255              // characters, by the specification
)

// State is what a browser must bring back from the provider; it is kept in a cookie of that browser and nowhere else.
type State struct {
	Source   string    `json:"p"`
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // of PKCE
	Fresh    bool      `json:"f,omitempty"`
	At       time.Time `json:"t"`
}

// SignedIn is what the provider says of somebody who signed in.
type SignedIn struct {
	Person       identity.Person
	SessionID    string    // sid; "" if the provider has none
	IDToken      string    // the hint of LogoutURL; "" after a refresh without one
	RefreshToken string    // the newest; "" if there is none
	AuthTime     time.Time // when the person last proved who it is; zero if the provider does not say
}

// Provider is an identity provider.
type Provider struct {
	config  Config
	now     func() time.Time
	timeout time.Duration // of all questions of one call

	known    atomic.Pointer[known] // as it last described itself; nil before
	turn     chan struct{}         // held while it is asked to, and for attempts
	attempts attempts

	certificateEnds atomic.Int64 // of the certificate that Check saw last, in Unix seconds; 0 before, and without TLS

	states  once // brought back by browsers
	logouts once // ids of logout tokens
	keys    interval
}

// New returns a provider with a valid configuration. It is not asked before it is needed, so it may be down.
func New(c Config, now func() time.Time) *Provider {
	return &Provider{config: c, now: now, timeout: 5 * time.Second, turn: make(chan struct{}, 1)}
}

// Name returns the name of the source.
func (p *Provider) Name() string { return p.config.Name }

// Title returns what people read of the source.
func (p *Provider) Title() string { return cmp.Or(p.config.Title, p.config.Name) }

// Begin returns the address of the provider that a browser is sent to, and what it must bring back. callbackURL is ours, exactly as the provider
// knows it. With fresh the provider asks for the password again.
func (p *Provider) Begin(ctx context.Context, callbackURL string, fresh bool) (to string, s State, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	k, err := p.discover(ctx)
	if err != nil {
		return "", s, err
	}
	s = State{
		Source: p.config.Name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Fresh: fresh,
		At: p.now().UTC().Truncate(time.Second),
	}
	values := url.Values{
		"response_type": {"code"}, "client_id": {p.config.ClientID}, "redirect_uri": {callbackURL}, "scope": {strings.Join(p.config.Scopes, " ")},
		"state": {s.State}, "nonce": {s.Nonce}, "code_challenge": {oauth2.S256ChallengeFromVerifier(s.Verifier)}, "code_challenge_method": {"S256"},
	}
	if fresh {
		values.Set("prompt", "login")
		values.Set("max_age", "0")
	}
	return withQuery(k.AuthorizationEndpoint, values), s, nil
}

// withQuery adds parameters to an address, which may have some.
func withQuery(address string, values url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + values.Encode()
}
