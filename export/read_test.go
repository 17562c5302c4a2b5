package export

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

// readAll returns the entries and the bad lines of a file, as "number: reason".
func readAll(t *testing.T, file io.Reader, catalog *oplog.Catalog) (entries []oplog.Entry, bad []string, err error) {
	t.Helper()
	for line, err := range Read(file, oplog.ExportTerms{Catalog: catalog, Location: shanghai(t)}) {
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

// spelled is an entry as JSON, to compare.
func spelled(t *testing.T, e oplog.Entry) string {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// exportable are entries whose texts are hard to write and to read.
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

func TestReadWhatWasExported(t *testing.T) {
	f := func(name string, file []byte, want []oplog.Entry) {
		t.Helper()
		got, bad, err := readAll(t, bytes.NewReader(file), oplog.BuiltInCatalog())
		if err != nil || bad != nil || len(got) != len(want) {
			t.Fatalf("%s: %d of %d, %v, %v", name, len(got), len(want), bad, err)
		}
		for i := range want {
			want[i].Seq, want[i].ReceivedAt = 0, time.Time{}
			if g, w := spelled(t, got[i]), spelled(t, want[i]); g != w {
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

// TestCSVTextsComeBack: to a plain reader of CSV a cell is what the contract says,
// and the reader of imports has the text again; but for one that was recorded as
// a formula is written, where RFC 4180 leaves nothing to tell it by.
func TestCSVTextsComeBack(t *testing.T) {
	texts := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("'=+-@＝\t\r\n ,\"ax0双")), rapid.Rune()))
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
			// encoding/csv reads a CRLF within a cell as LF.
			if want := strings.ReplaceAll(guard(recorded[i]), "\r\n", "\n"); plain[column] != want {
				rt.Errorf("%q is read as %q, want %q", recorded[i], plain[column], want)
			}
		}
	})
}

// A program that puts all cells into quotation marks says nothing with them.
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

// An id that a log gave tells the time to the microsecond, where the cell does
// not contradict it.
func TestReadTimes(t *testing.T) {
	exact := time.Date(2026, 11, 20, 8, 41, 7, 412345000, time.UTC)
	id := oplog.MakeKey(exact, 3).ID()
	second := exact.Truncate(time.Second)
	f := func(cell, id string, want time.Time) {
		t.Helper()
		got, bad, err := readAll(t, strings.NewReader("time,id,user_id,user_name,module,operation\n"+cell+","+id+",u,U,sms,send"), oplog.BuiltInCatalog())
		if err != nil || bad != nil || len(got) != 1 || !got[0].Time.Equal(want) {
			t.Errorf("%s of %q: %v, %v, %v; want %s", cell, id, got, bad, err, want)
		}
	}
	f("2026-11-20 16:41:07", id, exact)
	f("2026-11-20 16:41:08", id, second.Add(time.Second))
	f("2026-11-20 16:41:07", "own", second)
	f("2026-11-20 16:41:07.25", "own", second.Add(250*time.Millisecond))
	f("2026-11-20T08:41:07Z", id, second)
	f("2026-11-20T16:41:07.412345+08:00", "", exact)
	f("", "", time.Time{})
}

// What clocks show when they are changed: a time that they skip is refused, and
// of one that they show twice the first is meant, unless an id that a log gave
// tells which.
func TestReadTimesOfClockChanges(t *testing.T) {
	f := func(zone, cell, id, want string) {
		t.Helper()
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		file := "time,id,user_id,user_name,module,operation\n" + cell + "," + id + ",u,U,sms,send"
		for line, err := range Read(strings.NewReader(file), oplog.ExportTerms{Catalog: oplog.BuiltInCatalog(), Location: loc}) {
			got := line.Entry.Time.Format(time.RFC3339Nano)
			if line.Err != nil {
				got = line.Err.Error()
			}
			if err != nil || got != want {
				t.Errorf("%s in %s: %s, %v; want %s", cell, zone, got, err, want)
			}
		}
	}
	skipped := func(zone, cell string) {
		t.Helper()
		f(zone, cell, "", fmt.Sprintf("time %q is one that the clocks of %s skipped; write it with its offset, like 2006-01-02T15:04:05+01:00", cell, zone))
	}
	f("Europe/Berlin", "2026-03-29 01:59:59.5", "", "2026-03-29T00:59:59.5Z")
	skipped("Europe/Berlin", "2026-03-29 02:00:00")
	skipped("Europe/Berlin", "2026-03-29 02:59:59.5")
	f("Europe/Berlin", "2026-03-29 03:00:00", "", "2026-03-29T01:00:00Z")
	f("Europe/Berlin", "2026-03-29T02:30:00+01:00", "", "2026-03-29T01:30:00Z")

	f("Europe/Berlin", "2026-10-25 01:59:59", "", "2026-10-24T23:59:59Z")
	f("Europe/Berlin", "2026-10-25 02:00:00", "", "2026-10-25T00:00:00Z")
	f("Europe/Berlin", "2026-10-25 02:59:59", "own", "2026-10-25T00:59:59Z")
	f("Europe/Berlin", "2026-10-25 03:00:00", "", "2026-10-25T02:00:00Z")
	second := time.Date(2026, 10, 25, 1, 30, 0, 7000, time.UTC)
	f("Europe/Berlin", "2026-10-25 02:30:00", oplog.MakeKey(second, 3).ID(), "2026-10-25T01:30:00.000007Z")

	skipped("America/New_York", "2026-03-08 02:30:00")
	f("America/New_York", "2026-11-01 01:30:00", "", "2026-11-01T05:30:00Z")
	f("America/New_York", "2026-11-01 02:00:00", "", "2026-11-01T07:00:00Z")
	skipped("Australia/Lord_Howe", "2026-10-04 02:15:00") // by half an hour
	f("Australia/Lord_Howe", "2026-04-05 01:45:00", "", "2026-04-04T14:45:00Z")
	f("Australia/Lord_Howe", "2026-04-05 02:00:00", "", "2026-04-04T15:30:00Z")
	skipped("Pacific/Apia", "2011-12-30 12:00:00") // a day that was none
	f("Asia/Shanghai", "2026-11-20 16:41:07", "", "2026-11-20T08:41:07Z")
	f("Asia/Shanghai", "1900-01-01 00:00:00", "", "1899-12-31T15:54:17Z")
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
	if s := spelled(t, got[0]); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}

// Titles are those of the tenant's catalog; one that stands for several
// operations is that which the module allows.
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
	f("甲", "Go", "甲 go1") // a key before a title
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
	f(header+row+"u,Ann\n"+row, 2, "3: has 2 cells, and the header 5")
	f(header+"\n"+row+"\r\n"+row+"\n", 2)
	f(header+`u,A"nn,sms,send,x`+"\n"+row, 1, "2: has a quotation mark within a cell")
	f(header+`u,"Ann"x,sms,send,x`+"\n"+row, 1, "2: has text between the end of a quoted cell")
	f(header+`u,"Ann,sms,send,x`+"\n"+row+row, 2, "2: has a quotation mark that is not closed")
	f(header+`u,"Ann,sms,send,x`+"\n"+row+`u,"Bob",sms,send,x`+"\n", 2, "2: has text between")
	f(header+"u,Ann,sms,send,\"a\nb\"\nu\n"+row, 2, "4: has 1 cells")
	f(header+"u,Ann,sms,send,"+strings.Repeat("x", maxLine)+"\n"+row, 1, "2: is longer than 1 MiB")
	f(header+"u,Ann,sms,send,\""+strings.Repeat("x\n", maxLine/2)+"\"\n"+row, 1, append([]string{"2: has a quotation mark that is not closed"}, linesOfX(3, maxLine/2)...)...)
	f("time,"+header+"yesterday,"+row+"2026-13-01 00:00:00,"+row, 0, `2: time "yesterday" is neither`, `3: time "2026-13-01`)
	f("changes,"+header+"[1],"+row+"x,"+row, 0, "2: changes is not", "3: changes is not")

	const entry = `{"user":{"id":"u","name":"Ann"},"module":"sms","operation":"send"}` + "\n"
	f(entry+"\n"+entry+"x\n"+entry, 3, "4: is not JSON")
	f(entry+`{"user":{"id":7}}`+"\n"+`{"usr":{}}`+"\n"+`[]`+"\n"+`{"time":"now"}`+"\n"+`{"id":"a","id":"b"}`+"\n"+entry, 2,
		"2: user.id is a JSON number", "3: has a field usr", "4: is a JSON [", `5: time cannot be read`, "6: is not JSON: duplicate")
	f(entry+`{"id":"`+strings.Repeat("x", maxLine)+`"}`+"\n"+entry, 2, "2: is longer than 1 MiB")
	f(entry+"{\"id\":\"\xff\"}\n"+entry, 2, "2: is not JSON: invalid UTF-8")
}

