package search

import (
	"context"
	"slices"
	"time"

	"oplog/oplog"
)

// Drop removes the entries of a period; see [oplog.Index]. Segments within it are removed, segments that overlap its ends are rewritten.
// Running queries are not affected.
func (x *Index) Drop(ctx context.Context, tenant string, from, to time.Time) error {
	low, high := oplog.MakeKey(from, 0), oplog.MakeKey(to, 0)
	for {
		t, err := x.readyTenant(ctx, tenant)
		if err != nil {
			return err
		}
		var dropped bool
		err = x.guarded(tenant, func() (err error) {
			dropped, err = x.drop(ctx, t, low, high)
			return err
		})
		if dropped || err != nil {
			return err
		}
	}
}

// drop is Drop for an open tenant; false if the tenant was closed before its turn.
func (x *Index) drop(ctx context.Context, t *tenantIndex, low, high oplog.Key) (dropped bool, err error) {
	t.mergeMu.Lock()
	defer t.mergeMu.Unlock()
	t.buildMu.Lock()
	defer t.buildMu.Unlock()
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
	t.renumber(x.sizes)
	return true, nil
}

// dropDocuments marks the documents of a key range as dropped. They keep their position, which reflects arrivals.
func dropDocuments(documents []tailDocument, low, high oplog.Key) []tailDocument {
	documents = slices.Clone(documents) // views read the old ones
	for i := range documents {
		if k := documents[i].key; k.Compare(low) >= 0 && k.Compare(high) < 0 {
			documents[i].dropped = true
		}
	}
	return documents
}

// without rewrites a segment without a key range; the caller holds buildMu. It returns the segment unchanged if no document is in the
// range; at least one must remain.
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
