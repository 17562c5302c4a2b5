package storage

import (
	"context"
	"slices"
	"testing"
	"time"

	"oplog/oplog"
)

// BenchmarkHead measures what the head file adds to the transaction of a single sender, with and without it in turn.
func BenchmarkHead(b *testing.B) {
	db, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	head := db.head
	b.Cleanup(func() {
		db.head = head
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	var took [2][]time.Duration
	n := 0
	for b.Loop() {
		for _, way := range [][]int{{0, 1}, {1, 0}}[n%2] {
			db.head = []*headFile{nil, head}[way] // the committer reads it in the next transaction
			began := time.Now()
			if _, err := db.Append(context.Background(), "acme", []oplog.Entry{entry(n, "x")}, 0); err != nil {
				b.Fatal(err)
			}
			took[way] = append(took[way], time.Since(began))
		}
		n++
	}
	for way, unit := range []string{"µs-without", "µs-with"} {
		slices.Sort(took[way])
		b.ReportMetric(float64(took[way][len(took[way])/2].Nanoseconds())/1e3, unit)
	}
}
