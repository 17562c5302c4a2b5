package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

var testEnd = time.Now().UTC().Truncate(24 * time.Hour)

func TestGenerateIsDeterministic(t *testing.T) {
	a, b := generate(2000, testEnd), generate(2000, testEnd)
	seen := make(map[string]bool)
	last := time.Time{}
	for i := range a.records {
		x, y := a.entry(i), b.entry(i)
		one, _ := json.Marshal(x)
		other, _ := json.Marshal(y)
		if string(one) != string(other) {
			t.Fatalf("entry %d is %s in one run and %s in another", i, one, other)
		}
		if seen[x.ID] || !x.Time.After(last) {
			t.Fatalf("entry %d has the time or id of an earlier entry: %s", i, one)
		}
		seen[x.ID], last = true, x.Time
		if broken := x.Validate(oplog.BuiltInCatalog(), testEnd); len(broken) > 0 {
			t.Fatalf("entry %d is invalid: %v", i, broken)
		}
	}
	if later := a.laterEntry(0); !later.Time.After(last) || seen[later.ID] {
		t.Errorf("a later entry is not after all others: %v", later)
	}
	if first := a.entry(0).Time; !first.Equal(testEnd.AddDate(0, 0, -days)) {
		t.Errorf("the first entry is at %s", first)
	}
}

func TestPickSkewed(t *testing.T) {
	d := generate(10_000, testEnd)
	chinese, rare, failed := 0, 0, 0
	for i := range d.records {
		name := d.entry(i).Content.Name
		if isChinese(name) {
			chinese++
		}
		if strings.HasSuffix(name, rareWord) {
			rare++
		}
		if d.entry(i).Outcome == oplog.OutcomeFailure {
			failed++
		}
	}
	if chinese < 4500 || chinese > 5500 {
		t.Errorf("%d of 10000 are Chinese", chinese)
	}
	if failed < 300 || failed > 500 {
		t.Errorf("%d of 10000 failed", failed)
	}
	if rare != 1 {
		t.Errorf("%d have the rare word", rare)
	}
}

func TestWords(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := strings.Join(words(text), "|"); got != want {
			t.Errorf("%q has the words %s, want %s", text, got, want)
		}
	}
	f("Spring sale SMS template v3", "spring|sale|sms|template|v3")
	f("双十一大促v3 旗舰店", "双十一大促|v3|旗舰店")
	f("", "")
	f("o'Brien_x", "o|brien|x")
}

func TestBigrams(t *testing.T) {
	f := func(run, want string) {
		t.Helper()
		if got := strings.Join(bigrams(run), "|"); got != want {
			t.Errorf("%q is %s, want %s", run, got, want)
		}
	}
	f("双十一", "双十|十一")
	f("双十", "双十")
	f("双", "双")
}

func TestModuleWordsAreRejected(t *testing.T) {
	if _, err := makeQueries(generate(1000, testEnd)); err != nil {
		t.Error(err)
	}
	if checkWord("re") == nil || checkWord("短信") == nil {
		t.Error("a word that modules have is taken")
	}
}

func TestDiffers(t *testing.T) {
	same := func() answer {
		return answer{rows: []int64{3, 2}, total: 2, buckets: map[int64]int{0: 2}, facets: [facetKinds]map[string]int{
			{"sms": 2}, {"send": 2}, {"u1": 1, "u2": 1}, {"o1": 2},
		}}
	}
	f := func(change func(*answer), what request, want string) {
		t.Helper()
		other := same()
		change(&other)
		if got := same().differs(other, what); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("differs in %q, want %q", got, want)
		}
	}
	f(func(*answer) {}, summary, "")
	f(func(a *answer) { a.rows = a.rows[:1] }, page, "rows")
	f(func(a *answer) { a.total++ }, page, "")
	f(func(a *answer) { a.total++ }, count, "totals")
	f(func(a *answer) { a.buckets[0] = 1 }, summary, "histograms")
	f(func(a *answer) { a.facets[facetUser]["u1"] = 2 }, summary, "facet user")
}

func TestTop(t *testing.T) {
	counts := map[string]int{"rare": 1, "b": 2, "a": 2}
	for i := range 48 {
		counts[strings.Repeat("x", i+1)] = 3
	}
	got := top(counts)
	if len(got) != 50 || got["a"] != 2 || got["b"] != 2 || got["rare"] != 0 {
		t.Errorf("top returns %d values: %v", len(got), slices.Sorted(maps.Keys(got)))
	}
}

func TestStatements(t *testing.T) {
	q := query{bucket: 12 * time.Hour, organizationIDs: []string{"o1", "o11"}, Query: oplog.Query{
		From: testEnd, To: testEnd.AddDate(0, 0, 7), Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"sms"}}},
	}}
	c := &condition{from: "entries", countFrom: "entries", key: "id"}
	c.period(q)
	c.filters(q)
	if want := "SELECT count(*) FROM entries WHERE id >= $1 AND id < $2 AND module = $3 AND organization_id IN ($4,$5)"; numberPlaceholders(c.countStatement(0)) != want {
		t.Errorf("%s\nwant %s", numberPlaceholders(c.countStatement(0)), want)
	}
	if len(c.args) != 5 {
		t.Errorf("%d arguments", len(c.args))
	}
}

