package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"oplog/server/wire"
)

// listen serves a fixture on a free port.
func (f *fixture) listen() (url string) {
	f.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	f.noError(err)
	ended := make(chan error, 1)
	go func() { ended <- f.server.Listen(Share(ln, nil)) }()
	f.Cleanup(func() {
		if err := errors.Join(f.server.Shutdown(context.Background()), <-ended); err != nil {
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
	// Tests without a network have no loopback address.
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		f.asProblem(f.send("nobody", "GET", path, ""), 401)
		f.asProblem(f.send("revoked", "GET", path, ""), 401)
		f.get("launch", path, 200)
	}
}

// TestUnreadBodies: however long a body is, and whether or not its length is announced, the sender gets the response and the connection
// stays usable.
func TestUnreadBodies(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")) // for all requests
	f.noError(err)
	defer func() { _ = connection.Close() }()
	answers := bufio.NewReader(connection)
	send := func(caller, path string, size int, chunked bool, want int) {
		t.Helper()
		var body io.Reader = strings.NewReader(entry() + strings.Repeat(" ", size))
		if chunked {
			body = io.MultiReader(body) // hides the length
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, body)
		f.noError(err)
		r.Header.Set("Content-Type", "application/json")
		for name, value := range f.sent[caller] {
			r.Header.Set(name, value)
		}
		if err := r.Write(connection); err != nil {
			t.Fatalf("%s %s, %d bytes, chunked %v: %v", caller, path, size, chunked, err)
		}
		answer, err := http.ReadResponse(answers, r)
		if err != nil {
			t.Fatalf("%s %s, %d bytes, chunked %v: %v", caller, path, size, chunked, err)
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != want || answer.Close {
			t.Errorf("%s %s, %d bytes: %d %s; the connection ends: %v", caller, path, size, answer.StatusCode, text, answer.Close)
		}
	}
	const big = 64 << 20
	send("write", entriesPath, 0, false, 201)
	for _, chunked := range []bool{false, true} {
		send("write", entriesPath, 100, chunked, 201)
		send("write", entriesPath, wire.MaxBodyBytes, chunked, 413)
		send("write", entriesPath, big, chunked, 413)
		send("read", exportsPath, 2<<20, chunked, 413)
	}
	send("write", entriesPath, 0, false, 201)
}

func TestTooLongHeaders(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	r, err := http.Get(url + entriesPath + "?q=" + strings.Repeat("x", 2*readBuffer))
	f.noError(err)
	body, _ := io.ReadAll(r.Body)
	_ = r.Body.Close()
	f.asProblem(reply{r.StatusCode, r.Header, string(body)}, 431)
	if want := "at most 16 KiB"; !strings.Contains(string(body), want) {
		t.Errorf("%s; want %s", body, want)
	}
}

// TestPanic: a panic in a handler fails only its own request, and its response discloses nothing.
func TestPanic(t *testing.T) {
	f := newServer(t)
	f.server.directory = nil
	r := f.send("admin", "GET", entriesPath, "")
	p := f.asProblem(r, 500)
	if strings.Contains(r.body, "nil") || p.Detail != "Internal server error; see the server's log." {
		t.Errorf("it tells %s", r.body)
	}
	if said := f.words.String(); !strings.Contains(said, "nil pointer") || !strings.Contains(said, "principal.go") {
		t.Errorf("its log says %s", said)
	}
}
