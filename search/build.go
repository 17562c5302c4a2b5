package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"

	"oplog/oplog"
)

// flushAll makes segments of long tails.
func (x *Index) flushAll(ctx context.Context) {
	for {
		select {
		case t := <-x.flushes:
			err := x.flush(ctx, t)
			t.mu.Lock()
			t.queued, t.failed = false, err
			x.enqueue(t)
			t.shorter.Broadcast()
			t.mu.Unlock()
			if err != nil && ctx.Err() == nil {
				x.logger.Error("a segment cannot be written; it is tried again", "tenant", t.tenant, "because", err)
				sleep(ctx, time.Second)
			}
		case <-ctx.Done():
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// flush makes a segment of the oldest arrivals of the tail.
func (x *Index) flush(ctx context.Context, t *tenantIndex) error {
	t.building.Lock()
	defer t.building.Unlock()
	t.mu.Lock()
	n := min(len(t.tail), x.sizes.maxFlush)
	keys := make([]oplog.Key, n)
	for i := range keys {
		keys[i] = t.tail[i].key
	}
	t.mu.Unlock()
	if n == 0 || ctx.Err() != nil {
		return nil
	}
	slices.SortFunc(keys, oplog.Key.Compare) // the store reads neighbours faster
	entries, err := x.store.Get(t.tenant, keys)
	if err != nil {
		return err
	}
	if err := x.addSegment(t, entries); err != nil {
		return err
	}
	select {
	case x.merges <- t:
	default: // asked for again by the next flush
	}
	return nil
}

// addSegment makes a segment of the arrivals after those that the segments
// hold, and takes them off the tail. It is called with building held, and
// reorders entries.
func (x *Index) addSegment(t *tenantIndex, entries []oplog.Entry) error {
	slices.SortFunc(entries, func(a, b oplog.Entry) int { return a.Key().Compare(b.Key()) })
	built, err := buildSegment(newDocumentBuilder(), entries)
	if err != nil {
		return err
	}
	s, err := t.save(func(path string) error {
		return built.(segmentapi.UnpersistedSegment).Persist(path)
	})
	if err = errors.Join(err, built.Close()); err != nil {
		return err
	}
	t.mu.Lock()
	segments := newestFirst(append(slices.Clone(t.segments), s))
	through := t.through + uint64(len(entries))
	t.mu.Unlock()
	if err := x.saveManifest(t, segments, through); err != nil {
		s.retire()
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.segments, t.through, t.last = segments, through, max(t.last, through)
	if len(t.tail) > 0 {
		t.tail = slices.Clone(t.tail[len(entries):])
	}
	return nil
}

// save writes a segment's file and opens it; building is held.
func (t *tenantIndex) save(write func(path string) error) (*segment, error) {
	name := fmt.Sprintf("%08d.zap", t.next)
	t.next++
	info, err := saveSegment(t.dir, name, write)
	if err != nil {
		return nil, err
	}
	return openSegment(t.dir, info, false)
}

func (x *Index) saveManifest(t *tenantIndex, segments []*segment, through uint64) error {
	m := manifest{Analysis: analysisVersion, Through: through, Next: t.next}
	for _, s := range segments {
		m.Segments = append(m.Segments, s.info)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return x.store.ChangeRecord(oplog.RecordIndex, t.tenant, func([]byte) ([]byte, error) { return data, nil })
}

// mergeAll makes large segments of small ones.
func (x *Index) mergeAll(ctx context.Context) {
	for {
		select {
		case t := <-x.merges:
			for {
				merged, err := x.merge(ctx, t)
				if err != nil && ctx.Err() == nil {
					x.logger.Error("segments cannot be merged; it is tried again after the next flush", "tenant", t.tenant, "because", err)
				}
				if !merged || err != nil {
					break
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

// merge replaces neighbouring segments by one, where there are enough of a
// size. Building and flushing go on while the new file is written.
func (x *Index) merge(ctx context.Context, t *tenantIndex) (bool, error) {
	t.mu.Lock()
	group := x.sizes.mergeGroup(t.segments)
	for _, s := range group {
		s.acquire()
	}
	t.mu.Unlock()
	if len(group) == 0 {
		return false, nil
	}
	defer func() {
		for _, s := range group {
			s.release()
		}
	}()
	parts, err := x.inOrder(ctx, t, group)
	if err != nil {
		return false, err
	}
	t.building.Lock()
	name := fmt.Sprintf("%08d.zap", t.next)
	t.next++
	t.building.Unlock()
	info, err := saveSegment(t.dir, name, func(path string) error {
		_, _, err := plugin.Merge(parts, make([]*roaring.Bitmap, len(parts)), path, nil, nil)
		return err
	})
	if err != nil {
		return false, err
	}
	s, err := openSegment(t.dir, info, false)
	if err != nil {
		return false, err
	}
	return true, x.replace(t, group, s)
}

// replace puts a merged segment in the place of those that it was made of.
func (x *Index) replace(t *tenantIndex, group []*segment, s *segment) error {
	t.building.Lock()
	defer t.building.Unlock()
	t.mu.Lock()
	segments := slices.DeleteFunc(slices.Clone(t.segments), func(old *segment) bool { return slices.Contains(group, old) })
	segments = newestFirst(append(segments, s))
	through := t.through
	t.mu.Unlock()
	if err := x.saveManifest(t, segments, through); err != nil {
		s.retire()
		return err
	}
	t.mu.Lock()
	t.segments = segments
	t.mu.Unlock()
	for _, old := range group {
		old.retire()
	}
	return nil
}

// mergeGroup returns neighbours in time of one level, enough to be merged.
func (z sizes) mergeGroup(segments []*segment) []*segment {
	level := func(s *segment) int {
		l := 0
		for size := z.maxFlush; int(s.count) > size; size *= z.fanIn {
			l++
		}
		return l
	}
	for end := len(segments); end > 0; { // from the oldest
		start, count := end, 0
		for start > 0 && end-start < z.fanIn && level(segments[start-1]) == level(segments[end-1]) &&
			count+int(segments[start-1].count) <= z.maxSegment {
			start--
			count += int(segments[start].count)
		}
		if end-start == z.fanIn {
			return segments[start:end]
		}
		end = min(start, end-1)
	}
	return nil
}

// inOrder returns segments whose concatenation is in order of keys: the group
// itself where its segments do not overlap, else new ones, built from the store.
func (x *Index) inOrder(ctx context.Context, t *tenantIndex, group []*segment) ([]segmentapi.Segment, error) {
	group = slices.Clone(group)
	slices.SortFunc(group, func(a, b *segment) int { return a.first.Compare(b.first) })
	overlap := false
	for i := 1; i < len(group); i++ {
		overlap = overlap || group[i].first.Compare(group[i-1].last) < 0
	}
	var parts []segmentapi.Segment
	if !overlap {
		for _, s := range group {
			parts = append(parts, s.zap)
		}
		return parts, nil
	}
	var keys []oplog.Key
	for _, s := range group {
		for i := range s.count {
			k, err := s.key(i)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, oplog.Key.Compare)
	for chunk := range slices.Chunk(keys, x.sizes.maxFlush) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := x.store.Get(t.tenant, chunk)
		if err != nil {
			return nil, err
		}
		part, err := buildSegment(newDocumentBuilder(), entries)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}