func TestStatementsThatExclude(t *testing.T) {
	f := func(filters oplog.Filters, want string, args ...any) {
		t.Helper()
		c := (&postgres{}).condition(query{Query: oplog.Query{Filters: filters}})
		if got := numberPlaceholders(c.clause()); got != " WHERE "+want || !slices.Equal(c.args, args) {
			t.Errorf("%s of %v\nwant %s of %v", got, c.args, want, args)
		}
	}
	f(oplog.Filters{Search: "-sale"}, "t NOT LIKE $1", "% sale%")
	f(oplog.Filters{Not: oplog.Values{Users: []string{"u0007"}}}, "user_id <> $1", "u0007")
	f(oplog.Filters{Values: oplog.Values{Outcomes: []string{"failure"}, Roles: []string{"admin"}}}, "outcome = $1 AND role = $2", "failure", "admin")
	f(oplog.Filters{Values: oplog.Values{IPs: []string{"10.1.32.0/20"}}}, "ip BETWEEN $1 AND $2", int64(0x0a012000), int64(0x0a012fff))
	f(oplog.Filters{Values: oplog.Values{IPs: []string{"10.1.32.7"}}}, "ip BETWEEN $1 AND $2", int64(0x0a012007), int64(0x0a012007))
}

func TestMatches(t *testing.T) {
	f := func(filters oplog.Filters, want string) {
		t.Helper()
		if got := (&sqlite{}).match(query{Query: oplog.Query{Filters: filters}}); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	f(oplog.Filters{}, "")
	f(oplog.Filters{Search: "sale", Values: oplog.Values{Users: []string{"u1", "u2"}}}, `"sale" * AND ("u:u1" OR "u:u2")`)
	f(oplog.Filters{Search: "-sale"}, `(("s:success" OR "s:failure")) NOT ("sale" *)`)
	f(oplog.Filters{Search: "大促", Not: oplog.Values{Users: []string{"u1"}}}, `("大促") NOT (("u:u1"))`)
	f(oplog.Filters{Values: oplog.Values{IPs: []string{"10.1.32.0/20"}}}, `"i:0a012" *`)
	f(oplog.Filters{Values: oplog.Values{IPs: []string{"10.1.32.7"}}}, `"i:0a012007"`)
}

func TestQuantile(t *testing.T) {
	f := func(n, percent int, want time.Duration) {
		t.Helper()
		var sorted []time.Duration
		for i := range n {
			sorted = append(sorted, time.Duration(i+1))
		}
		if got := quantile(sorted, percent); got != want {
			t.Errorf("%d%% of 1…%d is %d, want %d", percent, n, got, want)
		}
	}
	f(100, 50, 51)
	f(100, 99, 100)
	f(1, 99, 1)
	f(0, 50, 0)
}

func TestSpell(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(thousands(1_234_567), "1,234,567")
	f(thousands(999), "999")
	f(millis(1500*time.Microsecond), "1.50")
	f(millis(42*time.Microsecond), "0.042")
	f(times(0), "–")
	f(times(12.4), "12×")
}

func TestParse(t *testing.T) {
	f := func(args string, valid bool) {
		t.Helper()
		if _, err := parse(strings.Fields(args)); (err == nil) != valid {
			t.Errorf("%q: %v", args, err)
		}
	}
	f("-sizes 1000,20000 -systems oplog,http", true)
	f("-sizes ten", false)
	f("-systems oracle", false)
	f("-end tomorrow", false)
	f("-end 2020-01-01", false)
}

// TestSystemsAgree runs oplog without its server, and SQLite if this build includes it, on a small log.
func TestSystemsAgree(t *testing.T) {
	ctx := context.Background()
	d := generate(3000, testEnd)
	queries, err := makeQueries(d)
	if err != nil {
		t.Fatal(err)
	}
	o := options{senders: 2, recording: 0}
	at := &sizeResults{entries: len(d.records), queries: queries}
	for _, name := range []string{systemEngine, systemBigrams, systemTrigrams} {
		s, err := open(ctx, name, filepath.Join(t.TempDir(), name), "", d)
		if errors.Is(err, errNoFTS5) || err != nil && strings.Contains(err.Error(), "CGO_ENABLED=0") {
			t.Logf("%s is left out: %v", name, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.load(ctx, d, o.senders); err != nil {
			t.Fatal(name, err)
		}
		r := &results{name: s.name()}
		for what := range requestKinds {
			r.answers[what] = make([]answer, len(queries))
			for i, q := range queries {
				finish, err := s.query(ctx, q, what, 0)
				if err != nil {
					t.Fatal(name, q.name, err)
				}
				if r.answers[what][i], err = finish(); err != nil {
					t.Fatal(name, q.name, err)
				}
			}
		}
		if err := at.add(r); err != nil {
			t.Error(err)
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReportOfOneSystem(t *testing.T) {
	d := generate(1000, testEnd)
	queries, err := makeQueries(d)
	if err != nil {
		t.Fatal(err)
	}
	one := &results{name: "oplog", batchRate: 1000, singleRate: 10}
	for what := range requestKinds {
		one.latencies[what] = make([]latency, len(queries))
		one.answers[what] = make([]answer, len(queries))
		for i := range queries {
			one.latencies[what][i] = latency{p50: time.Millisecond}
		}
	}
	r := newReport(options{sizes: []int{1000}, systems: []string{systemEngine}, end: testEnd})
	r.sizes = []*sizeResults{{entries: goalEntries, queries: queries, systems: []*results{one}}}
	if text := r.text(); !strings.Contains(text, "| newest | 0 | 1.00 | – |") || !strings.Contains(text, "**1.000**") {
		t.Error(text)
	}
}
