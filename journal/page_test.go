package journal_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"oplog/node/nodetest"
	"oplog/oplog"
)

func TestPageIsNewestFirst(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("b", 5), nodetest.Entry("a", 9), nodetest.Entry("c", 5), nodetest.Entry("d", 1))
	l.Record("acme", nodetest.Entry("e", 7), nodetest.Entry("f", 5))
	f := func(t *testing.T, limit int, want string) {
		t.Helper()
		var got []string
		cursor := ""
		for {
			page, err := l.Journal.Page(context.Background(), "acme", oplog.Query{}, limit, cursor)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, nodetest.Contents(page.Entries))
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if strings.Join(got, " | ") != want {
			t.Errorf("by %d: %s, want %s", limit, strings.Join(got, " | "), want)
		}
	}
	f(t, 200, "d f c b e a") // entries with the same time, by arrival
	f(t, 6, "d f c b e a")
	f(t, 5, "d f c b e | a")
	f(t, 3, "d f c | b e a")
	f(t, 1, "d | f | c | b | e | a")
}

func TestPageOfEmptyLog(t *testing.T) {
	l := newLog(t)
	page, err := l.Journal.Page(context.Background(), "plain", oplog.Query{}, 50, "")
	if err != nil || len(page.Entries) != 0 || page.NextCursor != "" {
		t.Errorf("%+v, %v", page, err)
	}
	s, err := l.Journal.Summary(context.Background(), "plain", oplog.Query{}, oplog.LocaleEN)
	if err != nil || s.Total != 0 || len(s.Facets.Module) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestPageRejects(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 2), nodetest.Entry("b", 1))
	l.Record("plain", nodetest.Entry("a", 2), nodetest.Entry("b", 1))
	next := func(tenant string) string {
		page, err := l.Journal.Page(context.Background(), tenant, oplog.Query{}, 1, "")
		l.Must(nil, err)
		return page.NextCursor
	}
	f := func(t *testing.T, limit int, cursor string, want ...string) {
		t.Helper()
		_, err := l.Journal.Page(context.Background(), "acme", oplog.Query{}, limit, cursor)
		if len(want) == 0 {
			if err != nil {
				t.Error(err)
			}
			return
		}
		nodetest.WantCode(t, err, oplog.CodeInvalid)
		nodetest.WantFields(t, err, want...)
	}
	good := next("acme")
	f(t, 1, good)
	f(t, 200, "")
	f(t, 0, "", "query.limit")
	f(t, -1, "", "query.limit")
	f(t, 201, "", "query.limit")
	f(t, 1, next("plain"), "query.cursor") // the same key, of another tenant
	f(t, 1, "x", "query.cursor")
	f(t, 1, good[1:], "query.cursor")
	f(t, 1, good+"AAAA", "query.cursor")
	f(t, 1, strings.Repeat("A", len(good)), "query.cursor")
	f(t, 1, base64.RawURLEncoding.EncodeToString(make([]byte, 24)), "query.cursor")
	for i := range good {
		other := byte('A')
		if good[i] == other {
			other = 'B'
		}
		f(t, 1, good[:i]+string(other)+good[i+1:], "query.cursor")
	}
	_, err := l.Journal.Page(context.Background(), "none", oplog.Query{}, 1, "")
	nodetest.WantCode(t, err, oplog.CodeNotFound)
	_, err = l.Journal.Summary(context.Background(), "none", oplog.Query{}, oplog.LocaleEN)
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}

