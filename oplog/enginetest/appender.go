package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

var appenderChecks = []check{
	{"receipts are in the order of the entries", receiptsInOrder},
	{"entries are numbered by arrival, also after reopening", numbersArrivals},
	{"skipped operations are counted", countsSkipped},
	{"an id on the same UTC day is a duplicate", findsDuplicates},
	{"ids are separate for each tenant", separatesTenants},
	{"a conflict names the conflicting entries and stores nothing", namesConflicts},
	{"an id with different content is a conflict", conflictsOnAnyField},
	{"Conflicts returns the error of Append and records nothing", conflictsRecordsNothing},
	{"a canceled append either fails or is recorded", canceledAppend},
	{"OnAppend is called in order before Append returns", callsOnAppend},
	{"seq, id and leaf are equal on every copy", equalOnEveryCopy},
	{"the time of receipt is required and kept", keepsReceivedAt},
	{"a closed store returns CodeUnavailable", rejectsAfterClose},
	{"CopyTo copies the whole store, and writers do not wait", copiesWholeStore},
}

func receiptsInOrder(_ *testing.T, s *store) {
	got := s.append(entry(5, "b"), withID("own", entry(9, "a")), entry(minutesOfDay, "z"))
	s.assertEqual(got, fmt.Sprintf("%s 1 recorded, own 2 recorded, %s 3 recorded", at(5, 1).ID(), at(minutesOfDay, 3).ID()))
}

func numbersArrivals(_ *testing.T, s *store) {
	s.assertEqual(s.arrivals(0, 0)+s.scanned(oplog.Key{}, oplog.Key{}), "")
	s.append(entry(5, "b"), withID("own", entry(9, "a")), entry(minutesOfDay, "z"))
	s.append(entry(5, "c"), entry(-60, "n"))
	s.acrossReopen(func() {
		s.assertEqual(s.arrivals(1, 0), "b a z c n")
		s.assertEqual(s.scanned(oplog.Key{}, oplog.Key{}), "z a b c n")
		s.counts(acme, 5, 0)
	})
	s.assertEqual(s.append(entry(1, "d")), at(1, 6).ID()+" 6 recorded")
	s.assertEqual(s.arrivals(4, 0), "c n d")
}

func countsSkipped(t *testing.T, s *store) {
	for _, n := range []int{0, 3, 0, 4} {
		if receipts, err := s.Append(t.Context(), acme, nil, n); err != nil || len(receipts) > 0 {
			t.Errorf("%v, %v", receipts, err)
		}
	}
	s.acrossReopen(func() {
		s.counts(acme, 0, 7)
		s.counts("other", 0, 0)
	})
	if _, err := s.Append(t.Context(), acme, []oplog.Entry{entry(1, "a")}, 2); err != nil {
		t.Error(err)
	}
	s.counts(acme, 1, 9)
}

func findsDuplicates(_ *testing.T, s *store) {
	f := func(want string, entries ...oplog.Entry) {
		s.t.Helper()
		s.assertEqual(s.append(entries...), want)
	}
	a, b := withID("a", entry(1, "a")), withID("b", entry(2, "b"))
	f("a 1 recorded, a 1 duplicate, b 2 recorded, a 1 duplicate", a, a, b, a) // in one request
	f("b 2 duplicate, a 1 duplicate", b, a)                                   // in another
	s.reopen()
	f("a 1 duplicate, c 3 recorded, c 3 duplicate", a, withID("c", entry(0, "c")), withID("c", entry(0, "c")))
	f("a 4 recorded", withID("a", entry(minutesOfDay, "another day")))
	f("a 1 duplicate, a 4 duplicate", a, withID("a", entry(minutesOfDay, "another day")))
	midnight := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	first, last := withID("m", entry(0, "m")), withID("m", entry(0, "m"))
	first.Time, last.Time = midnight, midnight.Add(-time.Microsecond)
	f("m 5 recorded, m 6 recorded", first, last)
	shanghai := first
	shanghai.Time = first.Time.In(time.FixedZone("", 8*3600))
	f("m 5 duplicate, m 6 duplicate", shanghai, last)
	// A generated id, sent back by the sender.
	f(at(3, 7).ID()+" 7 recorded", entry(3, "d"))
	f(at(3, 7).ID()+" 7 duplicate", withID(at(3, 7).ID(), entry(3, "d")))
	// The id that would have been generated, had the sender not sent one.
	f(at(0, 3).ID()+" 8 recorded, "+at(0, 3).ID()+" 8 duplicate", withID(at(0, 3).ID(), entry(0, "e")), withID(at(0, 3).ID(), entry(0, "e")))
	// Entries without ids are never duplicates, and ids are case-sensitive.
	f(at(3, 9).ID()+" 9 recorded, "+at(3, 10).ID()+" 10 recorded", entry(3, "d"), entry(3, "d"))
	f("A 11 recorded", withID("A", entry(1, "a")))
	s.assertEqual(s.arrivals(1, 0), "a b c another day m m d e d d a")
}

