package server

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oplog/docs"
)

// TestChapters: the longest path decides to which chapter a route belongs, and no route is without one.
func TestChapters(t *testing.T) {
	for path, want := range map[string]string{
		tenantPath + "/entries/{id}":          "Entries",
		tenantPath + "/access/{id}":           "Access log",
		"/api/v1/access/checkpoint":           "Access log",
		tenantPath + "/launched/{sub}":        "Sign-in",
		tenantPath + "/status":                "Server",
		tenantPath:                            "Tenants",
		"/api/v1/second-factor":               "Accounts and keys",
		"/api/v1/session/second-factor":       "Sign-in",
		"/api/v1/system/backups":              "Server",
		"/launch":                             "Sign-in",
		tenantPath + "/something-of-tomorrow": "Tenants",
	} {
		if got := chapterOf(path); got != want {
			t.Errorf("%s belongs to %q, want %q", path, got, want)
		}
	}
	if len(callerNames) != 11 || byBackupKey != 1<<(len(callerNames)-1) {
		t.Error("callerNames does not have the kinds of callers in the order of their bits")
	}
	if got := (byOwner | byReadKey).names(); !slices.Equal(got, []string{"owner", "key:read"}) {
		t.Errorf("callers %v", got)
	}
}

// TestDocumentedChapters: in the OpenAPI document each route has an chapter that the document describes, and its callers.
func TestDocumentedChapters(t *testing.T) {
	f := newServer(t)
	var doc struct {
		Servers []struct{ URL string }
		Tags    []struct{ Name, Description string }
		Paths   map[string]map[string]struct {
			Tags    []string
			Callers []string `json:"x-callers"`
		}
	}
	f.noError(json.Unmarshal(must(f.server.OpenAPI())(t), &doc))
	for _, r := range f.server.table {
		op := doc.Paths[r.path][strings.ToLower(r.method)]
		if len(op.Tags) != 1 || !slices.ContainsFunc(doc.Tags, func(tag struct{ Name, Description string }) bool {
			return tag.Name == op.Tags[0] && tag.Description != ""
		}) {
			t.Errorf("%s has the chapters %q", r.id, op.Tags)
		}
		if !slices.Equal(op.Callers, r.callers.names()) {
			t.Errorf("%s: callers %v", r.id, op.Callers)
		}
	}
	if len(doc.Servers) != 1 || doc.Servers[0].URL != "/" {
		t.Errorf("servers %v", doc.Servers)
	}
}

// TestAPIPage: the manual's page of the API has every route and every field in both languages, and its links lead somewhere.
func TestAPIPage(t *testing.T) {
	f := newServer(t)
	texts := docs.Translations("zh-CN")
	for _, at := range []string{"/docs/api", "/docs/zh/api"} {
		page := f.get("nobody", at, 200)
		for _, r := range f.server.table {
			title := r.summary
			if at == "/docs/zh/api" {
				title = texts[r.summary]
			}
			for _, want := range []string{`id="` + r.id + `"`, r.method + " " + r.path, htmlText(title) + "</h3>"} {
				if !strings.Contains(page, want) {
					t.Errorf("%s does not have %s", at, want)
				}
			}
		}
		for field := range strings.FieldsSeq("rows_done next_after_seq user_agent order not_module Oplog-Act covers_until") {
			if !strings.Contains(page, ">"+field+"</code></td>") {
				t.Errorf("%s does not have %s", at, field)
			}
		}
		for link := range strings.SplitSeq(page, `href="#`) {
			to, _, isLink := strings.Cut(link, `"`)
			to, err := url.PathUnescape(to)
			f.noError(err)
			if isLink && !strings.HasPrefix(link, "<!") && !strings.Contains(page, `id="`+to+`"`) {
				t.Errorf("%s: #%s leads nowhere", at, to)
			}
		}
		t.Logf("%s has %d bytes", at, len(page))
	}
}

func htmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// TestAPIInChinese: every text of the OpenAPI document that the page shows is in docs/zh/api.txt.
func TestAPIInChinese(t *testing.T) {
	texts := docs.Translations("zh-CN")
	shown, err := docs.APITexts(must(newServer(t).server.OpenAPI())(t))
	if err != nil || len(shown) < 400 {
		t.Fatalf("%v, %d texts", err, len(shown))
	}
	for _, english := range shown {
		if texts[english] == "" {
			t.Errorf("docs/zh/api.txt has no translation of: %s", english)
		}
	}
}
