package ldap

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/identity"
	"oplog/identity/ldap/ldaptest"
	"oplog/oplog"
)

var shared struct {
	once  sync.Once
	slapd *ldaptest.Slapd
	err   error
}

func TestMain(m *testing.M) {
	status := m.Run()
	if shared.slapd != nil {
		shared.slapd.Stop()
	}
	if sharedDir != "" {
		_ = os.RemoveAll(sharedDir)
	}
	os.Exit(status)
}

var sharedDir string

// slapd returns the server that the tests of the package share; each test has people and groups of its own.
func slapd(t *testing.T) *ldaptest.Slapd {
	t.Helper()
	shared.once.Do(func() {
		if sharedDir, shared.err = os.MkdirTemp("", "oplog-slapd"); shared.err == nil {
			shared.slapd, shared.err = ldaptest.Run(sharedDir, ldaptest.Options{})
		}
	})
	if errors.Is(shared.err, ldaptest.ErrMissing) {
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.slapd
}

// ok fails a test.
func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// on returns a directory on a server, which is searched by its search account.
func on(t *testing.T, s *ldaptest.Slapd, change func(*Config)) *Directory {
	t.Helper()
	c := Config{
		Name: "corp", Title: "Corp AD", URL: []string{s.TLSURL}, CAFile: s.CAFile, BindDN: ldaptest.SearchDN, BindPasswordFile: s.SearchPasswordFile,
		BaseDN: ldaptest.PeopleDN, UserFilter: "(&(objectClass=inetOrgPerson)(uid={username}))",
	}
	return newDirectory(t, c, change)
}

func TestSignIn(t *testing.T) {
	s := slapd(t)
	ann := ldaptest.Person{UID: "ann", Name: "安娜 Ann", Password: "pass-ann", OU: "Sales", More: map[string][]string{"departmentNumber": {"sales"}}}
	ok(t, s.AddPerson(ann), s.AddPerson(ldaptest.Person{UID: "admin", Password: "pass-admin"}), s.AddGroup("Log Admins", ann.DN()))
	template := func(c *Config) { c.UserDN, c.UserFilter = "uid={username},ou=Sales,"+ldaptest.PeopleDN, "" }
	for name, change := range map[string]func(*Config){
		"ldaps":                            func(*Config) {},
		"StartTLS":                         func(c *Config) { c.URL, c.StartTLS = []string{s.URL}, true },
		"plain":                            func(c *Config) { c.URL, c.CAFile, c.AllowPlain = []string{s.URL}, "", true },
		"template":                         func(c *Config) { template(c); c.BindDN, c.BindPasswordFile = "", "" },
		"template beside a search account": template,
		"template and filter": func(c *Config) {
			c.UserDN = "uid={username},ou=Sales," + ldaptest.PeopleDN
		},
		"organization from the DN": func(c *Config) { c.OrganizationAttribute = "dn:ou" },
	} {
		t.Run(name, func(t *testing.T) {
			d := on(t, s, func(c *Config) { c.OrganizationAttribute = "departmentNumber"; change(c) })
			p, err := d.SignIn(t.Context(), "ANN", "pass-ann")
			if err != nil || p.Source != "corp" || p.Username != "ann" || p.Name != "安娜 Ann" || !strings.EqualFold(p.Organization, "sales") || !isUUID(p.Subject) {
				t.Fatalf("got %+v, %v", p, err)
			}
			if !slices.Contains(p.Groups, "log admins") || !slices.Contains(p.Groups, "cn=log admins,ou=groups,dc=corp,dc=example") {
				t.Errorf("the groups are %q, want both names of Log Admins", p.Groups)
			}
			for _, who := range [][2]string{
				{"ann", "wrong"}, {"ann", ""}, {"nobody", "pass-ann"}, {"*", "pass-ann"}, {"ann)(uid=*", "pass-ann"}, {"*)(uid=*", "pass-ann"}, {"*))(|(uid=*", "pass-ann"},
				{`ann\2a`, "pass-ann"}, {`\61nn`, "pass-ann"}, {"ann,uid=admin", "pass-admin"}, {",uid=admin", "pass-admin"}, {"x+uid=ann", "pass-ann"}, {"a*", "pass-ann"}, {"ann\x00", "pass-ann"},
			} {
				if p, err := d.SignIn(t.Context(), who[0], who[1]); !errors.Is(err, identity.ErrNotThisPerson) {
					t.Errorf("%q with %q: %+v, %v", who[0], who[1], p, err)
				}
			}
		})
	}
}

func TestAnonymousSearch(t *testing.T) {
	s := ldaptest.Start(t, ldaptest.Options{Anonymous: true})
	anonymous := func(c *Config) { c.BindDN, c.BindPasswordFile = "", "" }
	ann := ldaptest.Person{UID: "ann", Password: "pass-ann"}
	ok(t, s.AddPerson(ann), s.AddGroup("staff", ann.DN()))
	p, err := on(t, s, anonymous).SignIn(t.Context(), "ann", "pass-ann")
	if err != nil || !slices.Contains(p.Groups, "staff") {
		t.Errorf("got %+v, %v, want ann of staff", p, err)
	}
	// A server that shows nothing to nobody is no server without people.
	d := on(t, slapd(t), anonymous)
	if _, err := d.SignIn(t.Context(), "ann", "pass-ann"); !isUnavailable(err) {
		t.Errorf("got %v, want that the source is unavailable", err)
	}
	if err := d.Check(t.Context()); err == nil {
		t.Error("the check finds nothing")
	}
}

func TestNamesOfAllKinds(t *testing.T) {
	s := slapd(t)
	d := on(t, s, func(c *Config) { c.OrganizationAttribute = "dn:ou" })
	template := on(t, s, func(c *Config) { c.UserDN, c.UserFilter = "uid={username},ou=names,"+ldaptest.PeopleDN, "" })
	for _, name := range []string{"张伟", "Müller", "o'brien", "a, b", "a+b", `back\slash`, "semi;colon", "par(en)s", "st*r", `quo"te`, "#hash", "<x>", "a=b", "иван", "محمد", "x@corp.example"} {
		p := ldaptest.Person{UID: name, Name: name, Password: "secret", OU: "names"}
		ok(t, s.AddPerson(p), s.AddGroup("group "+name, p.DN()))
		for _, d := range []*Directory{d, template} {
			got, err := d.SignIn(t.Context(), name, "secret")
			if err != nil || got.Username != name || got.Name != name {
				t.Errorf("%s: got %+v, %v", name, got, err)
				continue
			}
			for _, group := range []string{"group " + name, ldaptest.GroupDN("group " + name)} {
				if !slices.Contains(got.Groups, GroupName(group)) && !strings.Contains(name, "=") {
					t.Errorf("%s: the groups are %q, without %s", name, got.Groups, GroupName(group))
				}
			}
		}
	}
}

// TestCertificateEnds: it is told until when the certificate of each server is valid, while it is.
func TestCertificateEnds(t *testing.T) {
	ends := time.Now().AddDate(0, 0, 9).Truncate(time.Second)
	s := ldaptest.Start(t, ldaptest.Options{NotAfter: ends})
	states := on(t, s, func(c *Config) { c.URL = []string{s.TLSURL, "ldaps://127.0.0.1:1"} }).Servers(t.Context())
	if states[0].Err != nil || !states[0].CertificateEnds.Equal(ends) || states[1].Err == nil || !states[1].CertificateEnds.IsZero() {
		t.Errorf("%+v, want %s", states, ends)
	}
	plain := on(t, s, func(c *Config) { c.URL, c.AllowPlain = []string{s.URL}, true }).Servers(t.Context())
	if plain[0].Err != nil || !plain[0].CertificateEnds.IsZero() {
		t.Errorf("%+v", plain)
	}
}

func TestCertificates(t *testing.T) {
	s := slapd(t)
	other := ldaptest.Start(t, ldaptest.Options{Names: []string{"ldap.corp.example", "10.0.0.7"}})
	yesterday := time.Now().AddDate(0, 0, -1)
	expired := ldaptest.Start(t, ldaptest.Options{NotAfter: yesterday})
	for name, test := range map[string]struct {
		change func(*Config)
		says   []string
	}{
		"an old one":           {func(c *Config) { c.URL, c.CAFile = []string{expired.TLSURL}, expired.CAFile }, []string{"to " + day(yesterday), "clock"}},
		"another name":         {func(c *Config) { c.URL, c.CAFile = []string{other.TLSURL}, other.CAFile }, []string{"for ldap.corp.example, 10.0.0.7, not for localhost"}},
		"another name, later":  {func(c *Config) { c.URL, c.CAFile, c.StartTLS = []string{other.URL}, other.CAFile, true }, []string{"for ldap.corp.example, 10.0.0.7, not for 127.0.0.1"}},
		"an unknown authority": {func(c *Config) { c.CAFile = "" }, []string{"not trusted here", "Directory test authority", "ca_file"}},
		"another authority":    {func(c *Config) { c.CAFile = other.CAFile }, []string{"not trusted here", "ca_file"}},
		"TLS on a plain port":  {func(c *Config) { c.URL = []string{strings.Replace(s.URL, "ldap://", "ldaps://", 1)} }, []string{"port"}},
		"no authorities":       {func(c *Config) { c.CAFile = s.SearchPasswordFile }, []string{"no certificate"}},
		"no file":              {func(c *Config) { c.CAFile += ".none" }, []string{"ca_file"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := on(t, s, test.change)
			if _, err := d.SignIn(t.Context(), "ann", "pass-ann"); !isUnavailable(err) {
				t.Errorf("sign-in: %v, want that the source is unavailable", err)
			}
			err := d.Check(t.Context())
			for _, says := range test.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("%v does not say %q", err, says)
				}
			}
		})
	}
}

