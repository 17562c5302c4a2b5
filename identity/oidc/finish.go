package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"oplog/identity"
	"oplog/oplog"
)

// Finish completes the sign-in of a browser that came back to callbackURL with a query.
func (p *Provider) Finish(ctx context.Context, callbackURL string, s State, query url.Values) (SignedIn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if err := p.checkState(s, query); err != nil {
		return SignedIn{}, err
	}
	k, err := p.discover(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if err := p.checkAnswer(k, query); err != nil {
		return SignedIn{}, err
	}
	client, err := p.client(k, callbackURL)
	if err != nil {
		return SignedIn{}, err
	}
	if !p.states.first(s.State, p.now(), s.At.Add(stateLife+clockSkew)) {
		return SignedIn{}, p.expired("the state was brought back before")
	}
	token, err := client.Exchange(k.in(ctx), query.Get("code"), oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return SignedIn{}, p.exchangeError(err)
	}
	expect := expected{nonce: s.Nonce}
	if s.Fresh {
		expect.since = s.At
	}
	return p.signedIn(ctx, k, token, expect)
}

// checkState checks that this browser began this sign-in, here, in the last minutes.
func (p *Provider) checkState(s State, query url.Values) error {
	for name, values := range query {
		if len(values) > 1 && slices.Contains([]string{"state", "code", "iss", "error"}, name) {
			return p.untrusted("%s occurs %d times in the address", name, len(values))
		}
	}
	state := query.Get("state")
	now := p.now()
	switch {
	case s.State == "" || s.Nonce == "" || s.Verifier == "":
		return p.expired("no sign-in was begun in this browser")
	case s.Source != p.config.Name:
		return p.untrusted("the sign-in was begun with %q", oplog.Shorten(s.Source))
	case state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(s.State)) == 0:
		return p.expired("the state is not that of the sign-in that was begun in this browser")
	case now.After(s.At.Add(stateLife)) || s.At.After(now.Add(clockSkew)):
		return p.expired("the sign-in was begun %s ago; it has to end within %d min", now.Sub(s.At).Round(time.Second), stateLife/time.Minute)
	}
	return nil
}

// checkAnswer checks that the answer is this provider's (RFC 9207), and not an error.
func (p *Provider) checkAnswer(k *known, query url.Values) error {
	switch issuer := query.Get("iss"); {
	case issuer == "" && k.SaysIssuer:
		return p.untrusted("the answer does not say which provider it is from (iss), as this one always does")
	case issuer != "" && issuer != p.config.Issuer:
		return p.untrusted("the answer is from the provider %q", oplog.Shorten(issuer))
	}
	code := query.Get("error")
	if code == "" {
		if query.Get("code") == "" {
			return p.untrusted("the answer has neither a code nor an error")
		}
		return nil
	}
	why := oplog.Shorten(code)
	if description := query.Get("error_description"); description != "" {
		why += ": " + description
	}
	switch code {
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return p.denied("the provider answered %s", why)
	case "temporarily_unavailable", "server_error":
		return p.unavailable(errors.New("the provider answered " + why))
	}
	return p.misconfigured("the provider answered %s", why)
}

// exchangeError is the error of a code that the provider did not accept.
func (p *Provider) exchangeError(err error) error {
	if refusalOf(err) == "invalid_grant" {
		return p.expired("the code was not accepted: %w", err)
	}
	return p.tokenError(err)
}

// refusalOf returns the code of an error that the token endpoint answered with, or "".
func refusalOf(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
		return refused.ErrorCode
	}
	return ""
}

// tokenError is the error of a request to the token endpoint that says nothing about the person.
func (p *Provider) tokenError(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case isCertificateError(err):
		return p.misconfigured("the certificate of the token endpoint is not accepted: %w", err)
	case !errors.As(err, &refused):
		return p.unavailable(err)
	}
	switch status := refused.Response.StatusCode; {
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests, refused.ErrorCode == "temporarily_unavailable", refused.ErrorCode == "slow_down":
		return p.unavailable(err)
	case refused.ErrorCode == "invalid_client", status == http.StatusUnauthorized:
		return p.misconfigured("the provider does not accept client_id with client_secret_file: %w", err)
	}
	return p.misconfigured("the token endpoint refused: %w", err)
}

// signedIn makes what is told of somebody of the answer of the token endpoint.
func (p *Provider) signedIn(ctx context.Context, k *known, token *oauth2.Token, expect expected) (SignedIn, error) {
	s := SignedIn{RefreshToken: token.RefreshToken}
	raw, _ := token.Extra("id_token").(string)
	if !strings.EqualFold(token.Type(), "Bearer") {
		return s, p.untrusted("the access token is of type %q", oplog.Shorten(token.TokenType))
	}
	var c claims
	switch {
	case raw != "":
		var err error
		if c, err = p.verifyIDToken(ctx, k, raw, token.AccessToken, expect); err != nil {
			return s, err
		}
		s.IDToken, s.SessionID, s.AuthTime = raw, c.string("sid"), c.time("auth_time")
	case expect.subject == "":
		return s, p.untrusted("the answer has no ID token")
	case k.UserinfoEndpoint == "":
		return s, p.misconfigured("the provider gives neither an ID token with a refresh token nor userinfo, so nobody can be checked again")
	default:
		c = claims{"sub": expect.subject}
	}
	c, err := p.complete(ctx, k, c, token, raw == "")
	if err != nil {
		return s, err
	}
	person, err := p.person(c)
	if err != nil {
		return s, err
	}
	s.Person = person
	return s, nil
}

// Refresh asks again who has a refresh token, which must still be that subject. It returns CodeUnavailable if the provider does not answer, and
// ErrNotThisPerson if it says no: the person is disabled there, was logged out, or the token expired, which cannot be told apart.
//
// Its RefreshToken replaces the one that was used, which many providers accept once: it has to be kept even beside an error, if it is not "".
func (p *Provider) Refresh(ctx context.Context, refreshToken, subject string) (SignedIn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if refreshToken == "" || subject == "" {
		return SignedIn{}, &explained{identity.ErrNotThisPerson, errors.New("there is no refresh token")}
	}
	k, err := p.discover(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	client, err := p.client(k, "")
	if err != nil {
		return SignedIn{}, err
	}
	token, err := client.TokenSource(k.in(ctx), &oauth2.Token{RefreshToken: refreshToken}).Token()
	if err != nil {
		switch refusalOf(err) {
		case "invalid_grant", "access_denied", "login_required", "interaction_required", "consent_required":
			return SignedIn{}, &explained{identity.ErrNotThisPerson, err}
		}
		return SignedIn{}, p.tokenError(err)
	}
	return p.signedIn(ctx, k, token, expected{subject: subject})
}
