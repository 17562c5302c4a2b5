package identity_test

import (
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// admitted is a log that admits people of sources.
type admitted struct{ *nodetest.Log }

func alice() identity.Person {
	return identity.Person{Source: "corp", Subject: "s1", Username: "alice", Name: "Alice Li", Groups: []string{"auditors"}}
}

var auditorOfAcme = identity.Grant{Role: identity.RoleAuditor, Tenant: "acme"}

func (l admitted) admit(p identity.Person, g identity.Grant) identity.Account {
	l.T.Helper()
	a, err := l.Identity.Admit(p, g, nil)
	l.Must(nil, err)
	return a
}

func (l admitted) start(a identity.Account) string {
	l.T.Helper()
	_, token, err := l.Identity.StartSession(a, "192.0.2.1", "a browser")
	l.Must(nil, err)
	return token
}

func (l admitted) is(token, want string) { l.T.Helper(); sessions(l).is(token, want) }

// TestAdmit: the first sign-in creates the account, another role or organization ends the sessions, the same leaves them.
func TestAdmit(t *testing.T) {
	l := admitted{nodetest.New(t)}
	told := 0
	tell := func(before identity.Account) {
		told++
		if (before.Username == "") != (told == 1) {
			t.Errorf("before the change: %+v", before)
		}
	}
	a, err := l.Identity.Admit(alice(), auditorOfAcme, tell)
	l.Must(nil, err)
	if a.Username != "corp/alice" || a.Person() != "corp/alice" || a.SignInName() != "alice" || a.Name != "Alice Li" || a.Role != identity.RoleAuditor || a.Rule != 1 ||
		a.Tenant != "acme" || a.CreatedAt != l.Clock.Now() || a.CheckedAt != l.Clock.Now() || a.PasswordHash != "" || a.Groups[0] != "auditors" {
		t.Fatalf("%+v", a)
	}
	token := l.start(a)
	l.Clock.Advance(time.Minute)
	if again, err := l.Identity.Admit(alice(), auditorOfAcme, tell); err != nil || again.CheckedAt != a.CheckedAt || told != 1 {
		t.Errorf("the same again: %+v %v, told %d times", again, err, told)
	}
	p := alice()
	p.Name, p.Groups = "Alice\nWang", []string{"auditors", "more"}
	renamed := l.admit(p, auditorOfAcme)
	if renamed.Name != "Alice Wang" || len(renamed.Groups) != 2 || renamed.CheckedAt != l.Clock.Now() {
		t.Errorf("another display name: %+v", renamed)
	}
	l.is(token, "corp/alice")
	for _, g := range []identity.Grant{
		{Role: identity.RoleAdmin, Tenant: "acme"}, {Role: identity.RoleAdmin, Tenant: "acme", Organization: "east"}, {Role: identity.RoleAdmin, Tenant: "plain"}, {Role: identity.RoleOwner},
	} {
		before := token
		a, err := l.Identity.Admit(alice(), g, tell)
		l.Must(nil, err)
		l.is(before, "")
		token = l.start(a)
		l.is(token, "corp/alice")
	}
	if told != 5 {
		t.Errorf("told %d times", told)
	}
}

// TestRenamedAndReplaced: a person with another name keeps the account; another person with a known name inherits nothing.
func TestRenamedAndReplaced(t *testing.T) {
	l := admitted{nodetest.New(t)}
	a := l.admit(alice(), auditorOfAcme)
	token := l.start(a)
	_, err := l.Identity.SetLocale(token, "zh-CN")
	l.Must(nil, err)
	_, _, err = l.Identity.BeginTOTP(token, "log.example", identity.StepUp{Source: "corp"})
	l.Must(nil, err)
	device, err := l.Identity.DeviceToken(a)
	l.Must(nil, err)

	p := alice()
	p.Username = "alice.wang"
	b := l.admit(p, auditorOfAcme)
	if b.Username != "corp/alice.wang" || b.Locale != "zh-CN" || b.CreatedAt != a.CreatedAt || b.Owner() != a.Owner() {
		t.Errorf("renamed: %+v", b)
	}
	l.is(token, "")
	nodetest.WantCode(t, second(l.Identity.Account("corp/alice")), oplog.CodeNotFound)

	token = l.start(b)
	stranger := identity.Person{Source: "corp", Subject: "s2", Username: "alice.wang"}
	c := l.admit(stranger, auditorOfAcme)
	if c.Username != b.Username || c.Locale != "" || c.Factors.Any() || c.Owner() == b.Owner() || c.Subject != "s2" {
		t.Errorf("another person with the name: %+v", c)
	}
	l.is(token, "")
	if id, err := l.Identity.Device(c, device); id != "" || err != nil {
		t.Errorf("the device of the former is known: %q %v", id, err)
	}
	p.Username = "alice" // and the first person comes back
	if d := l.admit(p, auditorOfAcme); d.Username != "corp/alice" || d.Locale != "" || d.Owner() != a.Owner() {
		t.Errorf("%+v", d)
	}
	all, err := l.Identity.Accounts("")
	l.Must(nil, err)
	if len(all) != 2 {
		t.Errorf("%d accounts", len(all))
	}
}

func second[T any](_ T, err error) error { return err }

// TestSourcesApart: the same name, or one that looks like it, may be in several sources and here; each is another person.
func TestSourcesApart(t *testing.T) {
	l := admitted{nodetest.New(t)}
	l.Must(l.Identity.AddAccount(identity.Account{Username: "alice", Role: identity.RoleOwner}, nil))
	for _, p := range []identity.Person{
		alice(), {Source: "lab", Subject: "s1", Username: "alice"}, {Source: "corp", Subject: "s3", Username: "a1ice"}, {Source: "corp", Subject: "s4", Username: "ALICE"},
	} {
		if a := l.admit(p, auditorOfAcme); a.Username != p.Source+"/"+p.Username {
			t.Errorf("%+v", a)
		}
	}
	_, err := l.Identity.AddAccount(identity.Account{Username: "corp/bob", Role: identity.RoleOwner}, nil)
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	for _, username := range []string{"", "a/b", "a\u200bb", strings.Repeat("x", 200)} {
		_, err := l.Identity.Admit(identity.Person{Source: "corp", Subject: "s9", Username: username}, auditorOfAcme, nil)
		nodetest.WantCode(t, err, oplog.CodeInvalid)
	}
	_, err = l.Identity.Admit(identity.Person{Source: "corp", Username: "x"}, auditorOfAcme, nil)
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	_, err = l.Identity.Admit(identity.Person{Source: "corp", Subject: "s9", Username: "x"}, identity.Grant{Role: identity.RoleAdmin, Tenant: "nowhere"}, nil)
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Identity.Admit(identity.Person{Source: "corp", Subject: "s9", Username: "x"}, identity.Grant{Role: identity.RoleAdmin, Tenant: "acme", Organization: "nowhere"}, nil)
	nodetest.WantCode(t, err, oplog.CodeInvalid)
}

// TestSourceDecides: nobody changes here what a source says, an admin may disable and sign out, and only the admin takes that back; an owner by a source
// is not the last one.
func TestSourceDecides(t *testing.T) {
	l := admitted{nodetest.New(t)}
	l.Must(l.Identity.AddAccount(identity.Account{Username: "root", Role: identity.RoleOwner}, nil))
	a := l.admit(alice(), identity.Grant{Rule: 2, Role: identity.RoleOwner})
	change := func(username string, do func(*identity.Account)) error {
		_, err := l.Identity.ChangeAccount(username, func(a *identity.Account) error { do(a); return nil })
		return err
	}
	nodetest.WantCode(t, change("root", func(a *identity.Account) { a.Disabled = true }), oplog.CodeConflict)
	for want, do := range map[string]func(*identity.Account){
		"Rule 3 in the configuration file": func(a *identity.Account) { a.Role, a.Tenant = identity.RoleAdmin, "acme" },
		"corp keeps the password":          func(a *identity.Account) { a.PasswordHash = "x" },
		"corp keeps the password of":       func(a *identity.Account) { a.MustChange = true },
		"corp says what":                   func(a *identity.Account) { a.Name = "x" },
	} {
		if err := change(a.Username, do); oplog.CodeOf(err) != oplog.CodeForbidden || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	token := l.start(a)
	l.Must(l.Identity.SignOut(a.Username, func(identity.Account) error { return nil }))
	l.is(token, "")
	a, err := l.Identity.Account(a.Username)
	l.Must(nil, err)
	token = l.start(a)
	l.Must(nil, change(a.Username, func(a *identity.Account) { a.Disabled = true }))
	l.is(token, "")
	nodetest.WantCode(t, second(l.Identity.Admit(alice(), auditorOfAcme, nil)), oplog.CodeUnauthenticated)
	l.Must(nil, change(a.Username, func(a *identity.Account) { a.Disabled = false }))
	token = l.start(l.admit(alice(), identity.Grant{Rule: 2, Role: identity.RoleOwner}))

	signedIn, err := l.Identity.SignedIn("corp")
	l.Must(nil, err)
	if len(signedIn) != 1 || signedIn[0].Username != "corp/alice" {
		t.Errorf("signed in: %v", signedIn)
	}
	told := 0
	nodetest.WantCode(t, second(l.Identity.Bar(a.Username, "another", func(identity.Account) { told++ })), oplog.CodeNotFound)
	l.Must(l.Identity.Bar(a.Username, "s1", func(identity.Account) { told++ }))
	l.is(token, "")
	if signedIn, err := l.Identity.SignedIn("corp"); len(signedIn) != 0 || err != nil || told != 1 {
		t.Errorf("signed in after all: %v %v, told %d times", signedIn, err, told)
	}
	l.is(l.start(l.admit(alice(), auditorOfAcme)), "corp/alice")
}

// TestProviderSession: what a provider said of a session stays with it, and goes on with it; one that nobody can ask about again lasts an hour.
func TestProviderSession(t *testing.T) {
	l := admitted{nodetest.New(t)}
	a := l.admit(alice(), auditorOfAcme)
	start := func(p identity.ProviderSession) string {
		_, token, err := l.Identity.StartSourceSession(a, &p, "", "")
		l.Must(nil, err)
		return token
	}
	silent, asked := start(identity.ProviderSession{SessionID: "x"}), start(identity.ProviderSession{SessionID: "y", RefreshToken: "r1"})
	list, err := l.Identity.ProviderSessions(a)
	l.Must(nil, err)
	for _, s := range list {
		if s.Provider.SessionID == "y" {
			l.Must(nil, l.Identity.NoteProvider(s, identity.ProviderSession{SessionID: "y", RefreshToken: "r2"}))
		}
	}
	if p, err := l.Identity.ProviderSession(asked); len(list) != 2 || err != nil || p.RefreshToken != "r2" {
		t.Errorf("%v: %+v %v", list, p, err)
	}
	l.Clock.Advance(identity.SourceSilence)
	l.is(silent, "")
	l.is(asked, "corp/alice")
	n, err := l.Identity.EndSessionsWhere(a.Username, func(s identity.Session) bool { return s.Provider.SessionID == "y" })
	l.is(asked, "")
	if n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}
