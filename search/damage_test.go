package search

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/storage"
)

// An index is only a copy: whatever happens to its files, it is rebuilt from the store and returns the same results.

const damagedEntries = 200

// closedLog creates a log with some segments and a tail, closes it, and returns its directory and the files of its segments.
func closedLog(t *testing.T) (dir string, segments []string) {
	t.Helper()
	dir = t.TempDir()
	l := newLog(t, dir)
	for from := 0; from < damagedEntries; from += 40 {
		record(t, l, from, from+40, func(n int) int { return n * 7919 % 1000 })
	}
	closeLog(t, l)
	l = openLog(t, dir) // the tail becomes segments
	awaitReady(t, l)
	closeLog(t, l)
	for _, s := range manifestOf(t, dir).Segments {
		segments = append(segments, s.File)
	}
	if len(segments) < 2 {
		t.Fatalf("there are %v", segments)
	}
	return dir, segments
}

func indexDir(dir string) string { return filepath.Join(dir, "index", folderOf(tenant)) }

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := os.ReadDir(indexDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name())
	}
	return names
}

// copied returns a copy of a closed log.
func copied(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "signing.key"), 0o600); err != nil { // CopyFS ignores the mode
		t.Fatal(err)
	}
	return dir
}

// checkRebuilt opens a log twice, and records more entries.
func checkRebuilt(t *testing.T, dir string) {
	t.Helper()
	l := openLog(t, dir)
	checkAnswers(t, l, damagedEntries)
	record(t, l, damagedEntries, damagedEntries+40, func(n int) int { return n })
	closeLog(t, l)
	l = openLog(t, dir)
	checkAnswers(t, l, damagedEntries+40)
	closeLog(t, l)
	if left := files(t, dir); slices.ContainsFunc(left, func(name string) bool { return !strings.HasSuffix(name, ".zap") }) {
		t.Errorf("left over: %v", left)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSegments(t *testing.T) {
	whole, segments := closedLog(t)
	for name, damage := range map[string]func(t *testing.T, dir string, segments []string){
		"cut short": func(t *testing.T, dir string, segments []string) {
			path := filepath.Join(dir, segments[0])
			write(t, path, read(t, path)[:100])
		},
		"cut by a byte": func(t *testing.T, dir string, segments []string) {
			path := filepath.Join(dir, segments[0])
			data := read(t, path)
			write(t, path, data[:len(data)-1])
		},
		"emptied": func(t *testing.T, dir string, segments []string) { write(t, filepath.Join(dir, segments[1]), nil) },
		"longer": func(t *testing.T, dir string, segments []string) {
			path := filepath.Join(dir, segments[0])
			write(t, path, append(read(t, path), 0))
		},
		"swapped": func(t *testing.T, dir string, segments []string) {
			a, b := filepath.Join(dir, segments[0]), filepath.Join(dir, segments[1])
			first, second := read(t, a), read(t, b)
			write(t, a, second)
			write(t, b, first)
		},
		"deleted": func(t *testing.T, dir string, segments []string) {
			if err := os.Remove(filepath.Join(dir, segments[1])); err != nil {
				t.Fatal(err)
			}
		},
		"all deleted": func(t *testing.T, dir string, _ []string) {
			if err := os.RemoveAll(filepath.Dir(dir)); err != nil {
				t.Fatal(err)
			}
		},
		"a folder in its place": func(t *testing.T, dir string, segments []string) {
			path := filepath.Join(dir, segments[0])
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, whole)
			damage(t, indexDir(dir), segments)
			checkRebuilt(t, dir)
		})
	}
}

// TestFlippedBits: a flipped bit anywhere is detected when the index is opened.
func TestFlippedBits(t *testing.T) {
	dir, segments := closedLog(t)
	path := filepath.Join(indexDir(dir), segments[0])
	whole := read(t, path)
	info := segmentInfo{File: segments[0]}
	var err error
	if info.Size, info.CRC, err = checksum(path); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 1 + len(whole)/200 {
		flipped := slices.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		write(t, path, flipped)
		if s, err := openSegment(indexDir(dir), info, true); err == nil {
			s.release()
			t.Errorf("a flipped bit of byte %d goes unnoticed", at)
		}
	}
	checkRebuilt(t, dir)
}

