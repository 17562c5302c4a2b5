package server

import (
	"net/http"
	"strings"
	"testing"
)

// TestManual: the manual is served to everybody, in both languages, with its stylesheets and its search, and nothing else below its path.
func TestManual(t *testing.T) {
	f := newServer(t)
	for path, want := range map[string]string{
		"/docs/":                      "<title>Documentation · oplog</title>",
		"/docs/zh/":                   `<html lang="zh-CN">`,
		"/docs/integrate":             `href="tokens.css"`,
		"/docs/zh/integrate":          `href="../tokens.css"`,
		"/docs/search?q=retention":    "<mark>",
		"/docs/zh/search?q=%E5%A4%87": "<mark>",
		"/docs/style.css":             "--layout",
	} {
		answer := f.send("nobody", "GET", path, "")
		if answer.status != http.StatusOK || !strings.Contains(answer.body, want) {
			t.Errorf("%s answers %d without %s", path, answer.status, want)
		}
	}
	if answer := f.send("nobody", "GET", "/docs", ""); answer.status != http.StatusMovedPermanently || answer.header.Get("Location") != "/docs/" {
		t.Errorf("/docs answers %d and leads to %q", answer.status, answer.header.Get("Location"))
	}
	for _, path := range []string{"/docs/none", "/docs/docs.go", "/docs/page.html", "/docs/zh", "/docs/../server/server.go", "/docs/%2e%2e/README.md"} {
		if answer := f.send("nobody", "GET", path, ""); answer.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, answer.status)
		}
	}
}
