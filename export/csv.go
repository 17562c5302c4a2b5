package export

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gocarina/gocsv"

	"oplog/oplog"
)

// CSV is the format for spreadsheets: UTF-8 with a byte order mark, CRLF,
// RFC 4180, the header in the reader's language, times in the tenant's zone.
var CSV = oplog.ExportFormat{Name: "csv", ContentType: "text/csv; charset=utf-8", New: newCSV}

// byteOrderMark tells Excel that the file is UTF-8.
const byteOrderMark = "\ufeff"

// row is one line of the file, in order of its columns.
type row struct {
	Time           string `csv:"Time"`
	User           string `csv:"User"`
	UserID         string `csv:"User ID"`
	Role           string `csv:"Role"`
	Organization   string `csv:"Organization"`
	OrganizationID string `csv:"Organization ID"`
	Module         string `csv:"Module"`
	Operation      string `csv:"Operation"`
	Content        string `csv:"Content"`
	ContentID      string `csv:"Content ID"`
	IP             string `csv:"IP"`
	EntryID        string `csv:"Entry ID"`
}

// headerZH is the header in Chinese, in order of the row's columns.
var headerZH = []string{
	"操作时间", "用户", "用户 ID", "角色", "组织", "组织 ID", "功能模块", "操作类型", "操作内容", "内容 ID", "IP", "记录 ID",
}

type csvWriter struct {
	lines      *lineWriter
	rows       [rowsAtOnce]row // filled anew by every Write
	modules    map[string]string
	operations map[string]string
	location   *time.Location
}

func newCSV(w io.Writer, t oplog.ExportTerms) (oplog.EntryWriter, error) {
	c := &csvWriter{
		lines:      newLineWriter(w),
		modules:    make(map[string]string, len(t.Catalog.Modules)),
		operations: make(map[string]string, len(t.Catalog.Operations)),
		location:   t.Location,
	}
	for _, m := range t.Catalog.Modules {
		c.modules[m.Key] = guard(m.Title.In(t.Locale))
	}
	for _, o := range t.Catalog.Operations {
		c.operations[o.Key] = guard(o.Title.In(t.Locale))
	}
	if err := c.writeHeader(t.Locale); err != nil {
		return nil, fmt.Errorf("write the CSV header: %w", err)
	}
	return c, nil
}

// writeHeader writes what stands even in a file without entries.
func (c *csvWriter) writeHeader(locale string) error {
	c.lines.raw(byteOrderMark)
	if locale != oplog.LocaleZH {
		return gocsv.MarshalCSV([]row{}, c.lines)
	}
	return c.lines.Write(headerZH)
}

// rowsAtOnce is how many rows gocsv is handed. They go in an array, by value:
// of what it could change, as the elements of a slice, it copies each cell.
const rowsAtOnce = 64

// Write adds a line for each entry.
func (c *csvWriter) Write(entries []oplog.Entry) error {
	for ; len(entries) >= rowsAtOnce; entries = entries[rowsAtOnce:] {
		for i := range c.rows {
			c.rows[i] = c.row(&entries[i])
		}
		if err := gocsv.MarshalCSVWithoutHeaders(c.rows, c.lines); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	for i := range entries {
		c.rows[i] = c.row(&entries[i])
	}
	if err := gocsv.MarshalCSVWithoutHeaders(c.rows[:len(entries)], c.lines); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func (c *csvWriter) row(e *oplog.Entry) row {
	return row{
		Time:           e.Time.In(c.location).Format(time.DateTime),
		User:           guard(e.User.Name),
		UserID:         guard(e.User.ID),
		Role:           guard(e.User.Role),
		Organization:   guard(e.Organization.Name),
		OrganizationID: guard(e.Organization.ID),
		Module:         title(c.modules, e.Module),
		Operation:      title(c.operations, e.Operation),
		Content:        guard(e.Content.Name),
		ContentID:      guard(e.Content.ID),
		IP:             guard(e.IP),
		EntryID:        guard(e.ID),
	}
}

// title returns the title of a catalog key, or the key itself where the
// catalog no longer has it.
func title(titles map[string]string, key string) string {
	if t, ok := titles[key]; ok && t != "" {
		return t
	}
	return guard(key)
}

// Close writes what is still held back.
func (c *csvWriter) Close() error {
	if err := c.lines.Close(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// formulaStarts are the characters at which a spreadsheet starts to read a
// cell as a formula, or skips to the next character and looks again.
const formulaStarts = "=+-@＝＋－＠\t\r\n"

// guard makes a spreadsheet show a cell as the text that it is.
func guard(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell == "" || !strings.ContainsRune(formulaStarts, first) {
		return cell
	}
	return "'" + cell
}
