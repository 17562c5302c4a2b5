package directory_test

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

func TestTenants(t *testing.T) {
	l := nodetest.New(t)
	f := func(t *testing.T, tenant oplog.Tenant, errs ...string) {
		t.Helper()
		_, err := l.Directory.AddTenant(tenant)
		if len(errs) == 0 {
			if err != nil {
				t.Errorf("%+v: %v", tenant, err)
			}
			return
		}
		nodetest.WantCode(t, err, oplog.CodeInvalid)
		nodetest.WantFields(t, err, errs...)
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
	f(t, oplog.Tenant{ID: "b", Name: "two\nlines"}, "name")
	for _, zone := range []string{"Local", "Berlin", "../etc/passwd", "+08:00"} {
		f(t, oplog.Tenant{ID: "b", Name: "B", TimeZone: zone}, "time_zone")
	}
	f(t, oplog.Tenant{ID: "b", Name: "B", RetentionDays: 179}, "retention_days")
	f(t, oplog.Tenant{ID: "b", Name: "B", RetentionDays: -1, BelowMinimum: true}, "retention_days")

	_, err := l.Directory.AddTenant(oplog.Tenant{ID: "a", Name: "Again"})
	nodetest.WantCode(t, err, oplog.CodeConflict)
	_, err = l.Directory.Tenant("b")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Directory.ChangeTenant("b", func(*oplog.Tenant) {})
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Directory.ChangeTenant("a", func(t *oplog.Tenant) { t.Name = "" })
	nodetest.WantFields(t, err, "name")
}

func TestTenantsStayChanged(t *testing.T) {
	l := nodetest.New(t)
	if _, err := l.Directory.AddTenant(oplog.Tenant{ID: "a", Name: "A"}); err != nil {
		t.Fatal(err)
	}
	got, err := l.Directory.ChangeTenant("a", func(t *oplog.Tenant) { t.ID, t.Name, t.DataPermission = "z", "Changed", true })
	if want := (oplog.Tenant{ID: "a", Name: "Changed", TimeZone: oplog.DefaultTimeZone, DataPermission: true}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("changed to %+v, %v, want %+v", got, err, want)
	}
	if again, err := l.Directory.Tenant("a"); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("then it is %+v, %v", again, err)
	}
	l.Restart()
	if again, err := l.Directory.Tenant("a"); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("after reopening it is %+v, %v", again, err)
	}
	all, err := l.Directory.Tenants()
	var ids []string
	for _, tenant := range all {
		ids = append(ids, tenant.ID)
	}
	if want := "a acme plain"; err != nil || strings.Join(ids, " ") != want {
		t.Errorf("tenants %q, %v, want %q", ids, err, want)
	}
}

