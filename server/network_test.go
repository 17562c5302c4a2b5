package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// listen serves a fixture on a free port.
func (f *fixture) listen() (url string) {
	f.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	f.noError(err)
	ended := make(chan error, 1)
	go func() { ended <- f.server.Listen(ln) }()
	f.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(f.server.Shutdown(ctx), <-ended); err != nil {
			f.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

func TestHealth(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	check := func(path, want string) {
		t.Helper()
		r, err := http.Get(url + path)
		f.noError(err)
		defer func() { _ = r.Body.Close() }()
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != http.StatusOK || string(body) != want || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %q %v", path, r.StatusCode, body, r.Header)
		}
	}
	check("/healthz", "ok\n")
	check("/readyz", "ready\n")
	// Tests without a network come from no loopback address.
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		f.asProblem(f.send("nobody", "GET", path, ""), 401)
		f.asProblem(f.send("revoked", "GET", path, ""), 401)
		f.get("launch", path, 200)
	}
}

// TestUnwantedBodies: however much is sent, and whether its length is announced
// or not, the answer reaches the sender and the connection goes on.
func TestUnwantedBodies(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	send := func(caller, path string, size int, chunked bool, want int, wantReused bool) {
		t.Helper()
		var body io.Reader = strings.NewReader(entry() + strings.Repeat(" ", size))
		if chunked {
			body = io.MultiReader(body) // of no known length
		}
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, body)
		f.noError(err)
		r.Header.Set("Content-Type", "application/json")
		for name, value := range f.sent[caller] {
			r.Header.Set(name, value)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Errorf("%s %s, %d bytes, chunked %v: %v", caller, path, size, chunked, err)
			return
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != want || reused != wantReused {
			t.Errorf("%s %s, %d bytes: %d %s; connection used again: %v", caller, path, size, answer.StatusCode, text, reused)
		}
	}
	const big = 64 << 20
	send("write", entriesPath, 0, false, 201, false)
	for _, chunked := range []bool{false, true} {
		send("write", entriesPath, 100, chunked, 201, true)
		send("write", entriesPath, maxBodyBytes, chunked, 413, true)
		send("write", entriesPath, big, chunked, 413, true)
		send("nobody", entriesPath, big, chunked, 401, true)
		send("nobody", "/api/v1/none", big, chunked, 404, true)
		send("nobody", "/sign-in", big, chunked, 405, true)
		send("read", exportsPath, 2<<20, chunked, 413, true)
	}
	send("write", entriesPath, 0, false, 201, true)
}

func TestTooLongHeaders(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	r, err := http.Get(url + entriesPath + "?q=" + strings.Repeat("x", 2*readBuffer))
	f.noError(err)
	body, _ := io.ReadAll(r.Body)
	_ = r.Body.Close()
	f.asProblem(reply{r.StatusCode, r.Header, string(body)}, 431)
}

// TestPanic: a handler that fails ends its request alone, and tells nothing.
func TestPanic(t *testing.T) {
	f := newServer(t)
	f.server.log = nil
	r := f.send("admin", "GET", entriesPath, "")
	p := f.asProblem(r, 500)
	if strings.Contains(r.body, "nil") || p.Detail != "The server failed at this; its log says why." {
		t.Errorf("it tells %s", r.body)
	}
	if said := f.words.String(); !strings.Contains(said, "nil pointer") || !strings.Contains(said, "principal.go") {
		t.Errorf("its log says %s", said)
	}
}
