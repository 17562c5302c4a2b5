package node_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
	"oplog/views"
)

// remove removes acme, and returns the first error.
func remove(l *nodetest.Log) error {
	audit := l.Trail.Audit(trail.Stored(oplog.RecordTenant, func(any) trail.Event {
		return trail.Event{User: trail.CommandUser, Module: "tenant", Operation: "remove", Object: oplog.Ref{ID: "acme"}}
	}))
	if _, err := l.RemoveTenant("acme", "owner", audit); err != nil {
		return err
	}
	return l.FinishRemovals(l.T.Context())
}

// wantRemoved checks that nothing is left of acme but the hashes and the statement.
func wantRemoved(l *nodetest.Log, entries uint64) {
	t := l.T
	t.Helper()
	removed, err := l.Directory.Removed()
	if err != nil || len(removed) != 1 || removed[0].ID != "acme" || removed[0].Removal.FinishedAt.IsZero() {
		t.Fatalf("removed: %+v %v", removed, err)
	}
	s, of, err := l.Store.OpenRemoval(removed[0].Removal.Statement)
	if err != nil || s.Entries != entries || s.By != "owner" || s.Access == 0 {
		t.Fatalf("%+v %v", s, err)
	}
	for i, log := range []string{"acme", oplog.TrailName("acme")} {
		v, err := l.Store.Verify(t.Context(), log, nil, func(_, _ uint64) {})
		if err != nil || v.Bad != 0 || v.Size != of[i].Size || v.Root != of[i].Root || v.Deleted != v.Size {
			t.Errorf("%s: %+v %v", log, v, err)
		}
		if left, err := l.Store.Undeleted(log); err != nil || len(left) > 0 {
			t.Errorf("%s still has %v, %v", log, left, err)
		}
	}
	if v, err := l.Store.Verify(t.Context(), oplog.TrailName(""), nil, func(_, _ uint64) {}); err != nil || v.Bad != 0 {
		t.Errorf("the installation's trail: %+v %v", v, err)
	}
	for kind, prefix := range map[oplog.RecordKind]string{
		oplog.RecordOrganizations: "acme", oplog.RecordCatalog: "acme", oplog.RecordView: "acme/", oplog.RecordStart: "acme/", oplog.RecordHold: "acme/",
		oplog.RecordExport: "acme/", oplog.RecordLearned: "acme/", oplog.RecordLaunch: "acme/", oplog.RecordKey: "", oplog.RecordSession: "",
	} {
		if left, err := l.Store.Records(kind, prefix); err != nil || len(left) > 0 {
			t.Errorf("%d %s are left, %v", len(left), kind, err)
		}
	}
	if a, err := l.Identity.Account("ann"); err != nil || !a.IsClosed() {
		t.Errorf("its account: %+v %v", a, err)
	}
	_, err = l.Directory.State("acme")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	var refused *oplog.Error
	if _, err := l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Again", TimeZone: "UTC"}); !errors.As(err, &refused) || refused.Reason != "tenant-removed" {
		t.Errorf("a tenant with its id: %v", err)
	}
	if all, err := l.Directory.Tenants(); err != nil || len(all) != 1 || all[0].ID != "plain" {
		t.Errorf("%+v %v", all, err)
	}
}

// TestRemoveTenant: a removed tenant exists for nobody, nothing of it is left but the hashes of its trees and what the log signed, and others are as
// before. What the trail is told of it later goes to the installation's.
func TestRemoveTenant(t *testing.T) {
	l := newLeaving(t)
	l.Record("plain", nodetest.Entry("p", 1))
	l.Must(nil, l.Journal.Retain(t.Context()))
	_, _, err := l.Identity.StartSession(mustAccount(l, "ann"), "", "")
	l.Must(nil, err)
	h, err := l.Directory.AddHold("acme", oplog.Hold{From: "2026-01-01", Reason: "case", SetBy: "owner"})
	l.Must(h, err)
	var refused *oplog.Error
	if err := remove(l); !errors.As(err, &refused) || refused.Reason != "tenant-held" {
		t.Errorf("with a hold: %v", err)
	}
	l.Must(l.Directory.LiftHold("acme", h.ID, "owner"))
	l.Must(nil, remove(l))
	wantRemoved(l, 650)
	l.Trail.Add(trail.Event{Tenant: "acme", User: trail.ServerUser, Module: "log", Operation: "late"})
	l.Trail.Flush()
	var told []string
	l.Must(nil, l.Store.Arrivals(t.Context(), oplog.TrailName(""), 1, 0, func(e oplog.Entry) error {
		told = append(told, e.Module+"."+e.Operation)
		return nil
	}))
	if got := strings.Join(told, " "); !strings.HasSuffix(got, "tenant.remove retention.delete retention.delete tenant.removed log.late") {
		t.Errorf("the installation's trail tells %s", got)
	}
	_, err = l.Journal.Append(t.Context(), "acme", []oplog.Entry{nodetest.Entry("late", 0)})
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	l.Restart()
	wantRemoved(l, 650)
	if found := l.Find("plain", oplog.Query{}); found != "p" {
		t.Errorf("plain has %q", found)
	}
	l.Must(nil, l.FinishRemovals(t.Context()))
	l.Must(nil, l.Journal.Retain(t.Context()))
}

