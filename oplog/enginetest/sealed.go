package enginetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

var sealedChecks = []check{
	{"DayLeaves calls visit for the recorded bytes of a date's entries, in the order of their keys", visitsDayLeaves},
	{"DayLeaves stops when visit fails or its context ends", dayLeavesStop},
	{"LeafHashes returns the leaf hashes of the entries with the given keys, in their order, whether or not the store still has the entries", returnsLeafHashes},
	{"LeafHashes: a key that no entry ever had is CodeNotFound", leafHashesOfNone},
	{"Append: CodeInvalid names new entries of archived days; what they have is a duplicate or a conflict", sealsArchivedDays},
	{"PutRecords: a record of a day that is removed cannot say otherwise, nor be removed", keepsRemovedDays},
	{"BeginDeletion: records of archived days become DayDeleted, and none brings them back", marksDeletedDays},
	{"UnknownDays has no day as long as no record is damaged", knowsAllDays},
}

// leaf is what DayLeaves visits.
type leaf struct {
	key  oplog.Key
	data []byte
}

func (s *store) dayLeaves(tenant, date string) (leaves []leaf) {
	s.t.Helper()
	err := s.DayLeaves(s.t.Context(), tenant, date, func(key oplog.Key, data []byte) error {
		leaves = append(leaves, leaf{key, bytes.Clone(data)})
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return leaves
}

func visitsDayLeaves(t *testing.T, s *store) {
	s.append(entry(9*minutesOfDay, "before"), entry(0, "after"))
	want := map[oplog.Key]bool{}
	for n := range 5 { // some thousands, late ones among them
		var entries []oplog.Entry
		for i := range 1000 {
			e := entry(5*minutesOfDay+(i*7+n)%(8*60), fmt.Sprint("entry ", n, " ", i))
			if i%3 == 0 {
				e.ID = fmt.Sprint("own-", n, "-", i)
			}
			entries = append(entries, e)
		}
		receipts, err := s.Append(t.Context(), acme, entries, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range receipts {
			want[oplog.MakeKey(entries[i].Time, r.Seq)] = true
		}
	}
	s.acrossReopen(func() {
		found := s.dayLeaves(acme, date(5))
		if len(found) != len(want) {
			t.Errorf("%d leaves, want %d", len(found), len(want))
		}
		for i, l := range found {
			if !want[l.key] || i > 0 && found[i-1].key.Compare(l.key) >= 0 {
				t.Fatalf("leaf %d of key %s", i, l.key.ID())
			}
			if i%500 > 0 {
				continue
			}
			if proof, err := s.Prove(acme, l.key, 0); err != nil || !bytes.Equal(proof.Leaf, l.data) {
				t.Errorf("leaf %d is %q, that of its proof %q (%v)", i, l.data, proof.Leaf, err)
			}
		}
	})
	for _, of := range [][2]string{{acme, date(4)}, {acme, "none"}, {"none", date(5)}} {
		if found := s.dayLeaves(of[0], of[1]); len(found) > 0 {
			t.Errorf("%v: %d leaves", of, len(found))
		}
	}
}

func dayLeavesStop(t *testing.T, s *store) {
	s.append(entry(5*minutesOfDay, "a"), entry(5*minutesOfDay, "b"))
	stop := errors.New("stop")
	n := 0
	err := s.DayLeaves(t.Context(), acme, date(5), func(oplog.Key, []byte) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%v after %d leaves", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = s.DayLeaves(ctx, acme, date(5), func(oplog.Key, []byte) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func returnsLeafHashes(t *testing.T, s *store) {
	var keys []oplog.Key
	for i := range 600 { // of three tiles
		s.append(entry(i%9*minutesOfDay, fmt.Sprint(i)))
		keys = append(keys, at(i%9*minutesOfDay, uint64(i+1)))
	}
	want := make([][sha256.Size]byte, len(keys))
	for i, key := range keys {
		proof, err := s.Prove(acme, key, 0)
		if err != nil {
			t.Fatal(err)
		}
		want[i] = sha256.Sum256(append([]byte{0}, proof.Leaf...))
	}
	check := func() {
		hashes, err := s.LeafHashes(t.Context(), acme, keys)
		if err != nil || !slices.Equal(hashes, want) {
			t.Errorf("in order of arrival: %v", err)
		}
		some := []oplog.Key{keys[599], keys[0], keys[300], keys[300], keys[10]}
		hashes, err = s.LeafHashes(t.Context(), acme, some)
		if err != nil || !slices.Equal(hashes, [][sha256.Size]byte{want[599], want[0], want[300], want[300], want[10]}) {
			t.Errorf("in another order: %v", err)
		}
	}
	check()
	s.duringDeletion(check, 8, 3)
	if hashes, err := s.LeafHashes(t.Context(), acme, nil); err != nil || len(hashes) > 0 {
		t.Errorf("of no keys: %v, %v", hashes, err)
	}
}

func leafHashesOfNone(t *testing.T, s *store) {
	s.append(entry(5, "a"), entry(4, "b"))
	for _, key := range []oplog.Key{at(5, 2), at(5, 0), at(4, 3), at(4, 1<<40), {}} {
		if hashes, err := s.LeafHashes(t.Context(), acme, []oplog.Key{at(5, 1), key}); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s: %v, %v", key.ID(), hashes, err)
		}
	}
	if hashes, err := s.LeafHashes(t.Context(), "none", []oplog.Key{at(5, 1)}); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("another tenant: %v, %v", hashes, err)
	}
}

// putDay replaces the record of a day.
func (s *store) putDay(daysAgo int, state oplog.ArchiveState) error {
	s.t.Helper()
	d := oplog.ArchivedDay{Tenant: acme, Date: date(daysAgo), State: state, Attempt: 1, BegunAt: morning}
	_, revision, err := s.Record(oplog.RecordArchive, d.Name())
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		s.t.Fatal(err)
	}
	data, err := json.Marshal(d)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.PutRecord(oplog.RecordArchive, d.Name(), revision, data)
}

func recordOfDay(daysAgo int) string { return acme + "/" + date(daysAgo) }

// stateOf returns the state in a day's record.
func (s *store) stateOf(name string) oplog.ArchiveState {
	s.t.Helper()
	var d oplog.ArchivedDay
	data, _, err := s.Record(oplog.RecordArchive, name)
	if err := errors.Join(err, json.Unmarshal(data, &d)); err != nil {
		s.t.Error(err)
	}
	return d.State
}

func knowsAllDays(t *testing.T, s *store) {
	s.append(entry(9*minutesOfDay, "a"), entry(0, "b"))
	if err := s.putDay(9, oplog.DayArchived); err != nil {
		t.Fatal(err)
	}
	s.acrossReopen(func() {
		if days, err := s.UnknownDays(); err != nil || len(days) > 0 {
			t.Errorf("%v, %v", days, err)
		}
	})
}

func sealsArchivedDays(t *testing.T, s *store) {
	const day = minutesOfDay
	known := withID("order-7", entry(9*day, "a"))
	s.append(known, entry(9*day, "b"), entry(0, "c"))
	for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived} {
		if err := s.putDay(9, state); err != nil {
			t.Fatal(err)
		}
		s.acrossReopen(func() {
			s.assertEqual(s.append(known, withID(at(9*day, 2).ID(), entry(9*day, "b"))), "order-7 1 duplicate, "+at(9*day, 2).ID()+" 2 duplicate")
			_, err := s.Append(t.Context(), acme, []oplog.Entry{known, entry(9*day, "late"), entry(0, "fine"), withID("order-8", entry(9*day, "late"))}, 2)
			late := entry(9*day, "").Time.Format(time.RFC3339)
			s.assertEqual(s.rejectedFields(err, oplog.CodeInvalid), fmt.Sprintf("2: time %s, 4: time %s", late, late))
			other := withID("order-7", entry(9*day, "another"))
			if _, err := s.Append(t.Context(), acme, []oplog.Entry{entry(0, "fine"), other}, 0); oplog.CodeOf(err) != oplog.CodeConflict {
				t.Error(err)
			}
			s.counts(acme, 3, 0)
		})
	}
	s.assertEqual(s.append(entry(8*day, "the day after")), at(8*day, 4).ID()+" 4 recorded")
	if _, err := s.Append(t.Context(), "other", ofTenant("other", entry(9*day, "o")), 0); err != nil {
		t.Error(err)
	}
}

