package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// dial opens a connection and sends the start of a request with a body of a
// length. It returns the connection and its answers.
func (f *fixture) dial(url, caller, path string, length int, start string) (net.Conn, *bufio.Reader) {
	f.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	f.noError(err)
	f.Cleanup(func() { _ = c.Close() })
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, length)
	for name, value := range f.sent[caller] {
		head += name + ": " + value + "\r\n"
	}
	_, err = io.WriteString(c, head+"\r\n"+start)
	f.noError(err)
	return c, bufio.NewReader(c)
}

// answer reads the next answer of a connection.
func (f *fixture) answer(answers *bufio.Reader) (r reply, closed bool) {
	f.Helper()
	answer, err := http.ReadResponse(answers, nil)
	f.noError(err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	f.noError(err)
	return reply{answer.StatusCode, answer.Header, string(body)}, answer.Close
}

// TestAnsweredBeforeTheBody: callers without a right to send a body are
// answered before it comes, and callers that sign in send a small one.
func TestAnsweredBeforeTheBody(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{ReadTimeout: time.Hour, Now: f.server.now, Logger: f.server.logger})
	url := f.listen()
	for _, c := range []struct {
		caller, path string
		length, want int
	}{
		{"nobody", entriesPath, wire.MaxBodyBytes, 401},
		{"revoked", entriesPath, wire.MaxBodyBytes, 401},
		{"nobody", "/api/v1/accounts", 1 << 20, 401},
		{"nobody", "/api/v1/none", 1 << 20, 404},
		{"nobody", "/sign-in", 1 << 20, 405},
		{"nobody", "/api/v1/session", wire.MaxAnonymousBytes + 1, 413},
		{"nobody", "/api/v1/setup", wire.MaxAnonymousBytes + 1, 413},
		{"write", entriesPath, wire.MaxBodyBytes + 1, 413},
	} {
		connection, answers := f.dial(url, c.caller, c.path, c.length, "{")
		if c.caller == "write" {
			f.noError(connection.(*net.TCPConn).CloseWrite()) // what is too long of a known caller is read, so that it sees the answer
		}
		if r, _ := f.answer(answers); r.status != c.want {
			t.Errorf("%s as %s: %d, want %d: %s", c.path, c.caller, r.status, c.want, r.body)
		}
	}
}

// TestRefusedWhileSending: a caller that sends its whole body before it reads
// gets the answer, though the server does not read the body.
func TestRefusedWhileSending(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	for _, path := range []string{entriesPath, "/api/v1/none", "/sign-in", "/api/v1/session"} {
		_, answers := f.dial(url, "nobody", path, 8<<20, strings.Repeat(" ", 8<<20))
		r, closed := f.answer(answers)
		if r.status < 400 || r.status == 408 || !closed {
			t.Errorf("%s: %d, closed %v: %s", path, r.status, closed, r.body)
		}
	}
}

// holdBodies has a caller send all but the end of as many large bodies, and
// returns how to send the rest of one.
func (f *fixture) holdBodies(url, caller, path string, n int) (finish func() reply) {
	f.Helper()
	start := entry() + strings.Repeat(" ", wire.MaxBodyBytes-len(entry())-1)
	for range n {
		c, answers := f.dial(url, caller, path, wire.MaxBodyBytes, start)
		finish = func() reply {
			_, err := io.WriteString(c, " ")
			f.noError(err)
			r, _ := f.answer(answers)
			return r
		}
	}
	return finish
}

// TestBodiesInFlight: bodies hold a share of memory for each caller and for each
// tenant, and a bound for all; others are never kept from sending small ones.
func TestBodiesInFlight(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{ReadTimeout: time.Hour, Now: f.server.now, Logger: f.server.logger})
	must(f.log.Directory.AddTenant(oplog.Tenant{ID: "third", Name: "Third", TimeZone: "UTC"}))(t)
	for name, tenant := range map[string]string{"third": "third", "second": "acme"} {
		_, text, err := f.log.Identity.AddKey(tenant, identity.ScopeWrite, name)
		f.noError(err)
		f.sent[name] = map[string]string{"Authorization": "Bearer " + text}
	}
	url := f.listen()
	const other, third = "/api/v1/tenants/other/entries", "/api/v1/tenants/third/entries"
	send := func(caller, path string, size int) reply {
		t.Helper()
		_, answers := f.dial(url, caller, path, size, entry()+strings.Repeat(" ", size-len(entry())))
		r, _ := f.answer(answers)
		return r
	}
	// The server takes note of what is held once it has read it.
	until := func(caller, path string, size, want int) {
		t.Helper()
		r := send(caller, path, size)
		for r.status == 201 {
			r = send(caller, path, size)
		}
		f.asProblem(r, want)
		if r.header.Get("Retry-After") == "" {
			t.Errorf("%d without Retry-After", r.status)
		}
	}
	finish := f.holdBodies(url, "write", entriesPath, 2)
	until("write", entriesPath, 1<<20, 429)
	f.holdBodies(url, "second", entriesPath, 2) // has nothing left of its tenant's share
	until("second", entriesPath, 1<<20, 429)
	for _, size := range []int{1 << 20, wire.MaxBodyBytes} {
		if r := send("strange writer", other, size); r.status != 201 {
			t.Errorf("another tenant: %d %s", r.status, r.body)
		}
	}
	f.holdBodies(url, "strange writer", other, 2)
	until("third", third, 1<<20, 503)
	if r := send("third", third, 32<<10); r.status != 201 {
		t.Errorf("a small body: %d %s", r.status, r.body)
	}
	if r := finish(); r.status != 201 {
		t.Errorf("the rest of a body: %d %s", r.status, r.body)
	}
	if r := send("write", entriesPath, 1<<20); r.status != 201 {
		t.Errorf("once there is space: %d %s", r.status, r.body)
	}
}

