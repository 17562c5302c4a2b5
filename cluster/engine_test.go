package cluster

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"oplog/oplog"
	"oplog/oplog/enginetest"
)

// TestStoreKeepsItsContracts runs the conformance suite of engines on three nodes: called on the one that leads, and on another.
func TestStoreKeepsItsContracts(t *testing.T) {
	for _, name := range []string{"leader", "follower"} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			trios := make(map[string]*trio)
			enginetest.Store(t, func(t *testing.T, dir string) oplog.Store {
				t.Helper()
				mu.Lock()
				c := trios[dir]
				mu.Unlock()
				if c == nil {
					c = newNodes(t, dir, 3, steady)
					mu.Lock()
					trios[dir] = c
					mu.Unlock()
				} else {
					c.nodes[0].start()
				}
				c.lead(name)
				return &opened3{c.nodes[0].Store(), c, c.nodes[0]}
			})
		})
	}
}

// lead makes the first node lead, or another.
func (c *trio) lead(name string) {
	c.t.Helper()
	first := c.nodes[0].node()
	c.await(func() bool {
		leader := c.leader().node()
		if (leader == first) == (name == "leader") {
			return true
		}
		ctx, cancel := context.WithTimeout(context.Background(), changeWait)
		defer cancel()
		target := ""
		if name == "leader" {
			target = first.ID()
		}
		_ = leader.Transfer(ctx, target) // tried again
		return false
	})
	if _, _, err := first.AwaitLeader(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

// opened3 is the store of the first node. When it is closed, the nodes must have the same, and the node's file must verify.
type opened3 struct {
	*Store
	c    *trio
	node *testNode
}

func (o *opened3) Close() error {
	if !o.node.isOpen() {
		return o.Store.Close()
	}
	if _, err := os.Stat(filepath.Join(o.node.dir, "cluster")); err == nil {
		o.refuse() // as Close does first, so that nothing is written while the nodes are compared
		o.c.settle()
		for _, n := range o.c.nodes {
			tenants, err := n.node().db.Tenants()
			if err != nil {
				o.c.t.Error(err)
			}
			for _, tenant := range tenants {
				found, err := n.node().db.Verify(context.Background(), tenant, nil, func(uint64, uint64) {})
				if err != nil || found.Bad > 0 {
					o.c.t.Errorf("%s: %+v, %v", tenant, found, err)
				}
			}
		}
	}
	o.node.mu.Lock()
	o.node.open = false
	o.node.mu.Unlock()
	return o.Store.Close()
}

// BeginDeletion calls it on the node that leads, as the journal does.
func (o *opened3) BeginDeletion(d *oplog.Deletion, report ...oplog.Entry) error {
	leader := o.c.leader().node()
	decided := *d
	decided.Term = leader.Term()
	if err := leader.Store().BeginDeletion(&decided, report...); err != nil {
		return err
	}
	d.ID = decided.ID
	return o.node.node().WaitApplied(context.Background(), leader.Applied())
}
