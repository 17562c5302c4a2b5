package cli

import (
	"fmt"
	"reflect"
	"strings"

	"oplog/identity"
	"oplog/identity/ldap"
	"oplog/identity/oidc"
)

// sourceTable is a kind of table of the configuration file that may be there several times: [[ldap]], [[oidc]] and [[rule]].
type sourceTable struct {
	Name, Help string
	Keys       []sourceKey
	is         reflect.Type // with a tag toml for each key
}

// sourceKey is a key of such a table.
type sourceKey struct {
	Name, Example, Help string
}

// ruleTable is a [[rule]]; see [identity.Rule].
type ruleTable struct {
	Source       string `toml:"source"`
	Group        string `toml:"group"`
	Role         string `toml:"role"`
	Tenant       string `toml:"tenant"`
	Organization string `toml:"organization"`
}

func (r *ruleTable) rule() identity.Rule {
	return identity.Rule{Source: r.Source, Group: r.Group, Role: identity.Role(r.Role), Tenant: r.Tenant, Organization: r.Organization}
}

// sourceTables are these tables in the order of documents. Documents are made of them.
var sourceTables = []sourceTable{
	{"ldap", "A directory (LDAP, Active Directory) whose people sign in with their password there. Several are asked in their order.", ldapKeys, reflect.TypeFor[ldap.Config]()},
	{"oidc", "An identity provider (OpenID Connect), as a button on the sign-in page.", oidcKeys, reflect.TypeFor[oidc.Config]()},
	{"rule", "Which role the people of a group get. The first rule that fits decides; people whom none fits do not get in.", ruleKeys, reflect.TypeFor[ruleTable]()},
}

var ldapKeys = []sourceKey{
	{"name", `"corp"`, "Name of the source: a lowercase letter, then lowercase letters, digits and hyphens. Accounts are called NAME/USERNAME, so it stays as it is."},
	{"title", `"Corporate directory"`, "What people read of it; by default the name."},
	{"url", `"ldaps://ldap.example.com"`, "Server, ldaps:// or ldap://; a list of copies of the directory is asked in its order."},
	{"start_tls", "true", "Whether a connection by ldap:// goes on with TLS before anything is sent."},
	{"ca_file", `"ldap-ca.pem"`, "File with the CA of the server's certificate; by default, the CAs that this machine trusts."},
	{"allow_plain", "false", "Whether passwords may go to ldap:// without TLS, where nobody can listen."},
	{"bind_dn", `"cn=oplog,ou=services,dc=example,dc=com"`, "Account of the directory that searches for people; without one the search is anonymous, unless user_dn is set."},
	{"bind_password_file", `"ldap.password"`, "File with the password of that account, which is read each time."},
	{"user_dn", `"uid={username},ou=people,dc=example,dc=com"`, "Name by which people sign in to the directory, in place of a search: a DN, or {username}@example.com in Active Directory. Without bind_dn, signed-in people cannot be looked up, and sign in again every hour."},
	{"base_dn", `"ou=people,dc=example,dc=com"`, "Entry below which people are."},
	{"user_filter", `"(uid={username})"`, "Filter that finds a person, such as (&(objectClass=user)(sAMAccountName={username})) in Active Directory."},
	{"username_attribute", `"uid"`, "Attribute with the username; by default sAMAccountName or uid."},
	{"name_attribute", `"displayName"`, "Attribute with the display name; by default displayName or cn."},
	{"group_attribute", `"memberOf"`, "Attribute of a person with the DNs of the groups; the default."},
	{"group_filter", `"(member={dn})"`, "Filter that finds the groups of {dn} or {username}, in place of the attribute."},
	{"group_base_dn", `"ou=groups,dc=example,dc=com"`, "Entry below which groups count; by default base_dn with group_filter, and all without."},
	{"nested_groups", `"follow"`, "How groups of groups are found: follow asks for each, ad uses Active Directory's own rule, none leaves them out."},
	{"organization_attribute", `"departmentNumber"`, "Attribute with the id of the person's organization, or dn:ou for the first ou of the DN."},
}

var oidcKeys = []sourceKey{
	{"name", `"sso"`, "Name of the source, as of a directory; also a part of its redirect URI, https://HOST/api/v1/session/oidc/NAME/callback."},
	{"title", `"Company sign-in"`, "Text of the button; by default the name."},
	{"icon_file", `"sso.svg"`, "File with the icon of the button, SVG or PNG of at most 32 KiB."},
	{"issuer", `"https://id.example.com/realms/company"`, "Issuer of the provider, exactly as it says it."},
	{"client_id", `"oplog"`, "Id of this log at the provider."},
	{"client_secret_file", `"oidc.secret"`, "File with the secret of this log at the provider; none for a public client, which has PKCE alone."},
	{"scopes", `["openid", "profile", "email"]`, "Scopes to ask for; some providers need offline_access, or people sign in again every hour."},
	{"username_claim", `"preferred_username"`, "Claim with the username; by default preferred_username, or else a verified email, or else sub."},
	{"groups_claim", `"groups"`, "Claim with the groups, or a path such as realm_access.roles."},
	{"organization_claim", `"organization"`, "Claim with the id of the person's organization."},
	{"ca_file", `"id-ca.pem"`, "File with the CA of the provider's certificate; by default, the CAs that this machine trusts."},
	{"algorithms", `["RS256"]`, "Algorithms of signatures to accept; by default the asymmetric ones that the provider names."},
}

var ruleKeys = []sourceKey{
	{"source", `"corp"`, "Name of the source whose people the rule is about; by default all."},
	{"group", `"cn=auditors,ou=groups,dc=example,dc=com"`, "Group, as the source names it; * for everybody."},
	{"role", `"auditor"`, "Role: owner, admin, auditor or member, who has no access."},
	{"tenant", `"acme"`, "Tenant; an owner has none."},
	{"organization", `"{organization}"`, "Restrict admins and auditors to this organization and those below it; {organization} for the one that the source says of the person, and then the rule fits nobody of whom it says none."},
}

// sourceTableNamed returns a kind of table by its name.
func sourceTableNamed(name string) (*sourceTable, bool) {
	for i := range sourceTables {
		if sourceTables[i].Name == name {
			return &sourceTables[i], true
		}
	}
	return nil, false
}

// indentedComment begins the lines of help below a key.
const indentedComment = "#     "

// configTextOfSources returns these tables for a configuration file, as examples in comments.
func configTextOfSources() string {
	var b strings.Builder
	for _, t := range sourceTables {
		b.WriteString("\n")
		for _, line := range wrapped(t.Help+" May be repeated.", configWidth-len("# ")) {
			b.WriteString("# " + line + "\n")
		}
		fmt.Fprintf(&b, "# [[%s]]\n", t.Name)
		for _, k := range t.Keys {
			fmt.Fprintf(&b, "# %s = %s\n", k.Name, k.Example)
			for _, line := range wrapped(k.Help, configWidth-len(indentedComment)) {
				b.WriteString(indentedComment + line + "\n")
			}
		}
	}
	return b.String()
}
