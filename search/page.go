package search

import (
	"container/heap"
	"context"
	"runtime/debug"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

// Page returns keys of matching entries, newest first; see [oplog.Index].
func (x *Index) Page(ctx context.Context, tenant string, m oplog.Match, before oplog.Key, limit int) (keys []oplog.Key, more bool, err error) {
	defer x.guard(tenant, debug.SetPanicOnFault(true), &err)
	c, err := x.newMatcher(m)
	if err != nil {
		return nil, false, err
	}
	v, err := x.view(ctx, tenant)
	if err != nil {
		return nil, false, err
	}
	defer v.release()
	c.numbering = v.numbering
	p := pager{matcher: c, view: v, before: before}
	if err := p.addTail(ctx, limit); err != nil {
		return nil, false, err
	}
	keys = make([]oplog.Key, 0, limit)
	for {
		k, ok, err := p.next(ctx, x.store, tenant)
		if err != nil {
			return nil, false, err
		}
		if !ok || len(keys) == limit {
			return keys, ok, nil
		}
		keys = append(keys, k)
	}
}

// pager merges the matches of the tail and of the segments by key, newest first. A segment is searched when the page reaches its last key.
type pager struct {
	matcher *matcher
	view    *view
	before  oplog.Key
	opened  int // number of the view's segments opened, in order of their last keys
	sources sources
}

// tailStretch is the number of entries of the tail examined between checks whether earlier ones can still be on the page.
const tailStretch = 64

// addTail adds the newest matches of the tail, one more than a page.
func (p *pager) addTail(ctx context.Context, limit int) error {
	t := newTailMatcher(p.matcher)
	var keys []oplog.Key
	looked := 0
	err := p.view.scanned(ctx, p.matcher.from, func(d *tailDocument) bool {
		if (p.before.IsZero() || d.key.Compare(p.before) < 0) && t.matches(d) {
			keys = append(keys, d.key)
		}
		if looked++; looked%tailStretch > 0 || len(keys) <= limit {
			return true
		}
		slices.SortFunc(keys, oplog.Key.Compare)
		keys = keys[len(keys)-limit-1:]
		return d.upTo >= keys[0].Micros()
	})
	slices.SortFunc(keys, oplog.Key.Compare)
	p.push(&source{tail: keys})
	return err
}

// push adds a source at its first key, if it has one.
func (p *pager) push(s *source) {
	if ok, _ := s.advance(); ok {
		heap.Push(&p.sources, s)
	}
}

func (p *pager) next(ctx context.Context, store oplog.Store, tenant string) (oplog.Key, bool, error) {
	for p.opened < len(p.view.segments) {
		s := p.view.segments[p.opened]
		if len(p.sources) > 0 && s.last.Compare(p.sources[0].key) < 0 {
			break // the collected matches are newer than the rest
		}
		p.opened++
		h, err := p.matcher.match(ctx, store, tenant, s, p.before)
		if err != nil {
			return oplog.Key{}, false, err
		}
		src := &source{segment: s, low: h.low, at: h.top}
		if numbers := h.numbers(); numbers != nil {
			src.numbers = numbers.ReverseIterator()
		}
		ok, err := src.advance()
		if err != nil {
			return oplog.Key{}, false, err
		}
		if ok {
			heap.Push(&p.sources, src)
		}
	}
	if len(p.sources) == 0 {
		return oplog.Key{}, false, nil
	}
	top := p.sources[0]
	k := top.key
	ok, err := top.advance()
	if ok {
		heap.Fix(&p.sources, 0)
	} else {
		heap.Pop(&p.sources)
	}
	return k, true, err
}

// source is a descending list of keys: a segment's or the tail's matches.
type source struct {
	key     oplog.Key // the current one
	tail    []oplog.Key
	segment *segment
	numbers roaring.IntIterable // matches; nil for all from at down to low
	low, at uint32
}

// advance moves to the next key; false at the end.
func (s *source) advance() (bool, error) {
	if s.segment == nil {
		if len(s.tail) == 0 {
			return false, nil
		}
		s.key, s.tail = s.tail[len(s.tail)-1], s.tail[:len(s.tail)-1]
		return true, nil
	}
	if s.low >= s.at || s.numbers != nil && !s.numbers.HasNext() {
		return false, nil
	}
	if s.numbers != nil {
		s.at = s.numbers.Next() + 1
	}
	s.at--
	var err error
	s.key, err = s.segment.key(s.at)
	if s.numbers != nil {
		s.at++ // only numbers knows the end
	}
	return err == nil, err
}

// sources is a heap with the newest key first.
type sources []*source

func (s sources) Len() int           { return len(s) }
func (s sources) Less(i, j int) bool { return s[i].key.Compare(s[j].key) > 0 }
func (s sources) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *sources) Push(x any)        { *s = append(*s, x.(*source)) }
func (s *sources) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	*s = (*s)[:last]
	return x
}
