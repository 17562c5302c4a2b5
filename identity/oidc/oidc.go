// Package oidc signs people in at an identity provider by OpenID Connect (authorization code with PKCE), asks again whether they are still the
// same, and logs them out from both sides. It knows nothing of accounts, rules or routes.
package oidc

import (
	"context"
	"net/url"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// Config is an [[oidc]] table of the configuration file.
type Config struct {
	Name              string   `toml:"name"`
	Title             string   `toml:"title"`     // on the sign-in page; "" is the name
	IconFile          string   `toml:"icon_file"` // SVG or PNG of at most 32 KiB; "" for none
	Issuer            string   `toml:"issuer"`    // exactly as the provider says it
	ClientID          string   `toml:"client_id"`
	ClientSecretFile  string   `toml:"client_secret_file"` // "" for a public client, which has PKCE alone
	Scopes            []string `toml:"scopes"`             // openid profile email by default
	UsernameClaim     string   `toml:"username_claim"`     // by default preferred_username, or else email if it is verified, or else sub
	GroupsClaim       string   `toml:"groups_claim"`       // groups by default; a path such as realm_access.roles
	OrganizationClaim string   `toml:"organization_claim"` // "" for none
	CAFile            string   `toml:"ca_file"`            // PEM; "" for the authorities that the machine trusts
	Algorithms        []string `toml:"algorithms"`         // of signatures; by default the asymmetric ones that the provider names
}

// Validate checks a configuration with the files that it names, and fills in its defaults.
func (c *Config) Validate() []oplog.FieldError { return nil }

// State is what a browser must bring back from the provider; it is kept in a cookie of that browser and nowhere else.
type State struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // of PKCE
	Fresh    bool      `json:"f,omitempty"`
	At       time.Time `json:"t"`
}

// SignedIn is what the provider says of somebody who signed in.
type SignedIn struct {
	Person       identity.Person
	SessionID    string // sid; "" if the provider has none
	IDToken      string // the hint of LogoutURL
	RefreshToken string // the newest; "" if there is none
	AuthTime     time.Time
}

// Logout is what a logout token says: the sessions of a person, or that of one session id, end if they began before it was issued.
type Logout struct {
	Subject   string // "" if the token names only a session
	SessionID string // "" for all sessions of the person
	IssuedAt  time.Time
}

// Provider is an identity provider.
type Provider struct {
	config Config
	now    func() time.Time
}

// New returns a provider with a valid configuration. It is not asked before it is needed, so it may be down.
func New(c Config, now func() time.Time) *Provider { return &Provider{config: c, now: now} }

// Name and Title return the name of the source, and what people read.
func (p *Provider) Name() string  { return p.config.Name }
func (p *Provider) Title() string { return p.config.Title }

// Icon returns the provider's icon with its media type; "" if it has none.
func (p *Provider) Icon() (mediaType string, icon []byte) { return "", nil }

// Begin returns the address of the provider that a browser is sent to, and what it must bring back. callbackURL is ours, exactly as the provider
// knows it. With fresh the provider asks for the password again.
func (p *Provider) Begin(ctx context.Context, callbackURL string, fresh bool) (to string, s State, err error) {
	return "", s, identity.ErrNotThisPerson
}

// Finish completes the sign-in of a browser that came back to callbackURL with a query.
func (p *Provider) Finish(ctx context.Context, callbackURL string, s State, query url.Values) (SignedIn, error) {
	return SignedIn{}, identity.ErrNotThisPerson
}

// Refresh asks again who has a refresh token, which must still be that subject: ErrNotThisPerson if the provider says no, CodeUnavailable if it
// does not answer. RefreshToken of what it returns replaces the one that was used, also beside an error if it is not "".
func (p *Provider) Refresh(ctx context.Context, refreshToken, subject string) (SignedIn, error) {
	return SignedIn{}, identity.ErrNotThisPerson
}

// LogoutURL returns the address that logs a browser out at the provider, which then sends it back to an address of ours ("" for none); "" if the
// provider has none.
func (p *Provider) LogoutURL(ctx context.Context, idToken, back string) (string, error) { return "", nil }

// LogoutToken checks a logout token that the provider sent (OpenID Connect Back-Channel Logout 1.0).
func (p *Provider) LogoutToken(ctx context.Context, token string) (Logout, error) {
	return Logout{}, identity.ErrNotThisPerson
}

// Check asks the provider whether it can be used: it answers, is the configured one, and has keys.
func (p *Provider) Check(ctx context.Context) error { return nil }
