package oplog_test

import (
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

func TestSessions(t *testing.T) {
	l := newLog(t)
	for _, name := range []string{"wang", "li"} {
		l.must(l.AddAccount(oplog.Account{Username: name, Role: oplog.RoleAdmin, Tenant: "acme"}))
	}
	start := func(name string) string {
		t.Helper()
		account, _ := l.Account(name)
		session, token, err := l.StartSession(account, "192.0.2.1", "a browser")
		l.must(nil, err)
		if session.ExpiresAt != session.CreatedAt.Add(12*time.Hour) || session.CreatedAt != l.clock.now() {
			t.Errorf("%+v", session)
		}
		return token
	}
	f := func(t *testing.T, token, want string) {
		t.Helper()
		account, err := l.SessionAccount(token)
		if want == "" {
			wantCode(t, err, oplog.CodeUnauthenticated)
			return
		}
		if err != nil || account.Username != want {
			t.Errorf("the token stands for %s, %v, want %s", account.Username, err, want)
		}
	}
	first, second, li := start("wang"), start("wang"), start("li")
	gone := start("gone") // an account that is not there
	f(t, first, "wang")
	f(t, second, "wang")
	f(t, li, "li")
	f(t, gone, "")
	f(t, "", "")
	f(t, first+"x", "")

	l.must(nil, l.EndSession(first))
	l.must(nil, l.EndSession(first))
	f(t, first, "")
	f(t, second, "wang")

	l.must(l.ChangeAccount("wang", func(a *oplog.Account) { a.Disabled = true }))
	f(t, second, "")
	l.must(l.ChangeAccount("wang", func(a *oplog.Account) { a.Disabled = false }))
	f(t, second, "")

	third := start("wang")
	l.must(nil, l.EndSessions("wang"))
	f(t, third, "")
	f(t, li, "li")

	// It ends after two hours without a request, and twelve with them.
	l.clock.advance(2*time.Hour - time.Nanosecond)
	f(t, li, "li") // looks, and is no request
	l.reopen()
	for range 10 {
		l.must(l.UseSession(li))
		l.reopen()
		l.clock.advance(time.Hour)
	}
	f(t, li, "li")
	l.clock.advance(time.Nanosecond)
	f(t, li, "")
	idle := start("li")
	l.clock.advance(2 * time.Hour)
	f(t, idle, "")
	start("li") // clears what has expired
	l.reopen()
	l.clock.advance(-time.Hour)
	f(t, li, "")
}

// TestSessionsEnd: what an account may do is what it might when it signed in,
// or its sessions are over.
func TestSessionsEnd(t *testing.T) {
	l := newLog(t)
	l.must(l.AddAccount(oplog.Account{Username: "wang", Role: oplog.RoleAdmin, Tenant: "acme", PasswordHash: "old"}))
	f := func(t *testing.T, ends bool, change func(*oplog.Account)) {
		t.Helper()
		before, err := l.Account("wang")
		l.must(nil, err)
		_, early, err := l.StartSession(before, "", "")
		l.must(nil, err)
		l.must(l.ChangeAccount("wang", change))
		_, late, err := l.StartSession(before, "", "") // of a sign-in that was under way
		l.must(nil, err)
		for _, token := range []string{early, late} {
			_, err := l.UseSession(token)
			if ended := oplog.CodeOf(err) == oplog.CodeUnauthenticated; ended != ends {
				t.Errorf("ended: %v, want %v", ended, ends)
			}
		}
	}
	f(t, false, func(a *oplog.Account) { a.Locale = "zh-CN" })
	f(t, true, func(a *oplog.Account) { a.PasswordHash = "new" })
	f(t, true, func(a *oplog.Account) { a.Organization = "east" })
	f(t, true, func(a *oplog.Account) { a.Role = oplog.RoleAuditor })
	f(t, true, func(a *oplog.Account) { a.Tenant, a.Organization = "plain", "" })
	f(t, true, func(a *oplog.Account) { a.Disabled = true })
}

func TestOwnSessions(t *testing.T) {
	l := newLog(t)
	l.must(l.AddAccount(oplog.Account{Username: "wang", Role: oplog.RoleAdmin, Tenant: "acme"}))
	l.must(l.AddAccount(oplog.Account{Username: "li", Role: oplog.RoleAdmin, Tenant: "acme"}))
	var tokens []string
	for _, name := range []string{"wang", "li", "wang"} {
		account, err := l.Account(name)
		l.must(nil, err)
		_, token, err := l.StartSession(account, "192.0.2.1", strings.Repeat("x", 2000))
		l.must(nil, err)
		tokens = append(tokens, token)
		l.clock.advance(time.Minute)
	}
	own, err := l.Sessions(tokens[0])
	l.must(nil, err)
	if len(own) != 2 || !own[0].Is(tokens[2]) || !own[1].Is(tokens[0]) || own[0].ID() == own[1].ID() || own[0].IP != "192.0.2.1" || len(own[0].UserAgent) != 1024 {
		t.Errorf("%+v", own)
	}
	l.must(nil, l.EndOwnSessions(tokens[2]))
	_, err = l.Sessions(tokens[0])
	wantCode(t, err, oplog.CodeUnauthenticated)
	l.must(l.SessionAccount(tokens[1]))
}