// TestBodyTime: a body that arrives piece by piece, each in time, has a bound
// for all of them.
func TestBodyTime(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{ReadTimeout: time.Hour, BodyTime: 50 * time.Millisecond, Now: f.server.now, Logger: f.server.logger})
	url := f.listen()
	for _, caller := range []string{"write", "read"} { // read, or only discarded
		_, answers := f.dial(url, caller, entriesPath, 1<<20, strings.Repeat(" ", 3*wire.PacedBytes))
		r, closed := f.answer(answers)
		if want := map[string]int{"write": 408, "read": 403}[caller]; r.status != want || !closed {
			t.Errorf("%s: %d, want %d, closed %v: %s", caller, r.status, want, closed, r.body)
		}
	}
}

// TestBoundedErrors: an answer that lists invalid fields is short, whatever was
// sent.
func TestBoundedErrors(t *testing.T) {
	f := newServer(t)
	var names []string
	for i := range 20_000 {
		names = append(names, fmt.Sprintf(`"unknown%d":1`, i))
	}
	members := "{" + strings.Join(names, ",") + "}"
	long := strings.Repeat("x", 500_000)
	deep := strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000)
	for _, c := range []struct{ caller, path, body string }{
		{"write", entriesPath, members},
		{"write", entriesPath, `{"entries":` + list(10_000, `{"x":1}`) + `}`},
		{"write", entriesPath, `{"entries":` + list(10_000, `{}`) + `}`},
		{"write", entriesPath, `{"entries":` + list(10_000, `{"user":{}}`) + `}`},
		{"write", entriesPath, `{"entries":[],` + strings.TrimPrefix(members, "{")},
		{"write", entriesPath, `{"` + long + `":1}`},
		{"write", entriesPath, `{"user":{"id":` + strings.Repeat("1", 500_000) + `}}`},
		{"write", entriesPath, entry(`"ip":"` + long + `"`)},
		{"write", entriesPath, entry(`"module":"` + long + `"`)},
		{"write", entriesPath, `{"user":` + deep + `}`},
		{"admin", "/api/v1/accounts", members},
		{"admin", "/api/v1/accounts", `{"` + long + `":1}`},
		{"admin", "/api/v1/accounts", `{"username":` + deep + `}`},
		{"read", exportsPath, `{"range":"` + long + `","format":"csv"}`},
		{"read", exportsPath, `{"range":"today","format":"csv","filters":` + members + `}`},
		{"read", exportsPath, `{"range":"today","format":"csv","columns":` + list(16, `"`+long[:50_000]+`"`) + `}`},
	} {
		r := f.send(c.caller, "POST", c.path, c.body)
		if r.status != 422 && r.status != 400 {
			t.Errorf("%s %.60s: %d", c.path, c.body, r.status)
		}
		p := f.asProblem(r, r.status)
		if len(p.Errors) > wire.MaxFieldErrors || len(r.body) > 64<<10 {
			t.Errorf("%s %.60s: %d errors, %d bytes", c.path, c.body, len(p.Errors), len(r.body))
		}
		if len(p.Errors) == wire.MaxFieldErrors && !strings.Contains(p.Detail, "The first 100 errors are listed.") {
			t.Errorf("it does not say that there are more: %s", p.Detail)
		}
	}
}

