package formats

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"oplog/oplog"
)

// sheets reads a workbook back: the rows of each sheet, in order.
func sheets(t *testing.T, data []byte) (names []string, rows [][][]string) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		r, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		names, rows = append(names, name), append(rows, r)
	}
	return names, rows
}

func TestXLSX(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, locale := range []string{oplog.LocaleEN, oplog.LocaleZH} {
		names, rows := sheets(t, write(t, XLSX, locale, sample()[:2], sample()[2:]))
		if len(names) != 1 || len(rows[0]) != 4 || !reflect.DeepEqual(rows[0][0], header(locale)) {
			t.Fatalf("%s: %q, %q", locale, names, rows)
		}
		if first := rows[0][1]; first[0] != "2026-11-20 16:41:07" || first[1] != "王晓敏" || first[8] != "双11返场主会场 Double 11 Encore" || first[11] != "01JD4M6Z3Q8W2X5T9RB7KCNE1F" {
			t.Errorf("%s: %q", locale, first)
		}
	}
	if _, rows := sheets(t, write(t, XLSX, oplog.LocaleEN)); len(rows[0]) != 1 {
		t.Errorf("without entries: %q", rows)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// No text is a formula, and each reads back as recorded.
func TestXLSXTexts(t *testing.T) {
	f := func(text string) {
		t.Helper()
		data := write(t, XLSX, oplog.LocaleEN, []oplog.Entry{everyColumn(text)})
		_, rows := sheets(t, data)
		if got := rows[0][1][8]; got != text {
			t.Errorf("%q is read as %q", text, got)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		sheet, err := z.Open("xl/worksheets/sheet1.xml")
		if err != nil {
			t.Fatal(err)
		}
		xml, err := io.ReadAll(sheet)
		if err != nil || bytes.Contains(xml, []byte("<f>")) || bytes.Contains(xml, []byte(`t="str"`)) || bytes.Contains(xml, []byte("<v>")) {
			t.Errorf("%q: %s, %v", text, xml, err)
		}
	}
	f("=1+1")
	f("＝HYPERLINK(\"http://x\")")
	f("@SUM(A1)")
	f("-1")
	f("007")
	f("1e9")
	f(" a ")
	f("line\nbreak \"quoted\" <b>&amp;</b>")
	f("_x000D_ and _x005F_")
	f("نور \u200fالهدى 🎁")
	f(strings.Repeat("长", 1024))
}

func TestXLSXSheets(t *testing.T) {
	f := func(entries int, want ...int) {
		t.Helper()
		var out bytes.Buffer
		w, err := newSheets(&out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t)}, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			if err := w.Write([]oplog.Entry{everyColumn(fmt.Sprint(i))}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, all := sheets(t, out.Bytes())
		var got []int
		next := 0
		for _, rows := range all {
			got = append(got, len(rows)-1)
			for _, r := range rows[1:] {
				if r[1] != fmt.Sprint(next) {
					t.Errorf("row %d is %q", next, r)
				}
				next++
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d entries are on sheets of %v, want %v", entries, got, want)
		}
	}
	f(0, 0)
	f(3, 3)
	f(4, 3, 1)
	f(7, 3, 3, 1)
}

// A sheet with much text ends early.
func TestXLSXSheetsOfLongTexts(t *testing.T) {
	var out bytes.Buffer
	w, err := newSheets(&out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t)}, sheetRows)
	if err != nil {
		t.Fatal(err)
	}
	w.maxText = 5000
	for range 3 {
		if err := w.Write([]oplog.Entry{everyColumn(strings.Repeat("长", 600))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if names, rows := sheets(t, out.Bytes()); len(names) != 3 || len(rows[2]) != 2 {
		t.Errorf("the sheets are %v", names)
	}
}

// A workbook is written in small parts while its rows come, not made in memory or in a temporary file first.
func TestXLSXInParts(t *testing.T) {
	out := &longestWrite{}
	w, err := XLSX.New(out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t)})
	if err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if err := w.Write([]oplog.Entry{everyColumn(rand.Text() + rand.Text())}); err != nil {
			t.Fatal(err)
		}
	}
	beforeEnd := out.total
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.total < 200_000 || out.longest > 64<<10 {
		t.Errorf("of %d bytes, %d were written at once", out.total, out.longest)
	}
	if beforeEnd < out.total*9/10 {
		t.Errorf("of %d bytes, only %d were written before the end", out.total, beforeEnd)
	}
}

// Sheets are as excelize writes them, byte by byte.
func TestXLSXSheetsAsExcelize(t *testing.T) {
	header := []string{"Time", "", "Who \"did\" it"}
	texts := []string{"=1+1", " a", "a\n", "a\tb\r\n<c> & 'd'", "_x000D_ and _x005F_", "_x00g1_ _x_", "\x00\x1f\xff\ufffd\ufffe", "长🎁\u200f", strings.Repeat("x", 5000)}
	var out bytes.Buffer
	book, err := newBookWriter(&out, 3)
	if err != nil {
		t.Fatal(err)
	}
	theirs := excelize.NewFile()
	defer theirs.Close()
	bold, err := theirs.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		t.Fatal(err)
	}
	for number, name := range []string{"Log", "Log 2", "Log 3"} {
		errs := []error{book.add(name, header)}
		if number == 0 {
			errs = append(errs, theirs.SetSheetName("Sheet1", name))
		} else {
			_, err := theirs.NewSheet(name)
			errs = append(errs, err)
		}
		stream, err := theirs.NewStreamWriter(name)
		errs = append(errs, err, stream.SetColWidth(1, 3, 20))
		errs = append(errs, stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
		errs = append(errs, stream.SetRow("A1", []any{header[0], nil, header[2]}, excelize.RowOpts{StyleID: bold}))
		for i, text := range texts {
			errs = append(errs, book.sheet.row([]string{"", text, text}, 0), stream.SetRow(fmt.Sprint("A", i+2), []any{nil, text, text}))
		}
		if err := errors.Join(append(errs, stream.Flush())...); err != nil {
			t.Fatal(err)
		}
	}
	want, err := theirs.WriteToBuffer()
	if err := errors.Join(err, book.close()); err != nil {
		t.Fatal(err)
	}
	got, expected := parts(t, out.Bytes()), parts(t, want.Bytes())
	for name, part := range expected {
		if got[name] != part {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], part)
		}
	}
	if len(got) != len(expected) {
		t.Errorf("%d parts, want %d", len(got), len(expected))
	}
}

// parts returns the parts of a workbook by name.
func parts(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, file := range z.File {
		part, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		all[file.Name] = string(text)
	}
	return all
}

type longestWrite struct{ total, longest int }

func (p *longestWrite) Write(b []byte) (int, error) {
	p.total, p.longest = p.total+len(b), max(p.longest, len(b))
	return len(b), nil
}

func TestXLSXFailing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w, err := XLSX.New(fullDisk{}, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(sample()), w.Close()); !errors.Is(err, errFull) {
		t.Errorf("%v, want %v", err, errFull)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

var errFull = errors.New("no space left on device")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
