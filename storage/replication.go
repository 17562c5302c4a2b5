package storage

import (
	"encoding/json"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// BeginReplication makes the store the first copy of a replicated log, at a position.
func (db *DB) BeginReplication(p Position) error {
	if _, begun := db.Replicated(); begun {
		return errors.New("the store is replicated already")
	}
	if err := db.level.Load().check(db.path(), db.highest); err != nil { // it was replicated before
		return err
	}
	l := *db.level.Load()
	err := db.update(func(tx *bolt.Tx) error {
		if days, _ := recordBucket(tx, oplog.RecordArchive).Cursor().First(); days != nil { // programs that know no archived days must not join
			l.Number = max(l.Number, archiveLevel)
		}
		return errors.Join(dropRequests(tx), putPosition(tx, p), l.raise(tx))
	})
	if err != nil {
		return err
	}
	db.level.Store(&l)
	db.position.Store(&p)
	return nil
}

// EndReplication makes the store a single one again. Its level of messages is kept, and counts again after another BeginReplication.
func (db *DB) EndReplication() error {
	if err := db.update(func(tx *bolt.Tx) error {
		return errors.Join(dropRequests(tx), tx.Bucket(bucketMeta).Delete(keyReplicated))
	}); err != nil {
		return err
	}
	db.position.Store(nil)
	return nil
}

// Replicated returns how far the store has come, on disk; false if it is not replicated.
func (db *DB) Replicated() (p Position, ok bool) {
	at := db.position.Load()
	if at == nil {
		return Position{}, false
	}
	return *at, true
}

// Replicate makes later transactions replicated ones: propose is called with the message of each, before it is committed and while no other can
// begin, and the transaction is in effect only if propose returns nil, with the index of the message, once enough copies have that and all messages before it
// have been applied here. Local records and the removal of deleted entries are left out. It must be called before the first write.
func (db *DB) Replicate(propose func(message []byte) (index uint64, err error)) { db.propose = propose }

// proposalError is an error of propose. It concerns all requests of a transaction, whose messages may be applied after all.
type proposalError struct{ error }

func (e proposalError) Unwrap() error { return e.error }

func isProposal(err error) bool {
	var proposal proposalError
	return errors.As(err, &proposal)
}

// replicate proposes the results of a group of requests, which the transaction has written. It returns the position after it, or nil if
// there is nothing to replicate.
func (db *DB) replicate(tx *bolt.Tx, group []*appendRequest) (*Position, error) {
	if db.propose == nil {
		return nil, nil //nolint:nilnil // a single store has no position
	}
	var operations []operation
	for _, r := range group {
		if r.refused != nil || r.answered {
			continue
		}
		of, err := resultsOf(r)
		if err != nil {
			return nil, err
		}
		operations = append(operations, of...)
	}
	at := db.position.Load()
	switch {
	case len(operations) == 0:
		return at, nil
	case at == nil:
		return nil, errors.New("the store is not replicated")
	}
	message, err := encodeMessage(db.levelOf(group), at.Chain, operations)
	if err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	_, after, err := ChainOf(message)
	if err != nil {
		return nil, err
	}
	index, err := db.propose(message)
	if err != nil {
		return nil, proposalError{err}
	}
	p := &Position{index, after}
	return p, errors.Join(keep(tx, index, group), putPosition(tx, *p))
}

// notePosition notes the position of a file that is opened, and the level of its messages, which this build has to understand.
func (db *DB) notePosition(tx *bolt.Tx) error {
	l, err := readLevel(tx)
	if err != nil {
		return err
	}
	db.level.Store(&l)
	p, found, err := readPosition(tx)
	if err != nil || !found {
		return err
	}
	db.position.Store(&p)
	return db.CheckLevel(db.path(), db.highest)
}

// followRequest is a call of Apply in the committer's queue.
type followRequest struct {
	messages []Message
	done     chan error
}

// Apply writes messages that enough copies have, in order and in one transaction, and returns once that is on disk. Those up to the store's
// position are skipped. [ErrDiverged] means that one does not continue what the store has, and a [LevelError] that this build does not understand
// one; then nothing was written.
func (db *DB) Apply(messages []Message) error {
	f := &followRequest{messages, make(chan error, 1)}
	db.queueMu.RLock()
	closed := db.closed
	if !closed {
		db.followed <- f
	}
	db.queueMu.RUnlock()
	if closed {
		return oplog.Errorf(oplog.CodeUnavailable, "The server is shutting down; retry after the restart.")
	}
	return <-f.done
}

// follow writes the messages of a request.
func (db *DB) follow(messages []Message) error {
	var at Position
	var told []*appendRequest
	var changed []oplog.RecordChange
	err := db.transact(func(tx *bolt.Tx, writers map[string]*tenantWriter) error {
		told, changed = nil, nil
		begun, found, err := readPosition(tx)
		if err != nil || !found {
			return errors.Join(err, errIf(!found, "the store is not replicated"))
		}
		at = begun
		for _, m := range messages {
			if m.Index <= at.Index {
				continue
			}
			before, after, err := ChainOf(m.Data)
			switch {
			case err != nil:
				return err
			case before != at.Chain:
				return fmt.Errorf("%w: message %d does not follow message %d", ErrDiverged, m.Index, at.Index)
			}
			if err := db.checkMessage(m); err != nil {
				return err
			}
			applied, err := db.applyMessage(tx, writers, m.Data)
			if err != nil {
				return fmt.Errorf("apply message %d: %w", m.Index, err)
			}
			if err := keep(tx, m.Index, applied); err != nil {
				return fmt.Errorf("apply message %d: %w", m.Index, err)
			}
			for _, r := range applied {
				told, changed = append(told, r), append(changed, r.changes...)
			}
			at = Position{m.Index, after}
		}
		return errors.Join(db.saveWriters(writers), putPosition(tx, at))
	})
	if err == nil {
		for _, r := range told {
			if r.key != nil {
				db.key.Store(r.key) // which can sign once its file is there: see LoadKey
			}
			db.noteLevel(r.level)
			db.tell(r)
		}
	}
	db.tried(changed, err)
	if err == nil { // once callers that wait for the position can find all of it
		db.position.Store(&at)
	}
	return err
}

// errIf returns an error with a text if a condition holds.
func errIf(holds bool, text string) error {
	if holds {
		return errors.New(text)
	}
	return nil
}

// applyMessage writes the operations of a message, and returns them as requests.
func (db *DB) applyMessage(tx *bolt.Tx, writers map[string]*tenantWriter, data []byte) (applied []*appendRequest, err error) {
	operations, err := decodeOperations(data)
	if err != nil {
		return nil, err
	}
	for i := range operations {
		o := &operations[i]
		r := &appendRequest{tenant: o.Log, skipped: o.Skipped, entries: make([]oplog.Entry, 0, len(o.Leaves)), seqs: o.Seqs}
		copy(r.request.ID[:], o.Request)
		if len(o.Leaves) > 0 || o.Skipped > 0 {
			w, err := db.writerOf(tx, writers, o.Log)
			if err != nil {
				return nil, err
			}
			if err := w.applyLeaves(r, o.Leaves); err != nil {
				return nil, err
			}
		}
		for _, c := range o.Changes {
			r.changes = append(r.changes, oplog.RecordChange{Kind: oplog.RecordKind(c.Kind), Name: c.Name, Data: c.Data})
		}
		if err := errors.Join(putRecords(tx, r.changes), db.sealDays(writers, r.changes)); err != nil {
			return nil, err
		}
		if o.Deletion != nil {
			d, err := readDeletion(nil, o.Deletion)
			if err != nil {
				return nil, err
			}
			if err := db.putDeletion(tx, writers, d, o.Deletion); err != nil {
				return nil, err
			}
			r.changes = append(r.changes, oplog.RecordChange{Kind: oplog.RecordDeletion, Name: d.Tenant + "/" + d.ID})
		}
		if o.Verifier != "" {
			r.key = &signingKey{verifier: o.Verifier}
			if err := json.Unmarshal(o.Replaced, &r.key.changes); err != nil {
				return nil, fmt.Errorf("read how the key was replaced: %w", err)
			}
		}
		r.level = o.Level
		if err := r.putMeta(tx); err != nil {
			return nil, err
		}
		applied = append(applied, r)
	}
	return applied, nil
}

// applyLeaves writes the next entries of a log as they are.
func (w *tenantWriter) applyLeaves(r *appendRequest, leaves [][]byte) error {
	for _, data := range leaves {
		e, err := decodeEntry(data)
		switch {
		case err != nil:
			return err
		case e.Seq != w.head.size+1:
			return fmt.Errorf("%w: entry %d of %s is to follow entry %d", ErrDiverged, e.Seq, w.name, w.head.size)
		}
		if e.ID != e.Key().ID() {
			w.addID(&e)
		}
		if err := errors.Join(w.putEntry(&e, data), w.addLeaf(e.Key(), data)); err != nil {
			return err
		}
		r.entries = append(r.entries, e)
	}
	r.recorded = r.entries
	return w.addSkipped(r.skipped)
}