func TestAccounts(t *testing.T) {
	l := nodetest.New(t)
	f := func(t *testing.T, a identity.Account, want ...string) {
		t.Helper()
		a.PasswordHash = "hash"
		_, err := l.Identity.AddAccount(a, nil)
		if len(want) == 0 {
			if err != nil {
				t.Errorf("%+v: %v", a, err)
			}
			return
		}
		nodetest.WantFields(t, err, want...)
	}
	f(t, identity.Account{Username: "owner", Role: identity.RoleOwner})
	f(t, identity.Account{Username: "admin", Role: identity.RoleAdmin, Tenant: "acme", Locale: "zh-CN"})
	f(t, identity.Account{Username: "east", Role: identity.RoleAuditor, Tenant: "acme", Organization: "east"})
	f(t, identity.Account{Username: "member", Role: identity.RoleMember, Tenant: "plain"})
	f(t, identity.Account{Username: strings.Repeat("名", 64), Role: identity.RoleMember, Tenant: "plain"})
	f(t, identity.Account{Username: strings.Repeat("名", 65), Role: identity.RoleMember, Tenant: "plain"}, "username")
	f(t, identity.Account{Role: "root", Tenant: "acme", Locale: "fr"}, "username", "role", "locale")
	f(t, identity.Account{Username: "x", Role: identity.RoleOwner, Tenant: "acme"}, "tenant")
	f(t, identity.Account{Username: "x", Role: identity.RoleAdmin}, "tenant")
	f(t, identity.Account{Username: "x", Role: identity.RoleMember, Tenant: "acme", Organization: "east"}, "organization")
	f(t, identity.Account{Username: "x", Role: identity.RoleAdmin, Tenant: "acme", Organization: "none"}, "organization")

	_, err := l.Identity.AddAccount(identity.Account{Username: "x", Role: identity.RoleAdmin, Tenant: "none"}, nil)
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Identity.AddAccount(identity.Account{Username: "admin", Role: identity.RoleOwner}, nil)
	nodetest.WantCode(t, err, oplog.CodeConflict)
	_, err = l.Identity.Account("x")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Identity.ChangeAccount("x", func(*identity.Account) error { return nil })
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Identity.ChangeAccount("admin", func(a *identity.Account) error { a.Role = "root"; return nil })
	nodetest.WantFields(t, err, "role")

	names := func(tenant string) string {
		accounts, err := l.Identity.Accounts(tenant)
		l.Must(nil, err)
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

func TestChangeAccount(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Identity.AddAccount(identity.Account{Username: "owner", Role: identity.RoleOwner, PasswordHash: "hash"}, nil))
	l.Must(l.Identity.AddAccount(identity.Account{Username: "admin", Role: identity.RoleAdmin, Tenant: "acme", Locale: "zh-CN", PasswordHash: "hash"}, nil))
	l.Clock.Advance(time.Hour)
	_, err := l.Identity.ChangeAccount("admin", func(a *identity.Account) error { a.Username, a.Disabled = "other", true; return nil })
	l.Must(nil, err)
	l.Restart()
	admin, err := l.Identity.Account("admin")
	want := identity.Account{
		Username: "admin", Role: identity.RoleAdmin, Tenant: "acme", Locale: "zh-CN", PasswordHash: "hash", Disabled: true, CreatedAt: nodetest.Morning,
	}
	if err != nil || !reflect.DeepEqual(admin, want) {
		t.Errorf("%+v, %v, want %+v", admin, err, want)
	}
}

// TestAccountBeforeTree: a scope that is not in the tree yet shows nothing; once it is, its organization.
func TestAccountBeforeTree(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "new", Name: "New", DataPermission: true}))
	a, err := l.Identity.AddAccount(identity.Account{Username: "eve", Role: identity.RoleAuditor, Tenant: "new", Organization: "moon"}, nil)
	l.Must(nil, err)
	l.Record("new", nodetest.Entry("of nobody", 1))
	sees := func(want string) {
		t.Helper()
		if got := l.Find("new", oplog.Query{Scope: a.Organization}); got != want {
			t.Errorf("it sees %q, want %q", got, want)
		}
	}
	sees("")
	l.Record("new", nodetest.InOrganization("sea", nodetest.Entry("of the sea", 2)))
	sees("")
	l.Record("new", nodetest.InOrganization("moon", nodetest.Entry("of the moon", 3)))
	sees("of the moon")
	_, err = l.Identity.AddAccount(identity.Account{Username: "dan", Role: identity.RoleAuditor, Tenant: "new", Organization: "mars"}, nil)
	nodetest.WantFields(t, err, "organization")
}

// noAddress is the address of keys without addresses.
var noAddress netip.Addr

