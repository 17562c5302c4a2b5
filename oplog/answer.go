package oplog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"
)

// Page is one page of entries, newest first.
type Page struct {
	Entries    []Entry `json:"entries"`
	NextCursor string  `json:"next_cursor,omitempty"` // of the next page; left out on the last
}

// The number of entries of a page.
const (
	DefaultPageSize = 50
	MaxPageSize     = 200
)

// Page returns up to limit entries that the query lets through, newest first,
// from a cursor on ("" for the first page). Entries that arrive between two
// pages neither repeat nor hide any that were there before.
func (l *Log) Page(ctx context.Context, tenant string, q Query, limit int, cursor string) (Page, error) {
	if limit < 1 || limit > MaxPageSize {
		return Page{}, queryError("limit", limit, "is not between 1 and %d", MaxPageSize)
	}
	before, err := parseCursor(tenant, cursor)
	if err != nil {
		return Page{}, err
	}
	m, err := l.match(tenant, q)
	if err != nil {
		return Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	keys, more, err := l.index.Page(ctx, tenant, m, before, limit)
	if err != nil {
		return Page{}, tooSlow(err)
	}
	entries, err := l.store.Get(tenant, keys, nil)
	if err != nil {
		return Page{}, err
	}
	page := Page{Entries: entries}
	if more {
		page.NextCursor = makeCursor(tenant, keys[len(keys)-1])
	}
	return page, nil
}

// Total counts what the query lets through, and nothing else: it takes a
// fraction of what a Summary does.
func (l *Log) Total(ctx context.Context, tenant string, q Query) (int, error) {
	m, err := l.match(tenant, q)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	total, err := l.index.Total(ctx, tenant, m)
	return total, tooSlow(err)
}

// queryDeadline is how long the index may take for an answer.
const queryDeadline = 5 * time.Second

// tooSlow says to who asked that the deadline was met, where it was.
func tooSlow(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return queryError("q", nil, "takes more than %s to answer; narrow the search or the period", queryDeadline)
	}
	return err
}

// Summary counts what the query lets through; facets carry names in a locale.
func (l *Log) Summary(ctx context.Context, tenant string, q Query, locale string) (Summary, error) {
	m, err := l.match(tenant, q)
	if err != nil {
		return Summary{}, err
	}
	t, err := l.tenant(tenant)
	if err != nil {
		return Summary{}, err
	}
	from, to, err := l.period(ctx, t, m)
	if err != nil {
		return Summary{}, err
	}
	name, starts := Buckets(from, to)
	if len(starts) == 0 {
		m.From, m.To = from, to // also of an empty log, which grows meanwhile
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	counts, err := l.index.Count(ctx, tenant, m, starts)
	if err != nil {
		return Summary{}, tooSlow(err)
	}
	s := Summary{Total: counts.Total, From: from.UTC(), To: to.UTC()}
	s.Histogram = Histogram{Interval: name, Buckets: make([]Bucket, len(starts))}
	for i, start := range starts {
		s.Histogram.Buckets[i] = Bucket{start.UTC(), counts.Buckets[i]}
	}
	catalog := t.catalog
	s.Facets = Facets{
		Module: facet(counts.Modules, func(key string) string {
			module, _ := catalog.Module(key)
			return module.Title.In(locale)
		}),
		Operation: facet(counts.Operations, func(key string) string {
			operation, _ := catalog.Operation(key)
			return operation.Title.In(locale)
		}),
		Organization: facet(counts.Organizations, func(id string) string { return t.organizations[id] }),
		Outcome:      facet(counts.Outcomes, func(string) string { return "" }),
		Role:         facet(counts.Roles, func(string) string { return "" }),
		User:         counts.Users,
	}
	return s, nil
}

// What histograms cover at most: as many years as they have bars.
var (
	firstTime = time.Unix(0, 0)
	lastTime  = time.Date(1970+maxBuckets-1, 1, 1, 0, 0, 0, 0, time.UTC)
)

// period returns the bounds of a summary's histogram: those asked for, or
// where none is given those of the log, up to now.
func (l *Log) period(ctx context.Context, t tenantState, m Match) (from, to time.Time, err error) {
	from, to = m.From, m.To
	if from.IsZero() || to.IsZero() {
		first, last, ok, err := l.index.Bounds(ctx, t.ID)
		if err != nil {
			return from, to, err
		}
		now := l.now()
		if from.IsZero() {
			if from = now; ok && first.Time().Before(now) {
				from = first.Time()
			}
		}
		if to.IsZero() {
			if to = now; ok && !last.Time().Before(now) {
				to = last.Time().Add(time.Microsecond)
			}
		}
	}
	// No entry lies outside of these, and a histogram stays short.
	from, to = Intersect(from, to, firstTime, lastTime)
	if to.Before(from) {
		to = from
	}
	loc := t.Location()
	return from.In(loc), to.In(loc), nil
}

func facet(counts map[string]int, name func(value string) string) []FacetValue {
	values := make([]FacetValue, 0, len(counts))
	for value, count := range counts {
		n := name(value)
		if n == "" {
			n = value
		}
		values = append(values, FacetValue{value, n, count})
	}
	slices.SortFunc(values, func(a, b FacetValue) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Value, b.Value)
	})
	return values
}

