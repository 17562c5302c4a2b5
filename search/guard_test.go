package search

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/faults"
	"oplog/oplog"
)

// mapped opens a closed log, and returns it with its segments, which are mapped.
func mapped(t *testing.T, dir string) (testLog, *tenantIndex, []*segment) {
	t.Helper()
	l := openLog(t, dir)
	awaitReady(t, l)
	awaitMerges(l)
	l.index.mu.Lock()
	of := l.index.tenants[tenant]
	l.index.mu.Unlock()
	of.mu.Lock()
	defer of.mu.Unlock()
	return l, of, slices.Clone(of.segments)
}

// TestSegmentsCutWhileMapped: a segment whose file faults ends no program: queries are answered with an error that passes, and the segment is
// rebuilt from the store.
func TestSegmentsCutWhileMapped(t *testing.T) {
	dir, _ := closedLog(t)
	l, of, segments := mapped(t, dir)
	for _, s := range segments {
		if err := os.Truncate(s.path, 0); err != nil {
			t.Fatal(err)
		}
	}
	panics, failures := faults.Panics(), faults.Background()
	if _, err := l.index.merge(of); err != nil { // nothing to do
		t.Fatal(err)
	}
	err := l.index.guarded(tenant, func() error {
		_, err := l.index.inOrder(of, segments)
		return err
	})
	if oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("merging is answered %v", err)
	}
	for {
		_, err := l.Journal.Summary(t.Context(), tenant, oplog.Query{}, oplog.LocaleEN)
		if err == nil {
			break
		}
		if oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Fatal(err)
		}
	}
	checkAnswers(t, l, damagedEntries)
	if faults.Panics() != panics || faults.Background() == failures {
		t.Errorf("%d mistakes and %d failures were counted", faults.Panics()-panics, faults.Background()-failures)
	}
	closeLog(t, l)
	checkRebuilt(t, dir)
}

// TestCountersOfCutSegments: the goroutines that count are guarded, too.
func TestCountersOfCutSegments(t *testing.T) {
	dir, _ := closedLog(t)
	l, _, segments := mapped(t, dir)
	defer closeLog(t, l)
	var found []hits
	for _, s := range segments {
		found = append(found, hits{segment: s, top: s.count})
		if err := os.Truncate(filepath.Clean(s.path), 0); err != nil {
			t.Fatal(err)
		}
	}
	m := must(l.index.newMatcher(oplog.Match{}))(t)
	m.numbering = newNumbering(defaultSizes.keptTexts)
	if _, err := l.index.countHits(t.Context(), tenant, m, found, nil); oplog.CodeOf(err) != oplog.CodeUnavailable {
		t.Errorf("counting is answered %v", err)
	}
}

// TestPanicInTheIndex: a panic of ours is no fault of the file; the tenant is opened again all the same.
func TestPanicInTheIndex(t *testing.T) {
	dir, _ := closedLog(t)
	l, of, _ := mapped(t, dir)
	defer closeLog(t, l)
	var p *faults.Panic
	if err := l.index.guarded(tenant, func() error { panic("assertion failed") }); !errors.As(err, &p) {
		t.Errorf("it is answered %v", err)
	}
	for {
		l.index.mu.Lock()
		now := l.index.tenants[tenant]
		l.index.mu.Unlock()
		if now != of {
			break
		}
	}
	checkAnswers(t, l, damagedEntries)
}

// TestColumnsAfterAnError: an error that passes does not stay with the segment.
func TestColumnsAfterAnError(t *testing.T) {
	dir, _ := closedLog(t)
	l, _, segments := mapped(t, dir)
	defer closeLog(t, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := newNumbering(defaultSizes.keptTexts)
	if _, err := segments[0].columnsOf(ctx, n); !errors.Is(err, context.Canceled) {
		t.Errorf("it is answered %v", err)
	}
	if c, err := segments[0].columnsOf(t.Context(), n); err != nil || len(c.actions.totals) == 0 {
		t.Errorf("then it is answered %v, %v", c, err)
	}
}

// TestCountingEndsWithItsCaller: counts are not computed to their end for a caller that has left.
func TestCountingEndsWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	all := roaring.New()
	all.AddRange(0, 10_000)
	visits := 0
	err := eachOf(ctx, all, make([]uint32, 100), func([]uint32) {
		if visits++; visits == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || visits != 3 {
		t.Errorf("%d buffers were counted, %v", visits, err)
	}
}

// TestScanningTheTailEndsWithItsCaller: entries in no segment are not scanned to the end for a caller that has left.
func TestScanningTheTailEndsWithItsCaller(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	v := &view{orphans: make([]tailDocument, 3*scannedAtOnce), tail: make([]tailDocument, 3*scannedAtOnce)}
	visits := 0
	err := v.scanned(ctx, 0, func(*tailDocument) bool {
		if visits++; visits == 4*scannedAtOnce {
			leave()
		}
		return true
	})
	if !errors.Is(err, context.Canceled) || visits > 5*scannedAtOnce {
		t.Errorf("%v after %d entries", err, visits)
	}
}
