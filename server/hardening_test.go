package server

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oplog/server/wire"
)

func TestNetwork(t *testing.T) {
	f := func(ip, want string) {
		t.Helper()
		if got := wire.Network(net.ParseIP(ip)); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
	f("192.0.2.7", "192.0.2.7")
	f("::ffff:192.0.2.7", "192.0.2.7")
	f("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")
	f("", "")
}

func TestMisdirected(t *testing.T) {
	f := newServer(t)
	for _, path := range []string{"/", "/assets/app.js", "/api/v1/session", "/api/v1/none", "/healthz", entriesPath} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "rebound.test"
		r.Header.Set("Cookie", f.sent["admin"]["Cookie"])
		r.Header.Set("X-Forwarded-Host", "example.com")
		f.asProblem(f.do(r), 421)
	}
	for language, want := range map[string]string{"en": "Use the address given by your administrator", "zh-CN": "请使用管理员提供的地址"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = "rebound.test:8484"
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		r.Header.Set("Accept-Language", language)
		answer := f.do(r)
		if answer.status != 421 || !strings.Contains(answer.body, want) || !strings.Contains(answer.body, "--host rebound.test") || !strings.Contains(answer.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %v %s", language, answer.status, answer.header, answer.body)
		}
	}
}

// slowStarts returns the starts of requests whose headers or body never arrive in full.
func (f *fixture) slowStarts() []string {
	post := func(caller, path, more string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + f.sent[caller]["Authorization"] + "\r\nContent-Type: application/json\r\n" + more
	}
	return []string{
		"",
		"GET / HT",
		"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		post("write", entriesPath, "Content-Length: 9000\r\n\r\n{"),
		post("write", entriesPath, "Content-Length: 90000\r\n\r\n"+strings.Repeat(" ", 10_000)),
		post("write", entriesPath, "Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
		post("read", exportsPath, "Content-Length: 90000\r\n\r\n"+strings.Repeat(" ", 10_000)),
		"POST /api/v1/none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n" + strings.Repeat(" ", 10_000),
	}
}

// dialSlowly opens connections that each send only the start of a request.
func (f *fixture) dialSlowly(url string, connections int) (opened []net.Conn) {
	f.Helper()
	starts := f.slowStarts()
	for i := range connections {
		c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		f.noError(err)
		f.Cleanup(func() { _ = c.Close() })
		go func() { _, _ = io.WriteString(c, starts[i%len(starts)]) }()
		opened = append(opened, c)
	}
	return opened
}

// TestSlowConnections: connections whose headers or body do not arrive in time are closed.
func TestSlowConnections(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{ReadTimeout: 500 * time.Millisecond, Now: f.server.now, Logger: f.server.logger})
	for _, c := range f.dialSlowly(f.listen(), 400) {
		_, _ = io.Copy(io.Discard, c) // until the server closes it
	}
}

// TestServesOthersDuringSlowRequests: other clients are served while the server waits for slow ones.
func TestServesOthersDuringSlowRequests(t *testing.T) {
	f := newServer(t)
	f.server = New(f.log, Options{ReadTimeout: time.Hour, Now: f.server.now, Logger: f.server.logger})
	url := f.listen()
	f.dialSlowly(url, 400)
	r, err := http.Get(url + "/healthz")
	f.noError(err)
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("others are answered %d", r.StatusCode)
	}
}

// TestSlowBody: a sender whose body keeps arriving, but too slowly, is disconnected with a response that says why.
func TestSlowBody(t *testing.T) {
	// If this machine is too busy to send even the headers in time, the connection is closed without a response; retry with a longer timeout.
	for slow := 200 * time.Millisecond; ; slow *= 2 {
		f := newServer(t)
		f.server = New(f.log, Options{ReadTimeout: slow, Now: f.server.now, Logger: f.server.logger})
		answer, err := f.trickle(f.listen(), slow/20)
		if err != nil && slow < 20*time.Second {
			continue
		}
		f.noError(err)
		f.asProblem(answer, 408)
		return
	}
}

// trickle sends a request, its body byte by byte, until the server responds.
func (f *fixture) trickle(url string, every time.Duration) (reply, error) {
	f.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	f.noError(err)
	defer func() { _ = c.Close() }()
	if _, err = io.WriteString(c, "POST "+entriesPath+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+f.sent["write"]["Authorization"]+
		"\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n"+strings.Repeat(" ", 20_000)); err != nil {
		return reply{}, err
	}
	ctx, over := context.WithCancel(f.Context())
	defer over()
	go func() {
		next := time.NewTicker(every)
		defer next.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-next.C:
				if _, err := io.WriteString(c, " "); err != nil {
					return
				}
			}
		}
	}()
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, string(body)}, err
}
