package sources_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/identity"
	"oplog/identity/oidc"
	"oplog/identity/sources"
	"oplog/identity/sources/sourcestest"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// setting is a log with two directories and a provider.
type setting struct {
	*nodetest.Log
	corp, lab *sourcestest.Directory
	sso       *sourcestest.Provider
	rules     identity.Rules
	*sources.Sources
}

func newSetting(t *testing.T) *setting {
	t.Helper()
	person := func(source, subject, username string, groups ...string) identity.Person {
		return identity.Person{Source: source, Subject: subject, Username: username, Name: strings.ToUpper(username), Groups: groups}
	}
	s := &setting{
		Log: nodetest.New(t),
		corp: &sourcestest.Directory{People: map[string]identity.Person{
			"alice": person("corp", "1", "alice", "auditors"), "bob": person("corp", "2", "bob", "sales"), "carol": person("corp", "3", "carol", "auditors", "admins"),
		}},
		lab: &sourcestest.Directory{People: map[string]identity.Person{"alice": person("lab", "1", "alice", "admins"), "dave": person("lab", "4", "dave", "admins")}},
		sso: &sourcestest.Provider{People: map[string]identity.Person{"r1": person("sso", "9", "erin", "auditors")}},
		rules: identity.Rules{
			{Source: "corp", Group: "auditors", Role: identity.RoleAuditor, Tenant: "acme"}, {Group: "admins", Role: identity.RoleAdmin, Tenant: "acme"},
			{Source: "sso", Group: "auditors", Role: identity.RoleAuditor, Tenant: "acme"}, {Group: "lost", Role: identity.RoleAdmin, Tenant: "nowhere"},
		},
	}
	s.configure("corp", "lab", "sso")
	return s
}

// configure starts again with some sources, as a restart does.
func (s *setting) configure(names ...string) {
	all := []sources.Source{
		{Name: "corp", Title: "Corp", Kind: sources.KindLDAP, Directory: s.corp}, {Name: "lab", Title: "Lab", Kind: sources.KindLDAP, Directory: s.lab},
		{Name: "sso", Title: "SSO", Kind: sources.KindOIDC, Provider: s.sso},
	}
	all = slices.DeleteFunc(all, func(one sources.Source) bool { return !slices.Contains(names, one.Name) })
	s.Sources = sources.New(all, s.rules, s.Identity, s.Trail, s.Place, s.Clock.Now)
}

// signIn signs somebody in, and returns the token of the session.
func (s *setting) signIn(source, username string) string {
	s.T.Helper()
	a, err := s.SignIn(s.T.Context(), source, username, "right")
	s.Must(nil, err)
	_, token, err := s.Identity.StartSession(a, "", "")
	s.Must(nil, err)
	return token
}

// by signs somebody in by the provider.
func (s *setting) by(code, refresh string) string {
	s.T.Helper()
	a, kept, err := s.Finish(s.T.Context(), "sso", "", oidc.State{}, url.Values{"code": {code}, "refresh": {refresh}})
	s.Must(nil, err)
	_, token, err := s.Identity.StartSourceSession(a, kept, "", "")
	s.Must(nil, err)
	return token
}

// check makes a pass, which must not fail unless a source is down.
func (s *setting) check() {
	s.T.Helper()
	s.Check(s.T.Context(), func(err error) {
		if s.corp.Down == nil && s.sso.Down == nil {
			s.T.Error(err)
		}
	})
}

// is checks who a token stands for, and with which role; "" for nobody.
func (s *setting) is(token, want string) {
	s.T.Helper()
	a, err := s.Identity.SessionAccount(token)
	got := a.Username + " " + string(a.Role)
	if err != nil {
		got = ""
	}
	if got != want {
		s.T.Errorf("the session is of %q (%v), want %q", got, err, want)
	}
}

// told returns what the trails tell, newest first.
func (s *setting) told() string {
	s.T.Helper()
	var lines []string
	for _, tenant := range []string{"acme", ""} {
		page, err := s.Trail.Page(s.T.Context(), tenant, oplog.Query{}, 100, "")
		s.Must(nil, err)
		for _, e := range page.Entries {
			lines = append(lines, e.Module+"."+e.Operation+" "+e.Content.ID+" "+string(e.Details))
		}
	}
	return strings.Join(lines, "\n")
}

