package formats

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestOpenBundle: a bundle holds one export and its manifest; other ZIPs are rejected.
func TestOpenBundle(t *testing.T) {
	f := func(ok bool, want string, names ...string) {
		t.Helper()
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for i, name := range names {
			part, err := w.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(part, strings.Repeat(name, i+1)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		b, err := OpenBundle(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", names, err, want)
		}
		if err != nil {
			return
		}
		if text, err := io.ReadAll(b.File); err != nil || string(text) != want || b.Name != want || string(b.Manifest) != want+".manifest"+want+".manifest" {
			t.Errorf("%q: %q, %+v, %v", names, text, b, err)
		}
	}
	f(true, "log.csv", "log.csv", "log.csv.manifest", "verifier-key.txt", "HOW-TO-CHECK.txt")
	f(true, "日志.csv", "日志.csv", "日志.csv.manifest", "verifier-key.txt", "如何验证.txt")
	f(true, "log.csv", "log.csv", "log.csv.manifest")
	f(false, "not the ZIP of an export", "log.csv")
	f(false, "not the ZIP of an export", "log.csv.manifest")
	f(false, "not the ZIP of an export", ".manifest")
	f(false, "not the ZIP of an export", "[Content_Types].xml", "xl/workbook.xml")
	f(false, "duplicate files", "log.csv", "log.csv.manifest", "log.csv")
	f(false, "duplicate files", "log.csv", "log.csv.manifest", "log.csv.manifest")
	f(false, `"b.csv`, "log.csv", "log.csv.manifest", "b.csv")
	f(false, `csv`, "a.csv", "a.csv.manifest", "b.csv", "b.csv.manifest")
	f(false, `"[Content_Types].xml" is not part of the export`, "log.csv", "log.csv.manifest", "[Content_Types].xml")
	if _, err := OpenBundle(strings.NewReader("Time,User\r\n"), 11); !errors.Is(err, ErrNoBundle) {
		t.Error(err)
	}
}
