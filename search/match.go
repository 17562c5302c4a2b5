package search

import (
	"bytes"
	"context"
	"slices"
	"unicode/utf8"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

// hits are the matching documents of a segment: those of the bitmap, or without one all in the range except others.
type hits struct {
	segment  *segment
	bitmap   *roaring.Bitmap
	others   *roaring.Bitmap // in the range; nil for none, and if there is a bitmap
	low, top uint32          // document numbers, top exclusive
}

// count returns the number of matches.
func (h *hits) count() int {
	switch {
	case h.bitmap != nil:
		return int(h.bitmap.GetCardinality())
	case h.others != nil:
		return int(h.top-h.low) - int(h.others.GetCardinality())
	}
	return int(h.top - h.low)
}

// leaveOut excludes documents. If the whole range matched and most still do, the excluded ones are stored instead.
func (h *hits) leaveOut(others *roaring.Bitmap) {
	switch most := others.GetCardinality() > uint64(h.segment.count)/2; {
	case h.bitmap != nil && most:
		// AndNot is slow if both sides have long runs.
		h.bitmap = roaring.Xor(h.bitmap, roaring.And(h.bitmap, others))
		return
	case h.bitmap != nil:
		h.bitmap = roaring.AndNot(h.bitmap, others)
		return
	}
	h.others = intersect([]*roaring.Bitmap{others}, h.low, h.top, h.segment.count)
	if 2*h.count() < int(h.top-h.low) {
		h.bitmap, h.others = h.numbers(), nil
	}
}

// numbers returns the matching documents; nil for the whole range.
func (h *hits) numbers() *roaring.Bitmap {
	if h.others == nil {
		return h.bitmap
	}
	return roaring.Flip(h.others, uint64(h.low), uint64(h.top))
}

// match finds the matches in a segment, before a key (zero for no bound).
func (m *matcher) match(ctx context.Context, store oplog.Store, tenant string, s *segment, before oplog.Key) (hits, error) {
	h := hits{segment: s}
	if err := ctx.Err(); err != nil || m.nothing {
		return h, err
	}
	low, err := s.numberAt(m.from)
	if err != nil {
		return h, err
	}
	top, err := s.numberAt(m.to)
	if err != nil {
		return h, err
	}
	if !before.IsZero() && before.Compare(s.last) <= 0 {
		n, err := s.numberOf(before)
		if err != nil {
			return h, err
		}
		top = min(top, n)
	}
	if low >= top {
		return h, nil
	}
	within, without, err := m.filterBitmaps(ctx, s)
	if err != nil {
		return h, err
	}
	for _, g := range m.groups {
		found, err := m.groupBitmaps(ctx, store, tenant, s, g)
		if err != nil {
			return h, err
		}
		switch {
		case !g.not:
			within = append(within, found...)
		case !slices.Contains(found, nil):
			without = append(without, intersect(found, 0, s.count, s.count))
		}
	}
	if slices.Contains(within, nil) { // one of the filters matches nothing
		return h, nil
	}
	h.low, h.top = low, top
	h.bitmap = intersect(within, low, top, s.count)
	if others := union(without); others != nil {
		h.leaveOut(others)
	}
	switch h.count() {
	case 0:
		h.bitmap, h.others, h.top = nil, nil, low
	case int(top - low):
		h.bitmap, h.others = nil, nil // it is the whole range
	}
	return h, nil
}

// intersect returns the documents in all bitmaps and in the range; nil, without any bitmap, stands for the range.
func intersect(bitmaps []*roaring.Bitmap, low, top, count uint32) *roaring.Bitmap {
	if len(bitmaps) == 0 {
		return nil
	}
	slices.SortFunc(bitmaps, func(a, b *roaring.Bitmap) int {
		return int(a.GetCardinality()) - int(b.GetCardinality())
	})
	if low > 0 || top < count {
		within := roaring.New()
		within.AddRange(uint64(low), uint64(top))
		bitmaps = append(bitmaps, within)
	}
	if len(bitmaps) == 1 {
		return bitmaps[0]
	}
	result := roaring.And(bitmaps[0], bitmaps[1])
	for _, b := range bitmaps[2:] {
		if result.IsEmpty() {
			break
		}
		result.And(b)
	}
	return result
}

// groupBitmaps returns the documents matched by each word of a group; nil for none.
func (m *matcher) groupBitmaps(ctx context.Context, store oplog.Store, tenant string, s *segment, g wordGroup) ([]*roaring.Bitmap, error) {
	var found []*roaring.Bitmap
	for _, w := range m.words[g.from:g.to] {
		b, err := m.wordBitmap(ctx, store, tenant, s, w)
		if err != nil {
			return nil, err
		}
		found = append(found, b)
	}
	return found, nil
}

// wordBitmap returns the documents of a segment matched by a word; nil for none.
func (m *matcher) wordBitmap(ctx context.Context, store oplog.Store, tenant string, s *segment, w *wordMatcher) (*roaring.Bitmap, error) {
	inText, err := s.remember(w.key(), func() (*roaring.Bitmap, error) {
		var found []*roaring.Bitmap
		if w.user {
			b, err := s.withUsers(m.numbering, w)
			if err != nil {
				return nil, err
			}
			found = appendSome(found, b)
		}
		if w.content {
			proven, likely, err := s.withContent(ctx, w)
			if proven != nil && likely != nil {
				likely = roaring.AndNot(likely, proven)
			}
			if err == nil && likely != nil {
				likely, err = s.verify(ctx, store, tenant, w, likely)
			}
			if err != nil {
				return nil, err
			}
			found = appendSome(appendSome(found, proven), likely)
		}
		return union(found), nil
	})
	if err != nil || len(w.modules) == 0 {
		return inText, err
	}
	inModule, err := s.anyTerm(ctx, fieldModule, w.modules)
	return union(appendSome(appendSome(nil, inText), inModule)), err
}

func appendSome(bitmaps []*roaring.Bitmap, b *roaring.Bitmap) []*roaring.Bitmap {
	if b == nil {
		return bitmaps
	}
	return append(bitmaps, b)
}

// Limits of a segment's cache of words and filters. Filters with very many values are not cached: they may be as long as a request.
const (
	maxRemembered      = 32
	maxRememberedBytes = 4 << 10
)

// remember returns a cached result, or computes it. Segments are immutable, and a page and its summary, or consecutive keystrokes, need the
// same words and filters.
func (s *segment) remember(key string, find func() (*roaring.Bitmap, error)) (*roaring.Bitmap, error) {
	if len(key) > maxRememberedBytes {
		return find()
	}
	s.mu.Lock()
	b, known := s.words[key]
	s.mu.Unlock()
	if known {
		return b, nil
	}
	b, err := find()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.words) >= maxRemembered {
		clear(s.words)
	}
	s.words[key] = b
	return b, nil
}

