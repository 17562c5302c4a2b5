package archive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// sides is a log whose days are on two sides: an index, and an archive of two shards.
type sides struct {
	testing.TB
	*node.Node
	store   *storage.DB
	index   oplog.Index // of both sides
	here    *search.Index
	engines [2]*sliceEngine
	state   oplog.TenantState
	entries []oplog.Entry // newest first
	dates   []string      // that have entries
	days    map[string]oplog.ArchivedDay
}

const sidesTenant = "acme"

var sidesNow = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func newSides(t testing.TB, seed uint64, count int) *sides {
	t.Helper()
	s := &sides{TB: t, engines: [2]*sliceEngine{newSliceEngine(), newSliceEngine()}, days: map[string]oplog.ArchivedDay{}}
	dir := t.TempDir()
	var err error
	s.store, err = storage.Open(dir, storage.Options{})
	s.must(err)
	s.here, err = search.Open(filepath.Join(dir, "index"), s.store)
	s.must(err)
	s.Node, err = node.New(s.store, s.here, node.Options{
		Now: func() time.Time { return sidesNow }, Shards: []archive.Engine{s.engines[0], s.engines[1]}, Compile: s.here.Compile,
	})
	s.must(err)
	t.Cleanup(func() { s.must(s.Close()) })
	s.index = s.Archive.Index()
	for _, e := range s.engines {
		e.matcher = s.here.Matcher
	}
	_, err = s.Directory.AddTenant(oplog.Tenant{ID: sidesTenant, Name: "Acme", TimeZone: "Europe/Berlin", DataPermission: true})
	s.must(err)
	_, err = s.Directory.SetOrganizations(t.Context(), sidesTenant, oplog.Tree{
		{ID: "root", Name: "Root"}, {ID: "east", ParentID: "root", Name: "East"}, {ID: "shop", ParentID: "east", Name: "Shop"},
	})
	s.must(err)
	r := rand.New(rand.NewPCG(seed, 1))
	for chunk := range slices.Chunk(make([]oplog.Entry, count), 500) {
		for i := range chunk {
			chunk[i] = drawSidesEntry(r)
		}
		_, err := s.Journal.Append(t.Context(), sidesTenant, chunk)
		s.must(err)
	}
	s.must(s.store.Scan(t.Context(), sidesTenant, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
		s.entries = append(s.entries, e)
		return nil
	}))
	slices.Reverse(s.entries)
	s.dates = slices.Sorted(maps.Keys(s.byDate()))
	s.state, err = s.Directory.State(sidesTenant)
	s.must(err)
	return s
}

func (s *sides) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *sides) byDate() map[string][]oplog.Entry {
	byDate := map[string][]oplog.Entry{}
	for _, e := range s.entries {
		byDate[oplog.DateOf(e.Time)] = append(byDate[oplog.DateOf(e.Time)], e)
	}
	return byDate
}

// drawSidesEntry draws an entry of about 80 users, who change their names, on about 60 days, many at the start of a day or of a quarter of an hour.
func drawSidesEntry(r *rand.Rand) oplog.Entry {
	module := oplog.BuiltInCatalog().Modules[r.IntN(4)]
	at := sidesNow.Add(-time.Duration(r.Int64N(int64(60 * 24 * time.Hour)))).Truncate(time.Microsecond)
	switch r.IntN(6) {
	case 0:
		at = at.Truncate(24 * time.Hour)
	case 1:
		at = at.Truncate(15 * time.Minute)
	case 2:
		at = at.Truncate(24 * time.Hour).Add(-time.Microsecond)
	}
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	organization := oplog.Ref{ID: pick("", "root", "east", "shop", "new"), Name: "Some"}
	if organization.ID == "" {
		organization = oplog.Ref{}
	}
	return oplog.Entry{
		Time:         at,
		User:         oplog.User{ID: fmt.Sprintf("u%d", int(80*r.Float64()*r.Float64())), Name: "name " + pick("a", "b", "双十一", "d"), Role: pick("", "admin", "营销经理")},
		Organization: organization,
		Module:       module.Key, Operation: module.Operations[r.IntN(len(module.Operations))], Outcome: pick("success", "success", "failure"),
		IP: pick("", "10.0.0.1", "2001:db8::1"), KeyID: pick("", "k1"),
		Content: oplog.Ref{ID: pick("", "page_1", "eml-77"), Name: pick("", "spring sale", "双十一促销", "VIP v3", "100")},
	}
}