// TestStreamsOfCallers: users and keys have a number of streams, and closed
// ones count no more.
func TestStreamsOfCallers(t *testing.T) {
	f := newServer(t)
	f.server.keepAlive = 5 * time.Millisecond
	f.server.streams = wire.NewBudget(100, 5, 3)
	url := f.listen()
	open := func(caller string) (end func(), status int) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, url+tenantA+"/live", http.NoBody)
		f.noError(err)
		for name, value := range f.sent[caller] {
			r.Header.Set(name, value)
		}
		answer, err := http.DefaultClient.Do(r)
		f.noError(err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		if answer.StatusCode == http.StatusTooManyRequests && answer.Header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return func() { _ = answer.Body.Close() }, answer.StatusCode
	}
	want := func(caller string, status int) func() {
		t.Helper()
		end, got := open(caller)
		if got != status {
			t.Errorf("%s: %d, want %d", caller, got, status)
		}
		return end
	}
	end := want("read", 200)
	want("read", 200)
	want("read", 200)
	want("read", 429)
	want("admin", 200)
	want("auditor", 200)
	want("scoped", 429) // the tenant's are used up
	end()
	for _, status := open("scoped"); status != 200; _, status = open("scoped") { // once the server noticed
	}
	f.asProblem(f.send("read", "GET", tenantA+"/live", ""), 429)
}

// TestUnreadStream: a stream that nobody reads is ended, and gives back its
// share; what waits for it is never more than a batch.
func TestUnreadStream(t *testing.T) {
	f := newServer(t)
	f.server.stall = 50 * time.Millisecond
	url := f.listen()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	f.noError(err)
	defer func() { _ = c.Close() }()
	f.noError(c.(*net.TCPConn).SetReadBuffer(4 << 10))
	_, err = io.WriteString(c, "GET "+tenantA+"/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+f.sent["read"]["Authorization"]+"\r\n\r\n")
	f.noError(err)
	_, err = http.ReadResponse(bufio.NewReader(c), nil)
	f.noError(err)
	keys := must(f.log.Identity.Keys("acme"))(t)
	read := slices.IndexFunc(keys, func(k identity.APIKey) bool { return k.Name == "read" })
	caller := "key acme " + keys[read].ID
	if n := f.server.streams.Held(caller); n != 1 {
		t.Fatalf("%d streams are open", n)
	}
	wide := list(1000, entry(`"details":{"text":"`+strings.Repeat("x", 6000)+`"}`))
	for f.server.streams.Held(caller) > 0 {
		f.change("write", "POST", entriesPath, `{"entries":`+wide+`}`, 201)
	}
}

// unreadFeed asks for the feed of a tenant, and reads the head of the response only.
func (f *fixture) unreadFeed(url, caller, path string) (*http.Response, net.Conn) {
	f.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	f.noError(err)
	f.Cleanup(func() { _ = c.Close() })
	f.noError(c.(*net.TCPConn).SetReadBuffer(4 << 10))
	head := "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n"
	for name, value := range f.sent[caller] {
		head += name + ": " + value + "\r\n"
	}
	_, err = io.WriteString(c, head+"\r\n")
	f.noError(err)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	f.noError(err)
	return r, c
}

// TestAnswersInFlight: responses that a caller does not read hold its share of
// memory, and its tenant's; others are answered, and a response that was read
// counts no more.
func TestAnswersInFlight(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	const feed, other = entriesPath + "?order=seq&after_seq=0&limit=1000", "/api/v1/tenants/other/entries"
	for caller, path := range map[string]string{"write": entriesPath, "strange writer": other} {
		f.change(caller, "POST", path, `{"entries":`+list(1000, entry(`"details":{"text":"`+strings.Repeat("x", 7000)+`"}`))+`}`, 201)
	}
	// fill has a caller leave responses unread until the next is refused.
	fill := func(caller string) (unread []net.Conn) {
		t.Helper()
		for len(unread) < 20 {
			r, c := f.unreadFeed(url, caller, feed)
			unread = append(unread, c)
			if r.StatusCode == http.StatusOK {
				continue
			}
			if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") == "" {
				t.Errorf("%s: %d, Retry-After %q", caller, r.StatusCode, r.Header.Get("Retry-After"))
			}
			return unread
		}
		t.Fatalf("%s has %d unread responses", caller, len(unread))
		return nil
	}
	unread := fill("read")
	if held := f.server.answers.Held(); held > wire.MaxCallerAnswers {
		t.Errorf("%d bytes are held", held)
	}
	f.get("read", entriesPath+"?limit=1", 200)
	f.get("auditor", feed, 200)
	fill("admin")
	if p := f.asProblem(f.send("auditor", "GET", feed, ""), 429); !strings.Contains(p.Detail, "32 MiB") {
		t.Errorf("of the tenant: %s", p.Detail)
	}
	f.get("auditor", entriesPath+"?limit=1", 200)
	f.get("strange key", strings.Replace(feed, "acme", "other", 1), 200)
	for _, c := range unread {
		_ = c.Close()
	}
	for r := f.send("auditor", "GET", feed, ""); r.status != http.StatusOK; r = f.send("auditor", "GET", feed, "") { // once the server noticed
	}
}
