package formats

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"oplog/oplog"
)

// isZip reports whether a file is a ZIP archive, as workbooks are.
func isZip(start []byte) bool {
	return bytes.HasPrefix(start, []byte("PK\x03\x04")) || bytes.HasPrefix(start, []byte("PK\x05\x06"))
}

// The content of a workbook may be at most maxInflation times as large as the file, and its parts other than sheets and their texts, which
// are held in memory, at most maxPartsSize: a small file must not fill the disk or the memory.
const (
	maxInflation = 200
	minInflated  = 64 << 20 // always allowed
	maxPartsSize = 64 << 20
)

// mostInflated returns how large the content of a workbook may be, in bytes.
func mostInflated(size int64) int64 { return max(minInflated, maxInflation*size) }

// rejectBomb rejects a workbook whose content is too large for its file.
func rejectBomb(z *zip.Reader, size int64) error {
	all, parts := uint64(0), uint64(0)
	for _, f := range z.File {
		all += min(f.UncompressedSize64, math.MaxInt64)
		if name := strings.ToLower(f.Name); !strings.HasPrefix(name, "xl/worksheets/") && name != "xl/sharedstrings.xml" {
			parts += min(f.UncompressedSize64, math.MaxInt64)
		}
		if all > uint64(mostInflated(size)) || parts > maxPartsSize { // checked for each, so that no sum overflows
			return errors.New("the workbook has more content than its size explains; save the sheet with the entries as CSV UTF-8")
		}
	}
	return nil
}

// rejectArchive explains which kind of ZIP archive is not a workbook.
func rejectArchive(z *zip.Reader) error {
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case has("xl/workbook.bin"):
		return errors.New("this is a binary Excel workbook (.xlsb); save it as an Excel workbook (.xlsx) or as CSV UTF-8")
	case has("[Content_Types].xml") && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "xl/") }):
		return nil
	case has("content.xml") && has("mimetype"):
		return errors.New("this is an OpenDocument file; save it as an Excel workbook (.xlsx) or as CSV UTF-8")
	case has("[Content_Types].xml"):
		return errors.New("this is a document of Word or PowerPoint; save its table as an Excel workbook (.xlsx) or as CSV UTF-8")
	}
	inside := ""
	for _, name := range names {
		if !strings.HasSuffix(name, "/") && path.Ext(name) != ".manifest" {
			inside = fmt.Sprintf(", such as %s", quotedText(path.Base(name)))
			break
		}
	}
	return fmt.Errorf("this is a ZIP archive; unpack it, and import the files in it%s", inside)
}

// sheet is a sheet of a workbook with entries.
type sheet struct {
	*rowReader
	name   string
	header int // its row number
}

// workbookReader reads the sheets of a workbook in order, as a stream.
type workbookReader struct {
	file     *excelize.File
	from1904 bool
	sheets   []sheet
	rows     *excelize.Rows
	row      int   // of the sheet
	at       int   // index of the current sheet
	starts   []int // of each sheet, the number of lines before its first
}

// openWorkbook reads the headers of all sheets. The file is copied to a temporary file for random access.
func (s *Source) openWorkbook(in io.Reader, terms oplog.ExportOptions) (err error) {
	r := &workbookReader{}
	temporary, err := os.CreateTemp("", "oplog-import-*.xlsx")
	if err != nil {
		return fmt.Errorf("cannot create a temporary file to read the workbook: %w", err)
	}
	s.close = func() error {
		if r.rows != nil {
			err = r.rows.Close()
		}
		if r.file != nil {
			err = errors.Join(err, r.file.Close())
		}
		return errors.Join(err, temporary.Close(), os.Remove(temporary.Name()))
	}
	defer func() {
		if err != nil {
			_ = s.close() // the other error is more important
		}
	}()
	size, err := io.Copy(temporary, in)
	if err != nil {
		return fmt.Errorf("the workbook cannot be read: %w", err)
	}
	z, err := zip.NewReader(temporary, size)
	if err != nil {
		return errors.New("this is a damaged workbook or ZIP archive; copy it again, or save it again as an Excel workbook (.xlsx)")
	}
	if err := rejectArchive(z); err != nil {
		return err
	}
	if err := rejectBomb(z, size); err != nil {
		return err
	}
	options := excelize.Options{RawCellValue: true, UnzipSizeLimit: mostInflated(size)}
	if r.file, err = excelize.OpenFile(temporary.Name(), options); err != nil {
		return errors.New("the workbook is damaged; save it again as an Excel workbook (.xlsx)")
	}
	if props, err := r.file.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		r.from1904 = *props.Date1904
	}
	left, err := r.findSheets(terms)
	if err != nil {
		return err
	}
	s.form, s.detail = "Excel workbook (.xlsx)", "sheet "+r.names()
	if len(left) > 0 {
		s.detail += "; skipped: " + strings.Join(left, ", ") + " (no known header)"
	}
	s.next, s.position = r.next, r.position
	return r.openSheet(0)
}

func (r *workbookReader) names() string {
	var names []string
	for _, s := range r.sheets {
		names = append(names, quotedText(s.name))
	}
	return strings.Join(names, ", ")
}

