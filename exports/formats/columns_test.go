package formats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/oplog"
)

// The outcome is in every export, the long columns on request, in a fixed order.
func TestColumns(t *testing.T) {
	f := func(locale string, asked []string, titles string, first, second string) {
		t.Helper()
		var out bytes.Buffer
		w, err := CSV.New(&out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Locale: locale, Location: shanghai(t), Columns: asked})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(sample()[:2]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, _, _ := strings.Cut(out.String(), "\r\n"); !strings.HasSuffix(got, titles) {
			t.Errorf("%v: header %s, want %s", asked, got, titles)
		}
		rows := read(t, out.Bytes())
		for i, want := range []string{first, second} {
			if got := strings.Join(rows[i][11:], "|"); got != want {
				t.Errorf("%v: row %d ends %q, want %q", asked, i, got, want)
			}
		}
	}
	f("en", nil, "IP,Entry ID,Outcome", "01JD4M6Z3Q8W2X5T9RB7KCNE1F|success", "a-2|failure")
	f("zh-CN", nil, "IP,记录 ID,结果", "01JD4M6Z3Q8W2X5T9RB7KCNE1F|成功", "a-2|失败")
	f("en", []string{"details", "changes", "user_agent", "received"}, "Entry ID,Outcome,Received,User agent,Changes,Details",
		`01JD4M6Z3Q8W2X5T9RB7KCNE1F|success|2026-11-20 16:41:07|Mozilla/5.0|status: draft → published|{"note":"a<b & c"}`, "a-2|failure||||")
	f("zh-CN", oplog.ExportColumns, "记录 ID,结果,精确时间,接收时间,密钥,用户代理,变更,详情",
		`01JD4M6Z3Q8W2X5T9RB7KCNE1F|成功|2026-11-20T16:41:07.412+08:00|2026-11-20 16:41:07|oplog_write_Ab3_-xyz|Mozilla/5.0|status: draft → published|{"note":"a<b & c"}`, "a-2|失败|2026-11-20T00:41:07.412+08:00|||||")
	f("en", []string{"changes"}, "Entry ID,Outcome,Changes", "01JD4M6Z3Q8W2X5T9RB7KCNE1F|success|status: draft → published", "a-2|failure|")
}

// change returns a change; "" stands for no value.
func change(field, before, after string) oplog.Change {
	c := oplog.Change{Field: field}
	if before != "" {
		c.Before = json.RawMessage(before)
	}
	if after != "" {
		c.After = json.RawMessage(after)
	}
	return c
}

func TestChangesText(t *testing.T) {
	f := func(want string, changes ...oplog.Change) {
		t.Helper()
		if got := changesText(changes); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		back, err := parseChanges(want)
		if err != nil || fmt.Sprintf("%s", back) != fmt.Sprintf("%s", changes) {
			t.Errorf("%s is read as %s, %v", want, back, err)
		}
	}
	f("")
	f("status: draft → published\n标题: 旧 → 新", change("status", `"draft"`, `"published"`), change("标题", `"旧"`, `"新"`))
	f("n: 9007199254740993 → 2.50", change("n", "9007199254740993", "2.50"))
	f(`n: "2.50" → 2.50`, change("n", `"2.50"`, "2.50"))
	f(`n: null → "null"`, change("n", "null", `"null"`))
	f(`n: → true`, change("n", "", "true"))
	f(`n: false →`, change("n", "false", ""))
	f(`n: →`, change("n", "", ""))
	f(`n: "" → " x"`, change("n", `""`, `" x"`))
	f(`n: "a → b" → a: b`, change("n", `"a → b"`, `"a: b"`))
	f(`n: "a\nb" → "\u0061"`, change("n", `"a\nb"`, `"\u0061"`))
	f(`n: {"a":[1,"→"]} → [{"field":"x"}]`, change("n", `{"a":[1,"→"]}`, `[{"field":"x"}]`))
	f(`"a: b": 1 → 2`, change("a: b", "1", "2"))
	f(`"a\nb": 1 → 2`, change("a\nb", "1", "2"))
	f(`"=a": 1 → 2`, change("=a", "1", "2"))
	f(`"'=a": 1 → 2`, change("'=a", "1", "2"))
	f(`"\"a\"": 1 → 2`, change(`"a"`, "1", "2"))
	f(`"[a": 1 → 2`, change(`[a`, "1", "2"))
}

func TestInvalidChanges(t *testing.T) {
	for _, text := range []string{"x", "x: 1", "x: 1 → 2 → 3", `x: "a" b → 1`, `"x: 1 → 2`, `x: {"a" → 1`, "→ 1"} {
		if got, err := parseChanges(text); err == nil {
			t.Errorf("%s is read as %s", text, got)
		}
	}
}

// isRecordable reports whether a log accepts a text. Logs accept U+FFFE and U+FFFF too, but workbooks cannot hold them: XML cannot encode
// them.
func isRecordable(text string) bool { return !strings.ContainsAny(text, "\x00\ufffe\uffff") }

// drawJSON draws a value as a log records it.
func drawJSON(t *rapid.T, depth int) string {
	text := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune("→: \"\\'=[{,\r\n\t-0ax双\u2028\u00a0")), rapid.Rune())).Filter(isRecordable)
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false", "0", "-0", "2.50", "9007199254740993", "1e400", "1E+2", `"1"`, `"null"`, `"\u0061"`, `""`, `"→"`, `" →"`, `"{}"`}).Draw(t, "literal")
	case 1, 2, 3:
		quoted, err := json.Marshal(text.Draw(t, "text"))
		if err != nil {
			t.Fatal(err)
		}
		return string(quoted)
	case 4:
		return "[" + drawJSON(t, depth-1) + "," + drawJSON(t, depth-1) + "]"
	default:
		return `{"k":` + drawJSON(t, depth-1) + "}"
	}
}

