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
	now := l.Clock.At
	if err := l.Identity.RedeemLaunch("acme", "a", now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := identity.AfterRestore(l.Store, now); err != nil {
		t.Fatal(err)
	}
	if err := l.Identity.RedeemLaunch("acme", "b", now.Add(identity.MaxLaunchLife)); oplog.CodeOf(err) != oplog.CodeUnauthenticated {
		t.Errorf("a token that may be from before is taken: %v", err)
	}
	if err := l.Identity.RedeemLaunch("acme", "c", now.Add(identity.MaxLaunchLife+time.Second)); err != nil {
		t.Errorf("a token from after is refused: %v", err)
	}
}
