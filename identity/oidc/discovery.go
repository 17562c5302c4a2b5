package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"oplog/durable"
	"oplog/oplog"
)

const (
	discoveryLife = time.Hour      // until the provider is asked again, also for keys that it took back
	discoveryEnd  = 24 * time.Hour // until what it said before is no longer used, while it does not answer
	minRetry      = time.Second    // after a failure; doubled up to maxRetry
	maxRetry      = 30 * time.Second
	keysEvery     = 5 * time.Second // between questions for keys that logout tokens cause: anybody can send these
)

// asymmetric are the algorithms of signatures that a public key checks. With none or a shared secret, anybody or this log could have signed.
var asymmetric = []string{
	goidc.RS256, goidc.RS384, goidc.RS512, goidc.PS256, goidc.PS384, goidc.PS512, goidc.ES256, goidc.ES384, goidc.ES512, goidc.EdDSA,
}

// metadata is what a provider says of itself, as far as it is used.
type metadata struct {
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	KeysEndpoint          string   `json:"jwks_uri"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	ResponseTypes         []string `json:"response_types_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms            []string `json:"id_token_signing_alg_values_supported"`
	SaysIssuer            bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// known is a provider that described itself.
type known struct {
	metadata
	provider   *goidc.Provider
	client     *http.Client
	keys       *goidc.RemoteKeySet // for tokens that the provider answered with
	logoutKeys *goidc.RemoteKeySet // for tokens that anybody may have sent
	verify     *goidc.Config
	at         time.Time
}

// in returns a context in which the libraries use the provider's client.
func (k *known) in(ctx context.Context) context.Context { return goidc.ClientContext(ctx, k.client) }

// notThere matches the errors of the library of which the status says that the provider describes itself somewhere else.
var notThere = regexp.MustCompile(`^40[0345]\b`)

// attempts are the failures since the last success; they belong to the one who has the turn.
type attempts struct {
	failures int
	retryAt  time.Time
	last     error
}

// discover returns the provider as it described itself in the last hour. One caller at a time asks it; while it does not answer, the others
// are told so at once, until it is time to try again, or go on with what it said in the last day.
func (p *Provider) discover(ctx context.Context) (*known, error) {
	k := p.known.Load()
	now := p.now()
	if k != nil && now.Sub(k.at) < discoveryLife {
		return k, nil
	}
	if k != nil && now.Sub(k.at) < discoveryEnd {
		select {
		case p.turn <- struct{}{}:
		default:
			return k, nil // somebody else asks
		}
	} else if err := p.wait(ctx); err != nil {
		return nil, err
	}
	defer func() { <-p.turn }()
	if newer := p.known.Load(); newer != k {
		return newer, nil
	}
	err := p.attempts.last
	if err == nil || !now.Before(p.attempts.retryAt) {
		err = p.ask(ctx)
	}
	switch {
	case err == nil:
		return p.known.Load(), nil
	case k != nil && now.Sub(k.at) < discoveryEnd:
		return k, nil
	}
	return nil, p.retryLater(err)
}

// wait takes the turn.
func (p *Provider) wait(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return p.unavailable(ctx.Err())
	}
}

// retryLater adds to an error when it is worth to try again.
func (p *Provider) retryLater(err error) error {
	var e *explained
	if wait := p.attempts.retryAt.Sub(p.now()); wait > 0 && errors.As(err, &e) {
		told := *e.told
		told.Wait = wait
		return &explained{&told, e.why}
	}
	return err
}

// ask asks the provider to describe itself, and notes how that went. The caller has the turn.
func (p *Provider) ask(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline) // a browser that leaves is no failure of the provider
	defer cancel()
	k, err := p.describe(ctx)
	if err != nil {
		a := &p.attempts
		a.failures++
		a.last, a.retryAt = err, p.now().Add(min(minRetry<<min(a.failures-1, 10), maxRetry))
		return err
	}
	p.attempts = attempts{}
	p.known.Store(k)
	return nil
}

