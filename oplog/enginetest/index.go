package enginetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
)

// Index checks that an index fulfils the contract of [oplog.Index] over a store of any engine. openStore is as for [Store]; open opens the
// index in a directory that is empty or has been used by an index that was closed.
func Index(t *testing.T, openStore func(t *testing.T, dir string) oplog.Store, open func(t *testing.T, dir string, store oplog.Store) oplog.Index) {
	for _, c := range []struct {
		sentence string
		run      func(t *testing.T, x *index)
	}{
		{"an empty index returns nothing", emptyIndex},
		{"Page and Count find entries as soon as they are added", findsAddedEntries},
		{"pages, counts and Matcher agree with a plain scan", agreesWithAScan},
		{"Count returns the most frequent roles and users and the number of the others, and ValueBytes their memory", countsManyValues},
		{"entries appended while it was closed are found after opening", catchesUp},
		{"Rebuild keeps the results and reports progress", rebuildsTheSame},
		{"Drop removes entries from one time to another", dropsBetween},
		{"queries work during appends", queriesDuringAppends},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			x := &index{store: newStore(t, openStore), dir: t.TempDir(), open: open}
			x.OnAppend(func(tenant string, entries []oplog.Entry) {
				if x.engine != nil {
					x.engine.Add(tenant, entries)
				}
			})
			x.start()
			t.Cleanup(x.stop)
			c.run(t, x)
		})
	}
}

// index is an engine's index over a store that passes it appended entries.
type index struct {
	*store
	dir    string
	open   func(t *testing.T, dir string, store oplog.Store) oplog.Index
	engine oplog.Index
}

func (x *index) start() {
	x.t.Helper()
	x.engine = x.open(x.t, x.dir, x.Store)
	if err := x.engine.Open(x.t.Context(), acme); err != nil {
		x.t.Fatal(err)
	}
}

func (x *index) stop() {
	x.t.Helper()
	if err := x.engine.Close(); err != nil {
		x.t.Error(err)
	}
	x.engine = nil
}

// numbered returns an entry whose values depend on its number; times are not in order of numbers.
func numbered(number int) oplog.Entry {
	e := entry(number*37%300, fmt.Sprintf("sale no %d", number%9))
	e.User.ID, e.User.Role = fmt.Sprint("u", number%7), []string{"", "admin"}[number%2]
	e.Organization.ID = []string{"", "root", "east"}[number%3]
	e.Module = []string{"sms", "page"}[number%2]
	e.Outcome = []string{oplog.OutcomeSuccess, oplog.OutcomeFailure}[number/2%2]
	return e
}

// appendNumbered appends the entries with the given numbers.
func (x *index) appendNumbered(from, to int) {
	x.t.Helper()
	var entries []oplog.Entry
	for i := from; i < to; i++ {
		entries = append(entries, numbered(i))
	}
	x.append(entries...)
}

// allPages reads all pages of a match, with up to limit keys each.
func (x *index) allPages(m oplog.Match, limit int) []oplog.Key {
	x.t.Helper()
	var found []oplog.Key
	var before oplog.Key
	for more := true; more; {
		var keys []oplog.Key
		var err error
		if keys, more, err = x.engine.Page(x.t.Context(), acme, m, before, limit); err != nil {
			x.t.Fatal(err)
		}
		if len(keys) > limit || more && len(keys) < limit {
			x.t.Fatalf("%d keys of %d, more: %v", len(keys), limit, more)
		}
		if found = append(found, keys...); len(keys) > 0 {
			before = keys[len(keys)-1]
		}
	}
	return found
}

var matchCases = map[string]struct {
	match oplog.Match
	has   func(e *oplog.Entry) bool
}{
	"all":  {oplog.Match{}, func(*oplog.Entry) bool { return true }},
	"none": {oplog.Match{Values: oplog.Values{Organizations: []string{}}}, func(*oplog.Entry) bool { return false }},
	"organizations": {
		oplog.Match{Values: oplog.Values{Organizations: []string{"east", "west"}}}, func(e *oplog.Entry) bool { return e.Organization.ID == "east" },
	},
	"not": {
		oplog.Match{Not: oplog.Values{Users: []string{"u1", "u2"}}}, func(e *oplog.Entry) bool { return e.User.ID != "u1" && e.User.ID != "u2" },
	},
	"values": {
		oplog.Match{Values: oplog.Values{Modules: []string{"page"}, Outcomes: []string{oplog.OutcomeFailure}}},
		func(e *oplog.Entry) bool { return e.Module == "page" && e.Outcome == oplog.OutcomeFailure },
	},
	"period": {
		oplog.Match{From: at(200, 0).Time(), To: at(100, 0).Time()},
		func(e *oplog.Entry) bool {
			return !e.Time.Before(at(200, 0).Time()) && e.Time.Before(at(100, 0).Time())
		},
	},
	"words": {
		oplog.Match{Words: []oplog.Word{{Text: "sale"}, {Text: "no 4", Phrase: true}}},
		func(e *oplog.Entry) bool { return strings.HasSuffix(e.Content.Name, " 4") },
	},
}

