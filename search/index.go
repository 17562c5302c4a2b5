package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"oplog/oplog"
)

// Index is the index of all tenants, each in a folder of its own. A tenant is
// opened when it is first asked for, and closed again when many others are.
type Index struct {
	dir    string
	store  oplog.Store
	logger *slog.Logger
	sizes  sizes
	texts  catalogTexts

	mu      sync.Mutex
	tenants map[string]*tenantIndex
	uses    uint64          // counts what is asked for, to tell who was asked for last
	checked map[string]bool // segment files whose checksum was found right, by path and checksum

	flushes chan *tenantIndex // whose tail is long
	merges  chan *tenantIndex // that have new segments
	ctx     context.Context   // of all work in the background
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

var _ oplog.Index = (*Index)(nil)

// sizes are what the tails and the segments are held to, in entries unless
// they say otherwise.
type sizes struct {
	flush      int // a tail of this length becomes a segment at once
	soonFlush  int // one of this length does within restTime
	restFlush  int // one of this length does when nothing has come for restTime
	maxFlush   int // the longest first segment, where the tail has grown faster
	maxTail    int // a tail of this length holds up those who append
	fanIn      int // how many neighbours are merged; also how much larger each level of segments is
	maxSegment int // the longest merged segment
	longRun    int // documents in a row of one segment, of several that overlap in time, that are merged as they are
	build      int // how many documents are in memory at once while segments are rebuilt
	maxLost    int // lost segments of more entries than this are rebuilt before the tenant answers
	quickLoad  int // a tenant that must catch up with more than this says so instead of keeping who asks waiting
	maxTenants int // tenants that are open at once
	maxTails   int // entries in the tails of all open tenants together
}

var defaultSizes = sizes{
	flush: 16 << 10, soonFlush: 4 << 10, restFlush: 512, maxFlush: 32 << 10, maxTail: 64 << 10, fanIn: 8, maxSegment: 512 << 10, longRun: 4 << 10, build: 8 << 10,
	maxLost: 128 << 10, quickLoad: 64 << 10, maxTenants: 64, maxTails: 256 << 10,
}

// Open opens the index in a directory, which it makes where it is not.
func Open(dir string, store oplog.Store) (*Index, error) { return open(dir, store, defaultSizes) }

func open(dir string, store oplog.Store, sizes sizes) (*Index, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	x := &Index{
		dir: dir, store: store, logger: slog.Default(), sizes: sizes,
		tenants: make(map[string]*tenantIndex), checked: make(map[string]bool),
		flushes: make(chan *tenantIndex, 1024), merges: make(chan *tenantIndex, 1024),
	}
	x.ctx, x.stop = context.WithCancel(context.Background())
	x.stopped.Go(x.flushAll)
	x.stopped.Go(x.mergeAll)
	return x, nil
}

// Close ends the work in the background and lets go of all segments.
func (x *Index) Close() error {
	x.stop()
	x.mu.Lock()
	for _, t := range x.tenants {
		t.mu.Lock()
		t.shorter.Broadcast()
		t.mu.Unlock()
	}
	x.mu.Unlock()
	x.stopped.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, t := range x.tenants {
		t.building.Lock() // until who drops has done so
		t.close()
		t.building.Unlock()
		delete(x.tenants, name)
	}
	return nil
}

// errClosed answers who asks an index that is being closed.
func errClosed() error {
	return oplog.Errorf(oplog.CodeUnavailable, "The server is shutting down; retry after the restart.")
}

// tenant returns a tenant's index, and begins to load it where it is not open.
func (x *Index) tenant(name string) (*tenantIndex, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx.Err() != nil {
		return nil, errClosed()
	}
	x.uses++
	t := x.tenants[name]
	if t == nil {
		t = newTenantIndex(name, filepath.Join(x.dir, folderOf(name)))
		x.tenants[name] = t
		x.stopped.Go(func() { x.load(t) })
		x.closeIdle(t)
	}
	t.used = x.uses
	return t, nil
}

// closeIdle closes the tenants that were not asked for the longest, while too
// many are open or their tails are too long together. It is called with mu
// held; t stays.
func (x *Index) closeIdle(t *tenantIndex) {
	for {
		tails := 0
		var idle *tenantIndex
		for _, other := range x.tenants {
			other.mu.Lock()
			tails += len(other.tail)
			closable := other != t && other.state == stateReady && !other.queued && !other.merging && len(other.tail) < x.sizes.flush && len(other.lost) == 0
			other.mu.Unlock()
			if closable && (idle == nil || other.used < idle.used) {
				idle = other
			}
		}
		if idle == nil || len(x.tenants) <= x.sizes.maxTenants && tails <= x.sizes.maxTails {
			return
		}
		if !idle.building.TryLock() {
			return // it is being merged; the next to be opened tries again
		}
		delete(x.tenants, idle.name)
		idle.close()
		idle.building.Unlock()
	}
}

// readyTenant returns a tenant's index once it can be asked. CodeUnavailable
// says how far a long catching up is.
func (x *Index) readyTenant(ctx context.Context, name string) (*tenantIndex, error) {
	for {
		t, err := x.tenant(name)
		if err != nil {
			return nil, err
		}
		select {
		case <-t.loaded:
		case <-t.slow:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		t.mu.Lock()
		state, failed, done, total := t.state, t.failed, t.done, t.total
		t.mu.Unlock()
		switch state {
		case stateReady:
			return t, nil
		case stateFailed:
			x.forget(t)
			return nil, fmt.Errorf("open index of tenant %s: %w", name, failed)
		case stateLoading:
			return nil, oplog.Errorf(oplog.CodeUnavailable, "The index is being built from the store: %d of %d entries. Ask again in a moment; recording goes on.", done, total)
		}
		// Closed meanwhile: open it again.
	}
}

// forget lets a tenant whose loading failed be loaded again.
func (x *Index) forget(t *tenantIndex) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tenants[t.name] == t {
		delete(x.tenants, t.name)
	}
}

// Open makes a tenant ready to be told of new entries; see [oplog.Index].
func (x *Index) Open(ctx context.Context, tenant string) error {
	t, err := x.readyTenant(ctx, tenant)
	if oplog.CodeOf(err) == oplog.CodeUnavailable && x.ctx.Err() == nil {
		return nil // it is catching up, also with what comes now
	}
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.tail) >= x.sizes.maxTail && t.state == stateReady {
		if x.ctx.Err() != nil {
			return errClosed()
		}
		if t.failed != nil {
			return oplog.Errorf(oplog.CodeUnavailable, "The index cannot be written, so nothing more is taken: %w", t.failed)
		}
		t.shorter.Wait()
	}
	return ctx.Err()
}