func TestSearchAccounts(t *testing.T) {
	s := slapd(t)
	wrong, empty := filepath.Join(t.TempDir(), "wrong"), filepath.Join(t.TempDir(), "empty")
	ok(t, os.WriteFile(wrong, []byte("wrong\n"), 0o600), os.WriteFile(empty, []byte("\n"), 0o600))
	for name, test := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"wrong password": {func(c *Config) { c.BindPasswordFile = wrong }, "password in bind_password_file is wrong"},
		"empty password": {func(c *Config) { c.BindPasswordFile = empty }, "is empty"},
		"no file":        {func(c *Config) { c.BindPasswordFile = empty + ".none" }, "bind_password_file"},
		"base not there": {func(c *Config) { c.BaseDN = "ou=none," + ldaptest.BaseDN }, "base_dn ou=none"},
		"base elsewhere": {func(c *Config) { c.BaseDN = "dc=elsewhere" }, "base_dn dc=elsewhere"},
	} {
		t.Run(name, func(t *testing.T) {
			d := on(t, s, test.change)
			if err := d.Check(t.Context()); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("check: %v does not say %q", err, test.says)
			}
			if _, err := d.SignIn(t.Context(), "ann", "pass-ann"); !isUnavailable(err) {
				t.Errorf("sign-in: %v", err)
			}
			if _, err := d.FindSubjects(t.Context(), []string{"00000000-0000-0000-0000-000000000000"}); !isUnavailable(err) {
				t.Errorf("find: %v", err)
			}
		})
	}
	replaced := on(t, s, func(c *Config) { c.BindPasswordFile = wrong })
	ok(t, os.WriteFile(wrong, []byte(ldaptest.SearchPassword), 0o600), replaced.Check(t.Context()))
}

