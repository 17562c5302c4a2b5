package search

import (
	"context"
	"slices"
	"sync"

	"oplog/oplog"
)

// tenantIndex is a tenant's index. Its slices are replaced, never modified, except that the tail grows beyond the part that views have.
type tenantIndex struct {
	name      string
	dir       string
	numbering *numbering
	used      uint64 // counter value of the last use; guarded by the Index's mu
	reopening bool   // it will be closed because a segment could not be read; guarded by the Index's mu
	rebuild   bool   // the segments of the manifest are discarded on loading

	loaded chan struct{} // closed when loading has ended, successfully or not
	slow   chan struct{} // closed when loading will take long

	mergeMu sync.Mutex // held during merges and drops, before buildMu
	buildMu sync.Mutex // held during changes of segments and manifest
	next    int        // number of the next file; guarded by buildMu

	mu       sync.Mutex
	shorter  *sync.Cond // signalled when the tail gets shorter
	state    state
	segments []*segment // by last key, descending
	tail     []tailDocument
	orphans  []tailDocument // entries of lost segments, by key, to be rebuilt
	lost     []segmentInfo  // lost segments; listed until all orphans are in new ones
	through  uint64         // seq of the last arrival in a segment or an orphan
	last     uint64         // seq of the last arrival in the tail, or through
	queued   bool           // a flush is queued
	rested   uint64         // value of last at the last check for idleness
	merging  bool           // a merge is in progress
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

func newTenantIndex(name, dir string, kept int) *tenantIndex {
	t := &tenantIndex{
		name: name, dir: dir, numbering: newNumbering(kept), loaded: make(chan struct{}), slow: make(chan struct{}),
	}
	t.shorter = sync.NewCond(&t.mu)
	return t
}

// close releases all segments. Views still in use keep theirs.
func (t *tenantIndex) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.segments {
		s.release()
	}
	t.segments, t.tail, t.orphans, t.state = nil, nil, nil, stateClosed
	t.shorter.Broadcast()
}

// appendTail adds entries to the tail, in order of arrival; called with mu held.
func (t *tenantIndex) appendTail(entries []oplog.Entry) {
	if need := len(t.tail) + len(entries); need > cap(t.tail) {
		t.tail = slices.Grow(t.tail, need) // doubles it: append would copy a long tail for every quarter that it grows
	}
	latest := make(map[uint32]int64)
	upTo := int64(0)
	if n := len(t.tail); n > 0 {
		upTo = t.tail[n-1].upTo
	}
	for i := range entries {
		if e := &entries[i]; e.Seq > t.last { // otherwise it was already read from the store
			d := t.numbering.document(e, latest)
			upTo = max(upTo, d.key.Micros())
			d.upTo = upTo
			t.tail = append(t.tail, d)
			t.last = e.Seq
		}
	}
	t.numbering.saw(latest)
}

// view is a query's snapshot of a tenant's index. Its segments stay mapped until it is released.
type view struct {
	segments  []*segment // by last key, descending
	tail      []tailDocument
	orphans   []tailDocument
	numbering *numbering
}

// view returns a snapshot for a query; the caller releases it.
func (x *Index) view(ctx context.Context, tenant string) (*view, error) {
	for {
		t, err := x.readyTenant(ctx, tenant)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		if t.state != stateReady { // closed meanwhile
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

// scanned calls visit with the entries in no segment (orphans and tail), latest arrivals first, until it returns false or the context
// ends. Entries before a time, in microseconds, are skipped as far as that is cheap.
func (v *view) scanned(ctx context.Context, from int64, visit func(d *tailDocument) bool) error {
	for _, documents := range [][]tailDocument{v.orphans, v.tail} {
		for i := len(documents) - 1; i >= 0; i-- {
			if i%scannedAtOnce == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			d := &documents[i]
			if d.upTo < from || !d.dropped && !visit(d) {
				break
			}
		}
	}
	return nil
}

// scannedAtOnce is how many entries of the tail are scanned before the context is asked again: their texts may be analysed for it.
const scannedAtOnce = 256

// Bounds returns a tenant's first and last key; see [oplog.Index].
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
	err = v.scanned(ctx, 0, func(d *tailDocument) bool {
		within(d.key, d.key)
		return true
	})
	return first, last, ok, err
}
