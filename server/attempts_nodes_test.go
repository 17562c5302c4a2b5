package server

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// newServers returns servers on the nodes of a log, with the accounts owner and admin.
func newServers(t *testing.T, n int) (*nodetest.Nodes, []*fixture) {
	t.Helper()
	nodes := nodetest.NewNodes(t, n)
	sent := map[string]map[string]string{"nobody": {}}
	for _, a := range []identity.Account{{Username: "owner", Role: identity.RoleOwner}, {Username: "admin", Role: identity.RoleAdmin, Tenant: "acme"}} {
		a.PasswordHash = passwordHash()
		l := nodes.All[0]
		l.Must(l.Identity.AddAccount(a, nil))
		_, token, err := l.Identity.StartSession(a, "", "")
		l.Must(token, err)
		sent[a.Username] = map[string]string{"Cookie": sessionCookie + "=" + token}
	}
	var servers []*fixture
	for _, m := range nodes.All {
		words := &strings.Builder{}
		servers = append(servers, &fixture{
			TB: t, log: m.Node, sent: sent, words: words, looks: &atomic.Int64{},
			server: New(m.Node, Options{
				Console: testConsole, Version: "test", Now: m.Clock.Now, Logger: slog.New(slog.NewTextHandler(words, nil)), Hosts: []string{"example.com"},
			}),
		})
	}
	return nodes, servers
}

// TestLockHoldsAfterFailover: an account whose attempts are spent from all addresses is locked on the next node that leads, too; all show it, and an
// admin unlocks it.
func TestLockHoldsAfterFailover(t *testing.T) {
	nodes, f := newServers(t, 3)
	f[0].attempt("192.0.2.99", "admin", password, 200)
	f[0].lock("admin")
	f[0].lock("nobody") // no such account
	nodetest.Eventually(t, "others know", func() bool {
		return strings.Contains(f[2].get("owner", accountsPath, 200), `"locked_until":"2026-11-20T08:`)
	})
	if found, err := nodes.All[0].Store.Records(oplog.RecordServer, "attempts/"); err != nil || len(found) != 1 {
		t.Errorf("%d records, %v", len(found), err)
	}
	nodes.Lead(1)
	f[1].attempt("192.0.2.1", "admin", password, 429)
	f[1].attempt("192.0.2.1", "owner", password, 200)
	f[1].change("owner", "DELETE", accountsPath+"/admin/lock", "", 204)
	f[1].attempt("192.0.2.1", "admin", password, 200)
	if strings.Contains(f[2].get("owner", accountsPath, 200), "locked_until") {
		t.Error("it is still shown as locked")
	}
}

// TestPlaceLockHoldsAfterFailover: an account that is locked from an address is so on the next node that leads, too, and nowhere else; a browser that
// signed in before likewise. An admin unlocks both.
func TestPlaceLockHoldsAfterFailover(t *testing.T) {
	nodes, f := newServers(t, 3)
	_, device := f[0].cookiesOf(f[0].attempt("192.0.2.9", "admin", password, 200))
	for range pairLimit.attempts {
		f[0].attempt("192.0.2.1", "admin", "wrong", 401)
		f[0].attempt("192.0.2.1", "nobody", "wrong", 401) // no such account
	}
	for range deviceLimit.attempts {
		f[0].attempt("192.0.2.9", "admin", "wrong", 401, device)
	}
	nodetest.Eventually(t, "both locks are stored", func() bool {
		spent, err := nodes.All[2].Identity.Attempts("admin")
		return err == nil && len(spent.Places) == 2
	})
	if shown := f[2].get("owner", accountsPath, 200); !strings.Contains(shown, `"locked_until":"2026-11-20T08:`) || !strings.Contains(shown, `"locked_in_places":true`) {
		t.Errorf("another node shows %s", shown)
	}
	nodes.Lead(1)
	f[1].attempt("192.0.2.1", "admin", password, 429)
	f[1].attempt("192.0.2.9", "admin", password, 429, device)
	f[1].attempt("192.0.2.2", "admin", password, 200)
	if found, err := nodes.All[1].Store.Records(oplog.RecordServer, "attempts/"); err != nil || len(found) != 1 {
		t.Errorf("%d records, %v", len(found), err)
	}
	f[1].change("owner", "DELETE", accountsPath+"/admin/lock", "", 204)
	f[1].attempt("192.0.2.1", "admin", password, 200)
	f[1].attempt("192.0.2.9", "admin", password, 200, device)
}
