package formats

import (
	"encoding/csv"
	"io"
	"testing"

	"oplog/oplog"
)

const benchChunk = 2000

func benchEntries() []oplog.Entry {
	entries := make([]oplog.Entry, benchChunk)
	for i := range entries {
		entries[i] = sample()[i%3]
	}
	return entries
}

func reportRows(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchChunk, "ns/row")
}

// BenchmarkEncodingCSV is the baseline of BenchmarkCSV: the same rows through the standard library alone.
func BenchmarkEncodingCSV(b *testing.B) {
	entries, loc := benchEntries(), shanghai(b)
	c := newTexts(oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: loc})
	w := csv.NewWriter(io.Discard)
	w.UseCRLF = true
	for b.Loop() {
		for i := range entries {
			row := c.row(&entries[i])
			for at := range row[1:] {
				row[at+1] = guarded(row[at+1])
			}
			if err := w.Write(row); err != nil {
				b.Fatal(err)
			}
		}
		w.Flush()
	}
	reportRows(b)
}

func BenchmarkCSV(b *testing.B)    { benchmark(b, CSV) }
func BenchmarkNDJSON(b *testing.B) { benchmark(b, NDJSON) }
func BenchmarkXLSX(b *testing.B)   { benchmark(b, XLSX) }

func benchmark(b *testing.B, format oplog.ExportFormat) {
	entries := benchEntries()
	w, err := format.New(io.Discard, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(b)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := w.Write(entries); err != nil {
			b.Fatal(err)
		}
	}
	reportRows(b)
}
