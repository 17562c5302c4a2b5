package search

import (
	"bytes"
	"slices"

	"oplog/faults"
	"oplog/oplog"
)

// mergeAll merges small segments.
func (x *Index) mergeAll() {
	for {
		select {
		case t := <-x.merges:
			for {
				var merged bool
				err := x.guarded(t.name, func() (err error) {
					merged, err = x.merge(t)
					return err
				})
				if err != nil && x.ctx.Err() == nil {
					faults.Report("merging segments, which is retried after the next flush", err, "tenant", t.name)
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

// merge replaces adjacent segments by one, if there are enough of a size. Building and flushing continue while the new file is written.
func (x *Index) merge(t *tenantIndex) (bool, error) {
	t.mergeMu.Lock()
	defer t.mergeMu.Unlock()
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
	t.buildMu.Lock()
	name := t.nextFile()
	t.buildMu.Unlock()
	info, err := saveSegment(t.dir, name, func(w *segmentWriter) error { return w.merge(x.ctx, parts) })
	if err != nil {
		return false, err
	}
	s, err := openSegment(t.dir, info, false)
	if err != nil {
		return false, err
	}
	return true, x.replace(t, group, s)
}

// replace replaces the merged segments by the result.
func (x *Index) replace(t *tenantIndex, group []*segment, s *segment) error {
	t.buildMu.Lock()
	defer t.buildMu.Unlock()
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

// mergeGroup returns adjacent segments of one level that are enough to be merged: fanIn, or half as many if more would exceed maxSegment.
func (z sizes) mergeGroup(segments []*segment) []*segment {
	level := func(s *segment) int {
		l := 0
		for size := z.maxFlush; int(s.count) > size; size *= z.fanIn {
			l++
		}
		return l
	}
	for end := len(segments); end > 0; { // from the oldest
		start, count, full := end, 0, false
		for start > 0 && end-start < z.fanIn && level(segments[start-1]) == level(segments[end-1]) {
			if count += int(segments[start-1].count); count > z.maxSegment {
				full = true
				break
			}
			start--
		}
		if n := end - start; n == z.fanIn || full && n >= max(2, z.fanIn/2) {
			return segments[start:end]
		}
		end = min(start, end-1)
	}
	return nil
}

// run is a range of a segment's documents; to is exclusive.
type run struct {
	segment  *segment
	from, to uint32
}

// runsInOrder splits segments into runs whose concatenation is in key order.
func runsInOrder(group []*segment) ([]run, error) {
	at := make([]uint32, len(group)) // the next document of each
	var runs []run
	for {
		least, second := -1, oplog.Key{}
		var first oplog.Key
		for i, s := range group {
			if at[i] == s.count {
				continue
			}
			key, err := s.key(at[i])
			switch {
			case err != nil:
				return nil, err
			case least < 0:
				least, first = i, key
			case key.Compare(first) < 0:
				least, first, second = i, key, first
			case second.IsZero() || key.Compare(second) < 0:
				second = key
			}
		}
		if least < 0 {
			return runs, nil
		}
		s, from := group[least], at[least]
		at[least] = s.count
		if !second.IsZero() {
			var err error
			if at[least], err = s.numberOf(second); err != nil {
				return nil, err
			}
		}
		runs = append(runs, run{s, from, at[least]})
	}
}

// inOrder returns parts in key order: long runs of the group as they are, and mixed ranges between them rebuilt from the store.
func (x *Index) inOrder(t *tenantIndex, group []*segment) (parts []part, err error) {
	runs, err := runsInOrder(group)
	if err != nil {
		return nil, err
	}
	var mixed []oplog.Key
	build := func() error {
		for chunk := range slices.Chunk(mixed, x.sizes.build) {
			built, err := buildImage(x.stored(t.name, chunk))
			if err != nil {
				return err
			}
			parts = append(parts, built.whole())
		}
		mixed = nil
		return nil
	}
	for _, r := range runs {
		if r.to-r.from >= min(uint32(x.sizes.longRun), r.segment.count) {
			if err := build(); err != nil {
				return nil, err
			}
			i, err := imageOf(r.segment.zap)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part{i, r.from, r.to})
			continue
		}
		for number := r.from; number < r.to; number++ {
			key, err := r.segment.key(number)
			if err != nil {
				return nil, err
			}
			mixed = append(mixed, key)
		}
	}
	return parts, build()
}

// buildImage builds a segment of entries in memory.
func buildImage(entries entrySource) (image, error) {
	var out bytes.Buffer
	w, err := newSegmentWriter(&out)
	if err != nil {
		return image{}, err
	}
	if err := buildSegment(w, entries); err != nil {
		return image{}, err
	}
	i, err := w.finish()
	i.bytes = out.Bytes()
	return i, err
}