func keepsRemovedDays(t *testing.T, s *store) {
	s.append(entry(9*minutesOfDay, "a"), entry(0, "b"))
	for _, state := range []oplog.ArchiveState{oplog.DayArchived, oplog.DayRemoved} {
		if err := s.putDay(9, state); err != nil {
			t.Fatal(err)
		}
	}
	s.acrossReopen(func() {
		for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayDeleted} {
			if err := s.putDay(9, state); oplog.CodeOf(err) != oplog.CodeInvalid {
				t.Errorf("%s: %v", state, err)
			}
		}
		name := recordOfDay(9)
		_, revision, err := s.Record(oplog.RecordArchive, name)
		if err != nil {
			t.Fatal(err)
		}
		other := oplog.RecordChange{Kind: oplog.RecordTenant, Name: "other", Data: []byte("{}")}
		err = s.PutRecords([]oplog.RecordChange{other, {Kind: oplog.RecordArchive, Name: name, Replaces: revision}})
		if oplog.CodeOf(err) != oplog.CodeInvalid || s.records(oplog.RecordTenant, "") != "" {
			t.Errorf("%v, %s", err, s.records(oplog.RecordTenant, ""))
		}
		s.assertEqual(string(s.stateOf(name)), string(oplog.DayRemoved))
	})
}

