package search

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"oplog/faults"
	"oplog/oplog"
)

// flushAll builds segments from long tails, and from entries whose segment was lost.
func (x *Index) flushAll() {
	every := time.NewTicker(restTime)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			x.flushShort()
		case t := <-x.flushes:
			err := x.guarded(t.name, func() error { return x.flush(t) })
			t.mu.Lock()
			t.queued, t.failed = false, err
			x.enqueue(t, x.sizes.flush)
			t.shorter.Broadcast()
			t.mu.Unlock()
			if err != nil && x.ctx.Err() == nil {
				faults.Report("writing a segment, which is retried", err, "tenant", t.name)
				x.sleep(time.Second)
			}
		case <-x.ctx.Done():
			return
		}
	}
}

// restTime is the interval at which short tails become segments, too: every query scans the tail. While entries arrive fast, they are
// collected into better segments.
const restTime = time.Second

// flushShort requests flushes of short tails; of the shortest only if nothing has arrived since the last call.
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

// sleep waits, or returns early when the index is closed.
func (x *Index) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-x.ctx.Done():
	}
}

// flush builds a segment from the oldest arrivals of the tail, and one from entries whose segment was lost.
func (x *Index) flush(t *tenantIndex) error {
	t.buildMu.Lock()
	defer t.buildMu.Unlock()
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
	default: // requested again by the next flush
	}
}

// keysOf returns the sorted keys of entries that were not dropped; the store reads adjacent keys fast.
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

// flushOrphans builds a segment from entries whose segment was lost; the caller holds buildMu.
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
		built, err := x.build(t, len(keys), func(low, top int) entrySource { return x.stored(t.name, keys[low:top]) }, x.sizes.flush)
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

// addSegment builds a segment from the arrivals up to a seq that are in no segment yet, and removes them from the tail. from returns ranges
// of them in key order. The caller holds buildMu.
func (x *Index) addSegment(t *tenantIndex, count int, from func(low, top int) entrySource, through uint64) error {
	segments := t.segments
	if count > 0 { // otherwise all were dropped
		built, err := x.build(t, count, from, x.sizes.flush)
		if err != nil {
			return err
		}
		segments = newestFirst(slices.Concat(segments, built))
	}
	if err := x.saveManifest(t, segments, t.lost, through); err != nil {
		return err // the next start deletes its file
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.segments, t.through, t.last = segments, through, max(t.last, through)
	rest := slices.IndexFunc(t.tail, func(d tailDocument) bool { return d.key.Seq() > through })
	if rest < 0 {
		rest = len(t.tail)
	}
	t.tail = append(make([]tailDocument, 0, 2*(len(t.tail)-rest)), t.tail[rest:]...) // with room for as many again
	return nil
}

// build builds and opens segments of entries, of which from returns ranges in key order: one per processor if each gets enough entries,
// none if all entries were deleted. The caller holds buildMu.
func (x *Index) build(t *tenantIndex, count int, from func(low, top int) entrySource, enough int) ([]*segment, error) {
	n := max(1, min(runtime.GOMAXPROCS(0), count/enough))
	segments, errs := make([]*segment, n), make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		stretch, name := from(count*i/n, count*(i+1)/n), t.nextFile()
		group.Go(func() {
			errs[i] = x.guarded(t.name, func() (err error) {
				segments[i], err = t.buildOne(stretch, name)
				return err
			})
		})
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

// buildOne returns nil if there are no entries.
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

// nextFile returns the name of a new segment's file; the caller holds buildMu.
func (t *tenantIndex) nextFile() string {
	t.next++
	return fmt.Sprintf("%08d.zap", t.next-1)
}