func separatesTenants(t *testing.T, s *store) {
	tenants := []string{acme, "other", "Acme", oplog.TrailName(acme)}
	for _, tenant := range tenants {
		receipts, err := s.Append(t.Context(), tenant, ofTenant(tenant, withID("a", entry(1, tenant))), 0)
		if err != nil || format(receipts) != "a 1 recorded" {
			t.Errorf("%s: %v, %v", tenant, receipts, err)
		}
	}
	s.acrossReopen(func() {
		for _, tenant := range tenants {
			if e, err := s.Find(tenant, "a", nil); err != nil || e.Content.Name != tenant || e.Tenant != tenant {
				t.Errorf("%s has %+v, %v", tenant, e, err)
			}
			s.counts(tenant, 1, 0)
		}
	})
}

// appendConflicting appends entries that must be rejected, and returns the fields named in the error.
func (s *store) appendConflicting(entries ...oplog.Entry) string {
	s.t.Helper()
	_, err := s.Append(s.t.Context(), acme, entries, 5)
	return s.rejectedFields(err, oplog.CodeConflict)
}

// rejectedFields returns the fields named in an error.
func (s *store) rejectedFields(err error, code oplog.Code) string {
	s.t.Helper()
	var e *oplog.Error
	if !errors.As(err, &e) || e.Code != code {
		s.t.Fatalf("%v, want %s", err, code)
	}
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, fmt.Sprintf("%d: %s %v", f.Item, f.Field, f.Value))
	}
	return strings.Join(fields, ", ")
}

func namesConflicts(_ *testing.T, s *store) {
	s.append(withID("a", entry(1, "a")), withID("b", entry(1, "b")), entry(3, "c"))
	given := at(3, 3).ID()
	changed := withID("a", entry(1, "changed"))
	s.assertEqual(s.appendConflicting(changed), "1: id a")
	s.assertEqual(s.appendConflicting(entry(0, "new"), changed, withID("a", entry(1, "a")), withID("b", entry(2, "b"))), "2: id a, 4: id b")
	s.assertEqual(s.appendConflicting(withID("n", entry(1, "n")), withID("n", entry(1, "other"))), "2: id n")
	s.assertEqual(s.appendConflicting(withID(given, entry(3, "changed"))), "1: id "+given)
	s.acrossReopen(func() {
		s.counts(acme, 3, 0)
		s.assertEqual(s.arrivals(1, 0), "a b c")
	})
	s.assertEqual(s.append(withID("n", entry(1, "other"))), "n 4 recorded")
}

func conflictsOnAnyField(t *testing.T, s *store) {
	s.append(withID("a", entry(1, "a")))
	for name, change := range map[string]func(*oplog.Entry){
		"time":         func(e *oplog.Entry) { e.Time = e.Time.Add(time.Microsecond) },
		"user id":      func(e *oplog.Entry) { e.User.ID = "x" },
		"user name":    func(e *oplog.Entry) { e.User.Name = "x" },
		"role":         func(e *oplog.Entry) { e.User.Role = "x" },
		"organization": func(e *oplog.Entry) { e.Organization.ID = "x" },
		"module":       func(e *oplog.Entry) { e.Module = "x" },
		"operation":    func(e *oplog.Entry) { e.Operation = "x" },
		"content":      func(e *oplog.Entry) { e.Content.ID = "x" },
		"outcome":      func(e *oplog.Entry) { e.Outcome = oplog.OutcomeFailure },
		"ip":           func(e *oplog.Entry) { e.IP = "::1" },
		"user agent":   func(e *oplog.Entry) { e.UserAgent = "x" },
		"changes":      func(e *oplog.Entry) { e.Changes = []oplog.Change{{Field: "x"}} },
		"details":      func(e *oplog.Entry) { e.Details = []byte("{}") },
	} {
		e := withID("a", entry(1, "a"))
		change(&e)
		if got := s.appendConflicting(e); got != "1: id a" {
			t.Errorf("%s: %s", name, got)
		}
	}
	e := withID("a", entry(1, "a"))
	e.KeyID = "oplog_write_2"
	s.assertEqual(s.append(e), "a 1 duplicate")
	s.counts(acme, 1, 0)
}

func conflictsRecordsNothing(t *testing.T, s *store) {
	a := withID("a", entry(1, "a"))
	if err := s.Conflicts(acme, []oplog.Entry{a, withID("b", entry(1, "b"))}); err != nil {
		t.Error(err)
	}
	s.append(a)
	if err := s.Conflicts(acme, []oplog.Entry{entry(0, "n"), a}); err != nil {
		t.Error(err)
	}
	changed := []oplog.Entry{a, withID("a", entry(1, "changed")), withID("n", entry(0, "n")), withID("n", entry(0, "o"))}
	s.assertEqual(s.rejectedFields(s.Conflicts(acme, changed), oplog.CodeConflict), "2: id a, 4: id n")
	s.assertEqual(s.appendConflicting(changed...), "2: id a, 4: id n")
	if err := s.Conflicts("other", changed[1:3]); err != nil {
		t.Error(err)
	}
	s.counts(acme, 1, 0)
	s.counts("other", 0, 0)
}

