package storage

import (
	"errors"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

func put(t *testing.T, db *DB, kind oplog.RecordKind, name, data string) {
	t.Helper()
	if err := db.ChangeRecord(kind, name, func([]byte) ([]byte, error) { return []byte(data), nil }); err != nil {
		t.Fatal(err)
	}
}

func TestRecords(t *testing.T) {
	db := openStore(t, t.TempDir())
	list := func(kind oplog.RecordKind, prefix string) string {
		t.Helper()
		records, err := db.Records(kind, prefix)
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, r := range records {
			s = append(s, r.Name+"="+string(r.Data))
		}
		return strings.Join(s, " ")
	}
	// The store reads deletions itself; see TestDeletion.
	for _, kind := range slices.DeleteFunc(slices.Clone(oplog.RecordKinds), func(k oplog.RecordKind) bool { return k == oplog.RecordDeletion }) {
		if _, err := db.Record(kind, "a"); oplog.CodeOf(err) != oplog.CodeNotFound {
			t.Errorf("%s/a: %v", kind, err)
		}
		if got := list(kind, ""); got != "" {
			t.Errorf("%s has %s", kind, got)
		}
		put(t, db, kind, "b/1", string(kind))
		put(t, db, kind, "a/2", "2")
		put(t, db, kind, "a/1", "1")
		put(t, db, kind, "a", "")
	}
	db = reopen(t, db)
	// The store reads deletions itself; see TestDeletion.
	for _, kind := range slices.DeleteFunc(slices.Clone(oplog.RecordKinds), func(k oplog.RecordKind) bool { return k == oplog.RecordDeletion }) {
		if data, err := db.Record(kind, "b/1"); err != nil || string(data) != string(kind) {
			t.Errorf("%s, %v", data, err)
		}
		for prefix, want := range map[string]string{
			"": "a= a/1=1 a/2=2 b/1=" + string(kind), "a/": "a/1=1 a/2=2", "b/1": "b/1=" + string(kind), "c": "", "a/1x": "",
		} {
			if got := list(kind, prefix); got != want {
				t.Errorf("%s with %q: %s, want %s", kind, prefix, got, want)
			}
		}
	}
}

func TestChangeRecord(t *testing.T) {
	db := openStore(t, t.TempDir())
	commits := func() (n int) {
		t.Helper()
		if err := db.bolt.View(func(tx *bolt.Tx) error { n = tx.ID(); return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	failure := errors.New("no")
	f := func(t *testing.T, wantOld, data string, changeErr error, wantCommits int) {
		t.Helper()
		before := commits()
		spelled := func(b []byte) string {
			if b == nil {
				return "none"
			}
			return string(b)
		}
		var old string
		err := db.ChangeRecord(oplog.RecordTenant, "a", func(b []byte) ([]byte, error) {
			old = spelled(b)
			if data == "none" {
				return nil, changeErr
			}
			return []byte(data), changeErr
		})
		if !errors.Is(err, changeErr) || old != wantOld || commits()-before != wantCommits {
			t.Errorf("given %q, %v, %d commits; want %q, %v, %d", old, err, commits()-before, wantOld, changeErr, wantCommits)
		}
		want := data
		if changeErr != nil {
			want = wantOld
		}
		b, err := db.Record(oplog.RecordTenant, "a")
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound || spelled(b) != want {
			t.Errorf("then it is %q, %v, want %q", spelled(b), err, want)
		}
	}
	f(t, "none", "none", nil, 0)
	f(t, "none", "x", failure, 0)
	f(t, "none", "x", nil, 1)
	f(t, "x", "x", nil, 0) // nothing is written
	f(t, "x", "y", failure, 0)
	f(t, "x", "none", failure, 0)
	f(t, "x", "", nil, 1)
	f(t, "", "", nil, 0)
	f(t, "", "y", nil, 1)
	f(t, "y", "none", nil, 1)
	f(t, "none", "none", nil, 0)
}
