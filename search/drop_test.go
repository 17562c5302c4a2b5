package search

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
)

func TestDrop(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, dir)
	t.Cleanup(func() { closeLog(t, l) })
	const entries = 300
	record(t, l, 0, entries, func(number int) int { return (number * 37) % entries }) // times out of order
	f := func(minutesAgo, want int) {
		t.Helper()
		if err := l.index.Drop(t.Context(), tenant, time.Unix(0, 0), now.Add(-time.Duration(minutesAgo)*time.Minute)); err != nil {
			t.Fatal(err)
		}
		s, err := l.Journal.Summary(t.Context(), tenant, oplog.Query{Filters: oplog.Filters{Search: "spring"}}, oplog.LocaleEN)
		if err != nil || s.Total != want {
			t.Errorf("%d entries, %v; want %d", s.Total, err, want)
		}
		found, err := allPages(l, oplog.Query{}, 50)
		if err != nil || len(found) != want {
			t.Errorf("%d rows, %v; want %d", len(found), err, want)
		}
	}
	f(entries, entries)
	f(249, 250) // minutes 0 to 249 ago are kept
	f(249, 250)
	f(100, 101)
	record(t, l, entries, entries+3, func(int) int { return 50 })
	f(99, 103)
	f(-1, 0)
	record(t, l, entries+3, entries+40, func(number int) int { return number - entries })
	f(39, 37)
	files, err := os.ReadDir(filepath.Join(dir, "index", folderOf(tenant)))
	if err != nil || len(files) > 10 {
		t.Errorf("%d files, %v: dropped segments are still there", len(files), err)
	}
}

// TestDropBetween: entries between two times are removed from segments and tail, entries on either side are kept.
func TestDropBetween(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	const entries = 300
	record(t, l, 0, entries, func(number int) int { return (number * 37) % entries })
	gone := make(map[int]bool)
	f := func(from, to int) { // minutes ago; to is exclusive
		t.Helper()
		ago := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
		if err := l.index.Drop(t.Context(), tenant, ago(from), ago(to)); err != nil {
			t.Fatal(err)
		}
		for m := to + 1; m <= from; m++ {
			gone[m] = true
		}
		found, err := allPages(l, oplog.Query{}, 50)
		if err != nil || len(found) != entries-len(gone) {
			t.Errorf("%d rows, %v; want %d", len(found), err, entries-len(gone))
		}
		for i := range found {
			if minutes := int(now.Sub(found[i].Time).Minutes()); gone[minutes] {
				t.Errorf("an entry of %d minutes ago is still there", minutes)
			}
		}
		s, err := l.Journal.Summary(t.Context(), tenant, oplog.Query{}, oplog.LocaleEN)
		if err != nil || s.Total != entries-len(gone) {
			t.Errorf("%d counted, %v; want %d", s.Total, err, entries-len(gone))
		}
	}
	f(200, 150)
	f(200, 150)
	f(160, 120)
	f(60, 59)
	f(59, 0)
	f(299, 280)
	f(279, 61)
}

// TestDropOfClosedTenant: a tenant that is closed while a drop waits is reopened: writing the manifest of a closed tenant would lose its
// segments.
func TestDropOfClosedTenant(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	record(t, l, 0, 300, func(number int) int { return number })
	awaitMerges(l)
	closed, err := l.index.readyTenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for i := range smallSizes.maxTenants + 1 {
		if _, err := l.index.readyTenant(t.Context(), fmt.Sprint("T", i)); err != nil {
			t.Fatal(err)
		}
	}
	l.index.openTenants()
	f := func(want int) {
		t.Helper()
		if n, err := l.Journal.Total(t.Context(), tenant, oplog.Query{}); err != nil || n != want {
			t.Errorf("%d entries, %v; want %d", n, err, want)
		}
	}
	early, late := now.Add(-300*time.Minute), now.Add(-250*time.Minute)
	if dropped, err := l.index.drop(t.Context(), closed, oplog.MakeKey(early, 0), oplog.MakeKey(late, 0)); dropped || err != nil {
		t.Errorf("dropped of a closed tenant: %v, %v", dropped, err)
	}
	f(300)
	if err := l.index.Drop(t.Context(), tenant, early, late); err != nil {
		t.Error(err)
	}
	f(251)
}

