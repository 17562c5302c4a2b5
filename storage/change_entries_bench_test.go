package storage

import (
	"fmt"
	"testing"

	"oplog/oplog"
)

// BenchmarkChange changes a record and records an entry of the change: in one transaction, and in two, as before changes were stored with their entries.
func BenchmarkChange(b *testing.B) {
	open := func(b *testing.B) *DB {
		b.Helper()
		db, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = db.Close() })
		return db
	}
	b.Run("together", func(b *testing.B) {
		db, last := open(b), []byte(nil)
		for i := range b.N {
			next := fmt.Append(nil, i)
			if err := putWithEntry(db, "a", last, next); err != nil {
				b.Fatal(err)
			}
			last = next
		}
	})
	b.Run("apart", func(b *testing.B) {
		db, last := open(b), []byte(nil)
		for i := range b.N {
			next := fmt.Append(nil, i)
			if err := db.PutRecord(oplog.RecordAccount, "a", oplog.RevisionOf(last), next); err != nil {
				b.Fatal(err)
			}
			if _, err := db.Append(b.Context(), oplog.TrailName("acme"), []oplog.Entry{entry(0, string(next))}, 0); err != nil {
				b.Fatal(err)
			}
			last = next
		}
	})
}
