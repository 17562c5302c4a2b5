package search

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"oplog/oplog"
)

// manifest is what the store keeps of a tenant's index.
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

// emptyManifest takes the segments out of a tenant's manifest. Their numbers are
// not given again: a query that still reads one deletes the file of that name at
// its end.
func (x *Index) emptyManifest(tenant string) error {
	return x.changeManifest(tenant, func(old []byte) ([]byte, error) {
		var m manifest
		_ = json.Unmarshal(old, &m) // where there is none, or none that can be read, none is kept
		return json.Marshal(manifest{Analysis: analysisVersion, Next: m.Next})
	})
}

// changeManifest replaces a tenant's manifest by what change makes of it.
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

// saveManifest lists segments, and those lost that are still being rebuilt.
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

// load opens a tenant: the segments of its manifest, and from the store all
// that is in none of them.
func (x *Index) load(t *tenantIndex) {
	t.building.Lock()
	defer t.building.Unlock()
	defer close(t.loaded)
	err := x.loadSegments(t)
	if err == nil {
		err = x.catchUp(t)
	}
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
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return err
	}
	m, err := x.readManifest(t.name)
	if err != nil {
		return err
	}
	if m.Analysis != analysisVersion {
		x.logger.Warn("the index is of another version; it is rebuilt from the store", "tenant", t.name)
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
		x.logger.Warn("a segment of the index is lost; it is rebuilt from the store", "tenant", t.name, "because", err)
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

// openChecked opens a segment whose checksum was found right, now or before.
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

// removeUnlisted deletes files that a crash has left behind.
func (t *tenantIndex) removeUnlisted(m manifest) error {
	files, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		listed := slices.ContainsFunc(m.Segments, func(s segmentInfo) bool { return s.File == f.Name() })
		if !listed {
			// A query that began before the tenant was closed may be the last
			// to hold a segment, and deletes it meanwhile.
			err = errors.Join(err, removeIfThere(filepath.Join(t.dir, f.Name())))
		}
	}
	return err
}

// readOrphans reads the entries that only lost segments held.
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
	slices.SortFunc(t.orphans, func(a, b tailDocument) int { return a.key.Compare(b.key) })
	for i := range t.orphans {
		t.orphans[i].upTo = t.orphans[i].key.Micros()
	}
	return nil
}

// after returns the key that follows next.
func after(k oplog.Key) oplog.Key { return oplog.MakeKey(k.Time(), k.Seq()+1) }

// inAny reports whether a segment holds a key.
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

// catchUp reads the arrivals after the segments: into new ones, and the rest
// into the tail, until there are none. Appending goes on meanwhile.
func (x *Index) catchUp(t *tenantIndex) error {
	var chunk []oplog.Entry
	read := t.through // seq of the last arrival that was read
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
			slices.SortFunc(chunk, func(a, b oplog.Entry) int { return a.Key().Compare(b.Key()) })
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

// progress notes how far catching up is, and tells those who wait where it
// will take long.
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

// becomeReady opens the tenant, with chunk as its tail, if all has been read
// that the store has. What is on disk and not counted here has not been told
// yet: it waits in Add, and follows.
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
