package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestEmbeddedFilesArePacked: all packages have the files that they embed without the tag, and what is packed depends on nothing else.
func TestEmbeddedFilesArePacked(t *testing.T) {
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{source: source}
	work := t.TempDir()
	if _, err := r.packEmbedded(t.Context(), work); err != nil {
		t.Fatal(err)
	}
	for i, has := range []struct{ file, in string }{{"frontend/dist/index.html", ""}, {"zh/README.md", "docs"}, {"grafana-dashboard.json", "packaging/watching"}} {
		packed := readZip(t, filepath.Join(work, "embedded"+string(rune('0'+i))+".zip"))
		if err := fstest.TestFS(packed, has.file); err != nil {
			t.Error(err)
		}
		file, err := packed.Open(has.file)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(file)
		_ = file.Close()
		if want, err := os.ReadFile(filepath.Join(source, has.in, has.file)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has %d bytes, want %d, %v", has.file, len(got), len(want), err)
		}
	}
	a, first := packFiles(fstest.MapFS{"a": {Data: []byte("1"), ModTime: r.time}, "b": {Data: []byte("2")}}, []string{"b", "a"})
	b, second := packFiles(fstest.MapFS{"a": {Data: []byte("1"), ModTime: r.time.AddDate(1, 0, 0)}, "b": {Data: []byte("2"), Mode: 0o777}}, []string{"b", "a"})
	if first != nil || second != nil || !bytes.Equal(a, b) {
		t.Errorf("%v, %v, or two differ", first, second)
	}
}

// checkServed compares what a server has of the console and the manual with the sources.
func checkServed(t *testing.T, server, source string) {
	t.Helper()
	get := func(path string) string {
		answer, err := http.Get(server + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, %v", path, answer.Status, err)
		}
		return string(body)
	}
	assets, err := filepath.Glob(filepath.Join(source, "frontend", "dist", "assets", "*"))
	if err != nil || len(assets) == 0 {
		t.Fatal("no assets", err)
	}
	for _, file := range slices.Concat(assets, []string{filepath.Join(source, "docs", "style.css")}) {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder := "/assets/"
		if strings.HasPrefix(file, filepath.Join(source, "docs")) {
			folder = "/docs/"
		}
		if got := get(folder + filepath.Base(file)); got != string(want) {
			t.Errorf("%s has %d bytes, want %d", filepath.Base(file), len(got), len(want))
		}
	}
	for path, has := range map[string]string{"/": `<div id="root">`, "/docs/": "<h1", "/docs/zh/api": "listEntries"} {
		if page := get(path); !strings.Contains(page, has) {
			t.Errorf("%s has no %s", path, has)
		}
	}
}
