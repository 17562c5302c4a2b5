package storage

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// A damaged page causes errors in operations that need it, and nothing else.
func TestDamagedPages(t *testing.T) {
	db := openStore(t, t.TempDir())
	var entries []oplog.Entry
	for i := range 600 {
		entries = append(entries, withID(fmt.Sprint("own-", i), entry(i*7, fmt.Sprint("content ", i))))
	}
	mustAppend(t, db, entries...)
	closeStore(t, db)
	file := filepath.Join(db.dir, fileName)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	page := os.Getpagesize()
	for at := 2 * page; at < len(whole); at += page {
		if bytes.Count(whole[at:at+page], []byte{0}) == page {
			continue // unused
		}
		dir := t.TempDir()
		damaged := bytes.Clone(whole)
		copy(damaged[at:], bytes.Repeat([]byte{0xff}, page))
		if err := os.WriteFile(filepath.Join(dir, fileName), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		copyKey(t, filepath.Dir(file), dir)
		db, err := Open(dir, Options{AcceptLoss: true}) // there is no head
		if err != nil {
			continue
		}
		for _, err := range useAll(db, entries) {
			if err != nil {
				failed++
			}
		}
		_ = db.Close() // may be damaged, too
	}
	if failed == 0 {
		t.Error("nothing failed")
	}
}

// TestMissingBuckets: where a page does not lead to what each store has, nothing is told as not being there.
func TestMissingBuckets(t *testing.T) {
	ctx := context.Background()
	read := map[string]func(db *DB) error{
		"record":  func(db *DB) error { _, _, err := db.Record(oplog.RecordKey, "a"); return err },
		"records": func(db *DB) error { _, err := db.Records(oplog.RecordKey, ""); return err },
		"put": func(db *DB) error {
			return db.PutRecord(oplog.RecordKey, "b", oplog.Revision{}, []byte("{}"))
		},
		"append": func(db *DB) error { _, err := db.Append(ctx, "acme", []oplog.Entry{entry(9, "again")}, 0); return err },
		"get": func(db *DB) error {
			_, err := db.Find("acme", "own", func(*oplog.Entry) bool { return true })
			return err
		},
	}
	for missing, operations := range map[string][]string{
		string(oplog.RecordKey): {"record", "records", "put"}, string(bucketRecords): {"record", "records", "put"}, string(bucketTenants): {"append", "get"},
	} {
		db := openStore(t, t.TempDir())
		mustAppend(t, db, withID("own", entry(7, "content")))
		if err := db.PutRecord(oplog.RecordKey, "a", oplog.Revision{}, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		err := db.update(func(tx *bolt.Tx) error {
			if missing == string(oplog.RecordKey) {
				return tx.Bucket(bucketRecords).DeleteBucket([]byte(missing))
			}
			return tx.DeleteBucket([]byte(missing))
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range operations {
			if err := read[name](db); oplog.CodeOf(err) != oplog.CodeDamaged || !strings.Contains(err.Error(), fmt.Sprintf("no bucket %q", missing)) {
				t.Errorf("without %s: %s: %v", missing, name, err)
			}
		}
		_ = db.Close() // may be damaged, too
	}
}

// useAll runs every operation that reads or writes entries.
func useAll(db *DB, entries []oplog.Entry) []error {
	ctx := context.Background()
	visit := func(oplog.Entry) error { return nil }
	var keys []oplog.Key
	for seq := range 600 {
		keys = append(keys, oplog.MakeKey(entries[seq].Time, uint64(seq+1)))
	}
	_, got := db.Get("acme", keys, nil)
	_, found := db.Find("acme", "own-3", nil)
	_, older := db.Older("acme", oplog.MakeKey(morning, 0), oplog.Key{}, 1000, nil)
	_, _, counted := db.Counts("acme")
	_, proven := db.Prove("acme", keys[5], 0)
	_, consistent := db.ProveConsistency("acme", 3, 0)
	_, head := db.Checkpoint("acme")
	_, days := db.DaysBefore(ctx, "acme", "2027-01-01")
	_, arrived := db.Arrived("acme", keys[9])
	_, _, record := db.Record(oplog.RecordTenant, "acme")
	_, records := db.Records(oplog.RecordTenant, "")
	_, tenants := db.Tenants()
	_, verified := db.Verify(ctx, "acme", nil, func(_, _ uint64) {})
	return []error{
		got, found, older, counted, proven, consistent, head, days, arrived, record, records, tenants, verified,
		db.Arrivals(ctx, "acme", 1, 0, visit), db.Scan(ctx, "acme", oplog.Key{}, oplog.Key{}, visit), db.Conflicts("acme", entries),
		db.DeleteDays(ctx, "acme", oplog.Days{From: "2026-11-17", To: "2026-11-18"}),
		db.BeginDeletion(&oplog.Deletion{Tenant: "acme", ID: "x", Days: []oplog.Days{{From: "2026-11-17", To: "2026-11-18"}}}),
		db.PutRecord(oplog.RecordTenant, "acme", oplog.Revision{}, []byte("{}")),
		func() error { _, err := db.Append(ctx, "acme", []oplog.Entry{entry(3, "more")}, 0); return err }(),
	}
}
