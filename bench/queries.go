package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// pageSize is how many entries a page has.
const pageSize = oplog.DefaultPageSize

// asked is what a client wants to know of what a query lets through.
type asked int

const (
	page    asked = iota // the newest 50
	count                // the newest 50 and how many there are
	summary              // the newest 50, a histogram, and counts by module, operation, user and organization
	allAsked
)

var askedNames = [allAsked]string{"page of 50", "page + exact count", "page + histogram + facets"}

// query is one of the questions, with what peers need to put it in their own
// language.
type query struct {
	name string
	oplog.Query
	below  []string      // the organizations that it lets through
	bucket time.Duration // width of the histogram's bars
}

// word is the one word of the search, "" for none, and whether it is excluded.
func (q query) word() (word string, excluded bool) { return strings.CutPrefix(q.Search, "-") }

// makeQueries returns the questions about a log, or an error where one of them
// would mean something else to the peers.
func makeQueries(d *data) ([]query, error) {
	day := func(n int) time.Time { return d.from.AddDate(0, 0, n) }
	filters := func(f oplog.Filters) oplog.Query { return oplog.Query{Filters: f} }
	queries := []query{
		{name: "newest"},
		{name: "common word", Query: filters(oplog.Filters{Search: "sale"})},
		{name: "rare word", Query: filters(oplog.Filters{Search: rareWord})},
		{name: "2 Chinese characters", Query: filters(oplog.Filters{Search: "大促"})},
		{name: "4 Chinese characters", Query: filters(oplog.Filters{Search: "周年庆典"})},
		{name: "prefix", Query: filters(oplog.Filters{Search: "su"})},
		{name: "user", Query: filters(oplog.Filters{Values: oplog.Values{Users: []string{"u0007"}}})},
		{name: "module", Query: filters(oplog.Filters{Values: oplog.Values{Modules: []string{"wechat_page"}}})},
		{name: "operation types", Query: filters(oplog.Filters{Values: oplog.Values{Operations: []string{"delete", "send", "export"}}})},
		{name: "organization subtree", Query: filters(oplog.Filters{Values: oplog.Values{Organizations: []string{"o2"}}})},
		{name: "last 7 days + word", Query: oplog.Query{From: day(days - 7), To: day(days), Filters: oplog.Filters{Search: "大促"}}},
		{name: "all combined", Query: oplog.Query{From: day(30), To: day(75), Filters: oplog.Filters{
			Search: "大促", Values: oplog.Values{Modules: []string{"customer", "wechat_page", "sms"},
				Operations: []string{"create", "copy", "edit"}, Organizations: []string{"o1"}},
		}}},
		{name: "excluded word", Query: filters(oplog.Filters{Search: "-sale"})},
		{name: "excluded user", Query: filters(oplog.Filters{Not: oplog.Values{Users: []string{"u0007"}}})},
		{name: "outcome", Query: filters(oplog.Filters{Values: oplog.Values{Outcomes: []string{oplog.OutcomeFailure}}})},
		{name: "role", Query: filters(oplog.Filters{Values: oplog.Values{Roles: []string{"marketer"}}})},
		{name: "IP address", Query: filters(oplog.Filters{Values: oplog.Values{IPs: []string{d.entry(0).IP}}})},
		{name: "network", Query: filters(oplog.Filters{Values: oplog.Values{IPs: []string{"10.1.32.0/20"}}})},
	}
	for i := range queries {
		q := &queries[i]
		for _, o := range q.Organizations {
			q.below = append(q.below, d.tree.Descendants(o)...)
		}
		if err := checkNetworks(q.IPs); err != nil {
			return nil, err
		}
		word, _ := q.word()
		if err := checkWord(word); err != nil {
			return nil, err
		}
		from, to := q.From, q.To
		if from.IsZero() {
			from, to = d.from, d.to
		}
		_, starts := oplog.Buckets(from, to)
		q.bucket = starts[1].Sub(starts[0])
	}
	return queries, nil
}

