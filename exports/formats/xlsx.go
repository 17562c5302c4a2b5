package formats

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"oplog/oplog"
)

// XLSX is the format for Excel: the columns of [CSV] as text cells, so that none is a formula, on as many sheets as needed. Changes that
// exceed the cell limit continue in cells to the right of the last column.
var XLSX = oplog.ExportFormat{
	Name: "xlsx", ContentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", New: newXLSX,
	Compressed: true,
}

const (
	sheetRows = 1_048_575 // rows of entries on a sheet; Excel's limit minus the header
	sheetName = "Log"     // of the first sheet; others are numbered

	// sheetText is how many bytes of text a sheet has before another begins. Escaped, with its cells, that is less than 4 GiB of XML, beyond which
	// a part of a workbook would need a header that is not known when it is begun.
	sheetText = 256 << 20
)

// xlsxWriter streams rows into sheets.
type xlsxWriter struct {
	out     *bufio.Writer
	options oplog.ExportOptions
	book    *bookWriter
	texts   *texts
	maxRows int // maximum rows on a sheet
	maxText int // maximum bytes of text, but for the last row
	sheets  int
	row     int      // current row of the sheet, including the header
	text    int      // bytes of text of the sheet
	cells   []string // reused for every row
}

func newXLSX(w io.Writer, t oplog.ExportOptions) (oplog.EntryWriter, error) {
	return newSheets(w, t, sheetRows)
}

func newSheets(w io.Writer, t oplog.ExportOptions, most int) (*xlsxWriter, error) {
	x := &xlsxWriter{out: bufio.NewWriterSize(w, 64<<10), options: t, texts: newTexts(t), maxRows: most, maxText: sheetText}
	var err error
	if x.book, err = newBookWriter(x.out, len(x.texts.columns)); err != nil {
		return nil, fmt.Errorf("write XLSX: %w", err)
	}
	return x, x.nextSheet()
}

// nextSheet begins a sheet, with its header.
func (x *xlsxWriter) nextSheet() error {
	x.sheets++
	name := sheetName
	if x.sheets > 1 {
		name = fmt.Sprintf("%s %d", sheetName, x.sheets)
	}
	x.row, x.text = 1, 0
	if err := x.book.add(name, x.texts.header()); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// add adds a row. A text that exceeds the cell limit continues to the right of the last column.
func (x *xlsxWriter) add(texts []string) error {
	x.row++
	x.cells = x.cells[:0]
	var more []string
	for _, text := range texts {
		x.text += len(text)
		if len(text) > excelize.TotalCellChars {
			pieces := pieces(text, excelize.TotalCellChars, continued(x.texts.locale))
			text, more = pieces[0], append(more, pieces[1:]...)
		}
		x.cells = append(x.cells, text)
	}
	if err := x.book.sheet.row(append(x.cells, more...), 0); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// Write adds a row per entry.
func (x *xlsxWriter) Write(entries []oplog.Entry) error {
	for i := range entries {
		if x.row > x.maxRows || x.text > x.maxText {
			if err := x.nextSheet(); err != nil {
				return err
			}
		}
		if err := x.add(x.texts.row(&entries[i])); err != nil {
			return err
		}
		x.options.PauseAt(i, 16)
	}
	return nil
}

// continuedEN and continuedZH mark cells whose text continues to the right of the last column. No line of changes begins like this.
const (
	continuedEN = "\n→ continued to the right of the last column"
	continuedZH = "\n→ 续见最后一列右侧"
)

func continued(locale string) string {
	if locale == oplog.LocaleZH {
		return continuedZH
	}
	return continuedEN
}

// pieces splits a text into cells of up to most UTF-16 units (Excel's measure), at line breaks if possible, and marks the first one. A text
// that fits is not split.
func pieces(text string, most int, mark string) []string {
	if units(text) <= most {
		return []string{text}
	}
	var all []string
	room := most - units(mark)
	for text != "" {
		end, used := len(text), 0
		for i, r := range text {
			if used += utf16.RuneLen(r); used > room {
				end = i
				break
			}
		}
		if end < len(text) {
			if line := strings.LastIndexByte(text[:end], '\n'); line > 0 {
				end = line + 1
			}
		}
		all = append(all, text[:end])
		text, room = text[end:], most
	}
	all[0] += mark
	return all
}

// units returns the length of a text in UTF-16 units.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// Close writes the rest.
func (x *xlsxWriter) Close() error {
	if err := x.book.close(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	if err := x.out.Flush(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}
