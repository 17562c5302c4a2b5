package search

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"oplog/oplog"
	"oplog/storage"
)

// The property: whatever is recorded, in whatever order of times, with
// restarts between, every query answers as a plain scan of the store does, in
// rows, order, total, histogram and every facet.

var smallSizes = sizes{
	flush: 8, soonFlush: 5, restFlush: 3, maxFlush: 16, maxTail: 64, fanIn: 3, maxSegment: 200, longRun: 3, build: 5, maxLost: 40, quickLoad: 1 << 20, maxTenants: 2, maxTails: 100,
}

const tenant = "acme"

var now = time.Date(2026, 11, 20, 8, 42, 0, 0, time.UTC)

func TestAnswersAreThoseOfAPlainScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "oplog-property-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		l := openLog(t, dir)
		defer func() { closeLog(t, l) }()
		if _, err := l.AddTenant(oplog.Tenant{ID: tenant, Name: "Acme", TimeZone: "Europe/Berlin", DataPermission: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.SetOrganizations(context.Background(), tenant, oplog.Tree{
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
				if _, err := l.Append(context.Background(), tenant, batch); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				checkQuery(t, l, drawQuery(t))
			}
		}
	})
}

// testLog is a Log with its engines at hand.
type testLog struct {
	*oplog.Log
	store *storage.DB
	index *Index
}

