package storage

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"oplog/oplog"
	"oplog/oplog/enginetest"
)

var update = flag.Bool("update", false, "write golden files")

var morning = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func openStore(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, db) })
	return db
}

func closeStore(t *testing.T, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// reopen closes a store and opens it again.
func reopen(t *testing.T, db *DB) *DB {
	t.Helper()
	closeStore(t, db)
	return openStore(t, db.dir)
}

// entry returns an entry without an id, some minutes before morning.
func entry(minutesAgo int, content string) oplog.Entry {
	return oplog.Entry{
		Tenant: "acme", Time: morning.Add(-time.Duration(minutesAgo) * time.Minute), ReceivedAt: morning, User: oplog.User{ID: "u1", Name: "Wang Fang"},
		Module: "sms", Operation: "send", Content: oplog.Ref{ID: "c", Name: content},
		Origin: oplog.OriginManual, Outcome: oplog.OutcomeSuccess,
	}
}

func withID(id string, e oplog.Entry) oplog.Entry {
	e.ID = id
	return e
}

// mustAppend appends entries to tenant acme and returns the receipts as "id seq status".
func mustAppend(t *testing.T, db *DB, entries ...oplog.Entry) string {
	t.Helper()
	receipts, err := db.Append(context.Background(), "acme", entries, 0)
	if err != nil {
		t.Fatal(err)
	}
	return format(receipts)
}

func format(receipts []oplog.Receipt) string {
	var s []string
	for _, r := range receipts {
		s = append(s, fmt.Sprintf("%s %d %s", r.ID, r.Seq, r.Status))
	}
	return strings.Join(s, ", ")
}

// put sets a record, replacing any.
func put(t *testing.T, db *DB, kind oplog.RecordKind, name, data string) {
	t.Helper()
	_, revision, err := db.Record(kind, name)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		t.Fatal(err)
	}
	if err := db.PutRecord(kind, name, revision, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// arrivals returns the contents of a tenant's entries in order of arrival, and scanned in key order.
func arrivals(t *testing.T, db *DB, from uint64) string {
	t.Helper()
	var names []string
	next := from
	err := db.Arrivals(context.Background(), "acme", from, 0, func(e oplog.Entry) error {
		if e.Seq != max(next, 1) {
			t.Errorf("seq %d comes where %d should", e.Seq, next)
		}
		next = e.Seq + 1
		names = append(names, e.Content.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func scanned(t *testing.T, db *DB, from, to oplog.Key) string {
	t.Helper()
	var names []string
	var last oplog.Key
	err := db.Scan(context.Background(), "acme", from, to, func(e oplog.Entry) error {
		if e.Key().Compare(last) <= 0 {
			t.Errorf("%s comes after %s", e.Key().ID(), last.ID())
		}
		last = e.Key()
		names = append(names, e.Content.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

// checkStore checks all invariants of a tenant.
func checkStore(t *testing.T, db *DB, tenant string) {
	t.Helper()
	err := db.bolt.Load().View(func(tx *bolt.Tx) error {
		tree, err := readTree(tx, tenant)
		if oplog.CodeOf(err) == oplog.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		size, err := tree.size()
		if err != nil {
			return err
		}
		leaves := checkArrivals(t, tx, tenant, tree, size)
		checkEntries(t, tx, tenant, size)
		checkIDs(t, tx, tenant)
		root, err := tlog.TreeHash(int64(size), tree)
		if err != nil {
			return err
		}
		if want := enginetest.RootOf(leaves); root != want {
			t.Errorf("%s: the tree of %d has root %s, want %s", tenant, size, root, want)
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", tenant, err)
	}
}

// checkArrivals checks that arrivals 1 … size each lead to the entry with that seq, whose bytes the leaf hashes.
func checkArrivals(t *testing.T, tx *bolt.Tx, tenant string, tree tree, size uint64) []tlog.Hash {
	t.Helper()
	var leaves []tlog.Hash
	for seq := uint64(1); seq <= size; seq++ {
		key, leaf, err := tree.arrival(seq)
		if err != nil {
			t.Fatalf("%s: %v", tenant, err)
		}
		data, err := entryAt(tx, tenant, key)
		if err != nil {
			t.Fatalf("%s: arrival %d: %v", tenant, seq, err)
		}
		e, err := decodeEntry(data)
		if err != nil || e.Seq != seq || e.Tenant != tenant || e.Key() != key {
			t.Errorf("%s: arrival %d leads to %d of %s at %s, %v", tenant, seq, e.Seq, e.Tenant, e.Time, err)
		}
		if want := enginetest.LeafHash(data); leaf != want {
			t.Errorf("%s: arrival %d has leaf %s, want %s", tenant, seq, leaf, want)
		}
		leaves = append(leaves, leaf)
	}
	if _, _, err := tree.arrival(size + 1); err == nil {
		t.Errorf("%s: there is an arrival after the last", tenant)
	}
	return leaves
}

// checkEntries checks that each entry is under its date and key, has arrived, and is found by its sender's id.
func checkEntries(t *testing.T, tx *bolt.Tx, tenant string, size uint64) {
	t.Helper()
	ids := tx.Bucket(bucketTenants).Bucket([]byte(tenant)).Bucket([]byte(nameIDs))
	seen := make(map[uint64]bool)
	err := eachNested(entriesBucket(tx, tenant), func(date, key, data []byte) error {
		e, err := decodeEntry(data)
		if err != nil {
			return err
		}
		if k := e.Key(); !bytes.Equal(key, k[:]) || dateOf(e.Time) != string(date) || seen[e.Seq] || e.Seq < 1 || e.Seq > size {
			t.Errorf("%s: entry %d at %s stands on %s under %x", tenant, e.Seq, e.Time, date, key)
		}
		seen[e.Seq] = true
		if e.ID != e.Key().ID() {
			var seqs []uint64
			for _, run := range runsOfDate(ids, string(date)) {
				run.find(hashID(e.ID), func(seq uint64) bool {
					seqs = append(seqs, seq)
					return false
				})
			}
			if len(seqs) != 1 || seqs[0] != e.Seq {
				t.Errorf("%s: id %s leads to %d, not to its entry %d", tenant, e.ID, seqs, e.Seq)
			}
		}
		return nil
	})
	if err != nil || uint64(len(seen)) != size {
		t.Errorf("%s: %d entries for %d arrivals, %v", tenant, len(seen), size, err)
	}
}

// checkIDs checks that each sender's id leads to an entry with that id, and that runs are sorted.
func checkIDs(t *testing.T, tx *bolt.Tx, tenant string) {
	t.Helper()
	b := tx.Bucket(bucketTenants).Bucket([]byte(tenant))
	arrivals := tree{arrivals: b.Bucket([]byte(nameArrivals))}
	err := eachNested(b.Bucket([]byte(nameIDs)), func(name, _, value []byte) error {
		run, last := idRun(value), idRecord{}
		for i := range run.len() {
			r := run.at(i)
			key, _, err := arrivals.arrival(r.seq)
			if err != nil {
				return err
			}
			data, err := entryAt(tx, tenant, key)
			if err != nil {
				return err
			}
			if e, err := decodeEntry(data); err != nil || hashID(e.ID) != r.hash || dateOf(e.Time) != string(name[:dateSize]) || r.hash < last.hash {
				t.Errorf("%s: id %x in run %q leads to %s at %s, %v", tenant, r.hash, name, e.ID, e.Time, err)
			}
			last = r
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", tenant, err)
	}
}

// eachNested calls visit for all pairs in nested buckets.
func eachNested(b *bolt.Bucket, visit func(name, key, value []byte) error) error {
	return b.ForEachBucket(func(name []byte) error {
		return b.Bucket(name).ForEach(func(key, value []byte) error { return visit(name, key, value) })
	})
}

// copyStore copies the file of an idle store, as a crash would leave it.
func copyStore(t *testing.T, from, dir string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(from), keyName)); err == nil { // fixtures of earlier formats have it inside
		copyKey(t, filepath.Dir(from), dir)
	}
	if head, err := os.ReadFile(filepath.Join(filepath.Dir(from), headName)); err == nil && filepath.Base(from) == fileName { // others have none
		if err := os.WriteFile(filepath.Join(dir, headName), head, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// copyKey copies the signing key of a store, which its copies and backups need.
func copyKey(t *testing.T, from, dir string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(from, keyName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, keyName), key, 0o600); err != nil {
		t.Fatal(err)
	}
}

// golden compares a text with a file of testdata, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