// match resolves a query: its search, its period in the tenant's time zone,
// and the organizations that it lets through in today's tree.
func (l *Log) match(tenant string, q Query) (Match, error) {
	t, err := l.tenant(tenant)
	if err != nil {
		return Match{}, err
	}
	m, err := q.match(t.catalog, l.now().In(t.Location()))
	if err != nil {
		return Match{}, err
	}
	for _, f := range []struct {
		name   string
		values []string
	}{{"organization", q.Organizations}, {Not + "organization", q.Not.Organizations}} {
		if len(f.values) > 0 && !t.DataPermission {
			return Match{}, queryError(""+f.name, f.values[0], "cannot filter, because this tenant's data permission is off")
		}
	}
	m.Organizations = t.tree.visible(q.Organizations, q.Scope)
	m.Not.Organizations = t.tree.Below(q.Not.Organizations...)
	return m, nil
}

// match resolves all of a query but its organizations, with the days of the
// time zone of now.
func (q *Query) match(catalog *Catalog, now time.Time) (Match, error) {
	m := Match{Catalog: catalog, Values: q.Values, Not: q.Not, From: q.From, To: q.To}
	m.Organizations, m.Not.Organizations = nil, nil
	err := q.Validate()
	if err != nil {
		return Match{}, err
	}
	if m.Words, err = ParseSearch(q.Search); err != nil {
		return Match{}, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return Match{}, queryError("from", q.From.Format(time.RFC3339), "is after to, %s", q.To.Format(time.RFC3339))
	}
	if q.Range != "" && q.Range != RangeCustom {
		from, to, ok := q.Range.Period(now)
		if !ok {
			return Match{}, queryError("range", string(q.Range), "is not one of %s", PresetNames())
		}
		m.From, m.To = Intersect(q.From, q.To, from, to)
	}
	return m, nil
}

// visible returns the organizations that a filter and a scope let through,
// each with all below; nil where neither is given.
func (t Tree) visible(filter []string, scope string) []string {
	if len(filter) == 0 && scope == "" {
		return nil
	}
	if len(filter) == 0 {
		filter = []string{scope}
	}
	visible := append([]string{}, t.Below(filter...)...)
	if scope != "" {
		allowed := make(map[string]bool)
		for _, id := range t.Below(scope) {
			allowed[id] = true
		}
		visible = slices.DeleteFunc(visible, func(id string) bool { return !allowed[id] })
	}
	slices.Sort(visible)
	return visible
}

// A cursor is the key of the last entry of a page, and a sum that binds it to
// its tenant: what was made up or belongs elsewhere is refused, not followed.

func makeCursor(tenant string, k Key) string {
	return base64.RawURLEncoding.EncodeToString(append(k[:], cursorSum(tenant, k)...))
}

func cursorSum(tenant string, k Key) []byte {
	sum := sha256.Sum256([]byte("cursor\x00" + tenant + "\x00" + string(k[:])))
	return sum[:8]
}

func parseCursor(tenant, cursor string) (Key, error) {
	var k Key
	if cursor == "" {
		return k, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != len(k)+8 {
		return k, queryError("cursor", cursor, "is not a cursor; take next_cursor of the page before, or leave it out")
	}
	copy(k[:], raw)
	if string(cursorSum(tenant, k)) != string(raw[len(k):]) {
		return k, queryError("cursor", cursor, "is not a cursor of this tenant")
	}
	return k, nil
}
