package formats

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gocarina/gocsv"
)

// lineWriter writes the lines of RFC 4180, ended by CRLF. It stands in for the
// writer of encoding/csv, which in CRLF mode drops the CRs of a cell and turns
// its LFs into CRLF: an exported text is the recorded one, line breaks too. A
// cell that a spreadsheet would run as a formula is written with a leading
// apostrophe.
type lineWriter struct {
	out *bufio.Writer
	err error // of the first write that failed
}

func newLineWriter(w io.Writer) *lineWriter { return &lineWriter{out: bufio.NewWriterSize(w, 64<<10)} }

var _ gocsv.CSVWriter = (*lineWriter)(nil)

// Write adds one line.
func (w *lineWriter) Write(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			w.raw(",")
		}
		guard := ""
		if isFormula(cell) {
			guard = "'"
		}
		if !quoted(cell) && !looksGuarded(cell) {
			w.raw(guard)
			w.raw(cell)
			continue
		}
		w.raw(`"`)
		w.raw(guard)
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

// quoted reports whether a cell needs quotation marks: for what RFC 4180 says,
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

// formulaStarts are the characters at which a spreadsheet starts to read a
// cell as a formula, or skips to the next character and looks again.
const formulaStarts = "=+-@＝＋－＠\t\r\n"

// isFormula reports whether a spreadsheet would run a text as a formula.
func isFormula(text string) bool {
	if text == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune(formulaStarts, first)
}

// looksGuarded reports whether a text is what a formula is written as. One that
// was recorded so is written within quotation marks, also where RFC 4180 asks
// for none: to a reader of CSV it is the same text, and [unguarded] can tell.
func looksGuarded(text string) bool { return text != "" && text[0] == '\'' && isFormula(text[1:]) }

// unguarded returns the text that a cell of an export stands for; inQuotes tells
// whether it stands within quotation marks that the writer may have meant. Where
// RFC 4180 asks for them they tell nothing: a text with a comma, a quotation
// mark, a line break or a space at its end, which was recorded with an apostrophe
// before a formula, loses it.
func unguarded(cell string, inQuotes bool) string {
	if !looksGuarded(cell) || inQuotes && !quoted(cell) {
		return cell
	}
	return cell[1:]
}

func (w *lineWriter) raw(s string) {
	if _, err := w.out.WriteString(s); err != nil && w.err == nil {
		w.err = err
	}
}

// Flush does nothing: gocsv asks for it after every batch of rows, and the
// buffer is handed on when it is full.
func (w *lineWriter) Flush() {}

// Error returns the error of the first write that failed.
func (w *lineWriter) Error() error { return w.err }

// Close hands on what is buffered.
func (w *lineWriter) Close() error {
	if err := w.out.Flush(); err != nil && w.err == nil {
		w.err = err
	}
	return w.err
}
