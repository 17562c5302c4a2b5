package search

import (
	"context"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	segmentapi "github.com/blevesearch/scorch_segment_api/v2"

	"oplog/oplog"
)

// Drop forgets the entries before a time; see [oplog.Index]. Segments that lie
// before it go as they are; one that lies across it is written anew without
// them. A query that reads them goes on undisturbed.
func (x *Index) Drop(ctx context.Context, tenant string, before time.Time) error {
	first := oplog.MakeKey(before, 0)
	t, err := x.readyTenant(ctx, tenant)
	if err != nil {
		return err
	}
	t.merges.Lock()
	defer t.merges.Unlock()
	t.building.Lock()
	defer t.building.Unlock()
	var kept, gone []*segment
	for _, s := range t.segments {
		switch {
		case s.first.Compare(first) >= 0:
			kept = append(kept, s)
			continue
		case s.last.Compare(first) >= 0:
			rest, err := t.without(s, first)
			if err != nil {
				return err
			}
			kept = append(kept, rest)
		}
		gone = append(gone, s)
	}
	kept = newestFirst(kept)
	if err := x.saveManifest(t, kept, t.lost, t.through); err != nil {
		return err
	}
	t.mu.Lock()
	t.segments = kept
	t.orphans, t.tail = dropDocuments(t.orphans, first), dropDocuments(t.tail, first)
	t.mu.Unlock()
	for _, s := range gone {
		s.retire()
	}
	return nil
}

// dropDocuments marks those before a key. They stay in their place, which says
// what has arrived.
func dropDocuments(documents []tailDocument, first oplog.Key) []tailDocument {
	documents = slices.Clone(documents) // views read the old ones
	for i := range documents {
		if documents[i].key.Compare(first) < 0 {
			documents[i].dropped = true
		}
	}
	return documents
}

// without writes a segment anew, without the documents before a key; building
// is held.
func (t *tenantIndex) without(s *segment, first oplog.Key) (*segment, error) {
	n, err := s.numberOf(first)
	if err != nil {
		return nil, err
	}
	drops := roaring.New()
	drops.AddRange(0, uint64(n))
	info, err := saveSegment(t.dir, t.nextFile(), func(path string) error {
		_, _, err := plugin.Merge([]segmentapi.Segment{s.zap}, []*roaring.Bitmap{drops}, path, nil, &pacer{at: time.Now()})
		return err
	})
	if err != nil {
		return nil, err
	}
	return openSegment(t.dir, info, false)
}
