package formats

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oplog/oplog"
)

// A generated id supplies the time to the microsecond unless the cell contradicts it.
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

// exactTimes are operation times with senders' ids, and how exports in Berlin write them: exactly, and to the second.
var exactTimes = []struct{ at, exact, second string }{
	{"2026-11-20T08:41:07Z", "2026-11-20T09:41:07+01:00", "2026-11-20 09:41:07"},
	{"2026-11-20T08:41:07.412345Z", "2026-11-20T09:41:07.412345+01:00", "2026-11-20 09:41:07"},
	{"2026-07-20T08:41:07.25Z", "2026-07-20T10:41:07.25+02:00", "2026-07-20 10:41:07"},
	{"2026-10-25T00:30:00Z", "2026-10-25T02:30:00+02:00", "2026-10-25 02:30:00"}, // 02:00 to 03:00 occurs twice
	{"2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00", "2026-10-25 02:30:00"},
	{"2026-10-25T01:30:00.000001Z", "2026-10-25T02:30:00.000001+01:00", "2026-10-25 02:30:00"},
	{"2026-03-29T01:00:00.5Z", "2026-03-29T03:00:00.5+02:00", "2026-03-29 03:00:00"}, // 02:00 to 03:00 is skipped
}

// TestExactTimes: with the column of the exact time, CSV and XLSX bring back entries with senders' ids at the same instant; the column of the time
// stays as it is.
func TestExactTimes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var entries []oplog.Entry
	for _, e := range exactTimes {
		at, err := time.Parse(time.RFC3339, e.at)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, oplog.Entry{
			ID: "own", Time: at, User: oplog.User{ID: "u", Name: "Ann"}, Module: "sms", Operation: "send", Outcome: oplog.OutcomeSuccess,
		})
	}
	options := oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: berlin, Columns: []string{oplog.ColumnExactTime}}
	rows := map[string]func(file []byte) [][]string{
		CSV.Name:  func(file []byte) [][]string { return read(t, file) },
		XLSX.Name: func(file []byte) [][]string { _, all := sheets(t, file); return all[0][1:] },
	}
	for _, format := range []oplog.ExportFormat{CSV, XLSX} {
		var out bytes.Buffer
		w, err := format.New(&out, options)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(entries), w.Close()); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows[format.Name](out.Bytes()) {
			if want := exactTimes[i]; row[0] != want.second || row[len(row)-1] != want.exact {
				t.Errorf("%s: %s is written as %s and %s", format.Name, want.at, row[0], row[len(row)-1])
			}
		}
		source, err := Open(&out, options)
		if err != nil {
			t.Fatal(err)
		}
		defer source.Close()
		i := 0
		for line, err := range source.Lines() {
			if err != nil || line.Err != nil || formatEntry(t, line.Entry) != formatEntry(t, entries[i]) {
				t.Fatalf("%s: entry %d is %s, %v, %v; want %s", format.Name, i, formatEntry(t, line.Entry), line.Err, err, formatEntry(t, entries[i]))
			}
			i++
		}
		if i != len(entries) {
			t.Errorf("%s: %d of %d entries", format.Name, i, len(entries))
		}
	}
}

