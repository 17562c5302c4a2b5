package server

import (
	"context"
	"fmt"
	"sync"
	"testing"

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

// BenchmarkNeighbour reads a page of one tenant while another with 90,000 organizations records nothing, records entries of known
// organizations, and records entries that each name a new one; and the pages and counts of a person who sees half of 90,000 organizations, beside
// those of a person who sees all. Each should stay within 1.2 times the line before it; the first appends go to a log of their own, whose line
// beside the one alone shows what they cost by the processors and the disk that they share.
func BenchmarkNeighbour(b *testing.B) {
	b.Run("page", benchmarkBesideAppends)
	b.Run("scope", benchmarkScopes)
}

func benchmarkBesideAppends(b *testing.B) {
	f := newServer(b)
	for i := range 500 {
		f.record(fullEntry(i))
	}
	must(f.log.Directory.SetOrganizations(b.Context(), "other", largeTree()))(b)
	elsewhere := newServer(b)
	must(elsewhere.log.Directory.SetOrganizations(b.Context(), "other", largeTree()))(b)
	next := 0
	known := func() string { return fmt.Sprint("o", 3+next%(manyOrganizations-3)) }
	for _, c := range []struct {
		name         string
		to           *fixture
		organization func() string // nil for no appends
	}{
		{"alone", f, nil},
		{"beside-another-log", elsewhere, known}, // shares no lock with the pages, but the processors and the disk
		{"beside-known-organizations", f, known},
		{"beside-new-organizations", f, func() string { return fmt.Sprint("new", next) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx, end := context.WithCancel(context.Background())
			var sender sync.WaitGroup
			appends := 0
			if c.organization != nil {
				sender.Go(func() {
					for ; ctx.Err() == nil; appends++ {
						next++
						_, err := c.to.log.Journal.Append(ctx, "other", []oplog.Entry{{
							User: oplog.User{ID: "u", Name: "U"}, Module: "sms", Operation: "edit", Organization: oplog.Ref{ID: c.organization(), Name: "Branch"},
						}})
						if err != nil && ctx.Err() == nil {
							b.Error(err)
							return
						}
					}
				})
			}
			serve(b, f, "admin", "GET", entriesPath, "", 200)
			end()
			sender.Wait()
			b.ReportMetric(float64(appends)/b.Elapsed().Seconds(), "appends/s")
		})
	}
}

func benchmarkScopes(b *testing.B) {
	f := newServer(b)
	tree := largeTree()
	must(f.log.Directory.SetOrganizations(b.Context(), "acme", tree))(b)
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
	for _, what := range []string{"/entries", "/summary"} {
		for _, caller := range []string{"admin", "scoped"} {
			b.Run(what[1:]+"/"+caller, func(b *testing.B) { serve(b, f, caller, "GET", tenantA+what, "", 200) })
		}
	}
}
