package oidc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// people are claims, and what is made of them.
var people = map[string]struct {
	config Config
	claims object // nil for no claim of that name
	want   string // username, name, groups, organization
	why    string // of an error
}{
	"as the provider says it":                    {want: "anna|Anna Fischer|staff|"},
	"without a username, by a verified e-mail":   {claims: object{"preferred_username": nil, "email_verified": true}, want: "anna@example.com|Anna Fischer|staff|"},
	"verified in words":                          {claims: object{"preferred_username": nil, "email_verified": "true"}, want: "anna@example.com|Anna Fischer|staff|"},
	"an e-mail that is not verified":             {claims: object{"preferred_username": nil, "email_verified": false}, want: "4711|Anna Fischer|staff|"},
	"an e-mail that may be verified":             {claims: object{"preferred_username": nil}, want: "4711|Anna Fischer|staff|"},
	"by another claim":                           {config: Config{UsernameClaim: "upn"}, claims: object{"upn": "anna@corp"}, want: "anna@corp|Anna Fischer|staff|"},
	"by a number":                                {config: Config{UsernameClaim: "employee"}, claims: object{"employee": 12345678901}, want: "12345678901|Anna Fischer|staff|"},
	"by a claim that is missing":                 {config: Config{UsernameClaim: "upn"}, why: "the claim upn (username_claim) is missing"},
	"by a claim that is a list":                  {config: Config{UsernameClaim: "upn"}, claims: object{"upn": []any{"a"}}, why: "is not a text"},
	"by an empty claim":                          {config: Config{UsernameClaim: "upn"}, claims: object{"upn": ""}, why: "is required"},
	"by an e-mail that is not verified":          {config: Config{UsernameClaim: "email"}, why: "is not verified at the provider"},
	"by an e-mail that is verified":              {config: Config{UsernameClaim: "email"}, claims: object{"email_verified": true}, want: "anna@example.com|Anna Fischer|staff|"},
	"with a space at the end":                    {claims: object{"preferred_username": "anna "}, why: "without spaces around it"},
	"with a line break":                          {claims: object{"preferred_username": "an\nna"}, why: "control character"},
	"with an endless name":                       {claims: object{"preferred_username": strings.Repeat("x", 129)}, why: "129 characters long"},
	"without a name":                             {claims: object{"name": nil}, want: "anna||staff|"},
	"with two names":                             {claims: object{"name": nil, "given_name": "Anna", "family_name": "Fischer"}, want: "anna|Anna Fischer|staff|"},
	"with a name that cannot be shown":           {claims: object{"name": "An\x00na"}, want: "anna||staff|"},
	"groups: none":                               {claims: object{"groups": nil}, want: "anna|Anna Fischer||"},
	"groups: an empty list":                      {claims: object{"groups": []any{}}, want: "anna|Anna Fischer||"},
	"groups: a single text":                      {claims: object{"groups": "log admins"}, want: "anna|Anna Fischer|log admins|"},
	"groups: twice":                              {claims: object{"groups": []any{"b", "a", "b", ""}}, want: "anna|Anna Fischer|a,b|"},
	"groups: on a path":                          {config: Config{GroupsClaim: "realm_access.roles"}, claims: object{"realm_access": object{"roles": []any{"x"}}}, want: "anna|Anna Fischer|x|"},
	"groups: a name with dots":                   {config: Config{GroupsClaim: "https://example.com/groups"}, claims: object{"https://example.com/groups": []any{"x"}}, want: "anna|Anna Fischer|x|"},
	"groups: a path with dots in names":          {config: Config{GroupsClaim: "resource_access.oplog.example.roles"}, claims: object{"resource_access": object{"oplog.example": object{"roles": []any{"x"}}}}, want: "anna|Anna Fischer|x|"},
	"groups: a path that ends early":             {config: Config{GroupsClaim: "realm_access.roles"}, claims: object{"realm_access": "x"}, want: "anna|Anna Fischer||"},
	"groups: objects":                            {claims: object{"groups": []any{object{"name": "x"}}}, why: "is not a list of names"},
	"groups: an object":                          {config: Config{GroupsClaim: "realm_access"}, claims: object{"realm_access": object{"roles": []any{"x"}}}, why: "specify the path of one"},
	"groups: an endless name":                    {claims: object{"groups": []any{strings.Repeat("x", 1025)}}, why: "longer than 1024"},
	"groups: too many for Entra ID":              {claims: object{"groups": nil, "_claim_names": object{"groups": "src1"}, "_claim_sources": object{"src1": object{"endpoint": "https://graph.example.com"}}}, why: "more groups than the provider sends"},
	"groups: too many for Entra ID, briefly":     {claims: object{"groups": nil, "hasgroups": true}, why: "app roles"},
	"groups: other claims are elsewhere":         {claims: object{"_claim_names": object{"address": "src1"}, "_claim_sources": object{"src1": object{"endpoint": "https://x.example.com"}}}, want: "anna|Anna Fischer|staff|"},
	"organization: none":                         {config: Config{OrganizationClaim: "department"}, want: "anna|Anna Fischer|staff|"},
	"organization: a text":                       {config: Config{OrganizationClaim: "department"}, claims: object{"department": "berlin"}, want: "anna|Anna Fischer|staff|berlin"},
	"organization: a number":                     {config: Config{OrganizationClaim: "department"}, claims: object{"department": 42}, want: "anna|Anna Fischer|staff|42"},
	"organization: a list of one":                {config: Config{OrganizationClaim: "department"}, claims: object{"department": []any{"berlin"}}, want: "anna|Anna Fischer|staff|berlin"},
	"organization: a list of none":               {config: Config{OrganizationClaim: "department"}, claims: object{"department": []any{}}, want: "anna|Anna Fischer|staff|"},
	"organization: a list of several":            {config: Config{OrganizationClaim: "department"}, claims: object{"department": []any{"a", "b"}}, why: "is not one text"},
	"organization: too long":                     {config: Config{OrganizationClaim: "department"}, claims: object{"department": strings.Repeat("x", 129)}, why: "at most 128"},
	"organization: not that of somebody's claim": {claims: object{"organization": "berlin"}, want: "anna|Anna Fischer|staff|"},
}

