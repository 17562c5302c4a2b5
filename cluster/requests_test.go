package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"oplog/oplog"
	"oplog/storage"
)

// loseNext makes a leader lose what becomes of its next proposal: that is committed, and it steps down before it answers.
func (n *testNode) loseNext() {
	node := n.node()
	node.db.Replicate(func(message []byte) (uint64, error) {
		node.db.Replicate(node.propose)
		index, err := node.propose(message)
		if err != nil {
			return index, err
		}
		node.setLeading(0)
		go node.handOverLead()
		return 0, errUncertain
	})
}

// stored counts the entries of a store by the names of their contents.
func (c *trio) stored(n *testNode) map[string]int {
	c.t.Helper()
	found := map[string]int{}
	err := n.node().db.Arrivals(context.Background(), "acme", 1, 0, func(e oplog.Entry) error { found[e.Content.Name]++; return nil })
	if err != nil {
		c.t.Fatal(err)
	}
	return found
}

// TestLeaderLostBeforeTheAnswer: a message with entries without ids is committed, and its leader is lost before it answers. Its node, and those that
// forward to it, send again: all writers have their answers, and everything is stored once.
func TestLeaderLostBeforeTheAnswer(t *testing.T) {
	for _, at := range []string{"leader", "follower"} {
		t.Run(at, func(t *testing.T) {
			c := newTrio(t, "")
			mustSend(t, c.leader(), "before")
			leader, from := c.leader(), c.leader()
			if at == "follower" {
				from = c.follower()
			}
			leader.loseNext()
			var sending sync.WaitGroup
			for w := range 8 {
				sending.Go(func() {
					for i := range 3 {
						name := fmt.Sprintf("writer %d, entry %d", w, i)
						e := testEntry("")
						e.Content.Name = name
						receipts, err := from.node().Store().Append(context.Background(), "acme", []oplog.Entry{e}, 0)
						if err != nil || receipts[0].Status != oplog.StatusRecorded {
							t.Errorf("%s: %v, %v", name, receipts, err)
							return
						}
						stored, err := from.node().db.Find("acme", receipts[0].ID, nil)
						if err != nil || stored.Content.Name != name || stored.Seq != receipts[0].Seq {
							t.Errorf("%s: %+v, %v", name, stored, err)
						}
					}
				})
			}
			sending.Wait()
			c.settle()
			for name, n := range c.stored(c.leader()) {
				if n != 1 {
					t.Errorf("%s is stored %d times", name, n)
				}
			}
		})
	}
}

// TestUncertainBelowTheLevel: while other nodes may not understand ids of requests, none is made, and nothing is sent again.
func TestUncertainBelowTheLevel(t *testing.T) {
	db := openStore(t, t.TempDir())
	defer func() { _ = db.Close() }()
	if err := db.BeginReplication(storage.Position{Index: 1}); err != nil {
		t.Fatal(err)
	}
	n, w := &Node{db: db}, &write{}
	if id := n.NewRequest(); id != "" {
		t.Errorf("id %q", id)
	}
	w.setRequest(n.newRequest())
	a := newAttempts(n, w)
	if again, err := a.next(errUncertain); again || !errors.Is(err, errUncertain) || w.Request != nil {
		t.Errorf("%v, %v, request %x", again, err, w.Request)
	}
}

// TestRequestComesAgain: the node that leads has answered, and the answer was lost on the way. The request has the same answer again.
func TestRequestComesAgain(t *testing.T) {
	c := newTrio(t, "")
	n, leader := c.follower().node(), c.leader().node()
	mustSend(t, c.leader(), "known")
	r := n.newRequest()
	forward := func() *write {
		w := &write{Tenant: "acme", Entries: []oplog.Entry{testEntry(""), testEntry("known"), testEntry("new")}, Skipped: 2}
		w.setRequest(r)
		a, err := n.forward(leader.ID(), pathAppend, w)
		if err != nil {
			t.Fatal(err)
		}
		w.take(a)
		return w
	}
	first, again := forward(), forward()
	if fmt.Sprint(first.receipts) != fmt.Sprint(again.receipts) || fmt.Sprint(first.Entries) != fmt.Sprint(again.Entries) {
		t.Errorf("first %+v, then %+v", first, again)
	}
	if size, skipped, err := leader.db.Counts("acme"); size != 3 || skipped != 2 || err != nil {
		t.Errorf("%d entries, %d skipped, %v", size, skipped, err)
	}
	c.settle()
}

// TestForgottenRequest: a node that does not know how far the log has come is told, and sends its request from there; one that may have sent it before is
// not told that it was stored.
func TestForgottenRequest(t *testing.T) {
	c := newTrio(t, "")
	n := c.follower().node()
	w := &write{}
	w.setRequest(storage.Request{ID: storage.RequestID{1}, After: 5})
	w.answeredAt = 70
	a := attempts{node: n, w: w}
	a.began = morning
	if again, err := a.next(storage.ErrForgotten); again || !errors.Is(err, errUncertain) {
		t.Errorf("%v, %v", again, err)
	}
	a = newAttempts(n, w)
	if again, err := a.next(storage.ErrForgotten); !again || err != nil || w.After < 70 {
		t.Errorf("%v, %v, after %d", again, err, w.After)
	}
	if again, _ := a.next(errUncertain); !again {
		t.Error("it is not sent again")
	}
	for _, err := range []error{storage.ErrForgotten, context.Canceled, errClosing, oplog.Errorf(oplog.CodeDiskFull, "full")} {
		if again, got := a.next(err); again || !errors.Is(got, errUncertain) {
			t.Errorf("%v: %v, %v", err, again, got)
		}
	}
	for _, err := range []error{nil, oplog.ErrRevision, oplog.Errorf(oplog.CodeConflict, "taken")} {
		if again, got := a.next(err); again || !errors.Is(got, err) {
			t.Errorf("%v: %v, %v", err, again, got)
		}
	}
}

// TestRequestsOfOtherNodes: an id is that of one append, and only what a node has made is one.
func TestRequestsOfOtherNodes(t *testing.T) {
	c := newTrio(t, "")
	s, id := c.leader().node().Store(), c.follower().node().NewRequest()
	ctx, err := WithRequest(t.Context(), id)
	if err != nil {
		t.Fatal(id, err)
	}
	for i := range 2 {
		if _, err := s.Append(ctx, "acme", []oplog.Entry{testEntry("")}, 0); err != nil {
			t.Fatal(err)
		}
		if size, _, err := s.Counts("acme"); size != uint64(i)+1 || err != nil { //nolint:gosec // small
			t.Errorf("%d entries, %v", size, err)
		}
	}
	again, err := WithRequest(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	receipts, err := s.Append(again, "acme", []oplog.Entry{testEntry("")}, 0)
	if size, _, _ := s.Counts("acme"); size != 2 || err != nil || receipts[0].Seq != 1 {
		t.Errorf("%d entries, %v, %v", size, receipts, err)
	}
	for _, bad := range []string{"", "-", "00-1", "00000000000000000000000000000000-1", id + "x", "x" + id, "0123456789abcdef0123456789abcdef"} {
		if _, err := WithRequest(t.Context(), bad); !errors.Is(err, errRequest) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
