package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"oplog/server/wire"
)

// uncompressed returns the uncompressed body of a response.
func uncompressed(t *testing.T, r reply) string {
	t.Helper()
	switch encoding := r.header.Get("Content-Encoding"); encoding {
	case "gzip":
		return string(must(io.ReadAll(must(gzip.NewReader(strings.NewReader(r.body)))(t)))(t))
	case "br":
		return string(must(io.ReadAll(brotli.NewReader(strings.NewReader(r.body))))(t))
	case "":
		return r.body
	default:
		t.Fatalf("Content-Encoding %q", encoding)
		return ""
	}
}

// TestCompressed: long text responses are compressed in the requested encoding, with the same content.
func TestCompressed(t *testing.T) {
	f := newServer(t)
	var entries []string
	for i := range 60 {
		entries = append(entries, fullEntry(i))
	}
	f.record(entries...)
	for _, path := range []string{
		entriesPath, entriesPath + "?order=seq&limit=60", tenantA + "/catalog", "/api/v1/openapi.json", "/metrics",
	} {
		plain := f.send("read", "GET", path, "")
		if plain.status != 200 || !wire.WorthCompressing(plain.header.Get("Content-Type"), len(plain.body)) || plain.header.Get("Content-Encoding") != "" || plain.header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("%s: %d, %d bytes, %v", path, plain.status, len(plain.body), plain.header)
		}
		for accepts, encoding := range map[string]string{"gzip": "gzip", "br": "br", "gzip;q=0.1, br;q=0.2": "br", "gzip;q=0": "", "zstd": ""} {
			r := f.send("read", "GET", path, "", "Accept-Encoding", accepts)
			same := path == "/metrics" || uncompressed(t, r) == plain.body // the metrics count these requests
			if r.header.Get("Content-Encoding") != encoding || r.header.Get("Vary") != "Accept-Encoding" || !same ||
				r.header.Get("Content-Type") != plain.header.Get("Content-Type") || encoding != "" && len(r.body) > len(plain.body)/2 {
				t.Errorf("%s with %q: %d bytes of %d, %v", path, accepts, len(r.body), len(plain.body), r.header)
			}
			if path == "/metrics" {
				continue
			}
			head := f.send("read", "HEAD", path, "", "Accept-Encoding", accepts)
			if head.body != "" || head.header.Get("Content-Encoding") != encoding || head.header.Get("Content-Length") != strconv.Itoa(len(r.body)) {
				t.Errorf("HEAD %s with %q: %v, want a length of %d", path, accepts, head.header, len(r.body))
			}
		}
	}
	receipts := f.send("write", "POST", tenantA+"/entries", fmt.Sprintf(`{"entries":[%s]}`, strings.Join(entries, ",")), "Accept-Encoding", "gzip")
	if receipts.header.Get("Content-Encoding") != "gzip" || strings.Count(uncompressed(t, receipts), `"recorded"}`) != 60 {
		t.Errorf("receipts: %v", receipts.header)
	}
	errs := strings.Repeat(entry(`"module":"none"`)+",", 20) + entry()
	refused := f.send("write", "POST", tenantA+"/entries", `{"entries":[`+errs+`]}`, "Accept-Encoding", "br")
	if refused.status != 422 || refused.header.Get("Content-Encoding") != "br" || !strings.Contains(uncompressed(t, refused), `entries[19].module"`) {
		t.Errorf("a problem: %d %v", refused.status, refused.header)
	}
}

// TestNotCompressed: responses that are short, secret, streamed or identified by an ETag are not compressed.
func TestNotCompressed(t *testing.T) {
	f := newServer(t)
	withEntries(f)
	x := f.export("admin", `{"range":"last_7_days","format":"ndjson"}`)
	const both = "gzip, br"
	for path, vary := range map[string]string{
		"/api/v1/key": "Accept-Encoding", tenantA + "/exports/" + x.ID + "/file": "", "/favicon.svg": "", "/assets/plain.woff2": "",
	} {
		r := f.send("admin", "GET", path, "", "Accept-Encoding", both)
		if r.status != 200 || r.header.Get("Content-Encoding") != "" || r.header.Get("Vary") != vary {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
	}
	key := f.send("admin", "POST", tenantA+"/keys", `{"scope":"read","name":"`+strings.Repeat("x", 100)+`"}`, "Accept-Encoding", both)
	if key.status != 201 || key.header.Get("Content-Encoding") != "" || key.header.Get("Cache-Control") != "no-store, no-transform" {
		t.Errorf("a new key: %d %v", key.status, key.header)
	}
	if bytes.Contains([]byte(key.body), []byte{0x1f, 0x8b}) {
		t.Error("a new key is compressed")
	}
}
