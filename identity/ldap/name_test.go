package ldap

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

func TestGroupNamesAreComparedAsDirectoriesDo(t *testing.T) {
	for name, others := range map[string][]string{
		"cn=log admins,ou=groups,dc=corp": {"CN=Log Admins,OU=Groups,DC=corp", "cn = log  admins , ou=groups,dc=CORP", `cn=log\20admins,ou=groups,dc=corp`},
		"cn=a+ou=b,dc=corp":               {"OU=b+CN=A,dc=corp"},
		`cn=sales\, emea,dc=corp`:         {`CN=Sales\2C EMEA,dc=corp`},
		"cn=审计,ou=组,dc=corp":              {`cn=\e5\ae\a1\e8\ae\a1,OU=组,dc=corp`},
		"log admins":                      {"Log Admins", " log  ADMINS ", "Ｌog admins"},
		`cn=a\01b`:                        {`CN=A\01B`},
		"not a dn, at all":                {"Not a DN, at all"},
	} {
		if again := GroupName(name); again != name {
			t.Errorf("%s becomes %s", name, again)
		}
		for _, other := range others {
			if got := GroupName(other); got != name {
				t.Errorf("%s becomes %s, want %s", other, got, name)
			}
		}
	}
	if GroupName("cn=a,ou=b") == GroupName(`cn=a\,ou=b`) {
		t.Error("an escaped comma is as good as one between two parts")
	}
}

func TestGroupsCannotPassForOthersByTheirCN(t *testing.T) {
	if cns := cnsOf(`cn=cn\=owners\,dc\=corp,ou=mine,dc=corp`, nil); cns != nil {
		t.Errorf("a group has the names %q", cns)
	}
	if cns := cnsOf("gidNumber=7,dc=corp", []string{"Staff", "cn=owners,dc=corp"}); len(cns) != 1 || cns[0] != "staff" {
		t.Errorf("a group has the names %q, want staff", cns)
	}
	if cns := cnsOf("CN=Staff,dc=corp", []string{"owners"}); len(cns) != 1 || cns[0] != "staff" {
		t.Errorf("a group has the names %q, want that of its DN", cns)
	}
}

func TestGUIDs(t *testing.T) {
	guid := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}
	const text = "00112233-4455-6677-8899-aabbccddeeff" // as Microsoft writes these bytes
	if got := writeGUID(guid); got != text {
		t.Errorf("got %s, want %s", got, text)
	}
	const filter = `(objectGUID=\33\22\11\00\55\44\77\66\88\99\aa\bb\cc\dd\ee\ff)`
	if got := subjectFilter(text); !strings.Contains(got, filter) || !strings.Contains(got, "(entryUUID="+text+")") {
		t.Errorf("the filter is %s, want %s in it", got, filter)
	}
	for _, wrong := range []string{"", "*", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddee*f", "0011223344556677-8899-aabb-ccddeeff0000"} {
		if isUUID(wrong) {
			t.Errorf("%q is taken for a UUID", wrong)
		}
	}
}

func TestWhoIsDisabled(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	filetime := func(at time.Time) string { return strconv.FormatInt((at.Unix()+to1970)*perSecond, 10) }
	for _, test := range []struct {
		attribute, value string
		disabled         bool
	}{
		{"userAccountControl", "512", false},
		{"userAccountControl", "514", true},
		{"userAccountControl", "66050", true},
		{"userAccountControl", "-2147483646", true},
		{"userAccountControl", "much", true},
		{"accountExpires", "0", false},
		{"accountExpires", "9223372036854775807", false},
		{"accountExpires", filetime(now.Add(time.Second)), false},
		{"accountExpires", filetime(now), true},
		{"accountExpires", "soon", true},
		{"nsAccountLock", "TRUE", true},
		{"nsAccountLock", "false", false},
		{"loginDisabled", "TRUE", true},
		{"pwdEndTime", "20261130120001Z", false},
		{"pwdEndTime", "20261130115959Z", true},
		{"pwdEndTime", "?", true},
		{"pwdAccountLockedTime", "000001010000Z", true},
		{"pwdAccountLockedTime", "20261130115959Z", false}, // for a while: wrong passwords of others end no session
	} {
		e := ldap.NewEntry("cn=a", map[string][]string{test.attribute: {test.value}})
		if why := disabled(e, now); (why != "") != test.disabled {
			t.Errorf("%s %s: %q", test.attribute, test.value, why)
		}
	}
}

