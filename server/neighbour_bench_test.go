package server

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
)

// manyOrganizations are as many as a large tenant has.
const manyOrganizations = 90_000

// largeTree returns that many organizations; every other one is below east.
func largeTree() oplog.Tree {
	tree := oplog.Tree{{ID: "hq", Name: "Headquarters"}, {ID: "east", ParentID: "hq", Name: "East"}, {ID: "west", ParentID: "hq", Name: "West"}}
	for i := len(tree); i < manyOrganizations; i++ {
		tree = append(tree, oplog.Organization{ID: fmt.Sprint("o", i), ParentID: tree[1+i%2].ID, Name: fmt.Sprint("Branch ", i)})
	}
	return tree
}

// side is one of the loads that are compared.
type side struct {
	name, than   string        // the side that it is compared with, "" for none
	caller       string        // reads
	beside       *fixture      // is appended to meanwhile, in tenant other; nil for no appends
	organization func() string // of each appended entry
}

// BenchmarkNeighbour compares reads of one tenant alone with the same reads while another, with 90,000 organizations, records entries. The sides
// take turns in one run, so that whatever else the machine does concerns all of them alike. It reports the median of each, and how many times
// as long another takes: /p50, /mean and /p99 should stay within 1.2. Appends to a log of their own share no lock with the reads, but the
// processors and the disk: those to the same log are compared with them. Each turn adds organizations, of which there is room for 10,000, so
// -benchtime 20x is about as long as it can run.
//
// page is a page of all of a small tenant; scope are page and counts of a person who sees half of 90,000 organizations, compared with those of a
// person who sees all.
func BenchmarkNeighbour(b *testing.B) {
	elsewhere := newServer(b)
	must(elsewhere.log.Directory.SetOrganizations(b.Context(), "other", largeTree()))(b)
	b.Run("page", func(b *testing.B) { benchmarkPageBeside(b, elsewhere) })
	b.Run("scope", func(b *testing.B) { benchmarkScopeBeside(b, elsewhere) })
}

func benchmarkPageBeside(b *testing.B, elsewhere *fixture) {
	f := newServer(b)
	for i := range 500 {
		f.record(fullEntry(i))
	}
	must(f.log.Directory.SetOrganizations(b.Context(), "other", largeTree()))(b)
	known, unknown := organizationNames()
	b.Run("entries", func(b *testing.B) {
		f.compare(b, entriesPath, []side{
			{name: "alone", caller: "admin"},
			{name: "beside-another-log", than: "alone", caller: "admin", beside: elsewhere, organization: known},
			{name: "beside-known", than: "beside-another-log", caller: "admin", beside: f, organization: known},
			{name: "beside-new", than: "beside-another-log", caller: "admin", beside: f, organization: unknown},
		})
	})
}

func benchmarkScopeBeside(b *testing.B, elsewhere *fixture) {
	f := newServer(b)
	tree := largeTree()
	must(f.log.Directory.SetOrganizations(b.Context(), "acme", tree))(b)
	must(f.log.Directory.SetOrganizations(b.Context(), "other", tree))(b)
	for at := 0; at < 100_000; at += 5000 {
		entries := make([]oplog.Entry, 5000)
		for i := range entries {
			o := tree[(at+i)%len(tree)]
			entries[i] = oplog.Entry{
				User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "edit", Organization: oplog.Ref{ID: o.ID, Name: o.Name},
			}
		}
		must(f.log.Journal.Append(b.Context(), "acme", entries))(b)
	}
	known, unknown := organizationNames()
	for _, what := range []string{"/entries", "/summary"} {
		b.Run(what[1:], func(b *testing.B) {
			f.compare(b, tenantA+what, []side{
				{name: "all", caller: "admin"},
				{name: "scoped", than: "all", caller: "scoped"},
				{name: "scoped-beside-another-log", than: "scoped", caller: "scoped", beside: elsewhere, organization: known},
				{name: "scoped-beside-new", than: "scoped-beside-another-log", caller: "scoped", beside: f, organization: unknown},
			})
		})
	}
}

// organizationNames returns functions that name an organization of the large tree, and one that is not in it.
func organizationNames() (known, unknown func() string) {
	next := 0
	known = func() string {
		next++
		return fmt.Sprint("o", 3+next%(manyOrganizations-3))
	}
	unknown = func() string {
		next++
		return fmt.Sprint("new", next)
	}
	return known, unknown
}

// A turn of a side has this many requests, unless they take longer.
const (
	sideRequests = 100
	sideTime     = 200 * time.Millisecond
)

// compare reads from a path in turns, and reports what each side waits.
func (f *fixture) compare(b *testing.B, path string, sides []side) {
	b.Helper()
	handler := f.server.App().Handler()
	waits := make(map[string][]time.Duration)
	for _, s := range sides { // the first requests wait for the index, and fill caches
		for range 10 {
			f.handle(b, handler, s.caller, "GET", path, "", 200)
		}
	}
	for range b.N {
		for _, s := range sides {
			stop := s.load(b)
			begun := time.Now()
			for n := 0; n < sideRequests && time.Since(begun) < sideTime; n++ {
				start := time.Now()
				f.handle(b, handler, s.caller, "GET", path, "", 200)
				waits[s.name] = append(waits[s.name], time.Since(start))
			}
			stop()
		}
	}
	quantiles := map[string]func([]time.Duration) time.Duration{
		"p50": func(d []time.Duration) time.Duration { return d[len(d)/2] },
		"p99": func(d []time.Duration) time.Duration { return d[len(d)*99/100] },
		"mean": func(d []time.Duration) (sum time.Duration) {
			for _, one := range d {
				sum += one
			}
			return sum / time.Duration(len(d))
		},
	}
	for _, s := range sides {
		slices.Sort(waits[s.name])
		b.ReportMetric(float64(quantiles["p50"](waits[s.name]).Microseconds())/1000, s.name+"-ms")
		for name, of := range quantiles {
			if s.than != "" {
				b.ReportMetric(float64(of(waits[s.name]))/float64(of(waits[s.than])), s.name+"/"+name)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

// load appends entries, one after another, until stop is called. It returns once the first one is stored.
func (s *side) load(b *testing.B) (stop func()) {
	b.Helper()
	if s.beside == nil {
		return func() {}
	}
	ctx, end := context.WithCancel(b.Context())
	var sender sync.WaitGroup
	stored := make(chan struct{})
	sender.Go(func() {
		began := sync.OnceFunc(func() { close(stored) })
		defer began()
		for ctx.Err() == nil {
			_, err := s.beside.log.Journal.Append(ctx, "other", []oplog.Entry{{
				User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "edit", Organization: oplog.Ref{ID: s.organization(), Name: "Branch"},
			}})
			if err != nil && ctx.Err() == nil {
				b.Error(err)
				return
			}
			began()
			time.Sleep(time.Millisecond) // a bound on what a fast disk takes
		}
	})
	<-stored
	return func() {
		end()
		sender.Wait()
	}
}
