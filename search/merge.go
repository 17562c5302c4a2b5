package search

import (
	"context"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"

	"oplog/oplog"
)

// mergeAll makes large segments of small ones.
func (x *Index) mergeAll() {
	for {
		select {
		case t := <-x.merges:
			for {
				merged, err := x.merge(t)
				if err != nil && x.ctx.Err() == nil {
					x.logger.Error("segments cannot be merged; it is tried again after the next flush", "tenant", t.name, "because", err)
				}
				if !merged || err != nil {
					break
				}
			}
		case <-x.ctx.Done():
			return
		}
	}
}

// merge replaces neighbouring segments by one, where there are enough of a
// size. Building and flushing go on while the new file is written.
func (x *Index) merge(t *tenantIndex) (bool, error) {
	t.merges.Lock()
	defer t.merges.Unlock()
	t.mu.Lock()
	var group []*segment
	if t.state == stateReady {
		group = x.sizes.mergeGroup(t.segments)
	}
	t.merging = len(group) > 0
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
		t.mu.Lock()
		t.merging = false
		t.mu.Unlock()
	}()
	parts, err := x.inOrder(t, group)
	if err != nil {
		return false, err
	}
	t.building.Lock()
	name := t.nextFile()
	t.building.Unlock()
	ended := make(chan struct{}) // zapx looks at it as it writes
	defer context.AfterFunc(x.ctx, func() { close(ended) })()
	info, err := saveSegment(t.dir, name, func(path string) error {
		_, _, err := plugin.Merge(parts, make([]*roaring.Bitmap, len(parts)), path, ended, &pacer{at: time.Now()})
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

// pacer leaves time to those who record and ask: for every stretch of merging
// it rests for half as long.
type pacer struct{ at time.Time }

// mergeStretch is how long merging goes on without a rest.
const mergeStretch = 10 * time.Millisecond

// ReportBytesWritten is called by zapx as it writes.
func (p *pacer) ReportBytesWritten(uint64) {
	if worked := time.Since(p.at); worked > mergeStretch {
		time.Sleep(worked / 2)
		p.at = time.Now()
	}
}

// replace puts a merged segment in the place of those that it was made of.
func (x *Index) replace(t *tenantIndex, group []*segment, s *segment) error {
	t.building.Lock()
	defer t.building.Unlock()
	t.mu.Lock()
	segments := slices.DeleteFunc(slices.Clone(t.segments), func(old *segment) bool { return slices.Contains(group, old) })
	segments = newestFirst(append(segments, s))
	lost, through := t.lost, t.through
	t.mu.Unlock()
	if err := x.saveManifest(t, segments, lost, through); err != nil {
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
func (x *Index) inOrder(t *tenantIndex, group []*segment) ([]segmentapi.Segment, error) {
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
	pace := pacer{at: time.Now()}
	for chunk := range slices.Chunk(keys, x.sizes.build) {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := x.store.Get(t.name, chunk)
		if err != nil {
			return nil, err
		}
		part, err := buildSegment(newDocumentBuilder(), entries)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		pace.ReportBytesWritten(0)
	}
	return parts, nil
}
