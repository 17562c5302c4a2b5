package journal_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oplog/demo"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// BenchmarkAppend records entries one by one from 64 goroutines, each waiting for its acknowledgement, which follows the sync of its
// transaction; without ids and with random ids.
func BenchmarkAppend(b *testing.B) {
	for _, name := range []string{"plain", "ids"} {
		b.Run(name, func(b *testing.B) { benchmarkAppend(b, name == "ids") })
	}
}

func benchmarkAppend(b *testing.B, ids bool) {
	l := nodetest.Open(b, b.TempDir())
	entries := nodetest.Generate(100_000)
	const senders = 64
	var next atomic.Int64
	var group sync.WaitGroup
	latencies := make([][]time.Duration, senders)
	b.ResetTimer()
	for s := range senders {
		group.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				e := entries[i%int64(len(entries))]
				if ids {
					e.ID = strconv.FormatUint(rand.Uint64(), 36)
				}
				start := time.Now()
				if _, err := l.Journal.Append(context.Background(), demo.Tenant().ID, []oplog.Entry{e}); err != nil {
					b.Error(err)
					return
				}
				latencies[s] = append(latencies[s], time.Since(start))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	reportMedian(b, slices.Concat(latencies...))
}

// BenchmarkQuery requests the newest page of 50 and the summary, with each filter, over a log of a million entries.
func BenchmarkQuery(b *testing.B) {
	l := nodetest.OpenFull(b)
	now := time.Now()
	for _, query := range []struct {
		name string
		oplog.Query
	}{
		{"newest", oplog.Query{}},
		{"last 7 days", oplog.Query{Range: oplog.RangeLast7Days}},
		{"last 30 days", oplog.Query{Range: oplog.RangeLast30Days}},
		{"common word", oplog.Query{Filters: oplog.Filters{Search: "vip"}}},
		{"prefix", oplog.Query{Filters: oplog.Filters{Search: "me"}}},
		{"2 Chinese characters", oplog.Query{Filters: oplog.Filters{Search: "会员"}}},
		{"1 Chinese character", oplog.Query{Filters: oplog.Filters{Search: "双"}}},
		{"5 Chinese characters", oplog.Query{Filters: oplog.Filters{Search: "双11返场主会场"}}},
		{"phrase", oplog.Query{Filters: oplog.Filters{Search: `"black friday"`}}},
		{"excluded word", oplog.Query{Filters: oplog.Filters{Search: "-vip"}}},
		{"excluded user", oplog.Query{Filters: oplog.Filters{Not: oplog.Values{Users: []string{nodetest.Generate(1)[0].User.ID}}}}},
		{"excluded outcome", oplog.Query{Filters: oplog.Filters{Not: oplog.Values{Outcomes: []string{oplog.OutcomeSuccess}}}}},
		{"last 30 days, excluded word", oplog.Query{Range: oplog.RangeLast30Days, Filters: oplog.Filters{Search: "-vip"}}},
		{"outcome", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Outcomes: []string{oplog.OutcomeFailure}}}}},
		{"network", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{IPs: []string{"10.200.0.0/16"}}}}},
		{"module by title", oplog.Query{Filters: oplog.Filters{Search: "短信"}}},
		{"user", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Users: []string{nodetest.Generate(1)[0].User.ID}}}}},
		{"operation types", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Operations: []string{"delete", "send", "batch_delete"}}}}},
		{"modules", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Modules: []string{"wechat_page", "customer"}}}}},
		{"organization subtree", oplog.Query{Filters: oplog.Filters{Values: oplog.Values{Organizations: []string{demo.Organizations()[2].ID}}}}},
		{"all combined", oplog.Query{
			From: now.AddDate(0, 0, -45), To: now.AddDate(0, 0, -3),
			Filters: oplog.Filters{
				Search: "会员", Values: oplog.Values{Operations: []string{"create", "edit"}, Modules: []string{"wechat_page", "sms", "email"},
					Organizations: []string{demo.Organizations()[0].ID}},
			},
		}},
	} {
		b.Run("page/"+query.name, func(b *testing.B) {
			measure(b, func() error {
				_, err := l.Journal.Page(context.Background(), demo.Tenant().ID, query.Query, oplog.DefaultPageSize, "")
				return err
			})
		})
		b.Run("summary/"+query.name, func(b *testing.B) {
			var total int
			measure(b, func() error {
				s, err := l.Journal.Summary(context.Background(), demo.Tenant().ID, query.Query, oplog.LocaleEN)
				total = s.Total
				return err
			})
			b.ReportMetric(float64(total), "matches")
		})
	}
}

func measure(b *testing.B, ask func() error) {
	var latencies []time.Duration
	for b.Loop() {
		start := time.Now()
		if err := ask(); err != nil {
			b.Fatal(err)
		}
		latencies = append(latencies, time.Since(start))
	}
	reportMedian(b, latencies)
}

func reportMedian(b *testing.B, latencies []time.Duration) {
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, "p99-ms")
}
