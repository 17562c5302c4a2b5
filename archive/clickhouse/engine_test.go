package clickhouse

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/archive"
	"oplog/demo"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
)

// testTenant has a name that is no identifier in SQL.
const testTenant = "lan-wan's"

var ctx = context.Background()

// place is where a test archives a tenant, of which nothing is there yet.
type place struct {
	shard      *Shard
	tenant     string
	replicated bool
	queries    int // that are drawn
}

// fixture is a shard with the entries of some days.
type fixture struct {
	place
	index   *search.Index
	entries []oplog.Entry // newest first
	leaves  map[oplog.Key][]byte
	days    []archive.Day
}

// newFixture ships generated entries, with hostile texts among them, each day under an attempt of its own.
func newFixture(t *testing.T, p place, count int) *fixture {
	t.Helper()
	f := &fixture{place: p, leaves: map[oplog.Key][]byte{}}
	store, err := storage.Open(filepath.Join(t.TempDir(), "data"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if f.index, err = search.Open(filepath.Join(t.TempDir(), "index"), store); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.index.Close() })
	r := rand.New(rand.NewPCG(3, 3))
	for e := range demo.Generate(1, count, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)) {
		hostile(&e, r)
		e.Seq, e.Tenant, e.Outcome, e.ReceivedAt = uint64(len(f.entries)+1), f.tenant, cmp.Or(e.Outcome, oplog.OutcomeSuccess), e.Time.Add(time.Second)
		e.ID = cmp.Or(e.ID, e.Key().ID())
		f.entries = append(f.entries, e)
	}
	slices.SortFunc(f.entries, func(a, b oplog.Entry) int { return b.Key().Compare(a.Key()) })
	if err := f.shard.MakeTable(ctx, f.tenant, f.replicated); err != nil {
		t.Fatal(err)
	}
	if err := f.shard.Check(ctx, f.tenant); err != nil {
		t.Fatal(err)
	}
	f.ship(t)
	return f
}

// hostile changes some entries into what the demo has little of.
func hostile(e *oplog.Entry, r *rand.Rand) {
	switch r.IntN(40) {
	case 0:
		e.Content.Name = "Ｆｕｌｌ Ｗｉｄｔｈ Café naïve über_straße"
	case 1:
		e.Content = oplog.Ref{}
	case 2:
		e.Content = oplog.Ref{ID: `\'`, Name: `100% \ 'quoted' it's_a.test-v3 カタカナ ｶﾀｶﾅ 한국어 텍스트` + "\n\t\x01"}
	case 3:
		e.User.Name += " (改名)"
	case 4:
		e.Organization, e.User.Role = oplog.Ref{}, ""
	case 5:
		e.Outcome = oplog.OutcomeFailure
	case 6:
		e.IP = "2001:db8::7"
	case 7:
		e.IP = "[::ffff:10.1.2.3]:443"
	case 8:
		e.IP = "not an address"
	case 9:
		e.KeyID = "key-" + e.Module
	case 10:
		e.ID = fmt.Sprintf("order-%d'\\", r.IntN(20))
	case 11:
		e.Time = e.Time.Truncate(24 * time.Hour)
	}
}

