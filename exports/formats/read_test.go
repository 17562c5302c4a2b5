package formats

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"oplog/oplog"
)

// readAll returns a file's entries and its bad lines as "number: reason".
func readAll(t *testing.T, file io.Reader, catalog *oplog.Catalog) (entries []oplog.Entry, bad []string, err error) {
	t.Helper()
	source, err := Open(file, oplog.ExportOptions{Catalog: catalog, Location: shanghai(t)})
	if err != nil {
		return nil, nil, err
	}
	defer source.Close()
	for line, err := range source.Lines() {
		switch {
		case err != nil:
			return entries, bad, err
		case line.Err != nil:
			bad = append(bad, fmt.Sprintf("%d: %v", line.Number, line.Err))
		default:
			entries = append(entries, line.Entry)
		}
	}
	return entries, bad, nil
}

// formatEntry formats an entry as JSON.
func formatEntry(t *testing.T, e oplog.Entry) string {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// exportable returns entries with texts that are hard to write and read.
func exportable() []oplog.Entry {
	at := time.Date(2026, 11, 20, 8, 41, 7, 0, time.UTC)
	texts := []string{
		"plain", "营销经理，上海", `quoted "word", and a comma`, "two\nlines", "a\r\nb\rc\n", "\n", " spaces ", `"`, `""`, "=1+1", "+1", "-1", "@x",
		"＝1", "＋1", "－1", "＠1", "\t=1", "\r=1", "'quoted'", "'=1", "'", "''", "''=1", "'@x", "a,b", "\u200fنور", "🎁",
	}
	var entries []oplog.Entry
	for i, text := range texts {
		e := everyColumn(text)
		e.ID, e.Time, e.Module, e.Operation = fmt.Sprint("id-", i), at.Add(-time.Duration(i)*time.Hour), "wechat_page", "edit"
		entries = append(entries, e)
	}
	return entries
}

func TestReadExports(t *testing.T) {
	f := func(name string, file []byte, want []oplog.Entry) {
		t.Helper()
		got, bad, err := readAll(t, bytes.NewReader(file), oplog.BuiltInCatalog())
		if err != nil || bad != nil || len(got) != len(want) {
			t.Fatalf("%s: %d of %d, %v, %v", name, len(got), len(want), bad, err)
		}
		for i := range want {
			want[i].Seq, want[i].ReceivedAt = 0, time.Time{}
			if g, w := formatEntry(t, got[i]), formatEntry(t, want[i]); g != w {
				t.Errorf("%s: entry %d is\n%s\nwant\n%s", name, i, g, w)
			}
		}
	}
	f("en", write(t, CSV, oplog.LocaleEN, exportable()), exportable())
	f("zh-CN", write(t, CSV, oplog.LocaleZH, exportable()), exportable())
	f("NDJSON", write(t, NDJSON, oplog.LocaleEN, sample()), sample())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(write(t, CSV, oplog.LocaleEN, exportable())); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f("gzip", packed.Bytes(), exportable())
	f("no entries", write(t, CSV, oplog.LocaleEN), nil)
}

// TestCSVTextsRoundTrip: a plain CSV reader sees the cells that the contract specifies, and imports restore the recorded text, except texts
// recorded in the form of a guarded formula, which RFC 4180 cannot tell apart.
func TestCSVTextsRoundTrip(t *testing.T) {
	texts := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("'=+-@＝\t\r\n ;,\"ax0双\u00a0")), rapid.Rune()))
	rapid.Check(t, func(rt *rapid.T) {
		var recorded [6]string
		for i := range recorded {
			recorded[i] = texts.Draw(rt, "text")
		}
		e := everyColumn(recorded[0])
		e.ID, e.Module, e.Operation, e.Time = "id", "sms", "send", time.Date(2026, 11, 20, 8, 41, 7, 0, time.UTC)
		e.User.ID, e.User.Role, e.Organization.Name, e.Content.Name, e.Content.ID = recorded[1], recorded[2], recorded[3], recorded[4], recorded[5]
		file := write(t, CSV, oplog.LocaleEN, []oplog.Entry{e})
		got, bad, err := readAll(t, bytes.NewReader(file), oplog.BuiltInCatalog())
		if err != nil || bad != nil || len(got) != 1 {
			rt.Fatalf("%q: %v, %v, %v", file, got, bad, err)
		}
		for _, cell := range []struct{ got, want string }{
			{got[0].User.Name, e.User.Name}, {got[0].User.ID, e.User.ID}, {got[0].User.Role, e.User.Role},
			{got[0].Organization.Name, e.Organization.Name}, {got[0].Content.Name, e.Content.Name}, {got[0].Content.ID, e.Content.ID},
		} {
			want := cell.want
			if looksGuarded(want) && (strings.ContainsAny(want, ",\"\r\n") || strings.HasSuffix(want, " ")) {
				want = want[1:]
			}
			if cell.got != want {
				rt.Errorf("%q comes back as %q, want %q", cell.want, cell.got, want)
			}
		}
		plain := read(t, file)[0]
		for i, column := range []int{1, 2, 3, 4, 8, 9} {
			// encoding/csv reads CRLF within a cell as LF.
			if want := strings.ReplaceAll(guarded(recorded[i]), "\r\n", "\n"); plain[column] != want {
				rt.Errorf("%q is read as %q, want %q", recorded[i], plain[column], want)
			}
		}
	})
}

