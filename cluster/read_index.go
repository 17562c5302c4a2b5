package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"

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
			err = n.waitApplied(ctx, index)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errClosing):
			return err
		case ctx.Err() != nil || n.frozen.Load() || n.withoutLeader() > maxReadWait:
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
	if term := n.leading.Load(); term != 0 && n.leases.holds(n.o.timing.readLease, term) {
		if at := n.Applied(); n.leading.Load() == term {
			return at, nil
		}
	}
	return n.reads.join(ctx)
}

// askReadIndex asks the node that leads.
func (n *Node) askReadIndex() (uint64, error) {
	defer n.counted.readIndexes.Since(time.Now())
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
	var err error
	if n.voters() == len(n.members()) {
		err = n.await(r.VerifyLeader())
	} else { // Raft counts those that do not vote in VerifyLeader, but not to commit a record
		err = n.await(r.Barrier(0))
	}
	if err != nil {
		return 0, err
	}
	at := n.Applied()
	if term == 0 || n.leading.Load() != term || r.CurrentTerm() != term { // which is noticed a moment after it has changed
		return 0, errNotLeading
	}
	n.leases.confirm(round, asked)
	return at, nil
}

// committed says that the leader of a term has a record, and all before it, committed.
type committed struct {
	Index     uint64 `json:"index" cbor:"1,keyasint"`
	IndexTerm uint64 `json:"index_term" cbor:"2,keyasint"` // of the record; 0 if the leader does not have it any more
	Term      uint64 `json:"term" cbor:"3,keyasint"`       // of the leader
}

// committedNow returns the position of the store of this node, which leads.
func (n *Node) committedNow(index uint64) committed {
	c := committed{Index: index, Term: n.leading.Load()}
	var l raft.Log
	if n.logs.GetLog(index, &l) == nil {
		c.IndexTerm = l.Term
	}
	return c
}

// Committed says that a record of the replicated log, and all before it, are committed.
type Committed = committed

// Committed returns that for an index up to which the store of this node, which leads, has come.
func (n *Node) Committed(index uint64) Committed { return n.committedNow(index) }

// WaitCommitted returns once the store has come to where the node that leads was when it answered.
func (n *Node) WaitCommitted(ctx context.Context, leader string, c Committed) error {
	n.learn(ctx, leader, c)
	return n.waitApplied(ctx, c.Index)
}

// learn tells Raft on this node what the leader has answered: that a record is committed. Raft's leaders say so only with the next record, or after
// some 50 ms. It is the request that the leader would send, so Raft checks that this node has that very record. The answer may come before the
// record, which other nodes had earlier: so that is waited for.
func (n *Node) learn(ctx context.Context, leader string, c committed) {
	if c.IndexTerm == 0 || c.Term == 0 || n.Applied() >= c.Index || n.frozen.Load() {
		return
	}
	if before := n.learned.Load(); before != nil && before.Term == c.Term && before.Index >= c.Index || !n.logs.awaitStored(ctx, c.Index) {
		return
	}
	n.learned.Store(&c)
	address, err := addresses{n}.ServerAddr(raft.ServerID(leader))
	if err != nil {
		return
	}
	at := []byte(address)
	rpc := raft.RPC{RespChan: make(chan raft.RPCResponse, 1), Command: &raft.AppendEntriesRequest{
		RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(leader), Addr: at},
		Term:      c.Term, PrevLogEntry: c.Index, PrevLogTerm: c.IndexTerm, LeaderCommitIndex: c.Index,
	}}
	select {
	case n.transport.requests <- rpc:
	case <-n.closing:
	}
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

// begin asks the question, or joins the next one.
func (s *shared) begin() *round {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = &round{done: make(chan struct{})}
	}
	if !s.running {
		s.running = true
		go s.run()
	}
	return s.next
}

func (s *shared) join(ctx context.Context) (uint64, error) {
	mine := s.begin()
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
