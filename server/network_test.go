package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
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
		if r.StatusCode != 200 || string(body) != want || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %q %v", path, r.StatusCode, body, r.Header)
		}
	}
	check("/healthz", "ok\n")
	check("/readyz", "ready\n")
	// Tests without a network come from no loopback address.
	for _, path := range []string{"/healthz", "/readyz"} {
		f.asProblem(f.send("nobody", "GET", path, ""), 401)
		f.asProblem(f.send("revoked", "GET", path, ""), 401)
		f.get("launch", path, 200)
	}
}

// TestTooLargeForTheNetwork: a body that is not even read is refused with a
// problem that reaches the sender.
func TestTooLargeForTheNetwork(t *testing.T) {
	f := newServer(t)
	url := f.listen()
	for _, size := range []int{maxBodyBytes + 1, maxBodyBytes + bodySlack + 1, 64 << 20} {
		r, err := http.NewRequest("POST", url+entriesPath, strings.NewReader(strings.Repeat(" ", size)))
		f.noError(err)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", f.sent["write"]["Authorization"])
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Logf("%d bytes: %v", size, err)
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		f.asProblem(reply{answer.StatusCode, answer.Header, string(body)}, 413)
	}
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
