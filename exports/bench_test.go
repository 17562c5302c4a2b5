package exports_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"oplog/demo"
	"oplog/exports"
	"oplog/exports/formats"
	"oplog/node"
	"oplog/node/nodetest"
	"oplog/oplog"
)

// BenchmarkExport writes whole logs to files, as an export without filters does, and reports its peak memory beyond that of an idle log.
func BenchmarkExport(b *testing.B) {
	l := nodetest.OpenFull(b, formats.CSV, formats.NDJSON, formats.XLSX)
	for _, x := range []struct {
		name, format string
		oplog.Filters
	}{
		{"csv", "csv", oplog.Filters{}},
		{"ndjson", "ndjson", oplog.Filters{}},
		{"csv of a module", "csv", oplog.Filters{Values: oplog.Values{Modules: []string{"wechat_page"}}}},
		{"xlsx of a module", "xlsx", oplog.Filters{Values: oplog.Values{Modules: []string{"wechat_page"}}}},
	} {
		b.Run(x.name, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "log")
			rows, top := 0, int64(0)
			for b.Loop() {
				idle := inUse()
				stop := watch(func() { top = max(top, heapNow()-idle) })
				rows += writeExport(b, l, exports.Export{Format: x.format, Filters: x.Filters}, file)
				stop()
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(top)/(1<<20), "MiB-more")
		})
	}
}

func writeExport(b *testing.B, l *node.Node, x exports.Export, path string) int {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	done, _, err := l.Exports.Write(context.Background(), always(x), f, func(int, int) {})
	if err != nil {
		b.Fatal(err)
	}
	return done.RowsDone
}

// always sets a period that includes every entry.
func always(x exports.Export) exports.Export {
	x.Tenant, x.Locale, x.Range = demo.Tenant().ID, oplog.LocaleEN, oplog.RangeCustom
	x.From, x.To = time.Unix(0, 0), time.Now().AddDate(1, 0, 0)
	return x
}

// BenchmarkDuringExport reports the latency of appends and queries on an idle log, and while exports are written one after another.
func BenchmarkDuringExport(b *testing.B) {
	l := nodetest.OpenFull(b, formats.CSV)
	tenant := demo.Tenant().ID
	one := nodetest.Generate(1)
	ctx := context.Background()
	for _, exporting := range []bool{false, true} {
		name := "alone"
		if exporting {
			name = "during an export"
		}
		b.Run(name, func(b *testing.B) {
			running, stop := context.WithCancel(ctx)
			var writers sync.WaitGroup
			rows := 0 // exported
			if exporting {
				writers.Go(func() {
					for running.Err() == nil {
						before := rows
						count := func(done, _ int) { rows = before + done }
						if _, _, err := l.Exports.Write(running, always(exports.Export{Format: "csv"}), io.Discard, count); err != nil && running.Err() == nil {
							b.Error(err)
							return
						}
					}
				})
			}
			var appends, pages, summaries []time.Duration
			timed := func(into *[]time.Duration, do func() error) {
				start := time.Now()
				if err := do(); err != nil {
					b.Fatal(err)
				}
				*into = append(*into, time.Since(start))
			}
			for b.Loop() {
				timed(&appends, func() error { _, err := l.Journal.Append(ctx, tenant, one); return err })
				timed(&pages, func() error {
					_, err := l.Journal.Page(ctx, tenant, oplog.Query{}, oplog.DefaultPageSize, "")
					return err
				})
				timed(&summaries, func() error {
					_, err := l.Journal.Summary(ctx, tenant, oplog.Query{Filters: oplog.Filters{Search: "会员"}}, oplog.LocaleEN)
					return err
				})
			}
			stop()
			writers.Wait()
			if exporting {
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			}
			for name, latencies := range map[string][]time.Duration{"append": appends, "page": pages, "summary": summaries} {
				slices.Sort(latencies)
				b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, name+"-p50-ms")
				b.ReportMetric(float64(latencies[len(latencies)*99/100].Microseconds())/1000, name+"-p99-ms")
			}
		})
	}
}

// inUse returns the size of the heap after garbage collection.
func inUse() int64 {
	runtime.GC()
	return heapNow()
}

func heapNow() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// watch calls look repeatedly until it is stopped.
func watch(look func()) (stop func()) {
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(20 * time.Millisecond):
				look()
			}
		}
	})
	return func() { close(ended); watching.Wait() }
}
