package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"oplog/oplog"
)

// maxLine bounds a line of a file that is read, in bytes: no entry that the log
// takes needs as much.
const maxLine = 1 << 20

// Read reads the entries of a CSV or NDJSON file, which may be gzipped; what it
// is is told by how it begins. Terms are those of the tenant that takes the
// entries. A line that holds no entry comes with the reason; an error ends the
// file.
//
// CSV has either the header of an export, in any language, with times in the
// tenant's zone, titles of modules and operations, and cells guarded against
// formulas, whose apostrophe is taken off; or the names of an entry's fields, such as user_id, with texts as
// they are. Columns may stand in any order, and those that may be left out may
// be missing.
//
// NDJSON has entries as they are sent, or as they are exported.
func Read(file io.Reader, terms oplog.ExportTerms) iter.Seq2[oplog.ImportLine, error] {
	return func(yield func(oplog.ImportLine, error) bool) {
		plain, err := inflated(file)
		if err != nil {
			yield(oplog.ImportLine{}, err)
			return
		}
		skipMark(plain)
		lines := &physicalLines{in: plain}
		next := readNDJSON(lines)
		if !startsObject(plain) {
			if next, err = readCSV(lines, terms); err != nil {
				yield(oplog.ImportLine{}, err)
				return
			}
		}
		for {
			line, err := next()
			if errors.Is(err, io.EOF) || !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// inflated returns what a file holds, without its compression.
func inflated(file io.Reader) (*bufio.Reader, error) {
	raw := bufio.NewReaderSize(file, 64<<10)
	if magic, _ := raw.Peek(2); string(magic) != "\x1f\x8b" {
		return raw, nil
	}
	z, err := gzip.NewReader(raw)
	if err != nil {
		return nil, fmt.Errorf("the file is damaged gzip: %w", err)
	}
	return bufio.NewReaderSize(z, 64<<10), nil
}

func skipMark(in *bufio.Reader) {
	if mark, _ := in.Peek(len(byteOrderMark)); string(mark) == byteOrderMark {
		_, _ = in.Discard(len(byteOrderMark)) // was seen
	}
}

// startsObject tells JSON from CSV.
func startsObject(in *bufio.Reader) bool {
	start, _ := in.Peek(in.Size())
	return bytes.HasPrefix(bytes.TrimLeft(start, " \t\r\n"), []byte("{"))
}

// physicalLines reads lines with their line breaks, and counts them.
type physicalLines struct {
	in     *bufio.Reader
	number int      // of the line that was read last
	again  []string // lines that are read once more
}

// lineError says why a line is none that can be read.
type lineError string

func (e lineError) Error() string { return string(e) }

const errLongLine = lineError("is longer than 1 MiB")

// next returns a line, io.EOF after the last, or errLongLine, after which the
// next can be read.
func (p *physicalLines) next() (string, error) {
	if len(p.again) > 0 {
		line := p.again[0]
		p.again = p.again[1:]
		p.number++
		return line, nil
	}
	var line strings.Builder
	long := false
	for {
		piece, err := p.in.ReadSlice('\n')
		if long = long || line.Len()+len(piece) > maxLine; !long {
			line.Write(piece)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && line.Len() == 0 && !long:
			return "", io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("the file cannot be read after line %d: %w", p.number, err)
		}
		if p.number++; long {
			return "", errLongLine
		}
		return line.String(), nil
	}
}

// unread has lines read once more.
func (p *physicalLines) unread(lines []string) {
	p.again = append(lines, p.again...)
	p.number -= len(lines)
}

// withoutBreak returns a line without its line break.
func withoutBreak(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
}