// check compares all results with a plain scan of the store that omits some entries.
func (x *index) check(omitted func(e *oplog.Entry) bool) {
	x.t.Helper()
	var entries []oplog.Entry
	if err := x.Scan(x.t.Context(), acme, oplog.Key{}, oplog.Key{}, collect(&entries)); err != nil {
		x.t.Fatal(err)
	}
	entries = slices.DeleteFunc(entries, func(e oplog.Entry) bool { return omitted(&e) })
	slices.Reverse(entries)
	buckets := []time.Time{at(250, 0).Time(), at(150, 0).Time(), at(50, 0).Time()}
	for name, m := range matchCases {
		m.match.Catalog = oplog.BuiltInCatalog()
		matcher, err := x.engine.Matcher(m.match)
		if err != nil {
			x.t.Fatal(err)
		}
		var want []oplog.Key
		counts := newPlainCounts(len(buckets))
		for i := range entries {
			e := &entries[i]
			if matcher(e) != m.has(e) {
				x.t.Errorf("%s: Matcher says %v of %+v", name, matcher(e), e)
			}
			if m.has(e) {
				want = append(want, e.Key())
				counts.add(e, buckets)
			}
		}
		for _, limit := range []int{7, 1000} {
			if got := x.allPages(m.match, limit); !slices.Equal(got, want) {
				x.t.Errorf("%s: %d keys, want %d", name, len(got), len(want))
			}
		}
		total, err := x.engine.Total(x.t.Context(), acme, m.match)
		if err != nil || total != len(want) {
			x.t.Errorf("%s: total %d, %v; want %d", name, total, err, len(want))
		}
		got, err := x.engine.Count(x.t.Context(), acme, m.match, buckets)
		if err != nil {
			x.t.Fatal(err)
		}
		if got, want := formatCounts(got), formatCounts(counts.Counts); got != want {
			x.t.Errorf("%s: counts\n%s\nwant\n%s", name, got, want)
		}
	}
}

// plainCounts counts entries one by one.
type plainCounts struct{ oplog.Counts }

func newPlainCounts(buckets int) plainCounts {
	return plainCounts{oplog.Counts{
		Buckets: make([]int, buckets), Modules: map[string]int{}, Operations: map[string]int{}, Organizations: map[string]int{}, Outcomes: map[string]int{}, Roles: map[string]int{},
	}}
}

// add counts an entry; the first bucket includes earlier entries.
func (c *plainCounts) add(e *oplog.Entry, buckets []time.Time) {
	bucket := 0
	for i, start := range buckets {
		if !e.Time.Before(start) {
			bucket = i
		}
	}
	c.Total++
	c.Buckets[bucket]++
	c.Modules[e.Module]++
	c.Operations[e.Operation]++
	c.Organizations[e.Organization.ID]++
	c.Outcomes[e.Outcome]++
	c.Roles[e.User.Role]++
	for i := range c.Users {
		if c.Users[i].Value == e.User.ID {
			c.Users[i].Count++
			return
		}
	}
	c.Users = append(c.Users, oplog.FacetValue{Value: e.User.ID, Name: e.User.Name, Count: 1})
}

// formatCounts formats counts, without values that do not occur.
func formatCounts(c oplog.Counts) string {
	for _, values := range []map[string]int{c.Modules, c.Operations, c.Organizations, c.Outcomes, c.Roles} {
		maps.DeleteFunc(values, func(value string, n int) bool { return value == "" || n == 0 })
	}
	slices.SortFunc(c.Users, func(a, b oplog.FacetValue) int { return strings.Compare(a.Value, b.Value) })
	return fmt.Sprint(c.Total, c.Buckets, c.Modules, c.Operations, c.Organizations, c.Outcomes, c.Roles, c.Users)
}

func noEntry(*oplog.Entry) bool { return false }

func emptyIndex(t *testing.T, x *index) {
	x.check(noEntry)
	if first, last, ok, err := x.engine.Bounds(t.Context(), acme); ok || err != nil {
		t.Errorf("from %s to %s, %v", first.ID(), last.ID(), err)
	}
	if err := x.engine.Ready(); err != nil {
		t.Error(err)
	}
}

func findsAddedEntries(t *testing.T, x *index) {
	for i := range 40 {
		x.appendNumbered(i, i+1)
		if got := x.allPages(oplog.Match{Catalog: oplog.BuiltInCatalog()}, 100); len(got) != i+1 {
			t.Errorf("%d keys of %d", len(got), i+1)
		}
		if c, err := x.engine.Count(t.Context(), acme, oplog.Match{Catalog: oplog.BuiltInCatalog()}, nil); err != nil || c.Total != i+1 {
			t.Errorf("%d counted of %d, %v", c.Total, i+1, err)
		}
	}
}

func agreesWithAScan(t *testing.T, x *index) {
	for from := 0; from < 300; from += 60 {
		x.appendNumbered(from, from+60)
		x.check(noEntry)
	}
	first, last, ok, err := x.engine.Bounds(t.Context(), acme)
	if all := x.allPages(oplog.Match{Catalog: oplog.BuiltInCatalog()}, 1000); err != nil || !ok || last != all[0] || first != all[len(all)-1] {
		t.Errorf("from %s to %s, %v, %v", first.ID(), last.ID(), ok, err)
	}
}

