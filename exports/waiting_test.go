package exports_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oplog/exports"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// awayStore is a store whose entries cannot be read from some read on, as those of archived days without the archive.
type awayStore struct {
	anyStore
	reads  atomic.Int64 // left before it is away
	failed atomic.Int64
	why    atomic.Pointer[oplog.Error]
}

type anyStore interface{ oplog.Store }

func (s *awayStore) here() error {
	if s.reads.Add(-1) >= 0 {
		return nil
	}
	s.failed.Add(1)
	return s.why.Load()
}

func (s *awayStore) Get(tenant string, keys []oplog.Key, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	if err := s.here(); err != nil {
		return nil, err
	}
	return s.anyStore.Get(tenant, keys, into)
}

func (s *awayStore) Older(tenant string, before, from oplog.Key, n int, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	if err := s.here(); err != nil {
		return nil, err
	}
	return s.anyStore.Older(tenant, before, from, n, into)
}

var errAway = oplog.Refuse(oplog.CodeUnavailable, "archive-unavailable", "Operations of {dates} (UTC) are in the archive.", "2026-01-01")

// newAway returns a log with 600 entries of acme, which are read in three chunks, and its store.
func newAway(t *testing.T) (*testLog, *awayStore) {
	t.Helper()
	l, s := newLog(t), &awayStore{}
	s.why.Store(errAway)
	s.reads.Store(1 << 40)
	l.Wrap = func(store oplog.Store) oplog.Store {
		s.anyStore = store
		return s
	}
	l.Restart()
	var entries []oplog.Entry
	for i := range 600 {
		entries = append(entries, nodetest.InOrganization("root", nodetest.Entry(fmt.Sprint("c", i), i%400)))
	}
	l.Record("acme", entries...)
	return l, s
}

// content returns the file of an export.
func (l *testLog) content(x exports.Export) []byte {
	l.T.Helper()
	data, err := os.ReadFile(filepath.Join(l.Dir, "exports", x.ID+".txt"))
	l.Must(data, err)
	return data
}

// waiting waits until an export waits for the archive.
func (l *testLog) waiting(x exports.Export) exports.Export {
	l.T.Helper()
	for {
		now, err := l.Exports.Export(x.Tenant, x.ID, "")
		l.Must(now, err)
		if now.Waiting == exports.WaitsForArchive {
			return now
		}
		if now.Status != exports.Running {
			l.T.Fatalf("it is %s: %s", now.Status, now.Error)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestExportsWaitForTheArchive: an export that loses the archive on its way says so, goes on where it stopped, and has the same file as one that did not. The
// first is of a period, the second of what the index finds.
func TestExportsWaitForTheArchive(t *testing.T) {
	for _, x := range []exports.Export{
		{Tenant: "acme", Range: oplog.RangeToday},
		{Tenant: "acme", Range: oplog.RangeToday, Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"sms"}}}},
	} {
		l, s := newAway(t)
		whole := l.ended(l.export(x), exports.Done)
		if whole.RowsTotal < 300 {
			t.Fatalf("only %d rows", whole.RowsTotal)
		}
		s.reads.Store(1)
		one := l.export(x)
		now := l.waiting(one)
		if now.RowsDone != 256 || now.Status != exports.Running {
			t.Errorf("it waits with %d rows: %+v", now.RowsDone, now)
		}
		for s.failed.Load() < 3 {
			time.Sleep(time.Millisecond)
		}
		s.reads.Store(1 << 40)
		done := l.ended(one, exports.Done)
		if done.RowsTotal != whole.RowsTotal || done.Waiting != "" || done.Error != "" {
			t.Errorf("%+v", done)
		}
		if got, want := l.content(done), l.content(whole); !bytes.Equal(got, want) {
			t.Errorf("the file has %d bytes, the one without a pause %d", len(got), len(want))
		}
	}
}

// TestWaitingExportsEnd: after hours without the archive an export fails with the reason; it can be cancelled before, and another error ends it at once.
func TestWaitingExportsEnd(t *testing.T) {
	l, s := newAway(t)
	x := exports.Export{Tenant: "acme", Range: oplog.RangeToday}
	s.reads.Store(1)
	one := l.export(x)
	l.waiting(one)
	if cancelled, err := l.Exports.Remove(one); err != nil || !cancelled {
		t.Errorf("%v, %v", cancelled, err)
	}
	l.ended(one, exports.Cancelled)
	s.reads.Store(1)
	one = l.export(x)
	l.waiting(one)
	l.Clock.Advance(7 * time.Hour)
	if ended := l.ended(one, exports.Failed); ended.ErrorReason != errAway.Reason || ended.Waiting != "" || l.parts() != 0 {
		t.Errorf("%+v, %d parts", ended, l.parts())
	}
	s.reads.Store(1)
	s.why.Store(oplog.Refuse(oplog.CodeUnavailable, "archive-not-configured", "There is none."))
	if ended := l.ended(l.export(x), exports.Failed); !strings.Contains(ended.Error, "There is none") {
		t.Errorf("%+v", ended)
	}
}