// The exact time of a row must agree with its time, as far as a spreadsheet has left that.
func TestReadExactTimes(t *testing.T) {
	f := func(cell, exact, want string) {
		t.Helper()
		got, err := clocks{shanghai(t)}.operationTime(cell, exact, "own")
		text := got.Format(time.RFC3339Nano)
		if err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%s and %s: %s, want %s", cell, exact, text, want)
		}
	}
	const exact, same = "2026-11-20T16:41:07.412345+08:00", "2026-11-20T08:41:07.412345Z"
	for _, cell := range []string{"", "2026-11-20 16:41:07", "2026/11/20 16:41", "2026-11-20", "2026-11-20 16:41:07.412345", "2026-11-20T08:41:07Z", "2026-11-20T08:41:07.412345Z"} {
		f(cell, exact, same)
	}
	f("2026-11-20 16:41:07", "", "2026-11-20T08:41:07Z")
	f("2026-11-20 16:41:08", exact, `time "2026-11-20 16:41:08" and exact time "`+exact+`" differ; delete the wrong one`)
	f("2026-11-20 16:41:07.4", exact, `time "2026-11-20 16:41:07.4" and exact time "`+exact+`" differ; delete the wrong one`)
	f("2026-11-20T16:41:07Z", exact, `time "2026-11-20T16:41:07Z" and exact time "`+exact+`" differ; delete the wrong one`)
	f("never", exact, `time "never" is neither like 2006-01-02 15:04:05 nor like 2006-01-02T15:04:05Z`)
	f("2026-11-20 16:41:07", "2026-11-20 16:41:07.412345", `exact time "2026-11-20 16:41:07.412345" is not like 2006-01-02T15:04:05.123456Z`)
}

// TestEveryTimeIsReadAsWritten draws times, half of them around clock changes, in zones with changes of all kinds.
func TestEveryTimeIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{
			"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Apia", "America/Caracas",
		}).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.UnixMicro(rapid.Int64Range(0, 2e15).Draw(t, "time")).UTC()
		if start, _ := at.In(loc).ZoneBounds(); start.Year() >= oplog.MinYear && rapid.Bool().Draw(t, "near a change") {
			at = start.Add(time.Duration(rapid.Int64Range(-2*3600e6, 2*3600e6).Draw(t, "apart")) * time.Microsecond).UTC()
		}
		x := newTexts(oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: loc})
		cell, exact := x.time(at), x.exactTime(at)
		if got, err := (clocks{loc}).operationTime(cell, exact, "own"); err != nil || !got.Equal(at) {
			t.Fatalf("%s in %s is written as %s and %s, and read as %s, %v", at, zone, cell, exact, got, err)
		}
	})
}

