package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Check asks the provider whether it can be used: it answers, is the configured one, and has keys for signatures. It asks even if the last attempt
// failed a moment ago.
func (p *Provider) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if err := p.wait(ctx); err != nil {
		return err
	}
	err := p.ask(ctx)
	<-p.turn
	if err != nil {
		return err
	}
	k := p.known.Load()
	if _, err := p.client(k, ""); err != nil {
		return err
	}
	return p.checkKeys(ctx, k)
}

// checkKeys reads the provider's keys.
func (p *Provider) checkKeys(ctx context.Context, k *known) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.KeysEndpoint, nil)
	if err != nil {
		return p.misconfigured("jwks_uri: %w", err)
	}
	answer, err := k.client.Do(r)
	if err != nil {
		return p.unavailable(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is only read
	if answer.TLS != nil {
		p.certificateEnds.Store(answer.TLS.PeerCertificates[0].NotAfter.Unix())
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", k.KeysEndpoint, answer.Status)
	}
	if err != nil {
		return p.unavailable(err)
	}
	var set struct {
		Keys []struct {
			Type string `json:"kty"`
			Use  string `json:"use"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return p.misconfigured("the keys at %s cannot be read: %w", k.KeysEndpoint, err)
	}
	for _, key := range set.Keys {
		if key.Type != "oct" && key.Use != "enc" {
			return nil
		}
	}
	return p.misconfigured("the provider has no key for signatures at %s", k.KeysEndpoint)
}

// State is Check, with the end of the certificate at the address of the provider's keys; zero without TLS, or if none was seen.
func (p *Provider) State(ctx context.Context) (certificateEnds time.Time, err error) {
	err = p.Check(ctx)
	if ends := p.certificateEnds.Load(); ends != 0 {
		certificateEnds = time.Unix(ends, 0).UTC()
	}
	return certificateEnds, err
}

// Issuer returns the address of the provider.
func (p *Provider) Issuer() string { return p.config.Issuer }
