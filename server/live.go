package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/faults"
	"oplog/journal"
	"oplog/oplog"
	"oplog/server/wire"
)

const (
	// liveKeepAlive is the interval of keep-alive messages on idle streams.
	liveKeepAlive = 10 * time.Second
	// liveStall is how long a client may take to accept what is sent at once, before it is disconnected.
	liveStall = 10 * time.Second

	// Concurrent streams.
	maxStreamsOfCaller = 50 // a user or a key
	maxStreamsOfTenant = 1000
	maxStreams         = 4000

	// streamGrace is how long a client waits for places of streams that are just being closed.
	streamGrace = 250 * time.Millisecond
)

// errLeft is the error of a stream that its client closed; fasthttp does not log it.
var errLeft = fmt.Errorf("the client left: %w", io.ErrUnexpectedEOF)

// liveParams are the filters, and what other clients send in a header.
var liveParams = append(filterParams[:len(filterParams):len(filterParams)], actParams...)

// stream is the handler of GET T/live: server-sent events, one per new entry. The id of an event is the stream's seq, so that a client that
// reconnects with Last-Event-ID misses nothing.
func (s *Server) stream(c *fiber.Ctx, in *call) error {
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
	release, err := s.tryStream(c, in, q)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no") // keep proxies from buffering events
	if c.Method() == http.MethodHead {
		release()
		return nil
	}
	connection, still := c.Context().Conn(), s.recheckAccess(in)
	c.Context().SetBodyStream(&eventStream{
		extend: func() error { return connection.SetWriteDeadline(time.Now().Add(s.stall)) },
		follow: func(e *eventStream) error {
			s.meters.streams.Inc()
			defer s.meters.streams.Dec()
			ctx, leave := context.WithCancelCause(s.streamsContext)
			defer leave(nil)
			defer wire.Watch(connection, func() { leave(errLeft) })()
			if err := e.begin(after); err != nil {
				return err
			}
			err := s.follow(ctx, in, q, after, e, still)
			if errors.Is(context.Cause(ctx), errLeft) {
				return errLeft
			}
			return e.end(err)
		},
		release: release,
	}, -1)
	return nil
}

// tryStream takes a stream and a turn, and reads one entry: errors have to be reported before the stream starts.
func (s *Server) tryStream(c *fiber.Ctx, in *call, q oplog.Query) (release func(), err error) {
	ctx, stop := s.whileThere(c)
	defer stop()
	if release, err = s.takeStream(ctx, in); err != nil {
		return nil, err
	}
	if err = s.takeTurn(ctx, c, in.holder()); err == nil {
		_, err = s.journal.Page(ctx, in.tenant.ID, q, 1, "")
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// takeStream takes a stream of the caller's share and of the tenant's. Clients that replace one stream by another, as the console does when
// filters change, may send the request before the server has noticed that the first is closed.
func (s *Server) takeStream(ctx context.Context, in *call) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, streamGrace)
	defer cancel()
	holder := wire.Holder{Caller: in.holder().Caller, Tenant: in.tenant.ID} // an owner's streams are the tenant's, too
	var over *wire.OverBudget
	if errors.As(s.streams.Wait(ctx, holder, 1), &over) {
		switch over.Share {
		case wire.OfCaller:
			return nil, oplog.Refuse(oplog.CodeTooMany, "too-many-streams", "At most {max} live streams of one user or key may be open; close others.", maxStreamsOfCaller)
		case wire.OfTenant:
			return nil, oplog.Refuse(oplog.CodeTooMany, "too-many-streams-of-tenant", "At most {max} live streams of one tenant may be open; retry later.", maxStreamsOfTenant)
		}
		return nil, oplog.Refuse(oplog.CodeTooMany, "too-many-streams-of-all", "At most {max} live streams may be open; retry later.", maxStreams)
	}
	return sync.OnceFunc(func() { s.streams.Give(holder, 1) }), nil
}

