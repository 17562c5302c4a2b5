package formats

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"oplog/oplog"
)

// maxLine bounds a line of a file that is read, in bytes of UTF-8: no entry that
// the log takes needs as much.
const maxLine = 1 << 20

// Source is a file that entries are read from: CSV, NDJSON, JSON or an Excel
// workbook, which may be gzipped.
//
// CSV and sheets have either the header of an export, in any language, with
// times in the tenant's zone, titles of modules and operations, and in CSV cells
// guarded against formulas, whose apostrophe is taken off; or the names of an
// entry's fields, such as user_id, with texts as they are. Columns may stand in
// any order, and those that may be left out may be missing. Cells may be parted
// by commas, semicolons or tabs, and rows may stand above the header.
//
// JSON has entries as they are sent, or as they are exported: one a line, one
// after another, in an array, or in an array that an object holds.
type Source struct {
	form   string
	detail string
	text   *textReader // nil for a workbook
	gzip   bool
	next   func() (oplog.ImportLine, error)
	place  func(number int) string // nil where numbers are those of lines
	close  func() error
}

// Open tells what a file is by how it begins. Terms are those of the tenant that
// takes the entries. The caller closes the source.
func Open(file io.Reader, terms oplog.ExportOptions) (*Source, error) {
	s := &Source{close: func() error { return nil }}
	plain, err := s.inflated(file)
	if err != nil {
		return nil, err
	}
	start, err := plain.Peek(window)
	if len(start) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the file cannot be read: %w", err)
		}
		return nil, errEmpty
	}
	if isZip(start) {
		return s, s.openWorkbook(plain, terms)
	}
	if err := refuseKind(start); err != nil {
		return nil, err
	}
	if s.text, err = newTextReader(plain); err != nil {
		return nil, err
	}
	return s, s.openText(terms)
}

// openText reads a file of text.
func (s *Source) openText(terms oplog.ExportOptions) error {
	in := bufio.NewReaderSize(s.text, window)
	skipMark(in)
	start, err := in.Peek(window)
	switch {
	case errors.As(err, new(encodingError)):
		return err
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("the file cannot be read: %w", err)
	case len(bytes.TrimSpace(start)) == 0:
		return errEmpty
	}
	if bytes.IndexByte(start, '\n') < 0 && bytes.IndexByte(start, '\r') >= 0 {
		in = bufio.NewReaderSize(oldMac{in}, window) // lines of Mac OS 9, which Excel still writes
		start, _ = in.Peek(window)
	}
	switch bytes.TrimSpace(start)[0] {
	case '<':
		return errMarkup
	case '{', '[':
		return s.openJSON(in, start, terms)
	}
	return s.openCSV(in, start, terms)
}

var errEmpty = errors.New("the file is empty; a CSV header or JSON entries are required")

// String says in one line what the file is.
func (s *Source) String() string {
	parts := []string{s.form}
	if s.text != nil {
		parts = append(parts, s.text.encoding)
	}
	if s.detail != "" {
		parts = append(parts, s.detail)
	}
	if s.gzip {
		parts = append(parts, "gzipped")
	}
	return strings.Join(parts, ", ")
}

// Place names the place of a line's number in the file, for people.
func (s *Source) Place(number int) string {
	if s.place != nil {
		return s.place(number)
	}
	return fmt.Sprintf("line %d", number)
}

// Lines reads the entries, once. A line that holds no entry comes with the
// reason; an error ends the file.
func (s *Source) Lines() iter.Seq2[oplog.ImportLine, error] {
	return func(yield func(oplog.ImportLine, error) bool) {
		for {
			line, err := s.next()
			if errors.Is(err, io.EOF) || !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// Close removes what reading has left in temporary files.
func (s *Source) Close() error { return s.close() }

// inflated returns what a file holds, without its compression.
func (s *Source) inflated(file io.Reader) (*bufio.Reader, error) {
	raw := bufio.NewReaderSize(file, window)
	if magic, _ := raw.Peek(2); string(magic) != "\x1f\x8b" {
		return raw, nil
	}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return nil, inflating{}.plainly(err)
	}
	s.gzip = true
	return bufio.NewReaderSize(inflating{z}, window), nil
}

// inflating says in plain words why gzip cannot be read.
type inflating struct{ *gzip.Reader }

func (i inflating) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	return n, i.plainly(err)
}

func (inflating) plainly(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the gzip data is truncated; copy the file again")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return errors.New("the gzip data is damaged; copy the file again")
	}
	return err
}

func skipMark(in *bufio.Reader) {
	if mark, _ := in.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = in.Discard(len(byteOrderMark)) // was seen
	}
}

// oldMac reads CR as LF.
type oldMac struct{ io.Reader }

func (m oldMac) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	for i, c := range p[:n] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}
