package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"oplog/directory"
	"oplog/exports"
	"oplog/oplog"
	"oplog/records"
	"oplog/trail"
)

// A tenant is removed in steps, each of which can be repeated: its record says that it is removed, which makes it invisible; its logs are closed; the
// statement is signed; entries, files and records go; the record says that it is finished. What a crash interrupts, FinishRemovals goes on with.

// RemoveTenant begins to remove a tenant; FinishRemovals does the rest. Legal holds, running exports and days on their way to the archive keep it from
// that: CodeConflict.
func (l *Node) RemoveTenant(id, by string, audit oplog.Audit, checks ...directory.May) (directory.RemovedTenant, error) {
	return l.Directory.Audited(audit).BeginRemoval(id, by, l.mayRemove, checks...)
}

func (l *Node) mayRemove(t oplog.TenantState) error {
	for _, h := range t.Holds {
		if h.LiftedAt.IsZero() {
			return oplog.Refuse(oplog.CodeConflict, "tenant-held", "Legal hold {id} keeps tenant {tenant} from being removed; lift it first.", h.ID, t.ID)
		}
	}
	running, err := records.Where(l.store, oplog.RecordExport, t.ID+"/", func(x *exports.Export) bool { return x.Status == exports.Running })
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return oplog.Refuse(oplog.CodeConflict, "tenant-exporting", "An export of tenant {tenant} is running; wait for it, or cancel it first.", t.ID)
	}
	if slices.ContainsFunc(l.Archive.Days(t.ID), func(d oplog.ArchivedDay) bool { return d.State == oplog.DayShipping }) {
		return oplog.Refuse(oplog.CodeConflict, "tenant-archiving", "A day of tenant {tenant} is being archived; retry in some minutes.", t.ID)
	}
	return nil
}

// RunRemovals finishes removals now, whenever one has begun, and at an interval what failed. Of several nodes, the one that leads does. It ends with the
// context.
func (l *Node) RunRemovals(ctx context.Context, every time.Duration, failed func(error)) {
	began := make(chan struct{}, 1)
	l.store.OnRecord(func(kind oplog.RecordKind, _ string) {
		if kind == oplog.RecordTenant {
			select {
			case began <- struct{}{}:
			default: // a round is about to begin
			}
		}
	})
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := l.FinishRemovals(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-began:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// FinishRemovals takes the next steps of all removals in progress, until they are done or fail.
func (l *Node) FinishRemovals(ctx context.Context) error {
	l.removalMu.Lock()
	defer l.removalMu.Unlock()
	removed, err := l.Directory.Removed()
	failed := []error{err}
	for _, t := range removed {
		if !t.Removal.FinishedAt.IsZero() || !l.Place.Leads() {
			continue
		}
		if err := l.finishRemoval(ctx, t); err != nil {
			failed = append(failed, fmt.Errorf("removing tenant %s: %w", t.ID, err))
		}
	}
	return errors.Join(failed...)
}

func (l *Node) finishRemoval(ctx context.Context, t directory.RemovedTenant) error {
	if t.Removal.Statement == "" {
		if err := l.Journal.CloseLogs(ctx, t.ID); err != nil {
			return err
		}
		if err := l.signRemoval(t); err != nil {
			return err
		}
	}
	if err := l.Journal.FinishLogs(ctx, t.ID); err != nil {
		return err
	}
	if err := errors.Join(l.removeExports(t.ID), l.Identity.CloseTenant(t.ID), l.removeRecords(ctx, t.ID)); err != nil {
		return err
	}
	_, err := l.Directory.ChangeRemoval(t.ID, func(r *oplog.Removal) { r.FinishedAt = l.now().UTC().Truncate(time.Second) })
	return err
}

// signRemoval signs what was removed, once both logs are closed, and tells the installation's trail.
func (l *Node) signRemoval(t directory.RemovedTenant) error {
	s := oplog.RemovalStatement{Tenant: t.ID, Name: t.Name, By: t.Removal.By, At: t.Removal.At}
	var err error
	for _, log := range []struct {
		name       string
		entries    *uint64
		checkpoint *string
	}{{t.ID, &s.Entries, &s.Checkpoint}, {oplog.TrailName(t.ID), &s.Access, &s.AccessCheckpoint}} {
		if *log.entries, _, err = l.store.Counts(log.name); err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if *log.checkpoint, err = l.store.Checkpoint(log.name); err != nil {
			return err
		}
	}
	text, err := s.Text()
	if err != nil {
		return err
	}
	signed, err := l.store.Sign(text)
	if err != nil {
		return err
	}
	audit := l.Trail.Audit(trail.Stored(oplog.RecordTenant, func(directory.RemovedTenant) trail.Event {
		return trail.Event{
			User: trail.ServerUser, Module: "tenant", Operation: "removed", Object: oplog.Ref{ID: t.ID, Name: t.Name},
			Details: map[string]any{"by": s.By, "entries": s.Entries, "access_entries": s.Access, "statement": signed},
		}
	}))
	_, err = l.Directory.Audited(audit).ChangeRemoval(t.ID, func(r *oplog.Removal) { r.Statement = signed })
	return err
}

// removeExports removes the exports of a tenant, with their files.
func (l *Node) removeExports(tenant string) error {
	all, err := records.WithoutDamage(records.List[exports.Export](l.store, oplog.RecordExport, tenant+"/"))
	for _, x := range all {
		if err != nil {
			return err
		}
		_, err = l.Exports.Remove(x)
	}
	return err
}

// recordsAtOnce limits the records that are removed in a transaction.
const recordsAtOnce = 200

// removeRecords removes what is set up of a tenant. Records of deletions and of the archive stay: they say what became of the entries.
func (l *Node) removeRecords(ctx context.Context, tenant string) error {
	for _, kind := range []oplog.RecordKind{oplog.RecordOrganizations, oplog.RecordCatalog} {
		if err := records.Remove(l.store, kind, tenant); err != nil {
			return err
		}
	}
	for _, kind := range []oplog.RecordKind{
		oplog.RecordLearned, oplog.RecordView, oplog.RecordStart, oplog.RecordHold, oplog.RecordImport, oplog.RecordLaunch, oplog.RecordExport,
	} {
		if err := l.removeKind(ctx, kind, tenant+"/"); err != nil {
			return err
		}
	}
	return nil
}

func (l *Node) removeKind(ctx context.Context, kind oplog.RecordKind, prefix string) error {
	for {
		found, err := l.store.RecordsAfter(kind, prefix, "", recordsAtOnce)
		if err != nil || len(found) == 0 {
			return err
		}
		changes := make([]oplog.RecordChange, len(found))
		for i, r := range found {
			changes[i] = oplog.RecordChange{Kind: kind, Name: r.Name, Replaces: oplog.RevisionOf(r.Data)}
		}
		if err := l.store.PutRecords(changes); err != nil && !errors.Is(err, oplog.ErrRevision) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
