package search

import (
	"context"
	"sync"

	"oplog/oplog"
)

// tenantIndex is a tenant's index. Its slices are replaced, never changed, but
// for the tail, which only grows past what a view has of it.
type tenantIndex struct {
	name      string
	dir       string
	numbering *numbering
	used      uint64 // when it was last asked for; under the Index's mu

	loaded chan struct{} // closed when loading has ended, well or not
	slow   chan struct{} // closed when loading will take long

	merges   sync.Mutex // held by who merges or drops, before building
	building sync.Mutex // held by who changes the segments and the manifest
	next     int        // number of the next file; under building

	mu       sync.Mutex
	shorter  *sync.Cond // the tail
	state    state
	segments []*segment // in descending order of their last keys
	tail     []tailDocument
	orphans  []tailDocument // entries whose segment was lost, in order of their keys, to be rebuilt
	lost     []segmentInfo  // the segments that were lost; listed until all orphans are in new ones
	through  uint64         // seq of the last arrival in a segment or an orphan
	last     uint64         // seq of the last arrival in the tail, or through
	queued   bool           // for a flush
	rested   uint64         // last, when it was looked at for whether the tenant rests
	merging  bool           // a merge is under way
	failed   error          // why loading or the last flush failed

	done, total uint64 // of catching up, in entries
}

type state int

const (
	stateLoading state = iota
	stateReady
	stateFailed
	stateClosed
)

func newTenantIndex(name, dir string) *tenantIndex {
	t := &tenantIndex{
		name: name, dir: dir, numbering: newNumbering(), loaded: make(chan struct{}), slow: make(chan struct{}),
	}
	t.shorter = sync.NewCond(&t.mu)
	return t
}

// close lets go of all segments. Views that are still read keep theirs.
func (t *tenantIndex) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.segments {
		s.release()
	}
	t.segments, t.tail, t.orphans, t.state = nil, nil, nil, stateClosed
	t.shorter.Broadcast()
}

// appendTail adds entries to the tail, in order of arrival; called with mu
// held.
func (t *tenantIndex) appendTail(entries []oplog.Entry) {
	latest := make(map[uint32]int64)
	upTo := int64(0)
	if n := len(t.tail); n > 0 {
		upTo = t.tail[n-1].upTo
	}
	for i := range entries {
		if e := &entries[i]; e.Seq > t.last { // else it was read from the store already
			d := t.numbering.document(e, latest)
			upTo = max(upTo, d.key.Micros())
			d.upTo = upTo
			t.tail = append(t.tail, d)
			t.last = e.Seq
		}
	}
	t.numbering.saw(latest)
}

// view is what a query reads: a tenant's segments and what is not in one, as
// they were at one moment. What the segments of a view map is held until it is
// released.
type view struct {
	segments  []*segment // in descending order of their last keys
	tail      []tailDocument
	orphans   []tailDocument
	numbering *numbering
}

// view returns what a query of a tenant reads; the caller releases it.
func (x *Index) view(ctx context.Context, tenant string) (*view, error) {
	for {
		t, err := x.readyTenant(ctx, tenant)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		if t.state != stateReady { // closed since
			t.mu.Unlock()
			continue
		}
		v := &view{segments: t.segments, tail: t.tail, orphans: t.orphans, numbering: t.numbering}
		for _, s := range v.segments {
			s.acquire()
		}
		t.mu.Unlock()
		return v, nil
	}
}

func (v *view) release() {
	for _, s := range v.segments {
		s.release()
	}
}

// scanned calls visit with the entries that are in no segment, of the orphans
// and of the tail, the latest arrivals first, until it returns false. Those
// before a time, in microseconds, are left out as far as that is quick.
func (v *view) scanned(from int64, visit func(d *tailDocument) bool) {
	for _, documents := range [][]tailDocument{v.orphans, v.tail} {
		for i := len(documents) - 1; i >= 0; i-- {
			d := &documents[i]
			if d.upTo < from || !d.dropped && !visit(d) {
				break
			}
		}
	}
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
	v.scanned(0, func(d *tailDocument) bool {
		within(d.key, d.key)
		return true
	})
	return first, last, ok, nil
}
