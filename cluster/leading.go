package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"oplog/oplog"
	"oplog/storage"
)

var (
	errClosing  = oplog.Errorf(oplog.CodeUnavailable, "The server is shutting down; retry after the restart.")
	errNoLeader = oplog.Errorf(oplog.CodeUnavailable, "No node leads the log at the moment: fewer than half of the nodes may be reachable. Nothing was stored; retry in some seconds.")
)

// followLeadership prepares this node to lead whenever it is elected, until it is closed. One that could not, or that has stopped as its disk failed,
// tries again as long as no other node leads.
func (n *Node) followLeadership() {
	r := n.raft.Load()
	again := time.NewTicker(housekeeping)
	defer again.Stop()
	for {
		leads := false
		select {
		case leads = <-r.LeaderCh():
			n.setLeading(0)
			if leads {
				n.counted.elections.Add(1)
			}
		case <-again.C:
			leads = !n.Leads() && r.State() == raft.Leader
		case <-n.closing:
			return
		}
		if leads {
			if term := n.prepareToLead(r); term != 0 {
				n.setLeading(term)
			}
		}
		n.tellLead()
	}
}

// prepareToLead returns the term in which this node can lead, once it has applied all that earlier leaders have left; 0 if it cannot.
func (n *Node) prepareToLead(r *raft.Raft) uint64 {
	term := r.CurrentTerm()
	if err := n.await(r.Barrier(0)); err != nil {
		return 0
	}
	if n.frozen.Load() || n.localFailure() != nil {
		n.handOverLead()
		return 0
	}
	err := n.checkOwnChain(r)
	if err != nil && n.await(r.Barrier(0)) == nil { // unless the last message was on its way
		err = n.checkOwnChain(r)
	}
	if err != nil {
		n.halt(err)
		return 0
	}
	if r.State() != raft.Leader || r.CurrentTerm() != term {
		return 0
	}
	return term
}

// await waits for Raft, which does not answer all when it is shut down.
func (n *Node) await(future raft.Future) error {
	done := make(chan error, 1)
	go func() { done <- future.Error() }()
	select {
	case err := <-done:
		return err
	case <-n.closing:
		return errClosing
	}
}

// checkOwnChain returns an error if the store has not come to where the last command of Raft's log on this node leads. If that
// cannot be read, the other nodes notice with the next message.
func (n *Node) checkOwnChain(r *raft.Raft) error {
	last, found := n.logs.lastCommand(r.AppliedIndex())
	at, _ := n.db.Replicated()
	if !found {
		return nil
	}
	_, after, err := storage.ChainOf(last.Data)
	if err == nil && (last.Index != at.Index || after != at.Chain) {
		err = fmt.Errorf("%w: the store is at message %d, and the replicated log at %d", storage.ErrDiverged, at.Index, last.Index)
	}
	return err
}

func (n *Node) setLeading(term uint64) {
	n.leases.drop()
	n.leading.Store(term)
	n.moved()
}

// tellLead calls OnLead's callbacks if this node leads now and did not, or the reverse. It is called by one goroutine.
func (n *Node) tellLead() {
	leads := n.Leads()
	n.mu.Lock()
	tell := n.onLead
	if n.told == leads {
		tell = nil
	}
	n.told = leads
	n.mu.Unlock()
	for _, changed := range tell {
		changed(leads)
	}
}

// localFailure returns why this node cannot write, or nil.
func (n *Node) localFailure() error {
	n.mu.Lock()
	trouble, halted, outdated, failed := n.trouble, n.halted, n.outdated, n.copyFailed
	n.mu.Unlock()
	switch {
	case outdated:
		return oplog.Errorf(oplog.CodeUnavailable, "This node has stopped and keeps what it has: %s. Install that on this node and start it again; use another node meanwhile.", halted)
	case halted != "":
		return oplog.Errorf(oplog.CodeUnavailable, "This node waits for a copy of the log from another node (%s).%s Use another node meanwhile.", halted, failed.sentence())
	case failed.Why != "":
		return oplog.Errorf(oplog.CodeUnavailable, "This node is behind and needs a copy of the log from another node.%s Use another node meanwhile.", failed.sentence())
	}
	if err := n.db.Failure(); err != nil {
		return err
	}
	if err := n.logs.Failure(); err != nil {
		return oplog.Errorf(oplog.CodeUnavailable, "This node cannot write its replicated log; check its disk. Use another node meanwhile. (%w)", err)
	}
	return trouble
}

// troubled notes that the store cannot be written, and gives up leading.
func (n *Node) troubled(err error) {
	n.mu.Lock()
	first := n.trouble == nil
	n.trouble = oplog.Errorf(oplog.CodeUnavailable, "This node cannot store what the others have; check its disk. Use another node meanwhile. (%w)", err)
	n.mu.Unlock()
	if first {
		n.log.Error("what is replicated cannot be stored on this node; it is tried again until that succeeds", "err", err)
	}
	if n.Leads() {
		n.setLeading(0)
		go n.handOverLead()
	}
}

func (n *Node) recovered() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.needsNone()
	if n.trouble != nil {
		n.trouble = nil
		n.log.Info("what is replicated is stored on this node again")
	}
}

