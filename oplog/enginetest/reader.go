package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

var readerChecks = []check{
	{"an entry is returned as it was sent", readsEntriesAsSent},
	{"Get returns entries in the order of the keys; a missing one is an error", getsByKey},
	{"Get and Older read into a buffer", readsIntoBuffers},
	{"Find prefers a generated id, then the newest entry", findsByID},
	{"Find returns the newest entry for which keep returns true", findsFiltered},
	{"KeyOfSeq returns the key of an arrival", keyOfSeq},
	{"Arrivals visits from one seq to another", visitsArrivals},
	{"Scan visits from one key to another", scansKeys},
	{"visits stop at an error or when canceled", visitsStop},
	{"a visit may append", visitsMayAppend},
	{"Older returns the newest entries between two keys", readsOlder},
}

// fullEntry returns an entry with all fields set.
func fullEntry() oplog.Entry {
	e := entry(0, "双十一 <b>“sale”</b> \u200b e\u0301")
	e.Time = e.Time.Add(123456 * time.Microsecond)
	e.ReceivedAt = e.Time.Add(time.Microsecond)
	e.ID, e.User.Role, e.Organization, e.Outcome = "order/7 é", "admin", oplog.Ref{ID: "shop", Name: "Shop"}, oplog.OutcomeFailure
	e.IP, e.UserAgent, e.KeyID = "2001:db8::1", strings.Repeat("agent ", 300), "oplog_write_Ab3_-xyz"
	e.Changes = []oplog.Change{
		{Field: "price", Before: json.RawMessage(`1.50`), After: json.RawMessage(`{"b": 12345678901234567890, "a":null}`)},
		{Field: "added", After: json.RawMessage(`"\u00e9"`)}, {Field: "removed", Before: json.RawMessage(`[]`)},
	}
	e.Details = json.RawMessage(`{"z": 1e400, "a": [ true ]}`)
	return e
}

func readsEntriesAsSent(t *testing.T, s *store) {
	want := fullEntry()
	s.append(fullEntry())
	want.Seq = 1
	s.acrossReopen(func() {
		f := func(how string, got oplog.Entry, err error) {
			t.Helper()
			got.Time, got.ReceivedAt = got.Time.UTC(), got.ReceivedAt.UTC()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v\nwant %+v", how, got, err, want)
			}
		}
		one := func(how string, got []oplog.Entry, err error) {
			t.Helper()
			if len(got) != 1 {
				t.Fatalf("%s: %v, %v", how, got, err)
			}
			f(how, got[0], err)
		}
		got, err := s.Get(acme, []oplog.Key{want.Key()}, nil)
		one("Get", got, err)
		got, err = s.Get(acme, []oplog.Key{want.Key()}, new(oplog.ReadBuffer))
		one("Get into a buffer", got, err)
		got, err = s.Older(acme, farFuture, oplog.Key{}, 9, nil)
		one("Older", got, err)
		found, err := s.Find(acme, want.ID, nil)
		f("Find", found, err)
		f("Arrivals", found, s.Arrivals(t.Context(), acme, 1, 0, func(e oplog.Entry) error { found = e; return nil }))
		f("Scan", found, s.Scan(t.Context(), acme, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error { found = e; return nil }))
	})
}

