package search

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
)

// The property: for any recorded entries, in any order of times, and with restarts, every query returns the same as a plain scan of the
// store: rows, order, total, histogram and every facet.

var smallSizes = sizes{
	flush: 8, soonFlush: 5, restFlush: 3, maxFlush: 16, maxTail: 64, fanIn: 3, maxSegment: 200, longRun: 3, build: 5, maxLost: 40, quickLoad: 1 << 20, maxTenants: 2, maxTails: 100,
	deadNumbers: 4, keptTexts: 200,
}

const tenant = "acme"

var now = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func TestResultsEqualPlainScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "oplog-property-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		l := openLog(t, dir)
		defer func() { closeLog(t, l) }()
		if _, err := l.Directory.AddTenant(oplog.Tenant{ID: tenant, Name: "Acme", TimeZone: "Europe/Berlin", DataPermission: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Directory.SetOrganizations(context.Background(), tenant, oplog.Tree{
			{ID: "root", Name: "Root"}, {ID: "east", ParentID: "root", Name: "East"}, {ID: "shop", ParentID: "east", Name: "Shop"},
		}); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			if rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				closeLog(t, l)
				l = openLog(t, dir)
			}
			for range rapid.IntRange(1, 4).Draw(t, "batches") {
				batch := rapid.SliceOfN(rapid.Custom(drawEntry), 1, 30).Draw(t, "batch")
				if _, err := l.Journal.Append(context.Background(), tenant, batch); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				checkQuery(t, l, drawQuery(t))
			}
		}
	})
}

// testLog is a log with access to its engines.
type testLog struct {
	*node.Node
	store *storage.DB
	index *Index
}

