package search

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/vellum"
	zap "github.com/blevesearch/zapx/v17"
)

// part is a run of a segment's documents; to is exclusive.
type part struct {
	image
	from, to uint32
}

// imageOf returns the offsets of an open segment.
func imageOf(s *zap.Segment) (image, error) {
	i := image{bytes: s.Data(), count: uint32(s.Count()), stored: s.StoredIndexOffset()}
	for field, name := range fields {
		var err error
		if i.terms[field], err = s.DictAddr(name); err != nil {
			return i, err
		}
	}
	return i, nil
}

func (i *image) whole() part { return part{*i, 0, i.count} }

// start returns the offset of a document; that of the number after the last is the end of documents.
func (i *image) start(number uint32) uint64 {
	if number == i.count {
		return i.stored
	}
	return binary.BigEndian.Uint64(i.bytes[i.stored+8*uint64(number):])
}

// merge writes parts one after the other.
func (w *segmentWriter) merge(ctx context.Context, parts []part) error {
	for _, p := range parts {
		w.copyDocuments(p)
	}
	w.endDocuments()
	m := fieldMerge{bitmap: roaring.New()}
	for field := range fields {
		if err := m.open(parts, field); err != nil {
			return err
		}
		for n := 0; len(m.streams) > 0; n++ {
			if n%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := m.next(); err != nil {
				return err
			}
			if len(m.numbers) == 0 {
				continue // all its documents are outside the parts
			}
			if err := w.term(m.term, m.numbers); err != nil {
				return err
			}
		}
		if err := w.endField(field); err != nil {
			return err
		}
	}
	return nil
}

// fieldMerge iterates over the terms of a field in several parts.
type fieldMerge struct {
	streams termHeap
	term    []byte
	numbers []uint32 // of the term's documents, in the new segment
	bitmap  *roaring.Bitmap
	found   []uint32
}

// termStream is the position in a part's dictionary.
type termStream struct {
	part
	base  uint32 // number of the part's first document in the new segment
	terms *vellum.FSTIterator
	term  []byte // valid until the next call
	value uint64
}

// termHeap has the smallest term first, and of equal ones that of the first part.
type termHeap []*termStream

func (h termHeap) Len() int { return len(h) }
func (h termHeap) Less(a, b int) bool {
	c := bytes.Compare(h[a].term, h[b].term)
	return c < 0 || c == 0 && h[a].base < h[b].base
}
func (h termHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }
func (h *termHeap) Push(s any)   { *h = append(*h, s.(*termStream)) }
func (h *termHeap) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	*h = (*h)[:last]
	return s
}

// open starts a field.
func (m *fieldMerge) open(parts []part, field int) error {
	m.streams = m.streams[:0]
	base := uint32(0)
	for _, p := range parts {
		length, n := binary.Uvarint(p.bytes[p.terms[field]:])
		begin := p.terms[field] + uint64(n)
		dictionary, err := vellum.Load(p.bytes[begin : begin+length])
		if err != nil {
			return fmt.Errorf("dictionary of %s: %w", fields[field], err)
		}
		s := &termStream{part: p, base: base}
		base += p.to - p.from
		s.terms, err = dictionary.Iterator(nil, nil)
		if errors.Is(err, vellum.ErrIteratorDone) {
			continue
		}
		if err != nil {
			return fmt.Errorf("dictionary of %s: %w", fields[field], err)
		}
		s.term, s.value = s.terms.Current()
		m.streams = append(m.streams, s)
	}
	heap.Init(&m.streams)
	return nil
}

// next reads the next term and its documents.
func (m *fieldMerge) next() error {
	m.term = append(m.term[:0], m.streams[0].term...)
	m.numbers = m.numbers[:0]
	for len(m.streams) > 0 && bytes.Equal(m.streams[0].term, m.term) {
		s := m.streams[0]
		if err := m.add(s); err != nil {
			return err
		}
		switch err := s.terms.Next(); {
		case err == nil:
			s.term, s.value = s.terms.Current()
			heap.Fix(&m.streams, 0)
		case errors.Is(err, vellum.ErrIteratorDone):
			heap.Pop(&m.streams)
		default:
			return err
		}
	}
	return nil
}

// add adds the documents of a stream's term.
func (m *fieldMerge) add(s *termStream) error {
	if s.value&zap.FSTValEncodingMask == zap.FSTValEncoding1Hit {
		number, _ := zap.FSTValDecode1Hit(s.value)
		m.found = append(m.found[:0], uint32(number))
	} else {
		at := s.value
		var skipped, length uint64
		for _, v := range []*uint64{&skipped, &skipped, &length} { // frequencies, positions
			var n int
			*v, n = binary.Uvarint(s.bytes[at:])
			at += uint64(n)
		}
		if _, err := m.bitmap.FromBuffer(s.bytes[at : at+length]); err != nil {
			return fmt.Errorf("documents of a term: %w", err)
		}
		count := int(m.bitmap.GetCardinality())
		m.found = slices.Grow(m.found[:0], count)[:count]
		m.bitmap.ToExistingArray(&m.found)
	}
	for _, number := range m.found {
		if s.from <= number && number < s.to {
			m.numbers = append(m.numbers, s.base+number-s.from)
		}
	}
	return nil
}
