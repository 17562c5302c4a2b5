package storage

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"

	"oplog/oplog"
)

// benchStore makes a store with entries of several days, every third with a sender's id.
func benchStore(b *testing.B, dir string, n int) *DB {
	b.Helper()
	db, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; i < n; {
		var entries []oplog.Entry
		for ; len(entries) < 10_000; i++ {
			e := entry((n-i)/60, fmt.Sprint("Content of the operation number ", i))
			e.IP, e.UserAgent, e.Organization = "10.24.8.113", "Mozilla/5.0 (X11; Linux x86_64)", oplog.Ref{ID: "east-shanghai", Name: "Shanghai Studio"}
			if i%3 == 0 {
				e.ID = fmt.Sprint("order-", i)
			}
			entries = append(entries, e)
		}
		if _, err := db.Append(context.Background(), "acme", entries, 0); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

func BenchmarkVerify(b *testing.B) {
	const n = 300_000
	db := benchStore(b, b.TempDir(), n)
	defer db.Close()
	for b.Loop() {
		v, err := db.Verify(context.Background(), "acme", nil, func(_, _ uint64) {})
		if err != nil || v.Bad > 0 || v.Size != n {
			b.Fatal(v, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkOpen opens a store with a million entries, or as many as OPLOG_BENCH_ENTRIES says.
func BenchmarkOpen(b *testing.B) {
	n := 1_000_000
	if set, err := strconv.Atoi(os.Getenv("OPLOG_BENCH_ENTRIES")); err == nil {
		n = set
	}
	dir := b.TempDir()
	db := benchStore(b, dir, n)
	for b.Loop() {
		b.StopTimer()
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		var err error
		if db, err = Open(dir, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	size, err := db.Bytes()
	b.ReportMetric(float64(size)/(1<<20), "MiB")
	if err != nil || db.Close() != nil {
		b.Fatal(err)
	}
}
