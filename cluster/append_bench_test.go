package cluster

import (
	"context"
	"fmt"
	"testing"

	"oplog/oplog"
)

// BenchmarkAppend appends on a single store, on three nodes at the one that leads, and at another, all in this process: one entry at a time from
// one sender and from 64, and batches of 500 from 8.
func BenchmarkAppend(b *testing.B) {
	stores := []struct {
		name string
		open func(b *testing.B) oplog.Store
	}{
		{"single", func(b *testing.B) oplog.Store {
			db := openStore(b, b.TempDir())
			b.Cleanup(func() { _ = db.Close() })
			return db
		}},
		{"leader", func(b *testing.B) oplog.Store { return benchTrio(b).leader().node().Store() }},
		{"follower", func(b *testing.B) oplog.Store { return benchTrio(b).follower().node().Store() }},
	}
	for _, load := range []struct{ senders, size int }{{1, 1}, {64, 1}, {8, 500}} {
		for _, s := range stores {
			b.Run(fmt.Sprintf("senders=%d/size=%d/%s", load.senders, load.size, s.name), func(b *testing.B) {
				benchAppend(b, s.open(b), load.senders, load.size)
			})
		}
	}
}

func benchTrio(b *testing.B) *trio {
	b.Helper()
	return newNodes(b, "", 3, defaultTiming)
}

func benchAppend(b *testing.B, s oplog.Store, senders, size int) {
	b.Helper()
	work := make(chan int)
	done := make(chan error, senders)
	b.ResetTimer()
	for range senders {
		go func() {
			var failed error
			entries := make([]oplog.Entry, size)
			for range work {
				for i := range entries {
					entries[i] = testEntry("")
				}
				if _, err := s.Append(context.Background(), "acme", entries, 0); err != nil {
					failed = err
				}
			}
			done <- failed
		}()
	}
	for i := range b.N {
		work <- i
	}
	close(work)
	for range senders {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "entries/s")
}
