package formats

import (
	"bufio"
	"io"
	"strings"

	"github.com/gocarina/gocsv"
)

// lineWriter writes lines of RFC 4180, terminated by CRLF. It replaces the writer of encoding/csv, which in CRLF mode drops CRs within
// cells and turns LFs into CRLF: exported text must equal the recorded text, line breaks included. What a spreadsheet could execute
// as a formula gets a leading apostrophe.
type lineWriter struct {
	out *bufio.Writer
	err error // the first write error
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{out: bufio.NewWriterSize(w, 64<<10)} }

var _ gocsv.CSVWriter = (*lineWriter)(nil)

// Write adds one line.
func (w *lineWriter) Write(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			w.raw(",")
		}
		recordedSo := looksGuarded(cell)
		cell = guarded(cell)
		if !recordedSo && !quoted(cell) {
			w.raw(cell)
			continue
		}
		w.raw(`"`)
		for {
			quote := strings.IndexByte(cell, '"')
			if quote < 0 {
				break
			}
			w.raw(cell[:quote])
			w.raw(`""`)
			cell = cell[quote+1:]
		}
		w.raw(cell)
		w.raw(`"`)
	}
	w.raw("\r\n")
	return w.err
}

// quoted reports whether a cell needs quotation marks: by RFC 4180, and for leading or trailing spaces, which some readers strip otherwise.
func quoted(cell string) bool {
	if cell == "" {
		return false
	}
	if cell[0] == ' ' || cell[len(cell)-1] == ' ' {
		return true
	}
	for i := range len(cell) {
		switch cell[i] {
		case ',', '"', '\r', '\n':
			return true
		}
	}
	return false
}

func (w *lineWriter) raw(s string) {
	if _, err := w.out.WriteString(s); err != nil && w.err == nil {
		w.err = err
	}
}

// Flush does nothing: gocsv calls it after every batch of rows, but the buffer is flushed when it is full.
func (w *lineWriter) Flush() {}

// Error returns the first write error.
func (w *lineWriter) Error() error { return w.err }

// Close flushes the buffer.
func (w *lineWriter) Close() error {
	if err := w.out.Flush(); err != nil && w.err == nil {
		w.err = err
	}
	return w.err
}