func TestKeys(t *testing.T) {
	l := nodetest.New(t)
	_, _, err := l.Identity.AddKey("none", identity.ScopeRead, "reader")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, _, err = l.Identity.AddKey("acme", "all", "")
	nodetest.WantFields(t, err, "name", "scope")

	texts := map[identity.KeyScope]string{}
	for _, scope := range identity.KeyScopes {
		key, text, err := l.Identity.AddKey("acme", scope, "the "+string(scope)+"r")
		l.Must(nil, err)
		l.Clock.Advance(time.Minute)
		texts[scope] = text
		if !strings.HasPrefix(text, key.ID) || len(text) < len(key.ID)+32 || key.Tenant != "acme" || key.Scope != scope {
			t.Errorf("%+v with text %s", key, text)
		}
		if kept := key.Secret == text; kept != (scope == identity.ScopeLaunch) || strings.Contains(key.Hash, text) {
			t.Errorf("scope %s: the text is kept: %v", scope, kept)
		}
	}
	_, _, err = l.Identity.AddKey("plain", identity.ScopeRead, "other")
	l.Must(nil, err)

	l.Restart()
	for scope, text := range texts {
		if key, err := l.Identity.Key(text, noAddress); err != nil || key.Scope != scope || key.Name != "the "+string(scope)+"r" {
			t.Errorf("%s: %+v, %v", text, key, err)
		}
		for _, wrong := range []string{text + "x", text[:len(text)-1], strings.ToUpper(text)} {
			_, err := l.Identity.Key(wrong, noAddress)
			nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
		}
	}
	for _, none := range []string{"", "oplog_read_"} {
		_, err := l.Identity.Key(none, noAddress)
		nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
	}
	if got := fmt.Sprint(keyNames(l, "acme"), keyNames(l, "plain"), len(keyNames(l, ""))); got != "[the writer the readr the launchr the directoryr the metricsr the backupr] [other] 7" {
		t.Errorf("keys: %s", got)
	}
}

func TestRevokeKey(t *testing.T) {
	l := nodetest.New(t)
	other, otherText, err := l.Identity.AddKey("plain", identity.ScopeRead, "other")
	l.Must(nil, err)
	_, err = l.Identity.RevokeKey("acme", other.ID)
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Identity.Key(otherText, noAddress)
	l.Must(nil, err)
	revoked, err := l.Identity.RevokeKey("plain", other.ID)
	l.Must(nil, err)
	_, err = l.Identity.Key(otherText, noAddress)
	nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
	l.Clock.Advance(time.Hour)
	again, err := l.Identity.RevokeKey("plain", other.ID)
	if err != nil || !again.RevokedAt.Equal(revoked.RevokedAt) || revoked.RevokedAt.IsZero() {
		t.Errorf("revoked %s, then %s, %v", revoked.RevokedAt, again.RevokedAt, err)
	}
	if got := fmt.Sprint(keyNames(l, "plain")); got != "[other]" {
		t.Errorf("a revoked key is listed as %s", got)
	}
}

// keyNames lists the names of the keys of a tenant, revoked ones too.
func keyNames(l *nodetest.Log, tenant string) (names []string) {
	keys, err := l.Identity.Keys(tenant)
	l.Must(nil, err)
	for _, k := range keys {
		names = append(names, k.Name)
	}
	return names
}

func TestOrganizations(t *testing.T) {
	l := nodetest.New(t)
	ctx := context.Background()
	_, err := l.Directory.Organizations("plain", "")
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	_, err = l.Directory.Organizations("none", "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Directory.SetOrganizations(ctx, "none", oplog.Tree{{ID: "a", Name: "A"}})
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "a", ParentID: "b", Name: "A"}, {ID: "b", ParentID: "a", Name: "B"}})
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	nodetest.WantFields(t, err, "1: parent_id")
	sub, err := l.Directory.Organizations("acme", "east")
	if want := (oplog.Tree{{ID: "east", Name: "East"}, {ID: "shop", ParentID: "east", Name: "Shop"}}); err != nil || fmt.Sprint(sub) != fmt.Sprint(want) {
		t.Errorf("below east: %v, %v", sub, err)
	}

	l.Record("acme", nodetest.InOrganization("shop", nodetest.Entry("1", 1)))
	l.Must(l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{{ID: "root", Name: "Acme"}, {ID: "west", ParentID: "root", Name: "West"}}))
	l.Restart()
	tree, err := l.Directory.Organizations("acme", "")
	want := oplog.Tree{{ID: "root", Name: "Acme"}, {ID: "west", ParentID: "root", Name: "West"}, {ID: "shop", ParentID: "root", Name: "Shop", Archived: true}}
	if err != nil || fmt.Sprint(tree) != fmt.Sprint(want) {
		t.Errorf("the tree is %v, %v, want %v", tree, err, want)
	}
	// Its history is found under its current position in the tree.
	f := func(t *testing.T, organization, want string) {
		t.Helper()
		if got := l.Find("acme", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{organization}}}}); got != want {
			t.Errorf("below %s are %q, want %q", organization, got, want)
		}
	}
	f(t, "shop", "1")
	f(t, "root", "1")
	f(t, "west", "")
	l.Must(l.Directory.SetOrganizations(ctx, "acme", oplog.Tree{
		{ID: "root", Name: "Acme"}, {ID: "west", ParentID: "root", Name: "West"}, {ID: "shop", ParentID: "west", Name: "Shop"},
	}))
	f(t, "west", "1")
}

