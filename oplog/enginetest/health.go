package enginetest

import (
	"os"
	"testing"

	"oplog/oplog"
)

var healthChecks = []check{
	{"Failure and Damage return nil for a sound store", soundStore},
	{"while Failure returns why nothing can be written, appends and changes fail and reads go on", failsWhileFailure},
	{"a pass of CheckNext checks every entry of every log", checksEveryEntry},
	{"a pass of CheckNext goes on after a position of an earlier process", checksAcrossReopen},
	{"entries that are recorded or deleted during a pass of CheckNext are no damage", checksDuringChanges},
}

// healthy fails if a store says that something is wrong with it.
func (s *store) healthy() {
	s.t.Helper()
	if failure, damage := s.Failure(), s.Damage(); failure != nil || damage != nil {
		s.t.Errorf("Failure returns %v, Damage %v", failure, damage)
	}
}

func soundStore(_ *testing.T, s *store) {
	s.acrossReopen(s.healthy)
	s.append(entry(1, "a"))
	s.put(oplog.RecordView, "acme/v", "view")
	s.appendConflicting(withID("n", entry(1, "n")), withID("n", entry(1, "other"))) // a rejection is no failure
	s.duringDeletion(s.healthy, 0)
}

func failsWhileFailure(t *testing.T, s *store) {
	s.append(entry(1, "a"))
	s.put(oplog.RecordView, "acme/v", "view")
	away := s.dir + ".away"
	if err := os.Rename(s.dir, away); err != nil {
		t.Skipf("the directory of an open store cannot be moved away here: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Rename(away, s.dir); err != nil {
			t.Error(err)
		}
	})
	if s.Failure() == nil {
		t.Fatal("Failure returns nil although the store is not in its place")
	}
	if receipts, err := s.Append(t.Context(), acme, []oplog.Entry{entry(1, "b")}, 0); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("%v, %v", receipts, err)
	}
	if err := s.PutRecord(oplog.RecordView, "acme/w", oplog.Revision{}, []byte("view")); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Error(err)
	}
	s.assertEqual(s.arrivals(1, 0), "a")
	s.assertEqual(s.records(oplog.RecordView, ""), "acme/v=view")
	s.counts(acme, 1, 0)
}

// checkNext checks the next slice after a position, and adds its entries to those that were checked.
func (s *store) checkNext(after []byte, entries *uint64) (next []byte) {
	s.t.Helper()
	checked, err := s.CheckNext(after)
	if err != nil || checked.Damage != nil {
		s.t.Fatal(checked.Damage, err)
	}
	*entries += checked.Entries
	return checked.Next
}

// pass checks the whole store, calls between after each slice but the last, and returns the number of entries that were checked.
func (s *store) pass(between func()) (entries uint64) {
	s.t.Helper()
	const maxSlices = 1000
	at := s.checkNext(nil, &entries)
	for slices := 1; at != nil; slices++ {
		if slices == maxSlices {
			s.t.Fatalf("a pass has not ended after %d slices", slices)
		}
		between()
		at = s.checkNext(at, &entries)
	}
	return entries
}

// appendToLogs records entries in several logs, and returns their number.
func (s *store) appendToLogs() (entries uint64) {
	s.t.Helper()
	for _, log := range []string{acme, "other", oplog.TrailName(acme)} {
		for day := range 3 {
			var some []oplog.Entry
			for i := range 40 {
				some = append(some, entry(day*minutesOfDay+i, "x"))
			}
			if _, err := s.Append(s.t.Context(), log, ofTenant(log, some...), 0); err != nil {
				s.t.Fatal(err)
			}
			entries += uint64(len(some))
		}
	}
	return entries
}

func checksEveryEntry(t *testing.T, s *store) {
	if got := s.pass(func() {}); got != 0 {
		t.Errorf("%d entries of an empty store were checked", got)
	}
	want := s.appendToLogs()
	s.acrossReopen(func() {
		if got := s.pass(func() {}); got != want {
			t.Errorf("%d of %d entries were checked", got, want)
		}
	})
}

func checksAcrossReopen(t *testing.T, s *store) {
	want := s.appendToLogs()
	if got := s.pass(s.reopen); got != want {
		t.Errorf("%d of %d entries were checked", got, want)
	}
}

func checksDuringChanges(t *testing.T, s *store) {
	before := s.appendToLogs()
	slices := 0
	got := s.pass(func() {
		if slices++; slices == 1 {
			s.deleteDays(s.beginDeletion(2))
		}
		if slices < 10 {
			s.append(entry(slices, "meanwhile"))
		}
	})
	if slices == 0 || got == 0 {
		t.Errorf("%d of %d entries were checked in %d slices", got, before, slices+1)
	}
	s.healthy()
}
