package search

import (
	"context"

	"oplog/oplog"
)

// view is what a query reads: a tenant's segments and tail as they were at one
// moment. What the segments of a view map is held until it is released.
type view struct {
	segments  []*segment // in descending order of their last keys
	tail      []tailDocument
	numbering *numbering
}

func (v *view) release() {
	for _, s := range v.segments {
		s.release()
	}
}

// view returns what a query of a tenant reads; the caller releases it.
func (x *Index) view(ctx context.Context, tenant string) (*view, error) {
	t, err := x.tenantIndex(ctx, tenant)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	v := &view{segments: t.segments, tail: t.tail, numbering: t.numbering}
	for _, s := range v.segments {
		s.acquire()
	}
	return v, nil
}

// Bounds returns the first and the last key of a tenant; see [oplog.Index].
func (x *Index) Bounds(ctx context.Context, tenant string) (first, last oplog.Key, ok bool, err error) {
	v, err := x.view(ctx, tenant)
	if err != nil {
		return first, last, false, err
	}
	defer v.release()
	within := func(low, high oplog.Key) {
		if !ok || low.Compare(first) < 0 {
			first = low
		}
		if !ok || high.Compare(last) > 0 {
			last = high
		}
		ok = true
	}
	for _, s := range v.segments {
		within(s.first, s.last)
	}
	for i := range v.tail {
		within(v.tail[i].key, v.tail[i].key)
	}
	return first, last, ok, nil
}
