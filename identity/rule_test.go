package identity

import (
	"reflect"
	"testing"
)

func TestRulesDecide(t *testing.T) {
	rules := Rules{
		{Source: "corp", Group: "blocked-from-audit", Role: RoleMember, Tenant: "acme"},
		{Source: "corp", Group: "owners", Role: RoleOwner},
		{Group: "auditors", Role: RoleAuditor, Tenant: "acme", Organization: OwnOrganization},
		{Group: "auditors", Role: RoleAuditor, Tenant: "acme", Organization: "other"},
		{Source: "cloud", Group: "*", Role: RoleMember, Tenant: "acme"},
	}
	for _, c := range []struct {
		person  Person
		grant   Grant
		fitting []int
	}{
		{Person{Source: "corp"}, Grant{}, nil},
		{Person{Source: "corp", Groups: []string{"owners"}}, Grant{1, RoleOwner, "", ""}, []int{1}},
		{Person{Source: "cloud", Groups: []string{"owners"}}, Grant{4, RoleMember, "acme", ""}, []int{4}},
		{Person{Source: "corp", Groups: []string{"owners", "blocked-from-audit"}}, Grant{0, RoleMember, "acme", ""}, []int{0, 1}},
		{Person{Source: "corp", Groups: []string{"auditors"}, Organization: "east"}, Grant{2, RoleAuditor, "acme", "east"}, []int{2, 3}},
		{Person{Source: "corp", Groups: []string{"auditors"}}, Grant{3, RoleAuditor, "acme", "other"}, []int{3}},
		{Person{Source: "corp", Groups: []string{"Owners", "*"}}, Grant{}, nil},
	} {
		grant, fitting, ok := rules.Decide(c.person)
		if grant != c.grant || !reflect.DeepEqual(fitting, c.fitting) || ok != (fitting != nil) {
			t.Errorf("%+v: %+v %v %v", c.person, grant, fitting, ok)
		}
	}
}
