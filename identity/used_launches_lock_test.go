package identity

import (
	"testing"
	"time"

	"oplog/oplog"
	"oplog/records"
)

type store interface{ oplog.Records }

// lockedStore is a store that has no records, can fail, and calls written for each write.
type lockedStore struct {
	store
	failure error
	written func()
}

func (s *lockedStore) Failure() error { return s.failure }

func (s *lockedStore) OnRecord(func(oplog.RecordKind, string)) {}

func (s *lockedStore) Record(kind oplog.RecordKind, name string) ([]byte, oplog.Revision, error) {
	return nil, oplog.Revision{}, oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
}

func (s *lockedStore) Records(oplog.RecordKind, string) ([]oplog.Record, error) { return nil, nil }

func (s *lockedStore) RecordsAfter(oplog.RecordKind, string, string, int) ([]oplog.Record, error) {
	return nil, nil
}

func (s *lockedStore) PutRecords([]oplog.RecordChange, ...oplog.Entry) error {
	s.written()
	return nil
}

// TestLaunchesAreCountedAfterStoring: changes that were kept in memory are not stored while the lock of the used links is held.
func TestLaunchesAreCountedAfterStoring(t *testing.T) {
	s := &lockedStore{failure: oplog.Errorf(oplog.CodeUnavailable, "read-only")}
	i := New(s, nil, oplog.Place{}, time.Now)
	writes := 0
	s.written = func() {
		writes++
		if !i.launches.mu.TryLock() {
			t.Error("the store is written while the lock is held")
			return
		}
		i.launches.mu.Unlock()
	}
	if err := records.Create(i.inMemory, oplog.RecordLaunch, "acme/a", usedLaunch{time.Now(), "key"}); err != nil {
		t.Fatal(err)
	}
	s.failure = nil
	if err := i.takeLaunch("key"); err != nil || writes != 1 {
		t.Errorf("%v, %d writes", err, writes)
	}
}
