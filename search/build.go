package search

import (
	"errors"
	"fmt"
	"slices"
	"time"

	segmentapi "github.com/blevesearch/scorch_segment_api/v2"

	"oplog/oplog"
)

// flushAll makes segments of long tails, and of entries whose segment was lost.
func (x *Index) flushAll() {
	for {
		select {
		case t := <-x.flushes:
			err := x.flush(t)
			t.mu.Lock()
			t.queued, t.failed = false, err
			x.enqueue(t)
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
	if len(oldest) < x.sizes.flush || x.ctx.Err() != nil {
		return nil
	}
	entries, err := x.store.Get(t.name, keysOf(oldest))
	if err != nil {
		return err
	}
	if err := x.addSegment(t, entries, oldest[len(oldest)-1].key.Seq()); err != nil {
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
		entries, err := x.store.Get(t.name, keys)
		if err != nil {
			return err
		}
		s, err := t.build(entries)
		if err != nil {
			return err
		}
		segments = newestFirst(append(slices.Clone(segments), s))
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
// yet, and takes them off the tail. It is called with building held, and
// reorders entries.
func (x *Index) addSegment(t *tenantIndex, entries []oplog.Entry, through uint64) error {
	segments := t.segments
	if len(entries) > 0 { // else all were dropped
		slices.SortFunc(entries, func(a, b oplog.Entry) int { return a.Key().Compare(b.Key()) })
		s, err := t.build(entries)
		if err != nil {
			return err
		}
		segments = newestFirst(append(slices.Clone(segments), s))
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

// build makes a segment's file of entries in order of their keys, and opens
// it; building is held.
func (t *tenantIndex) build(entries []oplog.Entry) (*segment, error) {
	built, err := buildSegment(newDocumentBuilder(), entries)
	if err != nil {
		return nil, err
	}
	name := t.nextFile()
	info, err := saveSegment(t.dir, name, func(path string) error {
		return built.(segmentapi.UnpersistedSegment).Persist(path)
	})
	if err = errors.Join(err, built.Close()); err != nil {
		return nil, err
	}
	return openSegment(t.dir, info, false)
}

// nextFile returns the name of a new segment's file; building is held.
func (t *tenantIndex) nextFile() string {
	t.next++
	return fmt.Sprintf("%08d.zap", t.next-1)
}
