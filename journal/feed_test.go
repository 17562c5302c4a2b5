package journal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/demo"
	"oplog/journal"
	"oplog/node/nodetest"
	"oplog/oplog"
)

func TestFeed(t *testing.T) {
	l := newLog(t)
	f := func(t *testing.T, q oplog.Query, after uint64, limit int, want string) {
		t.Helper()
		feed, err := l.Journal.Feed(t.Context(), "acme", q, after, limit)
		if got := fmt.Sprintf("%s; %d of %d", nodetest.Contents(feed.Entries), feed.NextAfterSeq, feed.LastSeq); err != nil || got != want {
			t.Errorf("after %d: %s, %v; want %s", after, got, err, want)
		}
	}
	f(t, oplog.Query{}, 0, 10, "; 0 of 0")
	l.Record("acme", nodetest.InOrganization("east", dated("a", 40)), nodetest.Entry("b", 9), nodetest.InOrganization("shop", dated("c", 39)), nodetest.Entry("d", 90), nodetest.Entry("e", 3))
	f(t, oplog.Query{}, 0, 10, "a b c d e; 5 of 5") // in order of arrival
	f(t, oplog.Query{}, 0, 2, "a b; 2 of 5")
	f(t, oplog.Query{}, 2, 3, "c d e; 5 of 5")
	f(t, oplog.Query{}, 5, 10, "; 5 of 5")
	f(t, oplog.Query{Scope: "east"}, 0, 10, "a c; 5 of 5")
	f(t, oplog.Query{Scope: "east"}, 0, 1, "a; 1 of 5")
	f(t, oplog.Query{Filters: oplog.Filters{Search: "content:d"}}, 1, 10, "d; 5 of 5")
	f(t, oplog.Query{Filters: oplog.Filters{Search: "nothing"}}, 1, 10, "; 5 of 5")
	f(t, oplog.Query{From: nodetest.Morning.Add(-time.Hour)}, 0, 10, "b e; 5 of 5")

	l.retention("acme", 30)
	l.retain()
	f(t, oplog.Query{}, 0, 2, "b d; 4 of 5")
	f(t, oplog.Query{}, 2, 1, "d; 4 of 5")
}

func TestFeedRejects(t *testing.T) {
	l := newLog(t)
	l.Record("acme", nodetest.Entry("a", 1))
	f := func(t *testing.T, tenant string, q oplog.Query, after uint64, limit int, code oplog.Code, fields ...string) {
		t.Helper()
		_, err := l.Journal.Feed(t.Context(), tenant, q, after, limit)
		nodetest.WantCode(t, err, code)
		if code == oplog.CodeInvalid {
			nodetest.WantFields(t, err, fields...)
		}
	}
	f(t, "acme", oplog.Query{}, 0, 0, oplog.CodeInvalid, "query.limit")
	f(t, "acme", oplog.Query{}, 0, journal.MaxFeedSize+1, oplog.CodeInvalid, "query.limit")
	f(t, "acme", oplog.Query{}, 2, 1, oplog.CodeInvalid, "query.after_seq") // after restoring an older backup
	f(t, "acme", oplog.Query{Filters: oplog.Filters{Search: "…"}}, 0, 1, oplog.CodeInvalid, "query.q")
	f(t, "plain", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"east"}}}}, 0, 1, oplog.CodeInvalid, "query.organization")
	f(t, "none", oplog.Query{}, 0, 1, oplog.CodeNotFound)
}

// TestFeedScanLimit: a filter that matches almost nothing yields short pages with a position to continue from.
func TestFeedScanLimit(t *testing.T) {
	l := newLog(t)
	const most = 100_000
	entries := make([]oplog.Entry, oplog.MaxEntriesPerRequest)
	for i := range entries {
		entries[i] = nodetest.Entry("common", 0)
	}
	for range most / len(entries) {
		l.Record("acme", entries...)
	}
	l.Record("acme", nodetest.Entry("rare", 0))
	q := oplog.Query{Filters: oplog.Filters{Values: oplog.Values{ContentIDs: []string{"rare"}}}}
	var found []oplog.Entry
	pages := 0
	for after := uint64(0); ; pages++ {
		feed, err := l.Journal.Feed(t.Context(), "acme", q, after, 10)
		l.Must(nil, err)
		if step := feed.NextAfterSeq - after; step == 0 || step > most {
			t.Fatalf("from %d it looked at %d entries", after, step)
		}
		found = append(found, feed.Entries...)
		if after = feed.NextAfterSeq; after == feed.LastSeq {
			break
		}
	}
	if nodetest.Contents(found) != "rare" || pages == 0 {
		t.Errorf("%d pages before the last with %q, want one at least and the rare entry alone", pages, nodetest.Contents(found))
	}
}