func TestLastOwner(t *testing.T) {
	l := nodetest.New(t)
	for _, name := range []string{"first", "second"} {
		l.Must(l.Identity.AddAccount(identity.Account{Username: name, Role: identity.RoleOwner}, nil))
	}
	disable := func(a *identity.Account) error { a.Disabled = true; return nil }
	l.Must(l.Identity.ChangeAccount("first", disable))
	_, err := l.Identity.ChangeAccount("second", disable)
	nodetest.WantCode(t, err, oplog.CodeConflict)
	_, err = l.Identity.ChangeAccount("second", func(a *identity.Account) error { a.Role, a.Tenant = identity.RoleAdmin, "acme"; return nil })
	nodetest.WantCode(t, err, oplog.CodeConflict)
	l.Must(l.Identity.ChangeAccount("second", func(a *identity.Account) error { a.PasswordHash = "new"; return nil }))
	l.Must(l.Identity.ChangeAccount("first", func(a *identity.Account) error { a.Disabled = false; return nil }))
	l.Must(l.Identity.ChangeAccount("second", disable))
}

func TestKeyLastUse(t *testing.T) {
	l := nodetest.New(t)
	_, text, err := l.Identity.AddKey("acme", identity.ScopeRead, "reader")
	l.Must(nil, err)
	f := func(t *testing.T, want time.Time) {
		t.Helper()
		l.Must(l.Identity.Key(text, noAddress))
		l.Restart() // deferred writes are flushed on close
		keys, err := l.Identity.Keys("acme")
		l.Must(nil, err)
		if !keys[0].LastUsedAt.Equal(want) {
			t.Errorf("last used at %v, want %v", keys[0].LastUsedAt, want)
		}
	}
	f(t, nodetest.Morning)
	l.Clock.Advance(time.Minute - time.Nanosecond)
	f(t, nodetest.Morning)
	l.Clock.Advance(time.Nanosecond)
	f(t, nodetest.Morning.Add(time.Minute))
}

// A rejected request adds no organizations.
func TestRejectedRequestsLearnNoOrganizations(t *testing.T) {
	l := nodetest.New(t)
	l.Record("acme", nodetest.WithID("taken", nodetest.Entry("a", 1)))
	before, err := l.Directory.Organizations("acme", "")
	l.Must(nil, err)
	byProgram := nodetest.Entry("p", 1)
	byProgram.Origin = oplog.OriginAPI
	_, err = l.Journal.Append(context.Background(), "acme", []oplog.Entry{byProgram, nodetest.InOrganization("new", nodetest.Entry("b", 1)), nodetest.WithID("taken", nodetest.Entry("other", 1))})
	nodetest.WantCode(t, err, oplog.CodeConflict)
	nodetest.WantFields(t, err, "3: id")
	if after, err := l.Directory.Organizations("acme", ""); err != nil || len(after) != len(before) {
		t.Errorf("%+v, %v", after, err)
	}
	l.Record("acme", nodetest.InOrganization("new", nodetest.Entry("b", 1)), nodetest.WithID("own", nodetest.Entry("other", 1)))
	if after, err := l.Directory.Organizations("acme", ""); err != nil || len(after) != len(before)+1 {
		t.Errorf("%+v, %v", after, err)
	}
}
