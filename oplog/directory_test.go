package oplog_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

func TestTenants(t *testing.T) {
	l := newLog(t)
	f := func(t *testing.T, tenant oplog.Tenant, broken ...string) {
		t.Helper()
		_, err := l.AddTenant(tenant)
		if len(broken) == 0 {
			if err != nil {
				t.Errorf("%+v: %v", tenant, err)
			}
			return
		}
		wantCode(t, err, oplog.CodeInvalid)
		wantFields(t, err, broken...)
	}
	f(t, oplog.Tenant{ID: "a", Name: "A"})
	f(t, oplog.Tenant{ID: "A", Name: "Another, by case"})
	f(t, oplog.Tenant{ID: "0.a_B-c", Name: strings.Repeat("双", 128), TimeZone: "UTC"})
	f(t, oplog.Tenant{ID: strings.Repeat("x", 64), Name: "A", RetentionDays: 180})
	f(t, oplog.Tenant{ID: "short", Name: "A", RetentionDays: 1, BelowMinimum: true})
	f(t, oplog.Tenant{ID: strings.Repeat("x", 65), Name: "A"}, "id")
	f(t, oplog.Tenant{}, "id", "name")
	for _, id := range []string{".", "..", "-a", "_a", "a/b", "a b", "a\\b", "a:b", "é", "a\x00", "..\\x"} {
		f(t, oplog.Tenant{ID: id, Name: "A"}, "id")
	}
	f(t, oplog.Tenant{ID: "b", Name: strings.Repeat("双", 129)}, "name")
	for _, zone := range []string{"Local", "Berlin", "../etc/passwd", "+08:00"} {
		f(t, oplog.Tenant{ID: "b", Name: "B", TimeZone: zone}, "time_zone")
	}
	f(t, oplog.Tenant{ID: "b", Name: "B", RetentionDays: 179}, "retention_days")
	f(t, oplog.Tenant{ID: "b", Name: "B", RetentionDays: -1, BelowMinimum: true}, "retention_days")

	_, err := l.AddTenant(oplog.Tenant{ID: "a", Name: "Again"})
	wantCode(t, err, oplog.CodeConflict)
	_, err = l.Tenant("b")
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.ChangeTenant("b", func(*oplog.Tenant) {})
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.ChangeTenant("a", func(t *oplog.Tenant) { t.Name = "" })
	wantFields(t, err, "name")

	got, err := l.ChangeTenant("a", func(t *oplog.Tenant) { t.ID, t.Name, t.DataPermission = "z", "Changed", true })
	if want := (oplog.Tenant{ID: "a", Name: "Changed", TimeZone: oplog.DefaultTimeZone, DataPermission: true}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("changed to %+v, %v, want %+v", got, err, want)
	}
	if again, err := l.Tenant("a"); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("then it is %+v, %v", again, err)
	}
	l.reopen()
	if again, err := l.Tenant("a"); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("after reopening it is %+v, %v", again, err)
	}
	all, err := l.Tenants()
	var ids []string
	for _, tenant := range all {
		ids = append(ids, tenant.ID)
	}
	if want := "0.a_B-c A a acme plain short " + strings.Repeat("x", 64); err != nil || strings.Join(ids, " ") != want {
		t.Errorf("tenants %q, %v, want %q", ids, err, want)
	}
}

