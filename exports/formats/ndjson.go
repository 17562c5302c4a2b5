package formats

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"oplog/oplog"
)

// NDJSON is the format for programs: one entry per line, as in API responses, in UTC and with every field.
var NDJSON = oplog.ExportFormat{Name: "ndjson", ContentType: "application/x-ndjson", New: newNDJSON}

type ndjsonWriter struct {
	out     *bufio.Writer
	encoder *json.Encoder
	options oplog.ExportOptions
}

func newNDJSON(w io.Writer, t oplog.ExportOptions) (oplog.EntryWriter, error) {
	out := bufio.NewWriterSize(w, 64<<10)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false) // keep recorded text unescaped
	return &ndjsonWriter{out, encoder, t}, nil
}

// Write adds a line per entry.
func (n *ndjsonWriter) Write(entries []oplog.Entry) error {
	for i := range entries {
		if err := n.encoder.Encode(&entries[i]); err != nil {
			return fmt.Errorf("write NDJSON: %w", err)
		}
		n.options.PauseAt(i, 64)
	}
	return nil
}

// Close flushes the rest.
func (n *ndjsonWriter) Close() error {
	if err := n.out.Flush(); err != nil {
		return fmt.Errorf("write NDJSON: %w", err)
	}
	return nil
}
