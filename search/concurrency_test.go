package search

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
)

// plainEntry returns an entry with a number, some minutes before now.
func plainEntry(number, minutesAgo int) oplog.Entry {
	modules := oplog.BuiltInCatalog().Modules
	module := modules[number%len(modules)]
	return oplog.Entry{
		Time:         now.Add(-time.Duration(minutesAgo) * time.Minute),
		User:         oplog.User{ID: fmt.Sprintf("u%d", number%7), Name: fmt.Sprintf("Wang %d 王芳", number%11)},
		Organization: []oplog.Ref{{}, {ID: "root", Name: "Root"}, {ID: "east", Name: "East"}, {ID: "shop", Name: "Shop"}}[number%4],
		Module:       module.Key, Operation: module.Operations[number%len(module.Operations)],
		Content: oplog.Ref{ID: fmt.Sprintf("page_%d", number%13), Name: fmt.Sprintf("双十一 spring sale no %d 返场主会场", number)},
	}
}

func newLog(t *testing.T, dir string) testLog {
	t.Helper()
	l := openLog(t, dir)
	if _, err := l.Directory.AddTenant(oplog.Tenant{ID: tenant, Name: "Acme", TimeZone: "Europe/Berlin", DataPermission: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Directory.SetOrganizations(context.Background(), tenant, oplog.Tree{
		{ID: "root", Name: "Root"}, {ID: "east", ParentID: "root", Name: "East"}, {ID: "shop", ParentID: "east", Name: "Shop"},
	}); err != nil {
		t.Fatal(err)
	}
	return l
}

func record(t *testing.T, l testLog, from, to int, minutesAgo func(number int) int) {
	t.Helper()
	var entries []oplog.Entry
	for i := from; i < to; i++ {
		entries = append(entries, plainEntry(i, minutesAgo(i)))
	}
	if _, err := l.Journal.Append(context.Background(), tenant, entries); err != nil {
		t.Fatal(err)
	}
}

// concurrentQueries are queries that use every part of a segment, each with a plain matcher.
var concurrentQueries = []struct {
	query   oplog.Query
	matches func(e *oplog.Entry) bool
}{
	{oplog.Query{}, func(*oplog.Entry) bool { return true }},
	{oplog.Query{Filters: oplog.Filters{Search: "spr"}}, func(*oplog.Entry) bool { return true }},
	{oplog.Query{Filters: oplog.Filters{Search: "返场主会场"}}, func(*oplog.Entry) bool { return true }},
	{oplog.Query{Filters: oplog.Filters{Search: `"spring sale"`}}, func(*oplog.Entry) bool { return true }},
	{oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Users: []string{"u3"}}}}, func(e *oplog.Entry) bool { return e.User.ID == "u3" }},
	{oplog.Query{Filters: oplog.Filters{Search: `content:"no 1"`}}, func(e *oplog.Entry) bool { return e.Seq == 2 }},
	{oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"sms", "email"}}}}, func(e *oplog.Entry) bool { return e.Module == "sms" || e.Module == "email" }},
	{oplog.Query{Scope: "east"}, func(e *oplog.Entry) bool { return e.Organization.ID == "east" || e.Organization.ID == "shop" }},
	{oplog.Query{From: now.Add(-100 * time.Minute), To: now.Add(-50 * time.Minute)}, func(e *oplog.Entry) bool {
		return !e.Time.Before(now.Add(-100*time.Minute)) && e.Time.Before(now.Add(-50*time.Minute))
	}},
}