func openLog(t interface{ Fatal(...any) }, dir string) testLog {
	store, err := storage.Open(dir, storage.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	index, err := open(filepath.Join(dir, "index"), store, smallSizes)
	if err != nil {
		t.Fatal(err)
	}
	l, err := oplog.New(store, index, oplog.Options{Now: func() time.Time { return now }})
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

// Pieces that texts and searches are drawn from: words that begin alike,
// accents, full width, Chinese that shares characters, Japanese, Korean, emoji,
// right to left, punctuation inside words.
var pieces = []string{
	"spring", "sprung", "Spring", "SPR", "v3", "v", "3", "O'Brien", "peter.lang", "page_2026", "Müller", "muller", "ＶＩＰ", "vip",
	"é", "e\u0301", "ñandú", "straße", "STRASSE", "İstanbul", "双十一", "双十二", "十一", "十", "一十一双", "双", "双11", "返场主会场", "主会场返场", "会场主",
	"カタカナ", "ｶﾀｶﾅ", "ガ", "スーパー", "ひらがな", "한국어", "국어", "❤️", "🎉", "مرحبا", "שלום", "Ελλάς", "ΕΛΛΑΣ", "Россия", "-", "—", "…", "№5", "①", "x\u0302y",
}

func drawText(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4).Draw(t, "pieces")
	return strings.Join(parts, rapid.SampledFrom([]string{" ", "", "-", "_", "，"}).Draw(t, "joint"))
}

func drawEntry(t *rapid.T) oplog.Entry {
	module := rapid.SampledFrom(oplog.BuiltInCatalog().Modules).Draw(t, "module")
	id := rapid.IntRange(1, 5).Draw(t, "user")
	return oplog.Entry{
		// Few distinct times, over two changes of the clock's, so that many are equal.
		Time: now.Add(-time.Duration(rapid.IntRange(0, 400).Draw(t, "time")) * 13 * time.Hour),
		User: oplog.User{ID: fmt.Sprintf("u%d", id), Name: "n" + drawText(t)},
		Organization: rapid.SampledFrom([]oplog.Ref{
			{}, {ID: "root", Name: "Root"}, {ID: "east", Name: "East"}, {ID: "shop", Name: "Shop"}, {ID: "new", Name: "New"},
		}).Draw(t, "organization"),
		Module:    module.Key,
		Operation: rapid.SampledFrom(module.Operations).Draw(t, "operation"),
		Content:   oplog.Ref{ID: rapid.SampledFrom([]string{"", "page_1", "eml-77", "a", "双1"}).Draw(t, "content id"), Name: drawText(t)},
	}
}

func drawQuery(t *rapid.T) oplog.Query {
	some := func(name string, values ...string) []string {
		if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(t, name)
	}
	q := oplog.Query{Filters: oplog.Filters{
		Users: some("users", "u1", "u2", "u", "u9"), Modules: some("modules", "sms", "email", "customer", "none"),
		Operations: some("operations", "create", "delete", "send", "none"), ContentIDs: some("content ids", "page_1", "a", "page"),
		Organizations: some("organizations", "root", "east", "shop", "new", "none"),
	}}
	if rapid.IntRange(0, 3).Draw(t, "scoped?") == 0 {
		q.Scope = rapid.SampledFrom([]string{"root", "east", "shop"}).Draw(t, "scope")
	}
	var words []string
	for range rapid.IntRange(0, 2).Draw(t, "words") {
		w := rapid.SampledFrom(append([]string{"sp", "客户", "邮", "SMS", "u1", "page", "0", "场主", "返场主会", "短"}, pieces...)).Draw(t, "word")
		if rapid.Bool().Draw(t, "phrase?") {
			w = `"` + w + " " + rapid.SampledFrom(pieces).Draw(t, "next") + `"`
		}
		words = append(words, rapid.SampledFrom([]string{"", "", "user:", "module:", "content:"}).Draw(t, "field")+w)
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
	return q
}

func checkQuery(t *rapid.T, l testLog, q oplog.Query) {
	all := scan(t, l)
	tree, err := l.Organizations(tenant, "")
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
}

func checkSummary(t *rapid.T, l testLog, q oplog.Query, want []oplog.Entry) {
	s, err := l.Summary(context.Background(), tenant, q, oplog.LocaleEN)
	if err != nil {
		t.Fatal(err)
	}
	if s.Total != len(want) {
		t.Fatalf("%+v: total %d, want %d", q, s.Total, len(want))
	}
	modules, operations, users, organizations := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	buckets := make([]int, len(s.Histogram.Buckets))
	for _, e := range want {
		modules[e.Module]++
		operations[e.Operation]++
		users[e.User.ID]++
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
		page, err := l.Page(context.Background(), tenant, q, limit, cursor)
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

// The plain matcher below says what a search means, word by word, without an
// index and without the index's analysis.

func plainMatch(q oplog.Query, tree oplog.Tree, e *oplog.Entry) bool {
	in := func(values []string, v string) bool { return len(values) == 0 || slices.Contains(values, v) }
	below := func(id string) bool {
		for o := e.Organization.ID; o != ""; {
			if o == id {
				return true
			}
			found, _ := tree.Find(o)
			o = found.ParentID
		}
		return false
	}
	if !in(q.Users, e.User.ID) || !in(q.Modules, e.Module) || !in(q.Operations, e.Operation) || !in(q.ContentIDs, e.Content.ID) ||
		len(q.Organizations) > 0 && !slices.ContainsFunc(q.Organizations, below) || q.Scope != "" && !below(q.Scope) ||
		!q.From.IsZero() && e.Time.Before(q.From) || !q.To.IsZero() && !e.Time.Before(q.To) {
		return false
	}
	words, _ := oplog.ParseSearch(q.Search)
	module, _ := oplog.BuiltInCatalog().Module(e.Module)
	texts := map[oplog.Field][]string{
		oplog.FieldUser: {e.User.Name, e.User.ID}, oplog.FieldContent: {e.Content.Name, e.Content.ID},
		oplog.FieldModule: {module.Key, module.Title.EN, module.Title.ZH},
	}
	for _, w := range words {
		var within []string
		for field, t := range texts {
			if w.Field == oplog.FieldAny || w.Field == field {
				within = append(within, t...)
			}
		}
		parts := [][]string{plainWords(w.Text)}
		if !w.Phrase {
			parts = nil
			for _, p := range plainWords(w.Text) {
				parts = append(parts, []string{p})
			}
		}
		for _, p := range parts {
			if !slices.ContainsFunc(within, func(text string) bool { return plainContains(plainWords(text), p, w.Phrase) }) {
				return false
			}
		}
	}
	return true
}

// plainContains tells whether the words stand in a row in a text.
func plainContains(text, row []string, whole bool) bool {
	for i := 0; i+len(row) <= len(text); i++ {
		matched := true
		for j, w := range row {
			have := text[i+j]
			first, last := j == 0, j == len(row)-1
			switch cjk := plainCJK([]rune(w)[0]); {
			case cjk && first && last:
				matched = matched && strings.Contains(have, w)
			case cjk && first:
				matched = matched && strings.HasSuffix(have, w)
			case cjk && last:
				matched = matched && strings.HasPrefix(have, w)
			case cjk || whole:
				matched = matched && have == w
			default:
				matched = matched && strings.HasPrefix(have, w)
			}
		}
		if matched {
			return true
		}
	}
	return len(row) == 0
}

func plainCJK(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー'
}

// plainWords cuts a text into folded words, splitting between scripts.
func plainWords(s string) []string {
	var out []rune
	for _, r := range norm.NFD.String(strings.ToLower(strings.ToUpper(norm.NFKC.String(s)))) {
		latinBefore := len(out) > 0 && unicode.Is(unicode.Latin, out[len(out)-1])
		switch {
		case unicode.Is(unicode.Mn, r) && latinBefore: // an accent
		case r == 'ß':
			out = append(out, 's', 's')
		case r == 'ς':
			out = append(out, 'σ')
		default:
			out = append(out, unicode.ToLower(r))
		}
	}
	var words []string
	word := ""
	for _, r := range norm.NFC.String(string(out)) {
		wordRune := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		if word != "" && (!wordRune || !unicode.IsMark(r) && plainCJK(r) != plainCJK([]rune(word)[0])) {
			words = append(words, word)
			word = ""
		}
		if wordRune {
			word += string(r)
		}
	}
	if word != "" {
		words = append(words, word)
	}
	return words
}
