package export

import (
	"fmt"
	"io"

	"oplog/oplog"
)

// CSV is the format for spreadsheets: UTF-8 with a byte order mark, CRLF,
// RFC 4180, the header in the reader's language, times in the tenant's zone.
var CSV = oplog.ExportFormat{Name: "csv", ContentType: "text/csv; charset=utf-8", New: newCSV}

// byteOrderMark tells Excel that the file is UTF-8.
const byteOrderMark = "\ufeff"

type csvWriter struct {
	texts *texts
	lines *lineWriter
}

func newCSV(w io.Writer, t oplog.ExportTerms) (oplog.EntryWriter, error) {
	c := &csvWriter{texts: newTexts(t), lines: newLineWriter(w)}
	c.lines.raw(byteOrderMark)
	if err := c.lines.write(c.texts.header()); err != nil {
		return nil, fmt.Errorf("write the CSV header: %w", err)
	}
	return c, nil
}

// Write adds a line for each entry.
func (c *csvWriter) Write(entries []oplog.Entry) error {
	for i := range entries {
		if err := c.lines.write(c.texts.row(&entries[i])); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	return nil
}

// Close writes what is still held back.
func (c *csvWriter) Close() error {
	if err := c.lines.close(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
