package cluster

import (
	"errors"
	"testing"
	"time"

	"oplog/oplog"
)

// TestFrozenNodeKeepsNobodyWaiting: on a node that is about to be opened again nothing is applied any more, so neither writes nor reads wait for that;
// they would hold up its end, with what it records then.
func TestFrozenNodeKeepsNobodyWaiting(t *testing.T) {
	c := newTrio(t, "")
	n := c.follower()
	mustSend(t, n, "a")
	waited := make(chan error, 1)
	go func() { waited <- n.node().waitApplied(t.Context(), 1<<40) }()
	n.node().freeze()
	began := time.Now()
	if err := <-waited; !errors.Is(err, errFrozen) {
		t.Errorf("error %v", err)
	}
	mustSend(t, n, "b", "c")
	if err := n.node().Barrier(t.Context()); !errors.Is(err, ErrNoQuorum) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > maxArrivalWait/2 {
		t.Errorf("that took %v", took)
	}
	if err := send(c.leader().node(), "d"); err != nil {
		t.Error(err)
	}
}

// TestFrozenNodeWaitsForNoAnswer: the node that leads may need the one that is about to be opened again for its quorum.
func TestFrozenNodeWaitsForNoAnswer(t *testing.T) {
	c := newTrio(t, "")
	n, leader := c.follower().node(), c.leader().node()
	leader.store.gate.Lock() // it answers nothing
	sent := make(chan error, 1)
	go func() { sent <- send(n, "a") }()
	for sending := 0; sending == 0; time.Sleep(time.Millisecond) {
		n.outbox.mu.Lock()
		sending = n.outbox.sending
		n.outbox.mu.Unlock()
	}
	began := time.Now()
	n.freeze()
	if err := <-sent; oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > maxAnswerWait/3 {
		t.Errorf("that took %v", took)
	}
	leader.store.gate.Unlock()
}
