package clickhouse

import (
	"testing"

	"oplog/archive/archivetest"
	"oplog/oplog"
)

// A log some of whose days are on ClickHouse answers as one without an archive, by each method of the store.
func TestJoinedStoreOnClickHouse(t *testing.T) {
	shards := []*Shard{openShard(t), openShard(t)}
	for _, s := range shards {
		if err := s.MakeTable(ctx, testTenant, false); err != nil {
			t.Fatal(err)
		}
	}
	w := archivetest.NewTwin(t, testTenant, 14, 60, 21, shards[0], shards[1])
	for step, date := range w.Dates[:len(w.Dates)-2] {
		w.Ship(date, step/3%2)
		if step%4 != 3 {
			w.Remove(date)
		}
		for seed := range uint64(8) {
			if err := w.Compare(uint64(step)<<8 + seed); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// BenchmarkOlderOnClickHouse reads archived days as exports do.
func BenchmarkOlderOnClickHouse(b *testing.B) {
	s := openShard(b)
	if err := s.MakeTable(ctx, testTenant, false); err != nil {
		b.Fatal(err)
	}
	w := archivetest.NewTwin(b, testTenant, 4, 20_000, 21, s)
	for _, date := range w.Dates {
		w.Ship(date, 0)
		w.Remove(date)
	}
	for b.Loop() {
		var into oplog.ReadBuffer
		n := 0
		for before := oplog.MakeKey(archivetest.FirstDate.AddDate(1, 0, 0), 0); ; {
			found, err := w.Joined.Older(testTenant, before, oplog.Key{}, 256, &into)
			if err != nil {
				b.Fatal(err)
			}
			if n += len(found); len(found) < 256 {
				break
			}
			before = found[255].Key()
		}
		if n != 80_000 {
			b.Fatalf("%d entries", n)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
	}
}