// TestRebuildDuringWrites: a rebuild waits for writes and loads of its index in progress, without blocking other tenants, and no longer
// than its context.
func TestRebuildDuringWrites(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	record(t, l, 0, 20, func(number int) int { return number })
	awaitMerges(l)
	open, err := l.index.readyTenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	open.buildMu.Lock()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := l.index.Rebuild(ended, tenant, nil); oplog.CodeOf(err) != oplog.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %s", err, oplog.CodeUnavailable)
	}
	rebuilt := make(chan error)
	go func() { rebuilt <- l.index.Rebuild(t.Context(), tenant, func(uint64, uint64) {}) }()
	if _, err := l.index.readyTenant(t.Context(), "other"); err != nil {
		t.Error(err)
	}
	select {
	case err := <-rebuilt:
		t.Errorf("rebuild during a write: %v", err)
	default:
	}
	open.buildMu.Unlock()
	if err := <-rebuilt; err != nil {
		t.Error(err)
	}
	if again, err := l.index.readyTenant(t.Context(), tenant); err != nil || again == open {
		t.Errorf("not rebuilt: %v", err)
	}
}

// TestRebuildDuringQuery: a query that still reads a dropped segment deletes only that segment's file when it ends, not those that were
// rebuilt meanwhile.
func TestRebuildDuringQuery(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, dir)
	record(t, l, 0, smallSizes.maxFlush, func(number int) int { return number })
	awaitMerges(l)
	open, err := l.index.readyTenant(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	open.mu.Lock()
	read := slices.Clone(open.segments)
	for _, s := range read {
		s.acquire()
	}
	open.mu.Unlock()
	if len(read) == 0 {
		t.Fatal("there is no segment")
	}
	if err := l.index.Drop(t.Context(), tenant, time.Unix(0, 0), now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := l.index.Rebuild(t.Context(), tenant, func(uint64, uint64) {}); err != nil {
		t.Fatal(err)
	}
	awaitMerges(l)
	for _, s := range read {
		s.release()
	}
	closeLog(t, l)
	left := files(t, dir)
	for _, s := range manifestOf(t, dir).Segments {
		if !slices.Contains(left, s.File) {
			t.Errorf("%s is gone; left are %v", s.File, left)
		}
	}
}

// TestQueriesDuringDrops: queries that run while segments are merged and dropped return each entry once, or not at all if it is being
// dropped.
func TestQueriesDuringDrops(t *testing.T) {
	l := newLog(t, t.TempDir())
	t.Cleanup(func() { closeLog(t, l) })
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for ctx.Err() == nil {
				found, err := allPages(l, oplog.Query{Filters: oplog.Filters{Search: "双十一"}}, 40)
				if err != nil {
					t.Error(err)
					return
				}
				seen := make(map[string]bool)
				for i := range found {
					if seen[found[i].ID] || i > 0 && found[i].Key().Compare(found[i-1].Key()) > 0 {
						t.Errorf("entry %s stands twice or out of order", found[i].ID)
					}
					seen[found[i].ID] = true
				}
				if _, err := l.Journal.Summary(ctx, tenant, oplog.Query{}, oplog.LocaleEN); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	for round := range 25 {
		record(t, l, round*20, round*20+20, func(number int) int { return 600 - number })
		if err := l.index.Drop(t.Context(), tenant, time.Unix(0, 0), now.Add(-time.Duration(600-round*12)*time.Minute)); err != nil {
			t.Error(err)
		}
	}
	stop()
	asking.Wait()
	s, err := l.Journal.Summary(t.Context(), tenant, oplog.Query{}, oplog.LocaleEN)
	if want := 25*20 - 24*12; err != nil || s.Total != want {
		t.Errorf("%d entries, %v; want %d", s.Total, err, want)
	}
}
