package search

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"oplog/oplog"
	"oplog/storage"
)

// TestOpenHonorsItsCaller: a caller that gives up does not wait for the tail to become shorter.
func TestOpenHonorsItsCaller(t *testing.T) {
	l := newLog(t, t.TempDir())
	defer closeLog(t, l)
	awaitReady(t, l)
	l.index.mu.Lock()
	of := l.index.tenants[tenant]
	l.index.mu.Unlock()
	of.buildMu.Lock() // nothing is flushed
	defer of.buildMu.Unlock()
	for from := 0; ; from += 20 {
		of.mu.Lock()
		full := len(of.tail) >= smallSizes.maxTail
		of.mu.Unlock()
		if full {
			break
		}
		record(t, l, from, from+20, func(n int) int { return n })
	}
	ctx, cancel := context.WithCancel(t.Context())
	opened := make(chan error, 1)
	go func() { opened <- l.index.Open(ctx, tenant) }()
	cancel()
	if err := <-opened; !errors.Is(err, context.Canceled) {
		t.Errorf("Open returned %v", err)
	}
}

// hookedStore calls putting before it writes a record.
type hookedStore struct {
	oplog.Store
	putting func(kind oplog.RecordKind, name string)
}

func (s *hookedStore) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	if s.putting != nil {
		s.putting(kind, name)
	}
	return s.Store.PutRecord(kind, name, replaces, data)
}

// TestRebuildSyncsUnderNoSharedLock: while one tenant's manifest is written, queries of others succeed.
func TestRebuildSyncsUnderNoSharedLock(t *testing.T) {
	db, err := storage.Open(t.TempDir(), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &hookedStore{Store: db}
	x, err := open(filepath.Join(t.TempDir(), "index"), store, smallSizes)
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	store.putting = func(kind oplog.RecordKind, name string) {
		if kind != oplog.RecordIndex || name != tenant {
			return
		}
		written++
		if _, _, err := x.Page(t.Context(), "other", oplog.Match{}, oplog.Key{}, 1); err != nil {
			t.Error(err)
		}
	}
	if err := x.Rebuild(t.Context(), tenant, func(_, _ uint64) {}); err != nil || written == 0 {
		t.Errorf("rebuilt with %d writes: %v", written, err)
	}
	if err := errors.Join(x.Close(), db.Close()); err != nil {
		t.Error(err)
	}
}
