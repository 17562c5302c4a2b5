package identity_test

import (
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

func TestSessions(t *testing.T) {
	l := nodetest.New(t)
	for _, name := range []string{"wang", "li"} {
		l.Must(l.Identity.AddAccount(identity.Account{Username: name, Role: identity.RoleAdmin, Tenant: "acme"}, nil))
	}
	start := func(name string) string {
		t.Helper()
		account, _ := l.Identity.Account(name)
		session, token, err := l.Identity.StartSession(account, "192.0.2.1", "a browser")
		l.Must(nil, err)
		if session.ExpiresAt != session.CreatedAt.Add(12*time.Hour) || session.CreatedAt != l.Clock.Now() {
			t.Errorf("%+v", session)
		}
		return token
	}
	f := func(t *testing.T, token, want string) {
		t.Helper()
		account, err := l.Identity.SessionAccount(token)
		if want == "" {
			nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
			return
		}
		if err != nil || account.Username != want {
			t.Errorf("the token stands for %s, %v, want %s", account.Username, err, want)
		}
	}
	first, second, li := start("wang"), start("wang"), start("li")
	gone := start("gone") // an account that does not exist
	f(t, first, "wang")
	f(t, second, "wang")
	f(t, li, "li")
	f(t, gone, "")
	f(t, "", "")
	f(t, first+"x", "")

	l.Must(nil, l.Identity.EndSession(first))
	l.Must(nil, l.Identity.EndSession(first))
	f(t, first, "")
	f(t, second, "wang")

	l.Must(l.Identity.ChangeAccount("wang", func(a *identity.Account) error { a.Disabled = true; return nil }))
	f(t, second, "")
	l.Must(l.Identity.ChangeAccount("wang", func(a *identity.Account) error { a.Disabled = false; return nil }))
	f(t, second, "")

	third := start("wang")
	l.Must(nil, l.Identity.EndSessions("wang"))
	f(t, third, "")
	f(t, li, "li")

	// It ends after two hours without a request, and after twelve hours with requests.
	l.Clock.Advance(2*time.Hour - time.Nanosecond)
	f(t, li, "li") // only looks it up
	l.Restart()
	for range 10 {
		l.Must(l.Identity.UseSession(li))
		l.Restart()
		l.Clock.Advance(time.Hour)
	}
	f(t, li, "li")
	l.Clock.Advance(time.Nanosecond)
	f(t, li, "")
	idle := start("li")
	l.Clock.Advance(2 * time.Hour)
	f(t, idle, "")
	start("li") // removes expired sessions
	l.Restart()
	l.Clock.Advance(-time.Hour)
	f(t, li, "")
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
