package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"oplog/oplog"
)

// Index is the index of all tenants, each in a folder of its own.
type Index struct {
	dir    string
	store  oplog.Store
	logger *slog.Logger
	sizes  sizes

	mu      sync.Mutex
	tenants map[string]*tenantIndex

	flushes chan *tenantIndex // whose tail is long
	merges  chan *tenantIndex // that have new segments
	stop    context.CancelFunc
	stopped sync.WaitGroup
}

var _ oplog.Index = (*Index)(nil)

// sizes are what the tail and the segments are held to, in entries.
type sizes struct {
	flush      int // a tail of this length becomes a segment
	maxFlush   int // the longest first segment, where the tail has grown faster
	maxTail    int // a tail of this length holds up those who append
	fanIn      int // how many neighbours are merged; also how much larger each level of segments is
	maxSegment int // the longest merged segment
}

var defaultSizes = sizes{flush: 8 << 10, maxFlush: 32 << 10, maxTail: 64 << 10, fanIn: 8, maxSegment: 512 << 10}

// tenantIndex is a tenant's index. Its slices are replaced, never changed, but
// for the tail, which only grows past what a view has of it.
type tenantIndex struct {
	tenant    string
	dir       string
	numbering *numbering

	building sync.Mutex // held by who changes the segments and the manifest
	next     int        // number of the next file; under building

	mu       sync.Mutex
	shorter  *sync.Cond // the tail
	ready    bool       // opened
	segments []*segment // in descending order of their last keys
	tail     []tailDocument
	through  uint64 // seq of the last arrival in a segment
	last     uint64 // seq of the last arrival in the tail, or through
	queued   bool   // for a flush
	failed   error  // why the last flush failed
}

// manifest is what the store keeps of a tenant's index.
type manifest struct {
	Analysis int           `json:"analysis"` // analysisVersion
	Through  uint64        `json:"through"`  // seq of the last arrival in the segments
	Next     int           `json:"next"`     // number of the next file
	Segments []segmentInfo `json:"segments"`
}

// Open opens the index in a directory, which it makes where it is not. Tenants
// are opened when they are first asked for.
func Open(dir string, store oplog.Store) (*Index, error) { return open(dir, store, defaultSizes) }

func open(dir string, store oplog.Store, sizes sizes) (*Index, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	x := &Index{
		dir: dir, store: store, logger: slog.Default(), sizes: sizes, tenants: make(map[string]*tenantIndex),
		flushes: make(chan *tenantIndex, 1024), merges: make(chan *tenantIndex, 1024), stop: stop,
	}
	x.stopped.Go(func() { x.flushAll(ctx) })
	x.stopped.Go(func() { x.mergeAll(ctx) })
	return x, nil
}

// Close ends the work in the background and lets go of all segments.
func (x *Index) Close() error {
	x.stop()
	x.stopped.Wait()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range x.tenants {
		t.mu.Lock()
		for _, s := range t.segments {
			s.release()
		}
		t.segments, t.ready = nil, false
		t.shorter.Broadcast()
		t.mu.Unlock()
	}
	clear(x.tenants)
	return nil
}

// Open makes a tenant ready; see [oplog.Index].
func (x *Index) Open(ctx context.Context, tenant string) error {
	t, err := x.tenantIndex(ctx, tenant)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.tail) >= x.sizes.maxTail && t.ready {
		if t.failed != nil {
			return oplog.Errorf(oplog.CodeUnavailable, "The index cannot be written, so nothing more is taken: %w", t.failed)
		}
		t.shorter.Wait()
	}
	return ctx.Err()
}

