package oidc

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

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

const (
	maxTitle    = 64
	maxClaim    = 128
	maxClientID = 256
	maxScopes   = 20
)

var sourceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// scopeToken is a scope as RFC 6749 has it.
var scopeToken = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,128}$`)

// problems collects what is wrong with a configuration. These errors are for the terminal, so they have no codes of their own.
type problems []oplog.FieldError

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, oplog.FieldError{Field: field, Violation: oplog.Violation{Code: "invalid", Message: fmt.Sprintf(format, args...)}})
}

// text checks a text on one line of at most so many characters.
func (p *problems) text(field, text string, most int) {
	v := oplog.Validation{}
	v.Name(field, text, 0, most)
	*p = append(*p, v.Errors...)
}

// Validate checks a configuration with the files that it names, and fills in its defaults.
func (c *Config) Validate() []oplog.FieldError {
	var p problems
	switch {
	case !sourceName.MatchString(c.Name):
		p.add("name", "must be a lowercase letter, then lowercase letters, digits and hyphens, at most 32 characters, such as keycloak")
	case c.Name == "host" || c.Name == "local":
		p.add("name", "must not be %s, which has a meaning of its own; choose another, such as sso", c.Name)
	}
	p.text("title", c.Title, maxTitle)
	c.validateIssuer(&p)
	if strings.TrimSpace(c.ClientID) == "" {
		p.add("client_id", "is required: the id of this log at the provider")
	}
	p.text("client_id", c.ClientID, maxClientID)
	c.validateScopes(&p)
	c.validateClaims(&p)
	c.validateFiles(&p)
	for _, a := range c.Algorithms {
		if !slices.Contains(asymmetric, a) {
			p.add("algorithms", "must not contain %q: allowed are %s", a, strings.Join(asymmetric, ", "))
		}
	}
	return p
}

func (c *Config) validateIssuer(p *problems) {
	if c.Issuer == "" {
		p.add("issuer", "is required: the address of the provider, such as https://sso.example.com/realms/staff")
		return
	}
	issuer, err := url.Parse(c.Issuer)
	switch {
	case err != nil:
		p.add("issuer", "is not an address: %v", err)
	case issuer.User != nil || issuer.RawQuery != "" || issuer.ForceQuery || issuer.Fragment != "":
		p.add("issuer", "must have neither a user nor a query nor a fragment")
	case strings.HasSuffix(strings.TrimSuffix(issuer.Path, "/"), "/.well-known/openid-configuration"):
		p.add("issuer", "must not contain /.well-known/openid-configuration: specify what is before it")
	default:
		if why := unsafe(issuer, c.plain()); why != "" {
			p.add("issuer", "%s", why)
		}
	}
}

func (c *Config) validateScopes(p *problems) {
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "profile", "email"}
	}
	if !slices.Contains(c.Scopes, "openid") {
		p.add("scopes", "must contain openid, or the provider does not say who signs in")
	}
	if len(c.Scopes) > maxScopes {
		p.add("scopes", "has %d items; at most %d", len(c.Scopes), maxScopes)
	}
	for _, scope := range c.Scopes {
		if !scopeToken.MatchString(scope) {
			p.add("scopes", "contains %q, which is no scope: each is an item of the list, without spaces and quotes", oplog.Shorten(scope))
		}
	}
}

func (c *Config) validateClaims(p *problems) {
	if c.GroupsClaim == "" {
		c.GroupsClaim = "groups"
	}
	for _, claim := range []struct{ field, name string }{
		{"username_claim", c.UsernameClaim}, {"groups_claim", c.GroupsClaim}, {"organization_claim", c.OrganizationClaim},
	} {
		p.text(claim.field, claim.name, maxClaim)
	}
}

// validateFiles reads the files, so that what is wrong with them is told at the start.
func (c *Config) validateFiles(p *problems) {
	if c.ClientSecretFile != "" {
		if _, err := c.secret(); err != nil {
			p.add("client_secret_file", "cannot be used: %v", err)
		}
	}
	if _, err := c.roots(); err != nil {
		p.add("ca_file", "cannot be used: %v", err)
	}
	if _, _, err := c.icon(); err != nil {
		p.add("icon_file", "cannot be used: %v", err)
	}
}

// oneLine returns the only line of a file with a secret.
func oneLine(text, path string) (string, error) {
	line := strings.TrimRight(text, "\r\n")
	if line == "" || strings.ContainsAny(line, "\r\n\x00") {
		return "", fmt.Errorf("%s does not contain one secret on one line", path)
	}
	return line, nil
}
