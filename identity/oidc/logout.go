package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	goidc "github.com/coreos/go-oidc/v3/oidc"

	"oplog/oplog"
)

const (
	maxLogoutToken  = 16 << 10       // bytes
	maxLogoutLife   = 24 * time.Hour // of a logout token, which is remembered for so long
	maxLogoutURL    = 4 << 10        // bytes, beyond which servers refuse addresses
	logoutEventName = "http://schemas.openid.net/event/backchannel-logout"
)

// LogoutURL returns the address that logs a browser out at the provider, which then sends it back to an address of ours ("" for none); "" if the
// provider has none.
func (p *Provider) LogoutURL(ctx context.Context, idToken, back string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	k, err := p.discover(ctx)
	if err != nil || k.EndSessionEndpoint == "" {
		return "", err
	}
	values := url.Values{"client_id": {p.config.ClientID}}
	if back != "" {
		values.Set("post_logout_redirect_uri", back)
	}
	without := withQuery(k.EndSessionEndpoint, values)
	if idToken == "" {
		return without, nil
	}
	values.Set("id_token_hint", idToken)
	if with := withQuery(k.EndSessionEndpoint, values); len(with) <= maxLogoutURL {
		return with, nil
	}
	return without, nil // the provider asks the person whom to log out
}

// Logout is what a logout token says: the sessions of a person, or those of one session at the provider, end if they began before it was issued.
type Logout struct {
	Subject   string // "" if the token names only a session
	SessionID string // "" for all sessions of the person
	IssuedAt  time.Time
}

// LogoutToken checks a logout token that was sent to us (OpenID Connect Back-Channel Logout 1.0). It returns CodeInvalid if it is not the
// provider's or came before, and CodeUnavailable if it cannot be told now.
func (p *Provider) LogoutToken(ctx context.Context, token string) (Logout, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if err := checkHeader(token); err != nil {
		return Logout{}, p.notALogout(err)
	}
	k, err := p.discover(ctx)
	if err != nil {
		return Logout{}, err
	}
	keys := &askedKeys{set: k.logoutKeys}
	verified, err := goidc.NewVerifier(p.config.Issuer, keys, k.verify).VerifyLogout(ctx, token)
	switch {
	case keys.err != nil:
		return Logout{}, p.unavailable(keys.err)
	case err != nil:
		return Logout{}, p.notALogout(err)
	}
	c, err := claimsOf(verified.Claims)
	if err == nil {
		err = p.checkLogout(c)
	}
	if err != nil {
		return Logout{}, p.notALogout(err)
	}
	if !p.logouts.first(verified.TokenID, p.now(), verified.Expiry.Add(clockSkew)) {
		return Logout{}, p.notALogout(errors.New("it came before (jti)"))
	}
	return Logout{Subject: c.string("sub"), SessionID: c.string("sid"), IssuedAt: verified.IssuedAt}, nil
}

func (p *Provider) notALogout(why error) error {
	return &explained{oplog.Errorf(oplog.CodeInvalid, "This is not a valid logout token of %s.", p.Title()), why}
}

// checkHeader checks the type of a token: providers of before the specification was final have another one, or none.
func checkHeader(token string) error {
	if len(token) > maxLogoutToken {
		return fmt.Errorf("it is longer than %d KiB", maxLogoutToken>>10)
	}
	first, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		return errors.New("it is not a JWT")
	}
	var header struct {
		Type string `json:"typ"`
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return errors.New("it is not a JWT")
	}
	switch strings.TrimPrefix(strings.ToLower(header.Type), "application/") {
	case "logout+jwt", "jwt", "":
		return nil
	}
	return fmt.Errorf("it is of type %q", oplog.Shorten(header.Type))
}

// checkLogout checks what the library does not: times, and that the event is one.
func (p *Provider) checkLogout(c claims) error {
	if err := p.checkTimes(c); err != nil {
		return err
	}
	events, _ := c["events"].(map[string]any)
	_, isObject := events[logoutEventName].(map[string]any)
	switch subject, session := c["sub"], c["sid"]; {
	case !isObject:
		return errors.New("its event is not an object")
	case subject != nil && c.string("sub") == "", session != nil && c.string("sid") == "":
		return errors.New("its sub or sid is not a text")
	case c.time("exp").Sub(c.time("iat")) > maxLogoutLife:
		return fmt.Errorf("it is valid for more than %d h", maxLogoutLife/time.Hour)
	}
	return nil
}
