package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kardianos/service"
)

// entryOf returns an entry as JSON.
func entryOf(id string) string {
	return fmt.Sprintf(`{"id":%q,"time":%q,"user":{"id":"u_1","name":"Ada"},"module":"email","operation":"send"}`, id, testNow().Format(time.RFC3339))
}

// TestStoppedByTheServiceManager: a service that is stopped under load finishes the requests that run, and everything that it acknowledged
// is there.
func TestStoppedByTheServiceManager(t *testing.T) {
	_, s := newAcme(t)
	key := strings.TrimSpace(s.mustRun(t, "key", "add", "--tenant", "acme", "--scope", "write", "--name", "test"))
	m, stdout, stderr := s.main()
	h := &hosted{
		run: func(ctx context.Context, ready func()) int {
			m.ready = ready
			return m.Run(ctx, []string{"serve", "--listen", "127.0.0.1:0"})
		},
		failed: func(status int) { t.Errorf("it ended by itself with status %d", status) },
	}
	if err := h.Start(nil); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	found := regexp.MustCompile(`listening on http://(\S+)\n`).FindStringSubmatch(stdout.String())
	if found == nil {
		t.Fatalf("Start returned before it listens: %q", stdout)
	}
	l := newSenders(found[1], key)
	l.send(8)
	<-l.enough
	running := l.begin(t, "running")
	stopped := make(chan error, 1)
	go func() { stopped <- h.Stop(nil) }()
	waitUntilClosed(t, found[1])
	if status := running(); status != http.StatusCreated {
		t.Errorf("the running request was answered %d", status)
	}
	if err := <-stopped; err != nil {
		t.Errorf("%v: %s", err, stderr)
	}
	l.all.Wait()
	file := filepath.Join(t.TempDir(), "log.ndjson")
	s.mustRun(t, "export", "--tenant", "acme", "--today", "--format", "ndjson", "-o", file)
	stored, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range l.acknowledged {
		if !strings.Contains(string(stored), `"`+id+`"`) {
			t.Errorf("%s was acknowledged and is not there", id)
		}
	}
	if len(l.acknowledged) < enoughSent {
		t.Errorf("only %d entries were acknowledged", len(l.acknowledged))
	}
}

// enoughSent is the number of entries before the service is stopped.
const enoughSent = 100

// senders send entries to a server until it stops.
type senders struct {
	address, key string
	all          sync.WaitGroup
	enough       chan struct{} // closed after enoughSent entries

	mu           sync.Mutex
	acknowledged []string
}

func newSenders(address, key string) *senders {
	return &senders{address: address, key: key, enough: make(chan struct{})}
}

func (l *senders) send(n int) {
	for sender := range n {
		l.all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("s%d-%d", sender, i)
				request, err := http.NewRequest(http.MethodPost, "http://"+l.address+"/api/v1/tenants/acme/entries", strings.NewReader(entryOf(id))) //nolint:noctx // a test
				if err != nil {
					return
				}
				request.Header.Set("Authorization", "Bearer "+l.key)
				request.Header.Set("Content-Type", "application/json")
				answer, err := http.DefaultClient.Do(request)
				if err != nil {
					return // it has stopped
				}
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusCreated {
					return
				}
				l.acknowledge(id)
			}
		})
	}
}

func (l *senders) acknowledge(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acknowledged = append(l.acknowledged, id); len(l.acknowledged) == enoughSent {
		close(l.enough)
	}
}

// begin sends half of a request, of which the server has read the header; the returned function sends the rest and returns the status of the
// response.
func (l *senders) begin(t *testing.T, id string) (finish func() int) {
	t.Helper()
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	body := entryOf(id)
	half := len(body) / 2
	_, err = fmt.Fprintf(conn, "POST /api/v1/tenants/acme/entries HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", l.address, l.key, len(body))
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	if answer, err := http.ReadResponse(answers, nil); err != nil || answer.StatusCode != http.StatusContinue {
		t.Fatalf("it does not read the body: %+v, %v", answer, err)
	}
	if _, err := io.WriteString(conn, body[:half]); err != nil {
		t.Fatal(err)
	}
	return func() int {
		if _, err := io.WriteString(conn, body[half:]); err != nil {
			t.Error(err)
			return 0
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = answer.Body.Close()
		l.acknowledge(id)
		return answer.StatusCode
	}
}

// waitUntilClosed waits until a server accepts no more connections.
func waitUntilClosed(t *testing.T, address string) {
	t.Helper()
	for range 5000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = conn.Close()
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatal("it still accepts connections")
}

// TestServiceThatFails: a service that cannot start is not told as started, and one that ends by itself ends its process.
func TestServiceThatFails(t *testing.T) {
	h := &hosted{run: func(context.Context, func()) int { return exitUsage }}
	if err := h.Start(nil); err == nil || !strings.Contains(err.Error(), "status 2") {
		t.Errorf("%v", err)
	}
	failed, end := make(chan int, 1), make(chan struct{})
	h = &hosted{
		run:    func(_ context.Context, ready func()) int { ready(); <-end; return exitDone },
		failed: func(status int) { failed <- status },
	}
	if err := h.Start(nil); err != nil {
		t.Fatal(err)
	}
	close(end)
	if status := <-failed; status != exitFailed {
		t.Errorf("it ended by itself with status %d", status)
	}
}

// levels remembers what is logged.
type levels struct {
	service.Logger
	lines []string
}

func (l *levels) Error(v ...any) error   { return l.add("error ", v) }
func (l *levels) Warning(v ...any) error { return l.add("warning ", v) }
func (l *levels) Info(v ...any) error    { return l.add("info ", v) }

func (l *levels) add(level string, v []any) error {
	line := level + fmt.Sprint(v...)
	if strings.Contains(line, "full") {
		return errors.New("the log is full")
	}
	l.lines = append(l.lines, line)
	return nil
}

func TestSystemLog(t *testing.T) {
	var l levels
	w := &systemLog{logger: &l}
	for _, text := range []string{"level=INFO msg=a\nlevel=WARN ", "msg=b\n", "level=ERROR msg=c\noplog: d\n", `{"level":"ERROR"}` + "\n" + `{"level":"WARN"}` + "\n", "incomplete"} {
		if n, err := io.WriteString(w, text); n != len(text) || err != nil {
			t.Errorf("%q: %d, %v", text, n, err)
		}
	}
	want := `info level=INFO msg=a|warning level=WARN msg=b|error level=ERROR msg=c|error oplog: d|error {"level":"ERROR"}|warning {"level":"WARN"}`
	if got := strings.Join(l.lines, "|"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if _, err := io.WriteString(w, "full\n"); err == nil {
		t.Error("an error of the log was dropped")
	}
}
