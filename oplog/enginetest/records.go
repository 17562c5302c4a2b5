package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

var recordsChecks = []check{
	{"records of each kind are listed by name and prefix", listsRecords},
	{"RecordsAfter returns the first records after a name", listsRecordsAfter},
	{"PutRecord replaces the revision it names and nothing else", replacesRevisions},
	{"PutRecords replaces all records or none", replacesAllOrNone},
	{"PutRecords records its changes with the entries that tell of them, both or neither", recordsBothOrNeither},
	{"every OnRecord is called before PutRecord returns", callsOnRecord},
}

// put writes a record, replacing any existing one.
func (s *store) put(kind oplog.RecordKind, name, data string) {
	s.t.Helper()
	_, revision, err := s.Record(kind, name)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		s.t.Fatal(err)
	}
	if err := s.PutRecord(kind, name, revision, []byte(data)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *store) records(kind oplog.RecordKind, prefix string) string {
	s.t.Helper()
	records, err := s.Records(kind, prefix)
	if err != nil {
		s.t.Fatal(err)
	}
	var found []string
	for _, r := range records {
		found = append(found, r.Name+"="+string(r.Data))
	}
	return strings.Join(found, " ")
}

func listsRecords(t *testing.T, s *store) {
	// The store itself reads deletions and archived days; they are checked with the Retainer.
	kinds := slices.DeleteFunc(slices.Clone(oplog.RecordKinds), func(k oplog.RecordKind) bool {
		return k == oplog.RecordDeletion || k == oplog.RecordArchive
	})
	for _, kind := range kinds {
		if _, revision, err := s.Record(kind, "a"); oplog.CodeOf(err) != oplog.CodeNotFound || revision != (oplog.Revision{}) {
			t.Errorf("%s/a: %x, %v", kind, revision, err)
		}
		s.assertEqual(s.records(kind, ""), "")
		s.put(kind, "b/1", string(kind))
		s.put(kind, "a/2", "2")
		s.put(kind, "a/1", "1")
		s.put(kind, "a", "")
	}
	s.acrossReopen(func() {
		for _, kind := range kinds {
			if data, revision, err := s.Record(kind, "b/1"); err != nil || string(data) != string(kind) || revision != oplog.RevisionOf(data) {
				t.Errorf("%s, %v", data, err)
			}
			for prefix, want := range map[string]string{
				"": "a= a/1=1 a/2=2 b/1=" + string(kind), "a/": "a/1=1 a/2=2", "b/1": "b/1=" + string(kind), "c": "", "a/1x": "",
			} {
				s.assertEqual(s.records(kind, prefix), want)
			}
		}
	})
}

func listsRecordsAfter(t *testing.T, s *store) {
	for _, name := range []string{"a", "a/1", "a/2", "a/3", "b/1", "b/2"} {
		s.put(oplog.RecordView, name, "of "+name)
	}
	s.put(oplog.RecordKey, "a/2", "of another kind")
	f := func(prefix, after string, limit int, want string) {
		t.Helper()
		found, err := s.RecordsAfter(oplog.RecordView, prefix, after, limit)
		var names []string
		for _, r := range found {
			if names = append(names, r.Name); string(r.Data) != "of "+r.Name {
				t.Errorf("%s holds %s", r.Name, r.Data)
			}
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("%d of %q after %q: %s, %v; want %s", limit, prefix, after, got, err, want)
		}
	}
	s.acrossReopen(func() {
		t.Helper()
		f("", "", 10, "a a/1 a/2 a/3 b/1 b/2")
		f("", "", 2, "a a/1")
		f("", "a", 2, "a/1 a/2")
		f("", "a/2", 10, "a/3 b/1 b/2")
		f("", "a/2x", 1, "a/3") // there is none of that name
		f("", "b/2", 10, "")
		f("a/", "", 2, "a/1 a/2")
		f("a/", "a", 2, "a/1 a/2")
		f("a/", "a/2", 10, "a/3")
		f("a/", "b/1", 10, "")
		f("b/", "a/3", 10, "b/1 b/2")
		f("c", "", 10, "")
	})
}

func replacesRevisions(t *testing.T, s *store) {
	revision := func(data string) oplog.Revision { return oplog.RevisionOf([]byte(data)) }
	var none oplog.Revision
	f := func(replaces oplog.Revision, data []byte, want error, then string) {
		t.Helper()
		if err := s.PutRecord(oplog.RecordTenant, "a", replaces, data); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		s.acrossReopen(func() {
			t.Helper()
			held, is, err := s.Record(oplog.RecordTenant, "a")
			if string(held) != then || is != oplog.RevisionOf(held) || (oplog.CodeOf(err) == oplog.CodeNotFound) != (held == nil) {
				t.Errorf("the record is %q, revision %x, %v; want %q", held, is, err, then)
			}
		})
	}
	f(revision("x"), []byte("y"), oplog.ErrRevision, "")
	f(none, []byte("x"), nil, "x")
	f(none, []byte("y"), oplog.ErrRevision, "x")
	f(revision("y"), nil, oplog.ErrRevision, "x")
	f(revision("x"), []byte{}, nil, "")
	f(none, []byte("y"), oplog.ErrRevision, "") // an empty record is not a missing one
	f(revision(""), []byte("y"), nil, "y")
	f(revision("y"), nil, nil, "")
	f(none, nil, nil, "")
}