func marksDeletedDays(t *testing.T, s *store) {
	for _, daysAgo := range []int{9, 8, 7, 5, 4} {
		s.append(entry(daysAgo*minutesOfDay, "a"))
		if daysAgo == 4 {
			continue
		}
		if err := s.putDay(daysAgo, oplog.DayArchived); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.putDay(8, oplog.DayRemoved); err != nil {
		t.Fatal(err)
	}
	var told []string
	s.OnRecord(func(kind oplog.RecordKind, name string) {
		if kind == oplog.RecordArchive {
			told = append(told, name+" "+string(s.stateOf(name)))
		}
	})
	s.beginDeletion(9, 8, 4)
	slices.Sort(told)
	s.assertEqual(strings.Join(told, ", "), fmt.Sprintf("acme/%s deleted, acme/%s deleted", date(9), date(8)))
	s.acrossReopen(func() {
		var states []oplog.ArchiveState
		for _, daysAgo := range []int{9, 8, 7, 5} {
			states = append(states, s.stateOf(recordOfDay(daysAgo)))
		}
		s.assertEqual(fmt.Sprint(states), "[deleted deleted archived archived]")
		for _, daysAgo := range []int{9, 8, 4} {
			for _, state := range []oplog.ArchiveState{oplog.DayShipping, oplog.DayArchived, oplog.DayRemoved} {
				if err := s.putDay(daysAgo, state); oplog.CodeOf(err) != oplog.CodeInvalid {
					t.Errorf("%d days ago, %s: %v", daysAgo, state, err)
				}
			}
		}
		if err := s.putDay(9, oplog.DayDeleted); err != nil { // when its shipments are dropped
			t.Error(err)
		}
		if err := s.putDay(7, oplog.DayDeleted); oplog.CodeOf(err) != oplog.CodeInvalid {
			t.Errorf("a day that is kept: %v", err)
		}
	})
}
