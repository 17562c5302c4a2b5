package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// maxGroup bounds the name of a group, in bytes.
const maxGroup = 1024

// claims are what a provider says of a person; numbers are json.Number.
type claims map[string]any

// claimsOf decodes claims with a function of the library, which fills in a value.
func claimsOf(fill func(any) error) (claims, error) {
	var raw json.RawMessage
	if err := fill(&raw); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var c claims
	if err := d.Decode(&c); err != nil {
		return nil, err
	}
	if c == nil {
		return nil, errors.New("it is not an object")
	}
	for name, value := range c {
		if value == nil {
			delete(c, name)
		}
	}
	return c, nil
}

// string returns a claim that is a text, or "".
func (c claims) string(name string) string {
	text, _ := c[name].(string)
	return text
}

// time returns a claim that is a number of seconds since 1970, or zero.
func (c claims) time(name string) time.Time {
	number, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}
	}
	seconds, err := number.Float64()
	if err != nil || seconds <= 0 || seconds > math.MaxUint32 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// find returns a claim by its name, which may contain dots, or by a path of names with dots between them; nil if there is none.
func find(object map[string]any, path string) any {
	if value := object[path]; value != nil {
		return value
	}
	for i := range path {
		if path[i] != '.' {
			continue
		}
		if inner, ok := object[path[:i]].(map[string]any); ok {
			if value := find(inner, path[i+1:]); value != nil {
				return value
			}
		}
	}
	return nil
}

// text returns a value that is a text or a number as text.
func text(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// lacks reports whether a claim is missing that userinfo may have.
func (p *Provider) lacks(c claims) bool {
	missing := func(name string) bool { return name != "" && find(c, name) == nil }
	return missing(p.config.UsernameClaim) || p.config.UsernameClaim == "" && missing("preferred_username") ||
		missing(p.config.GroupsClaim) || missing(p.config.OrganizationClaim) || missing("name") || p.config.UsernameClaim == "email" && missing("email_verified")
}

// person makes a person of claims.
func (p *Provider) person(c claims) (identity.Person, error) {
	person := identity.Person{Source: p.config.Name, Subject: c.string("sub"), Name: displayName(c)}
	var err error
	if person.Username, err = p.username(c); err == nil {
		if person.Groups, err = p.groups(c); err == nil {
			person.Organization, err = p.organization(c)
		}
	}
	if err != nil {
		return person, p.misconfigured("of %q: %w", oplog.Shorten(c.string("sub")), err)
	}
	return person, nil
}

// username returns the name of a person in the source. An address that is not verified could be anybody's.
func (p *Provider) username(c claims) (string, error) {
	from := p.config.UsernameClaim
	switch {
	case from != "":
	case c.string("preferred_username") != "":
		from = "preferred_username"
	case c.string("email") != "" && isVerified(c):
		from = "email"
	default:
		from = "sub"
	}
	value := find(c, from)
	name, ok := text(value)
	switch {
	case value == nil:
		return "", fmt.Errorf("the claim %s (username_claim) is missing; let the provider send it, perhaps with another scope, or specify another claim", from)
	case !ok || strings.TrimSpace(name) != name:
		return "", fmt.Errorf("the claim %s (username_claim) is not a text without spaces around it", from)
	case from == "email" && !isVerified(c):
		return "", errors.New("the claim email (username_claim) is not verified at the provider (email_verified), so it could be anybody's; specify another claim")
	}
	v := oplog.Validation{}
	if v.Name(from, name, 1, oplog.MaxUserLength); len(v.Errors) > 0 {
		return "", fmt.Errorf("the claim %s (username_claim) %s", from, v.Errors[0].Message)
	}
	return name, nil
}

// isVerified reports whether the provider verified the person's e-mail address; some send the answer as a text.
func isVerified(c claims) bool { return c["email_verified"] == true || c["email_verified"] == "true" }

// displayName returns the name that people read, or "".
func displayName(c claims) string {
	name := c.string("name")
	if name == "" {
		name = strings.TrimSpace(c.string("given_name") + " " + c.string("family_name"))
	}
	v := oplog.Validation{}
	if v.Name("name", name, 0, oplog.MaxUserLength); len(v.Errors) > 0 {
		return ""
	}
	return name
}

// groups returns the groups of a person: a list of texts, or a single one.
func (p *Provider) groups(c claims) ([]string, error) {
	path := p.config.GroupsClaim
	value := find(c, path)
	if value == nil {
		return nil, overage(c, path)
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var groups []string
	for _, item := range list {
		group, ok := text(item)
		switch {
		case !ok:
			return nil, fmt.Errorf("the claim %s (groups_claim) is not a list of names; specify the path of one, such as realm_access.roles", path)
		case len(group) > maxGroup:
			return nil, fmt.Errorf("the claim %s (groups_claim) has a group whose name is longer than %d bytes", path, maxGroup)
		case group != "":
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

// overage returns an error if the provider left out the groups because there are too many, as Entra ID does beyond 200.
func overage(c claims, path string) error {
	first, _, _ := strings.Cut(path, ".")
	elsewhere, _ := c["_claim_names"].(map[string]any)
	if elsewhere[path] == nil && elsewhere[first] == nil && c["hasgroups"] == nil {
		return nil
	}
	return fmt.Errorf("the person is in more groups than the provider sends, so it sends none; in Entra ID choose “Groups assigned to the application” for the claim %s, or give people app roles and specify groups_claim = \"roles\"", first)
}

// organization returns the id of the organization of a person; "" if the provider says nothing.
func (p *Provider) organization(c claims) (string, error) {
	path := p.config.OrganizationClaim
	if path == "" {
		return "", nil
	}
	value := find(c, path)
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	} else if ok && len(list) == 0 {
		value = nil
	}
	if value == nil {
		return "", nil
	}
	id, ok := text(value)
	if !ok {
		return "", fmt.Errorf("the claim %s (organization_claim) is not one text, so it is not known which organization is meant", path)
	}
	v := oplog.Validation{}
	if v.Name(path, id, 0, oplog.MaxOrganizationID); len(v.Errors) > 0 {
		return "", fmt.Errorf("the claim %s (organization_claim) %s", path, v.Errors[0].Message)
	}
	return id, nil
}
