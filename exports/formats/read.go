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

// maxLine limits the length of an imported line, in bytes of UTF-8: no valid entry is longer.
const maxLine = 1 << 20

// Source is a file of entries to import: CSV, NDJSON, JSON or an Excel workbook, optionally gzipped.
//
// CSV files and sheets have either the header of an export, in any language, with times in the tenant's zone, titles of modules and
// operations, and in CSV guarded formulas, whose apostrophe is removed; or field names such as user_id, with values as they are. Columns
// may be in any order, and optional ones may be missing. Cells may be separated by commas, semicolons or tabs, and rows may precede the
// header.
//
// JSON has entries as sent or as exported: one per line, concatenated, in an array, or in an array within an object.
type Source struct {
	form     string
	detail   string
	text     *textReader // nil for a workbook
	gzip     bool
	next     func() (oplog.ImportLine, error)
	position func(number int) string // nil if numbers are line numbers
	close    func() error
}

// Open detects a file's type from its beginning. The options are those of the importing tenant. The caller closes the source.
func Open(file io.Reader, terms oplog.ExportOptions) (*Source, error) {
	s := &Source{close: func() error { return nil }}
	plain, err := s.inflated(file)
	if err != nil {
		return nil, err
	}
	start, err := plain.Peek(window)
	if len(start) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("cannot read the file: %w", err)
		}
		return nil, errEmpty
	}
	if isZip(start) {
		return s, s.openWorkbook(plain, terms)
	}
	if err := rejectKind(start); err != nil {
		return nil, err
	}
	if s.text, err = newTextReader(plain); err != nil {
		return nil, err
	}
	return s, s.openText(terms)
}

// openText opens a text file.
func (s *Source) openText(terms oplog.ExportOptions) error {
	in := bufio.NewReaderSize(s.text, window)
	skipMark(in)
	start, err := in.Peek(window)
	switch {
	case errors.As(err, new(encodingError)):
		return err
	case err != nil && !errors.Is(err, io.EOF):
		return fmt.Errorf("cannot read the file: %w", err)
	case len(bytes.TrimSpace(start)) == 0:
		return errEmpty
	}
	if bytes.IndexByte(start, '\n') < 0 && bytes.IndexByte(start, '\r') >= 0 {
		in = bufio.NewReaderSize(oldMac{in}, window) // lines end with CR as on Mac OS 9, which Excel still writes
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

// String describes the file in one line.
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

// Position returns the position of a line number in the file, for messages.
func (s *Source) Position(number int) string {
	if s.position != nil {
		return s.position(number)
	}
	return fmt.Sprintf("line %d", number)
}

// Lines reads the entries, once. A line without a valid entry has an error; an error of the sequence ends the file.
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

// Close removes temporary files.
func (s *Source) Close() error { return s.close() }

// inflated returns the file's content, decompressed if necessary.
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

// inflating translates errors of gzip for users.
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
		_, _ = in.Discard(len(byteOrderMark)) // peeked before
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
