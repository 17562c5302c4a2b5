package scrub_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"oplog/oplog"
	"oplog/scrub"
	"oplog/storage"
)

// BenchmarkPage reads pages of 50 entries, in turn with and without a check of the store beside them.
func BenchmarkPage(b *testing.B) {
	const n = 200_000
	db, err := storage.Open(b.TempDir(), storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for part := range n / 10_000 {
		if _, err := db.Append(b.Context(), "acme", entriesFrom(part*10_000, 10_000), 0); err != nil {
			b.Fatal(err)
		}
	}
	var took [2][]time.Duration
	slicesChecked := 0
	for round := 0; b.Loop(); round++ {
		ctx, stop := context.WithCancel(b.Context())
		var running sync.WaitGroup
		c := &counted{Store: db, stop: func() {}}
		if round%2 == 1 {
			running.Go(func() {
				pace := scrub.DefaultPace
				pace.Delay = 0
				scrub.New(c, time.Now).Run(ctx, time.Hour, pace)
			})
		}
		for began := time.Now(); time.Since(began) < time.Second; {
			at := time.Now()
			before := oplog.MakeKey(morning.Add(-time.Duration(len(took[0])*37%n)*time.Second), 0)
			if _, err := db.Older("acme", before, oplog.Key{}, 50, nil); err != nil {
				b.Fatal(err)
			}
			took[round%2] = append(took[round%2], time.Since(at))
		}
		stop()
		running.Wait()
		slicesChecked += c.slices
	}
	for beside, unit := range []string{"-alone", "-checked"} {
		all := took[beside]
		slices.Sort(all)
		if len(all) > 0 {
			b.ReportMetric(float64(all[len(all)/2].Nanoseconds())/1e3, "µs-p50"+unit)
			b.ReportMetric(float64(all[len(all)*99/100].Nanoseconds())/1e3, "µs-p99"+unit)
		}
	}
	b.ReportMetric(float64(slicesChecked)/float64(max(1, b.N/2)), "slices/s")
}
