package formats

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func shanghai(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// sample returns entries with everything that is easy to get wrong: both languages, quotation marks, line breaks, absent fields, fractions
// of seconds, markup.
func sample() []oplog.Entry {
	at := time.Date(2026, 11, 20, 8, 41, 7, 412000000, time.UTC)
	return []oplog.Entry{
		{
			ID: "01JD4M6Z3Q8W2X5T9RB7KCNE1F", Seq: 3, Time: at, ReceivedAt: at.Add(400 * time.Millisecond),
			User:         oplog.User{ID: "u_10027", Name: "王晓敏", Role: "营销经理"},
			Organization: oplog.Ref{ID: "east-shanghai", Name: "Shanghai Studio"},
			Module:       "wechat_page", Operation: "edit",
			Content: oplog.Ref{ID: "page_20261105_0017", Name: "双11返场主会场 Double 11 Encore"},
			Origin:  "manual", Outcome: "success", IP: "10.24.8.113", UserAgent: "Mozilla/5.0", KeyID: "oplog_write_Ab3_-xyz",
			Changes: []oplog.Change{{Field: "status", Before: []byte(`"draft"`), After: []byte(`"published"`)}},
			Details: []byte(`{"note":"a<b & c"}`),
		},
		{
			ID: "a-2", Seq: 2, Time: at.Add(-16 * time.Hour), User: oplog.User{ID: "u_2", Name: `Ann "Nan" O'Hara, Jr.`},
			Module: "email", Operation: "send", Content: oplog.Ref{ID: "eml_7731", Name: "line one\nline two\r\nline three\rend"},
			Origin: "manual", Outcome: "failure",
		},
		{
			ID: "a-1", Seq: 1, Time: at.Add(-17 * time.Hour), User: oplog.User{ID: "u_3", Name: "نور \u200fالهدى"},
			Module: "gone", Operation: "lost", Content: oplog.Ref{Name: "=HYPERLINK(\"http://x\")"}, Origin: "manual", Outcome: "success",
		},
	}
}

func write(t testing.TB, format oplog.ExportFormat, locale string, chunks ...[]oplog.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := format.New(&out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Locale: locale, Location: shanghai(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		if err := w.Write(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got\n%q\nwant\n%q", name, got, want)
	}
}

func TestCSVGolden(t *testing.T) {
	golden(t, "en.csv", write(t, CSV, oplog.LocaleEN, sample()))
	golden(t, "zh-CN.csv", write(t, CSV, oplog.LocaleZH, sample()))
}

func TestCSVHeaderStandsWithoutRows(t *testing.T) {
	f := func(locale, want string) {
		t.Helper()
		for _, got := range [][]byte{write(t, CSV, locale), write(t, CSV, locale, nil, nil)} {
			if string(got) != "\ufeff"+want+"\r\n" {
				t.Errorf("%s: %q", locale, got)
			}
		}
	}
	f("en", "Time,User,User ID,Role,Organization,Organization ID,Module,Operation,Content,Content ID,IP,Entry ID,Outcome")
	f("zh-CN", "操作时间,用户,用户 ID,角色,组织,组织 ID,功能模块,操作类型,操作内容,内容 ID,IP,记录 ID,结果")
}

func TestCSVChunksMakeOneFile(t *testing.T) {
	var all []oplog.Entry
	for i := range 197 {
		all = append(all, everyColumn(strconv.Itoa(i)))
	}
	whole := write(t, CSV, "en", all)
	for i, r := range read(t, whole) {
		if r[1] != strconv.Itoa(i) {
			t.Fatalf("row %d is %q", i, r)
		}
	}
	if rows := read(t, whole); len(rows) != len(all) {
		t.Errorf("%d rows of %d", len(rows), len(all))
	}
	for _, cut := range []int{0, 1, 64, len(all)} {
		if parts := write(t, CSV, "en", all[:cut], nil, all[cut:]); !bytes.Equal(whole, parts) {
			t.Errorf("cut at %d the file differs", cut)
		}
	}
}

// header returns the titles of an export's columns.
func header(locale string, columns ...string) []string {
	return newTexts(oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Locale: locale, Columns: columns}).header()
}

// read parses a file with a plain CSV reader and returns its rows without the header.
func read(t *testing.T, file []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte(byteOrderMark))))
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// everyColumn puts a text into each column that a sender fills.
func everyColumn(text string) oplog.Entry {
	return oplog.Entry{
		ID: text, User: oplog.User{ID: text, Name: text, Role: text}, Organization: oplog.Ref{ID: text, Name: text},
		Module: text, Operation: text, Content: oplog.Ref{ID: text, Name: text}, IP: text, Outcome: text,
	}
}

