package identity_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// newPeople returns a log on nodes with the account wang, and the log of the first node.
func newPeople(t *testing.T) (*nodetest.Nodes, sessions) {
	t.Helper()
	n := nodetest.NewNodes(t, 3)
	l := sessions{n.All[0].Log}
	l.Must(l.Identity.AddAccount(identity.Account{Username: "wang", Role: identity.RoleAdmin, Tenant: "acme"}, nil))
	return n, l
}

// TestLaunchOnceAcrossNodes: a link of a host system signs in once, whichever nodes it is followed on.
func TestLaunchOnceAcrossNodes(t *testing.T) {
	n, l := newPeople(t)
	h := newHost(l.Log, "acme")
	var used sync.WaitGroup
	results := make([]error, 12)
	for i := range results {
		used.Go(func() {
			results[i] = n.All[i%3].Identity.RedeemLaunch(h.key, "a link", n.Clock.Now().Add(time.Minute))
		})
	}
	used.Wait()
	accepted := 0
	for _, err := range results {
		if err == nil {
			accepted++
		} else if oplog.CodeOf(err) != oplog.CodeUnauthenticated {
			t.Error(err)
		}
	}
	n.Lead(2)
	err := n.All[2].Identity.RedeemLaunch(h.key, "a link", n.Clock.Now().Add(time.Minute))
	if nodetest.WantCode(t, err, oplog.CodeUnauthenticated); accepted != 1 {
		t.Errorf("it was accepted %d times", accepted)
	}
}

// TestUsedLaunchesOfAnotherLeader: a node that leads again counts the links that were used while another one led.
func TestUsedLaunchesOfAnotherLeader(t *testing.T) {
	n, l := newPeople(t)
	key := newHost(l.Log, "acme").key
	redeem := func(m *nodetest.Member, id string) error {
		return m.Identity.RedeemLaunch(key, id, n.Clock.Now().Add(time.Minute))
	}
	l.Must(nil, redeem(n.All[0], "one"))
	n.Lead(1)
	for i := range 30 {
		l.Must(nil, redeem(n.All[1], fmt.Sprint("other ", i)))
	}
	n.Lead(0)
	l.Must(nil, redeem(n.All[0], "two"))
	if got := n.All[0].Identity.UsedLaunches(key); got != 32 {
		t.Errorf("it counts %d links", got)
	}
}

// TestSessionsAcrossNodes: a session that begins on one node is known, and ends, on all, and at a failover.
func TestSessionsAcrossNodes(t *testing.T) {
	n, l := newPeople(t)
	token := l.start("wang")
	for _, m := range n.All {
		sessions{m.Log}.is(token, "wang")
		if own, err := m.Identity.Sessions(token); err != nil || len(own) != 1 {
			t.Errorf("%d sessions, %v", len(own), err)
		}
	}
	n.Lead(1)
	for i := range identity.MaxSessions { // so many that the first one ends
		n.Clock.Advance(time.Second)
		other := sessions{n.All[1].Log}.start("wang")
		if i == 0 {
			sessions{n.All[2].Log}.is(other, "wang")
		}
	}
	for _, m := range n.All {
		sessions{m.Log}.is(token, "")
		if all, err := m.Identity.AccountSessions(must(m.Identity.Account("wang"))); err != nil || len(all) != identity.MaxSessions {
			t.Errorf("%d sessions, %v", len(all), err)
		}
	}
	l.Must(nil, n.All[2].Identity.EndSessions("wang"))
	if all, err := n.All[0].Identity.AccountSessions(must(n.All[0].Identity.Account("wang"))); err != nil || len(all) != 0 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// TestUsesOnSeveralNodes: the use of a session is written every five minutes, whichever node it was on, and by one of them.
func TestUsesOnSeveralNodes(t *testing.T) {
	n, l := newPeople(t)
	token := l.start("wang")
	var writes atomic.Int32
	n.All[0].Store.OnRecord(func(kind oplog.RecordKind, _ string) {
		if kind == oplog.RecordSession {
			writes.Add(1)
		}
	})
	lastUse := func() time.Time { return must(n.All[0].Identity.Sessions(token))[0].LastUsedAt }
	for range 5 {
		n.Clock.Advance(90 * time.Second)
		for _, m := range n.All {
			l.Must(m.Identity.UseSession(token))
		}
	}
	nodetest.Eventually(t, "a use is written", func() bool { return !lastUse().Before(nodetest.Morning.Add(6 * time.Minute)) })
	for _, m := range n.All {
		m.Stop()
	}
	if writes.Load() != 1 {
		t.Errorf("the session was written %d times", writes.Load())
	}
}

// TestKeysAcrossNodes: a key that is revoked on one node ends on all that have it in memory, with the sessions that depend on it.
func TestKeysAcrossNodes(t *testing.T) {
	n, l := newPeople(t)
	key, text, err := l.Identity.AddKey("acme", identity.ScopeRead, "report")
	l.Must(key, err)
	here := must(parseAddress("192.0.2.7"))
	for _, m := range n.All {
		l.Must(m.Identity.Key(text, here))
	}
	l.Must(n.All[2].Identity.RevokeKey("acme", key.ID))
	for _, m := range n.All {
		_, err := m.Identity.Key(text, here)
		nodetest.WantCode(t, err, oplog.CodeUnauthenticated)
	}
}

// TestRulesAndDevicesAcrossNodes: the rule of second factors, the browsers that are known, disabled accounts and codes that were used are the same on
// all nodes, also after a failover.
func TestRulesAndDevicesAcrossNodes(t *testing.T) {
	n, l := newPeople(t)
	account := must(l.Identity.Account("wang"))
	device := must(l.Identity.DeviceToken(account))
	l.Must(nil, l.Identity.SetSecondFactorRule(identity.SecondFactorRule{Roles: []identity.Role{identity.RoleAdmin}}, func() error { return nil }))
	n.Lead(2)
	for _, m := range n.All {
		if due, err := m.Identity.SecondFactorDue(account); err != nil || !due {
			t.Errorf("a second factor is due: %v, %v", due, err)
		}
		if id, err := m.Identity.Device(account, device); err != nil || id == "" {
			t.Errorf("the device is %q, %v", id, err)
		}
	}
	token := sessions{n.All[2].Log}.start("wang")
	l.Must(n.All[2].Identity.ChangeAccount("wang", func(a *identity.Account) error { a.Disabled = true; return nil }))
	for _, m := range n.All {
		sessions{m.Log}.is(token, "")
	}
}

func parseAddress(text string) (netip.Addr, error) { return netip.ParseAddr(text) }

// TestCodeOnceAcrossNodes: a code of an app that signed somebody in is used up, also where another node leads by then.
func TestCodeOnceAcrossNodes(t *testing.T) {
	n, l := newPeople(t)
	account := must(l.Identity.ChangeAccount("wang", func(a *identity.Account) error {
		a.Factors.TOTP = &identity.TOTP{Secret: []byte("0123456789abcdef0123")}
		return nil
	}))
	code := account.Code(n.Clock.Now())
	for i, m := range n.All {
		n.Lead(i)
		_, token, err := m.Identity.StartPending(account, nil, "", "", "")
		l.Must(token, err)
		_, err = m.Identity.FinishSignIn(token, identity.Proof{Code: code})
		if i == 0 && err != nil || i > 0 && !errors.Is(err, identity.ErrWrongFactor) {
			t.Errorf("node %d answers %v", i, err)
		}
	}
}
