package clickhouse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// server is one ClickHouse server of a shard.
type server struct {
	url, user, password string
	http                *http.Client

	mu       sync.Mutex
	major    int                 // of its version; 0 before it was asked
	holdings map[string]holdings // by table, as last asked
	lost     time.Time           // when it last did not answer; zero after an answer
	probe    *probe              // under way; nil for none
}

// Error is a server's refusal of a statement.
type Error struct {
	Server string
	Code   int // of ClickHouse; 0 if the answer has none
	Text   string
}

// codeNoTable is ClickHouse's code of a table that does not exist. codeTooLong is none of its codes.
const codeNoTable, codeTooLong = 60, -1

// Error returns the server with its message.
func (e *Error) Error() string {
	if e.Code == codeNoTable {
		return e.Server + ": " + e.Text + " (oplog archive schema prints the statement that makes it)"
	}
	return e.Server + ": " + e.Text
}

// Settings of statements. Answers are collected at the server, so that a failure is never found behind half an answer. A server that stands still, or whose network
// does, keeps to no time: the client gives up answerTime later.
var (
	probing = map[string]string{"wait_end_of_query": "1", "max_execution_time": "2"}
	reading = map[string]string{"wait_end_of_query": "1", "max_execution_time": "5", "max_query_size": "67108864", "max_ast_elements": "1000000", "max_expanded_ast_elements": "5000000"}
	long    = map[string]string{"wait_end_of_query": "1", "max_execution_time": "600", "max_query_size": "67108864"}
)

const (
	connectTime = 2 * time.Second
	answerTime  = time.Second
	insertTime  = 10 * time.Minute // for the rows of an insertion, which may be read slowly
	lostTime    = 10 * time.Second // for which others are asked before a server that did not answer, and it itself only once it answers a probe
)

// maxMessage is the longest part of a server's message that is kept.
const maxMessage = 2000

var codeInText = regexp.MustCompile(`^Code: (\d+)`)

// ask sends a statement and returns the answer.
func (s *server) ask(ctx context.Context, statement string, settings map[string]string) ([]byte, error) {
	return s.askUpTo(ctx, statement, settings, noLimit)
}

// noLimit is for answers of any length.
const noLimit = math.MaxInt64 - 1

// askUpTo is ask for an answer of at most so many bytes; a longer one is an Error with codeTooLong.
func (s *server) askUpTo(ctx context.Context, statement string, settings map[string]string, most int64) ([]byte, error) {
	answer, err := s.send(ctx, url.Values{}, strings.NewReader(statement), settings, most)
	if !errors.Is(ctx.Err(), context.Canceled) {
		s.isLost(err != nil && !errors.As(err, new(*Error)))
	}
	return answer, err
}

// insert sends a statement with the rows that it inserts.
func (s *server) insert(ctx context.Context, statement string, rows io.Reader, settings map[string]string) error {
	_, err := s.send(ctx, url.Values{"query": {statement}}, rows, settings, maxMessage)
	return err
}

func (s *server) send(ctx context.Context, parameters url.Values, body io.Reader, settings map[string]string, most int64) ([]byte, error) {
	limit := insertTime
	for name, value := range maps.All(settings) {
		parameters.Set(name, value)
		if seconds, err := strconv.Atoi(value); err == nil && name == "max_execution_time" {
			limit = time.Duration(seconds)*time.Second + answerTime
		}
	}
	within, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	answer, err := s.exchange(within, parameters, body, most)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		err = fmt.Errorf("%s: %w", s.url, context.Cause(within))
	}
	return answer, err
}

// isLost notes whether the server did not answer.
func (s *server) isLost(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = time.Time{}
	if lost {
		s.lost = time.Now()
	}
}

// wasLost reports whether the server did not answer lately.
func (s *server) wasLost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.lost) < lostTime
}

func (s *server) exchange(ctx context.Context, parameters url.Values, body io.Reader, most int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/?"+parameters.Encode(), body)
	if err != nil {
		return nil, err
	}
	if s.user != "" {
		r.SetBasicAuth(s.user, s.password)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		if of := new(url.Error); errors.As(err, &of) {
			err = of.Err // without the statement
		}
		return nil, fmt.Errorf("%s: %w", s.url, err)
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	if answer.StatusCode == http.StatusOK {
		var read bytes.Buffer
		if _, err := read.ReadFrom(io.LimitReader(answer.Body, most+1)); err != nil {
			return nil, fmt.Errorf("%s: %w", s.url, err)
		}
		if int64(read.Len()) > most {
			return nil, &Error{Server: s.url, Code: codeTooLong, Text: fmt.Sprintf("the answer has more than %d bytes", most)}
		}
		return read.Bytes(), nil
	}
	return nil, s.refusal(answer)
}

// refusal reads what a server says instead of an answer.
func (s *server) refusal(answer *http.Response) *Error {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxMessage))
	refused := &Error{Server: s.url, Text: strings.TrimSpace(string(text))}
	refused.Code, _ = strconv.Atoi(answer.Header.Get("X-ClickHouse-Exception-Code"))
	if m := codeInText.FindStringSubmatch(refused.Text); m != nil && refused.Code == 0 {
		refused.Code, _ = strconv.Atoi(m[1])
	}
	if refused.Text == "" {
		refused.Text = answer.Status
	}
	return refused
}

// version returns the server's major version.
func (s *server) version(ctx context.Context) (int, error) {
	s.mu.Lock()
	major := s.major
	s.mu.Unlock()
	if major > 0 {
		return major, nil
	}
	answer, err := s.ask(ctx, "SELECT version()", probing)
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(answer), ".")
	if major, err = strconv.Atoi(first); err != nil || major == 0 {
		return 0, fmt.Errorf("%s: %q is not a version of ClickHouse", s.url, answer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.major = major
	return major, nil
}

// modernMajor is the first major version with codecs of columns, LowCardinality and syncs of parts.
const modernMajor = 20

func (s *server) modern(ctx context.Context) (bool, error) {
	major, err := s.version(ctx)
	return major >= modernMajor, err
}

// newHTTP returns a client whose connections are kept, and whose answers must begin in time.
func newHTTP(transport *http.Transport) *http.Client {
	transport.MaxIdleConnsPerHost = 4
	transport.DialContext = (&net.Dialer{Timeout: connectTime, KeepAlive: 15 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = connectTime
	transport.ResponseHeaderTimeout = 10 * time.Minute // the answer begins when it is complete
	return &http.Client{Transport: transport}
}
