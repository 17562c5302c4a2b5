package formats

import (
	"archive/zip"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"oplog/oplog"
)

// workbook creates a workbook of sheets; each row is a list of cells.
func workbook(t *testing.T, change func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	change(f)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWorkbooks(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	set := func(f *excelize.File, sheet, cell string, values ...any) {
		t.Helper()
		if err := f.SetSheetRow(sheet, cell, &values); err != nil {
			t.Fatal(err)
		}
	}
	sheet := func(f *excelize.File, name string) {
		t.Helper()
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
	}
	header := []any{"Time", "User", "User ID", "Module", "Operation", "Content ID"}
	checkFile(t, "our own", write(t, XLSX, oplog.LocaleZH, sample()[:2]), "Excel workbook (.xlsx), sheet \"Log\"\nrow 2: 2026-11-20 08:41:07 王晓敏\nrow 3: 2026-11-19 16:41:07 Ann \"Nan\" O'Hara, Jr.")
	checkFile(t, "saved by Excel", workbook(t, func(f *excelize.File) {
		set(f, "Sheet1", "A1", "Operation log of 2026-11")
		set(f, "Sheet1", "A3", header...)
		set(f, "Sheet1", "A4", "2026-11-20 16:41:07", "Ann", "u1", "SMS", "Send", "0012345678901234567")
		set(f, "Sheet1", "A5", 46346.695219907406, "Bea", "u2", "SMS", "Send", 12345)
		set(f, "Sheet1", "A6", 46346.695219907406, "Cid", "u3", "SMS", "Send", "1.23456789012345E+18")
		set(f, "Sheet1", "A8", "2026/11/20 16:41", "Dan", "u4", "SMS", "Send", "", "", "x")
		set(f, "Sheet1", "A9", "never", "Eva", "u5", "SMS", "Send")
	}), `Excel workbook (.xlsx), sheet "Sheet1"
row 4: 2026-11-20 08:41:07 Ann
row 5: 2026-11-20 08:41:07 Bea
row 6 content_id "1.23456789012345E+18" is a long number whose last digits a spreadsheet has dropped; import the original file
row 8 has 8 cells, but the header has 6
row 9 time "never" is neither like 2006-01-02 15:04:05 nor like 2006-01-02T15:04:05Z`)
	checkFile(t, "from a Mac of 1904", workbook(t, func(f *excelize.File) {
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: new(true)}); err != nil {
			t.Fatal(err)
		}
		set(f, "Sheet1", "A1", header...)
		set(f, "Sheet1", "A2", 46346.695219907406-1462, "Ann", "u1", "SMS", "Send")
	}), "Excel workbook (.xlsx), sheet \"Sheet1\"\nrow 2: 2026-11-20 08:41:07 Ann")
	checkFile(t, "several sheets", workbook(t, func(f *excelize.File) {
		set(f, "Sheet1", "A1", header...)
		set(f, "Sheet1", "A2", "2026-11-20 16:41:07", "Ann", "u1", "SMS", "Send")
		set(f, "Sheet1", "A3", "never", "Ann", "u1", "SMS", "Send")
		sheet(f, "Notes")
		set(f, "Notes", "A1", "to whom it may concern")
		sheet(f, "Empty")
		sheet(f, "Log 2")
		set(f, "Log 2", "A1", "user_id", "user_name", "module", "operation")
		set(f, "Log 2", "A2", "u1", "Bea", "sms", "send")
		set(f, "Log 2", "A3", "u1", "Bea", "sms", "send", "x")
	}), `Excel workbook (.xlsx), sheet "Sheet1", "Log 2"; skipped: "Notes" (no known header)
row 2 of sheet "Sheet1": 2026-11-20 08:41:07 Ann
row 3 of sheet "Sheet1" time "never" is neither like 2006-01-02 15:04:05 nor like 2006-01-02T15:04:05Z
row 2 of sheet "Log 2": 0001-01-01 00:00:00 Bea
row 3 of sheet "Log 2" has 5 cells, but the header has 4`)
	checkFile(t, "empty", workbook(t, func(*excelize.File) {}), "refused: the workbook is empty; a sheet with the header of an export is required")
	checkFile(t, "another's", workbook(t, func(f *excelize.File) { set(f, "Sheet1", "A2", "Level", "Date and Time", "Source", "Event ID") }), "refused: this is a Windows event log, not an export of this log: unknown columns: \"Level\"…")
	checkFile(t, "a column too many", workbook(t, func(f *excelize.File) { set(f, "Sheet1", "A1", append(header, "Mood")...) }), `refused: in sheet "Sheet1": invalid header: unknown columns: "Mood". Rename…`)
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestWorkbookBombs: a small file with huge content is rejected before it is unpacked.
func TestWorkbookBombs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	plain := workbook(t, func(*excelize.File) {})
	f := func(part string, claims uint64) {
		t.Helper()
		var file bytes.Buffer
		z := zip.NewWriter(&file)
		whole, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
		if err != nil {
			t.Fatal(err)
		}
		for _, original := range whole.File {
			if err := z.Copy(original); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := z.CreateRaw(&zip.FileHeader{Name: part, Method: zip.Deflate, UncompressedSize64: claims}); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(&file, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: shanghai(t)}); err == nil || !strings.Contains(err.Error(), "more content than its size explains") {
			t.Errorf("%s of %d bytes: %v", part, claims, err)
		}
	}
	f("xl/worksheets/sheet2.xml", minInflated+1)
	f("xl/worksheets/sheet2.xml", 1<<63)
	f("xl/styles2.xml", maxPartsSize)
}
