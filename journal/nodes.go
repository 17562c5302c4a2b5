package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// In a log on several nodes, the one that leads decides what is deleted. BeginDeletion closes the days in all copies at once, with the entry of the
// trail; then each node removes them from its own disk and index, now or when it runs again. What a copy still has is found in the copy itself.
//
// If another node takes over in the middle of a run, the old one begins no further deletion, and the store would refuse it, even if the old one leads
// again by then: what it has decided is of another term. A deletion that has begun but is not marked as finished is finished by the new one, whose own
// copy was told of it like all others. So “finished” means: off the disk of the node that led.

// waitingRecord has the deletions that wait for an owner: the node that leads knows them, and all show them.
const waitingRecord = "deletions_waiting"

// followDeletions has RetainDaily called upon when a deletion has begun, here or on another node.
func (j *Journal) followDeletions() {
	j.store.OnRecord(func(kind oplog.RecordKind, _ string) {
		if kind == oplog.RecordDeletion {
			select {
			case j.begun <- struct{}{}:
			default: // a run is about to begin
			}
		}
	})
}

// run deletes what has expired since the last run, and removes from this node's disk what the log has deleted.
func (j *Journal) run(ctx context.Context, last, now time.Time) error {
	if j.place.Alone() {
		return j.retainSince(ctx, last, now)
	}
	err := j.removeClosed(ctx)
	if !j.place.Leads() {
		j.clock.check() // it may have to lead
		return err
	}
	err = errors.Join(err, j.retainSince(ctx, last, now))
	if !j.place.Leads() {
		return nil // what failed, another node does
	}
	return errors.Join(err, j.shareWaiting())
}

// retainSince deletes the expired entries of the tenants whose day has changed since the last run; of all if that is zero.
func (j *Journal) retainSince(ctx context.Context, last, now time.Time) error {
	return j.retainTenants(ctx, func(t oplog.TenantState) bool { return last.IsZero() || t.Today(last) != t.Today(now) })
}

// removeClosed removes closed days from this copy and its index.
func (j *Journal) removeClosed(ctx context.Context) error {
	tenants, err := j.directory.Tenants()
	failed := []error{err}
	logs := []string{oplog.TrailName("")}
	for _, t := range tenants {
		logs = append(logs, t.ID, oplog.TrailName(t.ID))
	}
	removed, err := j.directory.Removed()
	failed = append(failed, err)
	for _, t := range removed {
		logs = append(logs, t.ID, oplog.TrailName(t.ID))
	}
	for _, log := range logs {
		if err := guarded(func() error { return j.removeClosedOf(ctx, log) }); err != nil {
			failed = append(failed, fmt.Errorf("removing deleted days of %s from the disk: %w", log, err))
		}
	}
	return errors.Join(failed...)
}

func (j *Journal) removeClosedOf(ctx context.Context, log string) error {
	j.deletionMu.Lock()
	defer j.deletionMu.Unlock()
	left, err := j.store.Undeleted(log)
	if err != nil {
		return err
	}
	return j.removeDays(ctx, log, left)
}

// removeDays removes closed days of a log from the index and from disk.
func (j *Journal) removeDays(ctx context.Context, log string, closed []oplog.Days) error {
	for _, days := range closed {
		from, to := days.Bounds()
		if !oplog.IsTrail(log) { // which is not indexed
			if err := j.index.Drop(ctx, log, from, to); err != nil {
				return err
			}
		}
		if err := j.store.DeleteDays(ctx, log, days); err != nil {
			return err
		}
	}
	return nil
}

// mayBegin returns an error if another node decides what is deleted.
func (j *Journal) mayBegin() error {
	if j.place.Leads() {
		return nil
	}
	return oplog.Errorf(oplog.CodeUnavailable, "Another node of this log decides what is deleted.")
}

// shareWaiting stores which deletions wait, if that has changed.
func (j *Journal) shareWaiting() error {
	now := j.waitingHere("")
	same := func(a, b oplog.Waiting) bool {
		a.Clock, a.Known, b.Clock, b.Known = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		return a == b
	}
	if err := records.Mend[[]oplog.Waiting](j.store, oplog.RecordServer, waitingRecord, nil); err != nil {
		return err
	}
	_, err := records.Change(j.store, oplog.RecordServer, waitingRecord, func(stored *[]oplog.Waiting, _ bool) (remove bool, err error) {
		if !slices.EqualFunc(*stored, now, same) {
			*stored = now
		}
		return len(now) == 0, nil
	})
	return err
}

// sharedWaiting returns the deletions that wait, as the node that leads has stored them.
func (j *Journal) sharedWaiting() []oplog.Waiting {
	stored, err := records.Read[[]oplog.Waiting](j.store, oplog.RecordServer, waitingRecord)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		slog.Warn("it cannot be read which deletions wait for an owner", "err", err)
	}
	return stored
}