// What changes in the directory is found by the subject.
func TestPeopleWhoChange(t *testing.T) {
	s := slapd(t)
	d := on(t, s, func(c *Config) { c.OrganizationAttribute = "dn:ou" })
	eve := ldaptest.Person{UID: "eve", Password: "pass-eve", OU: "North"}
	ok(t, s.AddPerson(eve), s.AddPerson(ldaptest.Person{UID: "zoe", OU: "South"}), s.AddGroup("changing"), s.AddGroup("above", ldaptest.GroupDN("changing")))
	before, err := d.SignIn(t.Context(), "eve", "pass-eve")
	ok(t, err)
	now := func() identity.Person {
		t.Helper()
		p, err := d.FindSubject(t.Context(), before.Subject)
		ok(t, err)
		return p
	}
	if len(now().Groups) != 0 || now().Organization != "North" {
		t.Errorf("got %+v, want no group", now())
	}
	ok(t, s.Join("changing", eve.DN()))
	if got := now().Groups; !slices.Contains(got, "changing") || !slices.Contains(got, "above") {
		t.Errorf("the groups are %q, want changing and above", got)
	}
	ok(t, s.Leave("changing", eve.DN()))
	if got := now().Groups; len(got) != 0 {
		t.Errorf("the groups are %q, want none", got)
	}
	ok(t, s.Disable(eve.DN()))
	if !now().Disabled {
		t.Error("somebody disabled is not")
	}
	if _, err := d.SignIn(t.Context(), "eve", "pass-eve"); !errors.Is(err, identity.ErrNotThisPerson) {
		t.Errorf("somebody disabled signs in: %v", err)
	}
	ok(t, s.Enable(eve.DN()), s.Rename(eve.DN(), "uid=eva", "ou=South,"+ldaptest.PeopleDN))
	if got := now(); got.Username != "eva" || got.Organization != "South" || got.Disabled {
		t.Errorf("got %+v, want eva of South", got)
	}
	if got, err := d.SignIn(t.Context(), "eva", "pass-eve"); err != nil || got.Subject != before.Subject {
		t.Errorf("got %+v, %v, want the subject %s", got, err, before.Subject)
	}
	moved := "uid=eva,ou=South," + ldaptest.PeopleDN
	ok(t, s.Set(moved, "pwdAccountLockedTime", "000001010000Z"))
	if !now().Disabled {
		t.Error("somebody locked for ever is not disabled")
	}
	ok(t, s.Delete(moved))
	if p, err := d.FindSubject(t.Context(), before.Subject); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("got %+v, %v, want that the person is gone", p, err)
	}
}

