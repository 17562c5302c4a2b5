package search

import (
	"context"
	"slices"
	"time"

	"oplog/oplog"
)

// Drop forgets the entries from one time to another; see [oplog.Index]. Segments
// that lie between go as they are; one that lies across either is rewritten
// without them. A query that reads them goes on undisturbed.
func (x *Index) Drop(ctx context.Context, tenant string, from, to time.Time) error {
	low, high := oplog.MakeKey(from, 0), oplog.MakeKey(to, 0)
	for {
		t, err := x.readyTenant(ctx, tenant)
		if err != nil {
			return err
		}
		if dropped, err := x.drop(ctx, t, low, high); dropped || err != nil {
			return err
		}
	}
}

// drop is Drop for a tenant that is open; false where it was closed before its
// turn came.
func (x *Index) drop(ctx context.Context, t *tenantIndex, low, high oplog.Key) (dropped bool, err error) {
	t.merges.Lock()
	defer t.merges.Unlock()
	t.building.Lock()
	defer t.building.Unlock()
	t.mu.Lock()
	closed := t.state != stateReady
	t.mu.Unlock()
	if closed {
		return false, nil
	}
	var kept, gone, made []*segment
	defer func() {
		if err != nil {
			for _, s := range made {
				s.retire()
			}
		}
	}()
	for _, s := range t.segments {
		switch {
		case s.first.Compare(high) >= 0, s.last.Compare(low) < 0:
			kept = append(kept, s)
			continue
		case s.first.Compare(low) < 0, s.last.Compare(high) >= 0:
			rest, err := t.without(ctx, s, low, high)
			if err != nil {
				return false, err
			}
			if kept = append(kept, rest); rest == s {
				continue
			}
			made = append(made, rest)
		}
		gone = append(gone, s)
	}
	kept = newestFirst(kept)
	if err := x.saveManifest(t, kept, t.lost, t.through); err != nil {
		return false, err
	}
	t.mu.Lock()
	t.segments = kept
	t.orphans, t.tail = dropDocuments(t.orphans, low, high), dropDocuments(t.tail, low, high)
	t.mu.Unlock()
	for _, s := range gone {
		s.retire()
	}
	return true, nil
}

// dropDocuments marks those from one key to another. They stay in their place,
// which says what has arrived.
func dropDocuments(documents []tailDocument, low, high oplog.Key) []tailDocument {
	documents = slices.Clone(documents) // views read the old ones
	for i := range documents {
		if k := documents[i].key; k.Compare(low) >= 0 && k.Compare(high) < 0 {
			documents[i].dropped = true
		}
	}
	return documents
}

// without rewrites a segment without the documents from one key to another;
// building is held. Some of the segment are not of these; where none is, it
// stays as it is.
func (t *tenantIndex) without(ctx context.Context, s *segment, low, high oplog.Key) (*segment, error) {
	first, err := s.numberOf(low)
	if err != nil {
		return nil, err
	}
	end, err := s.numberOf(high)
	if err != nil {
		return nil, err
	}
	if first == end {
		return s, nil
	}
	i, err := imageOf(s.zap)
	if err != nil {
		return nil, err
	}
	rest := []part{{i, 0, first}, {i, end, s.count}}
	info, err := saveSegment(t.dir, t.nextFile(), func(w *segmentWriter) error { return w.merge(ctx, rest) })
	if err != nil {
		return nil, err
	}
	return openSegment(t.dir, info, false)
}
