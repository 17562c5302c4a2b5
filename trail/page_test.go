package trail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/demo"
	"oplog/node/nodetest"
	"oplog/oplog"
	"oplog/trail"
)

// months records events over some months in acme's trail, one a day; expectations are formatted by the objects of the events.
func (l *testLog) months() {
	l.T.Helper()
	ada, emma := oplog.User{ID: "ada", Name: "Ada Li", Role: "admin"}, oplog.User{ID: "emma", Name: "Emma 张伟", Role: "owner"}
	add := func(user oplog.User, action, object string, details map[string]any) {
		module, operation, _ := strings.Cut(action, ".")
		l.Trail.Add(trail.Event{Tenant: "acme", User: user, Module: module, Operation: operation, Object: oplog.Ref{ID: object}, Details: details})
		l.Clock.Advance(24 * time.Hour)
	}
	for range 100 { // to 2027-02-28
		add(ada, "log.open", "noise", nil)
	}
	add(ada, "account.create", "a1", map[string]any{"role": "auditor"})                                        // 02-28
	add(emma, "account.change", "a2", map[string]any{"new_password": true})                                    // 03-01
	add(emma, "key.create", "a3", map[string]any{"name": "BI 报表", "days": 90})                                 // 03-02
	add(ada, "export.start", "a4", map[string]any{"filters": map[string]any{"q": []string{"vip 双十一"}}})        // 03-03
	add(ada, "log.search", "", map[string]any{"filters": map[string]any{"user": []string{"u_7"}, "q": "vip"}}) // 03-04
	add(trail.ServerUser, "retention.delete", "a6", nil)                                                       // 03-05
	l.Clock.Advance(-time.Hour)                                                                                // 03-06 15:42 in Shanghai
}

func TestTrailFilters(t *testing.T) {
	l := newLog(t)
	l.months()
	day := func(d string) time.Time { at, _ := time.Parse(time.DateTime, d); return at }
	f := func(t *testing.T, q oplog.Query, want string) {
		t.Helper()
		if got := l.pagesOfTwo(q); got != want {
			t.Errorf("%+v gives\n%s, want\n%s", q, got, want)
		}
	}
	search := func(q string) oplog.Query { return oplog.Query{Filters: oplog.Filters{Search: q}} }
	filter := func(fs oplog.Filters) oplog.Query { return oplog.Query{Filters: fs} }

	f(t, filter(oplog.Filters{Values: oplog.Values{Users: []string{"emma"}}}), "a3/103 a2/102")
	f(t, filter(oplog.Filters{Values: oplog.Values{Users: []string{"server", "emma"}}}), "a6/106 a3/103 a2/102")
	f(t, filter(oplog.Filters{Values: oplog.Values{Users: []string{"nobody"}}}), "")
	f(t, filter(oplog.Filters{Values: oplog.Values{Operations: []string{"create"}}}), "a3/103 a1/101")
	f(t, filter(oplog.Filters{Values: oplog.Values{Operations: []string{"account.create", "log.search"}}}), "105 a1/101")
	f(t, filter(oplog.Filters{Values: oplog.Values{Operations: []string{"account"}}}), "")
	f(t, filter(oplog.Filters{Values: oplog.Values{Modules: []string{"account"}, Users: []string{"ada"}}}), "a1/101")
	f(t, filter(oplog.Filters{Values: oplog.Values{ContentIDs: []string{"a2", "a6"}}}), "a6/106 a2/102")

	f(t, search("张伟"), "a3/103 a2/102")
	f(t, search("vip"), "105 a4/104")
	f(t, search("vip 双十一"), "a4/104")
	f(t, search("content:90"), "a3/103")
	f(t, search("user:ada auditor"), "a1/101")
	f(t, search("user:vip"), "")
	f(t, search("filters"), "") // member names are not searched
	f(t, search("API 密钥"), "a3/103")
	f(t, search("module:accounts"), "a2/102 a1/101")

	f(t, oplog.Query{Range: oplog.RangeToday}, "")
	f(t, oplog.Query{Range: oplog.RangeLast7Days}, "a6/106 105 a4/104 a3/103 a2/102 a1/101")
	f(t, oplog.Query{Range: oplog.RangeLast7Days, To: day("2027-03-01 08:42:00")}, "a1/101")
	f(t, oplog.Query{From: day("2027-03-03 08:42:00"), To: day("2027-03-05 08:42:00")}, "105 a4/104")
	f(t, oplog.Query{From: day("2027-03-03 08:42:00").Add(1), To: day("2027-03-05 08:42:00").Add(1)}, "a6/106 105")
	f(t, oplog.Query{From: day("2027-03-01 00:00:00"), Filters: oplog.Filters{Search: "vip", Values: oplog.Values{Users: []string{"ada"}, Operations: []string{"export.start"}}}}, "a4/104")

	// Whole pages of non-matching entries precede the matches.
	f(t, filter(oplog.Filters{Search: "noise", Values: oplog.Values{Operations: []string{"create"}}}), "")
	page, err := l.Trail.Page(t.Context(), "acme", search("noise"), 100, "")
	l.Must(nil, err)
	if len(page.Entries) != 100 || page.NextCursor != "" {
		t.Errorf("%d entries, then %q", len(page.Entries), page.NextCursor)
	}
}

