package search

import (
	"context"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// Count counts matching entries; see [oplog.Index].
func (x *Index) Count(ctx context.Context, tenant string, m oplog.Match, buckets []time.Time) (oplog.Counts, error) {
	c, err := x.newMatcher(m)
	if err != nil {
		return oplog.Counts{}, err
	}
	v, err := x.view(ctx, tenant)
	if err != nil {
		return oplog.Counts{}, err
	}
	defer v.release()
	t := newTally(v.numbering, buckets)
	for _, s := range v.segments {
		h, err := c.match(ctx, x.store, tenant, s, oplog.Key{})
		if err != nil {
			return oplog.Counts{}, err
		}
		if err := t.addHits(h); err != nil {
			return oplog.Counts{}, err
		}
	}
	t.addTail(c, v)
	return t.counts(), nil
}

// Total counts matching entries; see [oplog.Index].
func (x *Index) Total(ctx context.Context, tenant string, m oplog.Match) (int, error) {
	c, err := x.newMatcher(m)
	if err != nil {
		return 0, err
	}
	v, err := x.view(ctx, tenant)
	if err != nil {
		return 0, err
	}
	defer v.release()
	total := 0
	for _, s := range v.segments {
		h, err := c.match(ctx, x.store, tenant, s, oplog.Key{})
		if err != nil {
			return 0, err
		}
		total += h.count()
	}
	t := newTailMatcher(c, v.numbering)
	v.scanned(c.from, func(d *tailDocument) bool {
		if t.matches(d) {
			total++
		}
		return true
	})
	return total, nil
}

// tally counts matches by bucket and by number.
type tally struct {
	numbering *numbering
	total     int
	starts    []int64 // of buckets, in microseconds
	buckets   []int
	actions   []uint32
	actors    []uint32
	buffer    [1024]uint32
}

func newTally(n *numbering, starts []time.Time) *tally {
	t := &tally{numbering: n, starts: make([]int64, len(starts)), buckets: make([]int, len(starts))}
	for i, s := range starts {
		t.starts[i] = ceilMicros(s)
	}
	return t
}

// fit makes room for all numbers that have been given.
func (t *tally) fit() {
	actions, actors := t.numbering.all()
	if n := len(actions) - len(t.actions); n > 0 {
		t.actions = append(t.actions, make([]uint32, n)...)
	}
	if n := len(actors) - len(t.actors); n > 0 {
		t.actors = append(t.actors, make([]uint32, n)...)
	}
}

// addHits counts a segment's matches in one pass.
func (t *tally) addHits(h hits) error {
	n := h.count()
	if n == 0 {
		return nil
	}
	t.total += n
	c, err := h.segment.columnsOf(t.numbering)
	if err != nil {
		return err
	}
	t.fit()
	bounds, err := t.bounds(h.segment)
	if err != nil {
		return err
	}
	switch {
	case h.bitmap != nil:
		t.addBitmap(h, c, bounds)
	case n == int(h.segment.count):
		for _, a := range c.actionTotals {
			t.actions[a.number] += a.count
		}
		for _, a := range c.actorTotals {
			t.actors[a.number] += a.count
		}
		t.addRange(0, h.segment.count, bounds)
	default:
		for _, a := range c.actions[h.low:h.top] {
			t.actions[a]++
		}
		for _, a := range c.actors[h.low:h.top] {
			t.actors[a]++
		}
		t.addRange(h.low, h.top, bounds)
	}
	return nil
}

// bound says that a bucket's documents end before a number.
type bound struct {
	bucket int
	end    uint32
}

// bounds returns where the buckets end that a segment's documents lie in.
func (t *tally) bounds(s *segment) ([]bound, error) {
	if len(t.starts) == 0 {
		return []bound{{-1, s.count}}, nil
	}
	first := t.bucketOf(s.first.Micros())
	last := t.bucketOf(s.last.Micros())
	bounds := make([]bound, 0, last-first+1)
	for b := first; b < last; b++ {
		end, err := s.numberAt(t.starts[b+1])
		if err != nil {
			return nil, err
		}
		bounds = append(bounds, bound{b, end})
	}
	return append(bounds, bound{last, s.count}), nil
}

// bucketOf returns the bucket that a time lies in.
func (t *tally) bucketOf(micros int64) int {
	i, exact := slices.BinarySearch(t.starts, micros)
	if !exact {
		i--
	}
	return max(i, 0)
}

func (t *tally) addRange(low, top uint32, bounds []bound) {
	for _, b := range bounds {
		if b.end > low && b.bucket >= 0 {
			t.buckets[b.bucket] += int(min(b.end, top) - low)
		}
		low = max(low, min(b.end, top))
	}
}

func (t *tally) addBitmap(h hits, c *columns, bounds []bound) {
	counted := 0
	flush := func() {
		if bounds[0].bucket >= 0 {
			t.buckets[bounds[0].bucket] += counted
		}
		counted = 0
	}
	eachOf(h.bitmap, t.buffer[:], func(numbers []uint32) {
		for _, n := range numbers {
			for n >= bounds[0].end {
				flush()
				bounds = bounds[1:]
			}
			counted++
			t.actions[c.actions[n]]++
			t.actors[c.actors[n]]++
		}
	})
	flush()
}

func (t *tally) addTail(m *matcher, v *view) {
	t.fit()
	tm := newTailMatcher(m, v.numbering)
	v.scanned(m.from, func(d *tailDocument) bool {
		if tm.matches(d) {
			t.total++
			t.actions[d.action]++
			t.actors[d.actor]++
			if len(t.starts) > 0 {
				t.buckets[t.bucketOf(d.key.Micros())]++
			}
		}
		return true
	})
}

// counts gives the numbers back their values.
func (t *tally) counts() oplog.Counts {
	c := oplog.Counts{
		Total: t.total, Buckets: t.buckets,
		Modules: make(map[string]int), Operations: make(map[string]int), Organizations: make(map[string]int),
	}
	actions, actors := t.numbering.all()
	for number, n := range t.actions {
		if n > 0 {
			c.Modules[actions[number].module] += int(n)
			c.Operations[actions[number].operation] += int(n)
		}
	}
	t.numbering.mu.RLock()
	defer t.numbering.mu.RUnlock()
	users := make([]userCount, len(t.numbering.users))
	for number, n := range t.actors {
		if n == 0 {
			continue
		}
		if organization := actors[number].organization; organization != "" {
			c.Organizations[organization] += int(n)
		}
		u := &users[t.numbering.userOf[number]]
		if latest := t.numbering.latest[number]; u.count == 0 || latest > u.latest {
			u.actor, u.latest = number, latest
		}
		u.count += int(n)
	}
	c.Users = topUsers(users, actors)
	return c
}

// userCount counts a user's operations, and knows the actor with the latest of
// the user's names.
type userCount struct {
	count, actor int
	latest       int64 // microseconds
}

func topUsers(users []userCount, actors []actor) []oplog.FacetValue {
	users = slices.DeleteFunc(users, func(u userCount) bool { return u.count == 0 })
	slices.SortFunc(users, func(a, b userCount) int {
		if a.count != b.count {
			return b.count - a.count
		}
		return strings.Compare(actors[a.actor].user, actors[b.actor].user)
	})
	top := make([]oplog.FacetValue, min(len(users), oplog.MaxUserFacets))
	for i := range top {
		id, name, _ := strings.Cut(actors[users[i].actor].user, userSeparator)
		top[i] = oplog.FacetValue{Value: id, Name: name, Count: users[i].count}
	}
	return top
}
