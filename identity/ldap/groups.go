package ldap

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"oplog/oplog"
)

// errManyGroups is the answer to somebody of whom not all groups are followed.
var errManyGroups = oplog.Errorf(oplog.CodeForbidden, "The directory has more groups of this person than are followed: at most %d, nested ones included, at most %d deep. Narrow them down with group_base_dn or group_filter.", MaxGroups, MaxDepth)

func isLimit(err error) bool { return errors.Is(err, errManyGroups) }

// inChain is the matching rule of Active Directory that follows nested groups.
const inChain = "(member:1.2.840.113556.1.4.1941:=" + dnMark + ")"

// group is a group as the directory writes it, with its names other than the DN.
type group struct {
	dn  string
	cns []string
}

// groupCache has groups by their names, each with the groups that it is in, so that those of many people are asked for once.
type groupCache map[string]groupEntry

type groupEntry struct {
	cns []string
	in  []group
}

// groups returns the names of all groups of a person, sorted.
func (d *Directory) groups(l *link, entry *ldap.Entry, username string, known groupCache) ([]string, error) {
	level, err := d.direct(l, entry, username)
	if err != nil {
		return nil, err
	}
	if known == nil {
		known = groupCache{}
	}
	names, seen := map[string]bool{}, map[string]bool{}
	for depth := 1; len(level) > 0; depth++ {
		var next []group
		for _, g := range level {
			name := GroupName(g.dn)
			if seen[name] || !d.counts(g.dn) {
				continue
			}
			if seen[name] = true; depth > MaxDepth || len(seen) > MaxGroups {
				return nil, errManyGroups
			}
			about, err := d.about(l, g, name, known)
			if err != nil {
				return nil, err
			}
			names[name] = true
			for _, cn := range about.cns {
				names[cn] = true
			}
			next = append(next, about.in...)
		}
		level = next
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// counts reports whether a group is below group_base_dn.
func (d *Directory) counts(dn string) bool {
	parsed, err := ldap.ParseDN(dn)
	return d.base == nil || err == nil && d.base.AncestorOfFold(parsed)
}

// direct returns the groups that the entry of a person names, or that name the person; all of them by the matching rule.
func (d *Directory) direct(l *link, entry *ldap.Entry, username string) ([]group, error) {
	switch {
	case d.config.NestedGroups == NestedAD:
		base := d.config.GroupBaseDN
		if base == "" {
			base = d.config.BaseDN
		}
		return d.searchGroups(l, base, inChain, entry.DN, username)
	case d.config.GroupFilter != "":
		return d.searchGroups(l, d.config.GroupBaseDN, d.config.GroupFilter, entry.DN, username)
	}
	return d.named(l, entry)
}

// about returns what is known of a group: its CN, and the groups that it is in, if they are followed.
func (d *Directory) about(l *link, g group, name string, known groupCache) (groupEntry, error) {
	if about, ok := known[name]; ok {
		return about, nil
	}
	about := groupEntry{cns: cnsOf(g.dn, g.cns)}
	var err error
	switch {
	case d.config.NestedGroups != NestedFollow || !strings.Contains(g.dn, "="):
	case d.config.GroupFilter == "":
		var entry *ldap.Entry
		entry, err = l.entry(g.dn, everything, []string{"cn", d.config.GroupAttribute})
		if ldap.IsErrorWithCode(err, ldap.LDAPResultInsufficientAccessRights) {
			entry, err = nil, nil
		}
		if err == nil && entry != nil {
			about.cns = cnsOf(g.dn, entry.GetEqualFoldAttributeValues("cn"))
			about.in, err = d.named(l, entry)
		}
	case strings.Contains(d.config.GroupFilter, dnMark):
		about.in, err = d.searchGroups(l, d.config.GroupBaseDN, d.config.GroupFilter, g.dn, "")
	}
	if err == nil {
		known[name] = about
	}
	return about, err
}

// cnsOf returns the names of a group other than its DN. One that looks like a DN is none, or it could pass for another group.
func cnsOf(dn string, cns []string) []string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return nil // its name is no DN, and all there is
	}
	if cn := firstOf(&ldap.DN{RDNs: parsed.RDNs[:1]}, "cn"); cn != "" {
		cns = []string{cn}
	}
	var names []string
	for _, cn := range cns {
		if name := fold(cn); name != "" && !strings.Contains(name, "=") {
			names = append(names, name)
		}
	}
	return names
}

// searchGroups returns the groups that a filter finds for a DN and a username.
func (d *Directory) searchGroups(l *link, base, filter, dn, username string) ([]group, error) {
	if username == "" { // of a group
		username = dn
	}
	all, err := l.search(base, ldap.ScopeWholeSubtree, fillFilter(filter, username, dn), []string{"cn"}, MaxGroups)
	if err != nil {
		return nil, err
	}
	if all.more {
		return nil, errManyGroups
	}
	groups := make([]group, len(all.entries))
	for i, e := range all.entries {
		groups[i] = group{e.DN, e.GetEqualFoldAttributeValues("cn")}
	}
	return groups, nil
}

// named returns the groups that an entry names. Active Directory sends many of them in parts, as memberOf;range=0-1499.
func (d *Directory) named(l *link, entry *ldap.Entry) ([]group, error) {
	attribute := d.config.GroupAttribute
	values := entry.GetEqualFoldAttributeValues(attribute)
	for {
		part, next, more := rangeOf(entry, attribute)
		values = append(values, part...)
		if len(values) > MaxGroups {
			return nil, errManyGroups
		}
		if !more {
			break
		}
		if next <= 0 || len(part) == 0 {
			return nil, l.fail("read "+attribute, errors.New("sends a part of the values that leads nowhere"))
		}
		var err error
		if entry, err = l.entry(entry.DN, everything, []string{attribute + ";range=" + strconv.Itoa(next) + "-*"}); err != nil {
			return nil, err
		}
		if entry == nil {
			return nil, l.fail("read "+attribute, errors.New("sends a part of the values, and then none"))
		}
	}
	groups := make([]group, len(values))
	for i, value := range values {
		groups[i] = group{dn: value}
	}
	return groups, nil
}

// rangeOf returns the values of a part, and where the next part begins if there is one.
func rangeOf(entry *ldap.Entry, attribute string) (values []string, next int, more bool) {
	prefix := strings.ToLower(attribute + ";range=")
	for _, a := range entry.Attributes {
		span, ok := strings.CutPrefix(strings.ToLower(a.Name), prefix)
		if !ok {
			continue
		}
		_, last, _ := strings.Cut(span, "-")
		if last == "*" {
			return a.Values, 0, false
		}
		end, err := strconv.Atoi(last)
		if err != nil {
			return a.Values, 0, true
		}
		return a.Values, end + 1, true
	}
	return nil, 0, false
}