// pagesOfTwo reads all pages of acme's access log, of two entries each.
func (l *testLog) pagesOfTwo(q oplog.Query) string {
	l.T.Helper()
	var got []string
	for cursor := ""; ; {
		page, err := l.Trail.Page(l.T.Context(), "acme", q, 2, cursor)
		l.Must(nil, err)
		for _, e := range page.Entries {
			got = append(got, strings.TrimPrefix(fmt.Sprintf("%s/%d", e.Content.ID, e.Seq), "/"))
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
		if len(page.Entries) != 2 {
			l.T.Errorf("%d entries, and yet a next page", len(page.Entries))
		}
	}
	return strings.Join(got, " ")
}

func TestTrailRejectsFilters(t *testing.T) {
	l := newLog(t)
	f := func(t *testing.T, q oplog.Query, want string) {
		t.Helper()
		_, err := l.Trail.Page(t.Context(), "acme", q, 10, "")
		nodetest.WantCode(t, err, oplog.CodeInvalid)
		nodetest.WantFields(t, err, want)
	}
	f(t, oplog.Query{Filters: oplog.Filters{Search: "…"}}, "query.q")
	f(t, oplog.Query{Filters: oplog.Filters{Search: strings.Repeat("x ", 33)}}, "query.q")
	f(t, oplog.Query{From: nodetest.Morning, To: nodetest.Morning.Add(-time.Second)}, "query.from")
	f(t, oplog.Query{Range: "last_8_days"}, "query.range")
	_, err := l.Trail.Page(t.Context(), "none", oplog.Query{}, 10, "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}

// TestTrailPagesAreStable: events added between pages neither repeat nor hide earlier ones.
func TestTrailPagesAreStable(t *testing.T) {
	l := newLog(t)
	for i := range 2500 { // more than are read at once
		user := []string{"a", "b", "b", "b", "b"}[i%5]
		l.Trail.Add(event("acme", user))
		l.Clock.Advance(time.Second)
	}
	var seqs []uint64
	for cursor := ""; ; {
		page, err := l.Trail.Page(t.Context(), "acme", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Users: []string{"a"}}}}, 100, cursor)
		l.Must(nil, err)
		for _, e := range page.Entries {
			seqs = append(seqs, e.Seq)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
		l.Trail.Add(event("acme", "a"))
	}
	var want []uint64
	for seq := uint64(2496); seq <= 2496; seq -= 5 {
		want = append(want, seq)
	}
	if !slices.Equal(seqs, want) {
		t.Errorf("%d entries, want %d: %v", len(seqs), len(want), seqs)
	}
}

// BenchmarkTrail searches for something that is not in a busy year's trail, which scans all of it.
func BenchmarkTrail(b *testing.B) {
	l := nodetest.Open(b, b.TempDir())
	const year = 300_000
	for i := range year {
		l.Trail.Add(trail.Event{
			Tenant: demo.TenantID, User: oplog.User{ID: fmt.Sprint("u", i%200), Name: "Name of a person"}, Module: "log", Operation: "search",
			Details: map[string]any{"filters": map[string]any{"q": []string{fmt.Sprint("word ", i)}, "range": []string{"last_7_days"}}},
		})
		if i%5000 == 0 {
			_, _ = l.Trail.Page(b.Context(), demo.TenantID, oplog.Query{}, 1, "") // flushes pending events
		}
	}
	for name, filters := range map[string]oplog.Filters{
		"user": {Values: oplog.Values{Users: []string{"nobody"}}}, "deed": {Values: oplog.Values{Operations: []string{"key.revoke"}}}, "search": {Search: "nothing"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := l.Trail.Page(b.Context(), demo.TenantID, oplog.Query{Filters: filters}, 100, "")
				if err != nil || len(page.Entries) != 0 {
					b.Fatal(len(page.Entries), err)
				}
			}
			b.ReportMetric(year*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