func TestAccounts(t *testing.T) {
	l := newLog(t)
	f := func(t *testing.T, a oplog.Account, want ...string) {
		t.Helper()
		a.PasswordHash = "hash"
		_, err := l.AddAccount(a)
		if len(want) == 0 {
			if err != nil {
				t.Errorf("%+v: %v", a, err)
			}
			return
		}
		wantFields(t, err, want...)
	}
	f(t, oplog.Account{Username: "owner", Role: oplog.RoleOwner})
	f(t, oplog.Account{Username: "admin", Role: oplog.RoleAdmin, Tenant: "acme", Locale: "zh-CN"})
	f(t, oplog.Account{Username: "east", Role: oplog.RoleAuditor, Tenant: "acme", Organization: "east"})
	f(t, oplog.Account{Username: "member", Role: oplog.RoleMember, Tenant: "plain"})
	f(t, oplog.Account{Username: strings.Repeat("名", 64), Role: oplog.RoleMember, Tenant: "plain"})
	f(t, oplog.Account{Username: strings.Repeat("名", 65), Role: oplog.RoleMember, Tenant: "plain"}, "username")
	f(t, oplog.Account{Role: "root", Tenant: "acme", Locale: "fr"}, "username", "role", "locale")
	f(t, oplog.Account{Username: "x", Role: oplog.RoleOwner, Tenant: "acme"}, "tenant")
	f(t, oplog.Account{Username: "x", Role: oplog.RoleAdmin}, "tenant")
	f(t, oplog.Account{Username: "x", Role: oplog.RoleMember, Tenant: "acme", Organization: "east"}, "organization")
	f(t, oplog.Account{Username: "x", Role: oplog.RoleAdmin, Tenant: "acme", Organization: "none"}, "organization")

	_, err := l.AddAccount(oplog.Account{Username: "x", Role: oplog.RoleAdmin, Tenant: "none"})
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.AddAccount(oplog.Account{Username: "admin", Role: oplog.RoleOwner})
	wantCode(t, err, oplog.CodeConflict)
	_, err = l.Account("x")
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.ChangeAccount("x", func(*oplog.Account) {})
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.ChangeAccount("admin", func(a *oplog.Account) { a.Role = "root" })
	wantFields(t, err, "role")

	l.clock.advance(time.Hour)
	_, err = l.ChangeAccount("admin", func(a *oplog.Account) { a.Username, a.Disabled = "other", true })
	l.must(nil, err)
	l.reopen()
	admin, err := l.Account("admin")
	want := oplog.Account{
		Username: "admin", Role: oplog.RoleAdmin, Tenant: "acme", Locale: "zh-CN", PasswordHash: "hash", Disabled: true, CreatedAt: morning,
	}
	if err != nil || admin != want {
		t.Errorf("%+v, %v, want %+v", admin, err, want)
	}
	names := func(tenant string) string {
		accounts, err := l.Accounts(tenant)
		l.must(nil, err)
		var names []string
		for _, a := range accounts {
			names = append(names, a.Username)
		}
		return strings.Join(names, " ")
	}
	if got := names("acme"); got != "admin east" {
		t.Errorf("accounts of acme: %s", got)
	}
	if got := names(""); got != "admin east member owner "+strings.Repeat("名", 64) {
		t.Errorf("all accounts: %s", got)
	}
}

// TestAccountBeforeTree: a scope that is not in the tree yet shows nothing, and
// its organization once it is there.
func TestAccountBeforeTree(t *testing.T) {
	l := newLog(t)
	l.must(l.AddTenant(oplog.Tenant{ID: "new", Name: "New", DataPermission: true}))
	a, err := l.AddAccount(oplog.Account{Username: "eve", Role: oplog.RoleAuditor, Tenant: "new", Organization: "moon"})
	l.must(nil, err)
	l.record("new", entry("of nobody", 1))
	sees := func(want string) {
		t.Helper()
		if got := l.find("new", oplog.Query{Scope: a.Organization}); got != want {
			t.Errorf("it sees %q, want %q", got, want)
		}
	}
	sees("")
	l.record("new", of("sea", entry("of the sea", 2)))
	sees("")
	l.record("new", of("moon", entry("of the moon", 3)))
	sees("of the moon")
	_, err = l.AddAccount(oplog.Account{Username: "dan", Role: oplog.RoleAuditor, Tenant: "new", Organization: "mars"})
	wantFields(t, err, "organization")
}

