package search

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

func microTime(micros int64) time.Time { return time.UnixMicro(micros) }

// columns hold the action and actor of each document of a segment.
type columns struct {
	numbering       *numbering
	actions, actors column

	last atomic.Pointer[[]uint32] // by place of an actor: its last document; derived when it is first needed
}

// bytes returns the memory that the columns take.
func (c *columns) bytes() int {
	sum := c.actions.bytes() + c.actors.bytes()
	if last := c.last.Load(); last != nil {
		sum += 4 * cap(*last)
	}
	return sum
}

// columnsOf returns a segment's columns, which are derived from its postings on first use.
func (s *segment) columnsOf(ctx context.Context, n *numbering) (*columns, error) {
	if c := s.columns.Load(); c != nil && c.numbering == n {
		return c, nil
	}
	select { // one query derives them, the others wait; if it fails or gives up, the next one does
	case s.deriving <- struct{}{}:
		defer func() { <-s.deriving }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := s.columns.Load(); c != nil && c.numbering == n {
		return c, nil
	}
	old := s.columns.Load()
	c, err := s.deriveColumns(ctx, n)
	if err == nil && (old == nil || old.numbering.generation < n.generation) { // not those of a query that began before the numbers were renewed
		s.columns.CompareAndSwap(old, c)
	}
	return c, err
}

func (s *segment) deriveColumns(ctx context.Context, n *numbering) (*columns, error) {
	actions, err := s.triples(ctx, fieldModule, fieldOperation, fieldOutcome, n)
	if err != nil {
		return nil, err
	}
	actors, err := s.triples(ctx, fieldUser, fieldOrganization, fieldRole, n)
	if err != nil {
		return nil, err
	}
	latest := make([]int64, len(actors.last))
	for i, document := range actors.last {
		key, err := s.key(document)
		if err != nil {
			return nil, err
		}
		latest[i] = key.Micros()
	}
	c := &columns{numbering: n, actions: newColumn(actions.of, len(actions.values)), actors: newColumn(actors.of, len(actors.values))}
	c.actions.numbers, c.actors.numbers = make([]uint32, len(actions.values)), make([]uint32, len(actors.values))
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, v := range actions.values {
		c.actions.numbers[i] = n.numberAction(action{n.modules.texts[v[0]], n.operations.texts[v[1]], n.outcomes.texts[v[2]]})
	}
	for i, v := range actors.values {
		number := n.numberActor(v[0], v[1], v[2])
		c.actors.numbers[i] = number
		n.latest[number] = max(n.latest[number], latest[i])
	}
	return c, nil
}

// triples are the combinations of three keyword fields.
type triples struct {
	values [][3]uint32 // numbers of texts
	last   []uint32    // by value: the last document with it
	of     []uint32    // by document: its value
}

func (s *segment) triples(ctx context.Context, first, second, third string, n *numbering) (triples, error) {
	var t triples
	var values [3][]uint32
	var of [3][]uint32
	for i, field := range []string{first, second, third} {
		var err error
		if values[i], of[i], err = s.ordinals(ctx, field, n); err != nil {
			return t, err
		}
	}
	twos := pair(of[0], of[1], len(values[0]), len(values[1]))
	threes := pair(of[0], of[2], len(twos), len(values[2])) // of[0] now holds the numbers of pairs
	t.of, t.last = of[0], make([]uint32, len(threes))
	for i, place := range t.of {
		t.last[place] = uint32(i)
	}
	t.values = make([][3]uint32, len(threes))
	for i, three := range threes {
		two := twos[three[0]]
		t.values[i] = [3]uint32{values[0][two[0]], values[1][two[1]], values[2][three[1]]}
	}
	return t, nil
}

// maxTable is the maximum size of a lookup table for pairs; beyond it a map is used.
const maxTable = 1 << 20

// pair returns the distinct pairs of elements at the same positions of two lists, in order of first appearance, and replaces the first list
// by their numbers. bound and otherBound are exclusive upper bounds of the lists' elements.
func pair(of, others []uint32, bound, otherBound int) (pairs [][2]uint32) {
	width := uint64(otherBound)
	table := make([]uint32, min(uint64(bound)*width, maxTable)) // number + 1
	beyond := make(map[uint64]uint32)
	for i, x := range of {
		at := uint64(x)*width + uint64(others[i])
		var place uint32
		if at < uint64(len(table)) {
			place = table[at]
		} else {
			place = beyond[at]
		}
		if place == 0 {
			pairs = append(pairs, [2]uint32{x, others[i]})
			place = uint32(len(pairs))
			if at < uint64(len(table)) {
				table[at] = place
			} else {
				beyond[at] = place
			}
		}
		of[i] = place - 1
	}
	return pairs
}

// ordinals returns the numbers of the terms of a keyword field, starting with the empty one, and the term's place among them of each document.
func (s *segment) ordinals(ctx context.Context, field string, n *numbering) (values, of []uint32, err error) {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return nil, nil, err
	}
	values = []uint32{n.numberTerm(field, nil)}
	of = make([]uint32, s.count)
	var buffer [1024]uint32
	err = eachTerm(d, nil, nil, func(term []byte) error {
		b, err := postings(d, term)
		if err != nil || b == nil {
			return err
		}
		ordinal := uint32(len(values))
		values = append(values, n.numberTerm(field, term))
		return eachOf(ctx, b, buffer[:], func(numbers []uint32) {
			for _, number := range numbers {
				of[number] = ordinal
			}
		})
	})
	return values, of, err
}

// eachOf calls visit with the members of a bitmap in ascending order, a buffer at a time, until the context ends.
func eachOf(ctx context.Context, b *roaring.Bitmap, buffer []uint32, visit func(numbers []uint32)) error {
	it := b.ManyIterator()
	for n := it.NextMany(buffer); n > 0; n = it.NextMany(buffer) {
		if err := ctx.Err(); err != nil {
			return err
		}
		visit(buffer[:n])
	}
	return nil
}

// tailDocument is an entry of the tail.
type tailDocument struct {
	key     oplog.Key
	upTo    int64 // the latest time up to this entry, in microseconds
	action  uint32
	actor   uint32
	long    *longTexts // nil if neither the user nor the role is long
	apiKey  string
	ip      netip.Addr // invalid if there is none
	content *lazyText
	dropped bool // deleted from the store before it got into a segment
}

// longTexts are the texts of an entry of which the numbers may have only the brief forms.
type longTexts struct{ id, name, role string }

// document converts an entry, and records in latest when its user was last seen.
func (n *numbering) document(e *oplog.Entry, latest map[uint32]int64) tailDocument {
	d := tailDocument{key: e.Key(), apiKey: e.KeyID, content: &lazyText{name: e.Content.Name, id: e.Content.ID}}
	d.ip, _ = e.Address()
	d.action, d.actor = n.of(e)
	if max(len(e.User.ID), len(e.User.Name), len(e.User.Role)) >= longText {
		d.long = &longTexts{e.User.ID, e.User.Name, e.User.Role}
	}
	latest[d.actor] = max(latest[d.actor], d.key.Micros())
	return d
}

// lazyText is analysed on first use.
type lazyText struct {
	once       sync.Once
	name, id   string
	normalized string
}

func (t *lazyText) analysed() string {
	t.once.Do(func() { t.normalized = analyse(t.name, t.id) })
	return t.normalized
}