// findSheets finds the sheets with entries and returns the names of the others. If none has a header, it reports what is wrong with the
// first.
func (r *workbookReader) findSheets(terms oplog.ExportOptions) (left []string, err error) {
	var first []string // the first row with text
	for _, name := range r.file.GetSheetList() {
		rows, err := r.file.Rows(name)
		if err != nil {
			continue // a chart sheet
		}
		found, header, number := 0, []string(nil), 0
		var top []string
		for i := 1; i <= rowsBeforeHeader && rows.Next(); i++ {
			cells, err := rows.Columns()
			if err != nil {
				break
			}
			if n := known(cells); n > found {
				found, header, number = n, cells, i
			}
			if top == nil && len(withoutEmptyEnd(cells)) > 0 {
				top = cells
			}
		}
		if err := rows.Close(); err != nil {
			return nil, fmt.Errorf("sheet %s cannot be read: %w", quotedText(name), err)
		}
		if found < 2 {
			if top != nil {
				left = append(left, quotedText(name))
			}
			if first == nil {
				first = top
			}
			continue
		}
		reader := newRowReader(terms)
		if err := reader.readHeader(header); err != nil {
			return nil, fmt.Errorf("in sheet %s: %w", quotedText(name), err)
		}
		r.sheets = append(r.sheets, sheet{reader, name, number})
	}
	switch {
	case len(r.sheets) > 0:
		return left, nil
	case first == nil:
		return nil, errors.New("the workbook is empty; a sheet with the header of an export is required")
	}
	return nil, newRowReader(terms).readHeader(first)
}

// openSheet moves to the first row after a sheet's header.
func (r *workbookReader) openSheet(at int) (err error) {
	if r.rows != nil {
		if err := r.rows.Close(); err != nil {
			return fmt.Errorf("sheet %s cannot be read: %w", quotedText(r.sheets[r.at].name), err)
		}
	}
	r.starts = append(r.starts, r.row)
	if at > 0 {
		r.starts[at] += r.starts[at-1]
	}
	r.at, r.row = at, 0
	if r.rows, err = r.file.Rows(r.sheets[at].name); err != nil {
		return fmt.Errorf("sheet %s cannot be read: %w", quotedText(r.sheets[at].name), err)
	}
	for r.row < r.sheets[at].header && r.rows.Next() {
		r.row++
		if _, err := r.rows.Columns(); err != nil {
			return fmt.Errorf("sheet %s cannot be read: %w", quotedText(r.sheets[at].name), err)
		}
	}
	return nil
}

// position names the row of a line.
func (r *workbookReader) position(number int) string {
	at := len(r.starts) - 1
	for at > 0 && number <= r.starts[at] {
		at--
	}
	if len(r.sheets) == 1 {
		return fmt.Sprintf("row %d", number)
	}
	return fmt.Sprintf("row %d of sheet %s", number-r.starts[at], quotedText(r.sheets[at].name))
}

func (r *workbookReader) next() (oplog.ImportLine, error) {
	for {
		if !r.rows.Next() {
			if err := r.rows.Error(); err != nil {
				return oplog.ImportLine{}, fmt.Errorf("sheet %s cannot be read after row %d: %w", quotedText(r.sheets[r.at].name), r.row, err)
			}
			if r.at+1 == len(r.sheets) {
				return oplog.ImportLine{}, io.EOF
			}
			if err := r.openSheet(r.at + 1); err != nil {
				return oplog.ImportLine{}, err
			}
			continue
		}
		r.row++
		line := oplog.ImportLine{Number: r.starts[r.at] + r.row}
		cells, err := r.rows.Columns()
		switch cells = withoutEmptyEnd(cells); {
		case err != nil:
			line.Err = lineError("cannot be read; save the workbook again")
		case len(cells) == 0:
			continue
		default:
			line.Entry, line.Err = r.entry(cells)
		}
		return line, nil
	}
}

// entry converts a row.
func (r *workbookReader) entry(cells []string) (oplog.Entry, error) {
	s := r.sheets[r.at]
	width := len(s.columns)
	if len(cells) > width {
		joined, ok := rejoined(cells[:width], cells[width:])
		if !ok {
			return oplog.Entry{}, lineError(fmt.Sprintf("has %d cells, but the header has %d", len(cells), width))
		}
		cells = joined
	}
	for len(cells) < width {
		cells = append(cells, "")
	}
	if at := slices.Index(s.columns, "time"); at >= 0 {
		cells[at] = r.date(cells[at])
	}
	return s.entry(cells)
}

// rejoined joins the cells of a text that exceeded the cell limit.
func rejoined(cells, more []string) ([]string, bool) {
	for i, cell := range cells {
		for _, mark := range []string{continuedEN, continuedZH} {
			if text, found := strings.CutSuffix(cell, mark); found {
				cells[i] = text + strings.Join(more, "")
				return cells, true
			}
		}
	}
	return cells, false
}

var serial = regexp.MustCompile(`^\d{5}(\.\d+)?$`)

// date formats a date that Excel stores as a number of days.
func (r *workbookReader) date(cell string) string {
	if !serial.MatchString(cell) {
		return cell
	}
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return cell
	}
	t, err := excelize.ExcelDateToTime(days, r.from1904)
	if err != nil {
		return cell
	}
	return t.Round(time.Second).Format("2006/01/02 15:04:05") // not in the layout of exports
}
