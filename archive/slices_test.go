package archive_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"oplog/archive"
	"oplog/oplog"
	"oplog/search"
)

// sliceEngine is an engine that looks at each of its entries, one by one. It answers what its contract says, as long as nothing is set to go wrong.
type sliceEngine struct {
	matcher func(m oplog.Match) (func(e *oplog.Entry) bool, error)

	mu      sync.Mutex
	entries map[archive.DayAttempt][]oplog.Entry
	short   map[string]bool // dates of which no server has all rows
	fails   error
	hangs   bool // until the question's context ends
	asked   int
}

func newSliceEngine() *sliceEngine {
	return &sliceEngine{entries: map[archive.DayAttempt][]oplog.Entry{}, short: map[string]bool{}}
}

func (s *sliceEngine) put(date string, attempt uint32, entries []oplog.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries[archive.DayAttempt{Date: date, Attempt: attempt}] = entries
}

// set changes what goes wrong, and forgets how often it was asked.
func (s *sliceEngine) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = 0
	change()
}

func (s *sliceEngine) timesAsked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// matches returns the matches of a query, newest first.
func (s *sliceEngine) matches(ctx context.Context, q *archive.Query) ([]*oplog.Entry, error) {
	s.mu.Lock()
	s.asked++
	hangs, fails := s.hangs, s.fails
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, fmt.Errorf("https://clickhouse-1: %w", ctx.Err())
	}
	if fails != nil {
		return nil, fails
	}
	m := q.Match
	m.Words, m.Within, m.NotWithin = nil, nil, nil
	has, err := s.matcher(m)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*oplog.Entry
	for _, d := range q.Days {
		entries := s.entries[d.DayAttempt]
		if s.short[d.Date] || len(entries) != int(d.Rows) { //nolint:gosec // of a test
			return nil, archive.ErrIncomplete
		}
		for i := range entries {
			if e := &entries[i]; has(e) && hasOrganization(q, e) && hasWords(q.Words, e) {
				found = append(found, e)
			}
		}
	}
	slices.SortFunc(found, func(a, b *oplog.Entry) int { return b.Key().Compare(a.Key()) })
	return found, nil
}

func hasOrganization(q *archive.Query, e *oplog.Entry) bool {
	id := e.Organization.ID
	return (q.Within == nil || id != "" && slices.Contains(q.Within, id)) && (id == "" || !slices.Contains(q.NotWithin, id))
}

// hasWords looks for the compiled words in the analysed texts.
func hasWords(groups []oplog.WordGroup, e *oplog.Entry) bool {
	user, content := search.Analyse(e.User.Name, e.User.ID), search.Analyse(e.Content.Name, e.Content.ID)
	for _, g := range groups {
		all := !slices.ContainsFunc(g.Needles, func(n oplog.Needle) bool {
			found := n.User && strings.Contains(user, n.Text) || n.Content && strings.Contains(content, n.Text) || slices.Contains(n.Modules, e.Module)
			return !found
		})
		if all == g.Not {
			return false
		}
	}
	return true
}

func (s *sliceEngine) Page(ctx context.Context, q *archive.Query, before oplog.Key, limit int) (keys []oplog.Key, more bool, err error) {
	if !before.IsZero() { // later days need not be complete
		part := *q
		part.Days = slices.DeleteFunc(slices.Clone(q.Days), func(d archive.Day) bool { return d.Date > oplog.DateOf(before.Time()) })
		q = &part
	}
	found, err := s.matches(ctx, q)
	for _, e := range found {
		if key := e.Key(); before.IsZero() || key.Compare(before) < 0 {
			keys = append(keys, key)
		}
	}
	return keys[:min(limit, len(keys))], len(keys) > limit, err
}

func (s *sliceEngine) Count(ctx context.Context, q *archive.Query, buckets []time.Time) (*archive.Counts, error) {
	found, err := s.matches(ctx, q)
	if err != nil {
		return nil, err
	}
	return countEach(found, buckets), nil
}

// countEach counts entries one by one; the newest is first.
func countEach(found []*oplog.Entry, buckets []time.Time) *archive.Counts {
	c := &archive.Counts{
		Total: len(found), Buckets: make([]int, len(buckets)), Modules: map[string]int{}, Operations: map[string]int{}, Organizations: map[string]int{},
		Outcomes: map[string]int{}, Roles: map[string]int{}, Users: map[string]archive.UserCount{},
	}
	for _, e := range found {
		if len(buckets) > 0 {
			at := 0
			for at+1 < len(buckets) && !e.Time.Before(buckets[at+1]) {
				at++
			}
			c.Buckets[at]++
		}
		for _, f := range []struct {
			counts map[string]int
			value  string
		}{{c.Modules, e.Module}, {c.Operations, e.Operation}, {c.Organizations, e.Organization.ID}, {c.Outcomes, e.Outcome}, {c.Roles, e.User.Role}} {
			if f.value != "" {
				f.counts[f.value]++
			}
		}
		u, known := c.Users[e.User.ID]
		if !known {
			u.Name, u.Latest = e.User.Name, e.Key()
		}
		u.Count++
		c.Users[e.User.ID] = u
	}
	return c
}

// The rest of the contract is not asked of it.

func (s *sliceEngine) Put(context.Context, archive.Shipment, iter.Seq2[*archive.Row, error]) error {
	return nil
}

func (s *sliceEngine) Verify(context.Context, archive.Shipment) ([]archive.Sum, error) {
	return nil, nil
}
func (s *sliceEngine) Drop(context.Context, archive.Shipment) error { return nil }
func (s *sliceEngine) Holdings(context.Context, string) ([]map[archive.DayAttempt]uint64, error) {
	return nil, nil
}

func (s *sliceEngine) Leaves(context.Context, *archive.Range, func(oplog.Key, []byte) error) error {
	return nil
}

func (s *sliceEngine) Find(context.Context, string, []archive.Day, string, int) ([]oplog.Key, error) {
	return nil, nil
}

func (s *sliceEngine) Servers() []string                                       { return []string{"slice"} }
func (s *sliceEngine) Check(context.Context, string) error                     { return nil }
func (s *sliceEngine) Highest(context.Context, string, string) (uint32, error) { return 0, nil }