// checkNetworks tells networks that no prefix of hexadecimal digits stands for,
// which a full-text index would have to put together.
func checkNetworks(networks []string) error {
	for _, network := range networks {
		if p, _ := oplog.ParseNetwork(network); !p.Addr().Is4() || p.Bits()%4 > 0 {
			return fmt.Errorf("%s is no network of IPv4 of whole hexadecimal digits", network)
		}
	}
	return nil
}

// checkWord tells where a word of a search would also match the name of a
// module, which the peers' texts do not hold.
func checkWord(word string) error {
	if word == "" {
		return nil
	}
	for _, m := range oplog.BuiltInCatalog().Modules {
		for _, w := range words(m.Key + " " + m.Title.EN + " " + m.Title.ZH) {
			if strings.HasPrefix(w, word) || isChinese(word) && strings.Contains(w, word) {
				return fmt.Errorf("%q also matches module %s; choose another word", word, m.Key)
			}
		}
	}
	return nil
}

// answer is what a system says to a question, in a form that all share. Entries
// are told apart by their times, in microseconds: no two have the same.
type answer struct {
	rows    []int64
	total   int
	buckets map[int64]int // by where they start, in microseconds; those that are not empty
	facets  [facetKinds]map[string]int
}

const (
	facetModule = iota
	facetOperation
	facetUser // the top 50
	facetOrganization
	facetKinds
)

var facetNames = [facetKinds]string{"module", "operation", "user", "organization"}

// differs says where two answers to the same question differ, "" for nowhere.
func (a answer) differs(b answer, what asked) string {
	if !slices.Equal(a.rows, b.rows) {
		return fmt.Sprintf("rows %s and %s", spell(a.rows), spell(b.rows))
	}
	if what == page {
		return ""
	}
	if a.total != b.total {
		return fmt.Sprintf("totals %d and %d", a.total, b.total)
	}
	if what == count {
		return ""
	}
	if !maps.Equal(a.buckets, b.buckets) {
		return fmt.Sprintf("histograms of %d and %d bars that are not empty", len(a.buckets), len(b.buckets))
	}
	for kind, name := range facetNames {
		if !maps.Equal(a.facets[kind], b.facets[kind]) {
			return fmt.Sprintf("facet %s: %d and %d values, or other counts", name, len(a.facets[kind]), len(b.facets[kind]))
		}
	}
	return ""
}

func spell(rows []int64) string {
	if len(rows) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d from %d to %d", len(rows), rows[0], rows[len(rows)-1])
}

// top keeps the fifty most frequent, as the log does.
func top(counts map[string]int) map[string]int {
	values := slices.Collect(maps.Keys(counts))
	slices.SortFunc(values, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	kept := make(map[string]int)
	for _, v := range values[:min(len(values), oplog.MaxUserFacets)] {
		kept[v] = counts[v]
	}
	return kept
}

// system is one of those that are compared. It answers the same questions
// about the same entries in its own strongest way.
type system interface {
	name() string

	// load records all entries in batches, each acknowledged once it is durable
	// and can be found.
	load(ctx context.Context, d *data, senders int) error

	// settle does what helps queries and need not happen before they are asked,
	// or waits for it, and returns when it was done.
	settle(ctx context.Context) (time.Time, error)

	// reopen closes all and opens it again, as after a restart.
	reopen(ctx context.Context) error

	// plans is in how many ways the question can be put; the fastest counts.
	plans(q query, what asked) int

	// ask puts a question. What is left to be done to compare the answer is in
	// the function returned, which is not timed.
	ask(ctx context.Context, q query, what asked, plan int) (func() (answer, error), error)

	// record records one entry, durably.
	record(ctx context.Context, e oplog.Entry) error

	// memory returns the bytes of memory in use that are its own.
	memory() (int64, error)

	// disk returns the bytes of all its files.
	disk() (int64, error)

	close() error
}
