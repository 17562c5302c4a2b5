package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
	"oplog/server/wire"
)

const entriesPath = tenantA + "/entries"

// text returns a JSON string of n three-byte characters.
func text(n int) string { return `"` + strings.Repeat("操", n) + `"` }

// ascii returns a JSON string of n bytes.
func ascii(n int) string { return `"` + strings.Repeat("a", n) + `"` }

func list(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

const atSeven = `"time":"2026-11-22T07:00:00Z",`

// validFields has fields of valid entries.
var validFields = []string{
	atSeven + `"id":"a"`,
	atSeven + `"id":` + ascii(64),
	atSeven + `"id":"AZaz09._:-"`,
	`"id":null`,

	`"time":"2026-11-23T07:59:00Z"`,
	`"time":"2026-11-22T15:00:00.123456+08:00"`,
	`"time":"1970-01-01T00:00:00Z"`,
	`"time":null`,

	`"user":{"id":` + text(128) + `,"name":` + text(128) + `,"role":` + text(128) + `}`,
	`"user":{"id":"u","name":"n","role":null}`,

	`"organization":{"id":"hq","name":` + text(1024) + `}`,
	`"organization":{"id":` + ascii(128) + `,"name":"x"}`,
	`"organization":null`,
	`"organization":{"id":"new"}`,

	`"module":"sms","operation":"send"`,

	`"content":{"id":"c","name":` + text(1024) + `}`,
	`"content":{"name":"only a name"}`,
	`"content":null`,

	`"origin":"manual","outcome":"success"`,
	`"origin":null,"outcome":null`,
	`"outcome":"failure"`,
	`"origin":"api"`,

	`"ip":"10.0.0.1","user_agent":"curl"`,
	`"ip":null,"user_agent":null`,

	`"changes":` + list(100, `{"field":"f","before":1,"after":[null,{"a":"b"}]}`),
	`"changes":[{"field":"f","before":null}]`,
	`"changes":null`,
	`"changes":[]`,

	`"details":{"a":` + ascii(16<<10-8) + `}`,
	`"details":{}`,
	`"details":null`,
}

// invalidFields has fields that make an entry invalid, with the location in the response.
var invalidFields = []struct{ at, fields string }{
	{"id", `"id":""`},
	{"id", atSeven + `"id":` + ascii(65)},
	{"id", atSeven + `"id":"a b"`},
	{"id", atSeven + `"id":"é"`},
	{"id", atSeven + `"id":"a/b"`},
	{"id", atSeven + `"id":5`},

	{"time", `"time":"2026-11-23T08:01:00Z"`},
	{"time", `"time":"1969-12-31T23:59:59Z"`},
	{"time", `"time":"0001-01-01T00:00:00Z"`},
	{"time", `"time":"2026-11-22"`},
	{"time", `"time":"2026-11-22T07:00:00"`},
	{"time", `"time":""`},
	{"time", `"time":1763798400`},
	{"time", `"id":"needs-time"`},

	{"user.id", `"user":{"id":` + text(129) + `,"name":"n"}`},
	{"user.name", `"user":{"id":"u","name":` + text(129) + `}`},
	{"user.role", `"user":{"id":"u","name":"n","role":` + text(129) + `}`},
	{"user.id", `"user":{"name":"n"}`},
	{"user.id", `"user":{"id":"","name":"n"}`},
	{"user.name", `"user":{"id":"u","name":null}`},
	{"user.id", `"user":{"id":7,"name":"n"}`},
	{"user.mail", `"user":{"id":"u","name":"n","mail":"x"}`},
	{"user.ID", `"user":{"id":"u","name":"n","ID":"x"}`},
	{"user", `"user":"u"`},
	{"user.name", `"user":{"id":"u","name":"a\u0000b"}`},

	{"organization.id", `"organization":{"name":"East"}`},
	{"organization.id", `"organization":{"id":` + ascii(129) + `,"name":"x"}`},
	{"organization.name", `"organization":{"id":"hq","name":` + text(1025) + `}`},
	{"organization", `"organization":[]`},

	{"module", `"module":"nothing"`},
	{"module", `"module":""`},
	{"module", `"module":null`},
	{"module", `"module":["sms"]`},
	{"operation", `"operation":"send"`},
	{"operation", `"operation":""`},
	{"operation", `"operation":null`},

	{"content.name", `"content":{"name":` + text(1025) + `}`},
	{"content.id", `"content":{"id":true}`},

	{"origin", `"origin":"API"`},
	{"origin", `"origin":""`},
	{"origin", `"origin":true`},
	{"outcome", `"outcome":"ok"`},
	{"outcome", `"outcome":""`},

	{"ip", `"ip":` + ascii(1025)},
	{"user_agent", `"user_agent":{}`},

	{"changes", `"changes":` + list(101, `{"field":"f"}`)},
	{"changes[0].field", `"changes":[{"before":1}]`},
	{"changes[1].old", `"changes":[{"field":"f"},{"field":"f","old":1}]`},
	{"changes[1]", `"changes":[{"field":"f"},3]`},
	{"changes[0].after", `"changes":[{"field":"f","after":"\u0000"}]`},

	{"details", `"details":{"a":` + ascii(16<<10-7) + `}`},
	{"details", `"details":[1]`},
	{"details", `"details":"x"`},
	{"details", `"details":{"a":"\u0000"}`},

	{"colour", `"colour":"red"`},
	{"seq", `"seq":1`},
	{"received_at", `"received_at":"2026-11-22T07:00:00Z"`},
	{"tenant", `"tenant":"acme"`},
	{"Module", `"Module":"sms"`},
	{`""`, `"":1`},
	{`"[1]"`, `"[1]":1`},
}

// TestEntryRules sends entries just within each limit, and just beyond it.
func TestEntryRules(t *testing.T) {
	f := newServer(t)
	for _, fields := range validFields {
		if r := f.send("write", "POST", entriesPath, entry(fields)); r.status != 201 {
			t.Errorf("%.200s: %d %s", fields, r.status, r.body)
		}
	}
	// An invalid entry is sent alone, in a batch after a valid one, and as a line; each response names the field.
	for _, c := range invalidFields {
		named := func(body, at string, headers ...string) {
			t.Helper()
			p := f.asProblem(f.send("write", "POST", entriesPath, body, headers...), 422)
			if len(p.Errors) != 1 || p.Errors[0].Location != at || p.Errors[0].Message == "" {
				t.Errorf("%.200s: want one error at %s: %+v", c.fields, at, p)
			}
		}
		e := entry(c.fields)
		named(e, "body."+c.at)
		named(`{"entries":[`+entry()+`,`+e+`]}`, "body.entries[1]."+c.at)
		named(entry()+"\n\n"+e+"\n", "body.entries[1]."+c.at, "Content-Type", "application/x-ndjson")
	}
}

// TestTextIsStoredAsSent: responses contain text exactly as it was sent.
func TestTextIsStoredAsSent(t *testing.T) {
	f := newServer(t)
	e := `{"id":"e1","time":"2026-11-22T15:00:00.123456789+08:00","user":{"id":" u ","name":"Zoë <李雷> & \"x\"","role":"管理员"},` +
		`"organization":{"id":"east","name":"East, then"},"module":"customer","operation":"merge","content":{"id":"1","name":"= 1+1\t\u2028"},` +
		`"outcome":"failure","ip":"::1","user_agent":"x","changes":[{"field":"f","before": 1.50,"after":{"b":1,"a":2}}],"details":{"z":1e3, "a":"é"}}`
	f.record(e)
	got := decode[map[string]any](t, f.get("read", entriesPath+"/e1", 200))
	delete(got, "proof")
	delete(got, "key")
	want := decode[map[string]any](t, e)
	want["time"], want["seq"], want["origin"] = "2026-11-22T07:00:00.123456Z", 1.0, "manual"
	want["received_at"] = got["received_at"]
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if body := f.get("read", entriesPath+"/e1", 200); !strings.Contains(body, `"before":1.50`) || !strings.Contains(body, `{"z":1e3,"a":"é"}`) || !strings.Contains(body, `<李雷> &`) {
		t.Errorf("values were rewritten: %s", body)
	}
}

// TestNumbersAreStoredAsSent: every response has a number's digits as sent, also those that a floating-point number would lose.
func TestNumbersAreStoredAsSent(t *testing.T) {
	f := newServer(t)
	live := f.follow(f.listen(), "read", "", "")
	for i, number := range []string{"9007199254740993", "2.50", "1e400", "-0", "1.0", "12345678901234567890.000"} {
		id := fmt.Sprintf("n%d", i)
		changes := fmt.Sprintf(`"changes":[{"field":"f","before":%[1]s,"after":{"n":[%[1]s]}}]`, number)
		details := fmt.Sprintf(`"details":{"n":%s}`, number)
		f.record(entry(`"id":"`+id+`","time":"2026-11-22T07:00:00Z"`, changes, details))
		for place, got := range map[string]string{
			"entry": f.get("read", entriesPath+"/"+id, 200), "page": f.get("read", entriesPath+"?limit=1", 200),
			"feed": f.get("read", entriesPath+fmt.Sprintf("?order=seq&after_seq=%d", i), 200), "live": live.event(),
		} {
			if !strings.Contains(got, changes) || !strings.Contains(got, details) {
				t.Errorf("%s: the %s answers %s", number, place, got)
			}
		}
	}
}

// TestIngestResponse checks the receipts for each form of body.
func TestIngestResponse(t *testing.T) {
	f := newServer(t)
	check := func(body, contentType, want string) {
		t.Helper()
		r := f.send("write", "POST", entriesPath, body, "Content-Type", contentType)
		if r.status != 201 || strings.TrimSpace(r.body) != want || r.header.Get("Content-Type") != "application/json" {
			t.Errorf("%.100s: %d %s\nwant %s", body, r.status, r.body, want)
		}
	}
	const json, lines = "application/json", "application/x-ndjson"
	e := func(id, more string) string { return entry(`"id":"`+id+`","time":"2026-11-22T07:00:00Z"`, more) }
	check(e("a", ""), json, `{"recorded":1,"duplicates":0,"skipped":0,"entries":[{"id":"a","seq":1,"status":"recorded"}]}`)
	check(e("a", ""), "application/json; charset=UTF-8", `{"recorded":0,"duplicates":1,"skipped":0,"entries":[{"id":"a","seq":1,"status":"duplicate"}]}`)
	check(" {\n\"entries\": ["+e("s", `"origin":"api"`)+","+e("b", "")+","+e("a", "")+"] } ", json,
		`{"recorded":1,"duplicates":1,"skipped":1,"entries":[{"id":"s","status":"skipped"},{"id":"b","seq":2,"status":"recorded"},{"id":"a","seq":1,"status":"duplicate"}]}`)
	check(e("c", "")+"\r\n\n"+e("d", ""), lines, `{"recorded":2,"duplicates":0,"skipped":0,"entries":[{"id":"c","seq":3,"status":"recorded"},{"id":"d","seq":4,"status":"recorded"}]}`)
	check("\uFEFF"+e("e", ""), json, `{"recorded":1,"duplicates":0,"skipped":0,"entries":[{"id":"e","seq":5,"status":"recorded"}]}`)
	check(`{"entries":[]}`, json, `{"recorded":0,"duplicates":0,"skipped":0,"entries":[]}`)
	check(entry(`"origin":"api"`), json, `{"recorded":0,"duplicates":0,"skipped":1,"entries":[{"status":"skipped"}]}`)

	p := f.asProblem(f.send("write", "POST", entriesPath, e("a", `"outcome":"failure"`)), 409)
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.id" {
		t.Errorf("a conflict of the one entry: %+v", p)
	}
	p = f.asProblem(f.send("write", "POST", entriesPath, `{"entries":[`+e("b", "")+`,`+e("a", `"outcome":"failure"`)+`]}`), 409)
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.entries[1].id" {
		t.Errorf("a conflict of one of two entries: %+v", p)
	}
}

