package cluster

import (
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
	"oplog/storage"
)

// proposal is a message of this node's store, whose transaction waits until enough nodes have it.
type proposal struct {
	data      []byte
	committed chan uint64   // receives the index
	aborted   chan struct{} // closed if the store must apply others first
	index     uint64        // once committed
	ended     chan struct{} // closed once its transaction has ended, whatever became of it
}

var (
	// errNotLeading means that nothing was proposed, as this node does not lead, or not yet.
	errNotLeading = oplog.Errorf(oplog.CodeUnavailable, "Another node leads the log now; nothing was stored. Send it again.")

	// errUncertain means that a message was proposed, and may be committed or not.
	errUncertain = oplog.Errorf(oplog.CodeUnavailable, "The node that leads the log was lost meanwhile: it may or may not be stored; send it again with the same ids.")
)

// propose has a message of the store's transaction replicated, and returns its index once enough nodes have it. It is called with the transaction
// open, by one goroutine at a time.
//
// The message was made on top of what the store has. It must never come after others that the store does not have: so it carries the term in which
// this node had applied everything, and is void in any other.
func (n *Node) propose(message []byte) (uint64, error) {
	index, err := n.proposeOnce(message)
	if n.counted.proposals.Add(1); err != nil {
		n.counted.refused.Add(1)
	}
	return index, err
}

func (n *Node) proposeOnce(message []byte) (uint64, error) {
	term := n.leading.Load()
	p := &proposal{data: message, committed: make(chan uint64, 1), aborted: make(chan struct{}), ended: make(chan struct{})}
	if term == 0 || !n.offer(p) {
		return 0, errNotLeading
	}
	defer n.withdraw(p)
	future := n.raft.Load().ApplyLog(raft.Log{Data: message, Extensions: keyOf(term)}, 0)
	failed := make(chan error, 1)
	go func() { failed <- future.Error() }()
	select {
	case index := <-p.committed:
		return index, nil
	case <-p.aborted:
		return 0, errUncertain
	case <-n.closing:
		return 0, errUncertain
	case err := <-failed:
		select {
		case index := <-p.committed:
			return index, nil
		default:
		}
		if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipTransferInProgress) || errors.Is(err, raft.ErrEnqueueTimeout) {
			return 0, errNotLeading // it was not taken
		}
		if response, _ := future.Response().(error); err == nil && errors.Is(response, errVoid) {
			return 0, errNotLeading
		}
		return 0, errUncertain
	}
}

// offer registers a proposal, unless the store has not written what was committed before.
func (n *Node) offer(p *proposal) bool {
	n.proposals.Lock()
	defer n.proposals.Unlock()
	if before := n.handed; before != nil {
		before.end() // its transaction has, as this one began
		if at, _ := n.db.Replicated(); at.Index < before.index {
			return false
		}
	}
	if n.applying {
		return false
	}
	n.proposed = p
	return true
}

func (n *Node) withdraw(p *proposal) {
	n.proposals.Lock()
	defer n.proposals.Unlock()
	if n.proposed == p {
		n.proposed = nil
	}
}

// end notes that the transaction of a proposal has ended. It is called with proposals locked.
func (p *proposal) end() {
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
}

// isVoid reports whether a command was taken in another term than that in which its message was made. All nodes skip it.
func isVoid(l *raft.Log) bool {
	return len(l.Extensions) != 8 || binary.BigEndian.Uint64(l.Extensions) != l.Term
}

// errVoid is the response to a command that is void.
var errVoid = errors.New("the command is void")

// machine applies what is committed to the store.
type machine struct{ *Node }

// maxApplyBytes limits how much is applied in a transaction.
const maxApplyBytes = 8 << 20

