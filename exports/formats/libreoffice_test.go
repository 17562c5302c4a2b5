package formats

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oplog/oplog"
)

// sheetTexts are texts that a spreadsheet might execute or garble.
var sheetTexts = []string{
	"=1+1", "=HYPERLINK(\"http://x\";\"y\")", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1;1)", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)",
	"\t=1+1", "\r=1+1", "\n=1+1", "王晓敏，营销经理", "双11返场主会场 Double 11 Encore", "نور \u200fالهدى", "🎁", "two\nlines", `"quoted", and more`, "foo;=1+1;x", "foo;\"=1+1\"", "\u00a0=1+1", "foo\n=1+1",
}

func sheetEntries() []oplog.Entry {
	var entries []oplog.Entry
	for _, text := range sheetTexts {
		e := everyColumn(text)
		e.Time = time.Date(2026, 11, 20, 8, 41, 7, 0, time.UTC)
		entries = append(entries, e)
	}
	return entries
}

// TestLibreOffice opens exports as users do: no cell is a formula, and each shows the recorded text. Other tests check the files byte by
// byte.
func TestLibreOffice(t *testing.T) {
	if testing.Short() {
		t.Skip("LibreOffice takes its time")
	}
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("soffice is not installed; on Debian: apt-get install libreoffice-calc-nogui")
	}
	dir := t.TempDir()
	open := func(name string, file []byte, options ...string) [][]string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		options = append(options, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", "fods", "--outdir", dir, path)
		run := exec.CommandContext(t.Context(), office, options...)
		run.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		made, err := os.Open(strings.TrimSuffix(path, filepath.Ext(path)) + ".fods")
		if err != nil {
			t.Fatal(err)
		}
		defer made.Close()
		return sheetCells(t, made)
	}
	header := header(oplog.LocaleZH)
	check := func(name string, asCSV bool, rows [][]string) {
		t.Helper()
		if len(rows) != len(sheetTexts)+1 || !slices.Equal(rows[0], header) {
			t.Fatalf("%s: %d rows, the first is %q", name, len(rows), rows[0])
		}
		for i, row := range rows[1:] {
			if len(row) != len(header) {
				t.Fatalf("%s: row %d has %d cells: %q", name, i, len(row), row)
			}
			want := sheetTexts[i]
			if asCSV {
				want = guarded(want)
			}
			for column, cell := range row[1:] {
				if shown(cell) != shown(want) {
					t.Errorf("%s: row %d shows %q in column %d; want %q", name, i, cell, column+1, want)
				}
			}
		}
	}
	// In the GUI the byte order mark selects UTF-8; a headless import needs parameters: comma, quotation mark, UTF-8, from line 1, evaluate
	// formulas.
	asUTF8 := "--infilter=Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,0,true"
	check("CSV", true, open("csv.csv", write(t, CSV, oplog.LocaleZH, sheetEntries()), asUTF8))
	check("XLSX", false, open("xlsx.xlsx", write(t, XLSX, oplog.LocaleZH, sheetEntries())))
}

// shown removes what a sheet displays as white space from a text.
func shown(text string) string { return strings.Join(strings.Fields(text), " ") }

// sheetCells reads the texts of a flat OpenDocument sheet, and fails if a cell has a formula.
func sheetCells(t *testing.T, file io.Reader) (rows [][]string) {
	t.Helper()
	decoder := xml.NewDecoder(file)
	var row []string
	var text strings.Builder
	within := 0   // paragraphs
	repeated := 1 // the cell
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		switch at := token.(type) {
		case xml.StartElement:
			switch at.Name.Local {
			case "table-row":
				row = nil
			case "table-cell":
				text.Reset()
				repeated = 1
				for _, a := range at.Attr {
					switch a.Name.Local {
					case "formula":
						t.Errorf("row %d has the formula %s", len(rows), a.Value)
					case "number-columns-repeated":
						repeated, _ = strconv.Atoi(a.Value)
					}
				}
			case "p":
				within++
				text.WriteString("\n")
			case "line-break", "tab", "s":
				text.WriteString(" ")
			}
		case xml.CharData:
			if within > 0 {
				text.Write(at)
			}
		case xml.EndElement:
			switch at.Name.Local {
			case "p":
				within--
			case "table-cell":
				for range min(repeated, len(header(oplog.LocaleZH))-len(row)) {
					row = append(row, strings.TrimPrefix(text.String(), "\n"))
				}
			case "table-row":
				if strings.TrimSpace(strings.Join(row, "")) != "" {
					rows = append(rows, row)
				}
			}
		}
	}
}