func getsByKey(t *testing.T, s *store) {
	s.append(entry(1, "a"), entry(minutesOfDay, "b"), entry(2*minutesOfDay, "c"))
	f := func(want string, keys ...oplog.Key) {
		t.Helper()
		entries, err := s.Get(acme, keys, nil)
		if got := names(entries); err != nil || got != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
	a, b, c := at(1, 1), at(minutesOfDay, 2), at(2*minutesOfDay, 3)
	s.acrossReopen(func() {
		f("")
		f("a b c", a, b, c)
		f("c a c b", c, a, c, b)
		for _, missing := range []oplog.Key{{}, at(1, 2), at(2, 1), at(3*minutesOfDay, 1), at(1, 9)} {
			if entries, err := s.Get(acme, []oplog.Key{a, missing}, nil); err == nil {
				t.Errorf("%s returns %v", missing.ID(), entries)
			}
		}
		if _, err := s.Get("other", []oplog.Key{a}, nil); err == nil {
			t.Error("another tenant returns the entry")
		}
		if entries, err := s.Get("other", nil, nil); err != nil || len(entries) != 0 {
			t.Errorf("%v, %v", entries, err)
		}
	})
}

func readsIntoBuffers(t *testing.T, s *store) {
	var keys []oplog.Key
	var entries []oplog.Entry
	for i := range 50 {
		entries = append(entries, entry(i, strings.Repeat(fmt.Sprint(i), 1+i%7)))
		keys = append(keys, at(i, uint64(i+1)))
	}
	s.append(entries...)
	var batch oplog.ReadBuffer // reused by all reads, of different lengths
	for _, n := range []int{1, 50, 3, 0, 49} {
		want, err := s.Get(acme, keys[:n], nil)
		got, errInto := s.Get(acme, keys[:n], &batch)
		if err != nil || errInto != nil || len(want) != n || !slices.EqualFunc(got, want, equal) {
			t.Errorf("%d: %s, %v, %v; want %s", n, names(got), err, errInto, names(want))
		}
		kept := names(want)
		want, err = s.Older(acme, farFuture, oplog.Key{}, n, nil)
		got, errInto = s.Older(acme, farFuture, oplog.Key{}, n, &batch)
		if err != nil || errInto != nil || names(want) != kept || !slices.EqualFunc(got, want, equal) {
			t.Errorf("%d: %s, %v, %v; want %s", n, names(got), err, errInto, names(want))
		}
	}
}

func equal(a, b oplog.Entry) bool { return reflect.DeepEqual(a, b) }

func findsByID(t *testing.T, s *store) {
	ulid := "01KACKM5NSRKBJ3TMZ5WBSGY3G" // looks like a key in the far future
	s.append(entry(1, "a"), withID("own", entry(2*minutesOfDay, "b")), withID("own", entry(minutesOfDay, "c")), withID(ulid, entry(9, "d")),
		withID(at(0, 99).ID(), entry(9, "e")), withID(at(3*minutesOfDay, 1).ID(), entry(9, "f")))
	f := func(tenant, id, want string) {
		t.Helper()
		e, err := s.Find(tenant, id, nil)
		if want == "" {
			if oplog.CodeOf(err) != oplog.CodeNotFound {
				t.Errorf("%s returns %s, %v", id, e.Content.Name, err)
			}
			return
		}
		if err != nil || e.Content.Name != want || e.ID != id {
			t.Errorf("%s returns %s, %v, want %s", id, e.Content.Name, err, want)
		}
	}
	s.acrossReopen(func() {
		f(acme, at(1, 1).ID(), "a")
		f(acme, "own", "c") // the newest
		f(acme, ulid, "d")
		f(acme, at(0, 99).ID(), "e")
		f(acme, at(3*minutesOfDay, 1).ID(), "f")
		f(acme, "", "")
		f(acme, "ow", "")
		f(acme, "OWN", "")
		f(acme, at(1, 2).ID(), "")
		f(acme, at(2*minutesOfDay, 2).ID(), "") // the generated id of an entry that has its sender's id instead
		f("other", "own", "")
		f("other", at(1, 1).ID(), "")
	})
	s.append(withID(at(1, 1).ID(), entry(-minutesOfDay, "g")))
	f(acme, at(1, 1).ID(), "a") // the entry with this generated id, not the newer one with the same id from its sender
}

func findsFiltered(t *testing.T, s *store) {
	s.append(withID("own", entry(2*minutesOfDay, "b")), withID("own", entry(minutesOfDay, "c")), withID("own", entry(3*minutesOfDay, "d")))
	s.acrossReopen(func() {
		for visible, want := range map[string]string{"b c d": "c", "b d": "b", "d": "d", "": ""} {
			e, err := s.Find(acme, "own", func(e *oplog.Entry) bool { return strings.Contains(visible, e.Content.Name) })
			if e.Content.Name != want || (err == nil) != (want != "") || err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
				t.Errorf("Find among %q returns %q, %v; want %q", visible, e.Content.Name, err, want)
			}
		}
	})
}

func keyOfSeq(t *testing.T, s *store) {
	s.append(entry(5, "a"), withID("own", entry(9, "b")))
	f := func(tenant string, seq uint64, want oplog.Key) {
		t.Helper()
		key, err := s.KeyOfSeq(tenant, seq)
		if want.IsZero() {
			if oplog.CodeOf(err) != oplog.CodeNotFound {
				t.Errorf("seq %d of %s: %s, %v", seq, tenant, key.ID(), err)
			}
		} else if err != nil || key != want {
			t.Errorf("seq %d of %s: %s, %v, want %s", seq, tenant, key.ID(), err, want.ID())
		}
	}
	s.acrossReopen(func() {
		f(acme, 1, at(5, 1))
		f(acme, 2, at(9, 2))
		f(acme, 0, oplog.Key{})
		f(acme, 3, oplog.Key{})
		f("other", 1, oplog.Key{})
	})
}

func visitsArrivals(_ *testing.T, s *store) {
	s.append(entry(1, "a"), entry(9, "b"), entry(2, "c"), entry(minutesOfDay, "d"), entry(0, "e"))
	s.acrossReopen(func() {
		s.assertEqual(s.arrivals(0, 0), "a b c d e")
		s.assertEqual(s.arrivals(1, 0), "a b c d e")
		s.assertEqual(s.arrivals(3, 0), "c d e")
		s.assertEqual(s.arrivals(2, 5), "b c d")
		s.assertEqual(s.arrivals(2, 2), "")
		s.assertEqual(s.arrivals(4, 99), "d e")
		s.assertEqual(s.arrivals(6, 0), "")
	})
}

