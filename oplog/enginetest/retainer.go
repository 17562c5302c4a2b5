package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
)

var retainerChecks = []check{
	{"DaysBefore lists dates in order with their numbers of entries", listsDays},
	{"BeginDeletion writes its record and calls OnRecord", recordsDeletions},
	{"entries of closed days are never returned, before and after they are removed from disk", hidesClosedDays},
	{"closed days reject entries", closedDaysRejectEntries},
	{"arrivals and leaves of deleted entries stay", keepsLeaves},
	{"Arrived returns true for recorded entries, deleted or not", reportsArrived},
	{"days are closed for their tenant only", closesOneTenant},
	{"DeleteDays stops when canceled", deletesUntilCanceled},
	{"Undeleted lists closed days until DeleteDays has removed them", listsUndeleted},
}

// beginDeletion records a deletion in acme's trail, as the journal does, and begins it.
func (s *store) beginDeletion(daysAgo ...int) oplog.Deletion {
	s.t.Helper()
	entries, _, err := s.Counts(acme)
	if err != nil {
		s.t.Fatal(err)
	}
	d := oplog.Deletion{Tenant: acme, Through: entries, At: morning}
	for _, n := range daysAgo {
		d.Days = append(d.Days, oplog.Days{From: date(n), To: date(n)})
	}
	details, err := json.Marshal(map[string]any{"tenant": d.Tenant, "days": d.Days, "through": d.Through})
	if err != nil {
		s.t.Fatal(err)
	}
	trail := oplog.TrailName(acme)
	event := oplog.Entry{
		Time: morning, ReceivedAt: morning, User: oplog.User{ID: "server", Name: "oplog"},
		Module: "retention", Operation: "delete", Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess, Details: details,
	}
	if err := s.BeginDeletion(&d, ofTenant(trail, event)...); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// deleteDays removes the entries of a deletion from disk.
func (s *store) deleteDays(d oplog.Deletion) {
	s.t.Helper()
	for _, days := range d.Days {
		if err := s.DeleteDays(s.t.Context(), d.Tenant, days); err != nil {
			s.t.Fatal(err)
		}
	}
}

// duringDeletion runs a check after the days are closed, and again after their entries are removed from disk, each time also after
// reopening.
func (s *store) duringDeletion(check func(), daysAgo ...int) {
	s.t.Helper()
	d := s.beginDeletion(daysAgo...)
	s.acrossReopen(check)
	s.deleteDays(d)
	s.acrossReopen(check)
}

// days lists the dates before a date.
func (s *store) days(tenant, before string) string {
	s.t.Helper()
	days, err := s.DaysBefore(s.t.Context(), tenant, before)
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprint(days)
}

func listsDays(_ *testing.T, s *store) {
	s.append(entry(3*minutesOfDay, "a"), entry(0, "b"), entry(9*minutesOfDay, "c"), entry(3*minutesOfDay+1, "d"), entry(5*minutesOfDay, "e"))
	s.acrossReopen(func() {
		s.assertEqual(s.days(acme, date(3)), fmt.Sprint([]oplog.DayCount{{Date: date(9), Entries: 1}, {Date: date(5), Entries: 1}}))
		s.assertEqual(s.days(acme, date(2)), fmt.Sprint([]oplog.DayCount{{Date: date(9), Entries: 1}, {Date: date(5), Entries: 1}, {Date: date(3), Entries: 2}}))
		s.assertEqual(s.days(acme, date(9)), "[]")
		s.assertEqual(s.days("none", date(0)), "[]")
	})
}

func recordsDeletions(t *testing.T, s *store) {
	s.append(entry(5*minutesOfDay, "a"))
	var told []string
	s.OnRecord(func(kind oplog.RecordKind, name string) {
		_, _, err := s.Record(kind, name)
		told = append(told, fmt.Sprint(kind, " ", name, " ", err))
	})
	d := s.beginDeletion(5)
	s.assertEqual(fmt.Sprint(told), fmt.Sprintf("[%s %s/%s <nil>]", oplog.RecordDeletion, acme, d.ID))
	s.acrossReopen(func() {
		data, revision, err := s.Record(oplog.RecordDeletion, acme+"/"+d.ID)
		var got oplog.Deletion
		if err != nil || json.Unmarshal(data, &got) != nil || !reflect.DeepEqual(got, d) || revision != oplog.RevisionOf(data) {
			t.Errorf("%s, %v; want %+v", data, err, d)
		}
	})
	// The journal writes to it when the deletion is finished.
	data, revision, err := s.Record(oplog.RecordDeletion, acme+"/"+d.ID)
	if err == nil {
		err = s.PutRecord(oplog.RecordDeletion, acme+"/"+d.ID, revision, data)
	}
	if err != nil {
		t.Error(err)
	}
}

func hidesClosedDays(t *testing.T, s *store) {
	const day = minutesOfDay
	s.append(entry(10*day, "a"), withID("x", entry(9*day, "b")), withID("x", entry(8*day, "c")), withID("y", entry(9*day, "d")),
		entry(7*day, "e"), withID("x", entry(10*day, "f")), entry(0, "g"))
	s.assertEqual(s.scanned(oplog.Key{}, oplog.Key{}), "a f b d c e g")
	s.duringDeletion(func() {
		s.assertEqual(s.arrivals(1, 0), "a e f g")
		s.assertEqual(s.scanned(oplog.Key{}, oplog.Key{}), "a f e g")
		s.assertEqual(s.scanned(at(9*day, 0), at(0, 0)), "e")
		older, err := s.Older(acme, farFuture, oplog.Key{}, 3, nil)
		if got := names(older); err != nil || got != "g e f" {
			t.Errorf("%s, %v", got, err)
		}
		got, err := s.Get(acme, []oplog.Key{at(0, 7), at(9*day, 2), at(8*day, 3), at(10*day, 1)}, nil)
		if names(got) != "g a" || err != nil {
			t.Errorf("%s, %v", names(got), err)
		}
		if e, err := s.Find(acme, "x", nil); err != nil || e.Content.Name != "f" { // the newest that is kept
			t.Errorf("%+v, %v", e, err)
		}
		if e, err := s.Find(acme, "y", nil); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%+v, %v", e, err)
		}
		s.assertEqual(s.days(acme, date(7)), fmt.Sprint([]oplog.DayCount{{Date: date(10), Entries: 2}}))
	}, 9, 8)
	s.assertEqual(s.append(withID("y", entry(0, "h"))), "y 8 recorded") // the id of a deleted entry, on another day
}