// Rebuild rebuilds a tenant's index; see [oplog.Index].
func (x *Index) Rebuild(ctx context.Context, tenant string, progress func(done, total uint64)) error {
	every := time.NewTicker(100 * time.Millisecond)
	defer every.Stop()
	for {
		done, err := x.discard(tenant)
		if err != nil {
			return err
		}
		if done {
			break
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return oplog.Errorf(oplog.CodeUnavailable, "The index of tenant %s is still being written; try again later: %w", tenant, ctx.Err())
		}
	}
	t, err := x.tenant(tenant)
	if err != nil {
		return err
	}
	for {
		select {
		case <-t.loaded:
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.failed
		case <-every.C:
			t.mu.Lock()
			done, total := t.done, t.total
			t.mu.Unlock()
			progress(done, total)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// discard forgets a tenant's segments, and says whether it has: it does not
// while they are being written or loaded, which it cannot wait for, because who
// loads waits for mu.
func (x *Index) discard(tenant string) (bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if t := x.tenants[tenant]; t != nil {
		if !t.building.TryLock() {
			return false, nil
		}
		defer t.building.Unlock()
		t.mu.Lock()
		written := t.merging || t.queued
		t.mu.Unlock()
		if written {
			return false, nil
		}
		t.close()
		delete(x.tenants, tenant)
	}
	return true, x.emptyManifest(tenant)
}

// Ready tells how far tenants that are catching up are; see [oplog.Index].
func (x *Index) Ready() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var behind []error
	for _, t := range x.tenants {
		t.mu.Lock()
		switch {
		case t.state == stateLoading && t.total > 0:
			behind = append(behind, oplog.Errorf(oplog.CodeUnavailable, "tenant %s: %d of %d entries are indexed", t.name, t.done, t.total))
		case t.failed != nil:
			behind = append(behind, oplog.Errorf(oplog.CodeUnavailable, "tenant %s: %w", t.name, t.failed))
		}
		t.mu.Unlock()
	}
	return errors.Join(behind...)
}

// Add takes entries that were just acknowledged; see [oplog.Index].
func (x *Index) Add(tenant string, entries []oplog.Entry) {
	x.mu.Lock()
	t := x.tenants[tenant]
	x.mu.Unlock()
	if t == nil {
		return // not open: loading reads them from the store
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == stateReady {
		t.appendTail(entries)
		x.enqueue(t, x.sizes.flush)
	}
}

// enqueue asks for a flush where the tail is long enough, or where entries wait
// whose segment was lost; called with the tenant's mu held.
func (x *Index) enqueue(t *tenantIndex, enough int) {
	if t.queued || len(t.tail) < enough && len(t.orphans) == 0 {
		return
	}
	select {
	case x.flushes <- t:
		t.queued = true
	default: // asked for again by the next Add
	}
}

// folderOf returns a folder name for a tenant that is its own also where file
// names do not tell A from a.
func folderOf(tenant string) string {
	var b strings.Builder
	b.WriteString("t-")
	for _, r := range tenant {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('~')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