// Entries present when the first page was read come once each, whatever arrives between pages and whether or not the log is reopened.
func TestPagesWhileEntriesArrive(t *testing.T) {
	l := newLog(t)
	var want []string
	for i := range 20 {
		l.Record("acme", nodetest.Entry(fmt.Sprint(i), 10+i))
		want = append(want, fmt.Sprint(i))
	}
	seen := map[string]int{}
	var order []string
	cursor := ""
	for turn := 0; ; turn++ {
		page, err := l.Journal.Page(context.Background(), "acme", oplog.Query{}, 3, cursor)
		l.Must(nil, err)
		for _, e := range page.Entries {
			seen[e.Content.ID]++
			if !strings.HasPrefix(e.Content.ID, "late") {
				order = append(order, e.Content.ID)
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
		newest := page.Entries[len(page.Entries)-1].Time
		older := nodetest.Entry(fmt.Sprintf("late-old-%d", turn), 0)
		older.Time = newest.Add(-time.Hour)
		same := nodetest.Entry(fmt.Sprintf("late-same-%d", turn), 0)
		same.Time = newest
		l.Record("acme", nodetest.Entry(fmt.Sprintf("late-new-%d", turn), 0), same, older)
		if turn%2 == 1 {
			l.Restart()
		}
		if turn > 100 {
			t.Fatal("the pages do not end")
		}
	}
	if strings.Join(order, " ") != strings.Join(want, " ") {
		t.Errorf("pages have %v, want %v", order, want)
	}
	for id, n := range seen {
		if n != 1 || strings.HasPrefix(id, "late-new") {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

func TestQueryPeriods(t *testing.T) {
	l := newLog(t)
	// The tenant's days are in Shanghai, where it is 16:42.
	midnight := time.Date(2026, 11, 19, 16, 0, 0, 0, time.UTC)
	at := func(content string, when time.Time) oplog.Entry {
		e := nodetest.Entry(content, 0)
		e.Time = when
		return e
	}
	l.Record("acme",
		at("week", midnight.AddDate(0, 0, -6)), at("before-week", midnight.AddDate(0, 0, -6).Add(-time.Microsecond)),
		at("today", midnight), at("yesterday", midnight.Add(-time.Microsecond)), at("now", nodetest.Morning),
		at("tonight", midnight.Add(24*time.Hour-time.Microsecond)), at("tomorrow", midnight.Add(24*time.Hour)),
		at("first", time.Unix(0, 0)))
	f := func(t *testing.T, r oplog.Range, from, to time.Time, want string) {
		t.Helper()
		q := oplog.Query{Range: r, From: from, To: to}
		if got := l.Find("acme", q); got != want {
			t.Errorf("%q %s … %s: %s, want %s", r, from, to, got, want)
		}
		s, err := l.Journal.Summary(context.Background(), "acme", q, oplog.LocaleEN)
		if err != nil {
			t.Fatal(err)
		}
		inBuckets := 0
		for _, b := range s.Histogram.Buckets {
			inBuckets += b.Count
		}
		if n := len(strings.Fields(want)); s.Total != n || inBuckets != n || len(s.Histogram.Buckets) > 202 {
			t.Errorf("%q %s … %s: total %d, %d in %d buckets, want %d", r, from, to, s.Total, inBuckets, len(s.Histogram.Buckets), n)
		}
	}
	none := time.Time{}
	all := "tomorrow tonight now today yesterday week before-week first"
	f(t, "", none, none, all)
	f(t, oplog.RangeToday, none, none, "tonight now today")
	f(t, oplog.RangeLast7Days, none, none, "tonight now today yesterday week")
	f(t, oplog.RangeLast30Days, none, none, "tonight now today yesterday week before-week")
	f(t, oplog.RangeLast7Days, midnight, none, "tonight now today")
	f(t, oplog.RangeToday, none, nodetest.Morning, "today")
	f(t, oplog.RangeCustom, midnight, nodetest.Morning, "today")
	f(t, "", midnight, nodetest.Morning, "today")
	f(t, "", midnight, nodetest.Morning.Add(1), "now today") // between two microseconds
	f(t, "", midnight.Add(1), nodetest.Morning, "")
	f(t, "", nodetest.Morning, nodetest.Morning, "")
	f(t, "", none, time.Unix(0, 0), "")
	f(t, "", time.Unix(0, 0), time.Unix(1, 0), "first")
	for _, year := range []int{2100, 2262, 2300, 9999} {
		f(t, "", midnight, time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC), "tomorrow tonight now today")
		f(t, "", time.Date(year, 12, 31, 23, 59, 59, 0, time.UTC), none, "")
	}
	for _, year := range []int{1, 1600, 1677, 1969} {
		f(t, "", time.Date(year, 1, 1, 0, 0, 1, 0, time.UTC), none, all)
		f(t, "", none, time.Date(year, 1, 1, 0, 0, 1, 0, time.UTC), "")
	}
	f(t, "", time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), all)
}

func TestQueryInvalid(t *testing.T) {
	l := newLog(t)
	midnight := time.Date(2026, 11, 19, 16, 0, 0, 0, time.UTC)
	refuse := func(t *testing.T, q oplog.Query, want string) {
		t.Helper()
		_, err := l.Journal.Page(context.Background(), "acme", q, 50, "")
		nodetest.WantCode(t, err, oplog.CodeInvalid)
		nodetest.WantFields(t, err, want)
		_, err = l.Journal.Summary(context.Background(), "acme", q, oplog.LocaleEN)
		nodetest.WantFields(t, err, want)
	}
	refuse(t, oplog.Query{Range: "next_week"}, "query.range")
	refuse(t, oplog.Query{From: nodetest.Morning, To: midnight}, "query.from")
	refuse(t, oplog.Query{Filters: oplog.Filters{Search: "…!"}}, "query.q")
	refuse(t, oplog.Query{Filters: oplog.Filters{Search: "a\x00"}}, "query.q")
}

// Entries outside the scope are in no page, count, facet or lookup.
func TestScopeAndDataPermission(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.InOrganization("root", nodetest.Entry("root", 5)), nodetest.InOrganization("east", nodetest.Entry("east", 4)), nodetest.InOrganization("shop", nodetest.Entry("shop", 3)), nodetest.InOrganization("west", nodetest.Entry("west", 2)), nodetest.Entry("none", 1))
	f := func(t *testing.T, scope, organizations, want string) {
		t.Helper()
		q := oplog.Query{Scope: scope, Filters: oplog.Filters{Values: oplog.Values{Organizations: strings.Fields(organizations)}}}
		if got := l.Find("acme", q); got != want {
			t.Errorf("scope %q, organizations %q: %q, want %q", scope, organizations, got, want)
		}
		s, err := l.Journal.Summary(context.Background(), "acme", q, oplog.LocaleEN)
		if err != nil {
			t.Fatal(err)
		}
		n := len(strings.Fields(want))
		counted := 0
		for _, v := range s.Facets.Organization {
			if !strings.Contains(want, v.Value) {
				t.Errorf("scope %q: facet %+v", scope, v)
			}
			counted += v.Count
		}
		if strings.Contains(want, "none") {
			counted++
		}
		if s.Total != n || counted != n || n > 0 && (s.Facets.User[0].Count != n || s.Facets.Module[0].Count != n) || n == 0 && len(s.Facets.User) > 0 {
			t.Errorf("scope %q, organizations %q: %+v, want %d", scope, organizations, s, n)
		}
	}
	f(t, "", "", "none west shop east root")
	f(t, "", "root", "west shop east root")
	f(t, "", "east", "shop east")
	f(t, "", "shop west", "west shop")
	f(t, "", "unknown", "")
	f(t, "root", "", "west shop east root")
	f(t, "east", "", "shop east")
	f(t, "east", "shop", "shop")
	f(t, "east", "root", "shop east")
	f(t, "east", "west", "")
	f(t, "unknown", "", "")

	l.Record("plain", nodetest.InOrganization("east", nodetest.Entry("p", 1)))
	_, err := l.Journal.Page(context.Background(), "plain", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}, 50, "")
	nodetest.WantCode(t, err, oplog.CodeInvalid)
	nodetest.WantFields(t, err, "query.organization")
	if got := l.Find("plain", oplog.Query{}); got != "p" {
		t.Errorf("without data permission: %q", got)
	}
	l.Must(l.Directory.ChangeTenant("plain", func(t *oplog.Tenant) { t.DataPermission = true }))
	if got := l.Find("plain", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}); got != "p" {
		t.Errorf("with data permission: %q", got)
	}
}

func TestSummaryNames(t *testing.T) {
	l := newLog(t)
	renamed := nodetest.InOrganization("shop", nodetest.Entry("2", 1))
	renamed.User.Name = "Wang Fang-Li"
	l.Record("acme", nodetest.InOrganization("shop", nodetest.Entry("1", 9)), renamed)
	s, err := l.Journal.Summary(context.Background(), "acme", oplog.Query{}, oplog.LocaleZH)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.Facets.Module, s.Facets.Operation, s.Facets.Organization, s.Facets.User)
	if want := "[{sms 短信 2}] [{send 发送 2}] [{shop Shop 2}] [{u1 Wang Fang-Li 2}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
