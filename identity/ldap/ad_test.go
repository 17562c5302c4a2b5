package ldap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"oplog/identity"
	"oplog/oplog"
)

const aliceDN = "CN=Alice Müller,OU=Sales,DC=ad"

// aliceGUID is 00112233-4455-6677-8899-aabbccddeeff as Active Directory sends it.
const aliceGUID = "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"

// activeDirectory is a fake server with alice, whose password is "secret", and groups by their DNs with the groups that they are in.
func activeDirectory(more map[string][]string, groups map[string][]string) *fakeServer {
	alice := map[string][]string{
		"sAMAccountName": {"alice"}, "displayName": {"Alice Müller"}, "cn": {"Alice Müller"}, "objectGUID": {aliceGUID}, "userAccountControl": {"512"},
	}
	for name, values := range more {
		alice[name] = values
	}
	return &fakeServer{
		bind: func(dn, password string) uint16 {
			if (dn == aliceDN || dn == "alice@ad.example") && password == "secret" {
				return ldap.LDAPResultSuccess
			}
			return ldap.LDAPResultInvalidCredentials
		},
		answer: func(asked search) ([]fakeEntry, uint16) {
			switch base, isGroup := groups[asked.base]; {
			case asked.scope == ldap.ScopeBaseObject && isGroup:
				return []fakeEntry{{asked.base, map[string][]string{"memberOf": base}}}, 0
			case asked.scope == ldap.ScopeBaseObject && (asked.base == "dc=ad" || asked.base == ""):
				return []fakeEntry{{"DC=ad", nil}}, 0
			case asked.scope == ldap.ScopeBaseObject && asked.base != aliceDN:
				return nil, ldap.LDAPResultNoSuchObject
			case strings.Contains(asked.filter, "(sAMAccountName=alice)"), strings.Contains(asked.filter, `UDwf\88\99\aa\bb\cc\dd\ee\ff)`), asked.base == aliceDN:
				return []fakeEntry{{aliceDN, alice}}, 0
			}
			return nil, 0
		},
	}
}

