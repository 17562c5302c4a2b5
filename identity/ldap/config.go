package ldap

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"oplog/oplog"
)

// Config is a directory: a [[ldap]] of the configuration file.
type Config struct {
	Name  string   `toml:"name"`
	Title string   `toml:"title"` // "" for the name
	URL   []string `toml:"url"`   // ldap://HOST[:PORT] or ldaps://HOST[:PORT]; several are copies of the directory, which are asked in this order

	StartTLS   bool   `toml:"start_tls"`
	AllowPlain bool   `toml:"allow_plain"` // passwords may go to ldap:// without StartTLS
	CAFile     string `toml:"ca_file"`     // PEM; "" for the authorities that the machine trusts

	// How people sign in: by UserDN, or by a search as BindDN, or by an anonymous search if both are "".
	BindDN           string `toml:"bind_dn"`
	BindPasswordFile string `toml:"bind_password_file"` // read each time, so that it can be replaced
	UserDN           string `toml:"user_dn"`            // "uid={username},ou=people,dc=corp", or "{username}@corp.example" of Active Directory

	BaseDN            string `toml:"base_dn"`            // of people
	UserFilter        string `toml:"user_filter"`        // "(uid={username})"; "" with a UserDN that is a DN, whose entry is the person's
	UsernameAttribute string `toml:"username_attribute"` // "" for sAMAccountName, or else uid
	NameAttribute     string `toml:"name_attribute"`     // "" for displayName, or else cn

	GroupAttribute string `toml:"group_attribute"` // of a person's and a group's entry; "" for memberOf if there is no GroupFilter
	GroupFilter    string `toml:"group_filter"`    // "(member={dn})" or "(memberUid={username})"
	GroupBaseDN    string `toml:"group_base_dn"`   // only groups below it count; "" for BaseDN with a GroupFilter, and for all without
	NestedGroups   string `toml:"nested_groups"`   // one of Nested…; "" for NestedFollow

	OrganizationAttribute string `toml:"organization_attribute"` // or "dn:ou": the first ou of the DN; "" for none
}

// How the groups of groups are found.
const (
	NestedFollow = "follow" // by asking for the groups of each group, once for all people that are checked together
	NestedAD     = "ad"     // by Active Directory's matching rule in chain: one question for each person, slow in large directories
	NestedNone   = "none"   // they do not count
)

// The limits of what is followed. Somebody beyond them cannot sign in, since groups that are not seen could decide otherwise.
const (
	MaxDepth   = 16    // groups of groups of …
	MaxGroups  = 2_000 // of a person, nested ones included
	MaxServers = 8
)

// usernameMark stands for the username in UserDN, UserFilter and GroupFilter; dnMark for the DN of a person or a group in GroupFilter.
const (
	usernameMark = "{username}"
	dnMark       = "{dn}"
)

// Validate fills in defaults, and returns what is wrong, by the names of the keys in the configuration file. It reads no files.
func (c *Config) Validate() []oplog.FieldError {
	c.Title = cmp.Or(c.Title, c.Name)
	c.NestedGroups = cmp.Or(c.NestedGroups, NestedFollow)
	var m mistakes
	c.validateServers(&m)
	c.validateSearch(&m)
	c.validateGroups(&m)
	return m
}

// mistakes are those of a configuration file, which only the one who starts the program reads: they have no codes to translate.
type mistakes []oplog.FieldError

func (m *mistakes) add(field string, value any, format string, args ...any) {
	if text, ok := value.(string); ok {
		value = oplog.Shorten(text)
	}
	*m = append(*m, oplog.FieldError{Field: field, Value: value, Violation: oplog.Violation{Code: "invalid", Message: fmt.Sprintf(format, args...)}})
}

func (c *Config) validateServers(m *mistakes) {
	if len(c.URL) == 0 {
		m.add("url", nil, "is missing; name the servers, such as ldaps://ldap.example.com")
	}
	if len(c.URL) > MaxServers {
		m.add("url", len(c.URL), "names %d servers; at most %d are allowed", len(c.URL), MaxServers)
	}
	for _, address := range c.URL {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
			m.add("url", address, "must be ldaps://HOST or ldap://HOST, with :PORT if it is not 636 or 389")
		case u.Scheme == "ldaps" && c.StartTLS:
			m.add("start_tls", true, "is for ldap://; ldaps:// has TLS from the beginning, so leave start_tls out")
		case u.Scheme == "ldap" && !c.StartTLS && !c.AllowPlain:
			m.add("url", address, "would send passwords in the clear; use ldaps://, or set start_tls = true, or allow_plain = true where nobody can listen")
		}
	}
}

