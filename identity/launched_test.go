package identity_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// host is the host system of a tenant.
type host struct {
	*nodetest.Log
	tenant string
	key    identity.APIKey
}

func newHost(l *nodetest.Log, tenant string) host {
	l.T.Helper()
	key, _, err := l.Identity.AddKey(tenant, identity.ScopeLaunch, "host")
	l.Must(nil, err)
	return host{l, tenant, key}
}

// signIn signs in a person whom the host system names.
func (h host) signIn(sub string) (token string, err error) {
	h.T.Helper()
	if err := h.Identity.RedeemLaunch(h.key, h.tenant+sub+h.Clock.Now().String(), h.Clock.Now().Add(time.Minute)); err != nil {
		return "", err
	}
	_, token, err = h.Identity.StartLaunched(identity.Account{Username: sub, Name: sub, Role: identity.RoleAuditor, Tenant: h.tenant}, h.key, "", "")
	return token, err
}

// TestLaunchedSessionsOfATenant: a host system can name as many people as it likes, but the least recently used of their sessions end beyond a
// number. Those of accounts and of other tenants are not affected.
func TestLaunchedSessionsOfATenant(t *testing.T) {
	l := newSessions(t)
	acme, plain := newHost(l.Log, "acme"), newHost(l.Log, "plain")
	of := map[string]string{"account": l.start("wang")}
	for name, h := range map[string]host{"of another tenant": plain, "first": acme, "second": acme} {
		token, err := h.signIn(name)
		l.Must(nil, err)
		of[name] = token
	}
	l.Clock.Advance(2 * time.Minute)
	l.Must(l.Identity.UseSession(of["first"]))
	l.Restart() // which writes the last uses; the sessions are read again
	now := l.Clock.Now()
	put(l.Log, oplog.RecordSession, identity.MaxLaunchedSessions-2, func(i int) (string, identity.Session) {
		a := identity.Account{Username: fmt.Sprint("u", i), Role: identity.RoleAuditor, Tenant: "acme", Launched: true}
		return fmt.Sprintf("hash%06d", i), identity.Session{Launched: &a, Key: acme.key.Hash, CreatedAt: now, LastUsedAt: now.Add(time.Minute), ExpiresAt: now.Add(time.Hour)}
	})
	signedIn := func(name string, want bool) {
		t.Helper()
		if _, err := l.Identity.SessionAccount(of[name]); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"third", "fourth"} {
		signedIn("first", true)
		token, err := host{l.Log, "acme", acme.key}.signIn(name)
		l.Must(nil, err)
		of[name] = token
		signedIn("second", false)
	}
	signedIn("first", false)
	for _, name := range []string{"third", "fourth", "account", "of another tenant"} {
		signedIn(name, true)
	}
	all, err := l.Store.Records(oplog.RecordSession, "")
	l.Must(nil, err)
	if want := identity.MaxLaunchedSessions + 2; len(all) != want {
		t.Errorf("%d sessions, want %d", len(all), want)
	}
	ended, err := l.Identity.EndLaunched("acme", "u7")
	if ended != 1 || err != nil {
		t.Errorf("%d sessions of a person ended: %v", ended, err)
	}
}

// TestSimultaneousSignIns: people who sign in at the same time have no more sessions than one after the other.
func TestSimultaneousSignIns(t *testing.T) {
	l := newSessions(t)
	account, err := l.Identity.Account("wang")
	l.Must(nil, err)
	var all sync.WaitGroup
	for range identity.MaxSessions + 50 {
		all.Go(func() {
			if _, _, err := l.Identity.StartSession(account, "", ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if stored, err := l.Store.Records(oplog.RecordSession, ""); len(stored) != identity.MaxSessions || err != nil {
		t.Errorf("%d sessions: %v", len(stored), err)
	}
}

// TestSignInsWhileReadOnly: while the log is read-only, the people of one host system leave sign-ins to those of others, and all of them to
// accounts.
func TestSignInsWhileReadOnly(t *testing.T) {
	l := newSessions(t)
	hosts := []host{newHost(l.Log, "acme"), newHost(l.Log, "plain")}
	for _, name := range []string{"third", "fourth"} {
		l.Must(l.Directory.AddTenant(oplog.Tenant{ID: name, Name: name}))
		hosts = append(hosts, newHost(l.Log, name))
	}
	file, away := filepath.Join(l.Dir, "oplog.db"), filepath.Join(l.Dir, "oplog.db.away")
	l.Must(nil, os.Rename(file, away))
	defer func() { l.Must(nil, os.Rename(away, file)) }()
	fill := func(h host) (token string, n int) {
		t.Helper()
		for ; n < 10_000; n++ {
			next, err := h.signIn(fmt.Sprint("u", n))
			if err != nil {
				return token, n
			}
			token = next
		}
		t.Fatal("they have no bound")
		return "", 0
	}
	var kept string
	for i, h := range hosts {
		switch token, n := fill(h); {
		case i < 3 && n < 1000:
			t.Errorf("the host system of %s signed in %d people", h.tenant, n)
		case i == 0:
			kept = token
		}
	}
	l.is(l.start("li"), "li")
	l.Must(nil, l.Identity.EndSession(kept)) // though there is no room for more
	l.is(kept, "")
	if _, err := hosts[0].signIn("another"); err == nil {
		t.Error("a sign-out made room for the two changes of a sign-in")
	}
}

// TestKeptSignInsAreStored: what was kept in memory is stored once the log can be written; of a record that was changed since, that is newer.
func TestKeptSignInsAreStored(t *testing.T) {
	l := newSessions(t)
	file, away := filepath.Join(l.Dir, "oplog.db"), filepath.Join(l.Dir, "oplog.db.away")
	l.Must(nil, os.Rename(file, away))
	tokens := map[string]string{"wang": l.start("wang"), "li": l.start("li")}
	l.Must(nil, os.Rename(away, file))
	for l.Store.Failure() != nil {
		time.Sleep(time.Millisecond)
	}
	for err := oplog.ErrRevision; errors.Is(err, oplog.ErrRevision); { // a reader may store what was kept in between
		_, revision, readErr := l.Store.Record(oplog.RecordAccount, "wang")
		l.Must(nil, readErr)
		err = l.Store.PutRecord(oplog.RecordAccount, "wang", revision, []byte(`{"username":"wang","role":"admin","tenant":"acme","name":"Newer"}`))
		if !errors.Is(err, oplog.ErrRevision) {
			l.Must(nil, err)
		}
	}
	for name, token := range tokens {
		l.is(token, name)
	}
	l.Restart()
	for name, want := range map[string]string{"wang": "Newer", "li": ""} {
		a, err := l.Identity.Account(name)
		if l.Must(nil, err); a.Name != want || a.LastSignInAt.IsZero() != (name == "wang") {
			t.Errorf("%+v", a)
		}
		l.is(tokens[name], name)
	}
}