func countsManyValues(t *testing.T, x *index) {
	const more = 3
	before := x.engine.ValueBytes()
	var entries []oplog.Entry
	for i := range oplog.MaxFacetValues + more {
		e := numbered(i)
		e.User = oplog.User{ID: fmt.Sprintf("u%05d", i), Name: strings.Repeat("n", oplog.MaxUserLength), Role: fmt.Sprintf("%s %05d", strings.Repeat("r", oplog.MaxUserLength-8), i)}
		entries = append(entries, e)
	}
	last := entries[len(entries)-1]
	x.append(append(entries, last)...)
	c, err := x.engine.Count(t.Context(), acme, oplog.Match{Catalog: oplog.BuiltInCatalog()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Roles) != oplog.MaxFacetValues || c.MoreRoles != more || c.Roles[last.User.Role] != 2 || c.Roles[entries[0].User.Role] != 1 {
		t.Errorf("%d roles and %d more, %d times %s", len(c.Roles), c.MoreRoles, c.Roles[last.User.Role], last.User.Role)
	}
	if len(c.Users) != oplog.MaxUserFacets || c.MoreUsers != len(entries)-oplog.MaxUserFacets || c.Users[0].Value != last.User.ID || c.Users[0].Name != last.User.Name {
		t.Errorf("%d users and %d more, the first is %+v", len(c.Users), c.MoreUsers, c.Users[0])
	}
	x.countsAllValues(entries, last)
	if after := x.engine.ValueBytes(); after < before+int64(len(entries)) {
		t.Errorf("%d bytes, and %d with %d users", before, after, len(entries))
	}
}

// countsAllValues checks counts that name all users and roles, each of one entry but for the last, which was appended again.
func (x *index) countsAllValues(entries []oplog.Entry, last oplog.Entry) {
	x.t.Helper()
	c, err := x.engine.Count(x.t.Context(), acme, oplog.Match{Catalog: oplog.BuiltInCatalog(), AllValues: true}, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	if len(c.Users) != len(entries) || len(c.Latest) != len(entries) || len(c.Roles) != len(entries) || c.MoreUsers != 0 || c.MoreRoles != 0 || c.Roles[last.User.Role] != 2 {
		x.t.Errorf("of %d values, %d users and %d more, %d roles and %d more are named", len(entries), len(c.Users), c.MoreUsers, len(c.Roles), c.MoreRoles)
	}
	for i, u := range c.Users {
		n := slices.IndexFunc(entries, func(e oplog.Entry) bool { return e.User.ID == u.Value })
		if n < 0 || u.Name != entries[n].User.Name || c.Latest[i].Time() != entries[n].Time {
			x.t.Fatalf("%+v with the latest key %v", u, c.Latest[i])
		}
	}
}

func catchesUp(t *testing.T, x *index) {
	x.appendNumbered(0, 100)
	x.stop()
	x.appendNumbered(100, 150)
	x.start()
	x.check(noEntry)
	if err := x.engine.Ready(); err != nil {
		t.Error(err)
	}
	if size, err := x.engine.Bytes(); err != nil || size < 0 {
		t.Errorf("%d bytes, %v", size, err)
	}
	x.appendNumbered(150, 200)
	x.check(noEntry)
}

func rebuildsTheSame(t *testing.T, x *index) {
	x.appendNumbered(0, 200)
	var reached uint64
	err := x.engine.Rebuild(t.Context(), acme, func(done, total uint64) {
		if done < reached || done > total {
			t.Errorf("%d of %d after %d", done, total, reached)
		}
		reached = done
	})
	if err != nil {
		t.Error(err)
	}
	x.check(noEntry)
	x.appendNumbered(200, 220)
	x.check(noEntry)
}

func dropsBetween(t *testing.T, x *index) {
	x.appendNumbered(0, 300)
	from, to := at(200, 0).Time(), at(100, 0).Time()
	for range 2 { // the second changes nothing
		if err := x.engine.Drop(t.Context(), acme, from, to); err != nil {
			t.Fatal(err)
		}
		x.check(func(e *oplog.Entry) bool { return !e.Time.Before(from) && e.Time.Before(to) })
	}
}

func queriesDuringAppends(t *testing.T, x *index) {
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				before, _, err := x.Counts(acme)
				if err != nil {
					t.Error(err)
					return
				}
				keys, _, err := x.engine.Page(t.Context(), acme, oplog.Match{Catalog: oplog.BuiltInCatalog()}, oplog.Key{}, 1000)
				sorted := slices.IsSortedFunc(keys, func(a, b oplog.Key) int { return b.Compare(a) })
				if err != nil || !sorted || len(slices.Compact(keys)) < int(before)-20 { // entries of the append in progress may be on disk but not yet added
					t.Errorf("%d of %d keys, in order: %v, %v", len(keys), before, sorted, err)
					return
				}
			}
		})
	}
	for i := range 15 {
		x.appendNumbered(i*20, i*20+20)
	}
	cancel()
	readers.Wait()
	x.check(noEntry)
}
