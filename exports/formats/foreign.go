package formats

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// system is another program whose files users may try to import, recognized by field names.
type system struct {
	name  string
	names []string
}

var systemsOfCSV = []system{
	{"an operation log of RuoYi", []string{"操作模块", "业务类型", "请求方式"}},
	{"an audit log of Microsoft 365", []string{"CreationDate", "AuditData"}},
	{"a Windows event log", []string{"Level", "Source", "Event ID"}},
}

var systemsOfJSON = []system{
	{"a log of AWS CloudTrail", []string{"eventVersion", "eventSource", "eventName"}},
	{"an audit log of GitHub", []string{"actor", "action", "created_at"}},
	{"an audit log of Kubernetes", []string{"kind", "apiVersion", "auditID"}},
	{"an audit log of Google Cloud", []string{"logName", "protoPayload"}},
	{"an audit log of Microsoft 365", []string{"CreationTime", "RecordType", "Workload"}},
	{"a dump of Elasticsearch", []string{"_index", "_source"}},
}

// systemOf returns the system with these names, "" if unknown.
func systemOf(systems []system, names []string) string {
	for _, s := range systems {
		if !slices.ContainsFunc(s.names, func(name string) bool { return !slices.Contains(names, name) }) {
			return s.name
		}
	}
	return ""
}

// rejectForeign rejects JSON whose first object has no field of an entry.
func rejectForeign(text []byte) error {
	var names, unknown []string
	for _, m := range membersOf(text) {
		names = append(names, m.name)
		if m.name == "module" || m.name == "operation" || m.name == "user" && m.kind == '{' {
			return nil
		}
		if !slices.Contains(sentFields, m.name) {
			unknown = append(unknown, quotedField(m.name))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	name := systemOf(systemsOfJSON, names)
	if name == "" {
		name = "JSON of another system"
	}
	return fmt.Errorf("this is %s, not entries of this log; unknown fields: %s; required: user (with id and name), module, operation. "+
		"Save each record as a JSON object on its own line, with the fields of POST …/entries, or as CSV with the header of an export", name, strings.Join(unknown, ", "))
}

var errMarkup = errors.New("this is a web page or XML, as some systems call .xls; open it in Excel and save it as an Excel workbook (.xlsx) or as CSV UTF-8")

// kind is a file type recognized by its first bytes, with advice.
type kind struct {
	magic  string
	at     int
	advice string
}

const unpack = "unpack it, and import the files in it"

var kinds = []kind{
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "this is a workbook of Excel 97 to 2003 (.xls), or one with a password; save it as an Excel workbook (.xlsx) without a password, or as CSV UTF-8"},
	{"%PDF-", 0, "this is a PDF; save the original table as an Excel workbook (.xlsx) or as CSV UTF-8"},
	{"{\\rtf", 0, "this is rich text (RTF); save it as CSV UTF-8"},
	{"7z\xbc\xaf\x27\x1c", 0, "this is a 7z archive; " + unpack},
	{"Rar!\x1a\x07", 0, "this is a RAR archive; " + unpack},
	{"ustar", 257, "this is a tar archive; " + unpack},
	{"BZh", 0, "this is compressed with bzip2; decompress it, or compress it with gzip"},
	{"\xfd7zXZ\x00", 0, "this is compressed with xz; decompress it, or compress it with gzip"},
	{"\x28\xb5\x2f\xfd", 0, "this is compressed with zstd; decompress it, or compress it with gzip"},
	{"\x1f\x8b", 0, "this is compressed with gzip twice; decompress it once"},
	{"SQLite format 3\x00", 0, "this is an SQLite database; save its table as CSV UTF-8"},
	{"PAR1", 0, "this is a Parquet file; save it as CSV UTF-8 or NDJSON"},
	{"\x89PNG\r\n\x1a\n", 0, "this is an image; save the table as an Excel workbook (.xlsx) or as CSV UTF-8"},
	{"\xff\xd8\xff", 0, "this is an image; save the table as an Excel workbook (.xlsx) or as CSV UTF-8"},
}

// rejectKind rejects known file types that are not text.
func rejectKind(start []byte) error {
	for _, k := range kinds {
		if len(start) > k.at && bytes.HasPrefix(start[k.at:], []byte(k.magic)) {
			return errors.New(k.advice)
		}
	}
	return nil
}
