package search

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"oplog/oplog"
)

// flushAll makes segments of long tails, and of entries whose segment was lost.
func (x *Index) flushAll() {
	every := time.NewTicker(restTime)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			x.flushShort()
		case t := <-x.flushes:
			err := x.flush(t)
			t.mu.Lock()
			t.queued, t.failed = false, err
			x.enqueue(t, x.sizes.flush)
			t.shorter.Broadcast()
			t.mu.Unlock()
			if err != nil && x.ctx.Err() == nil {
				x.logger.Error("a segment cannot be written; it is tried again", "tenant", t.name, "because", err)
				x.sleep(time.Second)
			}
		case <-x.ctx.Done():
			return
		}
	}
}

// restTime is how often short tails become segments, too: every query scans the
// tail. While entries come fast they wait for more, which makes better segments
// in less time.
const restTime = time.Second

// flushShort asks for flushes of short tails, the shortest where nothing has
// come since it was called before.
func (x *Index) flushShort() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range x.tenants {
		t.mu.Lock()
		if t.state == stateReady {
			enough := x.sizes.soonFlush
			if t.rested == t.last {
				enough = x.sizes.restFlush
			}
			t.rested = t.last
			x.enqueue(t, enough)
		}
		t.mu.Unlock()
	}
}

// sleep waits, unless the index is closed.
func (x *Index) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-x.ctx.Done():
	}
}

// flush makes a segment of the oldest arrivals of the tail, and one of entries
// whose segment was lost.
func (x *Index) flush(t *tenantIndex) error {
	t.building.Lock()
	defer t.building.Unlock()
	if err := x.flushOrphans(t); err != nil {
		return err
	}
	t.mu.Lock()
	oldest := t.tail[:min(len(t.tail), x.sizes.maxFlush)]
	t.mu.Unlock()
	if len(oldest) < x.sizes.restFlush || x.ctx.Err() != nil {
		return nil
	}
	keys := keysOf(oldest)
	from := func(low, top int) entrySource { return x.stored(t.name, keys[low:top]) }
	if err := x.addSegment(t, len(keys), from, oldest[len(oldest)-1].key.Seq()); err != nil {
		return err
	}
	x.askForMerge(t)
	return nil
}

func (x *Index) askForMerge(t *tenantIndex) {
	select {
	case x.merges <- t:
	default: // asked for again by the next flush
	}
}

// keysOf returns the keys of entries that were not dropped in their order, in
// which the store reads neighbours fast.
func keysOf(documents []tailDocument) []oplog.Key {
	keys := make([]oplog.Key, 0, len(documents))
	for i := range documents {
		if !documents[i].dropped {
			keys = append(keys, documents[i].key)
		}
	}
	slices.SortFunc(keys, oplog.Key.Compare)
	return keys
}

// flushOrphans makes a segment of entries whose segment was lost; building is
// held.
func (x *Index) flushOrphans(t *tenantIndex) error {
	t.mu.Lock()
	orphans, lost, through := t.orphans, t.lost, t.through
	t.mu.Unlock()
	if len(lost) == 0 {
		return nil
	}
	n := min(len(orphans), x.sizes.maxFlush)
	if n == len(orphans) {
		lost = nil
	}
	segments := t.segments
	if keys := keysOf(orphans[:n]); len(keys) > 0 {
		built, err := t.build(len(keys), func(low, top int) entrySource { return x.stored(t.name, keys[low:top]) }, x.sizes.flush)
		if err != nil {
			return err
		}
		segments = newestFirst(slices.Concat(segments, built))
	}
	if err := x.saveManifest(t, segments, lost, through); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.segments, t.orphans, t.lost = segments, orphans[n:], lost
	return nil
}

// addSegment makes a segment of the arrivals up to a seq that no segment holds
// yet, of which from gives stretches, in order of their keys, and takes them off
// the tail. It is called with building held.
func (x *Index) addSegment(t *tenantIndex, count int, from func(low, top int) entrySource, through uint64) error {
	segments := t.segments
	if count > 0 { // else all were dropped
		built, err := t.build(count, from, x.sizes.flush)
		if err != nil {
			return err
		}
		segments = newestFirst(slices.Concat(segments, built))
	}
	if err := x.saveManifest(t, segments, t.lost, through); err != nil {
		return err // its file is deleted by the next start
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.segments, t.through, t.last = segments, through, max(t.last, through)
	rest := slices.IndexFunc(t.tail, func(d tailDocument) bool { return d.key.Seq() > through })
	if rest < 0 {
		rest = len(t.tail)
	}
	t.tail = slices.Clone(t.tail[rest:])
	return nil
}

// build makes segments of entries, of which from gives stretches, in order of
// their keys, and opens them: one for each processor, as long as each has
// enough. Where all were deleted there is none. Building is held.
func (t *tenantIndex) build(count int, from func(low, top int) entrySource, enough int) ([]*segment, error) {
	n := max(1, min(runtime.GOMAXPROCS(0), count/enough))
	segments, errs := make([]*segment, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		stretch, name := from(count*i/n, count*(i+1)/n), t.nextFile()
		group.Go(func() { segments[i], errs[i] = t.buildOne(stretch, name) })
	}
	group.Wait()
	segments = slices.DeleteFunc(segments, func(s *segment) bool { return s == nil })
	if err := errors.Join(errs...); err != nil {
		for _, s := range segments {
			s.retire()
		}
		return nil, err
	}
	return segments, nil
}

// buildOne returns nil where there are no entries.
func (t *tenantIndex) buildOne(entries entrySource, name string) (*segment, error) {
	info, err := saveSegment(t.dir, name, func(w *segmentWriter) error {
		if err := buildSegment(w, entries); err != nil || w.image.count > 0 {
			return err
		}
		return errNoEntries
	})
	if errors.Is(err, errNoEntries) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return openSegment(t.dir, info, false)
}

var errNoEntries = errors.New("there are no entries")

// nextFile returns the name of a new segment's file; building is held.
func (t *tenantIndex) nextFile() string {
	t.next++
	return fmt.Sprintf("%08d.zap", t.next-1)
}
