package cluster

import (
	"errors"
	"testing"
	"time"
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