// ship puts all entries, and rows of other attempts that nobody must see.
func (f *fixture) ship(t *testing.T) {
	t.Helper()
	byDate := map[string][]oplog.Entry{}
	for _, e := range f.entries {
		byDate[oplog.DateOf(e.Time)] = append(byDate[oplog.DateOf(e.Time)], e)
	}
	for i, date := range slices.Sorted(maps.Keys(byDate)) {
		of := archive.Shipment{Tenant: f.tenant, DayAttempt: archive.DayAttempt{Date: date, Attempt: uint32(1 + i%3/2)}}
		other := of
		other.Attempt = 3 - of.Attempt
		if i%5 == 0 {
			if err := f.shard.Put(ctx, other, f.rows(byDate[date][:1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.shard.Put(ctx, of, f.rows(byDate[date])); err != nil {
			t.Fatal(err)
		}
		f.days = append(f.days, archive.Day{DayAttempt: of.DayAttempt, Rows: uint64(len(byDate[date]))})
	}
}

// rows are entries with leaves, which hold bytes of every value.
func (f *fixture) rows(entries []oplog.Entry) iter.Seq2[*archive.Row, error] {
	return func(yield func(*archive.Row, error) bool) {
		for i := range entries {
			e := &entries[i]
			leaf, err := json.Marshal(e)
			leaf = append(leaf, byte(i), 0, '\n', '\n', 0xff)
			f.leaves[e.Key()] = leaf
			if !yield(&archive.Row{Entry: e, Leaf: leaf}, err) {
				return
			}
		}
	}
}

// query draws a query of a period, with the days that it touches.
func (f *fixture) query(t *testing.T, r *rand.Rand) *archive.Query {
	t.Helper()
	m := oplog.Match{Catalog: oplog.BuiltInCatalog()}
	some := func(of func(e *oplog.Entry) string) (values []string) {
		for range 1 + r.IntN(3) {
			values = append(values, of(&f.entries[r.IntN(len(f.entries))]))
		}
		return values
	}
	for _, field := range []struct {
		any, none *[]string
		of        func(e *oplog.Entry) string
	}{
		{&m.Users, &m.Not.Users, func(e *oplog.Entry) string { return e.User.ID }},
		{&m.Modules, &m.Not.Modules, func(e *oplog.Entry) string { return e.Module }},
		{&m.Operations, &m.Not.Operations, func(e *oplog.Entry) string { return e.Operation }},
		{&m.Organizations, &m.Not.Organizations, func(e *oplog.Entry) string { return e.Organization.ID }},
		{&m.ContentIDs, &m.Not.ContentIDs, func(e *oplog.Entry) string { return e.Content.ID }},
		{&m.Outcomes, &m.Not.Outcomes, func(*oplog.Entry) string { return oplog.OutcomeFailure }},
		{&m.Roles, &m.Not.Roles, func(e *oplog.Entry) string { return e.User.Role }},
		{&m.Keys, &m.Not.Keys, func(e *oplog.Entry) string { return e.KeyID }},
		{&m.IPs, &m.Not.IPs, func(*oplog.Entry) string {
			return []string{"10.0.0.0/8", "::/0", "10.1.2.3", "2001:db8::/32", "10.22.0.0/15", "0.0.0.0/0"}[r.IntN(6)]
		}},
	} {
		if r.IntN(9) == 0 {
			*field.any = some(field.of)
		}
		if r.IntN(14) == 0 {
			*field.none = some(field.of)
		}
	}
	var words []string
	for range r.IntN(3) {
		words = append(words, searched[r.IntN(len(searched))])
	}
	var err error
	if m.Words, err = oplog.ParseSearch(strings.Join(words, " ")); err != nil {
		t.Fatal(err)
	}
	first, last := f.entries[len(f.entries)-1].Time, f.entries[0].Time
	if r.IntN(2) == 0 {
		m.From = first.Add(time.Duration(r.Int64N(int64(last.Sub(first)))))
	}
	if r.IntN(3) == 0 {
		m.To = cmp.Or(m.From, first).Add(time.Duration(r.Int64N(int64(last.Sub(first)) / 2)))
	}
	q := &archive.Query{Tenant: f.tenant, Match: m}
	if q.Words, err = f.index.Compile(m); err != nil {
		return f.query(t, r) // a search without a word
	}
	for _, d := range f.days {
		if (m.From.IsZero() || d.Date >= oplog.DateOf(m.From)) && (m.To.IsZero() || d.Date <= oplog.DateOf(m.To)) {
			q.Days = append(q.Days, d)
		}
	}
	return q
}

var searched = strings.Fields(`sale 双十一 促销 page spr s 大 v2 landing "landing user:li user:王 module:sms content:双十一 cafe naive full width uber strasse s_a it's quoted 100
カタカナ 한국 改名 短信 email 周年庆 会员日活动 活动页 双十一sale module:客户 user:"li" 00 Ａ new VIP content:"page" zzzz temp customer content:c user:u user:1 草稿 copy -sale -大 -user:li "it's -module:sms`)

// plain returns what matches, newest first.
func (f *fixture) plain(t *testing.T, q *archive.Query) []*oplog.Entry {
	t.Helper()
	matches, err := f.index.Matcher(q.Match)
	if err != nil {
		t.Fatal(err)
	}
	var found []*oplog.Entry
	for i := range f.entries {
		if matches(&f.entries[i]) {
			found = append(found, &f.entries[i])
		}
	}
	return found
}

// checks are of any engine, on the library and on a cluster.
var checks = map[string]func(t *testing.T, p place){
	"queries": checkQueries, "shipments": checkShipments, "drops": checkDrops, "leaves": checkLeaves, "senders' ids": checkFind, "tables": checkTables,
}

func TestEngineOnLibrary(t *testing.T) {
	for name, check := range checks {
		t.Run(name, func(t *testing.T) { check(t, place{shard: openShard(t), tenant: testTenant, queries: 300}) })
	}
}

// checkQueries: queries equal a plain scan.
func checkQueries(t *testing.T, p place) {
	f := newFixture(t, p, 4000)
	found := 0
	for seed := range uint64(p.queries) {
		r := rand.New(rand.NewPCG(seed, 5))
		q := f.query(t, r)
		want := f.plain(t, q)
		found += len(want)
		f.checkPages(t, q, want, 1+r.IntN(60))
		f.checkCounts(t, q, want, r)
		if t.Failed() {
			t.Fatalf("seed %d: %+v", seed, q.Match)
		}
	}
	if found < 30*p.queries {
		t.Errorf("all queries together found only %d entries", found)
	}
}

func (f *fixture) checkPages(t *testing.T, q *archive.Query, want []*oplog.Entry, limit int) {
	t.Helper()
	var before oplog.Key
	for range 3 {
		keys, more, err := f.shard.Page(ctx, q, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) != min(limit, len(want)) || more != (len(want) > limit) {
			t.Fatalf("a page has %d keys, more: %t; %d match, limit %d", len(keys), more, len(want), limit)
		}
		for i, k := range keys {
			if k != want[i].Key() {
				t.Fatalf("key %d is %v, want %v", i, k, want[i].Key())
			}
		}
		if !more {
			return
		}
		want, before = want[limit:], keys[limit-1]
	}
}

func (f *fixture) checkCounts(t *testing.T, q *archive.Query, want []*oplog.Entry, r *rand.Rand) {
	t.Helper()
	zone, err := time.LoadLocation([]string{"Asia/Shanghai", "America/New_York", "Asia/Kathmandu"}[r.IntN(3)])
	if err != nil {
		t.Fatal(err)
	}
	from, to := q.Match.From, q.Match.To
	if from.IsZero() {
		from = f.entries[len(f.entries)-1].Time
	}
	if to.IsZero() {
		to = f.entries[0].Time.Add(time.Second)
	}
	_, buckets := oplog.Buckets(from.In(zone), to)
	counts, err := f.shard.Count(ctx, q, buckets)
	if err != nil {
		t.Fatal(err)
	}
	plain := newCounts(buckets)
	for _, e := range slices.Backward(want) {
		countPlain(plain, e, buckets)
	}
	a, _ := json.MarshalIndent(counts, "", " ")
	b, _ := json.MarshalIndent(plain, "", " ")
	if !bytes.Equal(a, b) {
		t.Errorf("counts are\n%s\nwant\n%s", a, b)
	}
}

// countPlain counts one entry; later entries are counted later.
func countPlain(c *archive.Counts, e *oplog.Entry, buckets []time.Time) {
	c.Total++
	if len(buckets) > 0 {
		i := 0
		for i+1 < len(buckets) && !e.Time.Before(buckets[i+1]) {
			i++
		}
		c.Buckets[i]++
	}
	for m, value := range map[*map[string]int]string{&c.Modules: e.Module, &c.Operations: e.Operation, &c.Organizations: e.Organization.ID, &c.Outcomes: e.Outcome, &c.Roles: e.User.Role} {
		if value != "" {
			(*m)[value]++
		}
	}
	c.Users[e.User.ID] = archive.UserCount{Count: c.Users[e.User.ID].Count + 1, Name: e.User.Name, Latest: e.Key()}
}

// openShard opens a shard of one server with nothing on it: ClickHouse as a library (tools/clickhouse), which make test-archive provides.
func openShard(t testing.TB) *Shard {
	t.Helper()
	program := os.Getenv("OPLOG_CLICKHOUSE")
	if program == "" {
		t.Skip("OPLOG_CLICKHOUSE is not set: run make test-archive")
	}
	s, err := Open(Options{Servers: []string{startServer(t, program)}, User: "oplog", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
