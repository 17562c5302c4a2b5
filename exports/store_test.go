package exports_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/exports"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// An export from a store that has lost entries known to the index must not succeed.
func TestExportFailsIfEntriesAreMissing(t *testing.T) {
	l := newLog(t)
	const n = 33_000 // more than the index keeps in memory when it is built
	var entries []oplog.Entry
	for i := range n {
		entries = append(entries, nodetest.Entry(fmt.Sprint(i), i/10))
	}
	for part := range slices.Chunk(entries, 10_000) {
		l.Record("acme", part...)
	}
	l.Must(nil, l.Journal.Reindex(t.Context(), "acme", func(_, _ uint64) {}))
	l.Stop()
	db, err := bolt.Open(filepath.Join(l.Dir, "oplog.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		days := tx.Bucket([]byte("tenants")).Bucket([]byte("acme")).Bucket([]byte("entries"))
		name, _ := days.Cursor().Last()
		key, _ := days.Bucket(name).Cursor().Last() // the first to arrive, so that it is in a segment
		return days.Bucket(name).Delete(key)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	l.Start()
	for _, filters := range []oplog.Filters{{}, {Values: oplog.Values{Modules: []string{"sms"}}}} {
		x := l.ended(l.export(exports.Export{Tenant: "acme", Range: oplog.RangeLast30Days, Filters: filters}), exports.Failed)
		if !strings.Contains(x.Error, fmt.Sprintf("The store has only %d of the %d operations", n-1, n)) && !strings.Contains(x.Error, "is damaged in the store") {
			t.Errorf("%+v: %s", filters, x.Error)
		}
	}
	if left := l.files(); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