// awaitReady waits until the index has caught up with the store.
func awaitReady(t *testing.T, l testLog) {
	t.Helper()
	for {
		_, err := l.Journal.Page(t.Context(), tenant, oplog.Query{}, 1, "")
		if err == nil {
			return
		}
		if oplog.CodeOf(err) != oplog.CodeUnavailable {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

// checkAnswers compares all results with those of a plain scan.
func checkAnswers(t *testing.T, l testLog, want int) {
	t.Helper()
	var all []oplog.Entry
	err := l.store.Scan(context.Background(), tenant, oplog.Key{}, oplog.Key{}, func(e oplog.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil || len(all) != want {
		t.Fatalf("the store has %d, %v, want %d", len(all), err, want)
	}
	awaitReady(t, l)
	for _, asked := range concurrentQueries {
		var wantIDs []string
		for i := len(all) - 1; i >= 0; i-- {
			if asked.matches(&all[i]) {
				wantIDs = append(wantIDs, all[i].ID)
			}
		}
		found, err := allPages(l, asked.query, 150)
		if err != nil {
			t.Fatalf("%+v: %v", asked.query, err)
		}
		if got := ids(found); fmt.Sprint(got) != fmt.Sprint(wantIDs) {
			t.Errorf("%+v: %d rows, want %d", asked.query, len(got), len(wantIDs))
		}
		s, err := l.Journal.Summary(context.Background(), tenant, asked.query, oplog.LocaleEN)
		if err != nil || s.Total != len(wantIDs) {
			t.Errorf("%+v: total %d, %v, want %d", asked.query, s.Total, err, len(wantIDs))
		}
	}
}

// TestQueriesDuringAppends: while entries are recorded, flushed and merged, with times out of order, every query succeeds: its result
// contains all entries acknowledged before, pages are in order, and counts are consistent.
func TestQueriesDuringAppends(t *testing.T) {
	l := newLog(t, t.TempDir())
	defer closeLog(t, l)
	const batches, batchSize = 40, 15
	done := make(chan struct{})
	acknowledged := make(chan int, batches+1) // number of acknowledged entries
	acknowledged <- 0
	var askers, recorders sync.WaitGroup
	recorders.Go(func() {
		defer close(done)
		for b := range batches {
			record(t, l, b*batchSize, (b+1)*batchSize, func(n int) int { return n * 7919 % 1000 })
			<-acknowledged
			acknowledged <- (b + 1) * batchSize
		}
	})
	for asker := range 3 {
		askers.Go(func() {
			for i := asker; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				before := <-acknowledged
				acknowledged <- before
				query := concurrentQueries[i%len(concurrentQueries)] // 9, an odd number, so that each is used in both ways
				if i%2 == 0 {
					checkPageInOrder(t, l, query.query, before)
				} else {
					checkSummaryAgrees(t, l, query.query, before)
				}
			}
		})
	}
	recorders.Wait()
	askers.Wait()
	checkAnswers(t, l, batches*batchSize)
}

func checkPageInOrder(t *testing.T, l testLog, q oplog.Query, acknowledged int) {
	page, err := l.Journal.Page(context.Background(), tenant, q, oplog.MaxPageSize, "")
	if err != nil {
		t.Errorf("%+v: %v", q, err)
		return
	}
	for i := 1; i < len(page.Entries); i++ {
		if page.Entries[i-1].Key().Compare(page.Entries[i].Key()) <= 0 {
			t.Errorf("%+v: %s before %s", q, page.Entries[i-1].ID, page.Entries[i].ID)
		}
	}
	if everything := q.Scope == "" && q.From.IsZero() && q.Search == "" && len(q.Users)+len(q.Modules) == 0; everything &&
		len(page.Entries) < min(acknowledged, oplog.MaxPageSize) {
		t.Errorf("a page of %d, where %d were acknowledged", len(page.Entries), acknowledged)
	}
}

func checkSummaryAgrees(t *testing.T, l testLog, q oplog.Query, acknowledged int) {
	s, err := l.Journal.Summary(context.Background(), tenant, q, oplog.LocaleEN)
	if err != nil {
		t.Errorf("%+v: %v", q, err)
		return
	}
	sum := func(values []oplog.FacetValue) (n int) {
		for _, v := range values {
			n += v.Count
		}
		return n
	}
	inBuckets := 0
	for _, b := range s.Histogram.Buckets {
		inBuckets += b.Count
	}
	if inBuckets != s.Total || sum(s.Facets.Module) != s.Total || sum(s.Facets.Operation) != s.Total || sum(s.Facets.User) != s.Total {
		t.Errorf("%+v: total %d, %d in buckets, facets %+v", q, s.Total, inBuckets, s.Facets)
	}
	if q.Search == "spr" && s.Total < acknowledged {
		t.Errorf("%+v: total %d, where %d were acknowledged", q, s.Total, acknowledged)
	}
}

// TestTenantsAtOnce: several tenants are opened concurrently by queries and appends.
func TestTenantsAtOnce(t *testing.T) {
	l := openLog(t, t.TempDir())
	defer closeLog(t, l)
	var group sync.WaitGroup
	for i := range 8 {
		id := []string{"a", "A", "b.c", "b-c"}[i%4]
		if i < 4 {
			if _, err := l.Directory.AddTenant(oplog.Tenant{ID: id, Name: "T"}); err != nil {
				t.Fatal(err)
			}
		}
		group.Go(func() {
			for n := range 20 {
				if _, err := l.Journal.Append(context.Background(), id, []oplog.Entry{plainEntry(n, n)}); err != nil {
					t.Error(err)
				}
				if _, err := l.Journal.Page(context.Background(), id, oplog.Query{}, 10, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, id := range []string{"a", "A", "b.c", "b-c"} {
		if s, err := l.Journal.Summary(context.Background(), id, oplog.Query{}, oplog.LocaleEN); err != nil || s.Total != 40 {
			t.Errorf("%s has %d, %v", id, s.Total, err)
		}
	}
}

// TestShortTailsAreFlushed: a short tail becomes a segment once no more entries arrive.
func TestShortTailsAreFlushed(t *testing.T) {
	l := newLog(t, t.TempDir())
	defer closeLog(t, l)
	record(t, l, 0, smallSizes.restFlush+1, func(number int) int { return number })
	awaitReady(t, l)
	x := l.index
	tail := func() *tenantIndex {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.tenants[tenant]
	}()
	if tail.tail == nil {
		t.Fatal("there is no tail")
	}
	x.flushShort()
	x.flushShort()
	tail.mu.Lock()
	for len(tail.tail) > 0 {
		tail.shorter.Wait()
	}
	segments := len(tail.segments)
	tail.mu.Unlock()
	if segments != 1 {
		t.Errorf("%d segments", segments)
	}
	checkAnswers(t, l, smallSizes.restFlush+1)
}
