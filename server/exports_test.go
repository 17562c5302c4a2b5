package server

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"oplog/exports"
)

const exportsPath = tenantA + "/exports"

func (f *fixture) export(caller, body string, headers ...string) exportBody {
	f.Helper()
	r := f.send(caller, "POST", exportsPath, body, headers...)
	if r.status != 202 {
		f.Fatalf("export %s: %d %s", body, r.status, r.body)
	}
	x := decode[exportBody](f, r.body)
	for x.Status == "running" {
		runtime.Gosched()
		x = decode[exportBody](f, f.get(caller, exportsPath+"/"+x.ID, 200))
	}
	return x
}

func TestExport(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	x := f.export("admin", `{"range":"last_7_days","format":"csv","filters":{"module":["email",""],"q":"","user":[]}}`)
	if x.Status != "done" || x.RowsDone != 5 || x.RowsTotal != 5 || x.Format != "csv" || x.Range != "last_7_days" || x.Size == 0 ||
		x.CreatedBy != (exports.Creator{Username: "admin"}) || len(x.Filters.Modules) != 1 || x.ExpiresAt.IsZero() {
		t.Errorf("export %+v", x)
	}
	if from := x.From.Format(time.RFC3339); from != "2026-11-15T16:00:00Z" {
		t.Errorf("from %s", from)
	}
	file := f.send("auditor", "GET", exportsPath+"/"+x.ID+"/file", "")
	if file.status != 200 || int64(len(file.body)) != x.Size || strings.Count(file.body, "\r\n") != 6 {
		t.Errorf("file %d, %d bytes: %s", file.status, len(file.body), file.body)
	}
	h := file.header
	if h.Get("Content-Type") != "text/csv; charset=utf-8" || h.Get("Content-Disposition") != fmt.Sprintf(`attachment; filename="%s"`, x.FileName) || h.Get("Accept-Ranges") != "bytes" {
		t.Errorf("headers %v", h)
	}

	manifest := f.send("auditor", "GET", exportsPath+"/"+x.ID+"/manifest", "")
	if manifest.status != 200 || manifest.header.Get("Content-Disposition") != fmt.Sprintf(`attachment; filename="%s.manifest"`, x.FileName) ||
		!strings.Contains(manifest.body, "\nfile: \""+x.FileName+"\"\n") || !strings.Contains(manifest.body, "\nrows: 5\n") ||
		!strings.Contains(manifest.body, "\nby: \"account admin\"\n") || !strings.Contains(manifest.body, "\n\n— oplog-") {
		t.Errorf("manifest %d %v: %s", manifest.status, manifest.header, manifest.body)
	}

	byKey := f.export("read", `{"range":"custom","from":"2026-11-22T00:00:00Z","to":"2026-11-22T01:00:00+00:00","format":"ndjson"}`)
	if byKey.RowsDone != 1 || byKey.CreatedBy.Key != "read" || !strings.HasPrefix(byKey.CreatedBy.KeyID, "oplog_read_") {
		t.Errorf("export of a key: %+v", byKey)
	}
	list := decode[struct{ Exports []exportBody }](t, f.get("admin", exportsPath, 200)).Exports
	if len(list) != 2 || list[0].ID != byKey.ID || list[1].ID != x.ID {
		t.Errorf("list %+v", list)
	}

	if r := f.send("auditor", "DELETE", exportsPath+"/"+x.ID, ""); r.status != 204 || r.body != "" {
		t.Errorf("delete: %d %s", r.status, r.body)
	}
	for _, path := range []string{exportsPath + "/" + x.ID, exportsPath + "/" + x.ID + "/file", exportsPath + "/" + x.ID + "/manifest"} {
		f.asProblem(f.send("admin", "GET", path, ""), 404)
	}
	f.asProblem(f.send("owner", "GET", "/api/v1/tenants/other/exports/"+byKey.ID, ""), 404)
}