func closedDaysRejectEntries(t *testing.T, s *store) {
	const day = minutesOfDay
	s.append(withID("x", entry(9*day, "a")), entry(0, "b"))
	s.duringDeletion(func() {
		for _, late := range []oplog.Entry{withID("x", entry(9*day, "a")), entry(9*day, "late"), entry(4*day, "late")} {
			request := []oplog.Entry{entry(0, "fine"), late}
			_, err := s.Append(t.Context(), acme, request, 3)
			for _, err := range []error{err, s.Conflicts(acme, request)} {
				var refused *oplog.Error
				if !errors.As(err, &refused) || refused.Code != oplog.CodeInvalid || len(refused.Fields) != 1 || refused.Fields[0].Item != 2 || refused.Fields[0].Field != "time" {
					t.Errorf("%v", err)
				}
			}
		}
		s.counts(acme, 2, 0)
	}, 9, 4)
	first, last := entry(0, "day before"), entry(0, "day after")
	first.Time, _ = oplog.Days{From: date(9), To: date(9)}.Bounds()
	first.Time = first.Time.Add(-1000)
	_, last.Time = oplog.Days{From: date(9), To: date(9)}.Bounds()
	s.append(first, last)
	s.assertEqual(s.scanned(oplog.Key{}, oplog.Key{}), "day before day after b")
}