func TestActiveDirectory(t *testing.T) {
	f := activeDirectory(map[string][]string{"memberOf": {"CN=Log Admins,OU=Groups,DC=ad"}}, map[string][]string{
		"CN=Log Admins,OU=Groups,DC=ad": {"CN=Staff,OU=Groups,DC=ad"}, "CN=Staff,OU=Groups,DC=ad": {"CN=Log Admins,OU=Groups,DC=ad"}, // a cycle
	}).start(t)
	d := f.directory(t, func(c *Config) { c.OrganizationAttribute = "dn:ou" })
	want := identity.Person{
		Source: "ad", Subject: "00112233-4455-6677-8899-aabbccddeeff", Username: "alice", Name: "Alice Müller", Organization: "Sales",
		Groups: []string{"cn=log admins,ou=groups,dc=ad", "cn=staff,ou=groups,dc=ad", "log admins", "staff"},
	}
	got, err := d.SignIn(t.Context(), "alice", "secret")
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for name, find := range map[string]func() (identity.Person, error){
		"Find":        func() (identity.Person, error) { return d.Find(t.Context(), "alice") },
		"FindSubject": func() (identity.Person, error) { return d.FindSubject(t.Context(), want.Subject) },
	} {
		if got, err := find(); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}

func TestDisabledPeopleOfActiveDirectory(t *testing.T) {
	d := activeDirectory(map[string][]string{"userAccountControl": {"514"}}, nil).start(t).directory(t, nil)
	if _, err := d.SignIn(t.Context(), "alice", "secret"); !errors.Is(err, identity.ErrNotThisPerson) || !strings.Contains(err.Error(), "userAccountControl") {
		t.Errorf("got %v, want a refusal that tells admins of userAccountControl", err)
	}
	if p, err := d.Find(t.Context(), "alice"); err != nil || !p.Disabled {
		t.Errorf("got %+v, %v, want somebody disabled", p, err)
	}
}

func TestMatchingRuleInChain(t *testing.T) {
	f := activeDirectory(nil, nil)
	others := f.answer
	f.answer = func(asked search) ([]fakeEntry, uint16) {
		if strings.Contains(asked.filter, "member:1.2.840.113556.1.4.1941:="+strings.NewReplacer("ü", `\c3\bc`).Replace(aliceDN)) && asked.base == "ou=groups,dc=ad" {
			return []fakeEntry{{"CN=A,OU=Groups,DC=ad", map[string][]string{"cn": {"A"}}}, {"CN=B,OU=Groups,DC=ad", nil}}, 0
		}
		return others(asked)
	}
	d := f.start(t).directory(t, func(c *Config) { c.NestedGroups, c.GroupBaseDN = NestedAD, "ou=groups,dc=ad" })
	p, err := d.SignIn(t.Context(), "alice", "secret")
	if want := []string{"a", "b", "cn=a,ou=groups,dc=ad", "cn=b,ou=groups,dc=ad"}; err != nil || !slices.Equal(p.Groups, want) {
		_, _, searches := f.asked()
		t.Errorf("got %v, %v, want %v; asked were %+v", p.Groups, err, want, searches)
	}
}

// Active Directory sends at most 1,500 values of an attribute at a time.
func TestGroupsInParts(t *testing.T) {
	all := make([]string, 1700)
	for i := range all {
		all[i] = fmt.Sprintf("CN=G%d,DC=ad", i)
	}
	f := activeDirectory(map[string][]string{"memberOf;range=0-1499": all[:1500]}, nil)
	others := f.answer
	f.answer = func(asked search) ([]fakeEntry, uint16) {
		if slices.Equal(asked.attributes, []string{"memberOf;range=1500-*"}) {
			return []fakeEntry{{aliceDN, map[string][]string{"memberOf;range=1500-*": all[1500:]}}}, 0
		}
		return others(asked)
	}
	d := f.start(t).directory(t, func(c *Config) { c.NestedGroups = NestedNone })
	p, err := d.SignIn(t.Context(), "alice", "secret")
	if err != nil || len(p.Groups) != 2*len(all) || !slices.Contains(p.Groups, "g1699") {
		t.Errorf("%d names of groups, %v, want two each of %d", len(p.Groups), err, len(all))
	}
}

// Servers give so many entries at a time.
func TestGroupsInPages(t *testing.T) {
	f := activeDirectory(nil, nil)
	others := f.answer
	f.answer = func(asked search) ([]fakeEntry, uint16) {
		if !strings.Contains(asked.filter, "1.2.840.113556.1.4.1941") {
			return others(asked)
		}
		all := make([]fakeEntry, 2*pageSize+200)
		for i := range all {
			all[i].dn = fmt.Sprintf("CN=G%d,DC=ad", i)
		}
		return all, 0
	}
	d := f.start(t).directory(t, func(c *Config) { c.NestedGroups = NestedAD })
	p, err := d.SignIn(t.Context(), "alice", "secret")
	if err != nil || len(p.Groups) != 2*(2*pageSize+200) || !slices.Contains(p.Groups, "g1199") {
		t.Errorf("%d names of groups, %v, want two each of %d", len(p.Groups), err, 2*pageSize+200)
	}
	if _, _, searches := f.asked(); len(searches) != 4 {
		t.Errorf("%d searches, want one for alice and three pages", len(searches))
	}
	f.endless = true
	if _, err := d.SignIn(t.Context(), "alice", "secret"); !isUnavailable(err) || !strings.Contains(Why(err), "pages without end") {
		t.Errorf("pages without end: %v", err)
	}
}

func TestTooManyGroups(t *testing.T) {
	many := make([]string, MaxGroups+1)
	for i := range many {
		many[i] = fmt.Sprintf("CN=G%d,DC=ad", i)
	}
	deep := map[string][]string{}
	for i := range MaxDepth + 1 {
		deep[fmt.Sprintf("CN=D%d,DC=ad", i)] = []string{fmt.Sprintf("CN=D%d,DC=ad", i+1)}
	}
	half := MaxGroups/2 + 1
	wide := map[string][]string{"CN=A,DC=ad": many[:half], "CN=B,DC=ad": many[MaxGroups-half:]}
	for name, f := range map[string]*fakeServer{
		"many": activeDirectory(map[string][]string{"memberOf": many}, nil),
		"wide": activeDirectory(map[string][]string{"memberOf": {"CN=A,DC=ad", "CN=B,DC=ad"}}, wide),
		"deep": activeDirectory(map[string][]string{"memberOf": {"CN=D0,DC=ad"}}, deep),
	} {
		d := f.start(t).directory(t, nil)
		d.timeout = time.Minute
		if _, err := d.SignIn(t.Context(), "alice", "secret"); oplog.CodeOf(err) != oplog.CodeForbidden {
			t.Errorf("%s: sign-in: %v, want a refusal", name, err)
		}
		if _, err := d.Find(t.Context(), "alice"); oplog.CodeOf(err) != oplog.CodeForbidden {
			t.Errorf("%s: find: %v, want a refusal", name, err)
		}
		p, err := d.FindSubject(t.Context(), "00112233-4455-6677-8899-aabbccddeeff")
		if err != nil || !p.Disabled || p.Groups != nil || p.Username != "alice" {
			t.Errorf("%s: %+v, %v, want somebody disabled", name, p, err)
		}
	}
}

func TestUserPrincipalNames(t *testing.T) {
	f := activeDirectory(nil, nil).start(t)
	upn := func(c *Config) { c.UserDN = "{username}@ad.example" }
	d := f.directory(t, upn)
	if p, err := d.SignIn(t.Context(), "alice", "secret"); err != nil || p.Username != "alice" {
		t.Errorf("got %+v, %v, want alice", p, err)
	}
	for _, name := range []string{"alice@ad.example", `AD\alice`, "ad/alice"} {
		if _, err := d.SignIn(t.Context(), name, "secret"); !errors.Is(err, identity.ErrNotThisPerson) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	// Somebody else's userPrincipalName is alice@ad.example, whose password this is; the filter finds alice.
	other := activeDirectory(nil, nil)
	other.bind = func(dn, password string) uint16 {
		if dn == "alice@ad.example" && password == "other" {
			return 0
		}
		return ldap.LDAPResultInvalidCredentials
	}
	if p, err := other.start(t).directory(t, upn).SignIn(t.Context(), "alice", "other"); !errors.Is(err, identity.ErrNotThisPerson) {
		t.Errorf("got %+v, %v: somebody gets in as another person", p, err)
	}
}

func TestLookingNeedsAnAccountBesideTheTemplate(t *testing.T) {
	d := activeDirectory(nil, nil).start(t).directory(t, func(c *Config) { c.UserDN, c.UserFilter = "cn={username},ou=sales,dc=ad", "" })
	if d.Looks() {
		t.Error("it looks")
	}
	if _, err := d.Find(t.Context(), "alice"); !errors.Is(err, ErrCannotLook) {
		t.Errorf("Find: %v", err)
	}
	if _, err := d.FindSubject(t.Context(), "00112233-4455-6677-8899-aabbccddeeff"); !errors.Is(err, ErrCannotLook) {
		t.Errorf("FindSubject: %v", err)
	}
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}