// TestSignIn: without a name the directories are asked in their order, a name asks one; each person has an account of its own.
func TestSignIn(t *testing.T) {
	s := newSetting(t)
	s.is(s.signIn("", "alice"), "corp/alice auditor")
	s.is(s.signIn("lab", "alice"), "lab/alice admin")
	s.is(s.signIn("", "dave"), "lab/dave admin")
	s.is(s.signIn("", "carol"), "corp/carol auditor") // the first rule decides
	for _, c := range []struct {
		source, username, password string
		want                       oplog.Code
	}{
		{"", "alice", "wrong", oplog.CodeUnauthenticated}, {"", "nobody", "right", oplog.CodeUnauthenticated}, {"", "alice", "", oplog.CodeUnauthenticated},
		{"corp", "dave", "right", oplog.CodeUnauthenticated}, {"nowhere", "alice", "right", oplog.CodeInvalid}, {"sso", "alice", "right", oplog.CodeInvalid},
		{"", "bob", "right", oplog.CodeForbidden}, {"", " ", "right", oplog.CodeUnauthenticated},
	} {
		_, err := s.SignIn(t.Context(), c.source, c.username, c.password)
		nodetest.WantCode(t, err, c.want)
	}
	if told := s.told(); strings.Count(told, "account.create corp/alice") != 1 || !strings.Contains(told, `"rule":1`) || strings.Contains(told, "bob") {
		t.Error(told)
	}
	s.corp.Down = sourcestest.ErrDown
	s.is(s.signIn("", "dave"), "lab/dave admin")
	_, err := s.SignIn(t.Context(), "", "alice", "wrong")
	nodetest.WantCode(t, err, oplog.CodeUnavailable)
	if n := s.Counts(); n[0].Unavailable != 2 || n[0].Refused != 5 || n[1].SignedIn != 3 {
		t.Errorf("%+v", n)
	}
}

// TestGroupsOfDirectories: directories compare names of groups without regard to case and blanks, and so do the rules; providers do not.
func TestGroupsOfDirectories(t *testing.T) {
	s := newSetting(t)
	s.rules = identity.Rules{{Group: "CN=Log Auditors, OU=Groups,DC=corp", Role: identity.RoleAuditor, Tenant: "acme"}, {Group: "Admins", Role: identity.RoleAdmin, Tenant: "acme"}}
	s.configure("corp", "sso")
	s.corp.People["alice"] = identity.Person{Subject: "1", Username: "alice", Groups: []string{"cn=log auditors,ou=groups,dc=corp", "log auditors"}}
	s.is(s.signIn("corp", "alice"), "corp/alice auditor")
	s.is(s.signIn("corp", "carol"), "corp/carol admin")
	if all, err := s.Preview(t.Context(), "corp", "alice"); err != nil || all[0].Refused != "" || all[0].Fitting[0].Rule.Group != "CN=Log Auditors, OU=Groups,DC=corp" {
		t.Errorf("%+v %v", all, err)
	}
	s.sso.People["r1"] = identity.Person{Source: "sso", Subject: "9", Username: "erin", Groups: []string{"admins"}}
	if _, _, err := s.Finish(t.Context(), "sso", "", oidc.State{}, url.Values{"code": {"r1"}}); oplog.CodeOf(err) != oplog.CodeForbidden {
		t.Error(err)
	}
}

// TestNobodyIsAllowedByMistake: people to whom no rule gives what can be given do not get in, and those who look after the log learn why.
func TestNobodyIsAllowedByMistake(t *testing.T) {
	s := newSetting(t)
	for why, p := range map[string]identity.Person{
		sources.WhyNoRule:     {Subject: "2", Username: "bob", Groups: []string{"Auditors", "auditors "}},
		sources.WhyImpossible: {Subject: "5", Username: "eve", Groups: []string{"lost"}},
		sources.WhyOffThere:   {Subject: "6", Username: "fay", Groups: []string{"auditors"}, Disabled: true},
	} {
		s.corp.People["x"] = p
		_, err := s.SignIn(t.Context(), "corp", "x", "right")
		var refusal *sources.Refusal
		if !errors.As(err, &refusal) || refusal.Why != why || refusal.Person.Source != "corp" || oplog.CodeOf(err) != oplog.CodeForbidden {
			t.Errorf("%s: %v", why, err)
		}
	}
	s.signIn("corp", "alice")
	s.Must(s.Identity.ChangeAccount("corp/alice", func(a *identity.Account) error { a.Disabled = true; return nil }))
	_, err := s.SignIn(t.Context(), "corp", "alice", "right")
	nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
}

