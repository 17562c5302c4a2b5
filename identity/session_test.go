package identity_test

import (
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// sessions is a log with the accounts wang and li.
type sessions struct{ *nodetest.Log }

func newSessions(t *testing.T) sessions {
	t.Helper()
	l := sessions{nodetest.New(t)}
	for _, name := range []string{"wang", "li"} {
		l.Must(l.Identity.AddAccount(identity.Account{Username: name, Role: identity.RoleAdmin, Tenant: "acme"}, nil))
	}
	return l
}

// start begins a session, and returns its token.
func (l sessions) start(name string) string {
	l.T.Helper()
	account, _ := l.Identity.Account(name)
	session, token, err := l.Identity.StartSession(account, "192.0.2.1", "a browser")
	l.Must(nil, err)
	if session.ExpiresAt != session.CreatedAt.Add(12*time.Hour) || session.CreatedAt != l.Clock.Now() {
		l.T.Errorf("%+v", session)
	}
	return token
}

// is checks which account a token stands for; "" for none.
func (l sessions) is(token, want string) {
	l.T.Helper()
	account, err := l.Identity.SessionAccount(token)
	if want == "" {
		nodetest.WantCode(l.T, err, oplog.CodeUnauthenticated)
		return
	}
	if err != nil || account.Username != want {
		l.T.Errorf("the token stands for %s, %v, want %s", account.Username, err, want)
	}
}

func TestSessions(t *testing.T) {
	l := newSessions(t)
	first, second, li := l.start("wang"), l.start("wang"), l.start("li")
	gone := l.start("gone") // an account that does not exist
	l.is(first, "wang")
	l.is(second, "wang")
	l.is(li, "li")
	l.is(gone, "")
	l.is("", "")
	l.is(first+"x", "")

	l.Must(nil, l.Identity.EndSession(first))
	l.Must(nil, l.Identity.EndSession(first))
	l.is(first, "")
	l.is(second, "wang")

	l.Must(l.Identity.ChangeAccount("wang", func(a *identity.Account) error { a.Disabled = true; return nil }))
	l.is(second, "")
	l.Must(l.Identity.ChangeAccount("wang", func(a *identity.Account) error { a.Disabled = false; return nil }))
	l.is(second, "")

	third := l.start("wang")
	l.Must(nil, l.Identity.EndSessions("wang"))
	l.is(third, "")
	l.is(li, "li")
}

// A session ends after two hours without a request, and after twelve hours with
// requests.
func TestSessionsExpire(t *testing.T) {
	l := newSessions(t)
	li := l.start("li")
	l.Clock.Advance(2*time.Hour - time.Nanosecond)
	l.is(li, "li") // only looks it up
	l.Restart()
	for range 10 {
		l.Must(l.Identity.UseSession(li))
		l.Restart()
		l.Clock.Advance(time.Hour)
	}
	l.is(li, "li")
	l.Clock.Advance(time.Nanosecond)
	l.is(li, "")
	idle := l.start("li")
	l.Clock.Advance(2 * time.Hour)
	l.is(idle, "")
	l.start("li") // removes expired sessions
	l.Restart()
	l.Clock.Advance(-time.Hour)
	l.is(li, "")
}

// TestSessionsEnd: a session ends when its account's permissions change.
func TestSessionsEnd(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Identity.AddAccount(identity.Account{Username: "wang", Role: identity.RoleAdmin, Tenant: "acme", PasswordHash: "old"}, nil))
	f := func(t *testing.T, ends bool, change func(*identity.Account)) {
		t.Helper()
		before, err := l.Identity.Account("wang")
		l.Must(nil, err)
		_, early, err := l.Identity.StartSession(before, "", "")
		l.Must(nil, err)
		l.Must(l.Identity.ChangeAccount("wang", func(a *identity.Account) error { change(a); return nil }))
		_, late, err := l.Identity.StartSession(before, "", "") // of a sign-in in progress
		l.Must(nil, err)
		for _, token := range []string{early, late} {
			_, err := l.Identity.UseSession(token)
			if ended := oplog.CodeOf(err) == oplog.CodeUnauthenticated; ended != ends {
				t.Errorf("ended: %v, want %v", ended, ends)
			}
		}
	}
	f(t, false, func(a *identity.Account) { a.Locale = "zh-CN" })
	f(t, true, func(a *identity.Account) { a.PasswordHash = "new" })
	f(t, true, func(a *identity.Account) { a.Organization = "east" })
	f(t, true, func(a *identity.Account) { a.Role = identity.RoleAuditor })
	f(t, true, func(a *identity.Account) { a.Tenant, a.Organization = "plain", "" })
	f(t, true, func(a *identity.Account) { a.Disabled = true })
}

func TestOwnSessions(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Identity.AddAccount(identity.Account{Username: "wang", Role: identity.RoleAdmin, Tenant: "acme"}, nil))
	l.Must(l.Identity.AddAccount(identity.Account{Username: "li", Role: identity.RoleAdmin, Tenant: "acme"}, nil))
	var tokens []string
	for _, name := range []string{"wang", "li", "wang"} {
		account, err := l.Identity.Account(name)
		l.Must(nil, err)
		_, token, err := l.Identity.StartSession(account, "192.0.2.1", strings.Repeat("x", 2000))
		l.Must(nil, err)
		tokens = append(tokens, token)
		l.Clock.Advance(time.Minute)
	}
	own, err := l.Identity.Sessions(tokens[0])
	l.Must(nil, err)
	if len(own) != 2 || !own[0].Is(tokens[2]) || !own[1].Is(tokens[0]) || own[0].ID() == own[1].ID() || own[0].IP != "192.0.2.1" || len(own[0].UserAgent) != 1024 {
		t.Errorf("%+v", own)
	}
	l.Must(nil, l.Identity.EndOwnSessions(tokens[2]))
	_, err = l.Identity.Sessions(tokens[0])
	nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
	l.Must(l.Identity.SessionAccount(tokens[1]))
}
