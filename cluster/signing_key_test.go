package cluster

import (
	"testing"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

// TestAllNodesGetTheNewKey: after a rotation each node signs with the new key, also one that was stopped meanwhile, and one that gets the lead from
// the node that has made the key.
func TestAllNodesGetTheNewKey(t *testing.T) {
	c := newTrio(t, "")
	mustSend(t, c.leader(), "a")
	c.settle()
	away := c.follower()
	away.stop()
	leader := c.leader()
	old := leader.node().db.VerifierKey()
	rotate(t, leader)
	c.awaitSigners(old)
	away.start()
	c.awaitSigners(old)

	maker := c.leader() // and once more, from a node that does not lead any more
	old = maker.node().db.VerifierKey()
	others := c.others(maker)
	others[0].stop()
	rotate(t, maker)
	c.awaitSigners(old)
	others[0].start()
	c.handOver(others[1])
	c.awaitSigners(old)
	c.settle()
	for _, n := range c.nodes { // from the file
		n.stop()
		n.start()
		if !n.node().db.HasKey() {
			t.Error("a node that was started again has no key")
		}
	}
}

// TestKeyIsTakenFromAnyNode: a node that has come to lead without the key gets it from one that does not lead.
func TestKeyIsTakenFromAnyNode(t *testing.T) {
	c := newTrio(t, "")
	mustSend(t, c.leader(), "a")
	c.settle()
	maker := c.leader()
	old := maker.node().db.VerifierKey()
	others := c.others(maker)
	rotate(t, maker)
	maker.stop() // perhaps before the others have the key
	c.leader()
	maker.start()
	c.awaitSigners(old)
	if others[0].node().db.VerifierKey() == old {
		t.Error("the key was not replaced")
	}
}

// others returns the other nodes.
func (c *trio) others(than *testNode) (found []*testNode) {
	for _, n := range c.nodes {
		if n != than {
			found = append(found, n)
		}
	}
	return found
}

// rotate replaces the key, on a node that leads.
func rotate(t *testing.T, n *testNode) {
	t.Helper()
	err := n.node().db.Rotate(storage.Rotation{Now: time.Now, Tell: func(string, string) ([]oplog.Entry, error) {
		e := testEntry("")
		e.Tenant = oplog.TrailName("")
		return []oplog.Entry{e}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// awaitSigners waits until all open nodes sign with the same key, another than the old one.
func (c *trio) awaitSigners(old string) {
	c.t.Helper()
	c.await(func() bool {
		keys := map[string]bool{}
		for _, n := range c.nodes {
			if !n.isOpen() {
				continue
			}
			if _, err := n.node().db.Checkpoint("acme"); err != nil {
				return false
			}
			keys[n.node().db.VerifierKey()] = true
		}
		return len(keys) == 1 && !keys[old]
	})
}
