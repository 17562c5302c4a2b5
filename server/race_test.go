package server

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/oplog"
)

// whileHashing calls change while a request waits for a slot to hash its password, and returns the response.
func (f *fixture) whileHashing(caller, method, path, body string, change func()) reply {
	f.Helper()
	f.server.hashing = make(chan struct{}) // unbuffered: the test takes the slot and returns it
	answer := make(chan reply)
	go func() { answer <- f.send(caller, method, path, body) }()
	<-f.server.hashing
	change()
	f.server.hashing <- struct{}{}
	return <-answer
}

// TestPermissionDuringHashing: the permissions of an account and its administrator may change while a new password is hashed, which
// takes long enough to exploit.
func TestPermissionDuringHashing(t *testing.T) {
	set := func(f *fixture, username string, change func(*identity.Account)) func() {
		return func() {
			must(f.log.Identity.ChangeAccount(username, func(a *identity.Account) error { change(a); return nil }))(t)
		}
	}
	promote := func(a *identity.Account) { a.Role, a.Tenant = identity.RoleOwner, "" }
	tests := []struct {
		name, caller, method, path, body string
		who                              string
		meanwhile                        func(*identity.Account)
		want                             int
	}{
		{"the account becomes an owner", "admin", "PATCH", "/auditor", `{"password":"battery staple horse"}`, "auditor", promote, 404},
		{"the account moves away", "admin", "PATCH", "/auditor", `{"password":"battery staple horse"}`, "auditor", func(a *identity.Account) { a.Tenant = "other" }, 404},
		{"the caller is disabled", "admin", "PATCH", "/auditor", `{"password":"battery staple horse"}`, "admin", func(a *identity.Account) { a.Disabled = true }, 401},
		{"the caller becomes an auditor", "admin", "PATCH", "/auditor", `{"password":"battery staple horse"}`, "admin", func(a *identity.Account) { a.Role = identity.RoleAuditor }, 401},
		{"the caller moves away", "admin", "PATCH", "/auditor", `{"password":"battery staple horse"}`, "admin", func(a *identity.Account) { a.Tenant = "other" }, 401},
		{"the caller is disabled before a new account is made", "admin", "POST", "", `{"username":"late","password":"battery staple horse","role":"admin"}`, "admin", func(a *identity.Account) { a.Disabled = true }, 401},
		{"an owner is no longer one", "owner", "POST", "", `{"username":"late","password":"battery staple horse","role":"owner"}`, "owner", func(a *identity.Account) { a.Role, a.Tenant = identity.RoleAdmin, "acme" }, 401},
		{"nothing that matters", "admin", "PATCH", "/auditor", `{"password":"battery staple horse"}`, "auditor", func(a *identity.Account) { a.Name = "Ann" }, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newServer(t)
			must(f.log.Identity.AddAccount(identity.Account{Username: "second", Role: identity.RoleOwner, PasswordHash: passwordHash()}, nil))(t)
			before := must(f.log.Identity.Account("auditor"))(t)
			r := f.whileHashing(test.caller, test.method, accountsPath+test.path, test.body, set(f, test.who, test.meanwhile))
			if r.status != test.want {
				t.Fatalf("%d, want %d: %s", r.status, test.want, r.body)
			}
			after := must(f.log.Identity.Account("auditor"))(t)
			if changed := after.PasswordHash != before.PasswordHash; changed != (test.want == 200) {
				t.Errorf("the password was changed: %v", changed)
			}
			if _, err := f.log.Identity.Account("late"); err == nil {
				t.Error("the account was made")
			}
		})
	}
}

// TestPermissionAfterTheBody: a caller may have lost permission by the time the request body is complete.
func TestPermissionAfterTheBody(t *testing.T) {
	tests := []struct {
		name, caller, method, path, body string
		meanwhile                        func(*fixture) error
	}{
		{"a key is made", "admin", "POST", tenantA + "/keys", `{"scope":"read","name":"backdoor"}`, func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("admin", func(a *identity.Account) error { a.Disabled = true; return nil })
			return err
		}},
		{"organizations are replaced", "admin", "PUT", tenantA + "/organizations", `[{"id":"hq","parent_id":null,"name":"Mine"}]`, func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("admin", func(a *identity.Account) error { a.Role = identity.RoleMember; return nil })
			return err
		}},
		{"entries are recorded", "write", "POST", tenantA + "/entries", entry(), func(f *fixture) error {
			keys, err := f.log.Identity.Keys("acme")
			for _, k := range keys {
				if k.Scope == identity.ScopeWrite {
					_, err = f.log.Identity.RevokeKey("acme", k.ID)
				}
			}
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newServer(t)
			padding := strings.Repeat(" ", 20<<10) // more than is read before the request is handled
			c := must(net.Dial("tcp", strings.TrimPrefix(f.listen(), "http://")))(t)
			defer func() { _ = c.Close() }()
			f.noError(c.SetDeadline(time.Now().Add(20 * time.Second)))
			head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n", test.method, test.path, len(padding)+len(test.body))
			for name, value := range f.sent[test.caller] {
				head += name + ": " + value + "\r\n"
			}
			must(io.WriteString(c, head+"\r\n"+padding))(t)
			time.Sleep(100 * time.Millisecond) // until the headers were read; if they were not, the request is rejected anyway
			f.noError(test.meanwhile(f))
			must(io.WriteString(c, test.body))(t)
			answer := string(must(io.ReadAll(c))(t))
			if !strings.HasPrefix(answer, "HTTP/1.1 401 ") {
				t.Errorf("answered %.200s", answer)
			}
		})
	}
}

