package export

import (
	"fmt"
	"io"
	"time"

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

// The headers are in order of the row's columns.
var headerEN = []string{
	"Time", "User", "User ID", "Role", "Organization", "Organization ID", "Module", "Operation", "Content", "Content ID", "IP", "Entry ID",
}

var headerZH = []string{
	"操作时间", "用户", "用户 ID", "角色", "组织", "组织 ID", "功能模块", "操作类型", "操作内容", "内容 ID", "IP", "记录 ID",
}

// header returns the titles of the columns.
func header(locale string) []string {
	if locale == oplog.LocaleZH {
		return headerZH
	}
	return headerEN
}

// texts words entries as rows.
type texts struct {
	modules    map[string]string
	operations map[string]string
	location   *time.Location
}

func newTexts(t oplog.ExportTerms) *texts {
	x := &texts{
		modules:    make(map[string]string, len(t.Catalog.Modules)),
		operations: make(map[string]string, len(t.Catalog.Operations)),
		location:   t.Location,
	}
	for _, m := range t.Catalog.Modules {
		x.modules[m.Key] = m.Title.In(t.Locale)
	}
	for _, o := range t.Catalog.Operations {
		x.operations[o.Key] = o.Title.In(t.Locale)
	}
	return x
}

type csvWriter struct {
	*texts
	lines *lineWriter
	rows  [rowsAtOnce]row // filled anew by every Write
}

func newCSV(w io.Writer, t oplog.ExportTerms) (oplog.EntryWriter, error) {
	c := &csvWriter{texts: newTexts(t), lines: newLineWriter(w)}
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

func (x *texts) row(e *oplog.Entry) row {
	return row{
		Time:           e.Time.In(x.location).Format(time.DateTime),
		User:           e.User.Name,
		UserID:         e.User.ID,
		Role:           e.User.Role,
		Organization:   e.Organization.Name,
		OrganizationID: e.Organization.ID,
		Module:         x.title(x.modules, e.Module),
		Operation:      x.title(x.operations, e.Operation),
		Content:        e.Content.Name,
		ContentID:      e.Content.ID,
		IP:             e.IP,
		EntryID:        e.ID,
	}
}

// title returns the title of a catalog key, or the key itself where the
// catalog no longer has it.
func (x *texts) title(titles map[string]string, key string) string {
	if t, ok := titles[key]; ok && t != "" {
		return t
	}
	return key
}

// cells returns the texts of a row in order of its columns.
func (r *row) cells() [12]string {
	return [12]string{
		r.Time, r.User, r.UserID, r.Role, r.Organization, r.OrganizationID,
		r.Module, r.Operation, r.Content, r.ContentID, r.IP, r.EntryID,
	}
}

// Close writes what is still held back.
func (c *csvWriter) Close() error {
	if err := c.lines.Close(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