func TestNestedGroups(t *testing.T) {
	s := slapd(t)
	nia := ldaptest.Person{UID: "nia", Password: "pass-nia"}
	ok(t, s.AddPerson(nia), s.AddGroup("n1", nia.DN()), s.AddGroup("n2", ldaptest.GroupDN("n1")), s.AddGroup("N3", ldaptest.GroupDN("n2")), s.Join("n1", ldaptest.GroupDN("N3")), // a cycle
		s.Add("cn=posix,"+ldaptest.GroupsDN, map[string][]string{"objectClass": {"posixGroup"}, "gidNumber": {"7"}, "memberUid": {"nia"}}),
		s.Add("ou=other,"+ldaptest.BaseDN, map[string][]string{"objectClass": {"organizationalUnit"}}),
		s.Add("cn=n4,ou=other,"+ldaptest.BaseDN, map[string][]string{"objectClass": {"groupOfNames"}, "member": {nia.DN()}}))
	for name, test := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"memberOf":           {func(*Config) {}, []string{"n1", "n2", "n3", "n4"}},
		"memberOf, one base": {func(c *Config) { c.GroupBaseDN = strings.ToUpper(ldaptest.GroupsDN) }, []string{"n1", "n2", "n3"}},
		"memberOf, none":     {func(c *Config) { c.NestedGroups = NestedNone }, []string{"n1", "n4"}},
		"filter":             {func(c *Config) { c.GroupFilter, c.GroupBaseDN = "(member={dn})", ldaptest.GroupsDN }, []string{"n1", "n2", "n3"}},
		"filter, none": {func(c *Config) {
			c.GroupFilter, c.GroupBaseDN, c.NestedGroups = "(member={dn})", ldaptest.BaseDN, NestedNone
		}, []string{"n1", "n4"}},
		"filter by username": {func(c *Config) { c.GroupFilter, c.GroupBaseDN = "(memberUid={username})", ldaptest.GroupsDN }, []string{"posix"}},
		"filter by both": {func(c *Config) {
			c.GroupFilter, c.GroupBaseDN = "(|(member={dn})(memberUid={username}))", ldaptest.GroupsDN
		}, []string{"n1", "n2", "n3", "posix"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := on(t, s, test.change).SignIn(t.Context(), "nia", "pass-nia")
			cns := slices.DeleteFunc(slices.Clone(p.Groups), func(g string) bool { return strings.Contains(g, "=") })
			if err != nil || !slices.Equal(cns, test.want) || len(p.Groups) != 2*len(test.want) {
				t.Errorf("got %q, %v, want %q and their DNs", p.Groups, err, test.want)
			}
		})
	}
}