// TestCheckDirectory: somebody who loses groups, is disabled, renamed or gone loses sessions or rights with the next check, all others stay signed in.
func TestCheckDirectory(t *testing.T) {
	s := newSetting(t)
	alice, carol, dave := s.signIn("", "alice"), s.signIn("", "carol"), s.signIn("", "dave")
	s.check()
	s.is(alice, "corp/alice auditor")

	change := func(username string, do func(*identity.Person)) {
		p := s.corp.People[username]
		do(&p)
		s.corp.People[username] = p
	}
	change("carol", func(p *identity.Person) { p.Groups = []string{"admins"} })
	s.check()
	s.is(carol, "") // another role is another session
	s.is(s.signIn("", "carol"), "corp/carol admin")
	change("alice", func(p *identity.Person) { p.Groups = nil })
	s.check()
	s.is(alice, "")
	change("alice", func(p *identity.Person) { p.Groups = []string{"auditors"} })
	alice = s.signIn("", "alice")
	s.is(alice, "corp/alice auditor")
	change("alice", func(p *identity.Person) { p.Disabled = true })
	s.check()
	s.is(alice, "")
	change("alice", func(p *identity.Person) { p.Disabled = false })
	alice = s.signIn("", "alice")
	delete(s.corp.People, "alice")
	s.check()
	s.is(alice, "")
	s.is(dave, "lab/dave admin")
	told := s.told()
	for _, want := range []string{`account.change corp/alice`, `"reason":"no rule"`, `"reason":"not in the source"`, `"reason":"disabled in the source"`} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in\n%s", want, told)
		}
	}
	asked := s.lab.Asked.Load()
	s.Must(nil, s.Identity.EndSession(dave))
	if s.check(); s.lab.Asked.Load() != asked {
		t.Error("a directory is asked of whom nobody is signed in")
	}
}

// TestSilence: a source that does not answer changes nothing for an hour, then the sessions of its people end, and never those of others.
func TestSilence(t *testing.T) {
	s := newSetting(t)
	s.Must(s.Identity.AddAccount(identity.Account{Username: "root", Role: identity.RoleOwner}, nil))
	root, err := s.Identity.Account("root")
	s.Must(nil, err)
	_, local, err := s.Identity.StartSession(root, "", "")
	s.Must(nil, err)
	alice, dave, erin := s.signIn("", "alice"), s.signIn("", "dave"), s.by("r1", "r1")
	s.corp.Down, s.sso.Down = sourcestest.ErrDown, sourcestest.ErrDown
	s.Clock.Advance(identity.SourceSilence - time.Second)
	s.check()
	for token, want := range map[string]string{alice: "corp/alice auditor", dave: "lab/dave admin", erin: "sso/erin auditor", local: "root owner"} {
		s.is(token, want)
	}
	s.Clock.Advance(time.Second)
	s.check()
	s.is(alice, "")
	s.is(erin, "")
	s.is(dave, "lab/dave admin")
	s.is(local, "root owner")
	if told := s.told(); strings.Count(told, `"reason":"source silent"`) != 2 {
		t.Error(told)
	}
	s.configure("corp") // without lab
	s.corp.Down, s.lab.Blind = nil, true
	s.check()
	s.is(dave, "lab/dave admin")
	_, local, err = s.Identity.StartSession(root, "", "") // the first has ended, as nobody used it
	s.Must(nil, err)
	s.Clock.Advance(identity.SourceSilence)
	s.check()
	s.is(dave, "")
	s.is(local, "root owner")
}

// TestCheckProvider: a provider is asked about each session every other minute; what it says counts, and what the rules say meanwhile.
func TestCheckProvider(t *testing.T) {
	s := newSetting(t)
	erin, other := s.by("r1", "r1"), s.by("r1", "r1")
	if s.check(); s.sso.Refreshed.Load() != 0 {
		t.Errorf("asked %d times at once", s.sso.Refreshed.Load())
	}
	s.Clock.Advance(2 * time.Minute)
	if s.check(); s.sso.Refreshed.Load() != 2 {
		t.Errorf("asked %d times", s.sso.Refreshed.Load())
	}
	s.is(erin, "sso/erin auditor")
	p := s.sso.People["r1"]
	p.Groups = []string{"admins"}
	s.sso.People["r1"] = p
	s.Clock.Advance(2 * time.Minute)
	s.check()
	s.is(erin, "")
	s.is(other, "")
	erin = s.by("r1", "r1")
	s.is(erin, "sso/erin admin")
	unasked := s.by("r1", "")
	delete(s.sso.People, "r1") // the provider ended it
	s.Clock.Advance(2 * time.Minute)
	s.check()
	s.is(erin, "")
	s.is(unasked, "sso/erin admin")
	s.rules = s.rules[:1]
	s.configure("corp", "lab", "sso")
	s.check()
	s.is(unasked, "")
}

