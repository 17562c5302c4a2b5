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

// pageSize is the number of entries of a page.
const pageSize = oplog.DefaultPageSize

// request is the kind of result that a client requests for a query.
type request int

const (
	page    request = iota // the newest 50
	count                  // the newest 50 and how many there are
	summary                // the newest 50, a histogram, and counts by module, operation, user and organization
	requestKinds
)

var requestNames = [requestKinds]string{"page of 50", "page + exact count", "page + histogram + facets"}

// query is a query, with additional values from which peers build their statements.
type query struct {
	name string
	oplog.Query
	organizationIDs []string      // Organizations and their descendants
	bucket          time.Duration // of the histogram
}

// word returns the word of the search, "" if there is none, and whether it is excluded.
func (q query) word() (word string, excluded bool) { return strings.CutPrefix(q.Search, "-") }

// makeQueries returns the queries about a log. It is an error if one of them would have another meaning for the peers.
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
	tree := oplog.NewOrganizationTree(d.tree)
	for i := range queries {
		q := &queries[i]
		for _, id := range q.Organizations {
			for _, o := range tree.Subtree(id) {
				q.organizationIDs = append(q.organizationIDs, o.ID)
			}
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

// checkNetworks rejects networks that do not correspond to a prefix of hexadecimal digits, for which a full-text index would need several
// terms.
func checkNetworks(networks []string) error {
	for _, network := range networks {
		if p, _ := oplog.ParseNetwork(network); !p.Addr().Is4() || p.Bits()%4 > 0 {
			return fmt.Errorf("%s is not an IPv4 network whose prefix ends at a hexadecimal digit", network)
		}
	}
	return nil
}

// checkWord rejects words that also match the name of a module, which the peers do not index.
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

// answer is a system's result, in a common form. Entries are identified by their times in microseconds, which are distinct.
type answer struct {
	rows    []int64
	total   int
	buckets map[int64]int // number of entries by start in microseconds; without empty buckets
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

// differs describes the first difference between two answers, "" if there is none.
func (a answer) differs(b answer, what request) string {
	if !slices.Equal(a.rows, b.rows) {
		return fmt.Sprintf("rows %s and %s", formatRows(a.rows), formatRows(b.rows))
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
		return fmt.Sprintf("histograms of %d and %d non-empty buckets", len(a.buckets), len(b.buckets))
	}
	for kind, name := range facetNames {
		if !maps.Equal(a.facets[kind], b.facets[kind]) {
			return fmt.Sprintf("facet %s: %d and %d values, or different counts", name, len(a.facets[kind]), len(b.facets[kind]))
		}
	}
	return ""
}

func formatRows(rows []int64) string {
	if len(rows) == 0 {
		return "none"
	}
	return fmt.Sprintf("%d from %d to %d", len(rows), rows[0], rows[len(rows)-1])
}

// top returns the fifty most frequent values, as the log does.
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

// system is a measured system. Each runs the same queries on the same entries in its own best way.
type system interface {
	name() string

	// load records all entries in batches, each acknowledged once it is durable and searchable.
	load(ctx context.Context, d *data, senders int) error

	// settle completes optional work that speeds up queries, or waits for it, and returns the time of its completion.
	settle(ctx context.Context) (time.Time, error)

	// reopen closes and reopens the system, as in a restart.
	reopen(ctx context.Context) error

	// plans is the number of plans for a query; the fastest counts.
	plans(q query, what request) int

	// query runs a query. The returned function completes the answer for comparison, which is not measured.
	query(ctx context.Context, q query, what request, plan int) (func() (answer, error), error)

	// record records one entry, durably.
	record(ctx context.Context, e oplog.Entry) error

	// memory returns the system's memory use in bytes.
	memory() (int64, error)

	// disk returns the size of its files in bytes.
	disk() (int64, error)

	close() error
}