func TestManifestGone(t *testing.T) {
	whole, _ := closedLog(t)
	for name, manifest := range map[string]string{
		"deleted": "", "empty": "{}", "of a newer version": `{"analysis":99,"through":7,"next":3,"segments":[]}`,
		"of version 0": `{"analysis":0,"through":7,"next":3,"segments":[]}`, "of version -1": `{"analysis":-1,"through":7,"next":3,"segments":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := copied(t, whole)
			changeManifest(t, dir, manifest)
			checkRebuilt(t, dir)
		})
	}
}

// TestOlderIndexIsRebuilt: an index written by an older version, with other terms in other fields, is rebuilt.
func TestOlderIndexIsRebuilt(t *testing.T) {
	dir, segments := closedLog(t)
	m := manifestOf(t, dir)
	m.Analysis = analysisVersion - 1
	changeManifest(t, dir, string(must(json.Marshal(m))(t)))
	checkRebuilt(t, dir)
	for _, name := range files(t, dir) {
		if slices.Contains(segments, name) {
			t.Errorf("segment %s of the older version is still read", name)
		}
	}
}

// changeManifest replaces the manifest of a closed log; "" deletes it.
func changeManifest(t *testing.T, dir, manifest string) {
	t.Helper()
	withStore(t, dir, func(store *storage.DB) error {
		_, revision, err := store.Record(oplog.RecordIndex, tenant)
		if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return err
		}
		if manifest == "" {
			return store.PutRecord(oplog.RecordIndex, tenant, revision, nil)
		}
		return store.PutRecord(oplog.RecordIndex, tenant, revision, []byte(manifest))
	})
}

// manifestOf returns the manifest of a closed log.
func manifestOf(t *testing.T, dir string) (m manifest) {
	t.Helper()
	withStore(t, dir, func(store *storage.DB) error {
		data, _, err := store.Record(oplog.RecordIndex, tenant)
		if err != nil {
			return err
		}
		return json.Unmarshal(data, &m)
	})
	return m
}

func withStore(t *testing.T, dir string, do func(*storage.DB) error) {
	t.Helper()
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(store), store.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestLeftoverFilesAreRemoved: files left by a crash are removed, unfinished ones and finished ones that the manifest does not list.
func TestLeftoverFilesAreRemoved(t *testing.T) {
	dir, segments := closedLog(t)
	whole := read(t, filepath.Join(indexDir(dir), segments[0]))
	left := []string{"00009999.zap", "00009998.zap.tmp", segments[0] + ".tmp", "notes.txt"}
	for _, name := range left {
		write(t, filepath.Join(indexDir(dir), name), whole)
	}
	l := openLog(t, dir)
	defer closeLog(t, l)
	checkAnswers(t, l, damagedEntries)
	now := files(t, dir)
	for _, name := range left {
		if slices.Contains(now, name) {
			t.Errorf("%s is still there", name)
		}
	}
}

// TestMergedSegmentsAreDeleted: replaced segments are deleted from disk.
func TestMergedSegmentsAreDeleted(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, dir)
	const n = 600
	for from := 0; from < n; from += 20 {
		record(t, l, from, from+20, func(number int) int { return n - number })
	}
	closeLog(t, l)
	l = openLog(t, dir)
	checkAnswers(t, l, n)
	awaitMerges(l)
	closeLog(t, l)
	m := manifestOf(t, dir)
	if len(m.Segments) >= n/smallSizes.maxFlush {
		t.Errorf("%d segments of %d entries: nothing was merged", len(m.Segments), n)
	}
	listed := uint64(0)
	for _, s := range m.Segments {
		listed += uint64(s.Count)
	}
	if listed != m.Through {
		t.Errorf("the segments hold %d, the manifest says %d", listed, m.Through)
	}
}

// awaitMerges waits until there is nothing to flush or merge.
func awaitMerges(l testLog) {
	l.index.mu.Lock()
	t := l.index.tenants[tenant]
	l.index.mu.Unlock()
	for {
		t.mu.Lock()
		busy := t.queued || t.merging || len(l.index.sizes.mergeGroup(t.segments)) > 0
		t.mu.Unlock()
		if !busy {
			return
		}
		runtime.Gosched()
	}
}
