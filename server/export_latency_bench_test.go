package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"oplog/exports"
	"oplog/oplog"
)

// BenchmarkLatencyDuringExport measures recording and queries over the network on an otherwise idle server, and while exports are written
// one after another.
func BenchmarkLatencyDuringExport(b *testing.B) {
	f := newServer(b)
	const many = 200_000
	for at := 0; at < many; at += 5000 {
		entries := make([]oplog.Entry, 5000)
		for i := range entries {
			n := at + i
			entries[i] = oplog.Entry{
				Time: clock.Add(-time.Duration(n) * 10 * time.Second), User: oplog.User{ID: fmt.Sprint("u", n%500), Name: "Ada"},
				Module: "email", Operation: "send", Content: oplog.Ref{ID: fmt.Sprint(n % 5000), Name: fmt.Sprint("春季促销活动页面 ", n%5000)}, IP: "10.0.0.1",
			}
		}
		must(f.log.Journal.Append(b.Context(), "acme", entries))(b)
	}
	ln := must((&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0"))(b)
	go func() { _ = f.server.Listen(ln) }()
	b.Cleanup(func() { _ = f.server.App().Shutdown() })
	at := fmt.Sprintf("http://%s%s", ln.Addr(), tenantA)
	for _, exporting := range []bool{false, true} {
		name := "alone"
		if exporting {
			name = "during an export"
		}
		b.Run(name, func(b *testing.B) {
			running, stop := context.WithCancel(b.Context())
			var exports sync.WaitGroup
			if exporting {
				exports.Go(func() {
					for running.Err() == nil {
						if _, _, err := f.log.Exports.Write(running, everything(), io.Discard, func(int, int) {}); err != nil && running.Err() == nil {
							b.Error(err)
							return
						}
					}
				})
			}
			times := make(map[string][]time.Duration)
			timed := func(name, caller, method, path, body string) {
				start := time.Now()
				if err := request(http.DefaultClient, method, at+path, f.sent[caller]["Authorization"], body); err != nil {
					b.Fatal(err)
				}
				times[name] = append(times[name], time.Since(start))
			}
			for b.Loop() {
				timed("append", "write", http.MethodPost, "/entries", fullEntry(1))
				timed("page", "read", http.MethodGet, "/entries", "")
				timed("summary", "read", http.MethodGet, "/summary?q=%E6%98%A5%E5%AD%A3", "")
			}
			stop()
			exports.Wait()
			for name, all := range times {
				slices.Sort(all)
				b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
				b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
			}
		})
	}
}

// everything is an export of all entries.
func everything() exports.Export {
	return exports.Export{Tenant: "acme", Format: "csv", Locale: oplog.LocaleEN, Range: oplog.RangeCustom, From: time.Unix(0, 0), To: clock.AddDate(1, 0, 0)}
}
