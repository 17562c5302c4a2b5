package trail_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/storage"
)

// weighingStore counts the bytes of unfinished entries that are written.
type weighingStore struct {
	oplog.Store
	bytes atomic.Int64
}

func (w *weighingStore) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return w.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

func (w *weighingStore) PutRecords(changes []oplog.RecordChange, told ...oplog.Entry) error {
	for _, c := range changes {
		if strings.HasPrefix(c.Name, "acts") {
			w.bytes.Add(int64(len(c.Data)))
		}
	}
	return w.Store.PutRecords(changes, told...)
}

// TestReadsDoNotWriteOthers: what a read writes before it is answered does not grow with what others are reading.
func TestReadsDoNotWriteOthers(t *testing.T) {
	store, err := storage.Open(t.TempDir(), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &weighingStore{Store: store}
	clock := &nodetest.Clock{At: nodetest.Morning}
	log, err := node.New(w, noIndex{}, node.Options{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	l := &testLog{&nodetest.Log{T: t, Node: log}}
	defer l.Stop()
	l.Must(l.Directory.AddTenant(oplog.Tenant{ID: "acme", Name: "Acme"}))
	long := strings.Repeat("x", 1000)
	for i := range 200 {
		l.Trail.Add(reading(fmt.Sprint("of others ", i), "search q="+long))
	}
	l.Trail.Sync()
	all := w.bytes.Swap(0)
	const reads = 20
	for i := range reads {
		l.Trail.Add(reading(fmt.Sprint("own ", i), "search q="+long))
		l.Trail.Sync()
	}
	if each := w.bytes.Load() / reads; all < 50_000 || each > all/20 {
		t.Errorf("a read writes %d bytes beside %d of others", each, all)
	}
	l.Trail.Flush()
	if left, err := store.Records(oplog.RecordServer, "acts"); err != nil || len(left) > 0 {
		t.Errorf("%d records are left, %v", len(left), err)
	}
}

// TestUnfinishedEntriesOfEarlierVersions: the one record in which earlier versions have them is read, and removed.
func TestUnfinishedEntriesOfEarlierVersions(t *testing.T) {
	l := newLog(t)
	l.Stop()
	store, err := storage.Open(l.Dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := oplog.Entry{ID: "ONE", Time: nodetest.Morning, User: oplog.User{ID: "ann", Name: "ann"}, Module: "log", Operation: "search", Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess}
	data, err := json.Marshal([]map[string]any{{"trail": "acme/access", "entry": e}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutRecord(oplog.RecordServer, "acts", oplog.Revision{}, data); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l.Start()
		if got := l.trailLines(); got != "search" {
			t.Errorf("the trail has %q", got)
		}
		l.Stop()
	}
	if store, err = storage.Open(l.Dir, storage.Options{}); err != nil {
		t.Fatal(err)
	}
	if left, err := store.Records(oplog.RecordServer, "acts"); err != nil || len(left) > 0 {
		t.Errorf("%d records are left, %v", len(left), err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	l.Start()
}