// withUsers returns the documents of users whose text has a word; nil for none. There are few users compared to documents, so their texts
// are scanned rather than indexed.
func (s *segment) withUsers(n *numbering, w *wordMatcher) (*roaring.Bitmap, error) {
	d, err := s.zap.Dictionary(fieldUser)
	if err != nil {
		return nil, err
	}
	var found []*roaring.Bitmap
	err = eachTerm(d, nil, nil, func(term []byte) error {
		if !w.mayBeIn(term) || !bytes.Contains(n.userText(term), w.formed) {
			return nil
		}
		b, err := postings(d, term)
		found = appendSome(found, b)
		return err
	})
	return union(found), err
}

// withContent returns the documents whose content certainly has a word, by the index's terms, and candidates whose content may have it
// (possibly overlapping): those with all pieces of a longer run of CJK characters, which may be apart, with the cut end of a word, or with
// all words of a phrase; nil for none.
func (s *segment) withContent(ctx context.Context, w *wordMatcher) (proven, likely *roaring.Bitmap, err error) {
	switch {
	case w.prefix != "":
		if proven, err = s.prefix(ctx, fieldContentText, w.prefix, nil); err == nil {
			likely, err = s.cutEnd(w.prefix)
		}
		return proven, likely, err
	case w.run != "":
		b, err := s.runBitmap(ctx, fieldContentText, w.run)
		if utf8.RuneCountInString(w.run) > gramSize {
			return nil, b, err
		}
		return b, nil, err
	case len(w.phrase) == 1:
		if proven, err = s.term(fieldContentText, w.phrase[0]); err == nil {
			likely, err = s.cutEnd(w.phrase[0])
		}
		return proven, likely, err
	}
	var all []*roaring.Bitmap
	for i, word := range w.phrase {
		b, err := s.phraseWord(ctx, fieldContentText, word)
		if err == nil && i == 0 && !isCJKWord(word) {
			var cut *roaring.Bitmap
			cut, err = s.cutEnd(word)
			b = union(appendSome(appendSome(nil, b), cut))
		}
		if err != nil || b == nil {
			return nil, nil, err
		}
		all = append(all, b)
	}
	return nil, intersect(all, 0, s.count, s.count), nil
}

func (s *segment) phraseWord(ctx context.Context, field, word string) (*roaring.Bitmap, error) {
	if isCJKWord(word) {
		return s.runBitmap(ctx, field, word)
	}
	return s.term(field, word)
}

// cutEnd returns the documents with the cut end of a word of many pieces that may start with a searched word; nil for none.
func (s *segment) cutEnd(word string) (*roaring.Bitmap, error) {
	if c := cut(word); c != word {
		return s.term(fieldContentText, c)
	}
	return nil, nil
}

// runBitmap returns the documents that have all pieces of a run of CJK characters.
func (s *segment) runBitmap(ctx context.Context, field, run string) (*roaring.Bitmap, error) {
	switch n := utf8.RuneCountInString(run); {
	case n == 1:
		// The character starts a piece of two, or is the last of its run.
		return s.prefix(ctx, field, run, func(term string) bool { return utf8.RuneCountInString(term) <= 2 })
	case n <= gramSize:
		return s.term(field, run)
	}
	var all []*roaring.Bitmap
	var failed error
	missing := false
	grams(run, gramSize, func(gram string) {
		if failed != nil || missing {
			return
		}
		b, err := s.term(field, gram)
		failed, missing = err, b == nil
		all = append(all, b)
	})
	if failed != nil || missing {
		return nil, failed
	}
	return intersect(all, 0, s.count, s.count), nil
}

// verifyChunk is the number of candidates read from the store at a time.
const verifyChunk = 1000

// verify returns the candidates whose stored content has the word.
func (s *segment) verify(ctx context.Context, store oplog.Store, tenant string, w *wordMatcher, candidates *roaring.Bitmap) (*roaring.Bitmap, error) {
	matches := roaring.New()
	var buffer [verifyChunk]uint32
	it := candidates.ManyIterator()
	for n := it.NextMany(buffer[:]); n > 0; n = it.NextMany(buffer[:]) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		keys := make([]oplog.Key, n)
		for i, number := range buffer[:n] {
			var err error
			if keys[i], err = s.key(number); err != nil {
				return nil, err
			}
		}
		entries, err := store.Get(tenant, keys, nil)
		if err != nil {
			return nil, err
		}
		i := 0 // index in keys; entries deleted meanwhile are missing
		for j := range entries {
			e := &entries[j]
			for keys[i] != e.Key() {
				i++
			}
			if w.in(analyse(e.Content.Name, e.Content.ID)) {
				matches.Add(buffer[i])
			}
		}
	}
	return matches, nil
}
