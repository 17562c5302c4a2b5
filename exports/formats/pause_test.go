package formats

import (
	"io"
	"testing"

	"oplog/oplog"
)

// TestPauses: all formats pause while many rows are written at once; a workbook, which is compressed, most often.
func TestPauses(t *testing.T) {
	f := func(format oplog.ExportFormat, want int) {
		t.Helper()
		pauses := 0
		w, err := format.New(io.Discard, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t), Pause: func() { pauses++ }})
		if err != nil {
			t.Fatal(err)
		}
		many := make([]oplog.Entry, 256)
		for i := range many {
			many[i] = everyColumn("text")
		}
		if err := w.Write(many); err != nil {
			t.Fatal(err)
		}
		if pauses != want {
			t.Errorf("%s pauses %d times in %d rows, want %d", format.Name, pauses, len(many), want)
		}
	}
	f(CSV, 4)
	f(NDJSON, 4)
	f(XLSX, 16)
}
