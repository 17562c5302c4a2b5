package formats

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// sheetWriter writes the rows of a sheet, whose cells are texts, as excelize's StreamWriter does: that one keeps up to 32 MiB of a sheet in
// memory, and takes twice as long.
type sheetWriter struct {
	part    io.Writer
	rows    int
	columns []string     // their letters
	line    bytes.Buffer // reused for every row
}

// row adds a row of texts in a style; empty ones have no cell.
func (s *sheetWriter) row(texts []string, style int) error {
	s.rows++
	number := strconv.Itoa(s.rows)
	out := &s.line
	out.Reset()
	out.WriteString(`<row r="`)
	out.WriteString(number)
	attributes := ""
	if style != 0 {
		attributes = `" s="` + strconv.Itoa(style)
		out.WriteString(attributes)
		out.WriteString(`" customFormat="1`)
	}
	out.WriteString(`">`)
	for i, text := range texts {
		if text == "" {
			continue
		}
		column, err := s.column(i)
		if err != nil {
			return err
		}
		out.WriteString(`<c r="`)
		out.WriteString(column)
		out.WriteString(number)
		out.WriteString(attributes)
		out.WriteString(`" t="inlineStr"><is><t`)
		if isTrimmed(text[0]) || isTrimmed(text[len(text)-1]) {
			out.WriteString(` xml:space="preserve"`)
		}
		out.WriteByte('>')
		writeText(out, text)
		out.WriteString(`</t></is></c>`)
	}
	out.WriteString(`</row>`)
	_, err := s.part.Write(out.Bytes())
	return err
}

// column returns the letters of a column, counted from 0.
func (s *sheetWriter) column(at int) (string, error) {
	for len(s.columns) <= at {
		name, err := excelize.ColumnNumberToName(len(s.columns) + 1)
		if err != nil {
			return "", err
		}
		s.columns = append(s.columns, name)
	}
	return s.columns[at], nil
}

// isTrimmed reports whether Excel removes a character at the ends of a text that does not say otherwise.
func isTrimmed(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// writeText writes the text of a cell. Excel reads _xHHHH_ as a character, so that the first _ of one is written as such.
func writeText(out *bytes.Buffer, text string) {
	start := 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case r == '_' && isEncoded(text[i:]):
			out.WriteString(text[start:i])
			out.WriteString("_x005F_")
		case r < ' ' && r != '\n', r == '"', r == '\'', r == '&', r == '<', r == '>', r == utf8.RuneError, r == '\ufffe', r == '\uffff':
			out.WriteString(text[start:i])
			_ = xml.EscapeText(out, []byte(text[i:i+size])) // a Buffer never fails
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	out.WriteString(text[start:])
}

// isEncoded reports whether a text begins like a character that Excel has encoded: _xHHHH_.
func isEncoded(text string) bool {
	if len(text) < 7 || text[1] != 'x' || text[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(text[2:6], 16, 16)
	return err == nil
}
