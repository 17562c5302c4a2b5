package export

import (
	"bufio"
	"io"
	"strings"

	"github.com/gocarina/gocsv"
)

// lineWriter writes the lines of RFC 4180, ended by CRLF. It stands in for the
// writer of encoding/csv, which in CRLF mode drops the CRs of a cell and turns
// its LFs into CRLF: an exported text is the recorded one, line breaks too.
type lineWriter struct {
	out *bufio.Writer
	err error // of the first write that failed
}

var _ gocsv.CSVWriter = (*lineWriter)(nil)

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{out: bufio.NewWriterSize(w, 64<<10)} }

// Write adds one line.
func (w *lineWriter) Write(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			w.raw(",")
		}
		if !quoted(cell) {
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

// quoted tells whether a cell needs quotation marks: for what RFC 4180 says,
// and for spaces at its ends, which some readers strip otherwise.
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

// Flush does nothing: gocsv asks for it after every few rows, and full buffers
// go out by themselves.
func (w *lineWriter) Flush() {}

// Close hands on what is buffered.
func (w *lineWriter) Close() error {
	if err := w.out.Flush(); err != nil && w.err == nil {
		w.err = err
	}
	return w.err
}

// Error returns the error of the first write that failed.
func (w *lineWriter) Error() error { return w.err }