func scansKeys(_ *testing.T, s *store) {
	const day = minutesOfDay
	// Entries on different days, and three at the same time.
	s.append(entry(0, "g"), entry(3*day, "a"), entry(2*day, "b"), entry(day, "c"), entry(day, "d"), entry(day, "e"), entry(1, "f"))
	var none oplog.Key
	s.acrossReopen(func() {
		s.assertEqual(s.scanned(none, none), "a b c d e f g")
		s.assertEqual(s.scanned(at(2*day, 0), none), "b c d e f g")
		s.assertEqual(s.scanned(at(day, 5), none), "d e f g")
		s.assertEqual(s.scanned(at(day, 7), at(0, 0)), "f")
		s.assertEqual(s.scanned(none, at(day, 6)), "a b c d")
		s.assertEqual(s.scanned(at(day, 4), at(day, 4)), "")
		s.assertEqual(s.scanned(at(0, 2), none), "")
		s.assertEqual(s.scanned(at(-day, 0), none), "")
		s.assertEqual(s.scanned(none, at(9*day, 0)), "")
	})
}

// visits returns the methods that visit all entries, by name.
func (s *store) visits() map[string]func(ctx context.Context, visit func(oplog.Entry) error) error {
	return map[string]func(ctx context.Context, visit func(oplog.Entry) error) error{
		"Arrivals": func(ctx context.Context, visit func(oplog.Entry) error) error {
			return s.Arrivals(ctx, acme, 1, 0, visit)
		},
		"Scan": func(ctx context.Context, visit func(oplog.Entry) error) error {
			return s.Scan(ctx, acme, oplog.Key{}, oplog.Key{}, visit)
		},
	}
}

func visitsStop(t *testing.T, s *store) {
	s.append(entry(1, "a"), entry(9, "b"), entry(2, "c"), entry(minutesOfDay, "d"))
	failure := errors.New("stop")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, all := range s.visits() {
		visited := 0
		err := all(t.Context(), func(oplog.Entry) error {
			if visited++; visited == 3 {
				return failure
			}
			return nil
		})
		if !errors.Is(err, failure) || visited != 3 {
			t.Errorf("%s: %v after %d", name, err, visited)
		}
		if err := all(ctx, func(oplog.Entry) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
}

// Visits use short transactions: an append during a long one would deadlock.
func visitsMayAppend(t *testing.T, s *store) {
	s.append(entry(1, "a"), entry(9, "b"), entry(2, "c"))
	for name, all := range s.visits() {
		visited := make(map[string]int)
		err := all(t.Context(), func(e oplog.Entry) error {
			if visited[e.Content.Name]++; e.Seq <= 3 {
				s.append(entry(minutesOfDay, "old"), entry(-60, "new"))
			}
			return nil
		})
		if err != nil || visited["a"] != 1 || visited["b"] != 1 || visited["c"] != 1 {
			t.Errorf("%s: %v, %v", name, visited, err)
		}
	}
}

func readsOlder(t *testing.T, s *store) {
	if none, err := s.Older(acme, farFuture, oplog.Key{}, 10, nil); err != nil || len(none) > 0 {
		t.Errorf("%v, %v", none, err)
	}
	var keys []oplog.Key // ascending
	var entries []oplog.Entry
	for i := range 40 { // on four days, one of them omitted, several at the same time
		minutes := i * 7 % 40 / 2 * 2 * 60 * 3
		entries = append(entries, entry(minutes, fmt.Sprint(i)), entry(90*minutesOfDay, "old"))
		keys = append(keys, at(minutes, uint64(2*i+1)), at(90*minutesOfDay, uint64(2*i+2)))
	}
	s.append(entries...)
	slices.SortFunc(keys, oplog.Key.Compare)
	var batch oplog.ReadBuffer // reused by all reads
	f := func(before, from oplog.Key, n int) {
		t.Helper()
		var want, got []string
		for _, k := range slices.Backward(keys) {
			if k.Compare(before) < 0 && k.Compare(from) >= 0 && len(want) < n {
				want = append(want, k.ID())
			}
		}
		entries, err := s.Older(acme, before, from, n, nil)
		again, errAgain := s.Older(acme, before, from, n, &batch)
		if !errors.Is(errAgain, err) || !slices.EqualFunc(entries, again, equal) {
			t.Errorf("before %s from %s: into a buffer %v, %v", before.ID(), from.ID(), again, errAgain)
		}
		for _, e := range entries {
			got = append(got, e.Key().ID())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("before %s from %s: %v\n%s\nwant\n%s", before.ID(), from.ID(), err, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
	for _, n := range []int{1, 7, 1000} {
		f(farFuture, oplog.Key{}, n)
		f(oplog.Key{}, oplog.Key{}, n)
		for i, k := range keys {
			f(k, oplog.Key{}, n)
			f(farFuture, k, n)
			f(k, keys[i/2], n)
			f(oplog.MakeKey(k.Time(), 0), oplog.MakeKey(keys[i/2].Time(), 0), n)
			f(oplog.MakeKey(k.Time().Truncate(24*time.Hour), 0), oplog.Key{}, n)
		}
	}
}
