package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

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
		if _, _, err := db.Record(kind, "a"); oplog.CodeOf(err) != oplog.CodeNotFound {
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
		if data, _, err := db.Record(kind, "b/1"); err != nil || string(data) != string(kind) {
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

// A record changes only from the revision that the change was made from, and what
// is told of is on disk.
func TestPutRecord(t *testing.T) {
	db := openStore(t, t.TempDir())
	var told []string
	db.OnRecord(func(kind oplog.RecordKind, name string) {
		data, _, err := db.Record(kind, name)
		told = append(told, fmt.Sprintf("%s/%s=%s %v", kind, name, data, err == nil))
	})
	revision := func(data string) oplog.Revision { return oplog.RevisionOf([]byte(data)) }
	var none oplog.Revision
	f := func(replaces oplog.Revision, data []byte, want error, then string) {
		t.Helper()
		if err := db.PutRecord(oplog.RecordTenant, "a", replaces, data); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		held, is, err := db.Record(oplog.RecordTenant, "a")
		if string(held) != then || is != oplog.RevisionOf(held) || (oplog.CodeOf(err) == oplog.CodeNotFound) != (held == nil) {
			t.Errorf("it is %q of %x, %v; want %q", held, is, err, then)
		}
	}
	f(revision("x"), []byte("y"), oplog.ErrRevision, "")
	f(none, []byte("x"), nil, "x")
	f(none, []byte("y"), oplog.ErrRevision, "x")
	f(revision("y"), nil, oplog.ErrRevision, "x")
	f(revision("x"), []byte{}, nil, "")
	f(none, []byte("y"), oplog.ErrRevision, "") // empty is not none
	f(revision(""), []byte("y"), nil, "y")
	f(revision("y"), nil, nil, "")
	f(none, nil, nil, "")
	want := "[tenants/a=x true tenants/a= true tenants/a=y true tenants/a= false tenants/a= false]"
	if got := fmt.Sprint(told); got != want {
		t.Errorf("told of %s, want %s", got, want)
	}
}