// Apply is ApplyBatch for one command.
func (m machine) Apply(l *raft.Log) any { return m.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch applies what is committed, in order, and returns once it is on disk here.
func (m machine) ApplyBatch(logs []*raft.Log) []any {
	responses := make([]any, len(logs))
	var batch []storage.Message
	size := 0
	flush := func() bool {
		done := len(batch) == 0 || m.apply(batch)
		batch, size = batch[:0], 0
		return done
	}
	for i, l := range logs {
		if m.frozen.Load() || m.isProposed(l) && !flush() {
			return responses
		}
		switch p := m.handOver(l); {
		case l.Type == raft.LogConfiguration:
			if !flush() {
				return responses
			}
			m.noteConfiguration(l)
		case l.Type != raft.LogCommand:
		case isVoid(l):
			responses[i] = errVoid
		case p != nil:
			if !m.awaitTransaction(p, l) {
				return responses
			}
		default:
			batch = append(batch, storage.Message{Index: l.Index, Data: l.Data})
			if size += len(l.Data); size >= maxApplyBytes && !flush() {
				return responses
			}
		}
	}
	if flush() {
		m.reached(logs[len(logs)-1])
	}
	return responses
}

// isProposed reports whether a command is the proposal of this node: its message is the very same in memory.
func (m machine) isProposed(l *raft.Log) bool {
	m.proposals.Lock()
	defer m.proposals.Unlock()
	return m.proposed.is(l)
}

func (p *proposal) is(l *raft.Log) bool {
	return p != nil && l.Type == raft.LogCommand && !isVoid(l) && len(l.Data) > 0 && len(p.data) > 0 && &l.Data[0] == &p.data[0]
}

// handOver returns the proposal of this node that a command is, or nil.
func (m machine) handOver(l *raft.Log) *proposal {
	m.proposals.Lock()
	defer m.proposals.Unlock()
	p := m.proposed
	if !p.is(l) {
		return nil
	}
	m.proposed = nil
	p.index = l.Index
	m.handed = p
	return p
}

// How long to wait for a transaction that has its index. One that has failed without a word is noticed by the next proposal, or after maxTransaction.
const (
	transactionPoll = time.Millisecond
	maxTransaction  = 2 * time.Second
)

// awaitTransaction lets the transaction of a proposal be committed, and applies its message if that fails.
func (m machine) awaitTransaction(p *proposal, l *raft.Log) bool {
	p.committed <- l.Index
	defer func() {
		m.proposals.Lock()
		defer m.proposals.Unlock()
		if m.handed == p {
			m.handed = nil
		}
	}()
	poll := time.NewTicker(transactionPoll)
	defer poll.Stop()
	for began, ended := time.Now(), false; ; {
		if m.Applied() >= l.Index {
			m.moved()
			return true
		}
		if ended {
			return m.apply([]storage.Message{{Index: l.Index, Data: l.Data}})
		}
		select {
		case <-p.ended:
			ended = true
		case <-poll.C:
			ended = m.db.Failure() != nil || time.Since(began) > maxTransaction
		case <-m.closing:
			return false
		}
	}
}

// apply writes messages to the store, as often as it takes: nothing that is committed may be left out. It returns false if this node
// has to stop.
func (m machine) apply(messages []storage.Message) bool {
	m.begin()
	defer m.finish()
	for wait := retryInterval; ; wait = min(2*wait, maxRetryInterval) {
		err := m.db.Apply(messages)
		if err == nil {
			m.recovered()
			m.moved()
			return true
		}
		if errors.Is(err, storage.ErrDiverged) || isOutdated(err) {
			m.halt(err)
			return false
		}
		m.troubled(err)
		select {
		case <-time.After(wait):
		case <-m.closing:
			return false
		}
	}
}

// begin keeps proposals away while others' messages are applied. One that is under way cannot be committed any more: it was made in a term that is
// over.
func (m machine) begin() {
	m.proposals.Lock()
	defer m.proposals.Unlock()
	m.applying = true
	if m.proposed != nil {
		close(m.proposed.aborted)
		m.proposed = nil
	}
}

func (m machine) finish() {
	m.proposals.Lock()
	defer m.proposals.Unlock()
	m.applying = false
}

// Snapshot returns this node's snapshot, which is only a position.
func (m machine) Snapshot() (raft.FSMSnapshot, error) {
	select {
	case <-m.closing: // what Raft takes for applied may have been left out
		return nil, errClosing
	default:
	}
	if m.frozen.Load() {
		return nil, errFrozen
	}
	at, _ := m.db.Replicated()
	return position{m.Node, at}, nil
}

var errFrozen = errors.New("this node is about to be opened again")

// restartDelay lets Raft answer the leader, which would send another copy.
const restartDelay = 300 * time.Millisecond

// Restore is called when another node's copy was received: it is put in place when the node is opened again.
func (m machine) Restore(from io.ReadCloser) error {
	_ = from.Close()
	m.freeze()
	time.AfterFunc(restartDelay, func() { m.restart("a copy of the log was received from the node that leads") })
	if m.dropsLog.Load() {
		<-m.closing // Raft must not go on with this node's log
		return errFrozen
	}
	return nil
}

// position is a snapshot of this node.
type position struct {
	node *Node
	at   storage.Position
}

// Persist makes the sink one that has no content.
func (p position) Persist(to raft.SnapshotSink) error {
	s, ok := to.(*sink)
	if !ok || p.node.frozen.Load() {
		return errFrozen
	}
	s.own, s.snapshot.Chain = true, hexOf(p.at.Chain[:])
	return s.Close()
}

// Release does nothing.
func (position) Release() {}