// Around clock changes: a skipped time is rejected, and a repeated one means its first occurrence unless a generated id tells which.
func TestReadTimesOfClockChanges(t *testing.T) {
	f := func(zone, cell, id, want string) {
		t.Helper()
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		file := "time,id,user_id,user_name,module,operation\n" + cell + "," + id + ",u,U,sms,send"
		source, err := Open(strings.NewReader(file), oplog.ExportOptions{Catalog: oplog.BuiltInCatalog(), Location: loc})
		if err != nil {
			t.Fatal(err)
		}
		for line, err := range source.Lines() {
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
		f(zone, cell, "", fmt.Sprintf("time %q was skipped by a clock change in %s; write it with its offset, like 2006-01-02T15:04:05+01:00", cell, zone))
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
	skipped("Pacific/Apia", "2011-12-30 12:00:00") // a day that was skipped
	f("Asia/Shanghai", "2026-11-20 16:41:07", "", "2026-11-20T08:41:07Z")
	f("Asia/Shanghai", "1900-01-01 00:00:00", "", "1899-12-31T15:54:17Z")
}

// Times and long numbers as spreadsheets save them.
func TestReadTimesOfSpreadsheets(t *testing.T) {
	f := func(cell, want string) {
		t.Helper()
		got := readFile(t, []byte("time;user_id;user_name;module;operation;content_id\n"+cell+";u;U;sms;send;1.23457E+15\n"))
		got = strings.TrimPrefix(got, "CSV, UTF-8, separated by \";\"\n")
		if strings.Contains(got, "is a long number whose last digits a spreadsheet has dropped") {
			got = readFile(t, []byte("time;user_id;user_name;module;operation\n"+cell+";u;U;sms;send\n"))
			got = strings.TrimPrefix(got, "CSV, UTF-8, separated by \";\"\nline 2: ")
		}
		if got != want && !strings.HasPrefix(got, "line 2 time "+want) {
			t.Errorf("%s: %s, want %s", cell, got, want)
		}
	}
	for _, cell := range []string{
		"2026/11/20 16:41", "2026-11-20 16:41", "2026/11/20 4:41 PM", "2026/11/20 下午4:41", "2026/11/20 下午 04:41", "2026年11月20日 16:41", "2026年11月20日16时41分",
		"20.11.2026 16:41", "2026.11.20 16:41", "2026-11-20T16:41", " 2026/11/20  16:41 ", "2026/11/20 4:41:00 pm",
	} {
		f(cell, "2026-11-20 08:41:00 U")
	}
	f("2026/11/20 16:41:07", "2026-11-20 08:41:07 U")
	f("2026/1/5 8:05:09", "2026-01-05 00:05:09 U")
	f("2026年1月5日 上午8:05", "2026-01-05 00:05:00 U")
	f("2026/1/5 12:05 AM", "2026-01-04 16:05:00 U")
	f("2026/1/5 12:05 PM", "2026-01-05 04:05:00 U")
	f("2026年11月20日", "2026-11-19 16:00:00 U")
	f("2026/11/20", "2026-11-19 16:00:00 U")
	f("2026-11-20 16:41:07+0900", "2026-11-20 07:41:07 U")
	f("11/20/2026 16:41", `"11/20/2026 16:41" is ambiguous about day and month; write the year first`)
	f("1/2/26 4:41 PM", `"1/2/26 4:41 PM" is ambiguous`)
	f("2026/13/20 16:41", `"2026/13/20 16:41" is neither like`)
	f("2026/2/30", `"2026/2/30" is neither like`)
	f("2026/11/20 24:41", `"2026/11/20 24:41" is neither`)
	f("2026/11/20 13:41 PM", `"2026/11/20 13:41 PM" is neither`)
	f("2026/11/20 noon", `"2026/11/20 noon" is neither`)
	f("20261120164107", `"20261120164107" is neither`)
	f("2026-11-20 16:41:07", "line 2: 2026-11-20 08:41:07 U") // as exported: the number was recorded as such

	// A generated id supplies what the spreadsheet dropped.
	exact := sample()[0].Time
	id := oplog.MakeKey(exact, 3).ID()
	got, bad, err := readAll(t, strings.NewReader("time,id,user_id,user_name,module,operation\n2026/11/20 16:41,"+id+",u,U,sms,send\n2026/11/20 16:42,"+id+",u,U,sms,send\n"), oplog.BuiltInCatalog())
	if err != nil || bad != nil || !got[0].Time.Equal(exact) || got[1].Time.Second() != 0 {
		t.Errorf("%v, %v, %v", got, bad, err)
	}
}

func TestJSONTimes(t *testing.T) {
	f := func(value, want string) {
		t.Helper()
		got := readFile(t, []byte(`{"time":`+value+`,"user":{"id":"u","name":"U"},"module":"sms","operation":"send"}`))
		if got = strings.TrimPrefix(got, "NDJSON, UTF-8\nline 1"); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	f(`"2026-11-20T16:41:07"`, ": 2026-11-20 08:41:07 U")
	f(`"2026-11-20T16:41:07Z"`, ": 2026-11-20 16:41:07 U")
	f(`1764300000`, ": 2025-11-28 03:20:00 U")
	f(`1764300000000`, ": 2025-11-28 03:20:00 U")
	f(`null`, ": 0001-01-01 00:00:00 U")
	f(`17643`, " time 17643 is neither seconds nor milliseconds since 1970; write it like 2006-01-02T15:04:05Z")
	f(`1.5`, " time 1.5 is neither seconds nor milliseconds since 1970; write it like 2006-01-02T15:04:05Z")
	f(`{}`, " time must be text like 2006-01-02T15:04:05Z, not an object")
	f(`"now"`, ` time "now" is neither like 2006-01-02 15:04:05 nor like 2006-01-02T15:04:05Z`)
}
