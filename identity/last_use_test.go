package identity_test

import (
	"net/netip"
	"sync/atomic"
	"testing"

	"oplog/identity"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// failing is a store in which a write fails, and that is read-only from then on until it is writable again.
type failing struct {
	oplog.Store
	next, failed atomic.Bool
}

var errFailed = oplog.Errorf(oplog.CodeUnavailable, "A disk write failed.")

func (s *failing) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return s.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (s *failing) PutRecords(changes []oplog.RecordChange, told ...oplog.Entry) error {
	if s.next.Swap(false) {
		s.failed.Store(true)
	}
	if s.failed.Load() {
		return errFailed
	}
	return s.Store.PutRecords(changes, told...)
}

func (s *failing) Failure() error {
	if s.failed.Load() {
		return errFailed
	}
	return nil
}

// TestKeyUseInAFailingWrite: the use of a key is not kept in memory, also if its own write is the first that fails. It would be stored by the next
// read of a record, which may be that of a key, under the lock that forgetting the key takes.
func TestKeyUseInAFailingWrite(t *testing.T) {
	l := nodetest.New(t)
	store := &failing{Store: l.Store}
	i := identity.New(store, l.Directory, oplog.Place{}, l.Clock.Now)
	key, text, err := i.AddKey("acme", identity.ScopeWrite, "crm")
	if err != nil {
		t.Fatal(err)
	}
	store.next.Store(true)
	if _, err := i.Key(text, netip.MustParseAddr("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	i.Close() // waits for the write
	if !store.failed.Load() {
		t.Fatal("the use of the key was not written")
	}
	keys, err := i.Keys("acme")
	if err != nil || len(keys) != 1 || !keys[0].LastUsedAt.IsZero() {
		t.Errorf("a use that was not stored is read: %+v, %v", keys, err)
	}
	store.failed.Store(false)
	i = identity.New(store, l.Directory, oplog.Place{}, l.Clock.Now)
	defer i.Close()
	if got, err := i.KeyByHash(key.Hash); err != nil || got.Name != "crm" {
		t.Errorf("%+v, %v", got, err)
	}
}
