package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"oplog/durable"
	"oplog/oplog"
)

// manifest is the stored description of a tenant's index.
type manifest struct {
	Analysis int           `json:"analysis"` // analysisVersion
	Through  uint64        `json:"through"`  // seq of the last arrival in the segments
	Next     int           `json:"next"`     // number of the next file
	Segments []segmentInfo `json:"segments"`
}

func (x *Index) readManifest(tenant string) (manifest, error) {
	var m manifest
	data, _, err := x.store.Record(oplog.RecordIndex, tenant)
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

// emptyManifest removes the segments from a tenant's manifest. File numbers are not reused: a query that still reads a segment deletes its
// file afterwards.
func (x *Index) emptyManifest(tenant string) error {
	return x.changeManifest(tenant, func(old []byte) ([]byte, error) {
		var m manifest
		_ = json.Unmarshal(old, &m) // a missing or unreadable manifest is replaced
		return json.Marshal(manifest{Analysis: analysisVersion, Next: m.Next})
	})
}

// changeManifest replaces a tenant's manifest with the result of change.
func (x *Index) changeManifest(tenant string, change func(old []byte) ([]byte, error)) error {
	for {
		old, revision, err := x.store.Record(oplog.RecordIndex, tenant)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		data, err := change(old)
		if err != nil || bytes.Equal(data, old) {
			return err
		}
		if err := x.store.PutRecord(oplog.RecordIndex, tenant, revision, data); !errors.Is(err, oplog.ErrRevision) {
			return err
		}
	}
}

// saveManifest stores the list of segments, including lost ones that are still being rebuilt.
func (x *Index) saveManifest(t *tenantIndex, segments []*segment, lost []segmentInfo, through uint64) error {
	m := manifest{Analysis: analysisVersion, Through: through, Next: t.next, Segments: slices.Clone(lost)}
	for _, s := range segments {
		m.Segments = append(m.Segments, s.info)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return x.changeManifest(t.name, func([]byte) ([]byte, error) { return data, nil })
}

// load opens a tenant: the segments of its manifest, and the rest from the store.
func (x *Index) load(t *tenantIndex) {
	t.buildMu.Lock()
	defer t.buildMu.Unlock()
	defer close(t.loaded)
	err := x.guarded(t.name, func() error {
		if err := x.loadSegments(t); err != nil {
			return err
		}
		return x.catchUp(t)
	})
	if err == nil {
		x.askForMerge(t)
		return
	}
	t.close()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state, t.failed = stateFailed, err
}

func (x *Index) loadSegments(t *tenantIndex) error {
	if err := durable.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	if t.rebuild {
		if err := x.emptyManifest(t.name); err != nil {
			return err
		}
	}
	m, err := x.readManifest(t.name)
	if err != nil {
		return err
	}
	if m.Analysis != analysisVersion {
		x.logger.Warn("the index has another version; rebuilding it from the store", "tenant", t.name)
		m = manifest{Next: m.Next}
	}
	var segments []*segment
	var lost []segmentInfo
	missing := 0
	for _, info := range m.Segments {
		s, err := x.openChecked(t.dir, info)
		if err == nil {
			segments = append(segments, s)
			continue
		}
		x.logger.Warn("a segment of the index is lost; rebuilding it from the store", "tenant", t.name, "because", err)
		lost = append(lost, info)
		missing += int(info.Count)
	}
	if missing > x.sizes.maxLost {
		for _, s := range segments {
			s.release()
		}
		segments, lost, m = nil, nil, manifest{Next: m.Next}
	}
	t.next, t.segments, t.lost = m.Next, newestFirst(segments), lost
	t.through, t.last = m.Through, m.Through
	if err := t.removeUnlisted(m); err != nil {
		return err
	}
	return x.readOrphans(t)
}

// openChecked opens a segment, verifying its checksum the first time.
func (x *Index) openChecked(dir string, info segmentInfo) (*segment, error) {
	key := fmt.Sprintf("%s %08x", filepath.Join(dir, info.File), info.CRC)
	x.mu.Lock()
	known := x.checked[key]
	x.mu.Unlock()
	s, err := openSegment(dir, info, !known)
	if err == nil {
		x.mu.Lock()
		x.checked[key] = true
		x.mu.Unlock()
	}
	return s, err
}

// removeUnlisted deletes files that a crash left behind.
func (t *tenantIndex) removeUnlisted(m manifest) error {
	files, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		listed := slices.ContainsFunc(m.Segments, func(s segmentInfo) bool { return s.File == f.Name() })
		if listed {
			continue
		}
		// A query that started before the tenant was closed may be the last reader of a segment, and delete it meanwhile.
		if err := removeIfThere(filepath.Join(t.dir, f.Name())); err != nil {
			slog.Warn("a file that the index no longer needs cannot be removed", "err", err) // such as on a read-only disk
		}
	}
	return nil
}

// readOrphans reads the entries that were only in lost segments.
func (x *Index) readOrphans(t *tenantIndex) error {
	found := make(map[oplog.Key]bool)
	latest := make(map[uint32]int64)
	for _, info := range t.lost {
		first, known := oplog.KeyOfID(info.First)
		last, knownLast := oplog.KeyOfID(info.Last)
		if !known || !knownLast {
			return fmt.Errorf("manifest: segment %s has no bounds", info.File)
		}
		err := x.store.Scan(x.ctx, t.name, first, after(last), func(e oplog.Entry) error {
			key := e.Key()
			if e.Seq > t.through || found[key] {
				return nil
			}
			held, err := inAny(t.segments, key)
			if err == nil && !held {
				found[key] = true
				t.orphans = append(t.orphans, t.numbering.document(&e, latest))
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	t.numbering.saw(latest)
	sort.Slice(t.orphans, func(i, j int) bool { return t.orphans[i].key.Compare(t.orphans[j].key) < 0 })
	for i := range t.orphans {
		t.orphans[i].upTo = t.orphans[i].key.Micros()
	}
	return nil
}

// after returns the next key.
func after(k oplog.Key) oplog.Key { return oplog.MakeKey(k.Time(), k.Seq()+1) }

// inAny reports whether any segment contains a key.
func inAny(segments []*segment, key oplog.Key) (bool, error) {
	for _, s := range segments {
		if key.Compare(s.first) < 0 || key.Compare(s.last) > 0 {
			continue
		}
		n, err := s.numberOf(key)
		if err != nil {
			return false, err
		}
		if k, err := s.key(n); err != nil || k == key {
			return err == nil, err
		}
	}
	return false, nil
}

// catchUp reads the arrivals after the segments into new segments and the rest into the tail, while appends continue.
func (x *Index) catchUp(t *tenantIndex) error {
	var chunk []oplog.Entry
	read := t.through // seq of the last arrival read
	for {
		ready, total, err := x.becomeReady(t, chunk, read)
		if ready || err != nil {
			return err
		}
		t.progress(total, x.sizes.quickLoad)
		err = x.store.Arrivals(x.ctx, t.name, read+1, 0, func(e oplog.Entry) error {
			read = e.Seq
			if chunk = append(chunk, e); len(chunk) < x.sizes.maxFlush {
				return nil
			}
			sort.Slice(chunk, func(i, j int) bool { return chunk[i].Key().Compare(chunk[j].Key()) < 0 })
			from := func(low, top int) entrySource { return inMemory(chunk[low:top]) }
			err := x.addSegment(t, len(chunk), from, read)
			chunk = chunk[:0]
			t.progress(max(total, read), x.sizes.quickLoad)
			return err
		})
		if err != nil {
			return err
		}
		read = max(read, total) // the last ones may have been deleted
	}
}

// progress records the progress of catching up, and wakes waiters if it will take long.
func (t *tenantIndex) progress(total uint64, quick int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done, t.total = t.through, total
	if t.total-t.done <= uint64(quick) {
		return
	}
	select {
	case <-t.slow:
	default:
		close(t.slow)
	}
}

// becomeReady opens the tenant, with chunk as its tail, if everything in the store has been read. Entries on disk that are not counted here
// have not been added yet: they wait in Add.
func (x *Index) becomeReady(t *tenantIndex, chunk []oplog.Entry, read uint64) (ready bool, total uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	total, _, err = x.store.Counts(t.name)
	if err != nil || read < total {
		return false, total, err
	}
	t.appendTail(chunk)
	t.last = max(t.last, read)
	t.state, t.total = stateReady, 0
	x.enqueue(t, x.sizes.flush)
	return true, total, nil
}