// TestExportRange: ranges of the file can be requested, so that downloads can resume.
func TestExportRange(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	x := f.export("admin", `{"range":"last_7_days","format":"csv"}`)
	file := f.send("auditor", "GET", exportsPath+"/"+x.ID+"/file", "")
	part := func(asked string, status int, body, contentRange string, headers ...string) {
		t.Helper()
		r := f.send("read", "GET", exportsPath+"/"+x.ID+"/file", "", append(headers, "Range", asked)...)
		if status == 416 {
			f.asProblem(r, 416)
		} else if r.body != body {
			t.Errorf("%s: body %q, want %q", asked, r.body, body)
		}
		if r.status != status || r.header.Get("Content-Range") != contentRange {
			t.Errorf("%s: %d, Content-Range %q", asked, r.status, r.header.Get("Content-Range"))
		}
	}
	all, n := file.body, len(file.body)
	part("bytes=0-9", 206, all[:10], fmt.Sprintf("bytes 0-9/%d", n))
	part("bytes=10-", 206, all[10:], fmt.Sprintf("bytes 10-%d/%d", n-1, n))
	part("bytes=-5", 206, all[n-5:], fmt.Sprintf("bytes %d-%d/%d", n-5, n-1, n))
	part("bytes=5-99999", 206, all[5:], fmt.Sprintf("bytes 5-%d/%d", n-1, n))
	part("bytes=-99999", 206, all, fmt.Sprintf("bytes 0-%d/%d", n-1, n))
	part(fmt.Sprintf("bytes=%d-", n), 416, "", fmt.Sprintf("bytes */%d", n))
	part("bytes=-0", 416, "", fmt.Sprintf("bytes */%d", n))
	part("bytes=0-1,3-4", 200, all, "")
	part("bytes=4-3", 200, all, "")
	part("bytes=x-", 200, all, "")
	part("lines=0-1", 200, all, "")
	part("bytes=0-9", 206, all[:10], fmt.Sprintf("bytes 0-9/%d", n), "If-Range", file.header.Get("Etag"))
	part("bytes=0-9", 200, all, "", "If-Range", `"other"`)
	if r := f.send("read", "HEAD", exportsPath+"/"+x.ID+"/file", ""); r.status != 200 || r.body != "" || r.header.Get("Content-Length") != fmt.Sprint(n) {
		t.Errorf("HEAD: %d %v", r.status, r.header)
	}
}

// TestExportColumns: every file has the outcome and the requested columns, which the list and the trail show as requested.
func TestExportColumns(t *testing.T) {
	f := newServer(t)
	f.record(entry(`"outcome":"failure","user_agent":"curl/8","changes":[{"field":"status","before":"draft","after":2.50}],"details":{"n":9007199254740993}`))
	first := func(body string) (exportBody, string) {
		t.Helper()
		x := f.export("admin", body)
		header, rest, _ := strings.Cut(f.get("admin", exportsPath+"/"+x.ID+"/file", 200), "\r\n")
		_, header, _ = strings.Cut(header, "Entry ID,")
		return x, header + "|" + rest
	}
	x, file := first(`{"range":"last_90_days","format":"csv"}`)
	if !strings.HasPrefix(file, "Outcome|") || !strings.HasSuffix(file, ",failure\r\n") || x.Columns != nil {
		t.Errorf("%v: %s", x.Columns, file)
	}
	x, file = first(`{"range":"last_90_days","format":"csv","columns":["details","changes","user_agent"]}`)
	if !strings.HasPrefix(file, "Outcome,User agent,Changes,Details|") || !strings.HasSuffix(file, `,failure,curl/8,status: draft → 2.50,"{""n"":9007199254740993}"`+"\r\n") {
		t.Errorf("%s", file)
	}
	if got := fmt.Sprint(x.Columns); got != "[details changes user_agent]" || !strings.Contains(f.get("admin", exportsPath, 200), `"columns":["details","changes","user_agent"]`) {
		t.Errorf("columns %s", got)
	}
	if trail := f.get("admin", tenantA+"/access", 200); !strings.Contains(trail, `"columns":["details","changes","user_agent"]`) {
		t.Errorf("the trail has %s", trail)
	}
	for _, columns := range []string{`["colour"]`, `"changes"`, `["keys"]`} {
		f.asProblem(f.send("admin", "POST", exportsPath, `{"range":"today","format":"csv","columns":`+columns+`}`), 422)
	}
}

