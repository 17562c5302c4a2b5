package search

import (
	"testing"

	"oplog/oplog"
)

// BenchmarkBuild builds a segment of 8,192 entries in memory.
func BenchmarkBuild(b *testing.B) {
	entries := make([]oplog.Entry, 8<<10)
	for i := range entries {
		entries[i] = plainEntry(i, -i)
		entries[i].Seq = uint64(i + 1)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := buildImage(inMemory(entries)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(entries)), "ns/entry")
}
