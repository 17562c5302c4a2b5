package export

import (
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"oplog/oplog"
)

// XLSX is the format for Excel: the columns of [CSV] as texts, of which none
// runs as a formula, on as many sheets as they need.
var XLSX = oplog.ExportFormat{
	Name: "xlsx", ContentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", New: newXLSX,
}

const (
	sheetRows = 1_048_575 // rows of entries on a sheet; Excel has one more, for the header
	sheetName = "Log"     // of the first; the others are numbered
)

// xlsxWriter streams rows into sheets; excelize keeps them in temporary files.
type xlsxWriter struct {
	to     io.Writer
	file   *excelize.File
	sheet  *excelize.StreamWriter
	texts  *texts
	header []string
	most   int // rows on a sheet
	sheets int
	row    int // of the sheet, with the header
	bold   int
	cells  []any // filled anew for every row
}

func newXLSX(w io.Writer, t oplog.ExportTerms) (oplog.EntryWriter, error) {
	return newSheets(w, t, sheetRows)
}

func newSheets(w io.Writer, t oplog.ExportTerms, most int) (*xlsxWriter, error) {
	x := &xlsxWriter{to: w, file: excelize.NewFile(), texts: newTexts(t), header: header(t.Locale), most: most}
	x.cells = make([]any, len(x.header))
	var err error
	if x.bold, err = x.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return nil, x.fail(err)
	}
	return x, x.nextSheet()
}

// nextSheet ends a sheet and begins another, with its header.
func (x *xlsxWriter) nextSheet() error {
	if x.sheet != nil {
		if err := x.sheet.Flush(); err != nil {
			return x.fail(err)
		}
	}
	x.sheets++
	name := sheetName
	if x.sheets > 1 {
		name = fmt.Sprintf("%s %d", sheetName, x.sheets)
	}
	var err error
	if x.sheets == 1 {
		err = x.file.SetSheetName(x.file.GetSheetName(0), name)
	} else {
		_, err = x.file.NewSheet(name)
	}
	if err != nil {
		return x.fail(err)
	}
	if x.sheet, err = x.file.NewStreamWriter(name); err != nil {
		return x.fail(err)
	}
	if err := x.sheet.SetColWidth(1, len(x.header), 20); err != nil {
		return x.fail(err)
	}
	if err := x.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return x.fail(err)
	}
	x.row = 0
	for i, title := range x.header {
		x.cells[i] = title
	}
	return x.add(excelize.RowOpts{StyleID: x.bold})
}

func (x *xlsxWriter) add(o ...excelize.RowOpts) error {
	x.row++
	cell, err := excelize.CoordinatesToCellName(1, x.row)
	if err != nil {
		return x.fail(err)
	}
	if err := x.sheet.SetRow(cell, x.cells, o...); err != nil {
		return x.fail(err)
	}
	return nil
}

// Write adds a row for each entry.
func (x *xlsxWriter) Write(entries []oplog.Entry) error {
	for i := range entries {
		if x.row > x.most {
			if err := x.nextSheet(); err != nil {
				return err
			}
		}
		r := x.texts.row(&entries[i])
		for column, text := range r.cells() {
			if x.cells[column] = nil; text != "" {
				x.cells[column] = text
			}
		}
		if err := x.add(); err != nil {
			return err
		}
	}
	return nil
}

// Close writes the file.
func (x *xlsxWriter) Close() error {
	if err := x.sheet.Flush(); err != nil {
		return x.fail(err)
	}
	if _, err := x.file.WriteTo(x.to); err != nil {
		return x.fail(err)
	}
	if err := x.file.Close(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// Discard removes the temporary files of a file that is not to be completed.
func (x *xlsxWriter) Discard() { _ = x.file.Close() }

// fail removes the temporary files.
func (x *xlsxWriter) fail(err error) error {
	return fmt.Errorf("write XLSX: %w", errors.Join(err, x.file.Close()))
}
