package crashtest

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// visit sends a request of a browser with a cookie of a session, or none.
func (m *member) visit(cookie, method, path, body string) (status int, header http.Header, text string) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.t.Context(), method, m.url()+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	answer, err := http.DefaultTransport.RoundTrip(r) // it follows no redirect
	if err != nil {
		m.t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(all)
}

// mustVisit is visit, and returns the cookie of the answer, which must have a status. While there is no leader it is tried again.
func (m *member) mustVisit(cookie, method, path, body string, want int) (given string) {
	m.t.Helper()
	end := time.Now().Add(startTime)
	for {
		status, header, text := m.visit(cookie, method, path, body)
		if status == http.StatusServiceUnavailable && want != status && time.Now().Before(end) {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if status != want {
			m.t.Errorf("%s %s: %d, want %d: %s", method, path, status, want, text)
		}
		given, _, _ = strings.Cut(header.Get("Set-Cookie"), ";")
		return given
	}
}

// stream is what a live stream has brought.
type stream struct {
	mu   sync.Mutex
	seqs []uint64
}

// follow reads a live stream, from what comes after a seq, until it ends.
func (c *nodes) follow(m *member, after uint64) *stream {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, m.url()+"/api/v1/tenants/acme/live", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.readKey)
	r.Header.Set("Last-Event-ID", strconv.FormatUint(after, 10))
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		c.t.Fatalf("live: %v, %v", err, answer)
	}
	s := new(stream)
	go func() {
		defer answer.Body.Close()
		seq := uint64(0)
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if id, found := strings.CutPrefix(lines.Text(), "id: "); found {
				seq, _ = strconv.ParseUint(id, 10, 64)
			}
			if lines.Text() == "event: entry" {
				s.mu.Lock()
				s.seqs = append(s.seqs, seq)
				s.mu.Unlock()
			}
		}
	}()
	return s
}

// await waits until a stream has brought a seq, and checks that it has brought each after another one, once and in order.
func (s *stream) await(t *testing.T, after, until uint64) {
	t.Helper()
	var seqs []uint64
	for end := time.Now().Add(startTime); len(seqs) == 0 || seqs[len(seqs)-1] < until; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a live stream ends with %d entries of %d", len(seqs), until-after)
		}
		s.mu.Lock()
		seqs = s.seqs
		s.mu.Unlock()
	}
	for i, seq := range seqs {
		if seq != after+1+uint64(i) {
			t.Fatalf("entry %d of a live stream after %d is %d", i, after, seq)
		}
	}
}

// seqOf returns the seq that an entry was acknowledged with.
func (l *ledger) seqOf(id string) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seqs[id]
}

// launchPath returns the path of a link of a host system.
func launchPath(t *testing.T, key, id string) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u7", "name": "韩梅梅", "role": "admin", "exp": time.Now().Add(4 * time.Minute).Unix(), "jti": id}).SignedString([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return "/launch?tenant=acme&token=" + token
}

// exportIs waits until an export is not running, and returns its status.
func (c *nodes) exportIs(m *member, id string) string {
	c.t.Helper()
	w := newLoad(c.ledger, m.url, 0)
	defer w.http.CloseIdleConnections()
	for end := time.Now().Add(startTime); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		_, answer := w.call(context.Background(), "export", c.readKey, http.MethodGet, "tenants/acme/exports/"+id, nil)
		for _, status := range []string{"done", "failed"} {
			if strings.Contains(string(answer), `"status":"`+status+`"`) {
				return status
			}
		}
	}
	c.t.Fatalf("export %s runs and runs", id)
	return ""
}

// beginExport begins an export, and returns its id.
func (c *nodes) beginExport(m *member) string {
	c.t.Helper()
	w := newLoad(c.ledger, m.url, 0)
	defer w.http.CloseIdleConnections()
	status, answer := w.call(context.Background(), "export", c.readKey, http.MethodPost, "tenants/acme/exports", []byte(everything))
	_, id, _ := strings.Cut(string(answer), `"id":"`)
	id, _, found := strings.Cut(id, `"`)
	if status != http.StatusAccepted || !found {
		c.t.Fatalf("export: %d %s", status, answer)
	}
	return id
}