func (c *Config) validateSearch(m *mistakes) {
	if c.BindDN != "" && c.BindPasswordFile == "" {
		m.add("bind_password_file", nil, "is missing; name the file with the password of bind_dn")
	}
	if c.BindDN == "" && c.BindPasswordFile != "" {
		m.add("bind_dn", nil, "is missing; name whose password is in bind_password_file")
	}
	if c.UserDN != "" && !strings.Contains(c.UserDN, usernameMark) {
		m.add("user_dn", c.UserDN, "must contain {username}, such as uid={username},ou=people,dc=example,dc=com")
	}
	needed := c.UserDN == "" || !c.userDNIsDN()
	switch {
	case c.UserFilter == "" && needed:
		m.add("user_filter", nil, "is missing; say how people are found, such as (uid={username}), or (sAMAccountName={username}) in Active Directory")
	case c.UserFilter != "" && !strings.Contains(c.UserFilter, usernameMark):
		m.add("user_filter", c.UserFilter, "must contain {username}, such as (uid={username})")
	case c.UserFilter != "":
		m.addFilter("user_filter", c.UserFilter)
	}
	if c.BaseDN == "" {
		m.add("base_dn", nil, "is missing; name the entry below which people are, such as ou=people,dc=example,dc=com")
	}
	m.addDN("base_dn", c.BaseDN)
}

func (c *Config) validateGroups(m *mistakes) {
	if c.GroupAttribute != "" && c.GroupFilter != "" {
		m.add("group_filter", c.GroupFilter, "cannot be used with group_attribute; leave one of them out")
	}
	if c.GroupFilter == "" {
		c.GroupAttribute = cmp.Or(c.GroupAttribute, "memberOf")
	} else {
		if !strings.Contains(c.GroupFilter, usernameMark) && !strings.Contains(c.GroupFilter, dnMark) {
			m.add("group_filter", c.GroupFilter, "must contain {dn} or {username}, such as (member={dn})")
		}
		m.addFilter("group_filter", c.GroupFilter)
		c.GroupBaseDN = cmp.Or(c.GroupBaseDN, c.BaseDN)
	}
	m.addDN("group_base_dn", c.GroupBaseDN)
	if allowed := []string{NestedFollow, NestedAD, NestedNone}; !slices.Contains(allowed, c.NestedGroups) {
		m.add("nested_groups", c.NestedGroups, "must be one of %s", strings.Join(allowed, ", "))
	}
	m.addAttribute("username_attribute", c.UsernameAttribute)
	m.addAttribute("name_attribute", c.NameAttribute)
	m.addAttribute("group_attribute", c.GroupAttribute)
	m.addAttribute("organization_attribute", strings.TrimPrefix(c.OrganizationAttribute, fromDN))
}

// addFilter checks a filter with its marks replaced by a name, and by what stands for everybody.
func (m *mistakes) addFilter(field, filter string) {
	for _, name := range []string{"a", "*"} {
		if _, err := ldap.CompileFilter(strings.NewReplacer(usernameMark, name, dnMark, "cn=a").Replace(filter)); err != nil {
			m.add(field, filter, "is not a filter of LDAP, such as (uid={username}): %v", err)
			return
		}
	}
}

func (m *mistakes) addDN(field, dn string) {
	if _, err := ldap.ParseDN(dn); err != nil {
		m.add(field, dn, "is not a DN, such as ou=people,dc=example,dc=com: %v", err)
	}
}

func (m *mistakes) addAttribute(field, name string) {
	if name != "" && !isAttribute(name) {
		m.add(field, name, "is not the name of an attribute, such as cn")
	}
}

// isAttribute reports whether a text may be the name of an attribute, with options (RFC 4512).
func isAttribute(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.;") == ""
}

// userDNIsDN reports whether UserDN makes DNs, which have an entry; Active Directory lets people bind by other names, too.
func (c *Config) userDNIsDN() bool {
	return isDN(fillDN(c.UserDN, "a"))
}

// hostPort returns the host and the port of a server.
func hostPort(u *url.URL) (host, port string) {
	port = "389"
	if u.Scheme == "ldaps" {
		port = "636"
	}
	return u.Hostname(), cmp.Or(u.Port(), port)
}

// address returns what to dial for a server.
func address(u *url.URL) string { return net.JoinHostPort(hostPort(u)) }