func drawChanges(t *rapid.T) (changes []oplog.Change) {
	field := rapid.StringOfN(rapid.OneOf(rapid.SampledFrom([]rune("→: \"'=[{+@\r\nax双")), rapid.Rune()), 1, 20, -1).Filter(isRecordable)
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		c := change(field.Draw(t, "field"), "", "")
		if rapid.Bool().Draw(t, "has before") {
			c.Before = json.RawMessage(drawJSON(t, 2))
		}
		if rapid.Bool().Draw(t, "has after") {
			c.After = json.RawMessage(drawJSON(t, 2))
		}
		changes = append(changes, c)
	}
	return changes
}

// TestChangesRoundTrip: a cell of changes parses back to exactly the recorded bytes.
func TestChangesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawChanges(t)
		text := changesText(want)
		got, err := parseChanges(text)
		if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q is read as %q, %v; want %q", text, got, err, want)
		}
		if lines := strings.Count(text, "\n") + 1; len(want) > 0 && lines != len(want) {
			t.Fatalf("%q has %d lines for %d changes", text, lines, len(want))
		}
	})
}

// TestLongColumnsRoundTrip: importing an export would record the same values in every column, although formulas are guarded.
func TestLongColumnsRoundTrip(t *testing.T) {
	f := func(outer *testing.T, t *rapid.T, format oplog.ExportFormat) {
		locale := rapid.SampledFrom([]string{oplog.LocaleEN, oplog.LocaleZH}).Draw(t, "locale")
		want := oplog.Entry{
			ID: "a-1", Time: time.UnixMicro(rapid.Int64Range(0, 2e15).Draw(t, "time")).UTC(), User: oplog.User{ID: "u", Name: "Ann"}, Module: "sms", Operation: "send",
			Outcome:   rapid.SampledFrom([]string{oplog.OutcomeSuccess, oplog.OutcomeFailure}).Draw(t, "outcome"),
			UserAgent: rapid.SampledFrom([]string{"", "curl/8", "=cmd", "'=cmd", "+1", "a, \"b\""}).Draw(t, "user agent"),
			Changes:   drawChanges(t),
		}
		if rapid.Bool().Draw(t, "has details") {
			want.Details = json.RawMessage(`{"z":` + drawJSON(t, 2) + `}`)
		}
		received := want
		received.ReceivedAt = want.Time.Add(time.Hour)
		var out bytes.Buffer
		w, err := format.New(&out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Locale: locale, Location: time.UTC, Columns: oplog.ExportColumns})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write([]oplog.Entry{received}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		source, err := Open(bytes.NewReader(out.Bytes()), oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		n := 0
		for line, err := range source.Lines() {
			if err != nil || line.Err != nil || formatEntry(outer, line.Entry) != formatEntry(outer, want) {
				t.Fatalf("%s, %v, %v;\nwant\n%s", formatEntry(outer, line.Entry), line.Err, err, formatEntry(outer, want))
			}
			n++
		}
		if n != 1 {
			t.Fatalf("%d entries", n)
		}
	}
	t.Run("csv", func(t *testing.T) { rapid.Check(t, func(r *rapid.T) { f(t, r, CSV) }) })
	t.Run("xlsx", func(t *testing.T) { rapid.Check(t, func(r *rapid.T) { f(t, r, XLSX) }) })
}

// Texts that exceed Excel's cell limit are continued in further cells and read back whole.
func TestXLSXLongCells(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f := func(locale string, changes []oplog.Change, cells int) {
		t.Helper()
		e := sample()[0]
		e.Seq, e.ReceivedAt, e.Changes = 0, time.Time{}, changes
		var out bytes.Buffer
		w, err := XLSX.New(&out, oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Locale: locale, Location: shanghai(t), Columns: oplog.ExportColumns})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write([]oplog.Entry{e, sample()[1]}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, rows := sheets(t, out.Bytes())
		if got := len(rows[0][1]); got != len(columns)+cells {
			t.Errorf("%d cells, want %d more than the columns", got, cells)
		}
		for _, cell := range rows[0][1] {
			if units(cell) > 32_767 {
				t.Errorf("a cell has %d characters", units(cell))
			}
		}
		cell := rows[0][1][slices.IndexFunc(columns, func(c column) bool { return c.key == oplog.ColumnChanges })]
		if marked := strings.HasSuffix(cell, continued(locale)); marked != (cells > 0) {
			t.Errorf("the cell ends %q", cell[len(cell)-60:])
		}
		got, bad, err := readAll(t, &out, oplog.BuiltInCatalog())
		if err != nil || bad != nil || len(got) != 2 || fmt.Sprintf("%q", got[0].Changes) != fmt.Sprintf("%q", changes) || string(got[0].Details) != string(e.Details) {
			t.Errorf("%d entries come back, %v, %v", len(got), bad, err)
		}
	}
	long := func(n int) string { return `"` + strings.Repeat("长🎁", n/3) + `"` }
	f("en", []oplog.Change{change("a", long(32_700), ""), change("b", "1", "2")}, 0)
	f("en", []oplog.Change{change("a", long(32_760), ""), change("b", "1", "2")}, 1)
	f("zh-CN", []oplog.Change{change("a", long(40_000), long(90_000)), change("b", "1", `"`+strings.Repeat("=", 50_000)+`"`)}, 5)
	f("en", slices.Repeat([]oplog.Change{change("field", long(900), long(900))}, 90), 4)
}
