// Package enginetest is the conformance suite for engines. Each check is named after the sentence of a contract in package oplog that it
// verifies.
package enginetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// Store checks that a store fulfils the contracts of [oplog.Store]. open opens the store in a directory that is empty or has been used by a
// store that was closed; the suite closes the stores.
func Store(t *testing.T, open func(t *testing.T, dir string) oplog.Store) {
	for _, part := range []struct {
		name   string
		checks []check
	}{
		{"Appender", appenderChecks}, {"Reader", readerChecks}, {"Prover", proverChecks},
		{"Retainer", retainerChecks}, {"Archived days", archivedChecks}, {"Sealed days", sealedChecks}, {"Records", recordsChecks}, {"Health", healthChecks},
		{"Concurrency", concurrencyChecks},
	} {
		t.Run(part.name, func(t *testing.T) {
			for _, c := range part.checks {
				t.Run(c.sentence, func(t *testing.T) {
					t.Parallel()
					c.run(t, newStore(t, open))
				})
			}
		})
	}
}

// check verifies one sentence of a contract.
type check struct {
	sentence string
	run      func(t *testing.T, s *store)
}

// store is an engine's store in a directory of its own, which a check can close and reopen.
type store struct {
	oplog.Store
	t    *testing.T
	dir  string
	open func(t *testing.T, dir string) oplog.Store
}

func newStore(t *testing.T, open func(t *testing.T, dir string) oplog.Store) *store {
	t.Helper()
	dir := t.TempDir()
	s := &store{open(t, dir), t, dir, open}
	t.Cleanup(s.close)
	return s
}

// secondStore returns another store of the same engine.
func (s *store) secondStore() *store {
	s.t.Helper()
	return newStore(s.t, s.open)
}

func (s *store) close() {
	s.t.Helper()
	if err := s.Close(); err != nil {
		s.t.Error(err)
	}
}

func (s *store) reopen() {
	s.t.Helper()
	s.close()
	s.Store = s.open(s.t, s.dir)
}

// acrossReopen runs a check before and after reopening the store.
func (s *store) acrossReopen(check func()) {
	s.t.Helper()
	check()
	s.reopen()
	check()
}

const acme = "acme"

var morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

const minutesOfDay = 24 * 60

// at returns the key of an entry some minutes before morning.
func at(minutesAgo int, seq uint64) oplog.Key {
	return oplog.MakeKey(morning.Add(-time.Duration(minutesAgo)*time.Minute), seq)
}

// date returns the date some days before morning.
func date(daysAgo int) string { return oplog.DateOf(morning.AddDate(0, 0, -daysAgo)) }

// farFuture is after all entries of the checks.
var farFuture = oplog.MakeKey(morning.AddDate(50, 0, 0), 0)

// entry returns an entry without an id, some minutes before morning.
func entry(minutesAgo int, content string) oplog.Entry {
	return oplog.Entry{
		Tenant: acme, Time: at(minutesAgo, 0).Time(), ReceivedAt: morning, User: oplog.User{ID: "u1", Name: "Wang Fang"},
		Module: "sms", Operation: "send", Content: oplog.Ref{ID: "c", Name: content},
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
	}
}

func withID(id string, e oplog.Entry) oplog.Entry {
	e.ID = id
	return e
}

// ofTenant sets the tenant of entries.
func ofTenant(tenant string, entries ...oplog.Entry) []oplog.Entry {
	for i := range entries {
		entries[i].Tenant = tenant
	}
	return entries
}

// append appends entries and returns the receipts as "id seq status, …".
func (s *store) append(entries ...oplog.Entry) string {
	s.t.Helper()
	receipts, err := s.Append(s.t.Context(), acme, entries, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	return format(receipts)
}

func format(receipts []oplog.Receipt) string {
	var spelled []string
	for _, r := range receipts {
		spelled = append(spelled, fmt.Sprintf("%s %d %s", r.ID, r.Seq, r.Status))
	}
	return strings.Join(spelled, ", ")
}

// names returns the content names of entries.
func names(entries []oplog.Entry) string {
	var found []string
	for i := range entries {
		found = append(found, entries[i].Content.Name)
	}
	return strings.Join(found, " ")
}

// arrivals returns the contents of the entries from one arrival to another.
func (s *store) arrivals(from, to uint64) string {
	s.t.Helper()
	var found []oplog.Entry
	if err := s.Arrivals(s.t.Context(), acme, from, to, collect(&found)); err != nil {
		s.t.Fatal(err)
	}
	for i := 1; i < len(found); i++ {
		if found[i].Seq <= found[i-1].Seq {
			s.t.Errorf("arrival %d follows %d", found[i].Seq, found[i-1].Seq)
		}
	}
	return names(found)
}

// scanned returns the contents of the entries from one key to another.
func (s *store) scanned(from, to oplog.Key) string {
	s.t.Helper()
	var found []oplog.Entry
	if err := s.Scan(s.t.Context(), acme, from, to, collect(&found)); err != nil {
		s.t.Fatal(err)
	}
	for i := 1; i < len(found); i++ {
		if found[i].Key().Compare(found[i-1].Key()) <= 0 {
			s.t.Errorf("%s follows %s", found[i].Key().ID(), found[i-1].Key().ID())
		}
	}
	return names(found)
}

func collect(found *[]oplog.Entry) func(oplog.Entry) error {
	return func(e oplog.Entry) error {
		*found = append(*found, e)
		return nil
	}
}

// counts checks a tenant's numbers of entries and skipped operations.
func (s *store) counts(tenant string, entries, skipped uint64) {
	s.t.Helper()
	if e, k, err := s.Counts(tenant); e != entries || k != skipped || err != nil {
		s.t.Errorf("%s has %d entries, %d skipped, %v; want %d and %d", tenant, e, k, err, entries, skipped)
	}
}

// assertEqual reports an error if two texts differ.
func (s *store) assertEqual(got, want string) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s\nwant %s", got, want)
	}
}