func mustAccount(l *nodetest.Log, name string) identity.Account {
	l.T.Helper()
	a, err := l.Identity.Account(name)
	l.Must(a, err)
	return a
}

// mortal is a store whose program ends at one of its writes: before it, or after it and before its answer.
type mortal struct {
	oplog.Store
	left *atomic.Int64
}

var errEnded = errors.New("the program has ended")

func (s *mortal) write(do func() error) error {
	switch left := s.left.Add(-1); {
	case left < 0:
		return errEnded
	case left == 0: // it is written, and nobody is told
		_ = do()
		return errEnded
	}
	return do()
}

func (s *mortal) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return s.write(func() error { return s.Store.PutRecord(kind, name, replaces, data) })
}

func (s *mortal) PutRecords(changes []oplog.RecordChange, audit ...oplog.Entry) error {
	return s.write(func() error { return s.Store.PutRecords(changes, audit...) })
}

func (s *mortal) BeginDeletion(d *oplog.Deletion, report ...oplog.Entry) error {
	return s.write(func() error { return s.Store.BeginDeletion(d, report...) })
}

func (s *mortal) DeleteDays(ctx context.Context, tenant string, days oplog.Days) error {
	return s.write(func() error { return s.Store.DeleteDays(ctx, tenant, days) })
}

// TestRemovalSurvivesACrashAtEachStep: a removal that is interrupted at any of its writes is completed after the next start, and the tenant does not
// come back meanwhile.
func TestRemovalSurvivesACrashAtEachStep(t *testing.T) {
	left := &atomic.Int64{}
	for step := int64(1); ; step++ {
		l := newLeaving(t)
		l.Wrap = func(s oplog.Store) oplog.Store { return &mortal{s, left} }
		left.Store(1 << 40)
		l.Restart()
		left.Store(step)
		err := remove(l)
		ended := left.Load() <= 0
		left.Store(1 << 40)
		l.Restart()
		if removed, errs := l.Directory.Removed(); errs != nil || len(removed) == 0 {
			if step > 1 {
				t.Fatalf("step %d: the tenant is still there: %v", step, err)
			}
			l.Must(nil, remove(l))
		}
		l.Must(nil, l.FinishRemovals(t.Context()))
		wantRemoved(l, 650)
		if t.Failed() {
			t.Fatalf("ended at step %d", step)
		}
		if !ended {
			if l.Must(nil, err); step < 10 {
				t.Errorf("a removal has %d steps", step)
			}
			return
		}
	}
}