// TestFeedDuringAppendsAndRetention: a client that follows a log during appends and deletions gets each kept entry once and in order.
func TestFeedDuringAppendsAndRetention(t *testing.T) {
	l := newLog(t)
	l.retention("acme", 30)
	const batches = 60
	done := make(chan error, 1)
	go func() {
		for i := range batches {
			_, err := l.Journal.Append(context.Background(), "acme", []oplog.Entry{
				nodetest.Entry(fmt.Sprint("kept ", i), 1), dated(fmt.Sprint("old ", i), 30), nodetest.Entry(fmt.Sprint("other ", i), 2),
			})
			if err == nil && i == batches/2 {
				l.Clock.Advance(day)
				err = l.Journal.Retain(context.Background())
				l.Clock.Advance(-day)
			}
			if err != nil && oplog.CodeOf(err) != oplog.CodeInvalid { // a deleted day rejects entries
				done <- err
				return
			}
		}
		done <- nil
	}()
	var got []string
	over := false
	for after := uint64(0); ; {
		feed, err := l.Journal.Feed(t.Context(), "acme", oplog.Query{Filters: oplog.Filters{Search: "kept"}}, after, 7)
		l.Must(nil, err)
		for _, e := range feed.Entries {
			if e.Seq <= after || e.Seq > feed.NextAfterSeq {
				t.Fatalf("entry %d stands on the page from %d to %d", e.Seq, after, feed.NextAfterSeq)
			}
			got = append(got, e.Content.ID)
		}
		if after = feed.NextAfterSeq; after < feed.LastSeq {
			continue
		}
		if over {
			break
		}
		select {
		case err := <-done:
			l.Must(nil, err)
			over = true
		default:
		}
	}
	var want []string
	l.Must(nil, l.Store.Arrivals(t.Context(), "acme", 1, 0, func(e oplog.Entry) error {
		if strings.HasPrefix(e.Content.ID, "kept") {
			want = append(want, e.Content.ID)
		}
		return nil
	}))
	if len(want) < batches/2 || !slices.Equal(got, want) {
		t.Errorf("%d entries came, want %d: %q", len(got), len(want), got)
	}
}

// feedFilters are queries with equivalent functions.
var feedFilters = []struct {
	q       oplog.Query
	through func(e oplog.Entry) bool
}{
	{oplog.Query{}, func(oplog.Entry) bool { return true }},
	{oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Users: []string{"u1", "u9"}}}}, func(e oplog.Entry) bool { return e.User.ID == "u1" }},
	{oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"email"}}}}, func(e oplog.Entry) bool { return e.Module == "email" }},
	{oplog.Query{Scope: "east"}, func(e oplog.Entry) bool { return e.Organization.ID == "east" || e.Organization.ID == "shop" }},
	{oplog.Query{Filters: oplog.Filters{Search: "red"}}, func(e oplog.Entry) bool { return e.Content.Name == "red" }},
	{oplog.Query{Filters: oplog.Filters{Search: "-red"}}, func(e oplog.Entry) bool { return e.Content.Name != "red" }},
	{oplog.Query{Filters: oplog.Filters{Not: oplog.Values{Users: []string{"u1"}, Modules: []string{"email"}}}}, func(e oplog.Entry) bool {
		return e.User.ID != "u1" && e.Module != "email"
	}},
	{oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Outcomes: []string{oplog.OutcomeFailure}}}}, func(e oplog.Entry) bool {
		return e.Outcome == oplog.OutcomeFailure
	}},
	{oplog.Query{Scope: "west", Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{"root"}, Users: []string{"u2"}}, Search: "content:blue"}}, func(e oplog.Entry) bool {
		return e.Organization.ID == "west" && e.User.ID == "u2" && e.Content.Name == "blue"
	}},
	{oplog.Query{From: nodetest.Morning.Add(-10 * day)}, func(e oplog.Entry) bool { return !e.Time.Before(nodetest.Morning.Add(-10 * day)) }},
}

