package formats

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"oplog/oplog"
)

// csvReader reads entries from CSV.
type csvReader struct {
	*rowReader
	cells    cellReader
	requoted bool // saved by another program: its quotation marks carry no meaning
}

// rowsBeforeHeader limits the rows before the header.
const rowsBeforeHeader = 10

// dialect describes how a CSV file is written.
type dialect struct {
	comma   string
	above   int  // number of lines before the header
	titled  bool // some of them are not blank
	columns int  // number of known columns in the header
}

// dialectOf finds the header and its separator at the beginning of a file: the row with the most column names. If no row has two, the first
// row is taken as the header, with the most frequent separator.
func dialectOf(start []byte) dialect {
	lines := strings.SplitAfter(string(start), "\n")
	if comma, ok := separatorLine(lines[0]); ok {
		d := findHeader(start, comma)
		if d.columns < 2 {
			d.above = 1
		}
		d.titled = d.above > 1
		return d
	}
	var best dialect
	most := 0
	for _, comma := range []string{",", ";", "\t"} {
		d := findHeader(start, comma)
		if n := strings.Count(lines[0], comma); best.comma == "" || d.columns > max(best.columns, 1) || best.columns < 2 && n > most {
			best, most = d, n
		}
	}
	if best.columns < 2 {
		best.above, best.titled = 0, false
	}
	return best
}

// separatorLine parses the line that tells Excel the separator: sep=;
func separatorLine(line string) (comma string, ok bool) {
	line = strings.Trim(withoutBreak(line), `"`)
	if len(line) != len("sep=;") || !strings.EqualFold(line[:4], "sep=") {
		return "", false
	}
	return line[4:], true
}

func findHeader(start []byte, comma string) dialect {
	in := bufio.NewReader(strings.NewReader(string(start)))
	cells := cellReader{lines: &physicalLines{in: in, encoding: func() string { return "" }}, comma: comma}
	best := dialect{comma: comma}
	filled := false
	for range rowsBeforeHeader {
		row, number, err := cells.next()
		var broken lineError
		if err != nil && !errors.As(err, &broken) {
			break
		}
		if n := known(row); err == nil && n > best.columns {
			best.columns, best.above, best.titled = n, number-1, filled
		}
		filled = filled || strings.TrimSpace(strings.Join(row, "")) != ""
	}
	return best
}

// openCSV reads the header.
func (s *Source) openCSV(in *bufio.Reader, start []byte, terms oplog.ExportOptions) error {
	d := dialectOf(start)
	r := &csvReader{rowReader: newRowReader(terms)}
	r.cells = cellReader{lines: &physicalLines{in: in, encoding: func() string { return s.text.encoding }}, comma: d.comma}
	for range d.above {
		if _, err := r.cells.lines.next(); err != nil && !errors.As(err, new(lineError)) {
			return err
		}
	}
	header, number, err := r.cells.next()
	switch {
	case errors.Is(err, io.EOF):
		return errEmpty
	case err != nil:
		return fmt.Errorf("the header %w", err)
	}
	if err := r.readHeader(header); err != nil {
		if len(withoutEmptyEnd(header)) == 1 && d.columns == 0 {
			return fmt.Errorf("this is neither CSV with a header nor JSON; its first line is %s. Save it as CSV UTF-8, with the header of an export or with field names", quotedText(header[0]))
		}
		return err
	}
	r.requoted = d.comma != "," || s.text.encoding != "UTF-8"
	for at, cell := range header {
		if _, exported := fieldOf(cell); exported && r.cells.inQuotes[at] {
			r.requoted = true // exports never write this
		}
	}
	s.form, s.detail = "CSV", "separated by "+quotedText(d.comma)
	if d.comma == "\t" {
		s.detail = "separated by tabs"
	}
	if d.titled {
		s.detail += fmt.Sprintf(", header in line %d (rows above it skipped)", number)
	}
	s.next = r.next
	return nil
}

func (r *csvReader) next() (oplog.ImportLine, error) {
	for {
		cells, number, err := r.cells.next()
		line := oplog.ImportLine{Number: number}
		var broken lineError
		switch {
		case errors.As(err, &broken):
			line.Err = broken
			return line, nil
		case err != nil:
			return line, err
		}
		if len(cells) > len(r.columns) {
			cells = cells[:max(len(r.columns), len(withoutEmptyEnd(cells)))]
		}
		switch {
		case len(withoutEmptyEnd(cells)) == 0:
			continue // a blank line
		case len(cells) != len(r.columns):
			line.Err = lineError(fmt.Sprintf("has %d cells, but the header has %d", len(cells), len(r.columns)))
			return line, nil
		}
		if r.exported {
			for i := range cells {
				cells[i] = unguarded(cells[i], r.cells.inQuotes[i] && !r.requoted)
			}
		}
		line.Entry, line.Err = r.entry(cells)
		return line, nil
	}
}