// TestExportFilters: a single value of a filter needs no list.
func TestExportFilters(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	check := func(rows int, one, list string) {
		t.Helper()
		for _, filters := range []string{one, list} {
			x := f.export("admin", `{"range":"last_90_days","format":"csv","filters":{`+filters+`}}`)
			if got, err := json.Marshal(x.Filters); x.RowsDone != rows || string(got) != "{"+list+"}" || err != nil {
				t.Errorf("%s: %d rows of %s, want %d of {%s}", filters, x.RowsDone, got, rows, list)
			}
		}
	}
	check(5, `"module":"email"`, `"module":["email"]`)
	check(10, `"operation":"create"`, `"operation":["create"]`)
	check(3, `"user":"u1"`, `"user":["u1"]`)
	check(7, `"organization":"east"`, `"organization":["east"]`)
	check(2, `"content_id":"c1"`, `"content_id":["c1"]`)
	check(2, `"module":["email"],"user":"u0","operation":"create"`, `"user":["u0"],"module":["email"],"operation":["create"]`)
	check(10, `"module":"","user":[""],"content_id":[]`, ``)

	f.record(entry(`"user":{"id":"u_emma","name":"Emma"}`))
	x := f.export("admin", `{"range":"last_90_days","format":"csv","filters":{"user":["u_emma","u_gone"]}}`)
	for _, body := range []string{f.get("admin", exportsPath, 200), f.get("admin", exportsPath+"/"+x.ID, 200)} {
		if !strings.Contains(body, `"user_names":{"u_emma":"Emma"}`) {
			t.Errorf("no name in %s", body)
		}
	}
}

// TestExportScope: an export contains what its creator may see, and is visible to those who may see all of it.
func TestExportScope(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	whole := f.export("admin", `{"range":"last_90_days","format":"ndjson"}`)
	part := f.export("scoped", `{"range":"last_90_days","format":"ndjson"}`)
	if whole.RowsDone != 10 || part.RowsDone != 7 {
		t.Errorf("%d and %d rows", whole.RowsDone, part.RowsDone)
	}
	f.get("scoped", exportsPath+"/"+whole.ID, 404)
	f.get("scoped", exportsPath+"/"+whole.ID+"/file", 404)
	f.get("scoped", exportsPath+"/"+whole.ID+"/manifest", 404)
	f.get("admin", exportsPath+"/"+part.ID, 200)
	if list := decode[struct{ Exports []exportBody }](t, f.get("scoped", exportsPath, 200)).Exports; len(list) != 1 {
		t.Errorf("scoped sees %+v", list)
	}
}

func TestBadExports(t *testing.T) {
	f := newServer(t)
	check := func(body, location string) {
		t.Helper()
		p := f.asProblem(f.send("admin", "POST", exportsPath, body), 422)
		if len(p.Errors) == 0 || p.Errors[0].Location != location {
			t.Errorf("%s: want an error at %s: %+v", body, location, p)
		}
	}
	check(`{"range":"today"}`, "body")
	check(`{"format":"csv"}`, "body")
	check(`{"range":"last_8_days","format":"csv"}`, "body.range")
	check(`{"range":"","format":"csv"}`, "body.range")
	check(`{"range":"today","format":"pdf"}`, "body.format")
	check(`{"range":"custom","format":"csv"}`, "body.from")
	check(`{"range":"custom","from":"2026-11-22T00:00:00Z","to":"2026-11-21T00:00:00Z","format":"csv"}`, "body.from")
	check(`{"range":"custom","from":"2026-11-22T00:00:00Z","to":"2026-11-22T08:00:00+08:00","format":"csv"}`, "body.to")
	check(`{"range":"today","from":"yesterday","format":"csv"}`, "body.from")
	check(`{"range":"today","format":"csv","filters":{"modules":["sms"]}}`, "body.filters.modules")
	for _, bad := range []string{`5`, `true`, `{}`, `[5]`, `["sms",["email"]]`, `["` + strings.Repeat(`","`, 1000) + `"]`} {
		check(`{"range":"today","format":"csv","filters":{"module":`+bad+`}}`, "body.filters.module")
	}
	check(`{"range":"today","format":"csv","filters":{"q":["sms"]}}`, "body.filters.q")
	check(`{"range":"today","format":"csv","filters":{"q":"`+strings.Repeat("a ", 33)+`"}}`, "body.filters.q")
	check(`{"range":"today","format":"csv","rows":5}`, "body.rows")
	f.asProblem(f.send("admin", "POST", exportsPath, `{"range":`), 400)
	f.asProblem(f.send("admin", "POST", exportsPath, ``), 400)
	p := f.asProblem(f.send("owner", "POST", "/api/v1/tenants/other/exports", `{"range":"today","format":"csv","filters":{"organization":["hq"]}}`), 422)
	if p.Errors[0].Location != "body.filters.organization" {
		t.Errorf("%+v", p)
	}
	if x := f.export("admin", `{"range":"today","from":null,"to":null,"format":"csv"}`); x.Status != "done" {
		t.Errorf("null for what may be left out: %+v", x)
	}
}