func TestUsernamesAndOrganizations(t *testing.T) {
	d := New(Config{OrganizationAttribute: "departmentNumber", UserFilter: "(mail={username})"})
	several := ldap.NewEntry("uid=b,ou=Sales,ou=people,dc=corp", map[string][]string{"uid": {"c", "b", "a"}, "departmentNumber": {"1", "2"}})
	if name := d.usernameOf(several); name != "b" {
		t.Errorf("of several usernames %s is taken, want that of the DN", name)
	}
	if organization := d.organizationOf(several); organization != "" {
		t.Errorf("of several organizations %s is taken", organization)
	}
	if name := d.usernameOf(ldap.NewEntry("cn=x", map[string][]string{"UID": {"c", "a"}})); name != "a" {
		t.Errorf("of several usernames %s is taken, want the first in order", name)
	}
	if name := d.usernameOf(ldap.NewEntry("cn=x", map[string][]string{"mail": {"a@corp.example"}})); name != "a@corp.example" {
		t.Errorf("the username is %q, want what user_filter compares", name)
	}
	if name := d.usernameOf(ldap.NewEntry("cn=x", map[string][]string{"uid": {"u"}, "sAMAccountName": {"s"}})); name != "s" {
		t.Errorf("the username is %q, want that of Active Directory", name)
	}
	only := New(Config{UsernameAttribute: "mail", OrganizationAttribute: "dn:ou"})
	if name := only.usernameOf(several); name != "" {
		t.Errorf("the username is %q without the attribute that is configured", name)
	}
	if organization := only.organizationOf(several); organization != "Sales" {
		t.Errorf("the organization is %q, want Sales", organization)
	}
}

func TestNamesAreShownOnOneLine(t *testing.T) {
	if got := shown(" A\x00B\n\t张\xff伟 "); got != "A B 张 伟" {
		t.Errorf("got %q", got)
	}
	if got := shown(strings.Repeat("长", 1000)); len([]rune(got)) != maxText {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

func FuzzEscaping(f *testing.F) {
	for _, name := range []string{"alice", "*", "*)(uid=*", `\2a`, "a\\", ",uid=admin", "+cn=b", "#a", " a ", "=", `"a"`, "张伟", "\x00", "a\x00b", "(", "é", "<;>", "{dn}", "{username}"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, ok := usable(typed)
		if !ok {
			return
		}
		filter, err := ldap.CompileFilter(fillFilter("(&(objectClass=person)(uid={username}))", name, ""))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if len(filter.Children) != 2 || len(filter.Children[1].Children) != 2 {
			t.Fatalf("%q changes the filter", name)
		}
		if got := filter.Children[1]; got.Tag != ldap.FilterEqualityMatch || got.Children[1].Data.String() != name {
			t.Fatalf("%q is looked for as %q", name, got.Children[1].Data.String())
		}
		dn, err := ldap.ParseDN(fillDN("uid={username},ou=people,dc=corp", name))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if len(dn.RDNs) != 3 || len(dn.RDNs[0].Attributes) != 1 || dn.RDNs[0].Attributes[0].Value != name || dn.RDNs[0].Attributes[0].Type != "uid" {
			t.Fatalf("%q makes the DN %s", name, dn)
		}
		if again := GroupName(GroupName(name)); again != GroupName(name) {
			t.Fatalf("the group %q is named %q and then %q", name, GroupName(name), again)
		}
	})
}