// linesOfX are the bad lines that are left of a cell that is too long.
func linesOfX(from, n int) []string {
	var bad []string
	for i := range n - 1 {
		bad = append(bad, fmt.Sprintf("%d: has 1 cells", from+i))
	}
	return append(bad, fmt.Sprintf("%d: has a quotation mark that is not closed", from+n-1))
}

func TestReadRefusesFiles(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		got, bad, err := readAll(t, strings.NewReader(file), oplog.BuiltInCatalog())
		if err == nil || !strings.Contains(err.Error(), want) || len(got)+len(bad) > 0 {
			t.Errorf("%q: %v, %v, %v; want %s", file, got, bad, err, want)
		}
	}
	f("", "the file is empty")
	f("\ufeff", "the file is empty")
	f("user_id,user_name,module\n", "no column for operation")
	f("user_id,user_name,module,operation,colour\n", `a column "colour"`)
	f("User,User,User ID,Module,Operation\n", `the column "User" twice`)
	f("\"User\n", "the header has a quotation mark that is not closed")
	f("\x1f\x8bnothing", "damaged gzip")
	gone := errors.New("the disk is gone")
	_, _, err := readAll(t, io.MultiReader(strings.NewReader(`{"id":`), iotest.ErrReader(gone)), oplog.BuiltInCatalog())
	if !errors.Is(err, gone) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("User,User ID,Module,Operation\n\"a\"\"b\",u,sms,send\n\"x"))
	f.Add([]byte(`{"user":{"id":"u"}}` + "\n{}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		last := 0
		for line, err := range Read(bytes.NewReader(file), oplog.ExportTerms{Catalog: oplog.BuiltInCatalog(), Location: time.UTC}) {
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
