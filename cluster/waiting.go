package cluster

import (
	"context"
	"time"
)

// Applied returns the position up to which the store here has what was committed.
func (n *Node) Applied() uint64 {
	at, _ := n.db.Replicated()
	return at.Index
}

// WaitApplied returns once the store has come to a position.
func (n *Node) WaitApplied(ctx context.Context, index uint64) error {
	if n.Applied() < index && !n.Leads() {
		n.reads.begin() // the leader's answer comes before Raft's own word
	}
	return n.waitApplied(ctx, index)
}

func (n *Node) waitApplied(ctx context.Context, index uint64) error {
	for {
		moved := n.moves()
		if n.Applied() >= index {
			return nil
		}
		if n.frozen.Load() {
			return errFrozen
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		case <-n.closing:
			return errClosing
		}
	}
}

// AwaitLeader returns the leader and its address once one is known; if this node leads, once it has applied all.
func (n *Node) AwaitLeader(ctx context.Context) (id, address string, err error) {
	for {
		moved := n.moves()
		if id, address, ok := n.Leader(); ok && (id != n.id.ID || n.Leads()) {
			return id, address, nil
		}
		select {
		case <-moved:
		case <-time.After(leaderPoll):
		case <-n.apart:
			return "", "", errFrozen
		case <-ctx.Done():
			return "", "", ctx.Err()
		case <-n.closing:
			return "", "", errClosing
		}
	}
}

// moves returns a channel that is closed at the next move.
func (n *Node) moves() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.progress
}

// moved wakes those who wait.
func (n *Node) moved() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.progress)
	n.progress = make(chan struct{})
}
