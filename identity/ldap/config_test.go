package ldap

import (
	"strings"
	"testing"
)

func valid() Config {
	return Config{Name: "corp", URL: []string{"ldaps://ldap.corp.example"}, BaseDN: "ou=people,dc=corp", UserFilter: "(uid={username})"}
}

func TestValidConfigurations(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"anonymous search":     func(*Config) {},
		"search account":       func(c *Config) { c.BindDN, c.BindPasswordFile = "cn=search,dc=corp", "/etc/oplog/ldap" },
		"template":             func(c *Config) { c.UserDN, c.UserFilter = "uid={username},ou=people,dc=corp", "" },
		"Active Directory":     func(c *Config) { c.UserDN, c.UserFilter = "{username}@corp.example", "(sAMAccountName={username})" },
		"StartTLS":             func(c *Config) { c.URL, c.StartTLS = []string{"ldap://a", "ldap://b:1389/"}, true },
		"plain":                func(c *Config) { c.URL, c.AllowPlain = []string{"ldap://127.0.0.1:1389"}, true },
		"groups by search":     func(c *Config) { c.GroupFilter = "(|(member={dn})(memberUid={username}))" },
		"organization of DN":   func(c *Config) { c.OrganizationAttribute = "dn:ou" },
		"an address with IPv6": func(c *Config) { c.URL = []string{"ldaps://[::1]:636"} },
	} {
		c := valid()
		change(&c)
		if wrong := c.Validate(); wrong != nil {
			t.Errorf("%s: %v", name, wrong)
		}
		if c.Title != "corp" || c.NestedGroups != NestedFollow || (c.GroupFilter == "") != (c.GroupAttribute == "memberOf") {
			t.Errorf("%s: the defaults are not filled in: %+v", name, c)
		}
	}
}

func TestInvalidConfigurationsSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		change      func(*Config)
		field, says string
	}{
		{func(c *Config) { c.URL = nil }, "url", "name the servers"},
		{func(c *Config) { c.URL = make([]string, MaxServers+1) }, "url", "at most 8"},
		{func(c *Config) { c.URL = []string{"https://ldap"} }, "url", "must be ldaps://HOST"},
		{func(c *Config) { c.URL = []string{"ldaps://"} }, "url", "must be ldaps://HOST"},
		{func(c *Config) { c.URL = []string{"ldaps://admin:secret@ldap"} }, "url", "must be ldaps://HOST"},
		{func(c *Config) { c.URL = []string{"ldaps://ldap/dc=corp?uid"} }, "url", "must be ldaps://HOST"},
		{func(c *Config) { c.URL = []string{"ldap://ldap"} }, "url", "allow_plain = true"},
		{func(c *Config) { c.StartTLS = true }, "start_tls", "leave start_tls out"},
		{func(c *Config) { c.BindDN = "cn=a" }, "bind_password_file", "name the file"},
		{func(c *Config) { c.BindPasswordFile = "f" }, "bind_dn", "name whose"},
		{func(c *Config) { c.UserDN = "uid=a" }, "user_dn", "{username}"},
		{func(c *Config) { c.UserFilter = "" }, "user_filter", "say how"},
		{func(c *Config) { c.UserDN, c.UserFilter = "{username}@corp", "" }, "user_filter", "say how"},
		{func(c *Config) { c.UserFilter = "(uid=a)" }, "user_filter", "{username}"},
		{func(c *Config) { c.UserFilter = "(uid={username}" }, "user_filter", "not a filter"},
		{func(c *Config) { c.BaseDN = "" }, "base_dn", "name the entry"},
		{func(c *Config) { c.BaseDN = "people" }, "base_dn", "not a DN"},
		{func(c *Config) { c.GroupBaseDN = "groups" }, "group_base_dn", "not a DN"},
		{func(c *Config) { c.GroupAttribute, c.GroupFilter = "memberOf", "(member={dn})" }, "group_filter", "leave one"},
		{func(c *Config) { c.GroupFilter = "(cn=all)" }, "group_filter", "{dn}"},
		{func(c *Config) { c.GroupFilter = "member={dn})(" }, "group_filter", "not a filter"},
		{func(c *Config) { c.NestedGroups = "yes" }, "nested_groups", "follow, ad, none"},
		{func(c *Config) { c.NameAttribute = "display name" }, "name_attribute", "not the name"},
		{func(c *Config) { c.OrganizationAttribute = "dn:o u" }, "organization_attribute", "not the name"},
	} {
		c := valid()
		test.change(&c)
		wrong := c.Validate()
		if len(wrong) == 0 || wrong[0].Field != test.field || !strings.Contains(wrong[0].Message, test.says) {
			t.Errorf("%+v: %v, want %s to say %q", c, wrong, test.field, test.says)
		}
	}
}
