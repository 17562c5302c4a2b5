package identity_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// put stores records of a kind at once.
func put[T any](l *nodetest.Log, kind oplog.RecordKind, count int, record func(i int) (name string, value T)) {
	l.T.Helper()
	changes := make([]oplog.RecordChange, count)
	for i := range changes {
		name, value := record(i)
		data, err := json.Marshal(value)
		l.Must(nil, err)
		changes[i] = oplog.RecordChange{Kind: kind, Name: name, Data: data}
	}
	l.Must(nil, l.Store.PutRecords(changes))
}

// TestAccountsOfATenant: the limit is of each tenant, for new accounts and for those that move.
func TestAccountsOfATenant(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "second", Name: "Second"}))
	put(l, oplog.RecordAccount, identity.MaxAccounts-1, func(i int) (string, identity.Account) {
		name := fmt.Sprintf("member%06d", i)
		return name, identity.Account{Username: name, Role: identity.RoleMember, Tenant: "acme"}
	})
	add := func(name, tenant string) error {
		_, err := l.Identity.AddAccount(identity.Account{Username: name, Role: identity.RoleMember, Tenant: tenant}, nil)
		return err
	}
	l.Must(nil, add("last", "acme"))
	wantFull := func(err error) {
		t.Helper()
		nodetest.WantCode(t, err, oplog.CodeInvalid)
		if err == nil || !strings.Contains(err.Error(), "10000 accounts per tenant") {
			t.Errorf("%v", err)
		}
	}
	wantFull(add("late", "acme"))
	l.Must(nil, add("late", "second"))
	_, err := l.Identity.ChangeAccount("late", func(a *identity.Account) error { a.Tenant = "acme"; return nil })
	wantFull(err)
	l.Must(l.Identity.ChangeAccount("last", func(a *identity.Account) error { a.Tenant = "second"; return nil }))
	l.Must(nil, add("next", "acme"))
}

// TestKeysOfATenant: a tenant has a limit of keys in use, and one of all, so that keys made and revoked in turn do not fill the disk.
func TestKeysOfATenant(t *testing.T) {
	l := nodetest.New(t)
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "second", Name: "Second"}))
	key := func(i int, revoked time.Time) (string, identity.APIKey) {
		name := fmt.Sprintf("hash%06d", i)
		return name, identity.APIKey{ID: name, Hash: name, Tenant: "acme", Scope: identity.ScopeRead, Name: "k", RevokedAt: revoked}
	}
	put(l, oplog.RecordKey, identity.MaxKeys-1, func(i int) (string, identity.APIKey) { return key(i, time.Time{}) })
	add := func(tenant, want string) identity.APIKey {
		t.Helper()
		k, _, err := l.Identity.AddKey(tenant, identity.ScopeRead, "k")
		if want == "" {
			l.Must(k, err)
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		return k
	}
	last := add("acme", "")
	add("acme", "1000 API keys in use")
	add("second", "")
	l.Must(l.Identity.RevokeKey("acme", last.ID))
	add("acme", "")
	now := l.Clock.Now()
	put(l, oplog.RecordKey, identity.MaxKeysKept-identity.MaxKeys-1, func(i int) (string, identity.APIKey) { return key(i+identity.MaxKeys, now) })
	add("acme", "10000 API keys per tenant")
}

// TestSessionsOfAPerson: the least recently used session ends when there are too many; those that wait for the second factor end no other.
func TestSessionsOfAPerson(t *testing.T) {
	l := newSessions(t)
	li, first := l.start("li"), l.start("wang")
	l.Clock.Advance(time.Minute + time.Second)
	second := l.start("wang")
	l.Must(l.Identity.UseSession(second))
	account, _ := l.Identity.Account("wang")
	for range identity.MaxSessions + 1 {
		_, _, err := l.Identity.StartPending(account, nil, "", "", "")
		l.Must(nil, err)
	}
	for range identity.MaxSessions - 2 {
		l.Clock.Advance(time.Second)
		l.start("wang")
	}
	l.is(first, "wang")
	l.start("wang")
	l.is(first, "")
	l.is(second, "wang")
	l.is(li, "li")
	all, err := l.Identity.Sessions(second)
	l.Must(nil, err)
	pending := 0
	for _, s := range all {
		if s.Pending {
			pending++
		}
	}
	if len(all) != 2*identity.MaxSessions || pending != identity.MaxSessions {
		t.Errorf("%d sessions, %d of them pending", len(all), pending)
	}
}
