package records_test

import (
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
		if strings.HasPrefix(name, prefix) {
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

// TestReadersDoNotWaitForKeptChanges: while changes that were kept in memory are being stored, whoever reads does not wait for that, and reads
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