// TestAllOrNothing: a request with an invalid entry stores nothing, and the response names every invalid entry, whatever the error.
func TestAllOrNothing(t *testing.T) {
	f := newServer(t)
	body := `{"entries":[` + strings.Join([]string{
		entry(), entry(`"module":7`), entry(`"operation":"fly","outcome":"odd"`), `"text"`, `null`, entry(`"extra":1`),
	}, ",") + `],"more":1}`
	p := f.asProblem(f.send("write", "POST", entriesPath, body), 422)
	var at []string
	for _, e := range p.Errors {
		at = append(at, e.Location)
	}
	want := []string{"body.more", "body.entries[1].module", "body.entries[2].outcome", "body.entries[2].operation", "body.entries[3]",
		"body.entries[4].user.id", "body.entries[4].user.name", "body.entries[4].module", "body.entries[5].extra"}
	if !slices.Equal(at, want) {
		t.Errorf("named %v\nwant  %v", at, want)
	}
	if page := f.get("read", entriesPath, 200); strings.TrimSpace(page) != `{"entries":[]}` {
		t.Errorf("something was stored: %s", page)
	}
}

// TestUnreadableBodies checks the status and message for bodies that cannot be read.
func TestUnreadableBodies(t *testing.T) {
	f := newServer(t)
	check := func(want int, body, contentType, says string, headers ...string) {
		t.Helper()
		r := f.send("write", "POST", entriesPath, body, append([]string{"Content-Type", contentType}, headers...)...)
		if p := f.asProblem(r, want); !strings.Contains(fmt.Sprint(p), says) {
			t.Errorf("%.60q: %+v does not say %q", body, p, says)
		}
	}
	const json, lines = "application/json", "application/x-ndjson"
	check(400, "", json, "empty")
	check(400, " \n ", json, "empty")
	check(400, "\n\n", lines, "empty")
	check(400, "{", json, "EOF")
	check(400, `{"user":}`, json, "offset 8")
	check(400, "{\n\"user\": 'x'}", json, "line 2")
	check(400, entry()+entry(), json, "line 1")
	check(400, `{"entries":[`+entry()+`,]}`, json, "line 1")
	check(400, strings.Replace(entry(), `"module"`, `"user":{},"module"`, 1), json, "duplicate")
	check(400, `{"entries":[],"entries":[]}`, json, "duplicate")
	check(400, strings.Replace(entry(), "customer", "cust\xffomer", 1), json, "UTF-8")
	check(400, strings.Replace(entry(), "customer", `\ud800`, 1), json, "surrogate")
	check(400, entry()+"\n{\n", lines, "Line 2")
	check(400, entry()+"\n\n"+entry()+" x", lines, "Line 3")
	check(400, entry()+"\n"+strings.Replace(entry(), "customer", "cust\xffomer", 1), lines, "Line 2")
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	check(422, entry(`"details":{"a":`+deep+`}`), json, "nested more than 64")
	check(422, `[`+entry()+`]`, json, "body")
	check(422, `"x"`, json, "a string")
	check(422, `null`, json, "null")
	check(422, `{"entries":{}}`, json, "body.entries")
	check(422, `{"entries":null}`, json, "body.entries")
	check(422, entry()+"\n[]", lines, "body.entries[1]")
	check(415, entry(), "text/plain", "application/json")
	check(415, entry(), "application/x-www-form-urlencoded", "application/json")
	check(415, entry(), "", "application/json")
	check(415, entry(), "application/json; charset=gbk", "UTF-8")
	check(415, entry(), json, "gzip", "Content-Encoding", "br")
	check(415, entry(), json, "gzip", "Content-Encoding", "gzip, gzip")
	check(400, entry(), json, "gzip", "Content-Encoding", "gzip")
	if p := f.asProblem(f.send("admin", "POST", viewsPath, `{"name":`+deep+`}`), 400); !strings.Contains(fmt.Sprint(p), "nested more than 64") {
		t.Errorf("%+v", p)
	}
}

