package node_test

import (
	"testing"
	"time"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// A backup does not know which launch tokens were used after it was taken.
func TestLaunchTokensFromBeforeARestore(t *testing.T) {
	l := nodetest.New(t)
	now, key := l.Clock.At, identity.APIKey{Tenant: "acme", Hash: "some"}
	if err := l.Identity.RedeemLaunch(key, "a", now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := identity.AfterRestore(l.Store, now); err != nil {
		t.Fatal(err)
	}
	if err := l.Identity.RedeemLaunch(key, "b", now.Add(identity.MaxLaunchLife)); oplog.CodeOf(err) != oplog.CodeUnauthenticated {
		t.Errorf("a token that may be from before is taken: %v", err)
	}
	if err := l.Identity.RedeemLaunch(key, "c", now.Add(identity.MaxLaunchLife+time.Second)); err != nil {
		t.Errorf("a token from after is refused: %v", err)
	}
}
