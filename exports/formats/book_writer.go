package formats

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/xuri/excelize/v2"
)

// bookWriter writes a workbook sheet by sheet, in one pass: rows are compressed as they come, so nothing of them is kept in memory or in
// temporary files. excelize makes everything around them.
type bookWriter struct {
	parts   *zip.Writer
	columns int      // how many of each sheet are wide
	names   []string // of the sheets
	first   frame    // of the first sheet
	later   frame    // of the others
	bold    int      // a style
	sheet   *sheetWriter
}

// frame is what a sheet has around its rows.
type frame struct{ before, after []byte }

const sheetsFolder = "xl/worksheets/"

func newBookWriter(out io.Writer, columns int) (*bookWriter, error) {
	b := &bookWriter{parts: zip.NewWriter(out), columns: columns}
	sheets := make(map[string]*bytes.Buffer)
	err := b.writeBook([]string{"1", "2"}, func(name string) (io.Writer, error) {
		sheets[name] = &bytes.Buffer{}
		return sheets[name], nil
	})
	for i, of := range []*frame{&b.first, &b.later} {
		if err == nil {
			*of, err = frameOf(sheets[sheetPath(i+1)].Bytes())
		}
	}
	return b, err
}

// writeBook lets excelize write a workbook whose sheets have no rows, but the first of them stays in view.
func (b *bookWriter) writeBook(names []string, to partsTo) error {
	file := excelize.NewFile()
	var err error
	if b.bold, err = file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return err
	}
	for i, name := range names {
		if i == 0 {
			err = file.SetSheetName(file.GetSheetName(0), name)
		} else {
			_, err = file.NewSheet(name)
		}
		if err != nil {
			return err
		}
		if err := emptySheet(file, name, b.columns); err != nil {
			return err
		}
	}
	file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return to })
	_, err = file.WriteTo(io.Discard)
	return err
}

func emptySheet(file *excelize.File, name string, columns int) error {
	stream, err := file.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := stream.SetColWidth(1, columns, 20); err != nil {
		return err
	}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return stream.Flush()
}

// add ends a sheet and begins another, with a header.
func (b *bookWriter) add(name string, header []string) error {
	if err := b.endSheet(); err != nil {
		return err
	}
	b.names = append(b.names, name)
	part, err := b.parts.Create(sheetPath(len(b.names)))
	if err != nil {
		return err
	}
	b.sheet = &sheetWriter{part: part}
	if _, err := part.Write(b.frame().before); err != nil {
		return err
	}
	return b.sheet.row(header, b.bold)
}

func sheetPath(number int) string { return fmt.Sprintf("%ssheet%d.xml", sheetsFolder, number) }

func (b *bookWriter) frame() frame {
	if len(b.names) == 1 {
		return b.first
	}
	return b.later
}

func (b *bookWriter) endSheet() error {
	if b.sheet == nil {
		return nil
	}
	_, err := b.sheet.part.Write(b.frame().after)
	b.sheet = nil
	return err
}

// close ends the workbook.
func (b *bookWriter) close() error {
	if err := b.endSheet(); err != nil {
		return err
	}
	if err := b.writeBook(b.names, func(name string) (io.Writer, error) {
		if strings.HasPrefix(name, sheetsFolder) {
			return io.Discard, nil
		}
		return b.parts.Create(name)
	}); err != nil {
		return err
	}
	return b.parts.Close()
}

// partsTo is an [excelize.ZipWriter] that says where each part goes; the archive is closed by the bookWriter.
type partsTo func(name string) (io.Writer, error)

// Create returns where to write a part.
func (p partsTo) Create(name string) (io.Writer, error) { return p(name) }

// AddFS is not used.
func (partsTo) AddFS(fs.FS) error { return fs.ErrInvalid }

// Close does nothing.
func (partsTo) Close() error { return nil }

// frameOf takes a sheet without rows apart.
func frameOf(sheet []byte) (frame, error) {
	before, after, ok := bytes.Cut(sheet, []byte("<sheetData></sheetData>"))
	if !ok {
		return frame{}, errors.New("a sheet has no place for rows")
	}
	return frame{append(bytes.Clone(before), "<sheetData>"...), append([]byte("</sheetData>"), after...)}, nil
}