// Many people are found in few questions, however little the server gives at a time.
func TestFindSubjects(t *testing.T) {
	s := ldaptest.Start(t, ldaptest.Options{SizeLimit: 7})
	d := on(t, s, nil)
	want := map[string]string{}
	ok(t, s.AddGroup("all"))
	for i := range 120 {
		p := ldaptest.Person{UID: fmt.Sprintf("u%03d", i), Password: "secret"}
		ok(t, s.AddPerson(p), s.Join("all", p.DN()))
		found, err := d.Find(t.Context(), p.UID)
		ok(t, err)
		want[found.Subject] = p.UID
	}
	gone := "00000000-0000-4000-8000-000000000000"
	subjects := append(slices.Collect(maps.Keys(want)), gone, "uid=u001,"+ldaptest.PeopleDN, "uid=none,"+ldaptest.PeopleDN, "no subject", "")
	people, err := d.FindSubjects(t.Context(), subjects)
	ok(t, err)
	if len(people) != len(want) {
		t.Errorf("%d people, want %d", len(people), len(want))
	}
	for subject, uid := range want {
		if p := people[subject]; p.Username != uid || p.Subject != subject || !slices.Contains(p.Groups, "all") {
			t.Errorf("%s: got %+v, want %s", subject, p, uid)
		}
	}
	filtered := on(t, s, func(c *Config) { c.UserFilter = "(&(uid={username})(description=may))" })
	if people, err := filtered.FindSubjects(t.Context(), subjects); err != nil || len(people) != 0 {
		t.Errorf("%d people, %v, though user_filter finds none of them", len(people), err)
	}
}

func TestServersThatEndAndHang(t *testing.T) {
	s := ldaptest.Start(t, ldaptest.Options{})
	ann := ldaptest.Person{UID: "ann", Password: "pass-ann"}
	ok(t, s.AddPerson(ann))
	d := on(t, s, nil)
	signIn := func() error {
		_, err := d.SignIn(t.Context(), "ann", "pass-ann")
		return err
	}
	ok(t, signIn(), s.Hang())
	d.timeout = soon
	if err := signIn(); !isUnavailable(err) {
		t.Errorf("a server that hangs: %v", err)
	}
	ok(t, s.Unhang())
	d.timeout = Timeout
	ok(t, signIn())
	s.Stop()
	if err := signIn(); !isUnavailable(err) {
		t.Errorf("a server that ended: %v", err)
	}
	ok(t, s.Resume(), signIn())
}

func TestReferralsOfSlapd(t *testing.T) {
	s := slapd(t)
	ok(t, s.Add("ou=elsewhere,"+ldaptest.PeopleDN, map[string][]string{
		"objectClass": {"referral", "extensibleObject"}, "ou": {"elsewhere"}, "ref": {"ldap://ldap.other.example/ou=elsewhere,dc=other"},
	}))
	d := on(t, s, nil)
	if _, err := d.Find(t.Context(), "not-here"); oplog.CodeOf(err) != oplog.CodeNotFound || !strings.Contains(err.Error(), "ldap.other.example") {
		t.Errorf("find: %v", err)
	}
	below := on(t, s, func(c *Config) { c.BaseDN = "ou=elsewhere," + ldaptest.PeopleDN })
	if err := below.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "refers to ldap://ldap.other.example") {
		t.Errorf("check: %v", err)
	}
}
