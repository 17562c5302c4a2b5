package formats

import (
	"archive/zip"
	"io"

	"github.com/xuri/excelize/v2"
)

// bookWriter is what is used of an [excelize.File]. It has functions instead of the File because the linker keeps all methods of the types that
// a value in an interface refers to: through an [oplog.EntryWriter], a File would add its formulas, charts and pictures to the program.
type bookWriter struct {
	add     func(name string) (openSheet, error)
	writeTo func(io.Writer) error
	close   func() error // removes the temporary files
}

// openSheet is a sheet that is being written.
type openSheet struct {
	setHeader, setRow setRow
	flush             func() error
}

// setRow writes the cells of a row, counted from 1.
type setRow func(row int, cells []any) error

// excelBook keeps its rows in temporary files.
type excelBook struct {
	file    *excelize.File
	bold    int // a style
	columns int // how many of each sheet are wide
	sheets  int
}

// newBookWriter returns a workbook without sheets; close it also after an error.
func newBookWriter(temporary string, columns int) (bookWriter, error) {
	b := &excelBook{file: excelize.NewFile(excelize.Options{TmpDir: temporary}), columns: columns}
	var err error
	b.bold, err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	return bookWriter{b.add, b.writeTo, b.file.Close}, err
}

// add adds a sheet whose first row stays in view.
func (b *excelBook) add(name string) (openSheet, error) {
	b.sheets++
	var err error
	if b.sheets == 1 {
		err = b.file.SetSheetName(b.file.GetSheetName(0), name)
	} else {
		_, err = b.file.NewSheet(name)
	}
	if err != nil {
		return openSheet{}, err
	}
	stream, err := b.file.NewStreamWriter(name)
	if err != nil {
		return openSheet{}, err
	}
	if err := stream.SetColWidth(1, b.columns, 20); err != nil {
		return openSheet{}, err
	}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return openSheet{}, err
	}
	return openSheet{rowsOf(stream, excelize.RowOpts{StyleID: b.bold}), rowsOf(stream), stream.Flush}, nil
}

func rowsOf(stream *excelize.StreamWriter, o ...excelize.RowOpts) setRow {
	return func(row int, cells []any) error {
		cell, err := excelize.CoordinatesToCellName(1, row)
		if err != nil {
			return err
		}
		return stream.SetRow(cell, cells, o...)
	}
}

// writeTo writes the file directly: excelize would compress the whole workbook in memory first.
func (b *excelBook) writeTo(out io.Writer) error {
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(out) })
	_, err := b.file.WriteTo(io.Discard)
	return err
}
