package ldap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/text/unicode/norm"
)

// fromDN begins an organization_attribute that is read from the DN.
const fromDN = "dn:"

// GroupName returns a group's DN or CN as Person.Groups has it: without regard to case, blanks and ways to escape. Rules that name groups of
// directories go through it.
func GroupName(name string) string {
	if dn, err := ldap.ParseDN(name); err == nil && len(dn.RDNs) > 0 {
		return writeDN(dn)
	}
	return fold(name)
}

// fillFilter puts a username and a DN into a filter, as the values that they are.
func fillFilter(filter, username, dn string) string {
	return strings.NewReplacer(usernameMark, ldap.EscapeFilter(username), dnMark, ldap.EscapeFilter(dn)).Replace(filter)
}

// fillDN puts a username into a DN, as the value that it is.
func fillDN(template, username string) string {
	return strings.ReplaceAll(template, usernameMark, ldap.EscapeDN(username))
}

func isDN(text string) bool {
	dn, err := ldap.ParseDN(text)
	return err == nil && len(dn.RDNs) > 0
}

// sameDN reports whether two DNs are of one entry.
func sameDN(a, b string) bool { return GroupName(a) == GroupName(b) }

// fold returns what values have in common that differ in case, composition or blanks only.
func fold(value string) string {
	return strings.Join(strings.Fields(norm.NFKC.String(strings.ToLower(norm.NFKC.String(value)))), " ")
}

// writeDN writes a DN so that equal ones are written alike. Unlike that of the library, its letters of all scripts can be read.
func writeDN(dn *ldap.DN) string {
	names := make([]string, len(dn.RDNs))
	for i, rdn := range dn.RDNs {
		parts := make([]string, len(rdn.Attributes))
		for j, a := range rdn.Attributes {
			parts[j] = strings.ToLower(strings.TrimSpace(a.Type)) + "=" + escapeValue(fold(a.Value))
		}
		slices.Sort(parts)
		names[i] = strings.Join(parts, "+")
	}
	return strings.Join(names, ",")
}

// escapeValue is ldap.EscapeDN, and also escapes control characters.
func escapeValue(value string) string {
	var b strings.Builder
	for _, r := range ldap.EscapeDN(value) {
		if r < ' ' || r == 0x7f {
			fmt.Fprintf(&b, "\\%02x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// firstOf returns the value of the first RDN of a type, such as ou.
func firstOf(dn *ldap.DN, attribute string) string {
	for _, rdn := range dn.RDNs {
		for _, a := range rdn.Attributes {
			if strings.EqualFold(strings.TrimSpace(a.Type), attribute) {
				return a.Value
			}
		}
	}
	return ""
}
