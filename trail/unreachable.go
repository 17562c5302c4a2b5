package trail

import (
	"context"
	"errors"
	"slices"
	"time"

	"oplog/oplog"
)

// In a log on several nodes, each node records what happens on it: its events reach the trails through the leader, which may be another node, or be
// away for some seconds. An error then says nothing about whether they were stored, so they stay pending and are sent again. All of them
// have ids of their own, so those that were stored are duplicates; and what is pending is saved with the unfinished entries, in records of this
// node alone, so that a crash at any moment loses none.
//
// Ids of actions differ from node to node: a page whose calls reach several nodes is recorded once by each, with what that node answered.

// appendTimeout limits how long a write to a trail of several nodes may take.
const appendTimeout = 5 * time.Second

var errUnreachable = errors.New("the leader could not be reached")

// append appends entries to a trail, or returns an error and may have appended all of them. Those of a removed tenant's trail, which is closed, go to the
// installation's.
func (t *Trail) append(name string, entries []oplog.Entry) error {
	owner := oplog.OwnerOf(name)
	if owner == "" {
		return t.appendTo(name, entries)
	}
	var err error
	if !t.directory.IsRemoved(owner) {
		if err = t.appendTo(name, entries); oplog.CodeOf(err) != oplog.CodeInvalid || !t.directory.IsRemoved(owner) { // removed meanwhile
			return err
		}
	}
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Tenant = oplog.TrailName("")
	}
	return t.appendTo(oplog.TrailName(""), entries)
}

func (t *Trail) appendTo(name string, entries []oplog.Entry) error {
	if t.place.Alone() {
		_, err := t.store.Append(context.Background(), name, slices.Clone(entries), 0)
		return err
	}
	t.mu.Lock()
	unreachable := t.unreachable
	t.mu.Unlock()
	if unreachable {
		return errUnreachable
	}
	ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
	defer cancel()
	entries = slices.Clone(entries)
	for len(entries) > 0 {
		_, err := t.store.Append(ctx, name, slices.Clone(entries), 0)
		stored := conflicts(err)
		if len(stored) == 0 {
			return err
		}
		for _, i := range slices.Backward(stored) {
			entries = slices.Delete(entries, i, i+1)
		}
	}
	return nil
}

// conflicts returns the numbers, from 0, of the entries whose ids are in the trail with other content. They were written before a crash, with
// more than the record had that they were read from again.
func conflicts(err error) (stored []int) {
	var refused *oplog.Error
	if !errors.As(err, &refused) || refused.Code != oplog.CodeConflict {
		return nil
	}
	for _, f := range refused.Fields {
		if f.Item > 0 && !slices.Contains(stored, f.Item-1) {
			stored = append(stored, f.Item-1)
		}
	}
	slices.Sort(stored)
	return stored
}

// awaitNodes reports whether an error of append says that the other nodes could not be reached. Then pending events are tried again later.
func (t *Trail) awaitNodes(err error) bool {
	away := errors.Is(err, errUnreachable) || errors.Is(err, context.DeadlineExceeded) || oplog.CodeOf(err) == oplog.CodeUnavailable
	if t.place.Alone() || !away {
		return false
	}
	t.mu.Lock()
	t.unreachable = true
	t.mu.Unlock()
	return t.await()
}
