package server

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/valyala/fasthttp"

	"oplog/oplog"
	"oplog/server/wire"
)

// serve makes requests without a network.
func serve(b *testing.B, f *fixture, caller, method, uri, body string, want int) {
	b.Helper()
	handler := f.server.App().Handler()
	b.ReportAllocs()
	for b.Loop() {
		f.handle(b, handler, caller, method, uri, body, want)
	}
}

// handle makes a request without a connection.
func (f *fixture) handle(b *testing.B, handler fasthttp.RequestHandler, caller, method, uri, body string, want int) {
	b.Helper()
	var ctx fasthttp.RequestCtx
	var r fasthttp.Request
	r.Header.SetMethod(method)
	r.SetRequestURI(uri)
	r.Header.SetHost("localhost")
	for name, value := range f.sent[caller] {
		r.Header.Set(name, value)
	}
	if body != "" {
		r.Header.SetContentType(wire.JSONType)
		r.SetBodyStream(strings.NewReader(body), len(body))
	}
	ctx.Init(&r, nil, nil)
	handler(&ctx)
	if got := ctx.Response.StatusCode(); got != want {
		b.Fatalf("%d: %s", got, ctx.Response.Body())
	}
	if err := ctx.Response.CloseBodyStream(); err != nil { // as once it is received
		b.Fatal(err)
	}
}

func fullEntry(i int) string {
	return entry(fmt.Sprintf(`"content":{"id":"%d","name":"春季促销活动页面 %d"},"organization":{"id":"east","name":"East China"},"ip":"10.0.0.1"`, i, i),
		`"user_agent":"Mozilla/5.0","changes":[{"field":"title","before":"旧","after":"新"}],"details":{"batch":17,"source":"list"}`)
}

func BenchmarkPage(b *testing.B) {
	f := newServer(b)
	for i := range 100 {
		f.record(fullEntry(i))
	}
	serve(b, f, "read", "GET", entriesPath, "", 200)
}

// BenchmarkPageOfLog is the part of BenchmarkPage that is not the server's own.
func BenchmarkPageOfLog(b *testing.B) {
	f := newServer(b)
	for i := range 100 {
		f.record(fullEntry(i))
	}
	for b.Loop() {
		if _, err := f.log.Journal.Page(b.Context(), "acme", oplog.Query{}, 50, ""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSummary(b *testing.B) {
	f := newServer(b)
	for i := range 100 {
		f.record(fullEntry(i))
	}
	serve(b, f, "admin", "GET", tenantA+"/summary?range=last_7_days", "", 200)
}

// BenchmarkDecode500 reads a batch of 500 without storing it.
func BenchmarkDecode500(b *testing.B) {
	body := []byte(`{"entries":[` + strings.TrimSuffix(strings.Repeat(fullEntry(1)+",", 500), ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		batch := &batch{}
		if err := batch.read(body); err != nil || batch.broken {
			b.Fatal(err, batch.forms)
		}
	}
}

// BenchmarkWrite compares the two ways to write a page.
func BenchmarkWrite(b *testing.B) {
	f := newServer(b)
	for i := range 50 {
		f.record(fullEntry(i))
	}
	page := newPageBody(must(f.log.Journal.Page(b.Context(), "acme", oplog.Query{}, 50, ""))(b))
	for name, write := range map[string]func(io.Writer, any) error{"byHand": wire.Format.Marshal, "encodingJSON": huma.DefaultJSONFormat.Marshal} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := write(io.Discard, page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
