package formats

import (
	"errors"
	"strings"
)

// cellReader reads lines of RFC 4180 as [lineWriter] writes them. It replaces the reader of encoding/csv, which drops the CR of CRLF within
// cells, and reads to the end of the file after an unclosed quotation mark.
type cellReader struct {
	lines *physicalLines
	comma string          // the separator
	cell  strings.Builder // the current quoted cell
	cells []string

	inQuotes []bool // whether each cell is quoted
}

const (
	errStrayQuote = lineError(`has a quotation mark inside an unquoted cell; quote the cell and write the mark as ""`)
	errAfterQuote = lineError("has text between the end of a quoted cell and the next separator")
	errOpenQuote  = lineError("has an unclosed quotation mark")
)

// next returns the cells of the next line, which may span several lines of the file, and the number of its first; io.EOF after the last. A
// lineError concerns only that line: reading continues with the next line of the file.
func (r *cellReader) next() (cells []string, number int, err error) {
	line, err := r.lines.next()
	number = r.lines.number
	if err != nil {
		return nil, number, err
	}
	r.cells, r.inQuotes = r.cells[:0], r.inQuotes[:0]
	var more []readLine
	open, err := r.take(line, false)
	for size := len(line); open && err == nil; {
		line, err = r.lines.next()
		var broken lineError
		if err == nil || errors.As(err, &broken) {
			more = append(more, readLine{line, err})
		}
		if err != nil || size+len(line) > maxLine {
			err = errOpenQuote
			break
		}
		size += len(line)
		open, err = r.take(line, true)
	}
	if err != nil {
		r.lines.unread(more)
	}
	return r.cells, number, err
}

// take reads the cells of a line of the file; open means that the first cell continues from the line before. It reports whether the last
// cell continues on the next line.
func (r *cellReader) take(s string, open bool) (bool, error) {
	for {
		if !open && !strings.HasPrefix(s, `"`) {
			cell, rest, more := strings.Cut(s, r.comma)
			if !more {
				cell = withoutBreak(cell)
			}
			if strings.Contains(cell, `"`) {
				return false, errStrayQuote
			}
			r.cells, r.inQuotes = append(r.cells, cell), append(r.inQuotes, false)
			if s = rest; !more {
				return false, nil
			}
			continue
		}
		if !open {
			s, open = s[1:], true
			r.cell.Reset()
		}
		text, after, closed := strings.Cut(s, `"`)
		r.cell.WriteString(text)
		if s = after; !closed {
			return true, nil
		}
		if strings.HasPrefix(s, `"`) {
			r.cell.WriteByte('"')
			s = s[1:]
			continue
		}
		open = false
		r.cells, r.inQuotes = append(r.cells, r.cell.String()), append(r.inQuotes, true)
		if withoutBreak(s) == "" {
			return false, nil
		}
		rest, more := strings.CutPrefix(s, r.comma)
		if !more {
			return false, errAfterQuote
		}
		s = rest
	}
}
