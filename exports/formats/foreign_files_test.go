package formats

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"oplog/oplog"
)

// goJargon matches jargon of the standard library and escaped bytes, which must not appear in messages to users.
var goJargon = regexp.MustCompile(`\\x|json:|jsontext|invalid character|unmarshal|gzip:|zip:|csv:|xml:|EOF|%!`)

// readFile returns the file's type and content: for each entry its position, time and user, and for each bad line the reason.
func readFile(t *testing.T, file []byte) string {
	t.Helper()
	source, err := Open(bytes.NewReader(file), oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t)})
	if err != nil {
		return "refused: " + err.Error()
	}
	var said []string
	for line, err := range source.Lines() {
		switch e := line.Entry; {
		case err != nil:
			said = append(said, "broken: "+err.Error())
		case line.Err != nil:
			said = append(said, source.Position(line.Number)+" "+line.Err.Error())
		default:
			said = append(said, fmt.Sprintf("%s: %s %s", source.Position(line.Number), e.Time.Format("2006-01-02 15:04:05"), e.User.Name))
		}
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
	return strings.Join(append([]string{source.String()}, said...), "\n")
}

func gzipped(t *testing.T, file []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// checkFile checks the result for a file, which is the same if it is gzipped.
func checkFile(t *testing.T, name string, file []byte, want string) {
	t.Helper()
	got := readFile(t, file)
	if refusal, partly := strings.CutSuffix(want, "…"); got != want && (!partly || !strings.HasPrefix(got, refusal)) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
	if found := goJargon.FindString(got); found != "" {
		t.Errorf("%s: %q is in what people read: %s", name, found, got)
	}
	if strings.HasPrefix(got, "refused") {
		if packed := readFile(t, gzipped(t, file)); packed != got {
			t.Errorf("%s gzipped: %s", name, packed)
		}
		return
	}
	form, lines, _ := strings.Cut(got, "\n")
	if packed := readFile(t, gzipped(t, file)); packed != strings.TrimSuffix(form+", gzipped\n"+lines, "\n") {
		t.Errorf("%s gzipped: %s", name, packed)
	}
}

// TestForeignFiles: files from spreadsheets and other systems are recognized, or rejected with their type and what to save instead.
func TestForeignFiles(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		file, err := os.ReadFile(filepath.Join("testdata", "brought", name))
		if err != nil {
			t.Fatal(err)
		}
		checkFile(t, name, file, want)
	}
	f("excel-gbk.csv", "CSV, GB18030, separated by \",\"\nline 2: 2026-11-20 08:41:07 周宁")
	f("excel-utf16.txt", "CSV, UTF-16LE, separated by tabs\nline 2: 2026-11-20 08:41:07 周宁")
	f("excel-tab.tsv", "CSV, UTF-8, separated by tabs\nline 2: 2026-11-20 08:41:07 周宁")
	f("excel-date-cn.csv", "CSV, UTF-8, separated by \",\"\nline 2: 2026-11-20 08:41:00 周宁\nline 3: 2026-11-20 08:41:07 周宁")
	f("emptyrows.csv", "CSV, UTF-8, separated by \",\"\nline 2: 2026-11-20 08:41:07 周宁")
	f("title-row.csv", "CSV, UTF-8, separated by \",\", header in line 2 (rows above it skipped)\nline 3: 2026-11-20 08:41:07 周宁")
	f("array.json", "JSON array, UTF-8\nentry 1: 2026-11-20 16:41:07 n")
	f("pretty.json", "JSON with entries in \"entries\", UTF-8\nentry 1: 2026-11-20 16:41:07 n")
	f("ndjson-nozone.ndjson", "NDJSON, UTF-8\nline 1: 2026-11-20 08:41:07 n\nline 2: 2026-11-20 08:41:07 n\nline 3: 2026-11-20 08:41:07 n\nline 4: 2026-11-20 08:41:07 n\nline 5: 2025-11-28 03:20:00 n")
	f("two-systems.ndjson", "NDJSON, UTF-8\nline 1: 2026-11-20 02:00:00 Shop A user\nline 2: 2026-11-21 02:00:00 Shop B user\nline 3: 2026-11-21 03:00:00 Shop C user")
	f("cloudtrail.json", "refused: this is a log of AWS CloudTrail, not entries of this log; unknown fields: eventVersion, userIdentity, eventTime, eventSource, eventName, sourceIPAddress, requestParameters; required: user (with id and name), module, operation. Save each record as a JSON object on its own line…")
	f("github.ndjson", "refused: this is an audit log of GitHub, not entries of this log; unknown fields: actor, org, created_at, action, actor_location; required: …")
	f("ruoyi.csv", `refused: this is an operation log of RuoYi, not an export of this log: unknown columns: "操作序号", "操作模块", "业务类型", "请求方法", "请求方式", "操作类别", "操作人员", "部门名称", "请求地址", "操作地址", "操作地点", "请求参数", "返回参数", "状态", "错误消息", "消耗时间"; missing required columns: 用户 ID (user_id), 用户 (user_name), 功能模块 (module), 操作类型 (operation). Rename…`)
}