// tenantIndex returns a tenant's index, catching up with the store on first use.
func (x *Index) tenantIndex(ctx context.Context, tenant string) (*tenantIndex, error) {
	x.mu.Lock()
	t := x.tenants[tenant]
	if t == nil {
		t = &tenantIndex{tenant: tenant, dir: filepath.Join(x.dir, folderOf(tenant)), numbering: newNumbering()}
		t.shorter = sync.NewCond(&t.mu)
		x.tenants[tenant] = t
	}
	x.mu.Unlock()
	t.mu.Lock()
	ready := t.ready
	t.mu.Unlock()
	if ready {
		return t, nil
	}
	t.building.Lock()
	defer t.building.Unlock()
	if t.ready { // under building, so that nobody else sets it
		return t, nil
	}
	if err := x.load(ctx, t); err != nil {
		return nil, fmt.Errorf("open index of tenant %s: %w", tenant, err)
	}
	t.mu.Lock()
	t.ready = true
	t.mu.Unlock()
	return t, nil
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

// load opens the segments of the manifest and brings the tail up to the store.
// Segments that are missing or damaged, or of another analysis, are built anew
// from the store.
func (x *Index) load(ctx context.Context, t *tenantIndex) error {
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	m, err := x.readManifest(t.tenant)
	if err != nil {
		return err
	}
	segments, err := openSegments(t.dir, m)
	if err != nil {
		x.logger.Warn("the index is built anew from the store", "tenant", t.tenant, "because", err)
		m = manifest{Next: m.Next}
	}
	t.next = m.Next
	t.segments, t.tail = segments, nil
	t.through, t.last = m.Through, m.Through
	if err := t.removeUnlisted(m); err != nil {
		return err
	}
	var chunk []oplog.Entry
	err = x.store.Arrivals(ctx, t.tenant, t.through+1, func(e oplog.Entry) error {
		if chunk = append(chunk, e); len(chunk) < x.sizes.maxFlush {
			return nil
		}
		// Straight into a segment: opening needs no long tail for it.
		err := x.addSegment(t, chunk)
		chunk = chunk[:0]
		return err
	})
	if err != nil {
		return err
	}
	t.appendTail(chunk)
	x.enqueue(t)
	return nil
}

func (x *Index) readManifest(tenant string) (manifest, error) {
	var m manifest
	data, err := x.store.Record(oplog.RecordIndex, tenant)
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return manifest{Analysis: analysisVersion}, nil
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("manifest: %w", err)
	}
	return m, nil
}

func openSegments(dir string, m manifest) ([]*segment, error) {
	if m.Analysis != analysisVersion {
		return nil, fmt.Errorf("it was made by another version of the analysis")
	}
	var segments []*segment
	for _, info := range m.Segments {
		s, err := openSegment(dir, info, true)
		if err != nil {
			for _, opened := range segments {
				opened.release()
			}
			return nil, err
		}
		segments = append(segments, s)
	}
	return newestFirst(segments), nil
}

func newestFirst(segments []*segment) []*segment {
	slices.SortFunc(segments, func(a, b *segment) int { return b.last.Compare(a.last) })
	return segments
}

// removeUnlisted deletes files that a crash has left behind.
func (t *tenantIndex) removeUnlisted(m manifest) error {
	files, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		listed := slices.ContainsFunc(m.Segments, func(s segmentInfo) bool { return s.File == f.Name() })
		if !listed {
			err = errors.Join(err, os.Remove(filepath.Join(t.dir, f.Name())))
		}
	}
	return err
}

// Add takes entries that were just acknowledged; see [oplog.Index].
func (x *Index) Add(tenant string, entries []oplog.Entry) {
	x.mu.Lock()
	t := x.tenants[tenant]
	x.mu.Unlock()
	if t == nil {
		return // not open: opening reads them from the store
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ready {
		return
	}
	t.appendTail(entries)
	x.enqueue(t)
}

// appendTail adds entries to the tail, in order of arrival.
func (t *tenantIndex) appendTail(entries []oplog.Entry) {
	latest := make(map[uint32]int64)
	for i := range entries {
		e := &entries[i]
		if e.Seq <= t.last {
			continue // read from the store already
		}
		d := tailDocument{key: e.Key(), contentID: e.Content.ID, content: &lazyText{name: e.Content.Name, id: e.Content.ID}}
		d.action, d.actor = t.numbering.of(action{e.Module, e.Operation}, actor{userTerm(e.User), e.Organization.ID})
		latest[d.actor] = max(latest[d.actor], d.key.Micros())
		t.tail = append(t.tail, d)
		t.last = e.Seq
	}
	t.numbering.saw(latest)
}

// enqueue asks for a flush where the tail is long; called with mu held, or by
// who opens.
func (x *Index) enqueue(t *tenantIndex) {
	if len(t.tail) < x.sizes.flush || t.queued {
		return
	}
	select {
	case x.flushes <- t:
		t.queued = true
	default: // asked for again by the next Add
	}
}
