package cluster

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestHealth: a node tells at once whether it knows a leader, how far it is behind, and without a leader how old what it has may be.
func TestHealth(t *testing.T) {
	c := newTrio(t, "")
	follower := c.follower()
	c.await(func() bool { return follower.Health().Quorum && !follower.LeaderSince().IsZero() })
	if err := send(follower.node(), "x"); err != nil {
		t.Fatal(err)
	}
	c.settle()
	c.await(func() bool { return follower.Health() == Health{Quorum: true} })

	follower.mu.Lock()
	n := follower.Node
	follower.mu.Unlock()
	n.mu.Lock()
	at := n.index
	n.index = at - 2 // as if two messages were waiting
	n.mu.Unlock()
	n.watchLag()
	time.Sleep(time.Millisecond)
	if h := n.Health(); h.LagEntries < 2 || h.Lag < time.Millisecond || h.Lag > time.Minute {
		t.Errorf("behind: %+v", h)
	}
	n.mu.Lock()
	n.index = at
	n.mu.Unlock()
	c.await(func() bool { return n.Health().Lag == 0 })

	before := time.Now()
	for _, other := range c.nodes {
		if other != follower {
			other.stop()
		}
	}
	c.await(func() bool { return !n.Health().Quorum })
	c.await(func() bool { return n.LeaderSince().IsZero() })
	if h := n.Health(); h.StaleSince.Before(before.Add(-time.Second)) || time.Since(h.StaleSince) > time.Minute {
		t.Errorf("without a quorum: %+v, stopped at %v", h, before)
	}
}

// TestStaleSinceIsUnknown: a node that has known no leader since it was opened does not claim that what it has was the newest.
func TestStaleSinceIsUnknown(t *testing.T) {
	c := newTrio(t, "")
	for _, n := range c.nodes {
		n.stop()
	}
	n := c.nodes[1]
	n.start()
	if h := n.Health(); h.Quorum || !h.StaleSince.IsZero() {
		t.Errorf("%+v", h)
	}
}

// TestMeters: a leader and its followers count what they do.
func TestMeters(t *testing.T) {
	c := newTrio(t, "")
	leader, follower := c.leader(), c.follower()
	for _, id := range []string{"x", "y", "z"} {
		if err := send(follower.node(), id); err != nil {
			t.Fatal(err)
		}
	}
	if err := follower.Barrier(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.settle()
	l, f := leader.Meters(), follower.Meters()
	if !l.Leads || !l.Quorum || l.Elections == 0 || l.Proposals < 3 || l.Refused >= l.Proposals || l.Diverged || l.Last < l.Applied || l.Commit == 0 {
		t.Errorf("the leader: %+v", l)
	}
	if f.Leads || !f.Quorum || f.Proposals > 0 || f.Term != l.Term || f.Applied != l.Applied || time.Since(f.LastContact) > time.Minute {
		t.Errorf("a follower: %+v", f)
	}
	var text bytes.Buffer
	if err := f.LogSyncs.Write(&text, "syncs", ""); err != nil {
		t.Fatal(err)
	}
	if err := f.ReadIndexes.Write(&text, "reads", ""); err != nil {
		t.Fatal(err)
	}
	if s := text.String(); strings.Contains(s, "syncs_count 0\n") || strings.Contains(s, "reads_count 0\n") || !strings.Contains(s, "reads_count") {
		t.Error(s)
	}
}