// TestTooLargeBodies: a body just beyond a limit is refused, and one just within is accepted.
func TestTooLargeBodies(t *testing.T) {
	f := newServer(t)
	send := func(want int, body, contentType string, headers ...string) {
		t.Helper()
		r := f.send("write", "POST", entriesPath, body, append([]string{"Content-Type", contentType}, headers...)...)
		if r.status != want {
			t.Errorf("%d bytes: %d, want %d: %.300s", len(body), r.status, want, r.body)
		}
		if want != 201 {
			f.asProblem(r, want)
		}
	}
	const json, lines = "application/json", "application/x-ndjson"
	send(201, strings.Repeat(entry()+"\n", oplog.MaxEntriesPerRequest), lines)
	send(413, strings.Repeat(entry()+"\n", oplog.MaxEntriesPerRequest+1), lines)
	send(413, `{"entries":`+list(oplog.MaxEntriesPerRequest+1, entry(`"module":"wrong"`))+`}`, json)

	padded := func(size int) string { return entry() + strings.Repeat(" ", size-len(entry())) }
	send(201, padded(wire.MaxBodyBytes), json)
	send(413, padded(wire.MaxBodyBytes+1), json)
	send(201, gzipped(padded(wire.MaxBodyBytes)), json, "Content-Encoding", "gzip")
	send(413, gzipped(padded(wire.MaxBodyBytes+1)), json, "Content-Encoding", "gzip")
	send(201, gzipped(entry()), json, "Content-Encoding", "GZIP")
	send(400, gzipped(entry())[:40], json, "Content-Encoding", "gzip")
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // in memory, so it cannot fail
	_ = w.Close()
	return b.String()
}

// TestGzipBomb: a body that expands enormously takes no more memory than the limit, on any route that takes a body.
func TestGzipBomb(t *testing.T) {
	f := newServer(t)
	bomb := gzipped(strings.Repeat(" ", 128<<20))
	allocated := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.TotalAlloc
	}
	check := func(caller, method, path string, want int) {
		t.Helper()
		before := allocated()
		f.asProblem(f.send(caller, method, path, bomb, "Content-Encoding", "gzip"), want)
		if grown := allocated() - before; grown > 64<<20 {
			t.Errorf("%s %s took %d MiB", method, path, grown>>20)
		}
	}
	check("write", "POST", entriesPath, 413)
	check("directory", "PUT", tenantA+"/organizations", 413)
	check("nobody", "POST", "/api/v1/session", 415)
	check("read", "POST", tenantA+"/exports", 415)
}