// TestRemovalsOfAnyLog: whatever was recorded and deleted before, and wherever a removal is interrupted, all trees are intact afterwards, also those of
// other tenants, and a removal is completed.
func TestRemovalsOfAnyLog(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		left := &atomic.Int64{}
		left.Store(1 << 40)
		l := nodetest.New(t)
		l.Wrap = func(s oplog.Store) oplog.Store { return &mortal{s, left} }
		l.Restart()
		ann := identity.Account{Username: "ann", Role: identity.RoleAdmin, Tenant: "acme"}
		l.Must(l.Identity.AddAccount(ann, nil))
		l.Must(l.Views.Add(views.View{Tenant: "acme", Name: "Mine"}, ann))
		entries := uint64(0)
		kept := 60
		for range rapid.IntRange(0, 4).Draw(r, "rounds") {
			for _, tenant := range []string{"acme", "plain"} {
				n := rapid.IntRange(0, 5).Draw(r, "entries of "+tenant)
				for i := range n {
					l.Record(tenant, nodetest.Entry(fmt.Sprint(i), rapid.IntRange(0, kept-1).Draw(r, "days")*24*60))
				}
				if tenant == "acme" {
					entries += uint64(n)
				}
			}
			if rapid.Bool().Draw(r, "retention") {
				kept = rapid.IntRange(10, kept).Draw(r, "kept")
				l.Must(l.Directory.ChangeTenant("acme", func(t *oplog.Tenant) { t.Retain(&kept, new(true), "owner", l.Clock.Now()) }))
				l.Must(nil, l.Journal.Retain(t.Context()))
			}
		}
		l.Trail.Add(trail.Event{Tenant: "acme", User: trail.ServerUser, Module: "log", Operation: "search"})
		l.Trail.Flush()
		left.Store(rapid.Int64Range(1, 40).Draw(r, "steps"))
		err := remove(l)
		left.Store(1 << 40)
		l.Restart()
		if removed, errs := l.Directory.Removed(); errs != nil || len(removed) == 0 {
			l.Must(nil, remove(l))
		} else if err == nil && removed[0].Removal.FinishedAt.IsZero() {
			r.Fatal("it is said to be done, and is not")
		}
		l.Must(nil, l.FinishRemovals(t.Context()))
		wantRemoved(l, entries)
		if v, err := l.Store.Verify(t.Context(), "plain", nil, func(_, _ uint64) {}); err != nil || v.Bad != 0 {
			r.Errorf("plain: %+v %v", v, err)
		}
		if t.Failed() {
			r.Fatal("see above")
		}
	})
}

// TestRemoveTenantOnAllNodes: every node takes the entries off its disk, also one that was away; one that takes over completes what another began.
func TestRemoveTenantOnAllNodes(t *testing.T) {
	n := nodetest.NewNodes(t, 3)
	l := n.All[0]
	for i := range 20 {
		l.Record("acme", nodetest.Entry(fmt.Sprint(i), i*24*60))
	}
	audit := l.Trail.Audit(trail.Stored(oplog.RecordTenant, func(any) trail.Event {
		return trail.Event{User: trail.CommandUser, Module: "tenant", Operation: "remove"}
	}))
	n.All[2].Stop()
	_, err := l.RemoveTenant("acme", "owner", audit)
	l.Must(nil, err)
	l.Must(nil, l.Journal.CloseLogs(t.Context(), "acme"))
	n.Lead(1)
	l.Must(nil, n.All[1].FinishRemovals(t.Context()))
	n.All[2].Start()
	for i, m := range n.All {
		ctx, end := context.WithCancel(t.Context())
		go m.Journal.RetainDaily(ctx, time.Hour, func(err error) { t.Error(err) })
		nodetest.Eventually(t, fmt.Sprintf("node %d has removed it", i), func() bool {
			left, err := m.Store.Undeleted("acme")
			removed, errs := m.Directory.Removed()
			return err == nil && errs == nil && len(left) == 0 && len(removed) == 1 && !removed[0].Removal.FinishedAt.IsZero()
		})
		end()
		v, err := m.Store.Verify(t.Context(), "acme", nil, func(_, _ uint64) {})
		if err != nil || v.Bad != 0 || v.Size != 20 || v.Deleted != 20 {
			t.Errorf("node %d: %+v %v", i, v, err)
		}
	}
}

// TestForgedRemovalProvesNothing: a statement that the log did not sign explains no missing entry.
func TestForgedRemovalProvesNothing(t *testing.T) {
	l := newLeaving(t)
	other := nodetest.New(t)
	s := oplog.RemovalStatement{Tenant: "acme", Entries: 650}
	text, err := s.Text()
	l.Must(nil, err)
	signed, err := other.Prover.Sign(text)
	l.Must(nil, err)
	if _, _, err := l.Store.OpenRemoval(signed); err == nil {
		t.Error("another log's statement is accepted")
	}
	if signed, err = l.Prover.Sign(text); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Store.OpenRemoval(signed); err == nil {
		t.Error("a statement without checkpoints is accepted")
	}
	var _ storage.Checkpoint
}