// TestLogout: a provider ends one session, or all of a person.
func TestLogout(t *testing.T) {
	s := newSetting(t)
	s.sso.People["r2"] = s.sso.People["r1"]
	first, second := s.by("r1", "r1"), s.by("r2", "r2")
	s.sso.Said = oidc.Logout{SessionID: "sid-r1", IssuedAt: s.Clock.Now()}
	s.Must(nil, s.Logout(t.Context(), "sso", "token"))
	s.is(first, "")
	s.is(second, "sso/erin auditor")
	s.sso.Said = oidc.Logout{Subject: "another", IssuedAt: s.Clock.Now()}
	s.Must(nil, s.Logout(t.Context(), "sso", "token"))
	s.is(second, "sso/erin auditor")
	s.sso.Said = oidc.Logout{Subject: "9", IssuedAt: s.Clock.Now().Add(-time.Hour)} // of a session before
	s.Must(nil, s.Logout(t.Context(), "sso", "token"))
	s.is(second, "sso/erin auditor")
	s.sso.Said.IssuedAt = s.Clock.Now()
	s.Must(nil, s.Logout(t.Context(), "sso", "token"))
	s.is(second, "")
	nodetest.WantCode(t, s.Logout(t.Context(), "corp", "token"), oplog.CodeNotFound)
	if told := s.told(); strings.Count(told, "session.end sso/erin") != 2 {
		t.Error(told)
	}
}

// TestPreview: what each source says, which rules fit, which decides, and where they disagree.
func TestPreview(t *testing.T) {
	s := newSetting(t)
	all, err := s.Preview(t.Context(), "", "carol")
	s.Must(nil, err)
	if len(all) != 3 || all[0].Person.Subject != "3" || len(all[0].Fitting) != 2 || all[0].Fitting[0].Differs || !all[0].Fitting[1].Differs || all[0].Refused != "" ||
		oplog.CodeOf(all[1].Err) != oplog.CodeNotFound || oplog.CodeOf(all[2].Err) != oplog.CodeNotFound {
		t.Errorf("%+v", all)
	}
	for username, want := range map[string]string{"bob": sources.WhyNoRule, "corp/bob": sources.WhyNoRule, "alice": ""} {
		if all, err := s.Preview(t.Context(), "", username); err != nil || all[0].Refused != want || strings.Contains(username, "/") != (len(all) == 1) {
			t.Errorf("%s: %+v %v", username, all, err)
		}
	}
	s.by("r1", "r1")
	if all, err := s.Preview(t.Context(), "sso", "erin"); err != nil || all[0].SeenAt.IsZero() || all[0].Person.Groups[0] != "auditors" || all[0].Fitting[0].Number != 3 {
		t.Errorf("%+v %v", all, err)
	}
	_, err = s.Preview(t.Context(), "nowhere", "erin")
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	accounts, err := s.Identity.Accounts("")
	s.Must(nil, err)
	if len(accounts) != 1 {
		t.Errorf("a preview made accounts: %v", accounts)
	}
}

// TestManyAtOnce: while a directory hangs, few wait for it, and all others are told at once that it does not answer.
func TestManyAtOnce(t *testing.T) {
	s := newSetting(t)
	s.corp.Hangs = make(chan struct{})
	const most = 64
	var waiting sync.WaitGroup
	for range most {
		waiting.Go(func() {
			if _, err := s.SignIn(t.Context(), "corp", "nobody", "right"); oplog.CodeOf(err) != oplog.CodeUnauthenticated {
				t.Error(err)
			}
		})
	}
	for s.corp.Asked.Load() < most {
		time.Sleep(time.Millisecond)
	}
	_, err := s.SignIn(t.Context(), "corp", "alice", "right")
	nodetest.WantCode(t, err, oplog.CodeUnavailable)
	s.is(s.signIn("lab", "alice"), "lab/alice admin")
	close(s.corp.Hangs)
	waiting.Wait()
	s.is(s.signIn("corp", "alice"), "corp/alice auditor")
}