// archived puts a day on the archive, in a state; without stored counts unless it is counted, or the first of all.
func (s *sides) archived(date string, state oplog.ArchiveState, counted bool) {
	s.Helper()
	entries := s.byDate()[date]
	shard := int(date[len(date)-1]) % 2
	attempt := uint32(1 + len(s.days)%2)
	s.engines[shard].put(date, attempt, entries)
	s.engines[shard].put(date, 3-attempt, entries[:1]) // of another attempt
	if counted || date == s.dates[0] {
		data, err := archive.CountsRecord(entries)
		s.must(err)
		s.must(s.store.PutRecord(oplog.RecordArchiveCounts, sidesTenant+"/"+date, oplog.Revision{}, data))
	}
	d := oplog.ArchivedDay{Tenant: sidesTenant, Date: date, Attempt: attempt, Shard: shard, Rows: uint64(len(entries))}
	s.days[date] = d
	s.setState(date, state)
}

// earlier puts the stored counts of a day in the form of the first ones.
func (s *sides) earlier(date string) {
	s.Helper()
	data, revision, err := s.store.Record(oplog.RecordArchiveCounts, sidesTenant+"/"+date)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return
	}
	s.must(err)
	data, err = archive.EarlierCounts(data)
	s.must(err)
	s.must(s.store.PutRecord(oplog.RecordArchiveCounts, sidesTenant+"/"+date, revision, data))
}

func (s *sides) setState(date string, state oplog.ArchiveState) {
	s.Helper()
	d := s.days[date]
	_, revision, err := s.store.Record(oplog.RecordArchive, d.Name())
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		s.Fatal(err)
	}
	d.State = state
	data, err := json.Marshal(&d)
	s.must(err)
	s.must(s.store.PutRecord(oplog.RecordArchive, d.Name(), revision, data))
	s.days[date] = d
}

// gone removes from the index here what is read from the archive.
func (s *sides) gone() {
	s.Helper()
	s.must(s.Archive.RemoveHere(s.Context(), sidesTenant))
}

// drawMatch draws a query; one of two has but a period.
func (s *sides) drawMatch(r *rand.Rand) (oplog.Match, error) {
	q := oplog.Query{}
	at := func() time.Time {
		t := sidesNow.Add(-time.Duration(r.Int64N(int64(62 * 24 * time.Hour))))
		return t.Truncate([]time.Duration{24 * time.Hour, 15 * time.Minute, time.Nanosecond, 24 * time.Hour}[r.IntN(4)])
	}
	if r.IntN(3) > 0 {
		q.From = at()
	}
	if r.IntN(3) > 0 {
		q.To = at()
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		q.From, q.To = q.To, q.From
	}
	if r.IntN(2) == 0 {
		return s.state.Match(q, sidesNow)
	}
	some := func(chance int, values ...string) []string {
		if r.IntN(chance) > 0 {
			return nil
		}
		return []string{values[r.IntN(len(values))], values[r.IntN(len(values))]}
	}
	values := func(chance int) oplog.Values {
		return oplog.Values{
			Users: some(chance, "u1", "u2", "u3", "none"), Modules: some(chance, "sms", "email", "page"), Organizations: some(chance, "root", "east", "shop", "new"),
			Outcomes: some(chance, "failure"), Roles: some(chance, "admin", "none"), ContentIDs: some(chance, "page_1"), IPs: some(chance, "10.0.0.0/8", "::/0"), Keys: some(chance, "k1"),
		}
	}
	q.Values, q.Not = values(8), values(14)
	if r.IntN(5) == 0 {
		q.Scope = []string{"root", "east", "shop", "unknown"}[r.IntN(4)]
	}
	var words []string
	for range r.IntN(3) {
		words = append(words, []string{"sp", "双十一", "-vip", "user:a", "u1", "content:sale", "page", `"spring sale"`, "十一"}[r.IntN(9)])
	}
	q.Search = strings.Join(words, " ")
	return s.state.Match(q, sidesNow)
}

// plain returns the matches, newest first.
func (s *sides) plain(m oplog.Match) ([]*oplog.Entry, error) {
	has, err := s.here.Matcher(m)
	if err != nil {
		return nil, err
	}
	var found []*oplog.Entry
	for i := range s.entries {
		if has(&s.entries[i]) {
			found = append(found, &s.entries[i])
		}
	}
	return found, nil
}