func canceledAppend(t *testing.T, s *store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	receipts, err := s.Append(ctx, acme, []oplog.Entry{entry(1, "a")}, 0)
	entries, _, countErr := s.Counts(acme)
	if countErr != nil || (err == nil) != (entries == 1) || err != nil && !errors.Is(err, context.Canceled) || err == nil && len(receipts) != 1 {
		t.Errorf("%v, %v, and %d entries are stored", receipts, err, entries)
	}
}

func callsOnAppend(t *testing.T, s *store) {
	var calls []string
	s.OnAppend(func(tenant string, entries []oplog.Entry) {
		for _, e := range entries {
			calls = append(calls, fmt.Sprintf("%s/%d %s", tenant, e.Seq, e.Content.Name))
			if stored, err := s.Get(tenant, []oplog.Key{e.Key()}, nil); err != nil || len(stored) != 1 || stored[0].ID != e.ID {
				t.Errorf("OnAppend got %+v, Get returns %v, %v", e, stored, err)
			}
		}
	})
	f := func(want ...string) {
		t.Helper()
		s.assertEqual(strings.Join(calls, ", "), strings.Join(want, ", "))
		calls = nil
	}
	a := withID("a", entry(9, "a"))
	s.append(a, entry(1, "b"))
	f("acme/1 a", "acme/2 b")
	s.append(entry(minutesOfDay, "c"), a, withID("d", entry(0, "d")), withID("d", entry(0, "d"))) // not for duplicates
	f("acme/3 c", "acme/4 d")
	s.append(a)
	f()
	s.appendConflicting(entry(1, "n"), withID("a", entry(9, "changed")))
	f()
	if _, err := s.Append(t.Context(), "other", ofTenant("other", entry(1, "o")), 0); err != nil {
		t.Error(err)
	}
	f("other/1 o")
}

func equalOnEveryCopy(_ *testing.T, s *store) {
	requests := [][]oplog.Entry{
		{entry(5, "b"), withID("own", entry(9, "a"))}, {entry(minutesOfDay, "z")}, {withID("own", entry(9, "a")), entry(5, "c")},
	}
	other := s.secondStore()
	for _, request := range requests {
		s.assertEqual(s.append(append([]oplog.Entry(nil), request...)...), other.append(append([]oplog.Entry(nil), request...)...))
	}
	a, b := observe(s), observe(other)
	s.assertEqual(fmt.Sprint(a.Keys, a.Leaves), fmt.Sprint(b.Keys, b.Leaves))
}

func keepsReceivedAt(t *testing.T, s *store) {
	unstamped := entry(1, "a")
	unstamped.ReceivedAt = time.Time{}
	if receipts, err := s.Append(t.Context(), acme, []oplog.Entry{entry(1, "b"), unstamped}, 0); err == nil {
		t.Errorf("%v without a time of receipt", receipts)
	}
	s.counts(acme, 0, 0)
	stamped := entry(1, "a")
	stamped.ReceivedAt = morning.Add(3 * time.Hour)
	s.append(stamped)
	s.acrossReopen(func() {
		if got, err := s.Get(acme, []oplog.Key{at(1, 1)}, nil); err != nil || !got[0].ReceivedAt.Equal(stamped.ReceivedAt) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

func rejectsAfterClose(t *testing.T, s *store) {
	s.append(entry(1, "a"))
	s.close()
	if receipts, err := s.Append(t.Context(), acme, []oplog.Entry{entry(1, "b")}, 0); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("%v, %v", receipts, err)
	}
	s.Store = s.open(t, s.dir)
	s.assertEqual(s.arrivals(1, 0), "a")
}

func copiesWholeStore(t *testing.T, s *store) {
	s.append(entry(1, strings.Repeat("long ", 100)))
	f, err := os.Create(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	pieces := 0
	n, err := s.CopyTo(&slowFile{f, func() {
		if pieces++; pieces <= 3 {
			s.append(entry(1, "meanwhile"))
		}
	}})
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Close()); err != nil {
		t.Fatal(err)
	}
	if size, err := s.Bytes(); err != nil || n != info.Size() || n < 500 || size < 500 || pieces == 0 {
		t.Errorf("CopyTo returns %d after %d bytes in %d pieces; Bytes returns %d, %v", n, info.Size(), pieces, size, err)
	}
}

// slowFile is a file on a slow disk: before each write to it, others write to the store.
type slowFile struct {
	*os.File
	meanwhile func()
}

func (f *slowFile) WriteAt(p []byte, at int64) (int, error) {
	f.meanwhile()
	return f.File.WriteAt(p, at)
}