// TestPermissionWhileWaiting: a caller may lose permission while a change waits for entries that are being stored, or for a run of retention.
func TestPermissionWhileWaiting(t *testing.T) {
	whileStoring := func(f *fixture, do func()) {
		_, release, err := f.log.Directory.Use("acme")
		f.noError(err)
		defer release()
		do()
	}
	whileDeleting := func(f *fixture, do func()) {
		f.noError(f.log.Directory.WithRulesLocked("acme", func(oplog.TenantState) error { do(); return nil }))
	}
	for _, test := range []struct {
		name, caller, method, path, body, unchanged string
		while                                       func(*fixture, func())
	}{
		{"organizations", "admin", "PUT", "/organizations", `[{"id":"hq","parent_id":null,"name":"Mine"}]`, "/organizations", whileStoring},
		{"catalog", "admin", "PUT", "/catalog", `{"modules":[{"key":"till","title":{"en":"Till","zh-CN":"收银"},"operations":["edit"]}]}`, "/catalog", whileStoring},
		{"hold", "admin", "POST", "/holds", `{"reason":"case 7"}`, "/retention", whileDeleting},
		{"tenant", "owner", "PATCH", "", `{"retention_days":200}`, "/retention", whileDeleting},
		{"lifting a hold", "owner", "DELETE", "/holds/{hold}", "", "/retention", whileDeleting},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newServer(t)
			second := identity.Account{Username: "second", Role: identity.RoleOwner, PasswordHash: passwordHash()}
			must(f.log.Identity.AddAccount(second, nil))(t)
			_, token, err := f.log.Identity.StartSession(second, "", "")
			f.noError(err)
			f.sent["second"] = map[string]string{"Cookie": sessionCookie + "=" + token}
			hold := must(f.log.Directory.AddHold("acme", oplog.Hold{Reason: "case 6", SetBy: "owner"}))(t)
			before := f.get("second", tenantA+test.unchanged, 200)
			answer := make(chan reply, 1)
			test.while(f, func() {
				go func() {
					answer <- f.send(test.caller, test.method, tenantA+strings.Replace(test.path, "{hold}", hold.ID, 1), test.body)
				}()
				time.Sleep(200 * time.Millisecond) // until it waits; if it does not yet, it is rejected anyway
				must(f.log.Identity.ChangeAccount(test.caller, func(a *identity.Account) error { a.Disabled = true; return nil }))(t)
			})
			if r := <-answer; r.status != 401 {
				t.Errorf("%d %s", r.status, r.body)
			}
			if after := f.get("second", tenantA+test.unchanged, 200); after != before {
				t.Errorf("it was changed to %s", after)
			}
		})
	}
}

// TestOwnPasswordDuringHashing: while the old password is checked, the session may end, or an admin set another password.
func TestOwnPasswordDuringHashing(t *testing.T) {
	for name, meanwhile := range map[string]func(*fixture) error{
		"the session ends": func(f *fixture) error { return f.log.Identity.EndSessions("auditor") },
		"another password": func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.PasswordHash = identity.NobodysHash; return nil })
			return err
		},
		"the account is disabled": func(f *fixture) error {
			_, err := f.log.Identity.ChangeAccount("auditor", func(a *identity.Account) error { a.Disabled = true; return nil })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newServer(t)
			f.server.hashing = make(chan struct{}) // unbuffered: the test takes the slots and returns them
			answer := make(chan reply)
			go func() {
				answer <- f.send("auditor", "PATCH", "/api/v1/session", `{"old_password":"`+password+`","password":"battery staple horse"}`)
			}()
			<-f.server.hashing // to check the old one
			f.server.hashing <- struct{}{}
			<-f.server.hashing // to hash the new one
			f.noError(meanwhile(f))
			want := must(f.log.Identity.Account("auditor"))(t).PasswordHash
			f.server.hashing <- struct{}{}
			if r := <-answer; r.status != 401 {
				t.Errorf("%d %s", r.status, r.body)
			}
			if a := must(f.log.Identity.Account("auditor"))(t); a.PasswordHash != want {
				t.Error("the password was changed")
			}
		})
	}
}
