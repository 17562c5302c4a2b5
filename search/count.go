package search

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

// Count counts matching entries; see [oplog.Index].
func (x *Index) Count(ctx context.Context, tenant string, m oplog.Match, buckets []time.Time) (counts oplog.Counts, err error) {
	defer x.guard(tenant, debug.SetPanicOnFault(true), &err)
	c, err := x.newMatcher(m)
	if err != nil {
		return oplog.Counts{}, err
	}
	v, err := x.view(ctx, tenant)
	if err != nil {
		return oplog.Counts{}, err
	}
	defer v.release()
	c.numbering = v.numbering
	var found []hits
	for _, s := range v.segments {
		h, err := c.match(ctx, x.store, tenant, s, oplog.Key{})
		if err != nil {
			return oplog.Counts{}, err
		}
		if h.count() > 0 {
			found = append(found, h)
		}
	}
	t, err := x.countHits(ctx, tenant, c, found, buckets)
	if err != nil {
		return oplog.Counts{}, err
	}
	if err := t.addTail(ctx, v); err != nil {
		return oplog.Counts{}, err
	}
	return t.counts(ctx, v)
}

// manyHits is the number of matches from which they are counted on all processors.
const manyHits = 1 << 16

// countHits counts the matches in segments.
func (x *Index) countHits(ctx context.Context, tenant string, m *matcher, found []hits, buckets []time.Time) (*tally, error) {
	sum, prepared := 0, true
	for _, h := range found {
		sum += h.count()
		prepared = prepared && h.segment.columns.Load() != nil
	}
	workers := 1
	if sum >= manyHits || !prepared {
		workers = max(1, min(runtime.GOMAXPROCS(0), len(found)))
	}
	slices.SortFunc(found, func(a, b hits) int { return cmp.Compare(b.count(), a.count()) }) // largest first
	var next atomic.Int64
	tallies, errs := make([]*tally, workers), make([]error, workers)
	work := func(w int) {
		tallies[w] = newTally(ctx, m, buckets)
		errs[w] = x.guarded(tenant, func() error {
			for i := next.Add(1) - 1; i < int64(len(found)); i = next.Add(1) - 1 {
				if err := tallies[w].addHits(found[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var group sync.WaitGroup
	for w := 1; w < workers; w++ {
		group.Go(func() { work(w) })
	}
	work(0)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, other := range tallies[1:] {
		tallies[0].add(other)
	}
	return tallies[0], nil
}

// Total counts matching entries; see [oplog.Index].
func (x *Index) Total(ctx context.Context, tenant string, m oplog.Match) (total int, err error) {
	defer x.guard(tenant, debug.SetPanicOnFault(true), &err)
	c, err := x.newMatcher(m)
	if err != nil {
		return 0, err
	}
	v, err := x.view(ctx, tenant)
	if err != nil {
		return 0, err
	}
	defer v.release()
	c.numbering = v.numbering
	for _, s := range v.segments {
		h, err := c.match(ctx, x.store, tenant, s, oplog.Key{})
		if err != nil {
			return 0, err
		}
		total += h.count()
	}
	t := newTailMatcher(c)
	err = v.scanned(ctx, c.from, func(d *tailDocument) bool {
		if t.matches(d) {
			total++
		}
		return true
	})
	return total, err
}

// tally holds counts by bucket and by number.
type tally struct {
	ctx     context.Context // of the query
	tail    *tailMatcher
	total   int
	starts  []int64 // of buckets, in microseconds
	buckets []int
	actions []uint32
	actors  []uint32
	latest  []oplog.Key // by actor: of the last match, if all values are asked for
	buffer  [1024]uint32
}

func newTally(ctx context.Context, m *matcher, starts []time.Time) *tally {
	t := &tally{ctx: ctx, tail: newTailMatcher(m), starts: make([]int64, len(starts)), buckets: make([]int, len(starts))}
	for i, s := range starts {
		t.starts[i] = ceilMicros(s)
	}
	return t
}

// fit makes room for all numbers assigned so far.
func (t *tally) fit() {
	t.tail.fit()
	t.actions = append(t.actions, make([]uint32, len(t.tail.actions)-len(t.actions))...)
	t.actors = append(t.actors, make([]uint32, len(t.tail.actors)-len(t.actors))...)
	if t.tail.all {
		t.latest = append(t.latest, make([]oplog.Key, len(t.tail.actors)-len(t.latest))...)
	}
}

// add adds the counts of another tally of the same query.
func (t *tally) add(other *tally) {
	t.fit()
	t.total += other.total
	for i, n := range other.buckets {
		t.buckets[i] += n
	}
	for i, n := range other.actions {
		t.actions[i] += n
	}
	for i, n := range other.actors {
		t.actors[i] += n
	}
	for i, key := range other.latest {
		t.saw(uint32(i), key) //nolint:gosec // of an actor
	}
}

// addHits counts a segment's matches in one pass, using known totals of the whole segment where possible. If the non-matching documents are
// known, they are counted and subtracted.
func (t *tally) addHits(h hits) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	t.total += h.count()
	c, err := h.segment.columnsOf(t.ctx, t.tail.numbering)
	if err != nil {
		return err
	}
	bounds, err := t.bounds(h.segment)
	if err != nil {
		return err
	}
	t.fit()
	if t.tail.all && h.others != nil { // the matches themselves must be seen
		h.bitmap, h.others = h.numbers(), nil
	}
	values := t.newSegmentValues(h, c)
	if h.bitmap != nil {
		err = t.addBitmap(h.bitmap, bounds, 1, values.count)
	} else {
		if h.others != nil {
			err = t.addBitmap(h.others, bounds, -1, values.count)
		}
		t.addRange(h.low, h.top, bounds)
		values.takeOff(h.low, h.top)
	}
	if err != nil {
		return err
	}
	return t.addValues(h.segment, values)
}

// segmentValues counts the values of a segment's matches.
type segmentValues struct {
	of                        *columns
	knownActions, knownActors bool // the totals of the segment are those of the matches
	actions, actors           []uint32
	last                      []uint32 // match of each actor; nil if nobody asks
}

func (t *tally) newSegmentValues(h hits, of *columns) *segmentValues {
	whole := h.low == 0 && h.top == h.segment.count
	v := &segmentValues{
		of: of, knownActions: whole && t.tail.byAction(), knownActors: whole && t.tail.byActor(),
		actions: make([]uint32, len(of.actions.totals)), actors: make([]uint32, len(of.actors.totals)),
	}
	if t.tail.all {
		if v.last = make([]uint32, len(v.actors)); v.knownActors {
			copy(v.last, of.lastOfActors())
		}
	}
	return v
}

// count counts documents.
func (v *segmentValues) count(documents []uint32) {
	if !v.knownActions {
		v.of.actions.count(documents, v.actions)
	}
	if !v.knownActors {
		v.of.actors.count(documents, v.actors)
		if v.last != nil {
			v.of.actors.lastOf(documents, v.last)
		}
	}
}

// takeOff takes what was counted off the totals of a range of documents.
func (v *segmentValues) takeOff(low, top uint32) {
	if !v.knownActions {
		v.of.actions.takeOff(low, top, v.actions)
	}
	if !v.knownActors {
		v.of.actors.takeOff(low, top, v.actors)
		if v.last != nil {
			v.of.lastBefore(top, v.actors, v.last)
		}
	}
}

// addValues adds the counts of a segment.
func (t *tally) addValues(s *segment, v *segmentValues) error {
	for i, number := range v.of.actions.numbers {
		if v.knownActions && t.tail.actionMatches(number) {
			v.actions[i] = v.of.actions.totals[i]
		}
		t.actions[number] += v.actions[i]
	}
	for i, number := range v.of.actors.numbers {
		if v.knownActors && t.tail.actorMatches(number) {
			v.actors[i] = v.of.actors.totals[i]
		}
		t.actors[number] += v.actors[i]
		if v.last != nil && v.actors[i] > 0 {
			key, err := s.key(v.last[i])
			if err != nil {
				return err
			}
			t.saw(number, key)
		}
	}
	return nil
}

// bound is the exclusive end of a bucket as a document number.
type bound struct {
	bucket int
	end    uint32
}

// bounds returns the ends of the buckets that overlap a segment.
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

// bucketOf returns the bucket that contains a time.
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

// addBitmap counts documents by bucket, each as so many, and calls count with all of them, a buffer at a time.
func (t *tally) addBitmap(b *roaring.Bitmap, bounds []bound, each int, count func(documents []uint32)) error {
	return eachOf(t.ctx, b, t.buffer[:], func(documents []uint32) {
		count(documents)
		for len(documents) > 0 {
			inBucket := len(documents)
			if documents[inBucket-1] >= bounds[0].end {
				inBucket, _ = slices.BinarySearch(documents, bounds[0].end)
			}
			if bounds[0].bucket >= 0 {
				t.buckets[bounds[0].bucket] += each * inBucket
			}
			if documents = documents[inBucket:]; len(documents) > 0 {
				bounds = bounds[1:]
			}
		}
	})
}

func (t *tally) addTail(ctx context.Context, v *view) error {
	t.fit()
	return v.scanned(ctx, t.tail.from, func(d *tailDocument) bool {
		if t.tail.matches(d) {
			t.total++
			t.actions[d.action]++
			t.actors[d.actor]++
			if t.tail.all {
				t.saw(d.actor, d.key)
			}
			if len(t.starts) > 0 {
				t.buckets[t.bucketOf(d.key.Micros())]++
			}
		}
		return true
	})
}