// describe reads the provider's description of itself, and checks it.
func (p *Provider) describe(ctx context.Context) (*known, error) {
	client, err := p.config.client(p.timeout)
	if err != nil {
		return nil, p.misconfigured("ca_file: %w", err)
	}
	k := &known{client: client, at: p.now()}
	k.provider, err = goidc.NewProvider(k.in(ctx), p.config.Issuer)
	var other *goidc.IssuerMismatchError
	switch {
	case errors.As(err, &other):
		return nil, p.misconfigured("the provider at %s says that its issuer is %q; specify issuer exactly so if that is the right one (a slash at its end counts)", p.config.Issuer, oplog.Shorten(other.Discovered))
	case isCertificateError(err):
		return nil, p.misconfigured("the provider's certificate is not accepted: %w; specify the certificate of the authority that signed it with ca_file", err)
	case err != nil && notThere.MatchString(err.Error()):
		return nil, p.misconfigured("%s/.well-known/openid-configuration: %w; specify the address as issuer below which the provider describes itself", p.config.Issuer, err)
	case err != nil:
		return nil, p.unavailable(fmt.Errorf("%s/.well-known/openid-configuration: %w", p.config.Issuer, err))
	}
	if err := k.provider.Claims(&k.metadata); err != nil {
		return nil, p.misconfigured("the provider's description of itself cannot be read: %w", err)
	}
	if err := p.checkMetadata(&k.metadata); err != nil {
		return nil, err
	}
	k.verify, err = p.verification(&k.metadata)
	if err != nil {
		return nil, err
	}
	k.keys = goidc.NewRemoteKeySet(k.in(context.Background()), k.KeysEndpoint)
	sparing := &http.Client{Transport: &sparingKeys{client.Transport, p}, Timeout: p.timeout, CheckRedirect: client.CheckRedirect}
	k.logoutKeys = goidc.NewRemoteKeySet(goidc.ClientContext(context.Background(), sparing), k.KeysEndpoint)
	return k, nil
}

// checkMetadata checks that a provider can do what is needed, at addresses that are safe.
func (p *Provider) checkMetadata(m *metadata) error {
	for _, endpoint := range []struct {
		name, address string
		required      bool
	}{
		{"authorization_endpoint", m.AuthorizationEndpoint, true}, {"token_endpoint", m.TokenEndpoint, true}, {"jwks_uri", m.KeysEndpoint, true},
		{"userinfo_endpoint", m.UserinfoEndpoint, false}, {"end_session_endpoint", m.EndSessionEndpoint, false},
	} {
		if endpoint.address == "" {
			if endpoint.required {
				return p.misconfigured("the provider has no %s", endpoint.name)
			}
			continue
		}
		address, err := url.Parse(endpoint.address)
		if err != nil {
			return p.misconfigured("the provider's %s is not an address: %w", endpoint.name, err)
		}
		if why := unsafe(address, p.config.plain()); why != "" {
			return p.misconfigured("the provider's %s, %s, %s", endpoint.name, oplog.Shorten(address.Redacted()), why)
		}
	}
	if len(m.ResponseTypes) > 0 && !slices.Contains(m.ResponseTypes, "code") {
		return p.misconfigured("the provider does not offer the authorization code flow (response type code)")
	}
	return nil
}

// verification returns how tokens of the provider are verified. Times are checked by checkTimes, which allows for clocks that differ.
func (p *Provider) verification(m *metadata) (*goidc.Config, error) {
	allowed := p.config.Algorithms
	if len(allowed) == 0 {
		allowed = slices.DeleteFunc(slices.Clone(m.Algorithms), func(a string) bool { return !slices.Contains(asymmetric, a) })
	}
	if len(allowed) == 0 && len(m.Algorithms) > 0 {
		return nil, p.misconfigured("the provider signs ID tokens with %q alone; let it sign them with a key pair, such as RS256 or ES256", m.Algorithms)
	}
	if len(allowed) == 0 {
		allowed = []string{goidc.RS256}
	}
	return &goidc.Config{ClientID: p.config.ClientID, SupportedSigningAlgs: allowed, SkipExpiryCheck: true}, nil
}

// client returns this log as a client of the provider. The secret is read each time, so that it can be replaced.
func (p *Provider) client(k *known, callbackURL string) (*oauth2.Config, error) {
	c := &oauth2.Config{
		ClientID: p.config.ClientID, RedirectURL: callbackURL,
		Endpoint: oauth2.Endpoint{TokenURL: k.TokenEndpoint, AuthStyle: oauth2.AuthStyleInParams},
	}
	if p.config.ClientSecretFile == "" {
		return c, nil
	}
	secret, err := p.config.secret()
	if err != nil {
		return nil, p.misconfigured("client_secret_file: %w", err)
	}
	c.ClientSecret = secret
	switch methods := k.AuthMethods; {
	case len(methods) == 0, slices.Contains(methods, "client_secret_basic"):
		c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	case !slices.Contains(methods, "client_secret_post"):
		return nil, p.misconfigured("the provider lets clients authenticate with %q alone; allow client_secret_basic or client_secret_post there", methods)
	}
	return c, nil
}

// secret reads the client secret.
func (c *Config) secret() (string, error) {
	text, err := durable.ReadSecret(c.ClientSecretFile)
	if err != nil {
		return "", err
	}
	return oneLine(string(text), c.ClientSecretFile)
}

// sparingKeys asks for keys once in a while.
type sparingKeys struct {
	next http.RoundTripper
	p    *Provider
}

func (s *sparingKeys) RoundTrip(r *http.Request) (*http.Response, error) {
	if !s.p.keys.passes(s.p.now(), keysEvery) {
		return nil, fmt.Errorf("the provider was asked for its keys less than %d s ago", keysEvery/time.Second)
	}
	return s.next.RoundTrip(r)
}
