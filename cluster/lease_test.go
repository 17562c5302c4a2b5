package cluster

import (
	"errors"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// TestLeaseAfterFailedTransfer: the node that was to lead may hear of that late, so the lease of that term is not relied on any more.
func TestLeaseAfterFailedTransfer(t *testing.T) {
	var l lease
	confirm := func() { l.confirm(l.begin()) }
	transfer := func(failed bool) {
		l.block()
		if confirm(); l.holds(time.Minute, 3) {
			t.Error("it holds during a transfer")
		}
		l.unblock(failed, 3)
		confirm()
	}
	if transfer(false); !l.holds(time.Minute, 3) {
		t.Error("it does not hold after a transfer that was not begun")
	}
	transfer(true)
	if transfer(false); l.holds(time.Minute, 3) || !l.holds(time.Minute, 4) {
		t.Errorf("in term 3 it holds: %t, in term 4: %t", l.holds(time.Minute, 3), l.holds(time.Minute, 4))
	}
}

// TestLeadOfAnotherTerm: a node that leads in another term than the one for which it has applied all confirms no read.
func TestLeadOfAnotherTerm(t *testing.T) {
	n := newNodes(t, "", 3, steady).leader().node()
	term := n.leading.Swap(n.leading.Load() + 1)
	if at, err := n.confirmLead(); !errors.Is(err, errNotLeading) {
		t.Errorf("%d, %v", at, err)
	}
	n.leading.Store(term)
	if _, err := n.confirmLead(); err != nil {
		t.Error(err)
	}
}

// TestNonvotersConfirmNothing: nodes that do not vote count for no read.
func TestNonvotersConfirmNothing(t *testing.T) {
	c := newNodes(t, "", 3, steady)
	mustSend(t, c.nodes[0], "a")
	c.settle()
	n, silent := c.nodes[0].node(), c.nodes[2].node()
	silent.troubled(errors.New("it is not to vote again")) // see promote
	if err := n.raft.Load().DemoteVoter(raft.ServerID(silent.ID()), 0, changeWait).Error(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.confirmLead(); err != nil {
		t.Errorf("with both voters: %v", err)
	}
	c.nodes[1].stop()
	confirmed := make(chan error, 1)
	go func() {
		_, err := n.confirmLead()
		confirmed <- err
	}()
	select {
	case err := <-confirmed:
		if err == nil {
			t.Error("one of two voters has confirmed a read")
		}
	case <-time.After(time.Second):
	}
}

// TestNoVoteAfterStart: a node that was opened a moment ago does not vote while a leader relies on what it answered before, unless that leader asks.
func TestNoVoteAfterStart(t *testing.T) {
	n := newNodes(t, "", 1, steady).nodes[0].node()
	if n.transport.votes.IsZero() {
		t.Error("an opened node votes at once")
	}
	young, old := &transport{votes: time.Now().Add(time.Minute)}, &transport{votes: time.Now()}
	for _, command := range []any{&raft.RequestVoteRequest{Term: 9}, &raft.RequestPreVoteRequest{Term: 9}} {
		answers := make(chan raft.RPCResponse, 1)
		if rpc := (raft.RPC{Command: command, RespChan: answers}); !young.keepPromise(rpc) || old.keepPromise(rpc) {
			t.Fatalf("%T", command)
		}
		switch a := (<-answers).Response.(type) {
		case *raft.RequestVoteResponse:
			if a.Granted || a.Term != 0 {
				t.Errorf("%+v", a)
			}
		case *raft.RequestPreVoteResponse:
			if a.Granted || a.Term != 0 {
				t.Errorf("%+v", a)
			}
		default:
			t.Errorf("%T", a)
		}
	}
	for _, command := range []any{&raft.RequestVoteRequest{LeadershipTransfer: true}, &raft.AppendEntriesRequest{}} {
		if young.keepPromise(raft.RPC{Command: command}) {
			t.Errorf("%T is kept back", command)
		}
	}
}
