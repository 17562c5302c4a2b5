package search

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oplog/durable"
	"oplog/faults"
	"oplog/oplog"
)

// Index is the index of all tenants, each in its own folder. Tenants are opened on first use, and the least recently used ones are closed
// if many are open.
type Index struct {
	dir    string
	store  oplog.Store
	logger *slog.Logger
	sizes  sizes
	texts  catalogTexts
	manual bool // nothing is built in the background; see OpenManual

	mu      sync.Mutex
	tenants map[string]*tenantIndex
	uses    uint64          // counter of uses, to find the least recently used tenant
	checked map[string]bool // segment files with verified checksums, by path and checksum

	reported atomic.Int64 // Unix time of the last report that a tenant cannot be loaded

	flushes chan *tenantIndex // tenants with a long tail
	merges  chan *tenantIndex // tenants with new segments
	ctx     context.Context   // of all background work
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

var _ oplog.Index = (*Index)(nil)

// Open opens the index in a directory, which it creates if missing. Whatever the disk says to that, entries can be recorded, and a tenant is
// indexed once its part can be written.
func Open(dir string, store oplog.Store) (*Index, error) { return open(dir, store, defaultSizes) }

func open(dir string, store oplog.Store, sizes sizes) (*Index, error) {
	x := newIndex(dir, store, sizes)
	x.stopped.Go(x.flushAll)
	x.stopped.Go(x.mergeAll)
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		x.logger.Error("the index cannot be written; entries are recorded, and not found until it can be", "err", err)
	}
	return x, nil
}

func newIndex(dir string, store oplog.Store, sizes sizes) *Index {
	x := &Index{
		dir: dir, store: store, logger: slog.Default(), sizes: sizes,
		tenants: make(map[string]*tenantIndex), checked: make(map[string]bool),
		flushes: make(chan *tenantIndex, 1024), merges: make(chan *tenantIndex, 1024),
	}
	x.ctx, x.stop = context.WithCancel(context.Background())
	return x
}

// Close stops background work and releases all segments.
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
		t.buildMu.Lock() // waits for a Drop in progress
		t.close()
		t.buildMu.Unlock()
		delete(x.tenants, name)
	}
	return nil
}

// errClosed returns the error of queries while the index is being closed.
func errClosed() error {
	return oplog.Errorf(oplog.CodeUnavailable, "The server is shutting down; retry after the restart.")
}

// tenant returns a tenant's index, and starts loading it if it is not open.
func (x *Index) tenant(name string) (*tenantIndex, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx.Err() != nil {
		return nil, errClosed()
	}
	x.uses++
	t := x.tenants[name]
	if t == nil {
		t = newTenantIndex(name, filepath.Join(x.dir, folderOf(name)), x.sizes.keptTexts)
		x.tenants[name] = t
		x.stopped.Go(func() { x.load(t) })
		x.closeIdle(t)
	}
	t.used = x.uses
	return t, nil
}

// closeIdle closes the least recently used tenants, except t, while too many are open or their tails are too long in total. It is called
// with mu held.
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
		if !idle.buildMu.TryLock() {
			return // it is being merged; retried when the next tenant is opened
		}
		delete(x.tenants, idle.name)
		idle.close()
		idle.buildMu.Unlock()
	}
}

// readyTenant returns a tenant's index once it is ready, or CodeUnavailable with the progress of a long catch-up.
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
			return nil, &loadError{name, failed}
		case stateLoading:
			return nil, oplog.Refuse(oplog.CodeUnavailable, "rebuilding", "The index is being rebuilt: {done} of {total} entries. Retry in a moment; recording continues.", done, total)
		}
		// Closed meanwhile: open it again.
	}
}

// loadError is the error of a tenant that could not be loaded.
type loadError struct {
	tenant string
	err    error
}

func (e *loadError) Error() string {
	return fmt.Sprintf("open index of tenant %s: %v", e.tenant, e.err)
}

func (e *loadError) Unwrap() error { return e.err }

// forget lets a tenant be loaded again after a failure.
func (x *Index) forget(t *tenantIndex) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tenants[t.name] == t {
		delete(x.tenants, t.name)
	}
}

// reportEvery is the interval in seconds of reports that tenants cannot be loaded.
const reportEvery = 60