// handOverLead lets another node lead, if one can.
func (n *Node) handOverLead() {
	if err := n.transferTo(""); err != nil && !errors.Is(err, errNotLeading) {
		n.log.Warn("no other node could take the lead over", "err", err)
	}
}

// transferTo makes a node lead, which may do so already; "" for the other one that has come furthest.
func (n *Node) transferTo(node string) error {
	r := n.raft.Load()
	if r == nil || r.State() != raft.Leader {
		return errNotLeading
	}
	if node == n.id.ID {
		return nil
	}
	to, err := n.successor(node)
	if err != nil {
		return err
	}
	n.leases.block() // the other may lead at any moment, so no answer relies on the lease
	term := r.CurrentTerm()
	defer func() { n.leases.unblock(err != nil, term) }()
	err = n.await(r.LeadershipTransferToServer(raft.ServerID(to.ID), raft.ServerAddress(to.Address)))
	switch {
	case errors.Is(err, raft.ErrNotLeader): // it was lost just now
		return errNotLeading
	case err != nil:
		return oplog.Errorf(oplog.CodeUnavailable, "The other node could not take the lead over; see oplog cluster status. (%w)", err)
	}
	return nil
}

// successor returns a node that can lead, the given one or, for "", the one that has come furthest. While Raft transfers the lead it takes no
// writes, and to a node that does not answer that can take long. So only one that does is chosen.
func (n *Node) successor(node string) (best member, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), housekeeping)
	defer cancel()
	if node != "" {
		if _, ok := n.addressOf(node); !ok {
			return best, oplog.Errorf(oplog.CodeNotFound, "There is no node %s in the cluster.", node)
		}
	}
	members := n.members()
	states := make([]NodeStatus, len(members))
	var asked sync.WaitGroup
	for i, m := range members {
		if m.Voter && m.ID != n.id.ID && (node == "" || m.ID == node) {
			asked.Go(func() { states[i] = n.statusOf(ctx, m, NodeStatus{}) })
		}
	}
	asked.Wait()
	furthest := uint64(0)
	for i, s := range states {
		if s.Reachable && s.Failure == "" && s.Applied >= furthest {
			best, furthest = members[i], s.Applied
		}
	}
	if best.ID == "" {
		err = oplog.Errorf(oplog.CodeUnavailable, "No other node can take the lead over; see oplog cluster status.")
	}
	return best, err
}

// lease remembers that followers have confirmed this node as their leader. For a while none of them votes for another.
type lease struct {
	mu        sync.Mutex
	confirmed time.Time // when the last confirmed question was asked
	blocked   int
	round     int    // a question from before drop or block confirms nothing
	unsure    uint64 // the last term in which a transfer failed: the other may get to know late that it is to lead, and all would vote for it at once
}

// holds reports whether nobody else can lead yet, in the term in which this node leads.
func (l *lease) holds(life time.Duration, term uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocked == 0 && term > l.unsure && !l.confirmed.IsZero() && time.Since(l.confirmed) < life
}

// begin is called before a question; its result is passed to confirm.
func (l *lease) begin() (round int, asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.round, time.Now()
}

func (l *lease) confirm(round int, asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if round == l.round && l.blocked == 0 {
		l.confirmed = asked
	}
}

func (l *lease) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.confirmed = time.Time{}
	l.round++
}

func (l *lease) block() {
	l.drop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blocked++
}

// unblock ends what block began, which failed or not, in a term.
func (l *lease) unblock(failed bool, term uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if failed {
		l.unsure = max(l.unsure, term)
	}
	l.blocked--
	l.round++
	l.confirmed = time.Time{}
}

// keepHouse looks after what has no event of its own, until the node is closed.
func (n *Node) keepHouse() {
	ticker := time.NewTicker(housekeeping)
	defer ticker.Stop()
	for turn, before := 0, n.Applied(); ; turn++ {
		select {
		case <-ticker.C:
		case <-n.closing:
			return
		}
		n.watchLeader()
		n.watchLag()
		if n.Leads() && n.localFailure() != nil && n.voters() > 1 {
			n.handOverLead()
		}
		if turn%trailingTurns == 0 {
			n.keepTrailing()
		}
		if turn%levelTurns == 0 {
			n.raiseLevel()
		}
		n.promote(before)
		before = n.Applied()
	}
}

const (
	housekeeping  = 500 * time.Millisecond
	trailingTurns = 20
)

// watchLeader notes since when there has been no leader.
func (n *Node) watchLeader() {
	id, _, ok := n.Leader()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.noteLeader(id, ok)
}

// trailingBytes is how much of the log is kept behind a snapshot, for nodes that were away; those that were away for longer get a copy of the store.
// When raft.db is opened it is read whole, a GiB in about half a second.
const trailingBytes uint64 = 2 << 30

// keepTrailing tells Raft, which counts records, how many to keep.
func (n *Node) keepTrailing() {
	r := n.raft.Load()
	held, records, err := n.logs.bytes()
	if r == nil || err != nil {
		return
	}
	c := r.ReloadableConfig()
	c.TrailingLogs = allLogs
	if held > trailingBytes && records > 0 {
		c.TrailingLogs = max(1, trailingBytes*records/held)
	}
	if err := r.ReloadConfig(c); err != nil && !errors.Is(err, raft.ErrRaftShutdown) {
		n.log.Warn("how much of the replicated log is kept could not be set", "err", err)
	}
}