// If a program quotes all cells, quotation marks carry no meaning.
func TestReadQuotedByAnotherProgram(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		got, bad, err := readAll(t, strings.NewReader(file), oplog.BuiltInCatalog())
		if err != nil || bad != nil || len(got) != 1 || got[0].User.Name != want {
			t.Errorf("%s: %v, %v, %v; want %s", file, got, bad, err, want)
		}
	}
	f(`User,User ID,Module,Operation`+"\r\n"+`"'=Ann",u,sms,send`, "'=Ann")
	f(`User,User ID,Module,Operation`+"\r\n"+`'=Ann,u,sms,send`, "=Ann")
	f(`User,User ID,Module,Operation`+"\r\n"+`"'=Ann, Jr.",u,sms,send`, "=Ann, Jr.")
	f(`"User","User ID","Module","Operation"`+"\r\n"+`"'=Ann","u","sms","send"`, "=Ann")
	f(`"User","User ID","Module","Operation"`+"\r\n"+`"Ann","u","sms","send"`, "Ann")
}

func TestReadFieldNames(t *testing.T) {
	file := "operation,module,user.id,user_name,user_role,organization_id,organization_name,content_id,content_name,outcome,origin,ip,user_agent,changes,details,seq\r\n" +
		`编辑,WeChat Page,u_1,'=Ann,Lead,shop,Shop,p_1,"Page ""A""",failure,manual,10.0.0.1,curl,"[{""field"":""a"",""after"":1}]","{""n"":2}",7` + "\r\n"
	got, bad, err := readAll(t, strings.NewReader(file), oplog.BuiltInCatalog())
	if err != nil || bad != nil || len(got) != 1 {
		t.Fatalf("%v, %v, %v", got, bad, err)
	}
	want := `{"id":"","seq":0,"time":"0001-01-01T00:00:00Z","received_at":"0001-01-01T00:00:00Z","user":{"id":"u_1","name":"'=Ann","role":"Lead"},` +
		`"organization":{"id":"shop","name":"Shop"},"module":"wechat_page","operation":"edit","content":{"id":"p_1","name":"Page \"A\""},` +
		`"origin":"manual","outcome":"failure","ip":"10.0.0.1","user_agent":"curl","changes":[{"field":"a","after":1}],"details":{"n":2}}`
	if s := formatEntry(t, got[0]); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

// Titles are those of the tenant's catalog; an ambiguous operation title means the operation that the module allows.
func TestReadTitles(t *testing.T) {
	catalog := &oplog.Catalog{
		Modules: []oplog.Module{
			{Key: "a", Title: oplog.Title{EN: "Twin", ZH: "甲"}, Operations: []string{"go2"}}, {Key: "b", Title: oplog.Title{EN: "Twin", ZH: "乙"}, Operations: []string{"go1"}},
			{Key: "甲", Title: oplog.Title{EN: "Key", ZH: "钥"}, Operations: []string{"go1"}},
		},
		Operations: []oplog.Operation{{Key: "go1", Title: oplog.Title{EN: "Go", ZH: "去"}}, {Key: "go2", Title: oplog.Title{EN: "Go", ZH: "去"}}},
	}
	f := func(module, operation, want string) {
		t.Helper()
		got, bad, err := readAll(t, strings.NewReader("User,User ID,Module,Operation\nAnn,u,"+module+","+operation), catalog)
		if err != nil || len(got)+len(bad) != 1 {
			t.Fatalf("%v, %v, %v", got, bad, err)
		}
		found := strings.Join(bad, "")
		if len(got) > 0 {
			found = got[0].Module + " " + got[0].Operation
		}
		if !strings.Contains(found, want) {
			t.Errorf("%s %s: %s, want %s", module, operation, found, want)
		}
	}
	f("乙", "Go", "b go1")
	f("a", "去", "a go2")
	f("a", "go1", "a go1")
	f("甲", "Go", "甲 go1") // a key takes precedence over a title
	f("Twin", "Go", "a and b")
	f("Other", "Stop", "Other Stop")
}

func TestReadBadLines(t *testing.T) {
	f := func(file string, good int, want ...string) {
		t.Helper()
		for _, in := range []io.Reader{strings.NewReader(file), iotest.OneByteReader(strings.NewReader(file))} {
			got, bad, err := readAll(t, in, oplog.BuiltInCatalog())
			if err != nil || len(got) != good || len(bad) != len(want) {
				t.Errorf("%.80q: %d entries, bad are %q, %v; want %d, %q", file, len(got), bad, err, good, want)
				continue
			}
			for i := range want {
				if !strings.Contains(bad[i], want[i]) {
					t.Errorf("%.80q: %q, want %q", file, bad[i], want[i])
				}
			}
		}
	}
	const header = "user_id,user_name,module,operation,content_name\n"
	const row = "u,Ann,sms,send,x\n"
	f(header+row+"u,Ann\n"+row, 2, "3: has 2 cells, but the header has 5")
	f(header+"\n"+row+"\r\n"+row+"\n", 2)
	f(header+`u,A"nn,sms,send,x`+"\n"+row, 1, "2: has a quotation mark inside an unquoted cell")
	f(header+`u,"Ann"x,sms,send,x`+"\n"+row, 1, "2: has text between the end of a quoted cell")
	f(header+`u,"Ann,sms,send,x`+"\n"+row+row, 2, "2: has an unclosed quotation mark")
	f(header+`u,"Ann,sms,send,x`+"\n"+row+`u,"Bob",sms,send,x`+"\n", 2, "2: has text between")
	f(header+"u,Ann,sms,send,\"a\nb\"\nu\n"+row, 2, "4: has 1 cells")
	f(header+"u,Ann,sms,send,"+strings.Repeat("x", maxLine)+"\n"+row, 1, "2: is longer than 1 MiB")
	f(header+"u,Ann,sms,send,\""+strings.Repeat("x\n", maxLine/2)+"\"\n"+row, 1, append([]string{"2: has an unclosed quotation mark"}, linesOfX(3, maxLine/2)...)...)
	f("time,"+header+"yesterday,"+row+"2026-13-01 00:00:00,"+row, 0, `2: time "yesterday" is neither`, `3: time "2026-13-01`)
	f("changes,"+header+"[1],"+row+"x,"+row, 0, "2: changes is not", `3: changes has an invalid line, "x"`)

	const entry = `{"user":{"id":"u","name":"Ann"},"module":"sms","operation":"send"}` + "\n"
	f(entry+"\n"+entry+"x\n"+entry, 3, `4: is not JSON: it begins with "x"`)
	f(entry+`{"user":{"id":7}}`+"\n"+`{"usr":{}}`+"\n"+`[]`+"\n"+`{"time":"now"}`+"\n"+`{"id":"a","id":"b"}`+"\n"+entry, 2,
		"2: user.id must be text, not a number", "3: has an unknown field: usr", "4: must be a JSON object, not a list", `5: time "now" is neither`, `6: has the field "id" twice`)
	f(entry+`{"id":"`+strings.Repeat("x", maxLine)+`"}`+"\n"+entry, 2, "2: is longer than 1 MiB")
	f(entry+"{\"id\":\"\xff\"}\n"+entry, 2, "2: contains bytes that are invalid in UTF-8")
}

// linesOfX are the bad lines that result from a cell that is too long.
func linesOfX(from, n int) []string {
	var bad []string
	for i := range n - 1 {
		bad = append(bad, fmt.Sprintf("%d: has 1 cells", from+i))
	}
	return append(bad, fmt.Sprintf("%d: has an unclosed quotation mark", from+n-1))
}

func TestReadRejectsFiles(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		got, bad, err := readAll(t, strings.NewReader(file), oplog.BuiltInCatalog())
		if err == nil || !strings.Contains(err.Error(), want) || len(got)+len(bad) > 0 {
			t.Errorf("%q: %v, %v, %v; want %s", file, got, bad, err, want)
		}
	}
	f("", "the file is empty")
	f("\ufeff", "the file is empty")
	f("user_id,user_name,module\n", "missing required columns: Operation (operation).")
	f("user_id,user_name,module,operation,colour\n", `unknown columns: "colour".`)
	f("User,User,User ID,Module,Operation\n", `duplicate columns: "User".`)
	f("\"User\n", "the header has an unclosed quotation mark")
	f("\x1f\x8bnothing", "the gzip data is truncated")
	f("\x1f\x8bnothing at all", "the gzip data is damaged")
	gone := errors.New("the disk is gone")
	_, _, err := readAll(t, io.MultiReader(strings.NewReader(`{"id":`), iotest.ErrReader(gone)), oplog.BuiltInCatalog())
	if !errors.Is(err, gone) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("User,User ID,Module,Operation\n\"a\"\"b\",u,sms,send\n\"x"))
	f.Add([]byte(`{"user":{"id":"u"}}` + "\n{}\n"))
	f.Add([]byte(`{"Records":[{"user":{"id":"u"},"module":"sms"},{}]}`))
	f.Add([]byte("[{\n\"module\":\"sms\"\n},7]"))
	f.Add([]byte("\xff\xfeU\x00s\x00e\x00r\x00,\x00U\x00s\x00e\x00r\x00 \x00I\x00D\x00\n\x00"))
	f.Add([]byte("sep=;\nUser;User ID;Module;Operation;Changes\n\xcd\xf5\xd0\xa1\xba\xec;u;SMS;Send;a: 1 \xa1\xfa 2\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		source, err := Open(bytes.NewReader(file), oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: time.UTC})
		if err != nil {
			return
		}
		defer source.Close()
		last := 0
		for line, err := range source.Lines() {
			if err != nil {
				return
			}
			if line.Number <= last {
				t.Fatalf("line %d comes after line %d", line.Number, last)
			}
			last = line.Number
		}
	})
}
