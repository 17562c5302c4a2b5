package identity

import "slices"

// Rule gives a role to the people of a group.
type Rule struct {
	Source       string // "" for all sources
	Group        string // as the source names it; "*" for everybody
	Role         Role
	Tenant       string // "" for an owner
	Organization string // "" for the whole tenant; OwnOrganization for the one that the source says
}

// OwnOrganization stands in a rule for the organization that the source says of the person. The rule fits nobody of whom it says none.
const OwnOrganization = "{organization}"

// fits reports whether a rule is about a person.
func (r Rule) fits(p Person) bool {
	return (r.Source == "" || r.Source == p.Source) &&
		(r.Group == "*" || slices.Contains(p.Groups, r.Group)) &&
		(r.Organization != OwnOrganization || p.Organization != "")
}

// Rules are rules in their order.
type Rules []Rule

// Grant is what a rule gives to a person.
type Grant struct {
	Rule         int // its place, from 0
	Role         Role
	Tenant       string
	Organization string
}

// Decide returns what the first rule that fits gives to a person, and the places of all that fit; false if none does.
func (rules Rules) Decide(p Person) (grant Grant, fitting []int, ok bool) {
	for i, r := range rules {
		if !r.fits(p) {
			continue
		}
		if fitting = append(fitting, i); len(fitting) > 1 {
			continue
		}
		grant = Grant{Rule: i, Role: r.Role, Tenant: r.Tenant, Organization: r.Organization}
		if r.Organization == OwnOrganization {
			grant.Organization = p.Organization
		}
	}
	return grant, fitting, len(fitting) > 0
}