func keepsLeaves(t *testing.T, s *store) {
	o := observe(s)
	for i := range 20 {
		s.append(entry(i*minutesOfDay, fmt.Sprint(i)))
	}
	o.update()
	head, err := s.Checkpoint(acme)
	if err != nil {
		t.Fatal(err)
	}
	s.duringDeletion(func() {
		s.counts(acme, 20, 0)
		if after, err := s.Checkpoint(acme); err != nil || after != head {
			t.Errorf("%s, %v; want %s", after, err, head)
		}
		for i, key := range o.Keys {
			if got, err := s.KeyOfSeq(acme, uint64(i+1)); err != nil || got != key {
				t.Errorf("arrival %d is %s, %v; want %s", i+1, got.ID(), err, key.ID())
			}
			if i == 7 || i == 12 {
				continue
			}
			if proof, err := s.Prove(acme, key, 0); err != nil || checkRecord(proof, RootOf(o.Leaves)) != nil {
				t.Errorf("entry %d: %+v, %v", i, proof, err)
			}
		}
		c, err := s.ProveConsistency(acme, 10, 20)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(hashes(c.Path), 20, RootOf(o.Leaves), 10, RootOf(o.Leaves[:10])); err != nil {
			t.Error(err)
		}
	}, 7, 12)
	s.append(entry(0, "after"))
	o.update()
	if checkpoint, err := s.Checkpoint(acme); err != nil {
		t.Error(err)
	} else if size, root := OpenCheckpoint(s.t, s, acme, checkpoint); size != 21 || root != RootOf(o.Leaves) {
		t.Errorf("the tree of size %d has root %s", size, root)
	}
}

func reportsArrived(t *testing.T, s *store) {
	const day = minutesOfDay
	s.append(entry(9*day, "a"), entry(9*day, "b"), entry(0, "c"))
	check := func() {
		for key, want := range map[oplog.Key]bool{
			at(9*day, 1): true, at(9*day, 2): true, at(0, 3): true,
			at(9*day, 3): false, at(9*day, 9): false, at(9*day, 0): false, at(0, 1): false, {}: false,
		} {
			if arrived, err := s.Arrived(acme, key); err != nil || arrived != want {
				t.Errorf("%s has arrived: %v, %v", key.ID(), arrived, err)
			}
		}
		if arrived, err := s.Arrived("none", at(0, 3)); err != nil || arrived {
			t.Errorf("arrived in another tenant: %v, %v", arrived, err)
		}
	}
	check()
	s.duringDeletion(check, 9)
}

func closesOneTenant(t *testing.T, s *store) {
	s.append(entry(9*minutesOfDay, "a"))
	if _, err := s.Append(t.Context(), "other", ofTenant("other", entry(9*minutesOfDay, "o")), 0); err != nil {
		t.Fatal(err)
	}
	s.duringDeletion(func() {
		s.assertEqual(s.days("other", date(0)), fmt.Sprint([]oplog.DayCount{{Date: date(9), Entries: 1}}))
		if got, err := s.Older("other", farFuture, oplog.Key{}, 9, nil); err != nil || names(got) != "o" {
			t.Errorf("%s, %v", names(got), err)
		}
	}, 9)
	if _, err := s.Append(t.Context(), "other", ofTenant("other", entry(9*minutesOfDay, "p")), 0); err != nil {
		t.Error(err)
	}
}

func deletesUntilCanceled(t *testing.T, s *store) {
	s.append(entry(9*minutesOfDay, "a"), entry(0, "b"))
	d := s.beginDeletion(9)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.DeleteDays(ctx, acme, d.Days[0]); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if _, err := s.DaysBefore(ctx, acme, date(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	s.deleteDays(d)
	s.deleteDays(d) // nothing left to delete
	if err := s.DeleteDays(t.Context(), "none", d.Days[0]); err != nil {
		t.Error(err)
	}
	s.assertEqual(s.arrivals(1, 0), "b")
}

func listsUndeleted(t *testing.T, s *store) {
	undeleted := func(want ...oplog.Days) {
		t.Helper()
		left, err := s.Undeleted(acme)
		if err != nil {
			t.Error(err)
		}
		s.assertEqual(fmt.Sprint(left), fmt.Sprint(want))
	}
	undeleted()
	sent := entry(7*minutesOfDay, "c")
	sent.ID = "a sender's"
	s.append(entry(9*minutesOfDay, "a"), entry(8*minutesOfDay, "b"), sent, entry(0, "d"))
	undeleted()
	d := s.beginDeletion(9, 8, 6)
	later := s.beginDeletion(7)
	s.acrossReopen(func() { undeleted(oplog.Days{From: date(9), To: date(6)}) })
	s.deleteDays(d)
	s.acrossReopen(func() { undeleted(oplog.Days{From: date(9), To: date(6)}) })
	s.deleteDays(later)
	s.acrossReopen(func() { undeleted() })
	if left, err := s.Undeleted("none"); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