// Open prepares a tenant for new entries; see [oplog.Index].
func (x *Index) Open(ctx context.Context, tenant string) error {
	t, err := x.readyTenant(ctx, tenant)
	if oplog.CodeOf(err) == oplog.CodeUnavailable && x.ctx.Err() == nil {
		return nil // it is still catching up, also with new entries
	}
	if failed := new(loadError); errors.As(err, &failed) { // nothing is kept in memory meanwhile, and it reads the entries once it is loaded
		if now, last := time.Now().Unix(), x.reported.Load(); now-last >= reportEvery && x.reported.CompareAndSwap(last, now) {
			faults.Report("opening the index, which is retried; entries are recorded", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		t.mu.Lock() // so that no waiter misses it
		defer t.mu.Unlock()
		t.shorter.Broadcast()
	})
	defer stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.tail) >= x.sizes.maxTail && t.state == stateReady && ctx.Err() == nil {
		if x.ctx.Err() != nil {
			return errClosed()
		}
		if t.failed != nil {
			return oplog.Errorf(oplog.CodeUnavailable, "Index writes are failing; new entries are rejected: %w", t.failed)
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
		t, err := x.discard(tenant)
		if err != nil {
			return err
		}
		if t != nil {
			return t.await(ctx, every.C, progress)
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return oplog.Errorf(oplog.CodeUnavailable, "The index of tenant %s is still being written; retry later: %w", tenant, ctx.Err())
		}
	}
}

// await waits until a tenant is loaded, and reports progress at each tick.
func (t *tenantIndex) await(ctx context.Context, every <-chan time.Time, progress func(done, total uint64)) error {
	for {
		select {
		case <-t.loaded:
			t.mu.Lock()
			defer t.mu.Unlock()
			return t.failed
		case <-every:
			t.mu.Lock()
			done, total := t.done, t.total
			t.mu.Unlock()
			progress(done, total)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// discard starts loading a tenant without its segments; nil while they are being written or loaded. It cannot wait for that, because loading
// waits for mu. The emptied manifest is written by the loading goroutine: every query takes mu, so nothing is synced under it.
func (x *Index) discard(tenant string) (*tenantIndex, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx.Err() != nil {
		return nil, errClosed()
	}
	if t := x.tenants[tenant]; t != nil {
		if !t.buildMu.TryLock() {
			return nil, nil
		}
		defer t.buildMu.Unlock()
		t.mu.Lock()
		written := t.merging || t.queued
		t.mu.Unlock()
		if written {
			return nil, nil
		}
		t.close()
	}
	t := newTenantIndex(tenant, filepath.Join(x.dir, folderOf(tenant)), x.sizes.keptTexts)
	t.rebuild = true
	x.tenants[tenant] = t
	x.stopped.Go(func() { x.load(t) })
	return t, nil
}

// opened returns why the directory cannot be read, if so.
func (x *Index) opened() error {
	dir, err := os.Open(x.dir)
	if err != nil {
		return err
	}
	_, err = dir.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

// Ready reports the progress of tenants that are catching up; see [oplog.Index].
func (x *Index) Ready() error {
	if err := x.opened(); err != nil { // no tenant may have needed it yet
		return oplog.Errorf(oplog.CodeUnavailable, "the index cannot be opened: %w", err)
	}
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

// Add adds acknowledged entries; see [oplog.Index].
func (x *Index) Add(tenant string, entries []oplog.Entry) {
	err := x.guarded(tenant, func() error { x.add(tenant, entries); return nil })
	faults.Report("adding entries to the index", err, "tenant", tenant) // it is opened again, and reads them from the store
}

func (x *Index) add(tenant string, entries []oplog.Entry) {
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

// enqueue requests a flush if the tail is long enough or entries of a lost segment wait; called with the tenant's mu held.
func (x *Index) enqueue(t *tenantIndex, enough int) {
	if t.queued || x.manual || len(t.tail) < enough && len(t.orphans) == 0 {
		return
	}
	select {
	case x.flushes <- t:
		t.queued = true
	default: // requested again by the next Add
	}
}

// folderOf returns a tenant's folder name, which is unique also on case-insensitive file systems.
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
