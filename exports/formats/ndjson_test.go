package formats

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"oplog/oplog"
)

func TestNDJSONGolden(t *testing.T) {
	golden(t, "entries.ndjson", write(t, NDJSON, oplog.LocaleEN, sample()))
	if none := write(t, NDJSON, oplog.LocaleEN, nil); len(none) > 0 {
		t.Errorf("no entries make %q", none)
	}
}

func TestNDJSONReadsBack(t *testing.T) {
	f := func(text string) {
		t.Helper()
		want := everyColumn(text)
		line := write(t, NDJSON, oplog.LocaleEN, []oplog.Entry{want})
		if bytes.Count(line, []byte("\n")) != 1 || !bytes.HasSuffix(line, []byte("}\n")) {
			t.Errorf("%q is not one line: %q", text, line)
		}
		var got oplog.Entry
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	f("=1+1")
	f("a\r\nb\nc\rd\te")
	f(`<b>"quoted" & \escaped\</b>`)
	f("\u2028 \u200fنور 🎁")
	f(strings.Repeat("长", 1024))
}

func TestNDJSONKeepsJSONAsRecorded(t *testing.T) {
	e := oplog.Entry{
		Changes: []oplog.Change{{Field: "budget", Before: []byte(`10000000000000000001`), After: []byte(`1.50`)}},
		Details: []byte(`{"z":1,"a":"<&>"}`),
	}
	line := write(t, NDJSON, oplog.LocaleEN, []oplog.Entry{e})
	for _, want := range []string{`"before":10000000000000000001`, `"after":1.50`, `{"z":1,"a":"<&>"}`} {
		if !bytes.Contains(line, []byte(want)) {
			t.Errorf("%s is not in %s", want, line)
		}
	}
}