// compare compares all answers to a random query with those of a plain scan.
func (s *sides) compare(ctx context.Context, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	m, err := s.drawMatch(r)
	if err != nil {
		return err
	}
	want, err := s.plain(m)
	if err == nil {
		err = s.comparePages(ctx, m, want, 1+r.IntN(600), r)
	}
	if err == nil {
		err = s.compareCounts(ctx, m, want, r)
	}
	if err != nil {
		return fmt.Errorf("seed %d: %+v: %w", seed, m, err)
	}
	first, last, ok, err := s.index.Bounds(ctx, sidesTenant)
	if err != nil {
		return err
	}
	if !ok || last != s.entries[0].Key() || first != s.entries[len(s.entries)-1].Key() {
		return fmt.Errorf("bounds from %s to %s, %t", first.Time(), last.Time(), ok)
	}
	return nil
}

func (s *sides) comparePages(ctx context.Context, m oplog.Match, want []*oplog.Entry, limit int, r *rand.Rand) error {
	var before oplog.Key
	if len(want) > 0 && r.IntN(3) == 0 {
		n := r.IntN(len(want))
		before, want = want[n].Key(), want[n+1:]
	}
	for range 5 {
		keys, more, err := s.index.Page(ctx, sidesTenant, m, before, limit)
		if err != nil {
			return err
		}
		if len(keys) != min(limit, len(want)) || more != (len(want) > limit) {
			return fmt.Errorf("a page has %d keys, more: %t; %d match, limit %d", len(keys), more, len(want), limit)
		}
		for i, k := range keys {
			if k != want[i].Key() {
				return fmt.Errorf("key %d is %s, want %s", i, k.Time(), want[i].Key().Time())
			}
		}
		if !more {
			return nil
		}
		want, before = want[limit:], keys[limit-1]
	}
	return nil
}

// compareCounts compares what is counted.
func (s *sides) compareCounts(ctx context.Context, m oplog.Match, want []*oplog.Entry, r *rand.Rand) error {
	total, err := s.index.Total(ctx, sidesTenant, m)
	if err != nil {
		return err
	}
	if total != len(want) {
		return fmt.Errorf("total %d of %d", total, len(want))
	}
	zone, err := time.LoadLocation([]string{"Asia/Shanghai", "America/New_York", "Asia/Kathmandu"}[r.IntN(3)])
	if err != nil {
		return err
	}
	from, to := m.From, m.To
	if from.IsZero() {
		from = s.entries[len(s.entries)-1].Time
	}
	if to.IsZero() {
		to = sidesNow
	}
	_, buckets := oplog.Buckets(from.In(zone), to)
	m.AllValues = r.IntN(2) == 0
	c, err := s.index.Count(ctx, sidesTenant, m, buckets)
	if err != nil {
		return err
	}
	w := countEach(want, buckets)
	if c.Total != w.Total || !slices.Equal(c.Buckets, w.Buckets) || !maps.Equal(c.Modules, w.Modules) || !maps.Equal(c.Operations, w.Operations) ||
		!maps.Equal(c.Organizations, w.Organizations) || !maps.Equal(c.Outcomes, w.Outcomes) || !maps.Equal(c.Roles, w.Roles) {
		return fmt.Errorf("counts %+v, want %+v", c, w)
	}
	return compareUsers(c, w, m.AllValues)
}

func compareUsers(c oplog.Counts, w *archive.Counts, all bool) error {
	if len(c.Users)+c.MoreUsers != len(w.Users) || all && (c.MoreUsers > 0 || len(c.Latest) != len(w.Users)) || !all && len(c.Users) > oplog.MaxUserFacets {
		return fmt.Errorf("%d users and %d more, with %d keys, of %d", len(c.Users), c.MoreUsers, len(c.Latest), len(w.Users))
	}
	counts := []int{}
	for _, u := range w.Users {
		counts = append(counts, u.Count)
	}
	slices.SortFunc(counts, func(a, b int) int { return b - a })
	for i, u := range c.Users {
		if known := w.Users[u.Value]; known.Count != u.Count || all && known.Name != u.Name || !all && u.Count != counts[i] {
			return fmt.Errorf("user %+v, want %+v", u, known)
		}
	}
	return nil
}
