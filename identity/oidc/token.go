package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"oplog/oplog"
)

// expected is what an ID token must say.
type expected struct {
	nonce   string    // of the sign-in; "" after a refresh
	subject string    // after a refresh; "" at a sign-in
	since   time.Time // the person must have proved who it is since then; zero for any time
}

// askedKeys verifies with the keys of a provider, and tells whether these could not be had.
type askedKeys struct {
	set *goidc.RemoteKeySet
	err error
}

func (k *askedKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.set.VerifySignature(ctx, token)
	if errors.Unwrap(err) != nil { // only what fetching them returned is wrapped
		k.err = err
	}
	return payload, err
}

// verifyIDToken checks an ID token that the provider answered with, and returns its claims.
func (p *Provider) verifyIDToken(ctx context.Context, k *known, raw, accessToken string, expect expected) (claims, error) {
	if strings.Count(raw, ".") == 4 {
		return nil, p.misconfigured("the provider encrypts its ID tokens, which is not supported; let it sign them alone")
	}
	keys := &askedKeys{set: k.keys}
	token, err := goidc.NewVerifier(p.config.Issuer, keys, k.verify).Verify(ctx, raw)
	switch {
	case keys.err != nil:
		return nil, p.unavailable(keys.err)
	case err != nil:
		return nil, p.untrusted("ID token: %w", err)
	}
	c, err := claimsOf(token.Claims)
	if err != nil {
		return nil, p.untrusted("ID token: %w", err)
	}
	if err := p.checkParties(c, token.Audience, expect); err != nil {
		return nil, p.untrusted("ID token: %w", err)
	}
	if err := p.checkTimes(c); err != nil {
		return nil, p.untrusted("ID token: %w", err)
	}
	if err := checkAuthTime(c, expect.since); err != nil {
		return nil, p.untrusted("ID token: %w", err)
	}
	if c["at_hash"] != nil {
		if err := token.VerifyAccessToken(accessToken); err != nil {
			return nil, p.untrusted("ID token: %w", err)
		}
	}
	return c, nil
}

// checkParties checks whom a token is about, and whom it was made for.
func (p *Provider) checkParties(c claims, audience []string, expect expected) error {
	subject, nonce := c.string("sub"), c.string("nonce")
	switch party := c.string("azp"); {
	case subject == "" || len(subject) > maxSubject:
		return fmt.Errorf("sub has %d characters; it must have 1 to %d", len(subject), maxSubject)
	case expect.subject != "" && subject != expect.subject:
		return fmt.Errorf("it is about %q, not about %q", oplog.Shorten(subject), oplog.Shorten(expect.subject))
	case expect.nonce != "" && subtle.ConstantTimeCompare([]byte(nonce), []byte(expect.nonce)) == 0:
		return errors.New("its nonce is not that of this sign-in")
	case c["azp"] != nil && party != p.config.ClientID:
		return fmt.Errorf("it was made for the client %q (azp)", oplog.Shorten(party))
	case c["azp"] == nil && slices.ContainsFunc(audience, func(a string) bool { return a != p.config.ClientID }):
		return errors.New("it is for several clients, and does not say which one asked for it (azp)")
	}
	return nil
}

// checkTimes checks when a token was made and until when it is valid. Clocks may differ by clockSkew.
func (p *Provider) checkTimes(c claims) error {
	now := p.now()
	expires, issued, from := c.time("exp"), c.time("iat"), c.time("nbf")
	switch {
	case expires.IsZero() || issued.IsZero():
		return errors.New("it has no exp or no iat, which are required and numbers")
	case c["nbf"] != nil && from.IsZero():
		return errors.New("its nbf is not a number")
	case now.After(expires.Add(clockSkew)):
		return fmt.Errorf("it expired %s ago; if it is new, set the clocks of the provider and of this machine", now.Sub(expires).Round(time.Second))
	case issued.After(now.Add(clockSkew)):
		return fmt.Errorf("it was made %s in the future; set the clocks of the provider and of this machine", issued.Sub(now).Round(time.Second))
	case from.After(now.Add(clockSkew)):
		return fmt.Errorf("it is valid from %s in the future; set the clocks of the provider and of this machine", from.Sub(now).Round(time.Second))
	}
	return nil
}

// checkAuthTime checks that a person proved who it is since a time; zero for any.
func checkAuthTime(c claims, since time.Time) error {
	at := c.time("auth_time")
	switch {
	case since.IsZero():
		return nil
	case at.IsZero():
		return errors.New("it does not say when the person proved who it is (auth_time), though it was asked for a new proof; in Entra ID add the optional claim auth_time")
	case at.Before(since.Add(-clockSkew)):
		return fmt.Errorf("the person proved who it is %s before it was asked to, not again", since.Sub(at).Round(time.Second))
	}
	return nil
}

// complete adds what userinfo says, if the claims lack something that is configured, or in any case.
func (p *Provider) complete(ctx context.Context, k *known, c claims, token *oauth2.Token, always bool) (claims, error) {
	if k.UserinfoEndpoint == "" || !always && !p.lacks(c) {
		return c, nil
	}
	info, err := k.provider.UserInfo(k.in(ctx), oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, p.unavailable(fmt.Errorf("userinfo: %w", err))
	}
	more, err := claimsOf(info.Claims)
	if err != nil {
		return nil, p.untrusted("userinfo: %w", err)
	}
	if subject := c.string("sub"); more.string("sub") != subject {
		return nil, p.untrusted("userinfo is about %q, the ID token about %q", oplog.Shorten(more.string("sub")), oplog.Shorten(subject))
	}
	for name, value := range c { // the ID token is signed
		more[name] = value
	}
	return more, nil
}