func replacesAllOrNone(t *testing.T, s *store) {
	var calls []string
	s.OnRecord(func(kind oplog.RecordKind, name string) { calls = append(calls, string(kind)+"/"+name) })
	change := func(kind oplog.RecordKind, name, replaces, data string) oplog.RecordChange {
		c := oplog.RecordChange{Kind: kind, Name: name}
		if replaces != "" {
			c.Replaces = oplog.RevisionOf([]byte(replaces))
		}
		if data != "" {
			c.Data = []byte(data)
		}
		return c
	}
	f := func(want error, called, tenants, keys string, changes ...oplog.RecordChange) {
		t.Helper()
		if err := s.PutRecords(changes); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		s.assertEqual(strings.Join(calls, " "), called)
		calls = nil
		s.acrossReopen(func() {
			t.Helper()
			s.assertEqual(s.records(oplog.RecordTenant, ""), tenants)
			s.assertEqual(s.records(oplog.RecordKey, ""), keys)
		})
		s.OnRecord(func(kind oplog.RecordKind, name string) { calls = append(calls, string(kind)+"/"+name) })
	}
	f(nil, "", "", "")
	f(nil, "tenants/a keys/k", "a=1", "k=1", change(oplog.RecordTenant, "a", "", "1"), change(oplog.RecordKey, "k", "", "1"))
	f(oplog.ErrRevision, "", "a=1", "k=1", change(oplog.RecordTenant, "a", "1", "2"), change(oplog.RecordKey, "k", "", "2"))
	f(nil, "tenants/b tenants/a keys/k", "b=1", "k=2", change(oplog.RecordTenant, "b", "", "1"), change(oplog.RecordTenant, "a", "1", ""), change(oplog.RecordKey, "k", "1", "2"))
}

func recordsBothOrNeither(t *testing.T, s *store) {
	var arrived []string
	s.OnAppend(func(tenant string, entries []oplog.Entry) { arrived = append(arrived, tenant+" "+names(entries)) })
	tell := func(want error, replaces, data, told string) {
		t.Helper()
		change := oplog.RecordChange{Kind: oplog.RecordTenant, Name: "a", Data: []byte(data)}
		if replaces != "" {
			change.Replaces = oplog.RevisionOf([]byte(replaces))
		}
		trail := oplog.TrailName(acme)
		if err := s.PutRecords([]oplog.RecordChange{change}, ofTenant(trail, entry(0, told))...); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	holds := func(record, told string) {
		t.Helper()
		s.acrossReopen(func() {
			t.Helper()
			s.assertEqual(s.records(oplog.RecordTenant, ""), record)
			var found []oplog.Entry
			err := s.Arrivals(t.Context(), oplog.TrailName(acme), 1, 0, func(e oplog.Entry) error { found = append(found, e); return nil })
			if err != nil {
				t.Error(err)
			}
			s.assertEqual(names(found), told)
		})
	}
	tell(nil, "", "1", "first")
	s.assertEqual(strings.Join(arrived, ", "), "acme/access first")
	holds("a=1", "first")
	tell(oplog.ErrRevision, "", "2", "lost")
	holds("a=1", "first")
	tell(nil, "1", "2", "second")
	holds("a=2", "first second")
	tell(nil, "2", "", "third")
	holds("a=", "first second third")
}

func callsOnRecord(_ *testing.T, s *store) {
	var calls, other []string
	s.OnRecord(func(kind oplog.RecordKind, name string) {
		data, _, err := s.Record(kind, name)
		calls = append(calls, fmt.Sprintf("%s/%s=%s %v", kind, name, data, err == nil))
	})
	s.OnRecord(func(kind oplog.RecordKind, name string) { other = append(other, name) })
	f := func(want string) {
		s.t.Helper()
		s.assertEqual(strings.Join(calls, ", "), want)
		calls = nil
	}
	put := func(replaces, data []byte) {
		s.t.Helper()
		if err := s.PutRecord(oplog.RecordTenant, "a", oplog.RevisionOf(replaces), data); err != nil && !errors.Is(err, oplog.ErrRevision) {
			s.t.Error(err)
		}
	}
	put(nil, []byte("x"))
	f("tenants/a=x true")
	put(nil, []byte("y")) // rejected: the record is x
	f("")
	put([]byte("x"), []byte("y"))
	f("tenants/a=y true")
	put([]byte("y"), nil)
	f("tenants/a= false")
	s.assertEqual(fmt.Sprint(other), "[a a a]")
}
