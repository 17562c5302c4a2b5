package storage

import (
	"context"
	"fmt"
	"testing"

	"oplog/oplog"
)

// BenchmarkVerify verifies entries of several days, every third with a sender's id.
func BenchmarkVerify(b *testing.B) {
	const n = 300_000
	db, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
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
	for b.Loop() {
		v, err := db.Verify(context.Background(), "acme", nil, func(_, _ uint64) {})
		if err != nil || v.Bad > 0 || v.Size != n {
			b.Fatal(v, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "entries/s")
}
