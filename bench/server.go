package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"oplog/oplog"
)

// httpServer is oplog as in production: a process of its own, queried over HTTP.
type httpServer struct {
	binary, dir string
	write, read string // keys
	base        string // URL of the tenant's API
	process     *exec.Cmd
	client      *http.Client
}

// errNotReady is a 503 response, after which the request can be retried.
var errNotReady = errors.New("not ready")

// buildProgram compiles the program in the parent directory.
func buildProgram(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "bin", "oplog")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, ".") //nolint:gosec // our own path
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	return binary, build.Run()
}

func openServer(ctx context.Context, binary, dir string, d *data) (*httpServer, error) {
	s := &httpServer{binary: binary, dir: dir, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writers, DisableCompression: true}}}
	if _, err := s.run(ctx, "tenant", "add", tenant.ID, "--name", tenant.Name, "--time-zone", tenant.TimeZone, "--data-permission"); err != nil {
		return nil, err
	}
	var err error
	if s.write, err = s.run(ctx, "key", "add", "--tenant", tenant.ID, "--scope", "write", "--name", "bench"); err != nil {
		return nil, err
	}
	if s.read, err = s.run(ctx, "key", "add", "--tenant", tenant.ID, "--scope", "read", "--name", "bench"); err != nil {
		return nil, err
	}
	directory, err := s.run(ctx, "key", "add", "--tenant", tenant.ID, "--scope", "directory", "--name", "bench")
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	tree, err := json.Marshal(d.tree)
	if err != nil {
		return s, err
	}
	_, err = s.call(ctx, http.MethodPut, "/organizations", directory, "application/json", tree)
	return s, err
}

// run runs a command of the program and returns its output.
func (s *httpServer) run(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, s.binary, append(args, "--data", s.dir)...) //nolint:gosec // the measured program
	var said bytes.Buffer
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("oplog %s: %w: %s", args[0], err, said.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *httpServer) start(ctx context.Context) error {
	s.process = exec.CommandContext(ctx, s.binary, "serve", "--data", s.dir, "--listen", "127.0.0.1:0", "--no-open") //nolint:gosec // as above
	out, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			s.base = address + "/api/v1/tenants/" + tenant.ID
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return nil
		}
	}
	return fmt.Errorf("oplog serve ended before it answered: %w", s.process.Wait())
}

func (s *httpServer) stop() error {
	s.client.CloseIdleConnections()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.process.Wait()
}

// call sends a request and returns the response body.
func (s *httpServer) call(ctx context.Context, method, path, key, media string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body)) //nolint:gosec // the URL that the program printed
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	if media != "" {
		request.Header.Set("Content-Type", media)
	}
	response, err := s.client.Do(request) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	answered, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	switch {
	case err != nil:
	case response.StatusCode == http.StatusServiceUnavailable:
		err = fmt.Errorf("%w: %.500s", errNotReady, answered)
	case response.StatusCode/100 != 2:
		err = fmt.Errorf("%s %s: %s: %.500s", method, path, response.Status, answered)
	}
	return answered, err
}

func (s *httpServer) name() string { return "oplog over HTTP" }

func (s *httpServer) load(ctx context.Context, d *data, senders int) error {
	return distribute(d.batches(), senders, func(run [2]int) error {
		var body []byte
		for i := run[0]; i < run[1]; i++ {
			var err error
			if body, err = appendJSON(body, d.entry(i)); err != nil {
				return err
			}
		}
		_, err := s.call(ctx, http.MethodPost, "/entries", s.write, "application/x-ndjson", body)
		return err
	})
}

func (s *httpServer) settle(ctx context.Context) (time.Time, error) { return awaitSettled(ctx, s.dir) }

func (s *httpServer) reopen(ctx context.Context) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.start(ctx)
}

func (s *httpServer) plans(query, request) int { return 1 }

// query measures the requests until the last byte of their responses.
func (s *httpServer) query(ctx context.Context, q query, what request, _ int) (func() (answer, error), error) {
	parameters := parametersOf(q)
	got, err := s.call(ctx, http.MethodGet, "/entries?limit="+strconv.Itoa(pageSize)+"&"+parameters, s.read, "", nil)
	if err != nil {
		return nil, err
	}
	var counted []byte
	if what != page {
		if counted, err = s.call(ctx, http.MethodGet, "/summary?"+parameters, s.read, "", nil); err != nil {
			return nil, err
		}
	}
	return func() (answer, error) {
		var p oplog.Page
		var sum oplog.Summary
		err := json.Unmarshal(got, &p)
		if err == nil && counted != nil {
			err = json.Unmarshal(counted, &sum)
		}
		return answerOf(p, sum), err
	}, nil
}

func parametersOf(q query) string {
	v := url.Values{}
	if q.Search != "" {
		v.Set("q", q.Search)
	}
	q.Each(func(name string, values *[]string) { v[name] = *values })
	if !q.From.IsZero() {
		v.Set("from", q.From.Format(time.RFC3339Nano))
		v.Set("to", q.To.Format(time.RFC3339Nano))
	}
	return v.Encode()
}

func (s *httpServer) record(ctx context.Context, e oplog.Entry) error {
	body, err := appendJSON(nil, e)
	if err != nil {
		return err
	}
	_, err = s.call(ctx, http.MethodPost, "/entries", s.write, "application/json", body)
	return err
}

// countMissed records entries one by one and queries each with the next request. It returns the number of entries that were not found.
func (s *httpServer) countMissed(ctx context.Context, d *data, first, n int) (missed int, err error) {
	for i := first; i < first+n; i++ {
		e := d.laterEntry(i)
		e.Content = oplog.Ref{ID: fmt.Sprintf("fresh-%d", i), Name: "Fresh"}
		if err := s.record(ctx, e); err != nil {
			return missed, err
		}
		body, err := s.call(ctx, http.MethodGet, "/entries?content_id="+e.Content.ID, s.read, "", nil)
		if err != nil {
			return missed, err
		}
		var p oplog.Page
		if err := json.Unmarshal(body, &p); err != nil {
			return missed, err
		}
		if len(p.Entries) != 1 || p.Entries[0].ID != e.ID {
			missed++
		}
	}
	return missed, nil
}

// memory is the anonymous memory of the process, which the kernel cannot drop and reload from a file.
func (s *httpServer) memory() (int64, error) { return anonymous(s.process.Process.Pid) }

func (s *httpServer) disk() (int64, error) { return diskUsage(s.dir) }

func (s *httpServer) close() error { return s.stop() }
