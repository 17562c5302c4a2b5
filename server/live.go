package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/faults"
	"oplog/journal"
	"oplog/oplog"
	"oplog/server/wire"
)

const (
	// liveBeat is the interval of keep-alive messages on idle streams.
	liveBeat = 10 * time.Second
	// liveStall is how long a client may accept nothing before it is disconnected.
	liveStall = 30 * time.Second
)

// liveParams are the filters, and what other clients send in a header.
var liveParams = append(filterParams[:len(filterParams):len(filterParams)], actParams...)

// live is the handler of GET T/live: server-sent events, one per new entry. The id of an event is the stream's seq, so that a client that
// reconnects with Last-Event-ID misses nothing.
func (s *Server) live(c *fiber.Ctx, in *call) error {
	q, err := in.filters()
	if err != nil {
		return err
	}
	after, _, err := s.journal.Counts(in.tenant.ID)
	if err != nil {
		return err
	}
	if last := c.Get("Last-Event-ID"); last != "" {
		if after, err = resumeAfter(last, after); err != nil {
			return err
		}
	}
	if _, err := s.journal.Page(c.UserContext(), in.tenant.ID, q, 1, ""); err != nil {
		return err // errors have to be reported before the stream starts
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no") // keep proxies from buffering events
	if c.Method() == http.MethodHead {
		return nil
	}
	connection := c.Context().Conn()
	still := s.recheckAccess(in)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		s.meters.streams.Inc()
		defer s.meters.streams.Dec()
		stream := &eventStream{w: w, extend: func() error { return connection.SetWriteDeadline(time.Now().Add(liveStall)) }}
		if stream.begin(after) != nil {
			return
		}
		stream.end(s.follow(in, q, after, stream, still))
	})
	return nil
}

// follow sends new entries to a stream until it ends. A panic ends this stream alone: it is not in the goroutine of a request.
func (s *Server) follow(in *call, q oplog.Query, after uint64, stream *eventStream, still func() error) (err error) {
	defer faults.Catch("sending a live stream", &err)
	return s.journal.Live(s.ending, in.tenant.ID, q, after, s.beat, func(entries []oplog.Entry, seq uint64) error {
		if err := still(); err != nil {
			return err
		}
		return stream.send(entries, seq)
	})
}

// resumeAfter parses the id of the last event that a client received.
func resumeAfter(id string, last uint64) (uint64, error) {
	seq, err := strconv.ParseUint(id, 10, 64)
	if err != nil || seq > last {
		return 0, &oplog.Error{Code: oplog.CodeInvalid, Message: "The stream cannot go on from there.", Fields: []oplog.FieldError{
			{Part: oplog.InHeader, Field: "Last-Event-ID", Message: "is not the id of an event of this tenant; leave it out to begin with what is new", Value: wire.Shorten(id)},
		}}
	}
	return seq, nil
}

// recheckAccess authorizes a stream's client again before anything is sent: after the end of its session, or once its account is disabled
// or its key revoked, it sees no more entries.
func (s *Server) recheckAccess(in *call) func() error {
	token, key, scope := in.token, in.key, in.account.Organization
	return func() error {
		if key.Hash != "" {
			_, err := s.identity.KeyByHash(key.Hash)
			return err
		}
		account, err := s.identity.SessionAccount(token)
		if err == nil && account.Organization != scope {
			err = oplog.Errorf(oplog.CodeUnauthenticated, "What this account may see has changed.")
		}
		return err
	}
}

// eventStream writes server-sent events (WHATWG HTML, 9.2).
type eventStream struct {
	w      *bufio.Writer
	extend func() error // extends the write deadline
}

func (e *eventStream) flush() error {
	if err := e.extend(); err != nil {
		return err
	}
	return e.w.Flush()
}

// begin sends the stream's position, and a reconnection delay of two seconds.
func (e *eventStream) begin(seq uint64) error {
	_, _ = fmt.Fprintf(e.w, "retry: 2000\nid: %d\n\n", seq) // flush returns the error
	return e.flush()
}

func (e *eventStream) send(entries []oplog.Entry, seq uint64) error {
	for i := range entries {
		entry := &entries[i]
		_, _ = fmt.Fprintf(e.w, "id: %d\nevent: entry\ndata: ", entry.Seq)
		_, _ = e.w.Write(appendListed(nil, entry))
		_, _ = e.w.WriteString("\n\n")
	}
	if len(entries) == 0 {
		_, _ = fmt.Fprintf(e.w, "id: %d\n\n", seq)
	}
	return e.flush()
}

// end tells the client why the stream ends.
func (e *eventStream) end(err error) {
	var reason *oplog.Error
	switch {
	case errors.As(err, &reason):
		_, _ = fmt.Fprintf(e.w, "event: end\ndata: {\"code\":%s,\"detail\":%s}\n\n", wire.Quote(nil, string(reason.Code)), wire.Quote(nil, reason.Message))
	case errors.Is(err, context.Canceled):
		_, _ = e.w.WriteString("event: end\ndata: {\"code\":\"unavailable\",\"detail\":\"The program is stopping.\"}\n\n")
	}
	_ = e.flush() // best effort: the client may be gone
}

func describeLive(_ huma.Registry, op *huma.Operation) {
	op.Description = "Server-sent events. Each new entry that the filters let through is an event “entry”, whose data is the entry as the list has it and whose id is its seq; " +
		"with Last-Event-ID the stream goes on after that seq, without a gap. An event “end” says why a stream ends: a reader who is more than " +
		strconv.Itoa(journal.MaxLiveLag) + " entries behind is disconnected. GET …/entries?order=seq&after_seq=N returns the missing entries."
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "Last-Event-ID", In: "header", Description: "The id of the last event received.", Schema: &huma.Schema{Type: huma.TypeString},
	})
	op.Responses[strconv.Itoa(http.StatusOK)] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
}
