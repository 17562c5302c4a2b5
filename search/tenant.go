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
	orphans  []tailDocument // entries whose segment was lost, in order of their keys, to be built anew
	lost     []segmentInfo  // the segments that were lost; listed until all orphans are in new ones
	through  uint64         // seq of the last arrival in a segment or an orphan
	last     uint64         // seq of the last arrival in the tail, or through
	queued   bool           // for a flush
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
	for i := range entries {
		if e := &entries[i]; e.Seq > t.last { // else it was read from the store already
			t.tail = append(t.tail, t.numbering.document(e, latest))
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

// scanned calls visit with each entry that is in no segment.
func (v *view) scanned(visit func(d *tailDocument)) {
	for _, documents := range [][]tailDocument{v.orphans, v.tail} {
		for i := range documents {
			if !documents[i].dropped {
				visit(&documents[i])
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
	v.scanned(func(d *tailDocument) { within(d.key, d.key) })
	return first, last, ok, nil
}
