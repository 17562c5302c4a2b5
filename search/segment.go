package search

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"
	zap "github.com/blevesearch/zapx/v17"

	"oplog/durable"
	"oplog/oplog"
)

var plugin = &zap.ZapPlugin{}

// segmentInfo describes a segment in the manifest. The checksum covers the whole file: zapx opens damaged files without an error.
type segmentInfo struct {
	File  string `json:"file"`
	Count uint32 `json:"count"`
	First string `json:"first"` // ids of the first and the last entry
	Last  string `json:"last"`
	Size  int64  `json:"size"`
	CRC   uint32 `json:"crc"` // Castagnoli
}

// segment is an immutable segment, shared by queries.
type segment struct {
	info        segmentInfo
	path        string
	zap         *zap.Segment
	count       uint32
	first, last oplog.Key

	references atomic.Int32 // one for the tenant, and one per reading query
	retired    atomic.Bool  // no longer listed: the last reader deletes the file

	columns  atomic.Pointer[columns] // nil until a query has derived them
	deriving chan struct{}           // full while one does

	mu     sync.Mutex
	bounds map[int64]uint32           // cache of document numbers by time
	words  map[string]*roaring.Bitmap // cache of documents by word; nil for none
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// saveSegment writes a segment's file under a temporary name first, so that a file with a final name is always complete.
func saveSegment(dir, name string, write func(*segmentWriter) error) (segmentInfo, error) {
	path := filepath.Join(dir, name)
	err := durable.WriteFileVia(path+".tmp", path, 0o600, func(f *os.File) error {
		w, err := newSegmentWriter(f)
		if err == nil {
			err = write(w)
		}
		if err == nil {
			_, err = w.finish()
		}
		return err
	})
	if err != nil {
		return segmentInfo{}, err
	}
	info := segmentInfo{File: name}
	info.Size, info.CRC, err = checksum(path)
	return info, err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func checksum(path string) (int64, uint32, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	sum := crc32.New(castagnoli)
	size, err := io.Copy(sum, f)
	return size, sum.Sum32(), errors.Join(err, f.Close())
}

// openSegment opens a segment's file; check verifies its checksum first.
func openSegment(dir string, info segmentInfo, check bool) (*segment, error) {
	path := filepath.Join(dir, info.File)
	if check {
		size, sum, err := checksum(path)
		if err != nil {
			return nil, err
		}
		if size != info.Size || sum != info.CRC {
			return nil, fmt.Errorf("segment %s is damaged", path)
		}
	}
	opened, err := plugin.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open segment %s: %w", path, err)
	}
	z, ok := opened.(*zap.Segment)
	if !ok {
		return nil, errors.Join(fmt.Errorf("open segment %s: it is a %T", path, opened), opened.Close())
	}
	s := &segment{
		info: info, path: path, zap: z, count: uint32(z.Count()),
		deriving: make(chan struct{}, 1), bounds: make(map[int64]uint32), words: make(map[string]*roaring.Bitmap),
	}
	s.references.Store(1)
	if s.count == 0 {
		return nil, errors.Join(fmt.Errorf("segment %s is empty", path), z.Close())
	}
	var firstErr, lastErr error
	s.first, firstErr = s.key(0)
	s.last, lastErr = s.key(s.count - 1)
	if err := errors.Join(firstErr, lastErr); err != nil {
		return nil, errors.Join(err, z.Close())
	}
	s.info.Count, s.info.First, s.info.Last = s.count, s.first.ID(), s.last.ID()
	return s, nil
}

func newestFirst(segments []*segment) []*segment {
	slices.SortFunc(segments, func(a, b *segment) int { return b.last.Compare(a.last) })
	return segments
}

func (s *segment) acquire() { s.references.Add(1) }

// release releases a segment; the last reader closes it. If a file cannot be deleted, the next start does so, since it is not listed.
func (s *segment) release() {
	if s.references.Add(-1) > 0 {
		return
	}
	_ = s.zap.Close()
	if s.retired.Load() {
		_ = os.Remove(s.path)
	}
}

// retire releases the tenant's reference to a replaced segment.
func (s *segment) retire() {
	s.retired.Store(true)
	s.release()
}

// key returns the key of a document.
func (s *segment) key(number uint32) (oplog.Key, error) {
	id, err := s.zap.DocID(uint64(number))
	key, ok := keyOfDocID(id)
	if err != nil {
		return key, fmt.Errorf("segment %s: document %d: %w", s.path, number, err)
	}
	if !ok {
		return key, fmt.Errorf("segment %s: document %d has no key", s.path, number)
	}
	return key, nil
}

// numberOf returns the number of the first document with a key of at least k.
func (s *segment) numberOf(k oplog.Key) (uint32, error) {
	var failed error
	n := sort.Search(int(s.count), func(i int) bool {
		key, err := s.key(uint32(i))
		if err != nil {
			failed = err
			return true
		}
		return key.Compare(k) >= 0
	})
	return uint32(n), failed
}

// maxBounds limits a segment's cache of document numbers by time.
const maxBounds = 4096

// numberAt returns the number of the first document at or after a time in microseconds; periods and buckets use the same times repeatedly.
func (s *segment) numberAt(micros int64) (uint32, error) {
	switch {
	case micros <= s.first.Micros():
		return 0, nil
	case micros > s.last.Micros():
		return s.count, nil
	}
	s.mu.Lock()
	n, ok := s.bounds[micros]
	s.mu.Unlock()
	if ok {
		return n, nil
	}
	n, err := s.numberOf(oplog.MakeKey(microTime(micros), 0))
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	if len(s.bounds) >= maxBounds {
		clear(s.bounds)
	}
	s.bounds[micros] = n
	s.mu.Unlock()
	return n, nil
}

// term returns the documents that have a term in a field; nil for none. The bitmap may be in the mapped file: it must not be modified, and
// is valid only while the segment is held.
func (s *segment) term(field, term string) (*roaring.Bitmap, error) {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return nil, err
	}
	return postings(d, []byte(term))
}

