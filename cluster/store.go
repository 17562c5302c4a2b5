package cluster

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"oplog/oplog"
	"oplog/storage"
)

// Store is the store of a node. It reads what this node has; what it writes goes through the node that leads, and is on disk here when a call returns.
// Records that belong to one copy are written here alone.
type Store struct {
	*storage.DB
	node *Node

	gate   sync.RWMutex // read-locked while something is written; Close locks it
	closed bool         // guarded by gate
}

var _ oplog.Store = (*Store)(nil)

// How long writers wait: for a leader, for its answer, and for what it has stored to arrive here.
const (
	maxLeaderWait  = 5 * time.Second
	maxAnswerWait  = 30 * time.Second
	maxArrivalWait = 10 * time.Second
)

// Append records entries; see [oplog.Store].
func (s *Store) Append(ctx context.Context, tenant string, entries []oplog.Entry, skipped int) ([]oplog.Receipt, error) {
	if len(entries) == 0 && skipped == 0 {
		return nil, nil
	}
	if slices.ContainsFunc(entries, func(e oplog.Entry) bool { return e.ReceivedAt.IsZero() }) {
		return s.DB.Append(ctx, tenant, entries, skipped) // which refuses it
	}
	w := &write{Tenant: tenant, Entries: entries, Skipped: skipped}
	w.takeRequest(ctx)
	if err := s.write(ctx, pathAppend, w); err != nil {
		return nil, err
	}
	return w.receipts, nil
}

// PutRecord replaces a record; see [oplog.Records].
func (s *Store) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return s.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

// PutRecords replaces records; see [oplog.Records]. On a node that does not lead, records of this copy are replaced after the others and the
// entries: a crash in between leaves them as they were.
func (s *Store) PutRecords(changes []oplog.RecordChange, audit ...oplog.Entry) error {
	var local, replicated []oplog.RecordChange
	for _, c := range changes {
		if oplog.IsLocal(c.Kind, c.Name) {
			local = append(local, c)
		} else {
			replicated = append(replicated, c)
		}
	}
	if len(replicated) == 0 && len(audit) == 0 {
		return s.DB.PutRecords(changes)
	}
	w := &write{Changes: replicated, Entries: audit, local: local}
	if len(audit) > 0 {
		w.Tenant = audit[0].Tenant
	}
	return s.write(context.Background(), pathRecords, w)
}

// BeginDeletion closes days, on the node that leads only; see [oplog.Retainer]. What is to be deleted was decided under locks of one process, so that
// must be the one that also changes holds and retention, in the term of the decision: another node that led meanwhile may have set a hold, which this
// one has, so that the chain fits, but did not read. In the transaction, nothing of another leader can come in between.
func (s *Store) BeginDeletion(d *oplog.Deletion, report ...oplog.Entry) error {
	if !s.begin() {
		return errClosing
	}
	defer s.gate.RUnlock()
	if err := s.node.localFailure(); err != nil {
		return err
	}
	if !s.node.Leads() {
		return errNotLeading
	}
	return s.BeginDeletionIf(func() error {
		if s.node.Term() != d.Term {
			return errNotLeading
		}
		return nil
	}, d, report...)
}

// write does a write here if this node leads, and otherwise has the one that does do it.
func (s *Store) write(ctx context.Context, path string, w *write) error {
	if !s.begin() {
		return errClosing
	}
	defer s.gate.RUnlock()
	if !w.given {
		w.setRequest(s.node.newRequest())
	}
	a := newAttempts(s.node, w)
	for wait := time.Millisecond; ; wait = min(2*wait, leaderPoll) {
		if err := cmp.Or(s.node.localFailure(), ctx.Err()); err != nil {
			return a.or(err)
		}
		if again, err := a.next(s.try(ctx, path, w)); !again {
			return err
		}
		select {
		case <-s.node.closing:
			return a.or(errClosing)
		case <-time.After(wait):
		}
	}
}

// begin begins a write, which ends with gate.RUnlock; false if the store is closed.
func (s *Store) begin() bool {
	s.gate.RLock()
	if s.closed {
		s.gate.RUnlock()
		return false
	}
	return true
}

// try does a write once; errNotLeading means that nothing was done.
func (s *Store) try(ctx context.Context, path string, w *write) error {
	if s.node.Leads() {
		return s.here(ctx, path, w)
	}
	leader, _, ok := s.node.Leader()
	if !ok || leader == s.node.id.ID {
		return errNotLeading
	}
	if err := s.checkLocal(w.local); err != nil {
		return err
	}
	a, err := s.node.forward(leader, path, w)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(context.Background(), maxArrivalWait)
	defer cancel()
	s.node.learn(wait, leader, a.Position)
	_ = s.node.waitApplied(wait, a.Position.Index) // it is stored, even if it does not arrive here now
	if a.Failed != nil {
		return a.Failed.err() // once the caller reads the record that it did not know
	}
	w.take(a)
	if len(w.local) > 0 {
		return s.DB.PutRecords(w.local)
	}
	return nil
}

// here does a write on this node, which leads. Entries are numbered in place, and must be as they were if it is done again.
func (s *Store) here(ctx context.Context, path string, w *write) (err error) {
	entries := slices.Clone(w.Entries)
	switch path {
	case pathAppend:
		w.receipts, err = s.AppendOnce(ctx, w.request(), w.Tenant, entries, w.Skipped)
	case pathRecords:
		err = s.PutRecordsOnce(w.request(), append(w.Changes[:len(w.Changes):len(w.Changes)], w.local...), entries...)
	}
	if err == nil {
		copy(w.Entries, entries)
	}
	return err
}

// checkLocal returns ErrRevision if a record of this copy is not the one that a change replaces.
func (s *Store) checkLocal(changes []oplog.RecordChange) error {
	for _, c := range changes {
		_, revision, err := s.Record(c.Kind, c.Name)
		if code := oplog.CodeOf(err); err != nil && code != oplog.CodeNotFound && code != oplog.CodeDamaged {
			return err
		}
		if revision != c.Replaces {
			return oplog.ErrRevision
		}
	}
	return nil
}

// Failure returns why nothing can be written; see [oplog.Store]: the disk of this node fails, or there has been no leader for a while.
func (s *Store) Failure() error {
	if err := s.node.localFailure(); err != nil {
		return err
	}
	if s.node.withoutLeader() > maxReadWait {
		return errNoLeader
	}
	return nil
}

// refuse waits for writes in progress, and refuses others.
func (s *Store) refuse() {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.closed = true
}

// Close closes the node and its store.
func (s *Store) Close() error {
	s.refuse()
	return errors.Join(s.node.Close(), s.DB.Close())
}
