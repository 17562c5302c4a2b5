package ldaptest

import (
	"errors"

	"github.com/go-ldap/ldap/v3"
)

// Person is somebody in the directory.
type Person struct {
	UID      string
	Name     string // cn and displayName; "" for the UID
	Password string
	OU       string              // the unit below PeopleDN, which is made; "" for none
	More     map[string][]string // further attributes
}

// DN returns where a person is.
func (p Person) DN() string {
	base := PeopleDN
	if p.OU != "" {
		base = "ou=" + ldap.EscapeDN(p.OU) + "," + base
	}
	return "uid=" + ldap.EscapeDN(p.UID) + "," + base
}

// GroupDN returns where a group is.
func GroupDN(name string) string { return "cn=" + ldap.EscapeDN(name) + "," + GroupsDN }

// fill adds what each directory has.
func (s *Slapd) fill() error {
	return errors.Join(
		s.Add(BaseDN, map[string][]string{"objectClass": {"dcObject", "organization"}, "o": {"Corp"}, "dc": {"corp"}}),
		s.addUnit(PeopleDN, "people"),
		s.addUnit(GroupsDN, "groups"),
		s.Add(SearchDN, map[string][]string{"objectClass": {"organizationalRole", "simpleSecurityObject"}, "cn": {"search"}, "userPassword": {SearchPassword}}),
	)
}

func (s *Slapd) addUnit(dn, name string) error {
	return s.Add(dn, map[string][]string{"objectClass": {"organizationalUnit"}, "ou": {name}})
}

// Add adds an entry.
func (s *Slapd) Add(dn string, attributes map[string][]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	return s.admin.Add(request)
}

// AddPerson adds somebody.
func (s *Slapd) AddPerson(p Person) error {
	if p.OU != "" {
		err := s.addUnit("ou="+ldap.EscapeDN(p.OU)+","+PeopleDN, p.OU)
		if err != nil && !ldap.IsErrorWithCode(err, ldap.LDAPResultEntryAlreadyExists) {
			return err
		}
	}
	if p.Name == "" {
		p.Name = p.UID
	}
	attributes := map[string][]string{
		"objectClass": {"inetOrgPerson", "adPerson"}, "uid": {p.UID}, "cn": {p.Name}, "sn": {p.Name}, "displayName": {p.Name},
	}
	if p.Password != "" {
		attributes["userPassword"] = []string{p.Password}
	}
	for name, values := range p.More {
		attributes[name] = values
	}
	return s.Add(p.DN(), attributes)
}

// AddGroup adds a group; its members are DNs of people and of groups.
func (s *Slapd) AddGroup(name string, members ...string) error {
	return s.Add(GroupDN(name), map[string][]string{"objectClass": {"groupOfNames"}, "cn": {name}, "member": append([]string{AdminDN}, members...)})
}

// Join adds a person or a group to a group.
func (s *Slapd) Join(group, member string) error {
	return s.modify(GroupDN(group), func(r *ldap.ModifyRequest) { r.Add("member", []string{member}) })
}

// Leave takes a person or a group out of a group.
func (s *Slapd) Leave(group, member string) error {
	return s.modify(GroupDN(group), func(r *ldap.ModifyRequest) { r.Delete("member", []string{member}) })
}

// Set replaces the values of an attribute; none removes it.
func (s *Slapd) Set(dn, attribute string, values ...string) error {
	return s.modify(dn, func(r *ldap.ModifyRequest) { r.Replace(attribute, values) })
}

func (s *Slapd) modify(dn string, change func(*ldap.ModifyRequest)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := ldap.NewModifyRequest(dn, nil)
	change(request)
	return s.admin.Modify(request)
}

// Disable disables somebody, as Active Directory does; Enable ends that.
func (s *Slapd) Disable(dn string) error { return s.Set(dn, "userAccountControl", "514") }

// Enable ends Disable.
func (s *Slapd) Enable(dn string) error { return s.Set(dn, "userAccountControl", "512") }

// Rename gives an entry another first part of its DN, such as uid=new, and moves it below another entry unless that is "".
func (s *Slapd) Rename(dn, rdn, below string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.admin.ModifyDN(ldap.NewModifyDNRequest(dn, rdn, true, below))
}

// Delete removes an entry.
func (s *Slapd) Delete(dn string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.admin.Del(ldap.NewDelRequest(dn, nil))
}
