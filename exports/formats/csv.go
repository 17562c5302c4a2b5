package formats

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"

	"github.com/gocarina/gocsv"

	"oplog/oplog"
)

// CSV is the format for spreadsheets: UTF-8 with a byte order mark, CRLF, RFC 4180, the header in the reader's language, times in the
// tenant's zone.
var CSV = oplog.ExportFormat{Name: "csv", ContentType: "text/csv; charset=utf-8", New: newCSV}

// byteOrderMark makes Excel read the file as UTF-8.
const byteOrderMark = "\ufeff"

type csvWriter struct {
	options oplog.ExportOptions
	texts   *texts
	lines   *lineWriter
	rows    reflect.Value // an array of rowsAtOnce rows, reused by every Write
}

// rowsAtOnce is the number of rows passed to gocsv at once. They are passed as an array, by value: gocsv copies each cell of mutable values
// such as slice elements.
const rowsAtOnce = 64

func newCSV(w io.Writer, t oplog.ExportOptions) (oplog.EntryWriter, error) {
	c := &csvWriter{options: t, texts: newTexts(t), lines: newLineWriter(w)}
	row := rowType(c.texts.columns, t.Locale)
	c.rows = reflect.New(reflect.ArrayOf(rowsAtOnce, row)).Elem()
	c.lines.raw(byteOrderMark)
	if err := gocsv.MarshalCSV(c.rows.Slice(0, 0).Interface(), c.lines); err != nil { // only the header
		return nil, fmt.Errorf("write the CSV header: %w", err)
	}
	return c, nil
}

// rowType returns the struct type of a line for gocsv: a string per column, tagged with its title.
func rowType(columns []column, locale string) reflect.Type {
	fields := make([]reflect.StructField, len(columns))
	for i := range columns {
		fields[i] = reflect.StructField{
			Name: "Column" + strconv.Itoa(i), Type: reflect.TypeFor[string](),
			Tag: reflect.StructTag("csv:" + strconv.Quote(columns[i].title(locale))),
		}
	}
	return reflect.StructOf(fields)
}

// Write adds a line per entry.
func (c *csvWriter) Write(entries []oplog.Entry) error {
	for some := range slices.Chunk(entries, rowsAtOnce) {
		for i := range some {
			row := c.rows.Index(i)
			for column, text := range c.texts.row(&some[i]) {
				row.Field(column).SetString(text)
			}
		}
		rows := c.rows
		if len(some) < rowsAtOnce {
			rows = c.rows.Slice(0, len(some))
		}
		if err := gocsv.MarshalCSVWithoutHeaders(rows.Interface(), c.lines); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
		c.options.PauseAt(0, 1)
	}
	return nil
}

// Close flushes the rest.
func (c *csvWriter) Close() error {
	if err := c.lines.Close(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