func TestCSVText(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		rows := read(t, write(t, CSV, "en", []oplog.Entry{everyColumn(text)}))
		if len(rows) != 1 {
			t.Fatalf("%q makes %d rows", text, len(rows))
		}
		for i, cell := range rows[0][1:] {
			if cell != want {
				t.Errorf("column %d: %q is read as %q, want %q", i+1, text, cell, want)
			}
		}
	}
	same := func(text string) { t.Helper(); f(text, text) }

	for _, start := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠", "\t"} {
		f(start+"1+1", "'"+start+"1+1")
		f(start, "'"+start)
		same("1" + start)
	}
	// After blanks, some spreadsheets find a formula all the same.
	for _, blank := range []string{" ", "\u00a0", "\u3000", "\u2009", "\u200b", "\ufeff"} {
		f(blank+"=1+1", "'"+blank+"=1+1")
		same(blank + "1+1")
	}
	// Where the decimal sign is a comma, Excel separates cells by semicolons, whatever quotation marks are around them.
	f("foo;=1+1;x", "foo;'=1+1;x")
	f("foo; \u00a0=1+1", "foo; \u00a0'=1+1")
	f(`foo;"=1+1"`, `foo;"'=1+1"`)
	f("foo;;@SUM(1);＝2;x=3", "foo;;'@SUM(1);'＝2;x=3")
	f("foo\t+1", "foo\t'+1")
	f("two\n-1", "two\n'-1")
	f(" \t=1", "' \t'=1")
	f("foo;'=1", "foo;''=1")
	f("=1;=2", "'=1;'=2")
	same("foo;' =1")
	same("Mozilla/5.0 (X11; Linux x86_64; rv:140.0)")
	f("\r=1", "'\r=1")
	f("\n=1", "'\n=1")
	f("=1,2\"", "'=1,2\"")
	same("'=1")
	same("")
	same(`quoted "word", and a comma`)
	same(`"`)
	same("two\nlines")
	same("a carriage\rreturn alone")
	same(" space at both ends ")
	same("营销经理，上海")
	same("\u202eright to left\u202c \u200fmarks")
	same(strings.Repeat("长", 1024))
	same("🎁 gift; tab\tinside")
	same("#N/A")
}

func TestCSVKeepsLineBreaksOfCells(t *testing.T) {
	file := write(t, CSV, "en", []oplog.Entry{{Content: oplog.Ref{Name: "a\r\nb\nc\rd"}}})
	if !bytes.Contains(file, []byte("\"a\r\nb\nc\rd\"")) {
		t.Errorf("%q", file)
	}
}

func TestCSVTitlesAndTimes(t *testing.T) {
	f := func(locale string, want ...string) {
		t.Helper()
		rows := read(t, write(t, CSV, locale, sample()))
		got := []string{rows[0][0], rows[0][6], rows[0][7], rows[1][0], rows[2][6], rows[2][7]}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
	f("en", "2026-11-20 16:41:07", "WeChat Page", "Edit", "2026-11-20 00:41:07", "gone", "lost")
	f("zh-CN", "2026-11-20 16:41:07", "微信页面", "编辑", "2026-11-20 00:41:07", "gone", "lost")
}

// failing is a writer that fails.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWritersReportErrors(t *testing.T) {
	full := errors.New("no space left on device")
	for _, format := range []oplog.ExportFormat{CSV, NDJSON} {
		w, err := format.New(failing{full}, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: time.UTC})
		if err == nil {
			err = errors.Join(w.Write(sample()), w.Close())
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", format.Name, err)
		}
	}
}