const plainRows = "Time,User,User ID,Module,Operation,Entry ID\n2026-11-20 16:41:07,王小红,u1,SMS,Send,a-1\n"

func encoded(t *testing.T, e encoding.Encoding, text string) []byte {
	t.Helper()
	out, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodings(t *testing.T) {
	const row = "line 2: 2026-11-20 08:41:07 王小红"
	f := func(name string, file []byte, want string) {
		t.Helper()
		checkFile(t, name, file, want)
	}
	for _, comma := range []string{",", ";", "\t"} {
		shown := map[string]string{",": `separated by ","`, ";": `separated by ";"`, "\t": "separated by tabs"}[comma]
		text := strings.ReplaceAll(plainRows, ",", comma)
		for name, e := range map[string]encoding.Encoding{
			"UTF-8": encoding.Nop, "GB18030": simplifiedchinese.GB18030,
			"UTF-16LE": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "UTF-16BE": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		} {
			f(name, encoded(t, e, text), "CSV, "+name+", "+shown+"\n"+row)
			f(name+" with a mark", encoded(t, e, "\ufeff"+text), "CSV, "+name+", "+shown+"\n"+row)
			f(name+" with sep=", encoded(t, e, "sep="+comma+"\r\n"+text), "CSV, "+name+", "+shown+"\nline 3"+row[len("line 2"):])
			f(name+" of a Mac", encoded(t, e, strings.ReplaceAll(text, "\n", "\r")), "CSV, "+name+", "+shown+"\n"+row)
		}
	}
	f("sep=|", []byte("\"SEP=|\"\n"+strings.ReplaceAll(plainRows, ",", "|")), "CSV, UTF-8, separated by \"|\"\nline 3"+row[len("line 2"):])
	f("NDJSON in GBK", encoded(t, simplifiedchinese.GBK, `{"time":"2026-11-20 16:41:07","user":{"id":"u","name":"王小红"},"module":"sms","operation":"send"}`), "NDJSON, GB18030\nline 1: 2026-11-20 08:41:07 王小红")
	f("characters beyond GBK", encoded(t, simplifiedchinese.GB18030, strings.ReplaceAll(plainRows, "王小红", "王小红🎁€\u3400")), "CSV, GB18030, separated by \",\"\n"+row+"🎁€\u3400")
	f("the euro sign of Windows", []byte("Time,User,User ID,Module,Operation,Entry ID\n,\xcd\xf5\xd0\xa1\xba\xec\x80,u1,SMS,Send,\n"), "CSV, GB18030, separated by \",\"\nline 2: 0001-01-01 00:00:00 王小红€")

	ascii := strings.Repeat("2026-11-20 16:41:07,Ann,u2,SMS,Send,\n", 5000)
	header, _, _ := strings.Cut(plainRows, "\n")
	for name, e := range map[string]encoding.Encoding{"UTF-8": encoding.Nop, "GB18030": simplifiedchinese.GB18030} {
		got := readFile(t, encoded(t, e, header+"\n"+ascii+strings.SplitAfter(plainRows, "\n")[1]))
		if !strings.HasPrefix(got, "CSV, "+name+", ") || !strings.HasSuffix(got, "\nline 5002: 2026-11-20 08:41:07 王小红") {
			t.Errorf("%s after much ASCII: %.60s…%s", name, got, got[len(got)-60:])
		}
	}

	const refusal = `refused: line 2 is in an unsupported encoding, neither UTF-8, UTF-16 nor GB18030; save the file as UTF-8 (in Excel: "CSV UTF-8")`
	f("Windows-1252", encoded(t, charmap.Windows1252, strings.ReplaceAll(plainRows, "王小红", "René Müller-André")), refusal)
	f("Windows-1252 that is valid GBK", encoded(t, charmap.Windows1252, strings.ReplaceAll(plainRows, "王小红", "Andréa")), refusal)
	f("Windows-1251", encoded(t, charmap.Windows1251, strings.ReplaceAll(plainRows, "王小红", "Анна Петрова")), refusal)
	f("Big5", encoded(t, traditionalchinese.Big5, strings.ReplaceAll(plainRows, "王小红", "陳大文（台北營運處），客戶關係管理員")), refusal)
	f("UTF-32", []byte("\xff\xfe\x00\x00T\x00\x00\x00"), "refused: this is text in UTF-32; save it as UTF-8")

	rows := func(names ...string) string {
		text := header + "\n"
		for _, name := range names {
			text += "2026-11-20 16:41:07," + name + ",u1,SMS,Send,\n"
		}
		return text
	}
	f("damaged UTF-8", []byte(rows("王小红", "王\xe5\xb0红", "李四")),
		"CSV, UTF-8, separated by \",\"\nline 2: 2026-11-20 08:41:07 王小红\nline 3 contains bytes that are invalid in UTF-8; the line is damaged, or in a different encoding\nline 4: 2026-11-20 08:41:07 李四")
	many := strings.Split(strings.Repeat("王小红 ", 20), " ")[:20]
	damaged := encoded(t, simplifiedchinese.GBK, rows(many...))
	damaged = append(damaged, []byte("2026-11-20 16:41:07,\xcd\xff\xba\xec,u1,SMS,Send,\n")...)
	f("damaged GBK", damaged, readFile(t, encoded(t, simplifiedchinese.GBK, rows(many...)))+"\nline 22 contains bytes that are invalid in GB18030; the line is damaged, or in a different encoding")
	half := encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), rows("a", "王", "b"))
	at := bytes.Index(half, []byte{0x8b, 0x73}) // 王
	half[at], half[at+1] = 0x00, 0xd8
	f("half a surrogate", half, "CSV, UTF-16LE, separated by \",\"\nline 2: 2026-11-20 08:41:07 a\nline 3 contains bytes that are invalid in UTF-16LE; the line is damaged, or in a different encoding\nline 4: 2026-11-20 08:41:07 b")
}