// exportFile returns the file of an export; the status is of the answer.
func (c *nodes) exportFile(m *member, id string) (status int, file string) {
	w := newLoad(c.ledger, m.url, 0)
	defer w.http.CloseIdleConnections()
	status, answer := w.call(context.Background(), "export", c.readKey, http.MethodGet, "tenants/acme/exports/"+id+"/file", nil)
	return status, string(answer)
}

// checkSignedIn checks on two nodes that sessions of before go on, that the link "one" was used, and that another link is good once.
func checkSignedIn(t *testing.T, a, b *member, key string, sessions ...string) {
	t.Helper()
	for _, m := range []*member{a, b} {
		for _, cookie := range sessions {
			m.mustVisit(cookie, http.MethodGet, "/api/v1/session", "", http.StatusOK)
		}
		m.mustVisit("", http.MethodGet, launchPath(t, key, "one"), "", http.StatusUnauthorized)
	}
	a.mustVisit("", http.MethodGet, launchPath(t, key, "two"), "", http.StatusFound)
	b.mustVisit("", http.MethodGet, launchPath(t, key, "two"), "", http.StatusUnauthorized)
}

// TestNodesFailover kills the leader under what people do: who is signed in stays so on the others, a launch link is good once in all, a live stream
// goes on without a gap, an export stays with its node and comes back with it.
func TestNodesFailover(t *testing.T) {
	cyclesOf(t, "OPLOG_CLUSTER", "cluster")
	c := newNodes(t, 3)
	leader := c.leader()
	a := c.other(leader)
	b := c.other(leader)
	for b == a {
		b = c.other(leader)
	}
	add := command(t, nil, "account", "add", "ann", "--role", "owner", "--password-stdin", "--data", leader.data)
	add.Stdin = strings.NewReader("correct horse battery\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	key := strings.TrimSpace(mustRun(t, "key", "add", "--tenant", "acme", "--scope", "launch", "--name", "host", "--data", leader.data))
	w := c.load()
	defer w.http.CloseIdleConnections()
	for i := range 3 {
		w.record(batchOf("before", i+1, 10_000, "双11返场 Encore"))
	}
	from := c.seqOf("before.2.9999.10000")
	signedIn := a.mustVisit("", http.MethodPost, "/api/v1/session", `{"username":"ann","password":"correct horse battery"}`, http.StatusOK)
	launched := b.mustVisit("", http.MethodGet, launchPath(t, key, "one"), "", http.StatusFound)
	following, broken := c.follow(a, from), c.follow(leader, from)
	broken.await(t, from, from+10_000)
	done := c.beginExport(b)
	if status := c.exportIs(a, done); status != "done" {
		t.Fatalf("the export is %s", status)
	}
	_, file := c.exportFile(b, done)
	running := c.beginExport(a)

	leader.end(syscall.SIGKILL)
	w.record(batchOf("after", 1, 100, "双11返场 Encore"))
	until := c.seqOf("after.1.99.100")
	following.await(t, from, until)
	c.follow(b, from+5_000).await(t, from+5_000, until) // a browser that had come so far at the leader
	checkSignedIn(t, a, b, key, signedIn, launched)
	if status, answer := c.exportFile(b, done); status != http.StatusServiceUnavailable || !strings.Contains(answer, "Retry once it is back") {
		t.Errorf("the file of a node that is down: %d %s", status, answer[:min(len(answer), 1000)])
	}

	leader.start()
	for _, m := range c.members {
		if status, answer := c.exportFile(m, done); status != http.StatusOK || answer != file || file == "" {
			t.Errorf("the file of an export, after the end of the leader: %d, %d bytes of %d", status, len(answer), len(file))
		}
	}
	t.Logf("the export that was running is %s", c.exportIs(b, running))
	b.mustVisit(signedIn, http.MethodDelete, "/api/v1/session", "", http.StatusNoContent)
	for _, m := range c.members {
		m.mustVisit(signedIn, http.MethodGet, "/api/v1/session", "", http.StatusUnauthorized)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	c.check()
}