func postings(d segmentapi.TermDictionary, term []byte) (*roaring.Bitmap, error) {
	list, err := d.PostingsList(term, nil, nil)
	if err != nil {
		return nil, err
	}
	it, ok := list.Iterator(false, false, false, nil).(segmentapi.OptimizablePostingsIterator)
	if !ok {
		return nil, nil // the iterator of an empty list
	}
	if number, one := it.DocNum1Hit(); one {
		return roaring.BitmapOf(uint32(number)), nil
	}
	return it.ActualBitmap(), nil
}

// prefix returns the documents that have a term that starts with prefix and passes wanted, if given.
func (s *segment) prefix(ctx context.Context, field, prefix string, wanted func(term string) bool) (*roaring.Bitmap, error) {
	terms := 0
	return s.between(ctx, field, []byte(prefix), prefixEnd(prefix), func(term []byte) (bool, error) {
		if terms++; terms > maxExpansion {
			return false, tooBroad(prefix, oplog.Violates("too_broad", "is a prefix of more than {max} different words; type more of it", maxExpansion))
		}
		return wanted == nil || wanted(string(term)), nil
	})
}

// between returns the documents that have a term from start up to end (exclusive) that passes wanted, if given.
func (s *segment) between(ctx context.Context, field string, start, end []byte, wanted func(term []byte) (bool, error)) (*roaring.Bitmap, error) {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return nil, err
	}
	var found []*roaring.Bitmap
	var few []uint32 // documents of rare terms, of which a prefix has many
	terms := 0
	err = eachTerm(d, start, end, func(term []byte) error {
		if terms++; terms%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if wanted != nil {
			if ok, err := wanted(term); !ok || err != nil {
				return err
			}
		}
		b, err := postings(d, term)
		switch {
		case err != nil || b == nil:
		case b.GetCardinality() < rareTerm:
			it := b.Iterator()
			for it.HasNext() {
				few = append(few, it.Next())
			}
		default:
			found = append(found, b)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(few) > 0 {
		rare := roaring.New()
		rare.AddMany(few)
		found = append(found, rare)
	}
	return union(found), nil
}

// maxExpansion limits the terms that a searched prefix may match in a segment: two per document, as if every content had its own numbers.
const maxExpansion = 1 << 20

func tooBroad(value string, v oplog.Violation) error {
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "The search is too broad.", Fields: []oplog.FieldError{
		{Part: oplog.InQuery, Field: "q", Value: value, Violation: v},
	}}
}

// rareTerm is the minimum number of documents of a term whose bitmap is not copied.
const rareTerm = 64

// eachTerm calls visit for the terms of a dictionary from start up to end (exclusive); nil is unbounded. The term is valid only during the
// call.
func eachTerm(d segmentapi.TermDictionary, start, end []byte, visit func(term []byte) error) error {
	it := d.AutomatonIterator(nil, start, end)
	if faster, ok := d.(termLister); ok {
		it = faster.AutomatonIteratorOmitCount(nil, start, end)
	}
	for {
		entry, err := it.Next()
		if err != nil || entry == nil {
			return err
		}
		if err := visit([]byte(entry.Term)); err != nil {
			return err
		}
	}
}

// termLister is a dictionary that lists terms without reading their postings.
type termLister interface {
	AutomatonIteratorOmitCount(a segmentapi.Automaton, startKeyInclusive, endKeyExclusive []byte) segmentapi.DictionaryIterator
}

// prefixEnd returns the first string after all strings that start with prefix.
func prefixEnd(prefix string) []byte {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// union returns the documents in any of the bitmaps; nil for none.
func union(bitmaps []*roaring.Bitmap) *roaring.Bitmap {
	switch len(bitmaps) {
	case 0:
		return nil
	case 1:
		return bitmaps[0]
	}
	return roaring.FastOr(bitmaps...)
}