// TestFeedAgainstOracle: whatever arrives and is deleted between pages, a feed agrees with a plain list.
func TestFeedAgainstOracle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLog(t)
		defer l.Stop()
		l.retention("acme", 30)
		number := 0
		draw := func() oplog.Entry {
			number++
			e := dated(fmt.Sprint(number), rapid.IntRange(0, 29).Draw(rt, "days ago"))
			e.User.ID = rapid.SampledFrom([]string{"u1", "u2"}).Draw(rt, "user")
			e.Module = rapid.SampledFrom([]string{"sms", "email"}).Draw(rt, "module")
			e.Content.Name = rapid.SampledFrom([]string{"red", "blue"}).Draw(rt, "content")
			return nodetest.InOrganization(rapid.SampledFrom([]string{"root", "east", "shop", "west"}).Draw(rt, "organization"), e)
		}
		add := func() {
			_, err := l.Journal.Append(context.Background(), "acme", rapid.SliceOfN(rapid.Custom(func(*rapid.T) oplog.Entry { return draw() }), 1, 20).Draw(rt, "entries"))
			if err != nil && oplog.CodeOf(err) != oplog.CodeInvalid { // a deleted day rejects entries
				rt.Fatal(err)
			}
		}
		add()
		f := rapid.SampledFrom(feedFilters).Draw(rt, "filter")
		first := rapid.Uint64Range(0, 3).Draw(rt, "after")
		first = min(first, must(l.Journal.Feed(t.Context(), "acme", oplog.Query{}, 0, 1)).LastSeq)
		limit := rapid.IntRange(1, 12).Draw(rt, "limit")
		got := make(map[uint64]bool)
		for after, last := first, uint64(0); last == 0 || after < last; {
			feed, err := l.Journal.Feed(context.Background(), "acme", f.q, after, limit)
			if err != nil || len(feed.Entries) > limit || feed.NextAfterSeq < after || feed.NextAfterSeq > feed.LastSeq {
				rt.Fatalf("after %d: %d entries, on to %d of %d, %v", after, len(feed.Entries), feed.NextAfterSeq, feed.LastSeq, err)
			}
			for _, e := range feed.Entries {
				if e.Seq <= after || !f.through(e) {
					rt.Fatalf("after %d came %+v", after, e)
				}
				after = e.Seq
				got[e.Seq] = true
			}
			after, last = feed.NextAfterSeq, feed.LastSeq
			switch rapid.SampledFrom([]string{"nothing", "nothing", "append", "retain"}).Draw(rt, "step") {
			case "append":
				if number < 100 {
					add()
					last++ // there may be more
				}
			case "retain":
				l.Clock.Advance(day)
				l.retain()
			}
		}
		l.Must(nil, l.Store.Arrivals(context.Background(), "acme", first+1, 0, func(e oplog.Entry) error {
			if f.through(e) && !got[e.Seq] {
				rt.Fatalf("entry %d is missing", e.Seq)
			}
			return nil
		}))
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// BenchmarkFeed reads pages of 1,000 entries, and searches for entries that do not exist.
func BenchmarkFeed(b *testing.B) {
	l := nodetest.OpenFull(b)
	for name, q := range map[string]oplog.Query{
		"page": {}, "nobody": {Filters: oplog.Filters{Values: oplog.Values{Users: []string{"nobody"}}}}, "nothing": {Filters: oplog.Filters{Search: "nothing"}},
	} {
		b.Run(name, func(b *testing.B) {
			looked := uint64(0)
			for b.Loop() {
				looked += must(l.Journal.Feed(b.Context(), demo.Tenant().ID, q, 0, journal.MaxFeedSize)).NextAfterSeq
			}
			b.ReportMetric(float64(looked)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