func TestKeys(t *testing.T) {
	l := newLog(t)
	_, _, err := l.AddKey("none", oplog.ScopeRead, "reader")
	wantCode(t, err, oplog.CodeNotFound)
	_, _, err = l.AddKey("acme", "all", "")
	wantFields(t, err, "name", "scope")

	texts := map[oplog.KeyScope]string{}
	for _, scope := range oplog.KeyScopes {
		key, text, err := l.AddKey("acme", scope, "the "+string(scope)+"r")
		l.must(nil, err)
		l.clock.advance(time.Minute)
		texts[scope] = text
		if !strings.HasPrefix(text, key.ID) || len(text) < len(key.ID)+32 || key.Tenant != "acme" || key.Scope != scope {
			t.Errorf("%+v with text %s", key, text)
		}
		if kept := key.Secret == text; kept != (scope == oplog.ScopeLaunch) || strings.Contains(key.Hash, text) {
			t.Errorf("scope %s: the text is kept: %v", scope, kept)
		}
	}
	other, otherText, err := l.AddKey("plain", oplog.ScopeRead, "other")
	l.must(nil, err)

	l.reopen()
	for scope, text := range texts {
		if key, err := l.Key(text); err != nil || key.Scope != scope || key.Name != "the "+string(scope)+"r" {
			t.Errorf("%s: %+v, %v", text, key, err)
		}
		for _, wrong := range []string{text + "x", text[:len(text)-1], strings.ToUpper(text)} {
			_, err := l.Key(wrong)
			wantCode(t, err, oplog.CodeUnauthenticated)
		}
	}
	for _, none := range []string{"", "oplog_read_"} {
		_, err := l.Key(none)
		wantCode(t, err, oplog.CodeUnauthenticated)
	}
	names := func(tenant string) (names []string) {
		keys, err := l.Keys(tenant)
		l.must(nil, err)
		for _, k := range keys {
			names = append(names, k.Name)
		}
		return names
	}
	if got := fmt.Sprint(names("acme"), names("plain"), len(names(""))); got != "[the writer the readr the launchr] [other] 4" {
		t.Errorf("keys: %s", got)
	}

	_, err = l.RevokeKey("acme", other.ID)
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.Key(otherText)
	l.must(nil, err)
	revoked, err := l.RevokeKey("plain", other.ID)
	l.must(nil, err)
	_, err = l.Key(otherText)
	wantCode(t, err, oplog.CodeUnauthenticated)
	l.clock.advance(time.Hour)
	again, err := l.RevokeKey("plain", other.ID)
	if err != nil || !again.RevokedAt.Equal(revoked.RevokedAt) || revoked.RevokedAt.IsZero() {
		t.Errorf("revoked %s, then %s, %v", revoked.RevokedAt, again.RevokedAt, err)
	}
	if got := fmt.Sprint(names("plain")); got != "[other]" {
		t.Errorf("a revoked key is listed as %s", got)
	}
}