// Every character of GB18030 decodes as in the library; sequences without a character are rejected.
func TestGB18030IsStrict(t *testing.T) {
	d := newGB18030()
	encode := simplifiedchinese.GB18030.NewEncoder()
	for r := rune(0x80); r <= 0x10ffff; r++ {
		text := string(r)
		sequence, err := encode.String(text)
		if err != nil || r != []rune(text)[0] || 0xe000 <= r && r <= 0xf8ff {
			continue // a surrogate or private use
		}
		if decoded, size := d.next([]byte(sequence), true); size != len(sequence) || string(decoded) != text {
			t.Fatalf("%q of %U is decoded as %q", sequence, r, decoded)
		}
	}
	for first := 0x80; first <= 0xff; first++ {
		for second := range 0x100 {
			decoded, size := d.next([]byte{byte(first), byte(second)}, true)
			if size > 0 && strings.Contains(string(decoded), "\ufffd") {
				t.Errorf("%02x %02x is decoded as %q", first, second, decoded)
			}
		}
	}
}

func TestBinaryFiles(t *testing.T) {
	archive := func(names ...string) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, name := range names {
			if _, err := z.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	f := func(file []byte, want string) {
		t.Helper()
		checkFile(t, want, file, "refused: "+want+"…")
	}
	f([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "this is a workbook of Excel 97 to 2003 (.xls), or one with a password; save it as an Excel workbook (.xlsx)")
	f([]byte("%PDF-1.7\n"), "this is a PDF; save")
	f([]byte("\ufeff <html><table>"), "this is a web page or XML, as some systems call .xls; open it in Excel and save it as")
	f([]byte("<?xml version=\"1.0\"?>"), "this is a web page or XML")
	f([]byte("PAR1\x15\x04"), "this is a Parquet file; save it as CSV UTF-8")
	f([]byte("SQLite format 3\x00"), "this is an SQLite database")
	f([]byte("BZh91AY"), "this is compressed with bzip2; decompress it")
	f([]byte("\x28\xb5\x2f\xfd\x00"), "this is compressed with zstd; decompress it")
	f([]byte("7z\xbc\xaf\x27\x1c"), "this is a 7z archive; unpack it")
	f([]byte("\x89PNG\r\n\x1a\n"), "this is an image; save")
	f(tar, "this is a tar archive; unpack it")
	f([]byte("\x01\x02\x03\x04abc\x05\x06"), "this is not a text file; save it as CSV UTF-8")
	f([]byte("abc\x00\x00\x00def\x00"), "this is not a text file: it contains zero bytes; save it as CSV UTF-8")
	f(archive("log.csv.manifest", "folder/log.csv"), `this is a ZIP archive; unpack it, and import the files in it, such as "log.csv"`)
	f(archive(), "this is a ZIP archive; unpack it, and import the files in it")
	f(archive("mimetype", "content.xml"), "this is an OpenDocument file; save it as an Excel workbook (.xlsx)")
	f(archive("[Content_Types].xml", "word/document.xml"), "this is a document of Word or PowerPoint; save")
	f(archive("[Content_Types].xml", "xl/workbook.bin"), "this is a binary Excel workbook (.xlsb); save it as an Excel workbook (.xlsx)")
	f(archive("[Content_Types].xml", "xl/workbook.xml"), "the workbook is damaged; save it again")
	f([]byte("PK\x03\x04 and no more"), "this is a damaged workbook or ZIP archive")
	f([]byte("Dear colleague"), `this is neither CSV with a header nor JSON; its first line is "Dear colleague". Save it as CSV UTF-8`)
	if got := readFile(t, gzipped(t, gzipped(t, []byte(plainRows)))); got != "refused: this is compressed with gzip twice; decompress it once" {
		t.Error(got)
	}
	cut := gzipped(t, []byte(plainRows))
	if got := readFile(t, cut[:len(cut)-9]); !strings.Contains(got, "the gzip data is truncated; copy the file again") || goJargon.MatchString(got) {
		t.Error(got)
	}
	cut[len(cut)-6] ^= 1
	if got := readFile(t, cut); !strings.Contains(got, "the gzip data is damaged; copy the file again") || goJargon.MatchString(got) {
		t.Error(got)
	}
}

func TestJSONForms(t *testing.T) {
	const entry = `{"time":"2026-11-20 16:41:07","user":{"id":"u","name":"Ann"},"module":"sms","operation":"send"}`
	row := func(n int) string { return fmt.Sprintf("\nentry %d: 2026-11-20 08:41:07 Ann", n) }
	f := func(file, want string) {
		t.Helper()
		checkFile(t, file, []byte(file), want)
	}
	f("["+entry+",\n"+entry+"]\n", "JSON array, UTF-8"+row(1)+row(2))
	f("[]", "JSON array, UTF-8")
	f("[\n]\n", "JSON array, UTF-8")
	f(`{"Records":[`+entry+"]}", `JSON with entries in "Records", UTF-8`+row(1))
	f(`{"next_cursor":null,"tags":["a"],"entries":[`+entry+"],\n\"more\":{\"a\":[1]}}\n", `JSON with entries in "entries", UTF-8`+row(1))
	f(`{"entries":[]}`, `JSON with entries in "entries", UTF-8`)
	f("{\n\"time\"\n:\"2026-11-20 16:41:07\",\"user\":{\"id\":\"u\",\"name\":\"Ann\"},\"module\":\"sms\",\"operation\":\"send\"\n}\n"+entry, "JSON with entries that span several lines, UTF-8"+row(1)+row(2))
	f(entry+"\n\n"+entry, "NDJSON, UTF-8\nline 1: 2026-11-20 08:41:07 Ann\nline 3: 2026-11-20 08:41:07 Ann")
	f(`[{"usr":1,"module":"sms"},`+entry+`,7,{"user":{"id":1},"module":"a"}]`,
		"JSON array, UTF-8\nentry 1 has an unknown field: usr"+row(2)+"\nentry 3 must be a JSON object, not a number\nentry 4 user.id must be text, not a number")
	f(`[`+entry+`,{"user":{"id":"u"},"a":1,"b":2},{"id":"x","id":"y"}]`, "JSON array, UTF-8"+row(1)+"\nentry 2 has unknown fields: a, b\nentry 3 has the field \"id\" twice")
	f("{\"id\":\"a\",\"module\":\"sms\",\"truncated\":true}\n", "NDJSON, UTF-8\nline 1 is truncated: lists of the API omit long changes and details; use an NDJSON export, or get the entry by its id")
	f("[\n"+entry+",\n"+entry+"\n", "JSON array, UTF-8"+row(1)+row(2)+"\nbroken: the file ends after entry 2 in the middle of the JSON; the rest is missing")
	f("[\n"+entry+",\n"+entry+",\n]\n", "JSON array, UTF-8"+row(1)+row(2)+"\nbroken: the file is not valid JSON from line 3 on after entry 2")
	f("["+entry+"]\n"+entry, "JSON array, UTF-8"+row(1)+"\nbroken: the data in line 2, after the end of the JSON, was not read")
	f(`{"Records":[`+entry+`],"others":[`+entry+`]}`, `JSON with entries in "Records", UTF-8`+row(1)+"\nbroken: another list, \"others\", follows the entries in \"Records\" and was not read; save it as a separate file")
	f("["+entry+`,{"id":"`+strings.Repeat("x", 3*maxLine)+`"}]`, "JSON array, UTF-8"+row(1)+"\nbroken: the file cannot be read after entry 1: the next value is longer than 1 MiB, the limit of an entry")
	f("[{\"id\":\"a\",\"module\":\"\xff\"},"+entry+"]", "JSON array, UTF-8\nentry 1 contains bytes that are invalid in UTF-8; the line is damaged, or in a different encoding"+row(2))
	f("{\"module\":\"sms\",\n \"operation\" \"send\"}\n", "refused: the file is not valid JSON from line 2 on")
	f(`{"id":"a","module":"sms", @}`+"\n"+entry, "NDJSON, UTF-8\nline 1 is not valid JSON from character 27 onwards, a \"@\"\nline 2: 2026-11-20 08:41:07 Ann")
	f(entry+"\n"+entry[:50]+"\n", "NDJSON, UTF-8\nline 1: 2026-11-20 08:41:07 Ann\nline 2 is not valid JSON: it is incomplete")
	f(`{"name":"x","level":3}`, "refused: this is JSON of another system, not entries of this log; unknown fields: name, level; required: user (with id and name), module, operation…")
	f("[{\"_index\":\"a\",\"_source\":{}}]", "refused: this is a dump of Elasticsearch, not entries of this log; unknown fields: _index, _source…")
}

func TestHeaders(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		checkFile(t, file, []byte(file), want)
	}
	f("a,User,b,,User,Module\n", `refused: invalid header: unknown columns: "a", "b", column 4 without a name; duplicate columns: "User"; missing required columns: User ID (user_id), Operation (operation). Rename the columns that have the same meaning and delete the others. Known columns are those of an export, or fields: time, id,…`)
	f("\n 操作日志;;\n;;\n用户;用户 ID;功能模块;操作类型;;\n王芳;u;短信;发送;;\n;;;;;\n王芳;u;短信;发送\n王芳;u;短信;发送;;x\n",
		"CSV, UTF-8, separated by \";\", header in line 4 (rows above it skipped)\nline 5: 0001-01-01 00:00:00 王芳\nline 7: 0001-01-01 00:00:00 王芳\nline 8 has 6 cells, but the header has 4")
	f("user_id,user_name,module,operation,outcome\nu,Ann,sms,send,Failed\n", "CSV, UTF-8, separated by \",\"\nline 2: 0001-01-01 00:00:00 Ann")
	for cell, want := range map[string]string{"失败": "failure", "FAILURE": "failure", "Failed": "failure", "成功": "success", "Success": "success", "": "", "maybe": "maybe"} {
		got, _, err := readAll(t, strings.NewReader("user_id,user_name,module,operation,outcome\nu,Ann,sms,send,"+cell+"\n"), oplog.BuiltInCatalog())
		if err != nil || len(got) != 1 || got[0].Outcome != want {
			t.Errorf("%s: %v, %v; want %s", cell, got, err, want)
		}
	}
}