// TestPerson: what claims make of a person.
func TestPerson(t *testing.T) {
	for name, test := range people {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			p := f.source(t, func(c *Config) {
				c.UsernameClaim, c.GroupsClaim, c.OrganizationClaim = test.config.UsernameClaim, test.config.GroupsClaim, test.config.OrganizationClaim
			})
			f.person = object{"sub": "4711", "preferred_username": "anna", "name": "Anna Fischer", "email": "anna@example.com", "groups": []string{"staff"}}
			f.info = object{"sub": "4711"}
			for claim, value := range test.claims {
				if f.person[claim] = value; value == nil {
					delete(f.person, claim)
				}
			}
			got, err := f.signIn(t, p, false)
			if test.why != "" {
				refused(t, err, "source-misconfigured", test.why)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			person := fmt.Sprintf("%s|%s|%s|%s", got.Person.Username, got.Person.Name, strings.Join(got.Person.Groups, ","), got.Person.Organization)
			if person != test.want {
				t.Errorf("got %s, want %s", person, test.want)
			}
		})
	}
}

// TestUserinfo: what the ID token lacks comes from userinfo, which is not asked otherwise; what the ID token says is not changed by it.
func TestUserinfo(t *testing.T) {
	f := newFake(t)
	p := f.source(t, func(c *Config) { c.OrganizationClaim = "department" })
	f.info = object{"sub": "4711", "preferred_username": "somebody else", "groups": []string{"log-admins"}, "department": "berlin"}
	got, err := f.signIn(t, p, false)
	if err != nil || got.Person.Username != "anna" || !slices.Equal(got.Person.Groups, []string{"log-admins"}) || got.Person.Organization != "berlin" || f.asked["/userinfo"] != 1 {
		t.Errorf("%+v, %v, asked %d times", got.Person, err, f.asked["/userinfo"])
	}
	maps.Copy(f.person, object{"groups": []string{}, "department": "paris"})
	if got, err = f.signIn(t, p, false); err != nil || got.Person.Groups != nil || got.Person.Organization != "paris" || f.asked["/userinfo"] != 1 {
		t.Errorf("%+v, %v, asked %d times", got.Person, err, f.asked["/userinfo"])
	}
	delete(f.person, "department")
	f.lie.metadata = func(m object) { delete(m, "userinfo_endpoint") }
	p = f.source(t, func(c *Config) { c.OrganizationClaim = "department" })
	if got, err = f.signIn(t, p, false); err != nil || got.Person.Organization != "" {
		t.Errorf("without userinfo: %+v, %v", got.Person, err)
	}
}