func TestOrganizations(t *testing.T) {
	l := newLog(t)
	ctx := context.Background()
	_, err := l.Organizations("plain", "")
	wantCode(t, err, oplog.CodeInvalid)
	_, err = l.Organizations("none", "")
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.SetOrganizations(ctx, "none", oplog.Tree{{ID: "a", Name: "A"}})
	wantCode(t, err, oplog.CodeNotFound)
	_, err = l.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "a", ParentID: "b", Name: "A"}, {ID: "b", ParentID: "a", Name: "B"}})
	wantCode(t, err, oplog.CodeInvalid)
	wantFields(t, err, "1: parent_id")
	sub, err := l.Organizations("acme", "east")
	if want := (oplog.Tree{{ID: "east", Name: "East"}, {ID: "shop", ParentID: "east", Name: "Shop"}}); err != nil || fmt.Sprint(sub) != fmt.Sprint(want) {
		t.Errorf("below east: %v, %v", sub, err)
	}

	l.record("acme", of("shop", entry("1", 1)))
	l.must(l.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "root", Name: "Acme"}, {ID: "west", ParentID: "root", Name: "West"}}))
	l.reopen()
	tree, err := l.Organizations("acme", "")
	want := oplog.Tree{{ID: "root", Name: "Acme"}, {ID: "west", ParentID: "root", Name: "West"}, {ID: "shop", ParentID: "root", Name: "Shop", Archived: true}}
	if err != nil || fmt.Sprint(tree) != fmt.Sprint(want) {
		t.Errorf("the tree is %v, %v, want %v", tree, err, want)
	}
	// Its history is found where the tree has it now.
	f := func(t *testing.T, organization, want string) {
		t.Helper()
		if got := l.find("acme", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{organization}}}}); got != want {
			t.Errorf("below %s are %q, want %q", organization, got, want)
		}
	}
	f(t, "shop", "1")
	f(t, "root", "1")
	f(t, "west", "")
	l.must(l.SetOrganizations(ctx, "acme", oplog.Tree{
		{ID: "root", Name: "Acme"}, {ID: "west", ParentID: "root", Name: "West"}, {ID: "shop", ParentID: "west", Name: "Shop"},
	}))
	f(t, "west", "1")
}

func TestLastOwner(t *testing.T) {
	l := newLog(t)
	for _, name := range []string{"first", "second"} {
		l.must(l.AddAccount(oplog.Account{Username: name, Role: oplog.RoleOwner}))
	}
	disable := func(a *oplog.Account) { a.Disabled = true }
	l.must(l.ChangeAccount("first", disable))
	_, err := l.ChangeAccount("second", disable)
	wantCode(t, err, oplog.CodeConflict)
	_, err = l.ChangeAccount("second", func(a *oplog.Account) { a.Role, a.Tenant = oplog.RoleAdmin, "acme" })
	wantCode(t, err, oplog.CodeConflict)
	l.must(l.ChangeAccount("second", func(a *oplog.Account) { a.PasswordHash = "new" }))
	l.must(l.ChangeAccount("first", func(a *oplog.Account) { a.Disabled = false }))
	l.must(l.ChangeAccount("second", disable))
}

func TestKeysAreUsed(t *testing.T) {
	l := newLog(t)
	_, text, err := l.AddKey("acme", oplog.ScopeRead, "reader")
	l.must(nil, err)
	f := func(t *testing.T, want time.Time) {
		t.Helper()
		l.must(l.Key(text))
		l.reopen() // what is noted later is noted before the end
		keys, err := l.Keys("acme")
		l.must(nil, err)
		if !keys[0].LastUsedAt.Equal(want) {
			t.Errorf("last used at %v, want %v", keys[0].LastUsedAt, want)
		}
	}
	f(t, morning)
	l.clock.advance(time.Minute - time.Nanosecond)
	f(t, morning)
	l.clock.advance(time.Nanosecond)
	f(t, morning.Add(time.Minute))
}

// A request that is refused teaches the tree nothing.
func TestOrganizationsOfARefusedRequestAreNotLearned(t *testing.T) {
	l := newLog(t)
	l.record("acme", withID("taken", entry("a", 1)))
	before, err := l.Organizations("acme", "")
	l.must(nil, err)
	byProgram := entry("p", 1)
	byProgram.Origin = oplog.OriginAPI
	_, err = l.Append(context.Background(), "acme", []oplog.Entry{byProgram, of("new", entry("b", 1)), withID("taken", entry("other", 1))})
	wantCode(t, err, oplog.CodeConflict)
	wantFields(t, err, "3: id")
	if after, err := l.Organizations("acme", ""); err != nil || len(after) != len(before) {
		t.Errorf("%+v, %v", after, err)
	}
	l.record("acme", of("new", entry("b", 1)), withID("own", entry("other", 1)))
	if after, err := l.Organizations("acme", ""); err != nil || len(after) != len(before)+1 {
		t.Errorf("%+v, %v", after, err)
	}
}