// follow sends new entries to a stream until it ends. A panic only ends this stream: it is not in a request's handler.
func (s *Server) follow(ctx context.Context, in *call, q oplog.Query, after uint64, stream *eventStream, still func() error) (err error) {
	defer faults.Catch("sending a live stream", &err)
	return s.live.Follow(ctx, in.tenant.ID, q, after, s.keepAlive, func(data []byte, seq uint64) error {
		if err := still(); err != nil {
			return err
		}
		return stream.send(data, seq)
	})
}

// resumeAfter parses the id of the last event that a client received.
func resumeAfter(id string, last uint64) (uint64, error) {
	seq, err := strconv.ParseUint(id, 10, 64)
	if err != nil || seq > last {
		return 0, &oplog.Error{Code: oplog.CodeInvalid, Message: "The stream cannot go on from there.", Fields: []oplog.FieldError{
			{Part: oplog.InHeader, Field: "Last-Event-ID", Value: wire.Shorten(id), Violation: oplog.Violates("not_an_event", "is not the id of an event of this tenant; leave it out to begin with what is new")},
		}}
	}
	return seq, nil
}

// recheckAccess authorizes a stream's client again before anything is sent: after the end of its session, or once its account is disabled
// or its key revoked, it sees no more entries.
func (s *Server) recheckAccess(in *call) func() error {
	token, key, scope, mustChange, viewed := in.token, in.key, in.account.Organization, in.account.MustChange, in.viewed()
	return func() error {
		if key.Hash != "" {
			_, err := s.identity.KeyByHash(key.Hash)
			return err
		}
		now, err := s.callerOf(token, false)
		if err == nil && (now.account.Organization != scope || now.account.MustChange && !mustChange || now.viewed() != viewed) {
			err = oplog.Refuse(oplog.CodeUnauthenticated, "access-changed", "What this account may see has changed.")
		}
		return err
	}
}

// eventStream is the body of a live stream: server-sent events (WHATWG HTML, 9.2). It is written by the goroutine of the connection, and
// each write is sent at once.
type eventStream struct {
	w       io.Writer
	extend  func() error // extends the write deadline: a client that does not read is disconnected
	follow  func(*eventStream) error
	release func()
}

// SupportsBodyWriteTo makes fasthttp call WriteTo.
func (e *eventStream) SupportsBodyWriteTo() bool { return true }

// WriteTo writes events until the stream ends.
func (e *eventStream) WriteTo(w io.Writer) (int64, error) {
	e.w = w
	return 0, e.follow(e)
}

// Read is not used; see WriteTo.
func (e *eventStream) Read([]byte) (int, error) { return 0, io.EOF }

// Close gives back the stream's share.
func (e *eventStream) Close() error {
	e.release()
	return nil
}

func (e *eventStream) write(events []byte) error {
	if err := e.extend(); err != nil {
		return err
	}
	_, err := e.w.Write(events)
	return err
}

// begin sends the stream's position, and a reconnection delay of two seconds.
func (e *eventStream) begin(seq uint64) error {
	return e.write(fmt.Appendf(nil, "retry: 2000\nid: %d\n\n", seq))
}

// appendEvent encodes an entry of a stream.
func appendEvent(b []byte, entry *oplog.Entry) []byte {
	b = strconv.AppendUint(append(b, "id: "...), entry.Seq, 10)
	b = appendListed(append(b, "\nevent: entry\ndata: "...), entry)
	return append(b, "\n\n"...)
}

// send sends events, or only the stream's position.
func (e *eventStream) send(events []byte, seq uint64) error {
	if len(events) == 0 {
		events = fmt.Appendf(nil, "id: %d\n\n", seq)
	}
	return e.write(events)
}

// end tells the client why the stream ends.
func (e *eventStream) end(err error) error {
	var reason *oplog.Error
	switch {
	case errors.As(err, &reason):
		return e.write(fmt.Appendf(nil, "event: end\ndata: {\"code\":%s,\"detail\":%s}\n\n", wire.Quote(nil, string(reason.Code)), wire.Quote(nil, reason.Message)))
	case errors.Is(err, context.Canceled):
		return e.write([]byte("event: end\ndata: {\"code\":\"unavailable\",\"detail\":\"The program is stopping.\"}\n\n"))
	}
	return err // the client is gone
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