func openLog(t interface{ Fatal(...any) }, dir string) testLog {
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	index, err := open(filepath.Join(dir, "index"), store, smallSizes)
	if err != nil {
		t.Fatal(err)
	}
	l, err := node.New(store, index, node.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return testLog{l, store, index}
}

func closeLog(t interface{ Fatal(...any) }, l testLog) {
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// pieces make up texts and searches: words with common prefixes, accents, full-width letters, Chinese with shared characters, Japanese,
// Korean, emoji, right-to-left text, punctuation within words, adjacent letters and digits, invisible characters.
var pieces = []string{
	"spring", "sprung", "Spring", "SPR", "v3", "v", "3", "O'Brien", "peter.lang", "page_2026", "Müller", "muller", "ＶＩＰ", "vip",
	"é", "e\u0301", "ñandú", "straße", "STRASSE", "İstanbul", "双十一", "双十二", "十一", "十", "一十一双", "双", "双11", "返场主会场", "主会场返场", "会场主",
	"カタカナ", "ｶﾀｶﾅ", "ガ", "スーパー", "ひらがな", "한국어", "국어", "❤️", "🎉", "مرحبا", "שלום", "Ελλάς", "ΕΛΛΑΣ", "Россия", "-", "—", "…", "№5", "①", "x\u0302y",
	"U10027", "10027", "100", "iPhone15手机壳", "15手机", "0a1b22c333d4444e", "333D4444", "333d", "4e", "二〇二六", "〇", "1\u0302a", "a\u03021", "x²", "3",
	"spr\u00ading", "100\u200b27", "双\u200d十一", "e\u00ad\u0301", "\ufeff", "가\u115f나",
}

// longName starts like longer texts that are kept brief.
const longName = "uid=Zhang,ou=People,dc=example,dc=com,c=CN/"

func drawText(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4).Draw(t, "pieces")
	return strings.Join(parts, rapid.SampledFrom([]string{" ", "", "-", "_", "，"}).Draw(t, "joint"))
}

func drawEntry(t *rapid.T) oplog.Entry {
	module := rapid.SampledFrom(oplog.BuiltInCatalog().Modules).Draw(t, "module")
	name := "n" + drawText(t)
	if rapid.IntRange(0, 3).Draw(t, "long?") == 0 {
		name = longName + drawText(t)
	}
	return oplog.Entry{
		// Few distinct times, so that many are equal, over a period with two clock changes.
		Time: now.Add(-time.Duration(rapid.IntRange(0, 400).Draw(t, "time")) * 13 * time.Hour),
		User: oplog.User{
			ID:   rapid.SampledFrom([]string{"u1", "u2", "u3", "u4", "u5", longName + "1", longName + "2"}).Draw(t, "user"),
			Name: name, Role: rapid.SampledFrom([]string{"", "", "admin", "营销经理", longName, longName + "3"}).Draw(t, "role"),
		},
		Organization: rapid.SampledFrom([]oplog.Ref{
			{}, {ID: "root", Name: "Root"}, {ID: "east", Name: "East"}, {ID: "shop", Name: "Shop"}, {ID: "new", Name: "New"},
		}).Draw(t, "organization"),
		Module:    module.Key,
		Operation: rapid.SampledFrom(module.Operations).Draw(t, "operation"),
		Outcome:   rapid.SampledFrom([]string{"", "success", "failure"}).Draw(t, "outcome"),
		IP:        rapid.SampledFrom(addresses).Draw(t, "ip"),
		KeyID:     rapid.SampledFrom([]string{"", "oplog_write_a", "oplog_write_b"}).Draw(t, "key"),
		Content:   oplog.Ref{ID: rapid.SampledFrom([]string{"", "page_1", "eml-77", "a", "双1"}).Draw(t, "content id"), Name: drawText(t)},
	}
}

// addresses has IP addresses of entries, some of them missing or invalid.
var addresses = []string{
	"", "10.0.0.1", "10.0.0.2:8080", "10.0.1.1", "10.255.255.255", "11.0.0.0", "::ffff:10.0.0.1", "10.0.0", "intranet",
	"2001:db8::1", "2001:DB8:0:0::2", "[2001:db8:1::1]:443", "fe80::1%eth0", "::1", "::", "ffff:ffff::",
}

func drawQuery(t *rapid.T) oplog.Query {
	some := func(name string, values ...string) []string {
		if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(t, name)
	}
	drawValues := func() oplog.Values {
		return oplog.Values{
			Users: some("users", "u1", "u2", "u", "u9", longName+"1", longName), Modules: some("modules", "sms", "email", "customer", "none"),
			Operations: some("operations", "create", "delete", "send", "none"), ContentIDs: some("content ids", "page_1", "a", "page"),
			Organizations: some("organizations", "root", "east", "shop", "new", "none"), Outcomes: some("outcomes", "success", "failure"),
			Roles: some("roles", "admin", "营销经理", "none", "营销", longName, longName+"3"), Keys: some("keys", "oplog_write_a", "oplog_write_b", "oplog_write", ""),
			IPs: some("ips", "10.0.0.1", "10.0.0.0/8", "10.0.0.0/31", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "::1", "fe80::1", "::ffff:10.0.0.1",
				"255.255.255.255", "ffff::/16", "8.0.0.0/6", "10.0.0.0/23"),
		}
	}
	q := oplog.Query{Filters: oplog.Filters{Values: drawValues()}}
	if rapid.IntRange(0, 2).Draw(t, "excluding?") == 0 {
		q.Not = drawValues()
	}
	if rapid.IntRange(0, 3).Draw(t, "scoped?") == 0 {
		q.Scope = rapid.SampledFrom([]string{"root", "east", "shop"}).Draw(t, "scope")
	}
	var words []string
	for range rapid.IntRange(0, 2).Draw(t, "words") {
		w := rapid.SampledFrom(append([]string{"sp", "people", "zh", "客户", "邮", "SMS", "u1", "page", "0", "场主", "返场主会", "短"}, pieces...)).Draw(t, "word")
		if rapid.Bool().Draw(t, "phrase?") {
			w = `"` + w + " " + rapid.SampledFrom(pieces).Draw(t, "next") + `"`
		}
		w = rapid.SampledFrom([]string{"", "", "user:", "module:", "content:"}).Draw(t, "field") + w
		words = append(words, rapid.SampledFrom([]string{"", "", "-"}).Draw(t, "not")+w)
	}
	q.Search = strings.Join(words, " ")
	if rapid.Bool().Draw(t, "from?") {
		q.From = now.Add(-time.Duration(rapid.IntRange(0, 400*13).Draw(t, "from")) * time.Hour)
	}
	if rapid.Bool().Draw(t, "to?") {
		q.To = now.Add(-time.Duration(rapid.IntRange(0, 400*13).Draw(t, "to")) * time.Hour)
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		q.From, q.To = q.To, q.From
	}
	if rapid.IntRange(0, 4).Draw(t, "period alone?") == 0 { // which segments answer by what they know of all their documents
		return oplog.Query{From: q.From, To: q.To}
	}
	return q
}

func checkQuery(t *rapid.T, l testLog, q oplog.Query) {
	all := scan(t, l)
	tree, err := l.Directory.Organizations(tenant, "")
	if err != nil {
		t.Fatal(err)
	}
	var want []oplog.Entry
	for _, e := range slices.Backward(all) {
		if plainMatch(q, tree, &e) {
			want = append(want, e)
		}
	}
	got, err := allPages(l, q, rapid.IntRange(1, 40).Draw(t, "limit"))
	if err != nil {
		words, _ := oplog.ParseSearch(q.Search)
		if oplog.CodeOf(err) == oplog.CodeInvalid && !slices.ContainsFunc(words, func(w oplog.Word) bool { return len(plainWords(w.Text)) > 0 }) {
			return
		}
		t.Fatalf("%+v: %v", q, err)
	}
	if a, b := ids(got), ids(want); !slices.Equal(a, b) {
		t.Fatalf("%+v: %d rows, want %d\n got %v\nwant %v", q, len(a), len(b), describe(got), describe(want))
	}
	checkSummary(t, l, q, want)
	checkAllValues(t, l, q, want)
}

// checkAllValues checks counts that name everybody, of entries that are sorted from the newest on.
func checkAllValues(t *rapid.T, l testLog, q oplog.Query, want []oplog.Entry) {
	state, err := l.Directory.State(tenant)
	if err != nil {
		t.Fatal(err)
	}
	m, err := state.Match(q, now)
	if err != nil {
		t.Fatal(err)
	}
	m.AllValues = true
	c, err := l.index.Count(context.Background(), tenant, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	users, roles, latest := map[string]oplog.FacetValue{}, map[string]int{}, map[string]oplog.Key{}
	for _, e := range want {
		u, known := users[e.User.ID]
		if !known {
			u = oplog.FacetValue{Value: e.User.ID, Name: e.User.Name}
			latest[e.User.ID] = e.Key()
		}
		u.Count++
		users[e.User.ID] = u
		if e.User.Role != "" {
			roles[e.User.Role]++
		}
	}
	if len(c.Users) != len(users) || len(c.Latest) != len(users) || c.MoreUsers != 0 || c.MoreRoles != 0 || !maps.Equal(c.Roles, roles) {
		t.Fatalf("%+v: all values: %+v, want users %v, roles %v", q, c, users, roles)
	}
	for i, u := range c.Users {
		if u != users[u.Value] || c.Latest[i] != latest[u.Value] {
			t.Fatalf("%+v: all values: %+v at %v, want %+v at %v", q, u, c.Latest[i], users[u.Value], latest[u.Value])
		}
	}
}

func checkSummary(t *rapid.T, l testLog, q oplog.Query, want []oplog.Entry) {
	s, err := l.Journal.Summary(context.Background(), tenant, q, oplog.LocaleEN)
	if err != nil {
		t.Fatal(err)
	}
	if s.Total != len(want) {
		t.Fatalf("%+v: total %d, want %d", q, s.Total, len(want))
	}
	modules, operations, users, organizations := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	outcomes, roles := map[string]int{}, map[string]int{}
	names := map[oplog.User]bool{}
	buckets := make([]int, len(s.Histogram.Buckets))
	for _, e := range want {
		modules[e.Module]++
		operations[e.Operation]++
		users[e.User.ID]++
		names[oplog.User{ID: e.User.ID, Name: e.User.Name}] = true
		outcomes[e.Outcome]++
		if e.User.Role != "" {
			roles[e.User.Role]++
		}
		if e.Organization.ID != "" {
			organizations[e.Organization.ID]++
		}
		at := -1
		for i, b := range s.Histogram.Buckets {
			if !b.From.After(e.Time) {
				at = i
			}
		}
		buckets[at]++
	}
	for i, b := range s.Histogram.Buckets {
		if b.Count != buckets[i] {
			t.Fatalf("%+v: bucket %d from %s: %d, want %d", q, i, b.From, b.Count, buckets[i])
		}
	}
	checkFacet(t, "module", s.Facets.Module, modules)
	checkFacet(t, "operation", s.Facets.Operation, operations)
	checkFacet(t, "user", s.Facets.User, users)
	for _, v := range s.Facets.User {
		if !names[oplog.User{ID: v.Value, Name: v.Name}] {
			t.Fatalf("facet user: %s has the name %q", v.Value, v.Name)
		}
	}
	checkFacet(t, "outcome", s.Facets.Outcome, outcomes)
	checkFacet(t, "role", s.Facets.Role, roles)
	checkFacet(t, "organization", s.Facets.Organization, organizations)
}

func checkFacet(t *rapid.T, name string, got []oplog.FacetValue, want map[string]int) {
	if len(got) != len(want) {
		t.Fatalf("facet %s: %v, want %v", name, got, want)
	}
	for _, v := range got {
		if want[v.Value] != v.Count {
			t.Fatalf("facet %s: %s has %d, want %d", name, v.Value, v.Count, want[v.Value])
		}
	}
}

func allPages(l testLog, q oplog.Query, limit int) ([]oplog.Entry, error) {
	var found []oplog.Entry
	cursor := ""
	for {
		page, err := l.Journal.Page(context.Background(), tenant, q, limit, cursor)
		if err != nil {
			return nil, err
		}
		found = append(found, page.Entries...)
		if page.NextCursor == "" {
			return found, nil
		}
		cursor = page.NextCursor
	}
}

func scan(t *rapid.T, l testLog) []oplog.Entry {
	var all []oplog.Entry
	err := l.store.Scan(context.Background(), tenant, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ids(entries []oplog.Entry) []string {
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func describe(entries []oplog.Entry) []string {
	var lines []string
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%d %q %q %s %s", e.Seq, e.User.Name, e.Content.Name, e.Content.ID, e.Module))
	}
	return lines
}
