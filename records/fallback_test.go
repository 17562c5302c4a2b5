package records_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/records"
)

type store interface{ oplog.Records }

// slowStore is a store in memory that can fail, and whose writes can be made to wait.
type slowStore struct {
	store
	mu      sync.Mutex
	data    map[string][]byte
	failure error
	entered chan struct{} // if set, a write signals that it has begun, and waits
	release chan struct{}
	stored  func() // if set, called once a write is committed, before it returns
}

func (s *slowStore) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

func (s *slowStore) setFailure(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = err
}

func (s *slowStore) Record(kind oplog.RecordKind, name string) ([]byte, oplog.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data := s.data[name]
	if data == nil {
		return nil, oplog.Revision{}, oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
	}
	return data, oplog.RevisionOf(data), nil
}

func (s *slowStore) Records(_ oplog.RecordKind, prefix string) (all []oplog.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, data := range s.data {
		if data != nil && strings.HasPrefix(name, prefix) {
			all = append(all, oplog.Record{Name: name, Data: data})
		}
	}
	return all, nil
}

func (s *slowStore) PutRecords(changes []oplog.RecordChange, _ ...oplog.Entry) error {
	if s.entered != nil {
		s.entered <- struct{}{}
		<-s.release
	}
	if err := s.commit(changes); err != nil {
		return err
	}
	if s.stored != nil {
		s.stored()
	}
	return nil
}

func (s *slowStore) commit(changes []oplog.RecordChange) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	for _, c := range changes {
		if oplog.RevisionOf(s.data[c.Name]) != c.Replaces {
			return oplog.ErrRevision
		}
		s.data[c.Name] = c.Data
	}
	return nil
}

// TestReadersDoNotWaitForKeptChanges: while changes that were kept in memory are being stored, readers do not wait for that, and reads
// them.
func TestReadersDoNotWaitForKeptChanges(t *testing.T) {
	s := &slowStore{data: map[string][]byte{"old": []byte(`"old"`)}, failure: oplog.Errorf(oplog.CodeUnavailable, "read-only")}
	none := func(oplog.RecordKind, string, []byte) string { return "" }
	f := records.NewFallback(s, none, func(oplog.RecordKind, string, []byte) {})
	for _, name := range []string{"a", "b"} {
		if err := records.Create(f.InMemory(f), oplog.RecordSession, name, name); err != nil {
			t.Fatal(err)
		}
	}
	s.setFailure(nil)
	s.entered, s.release = make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() { _, _ = records.Read[string](f, oplog.RecordSession, "a") }) // the first reader stores them
	<-s.entered
	read := make(chan struct{})
	go func() {
		got, err := records.Read[string](f, oplog.RecordSession, "b")
		all, errs := records.List[string](f, oplog.RecordSession, "")
		if err != nil || errs != nil || got != "b" || strings.Join(all, " ") != "a b old" {
			t.Errorf("read %q, %v, and %q, %v", got, err, all, errs)
		}
		close(read)
	}()
	select {
	case <-read:
	case <-time.After(10 * time.Second):
		t.Error("a reader waits until others' changes are stored")
	}
	s.release <- struct{}{}
	group.Wait()
	s.entered = nil
	if all, err := records.List[string](f, oplog.RecordSession, ""); err != nil || len(all) != 3 || len(s.data) != 3 {
		t.Errorf("%q, %v; the store has %d", all, err, len(s.data))
	}
}

// TestSignOutWhileStored: a session that was kept in memory is removed while it is being stored, after its transaction and as the store fails
// again. It is not read again, is removed from the store in the end, and uses its tenant's share until then.
func TestSignOutWhileStored(t *testing.T) {
	failure := oplog.Errorf(oplog.CodeUnavailable, "read-only")
	s := &slowStore{data: make(map[string][]byte), failure: failure}
	acme := func(oplog.RecordKind, string, []byte) string { return "acme" }
	f := records.NewFallback(s, acme, func(oplog.RecordKind, string, []byte) {})
	memory := f.InMemory(f)
	if err := records.Create(memory, oplog.RecordSession, "a", "a"); err != nil {
		t.Fatal(err)
	}
	s.setFailure(nil)
	s.stored = func() {
		s.setFailure(failure)
		if err := records.Remove(memory, oplog.RecordSession, "a"); err != nil {
			t.Error(err)
		}
		wantNone(t, "before the write returned", f)
	}
	f.Flush()
	s.stored = nil
	wantNone(t, "while the store fails", f)
	for i := range records.MaxKeptOfTenant {
		err := records.Create(memory, oplog.RecordSession, fmt.Sprint("more", i), "more")
		if last := i == records.MaxKeptOfTenant-1; last != (err != nil) {
			t.Fatalf("kept change %d of a tenant: %v", i+2, err)
		}
	}
	s.setFailure(nil)
	f.Flush()
	wantNone(t, "in the end", f)
	if s.data["a"] != nil {
		t.Error("the store has a session that was signed out")
	}
}

// wantNone checks that session a is not read.
func wantNone(t *testing.T, when string, f *records.Fallback) {
	t.Helper()
	if _, err := records.Read[string](f, oplog.RecordSession, "a"); oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Errorf("%s: the session is read: %v", when, err)
	}
	if all, err := records.List[string](f, oplog.RecordSession, "a"); err != nil || len(all) > 0 {
		t.Errorf("%s: %d sessions are listed: %v", when, len(all), err)
	}
}
