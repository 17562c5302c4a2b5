package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"oplog/oplog"
)

// ErrNoQuorum means that what is read here may be old: fewer than half of the nodes can be reached.
var ErrNoQuorum = oplog.Errorf(oplog.CodeUnavailable, "Fewer than half of the nodes can be reached: what is shown may be old.")

// maxReadWait is how long a read waits for a leader.
const maxReadWait = 3 * time.Second

// Barrier returns once what any node has acknowledged before the call can be read here. ErrNoQuorum means that this is not known.
func (n *Node) Barrier(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxReadWait)
	defer cancel()
	for {
		index, err := n.readIndex(ctx)
		if err == nil {
			err = n.WaitApplied(ctx, index)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errClosing):
			return err
		case ctx.Err() != nil || n.isHalted() || n.withoutLeader() > maxReadWait:
			return ErrNoQuorum
		}
		select {
		case <-time.After(leaderPoll):
		case <-ctx.Done():
		}
	}
}

// readIndex returns a position that includes all that was acknowledged before the call.
func (n *Node) readIndex(ctx context.Context) (uint64, error) {
	if term := n.leading.Load(); term != 0 && n.leases.holds(n.o.timing.readLease) {
		if at := n.Applied(); n.leading.Load() == term {
			return at, nil
		}
	}
	return n.reads.join(ctx)
}

// askReadIndex asks the node that leads.
func (n *Node) askReadIndex() (uint64, error) {
	if n.Leads() {
		return n.confirmLead()
	}
	return n.askLeadersIndex()
}

// confirmLead returns the position of this node's store after a majority has confirmed that it leads. All that was acknowledged is in it: nothing
// is before it is on disk here, and a node leads only once it has applied all before.
func (n *Node) confirmLead() (uint64, error) {
	r, term := n.raft.Load(), n.leading.Load()
	round, asked := n.leases.begin()
	if err := n.await(r.VerifyLeader()); err != nil {
		return 0, err
	}
	at := n.Applied()
	if term == 0 || n.leading.Load() != term {
		return 0, errNotLeading
	}
	n.leases.confirm(round, asked)
	return at, nil
}

// shared lets many callers share the answers to a question that takes a while. A caller gets the answer to a question that was asked after it came.
type shared struct {
	ask func() (uint64, error)

	mu      sync.Mutex
	next    *round // for those who come while a question is under way
	running bool
}

// round is a question.
type round struct {
	done  chan struct{}
	value uint64
	err   error
}

func (s *shared) join(ctx context.Context) (uint64, error) {
	s.mu.Lock()
	if s.next == nil {
		s.next = &round{done: make(chan struct{})}
	}
	mine := s.next
	if !s.running {
		s.running = true
		go s.run()
	}
	s.mu.Unlock()
	select {
	case <-mine.done:
		return mine.value, mine.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *shared) run() {
	for {
		s.mu.Lock()
		now := s.next
		s.next = nil
		if now == nil {
			s.running = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		now.value, now.err = s.ask()
		close(now.done)
	}
}
