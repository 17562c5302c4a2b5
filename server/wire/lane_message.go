package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// A request in a frame is the length of its head (4 bytes), the head as in HTTP/1.1, and the body. An answer is
//
//	kind (1 byte), position (3 × 8 bytes), status (2), number of headers (2), headers, body
//
// and a header is the lengths of its name (2) and value (4), name and value.

// AppendForwarded appends a client's request to a frame, as NewForwarded has it.
func AppendForwarded(frame []byte, c *fiber.Ctx, as Forwarded, body []byte) ([]byte, error) {
	begin, uri := len(frame), c.Context().URI()
	frame = append(frame, 0, 0, 0, 0)
	frame = append(append(frame, c.Method()...), ' ', '/')
	frame = append(frame, strings.TrimLeft(string(uri.PathOriginal()), "/")...)
	if query := uri.QueryString(); len(query) > 0 {
		frame = append(append(frame, '?'), query...)
	}
	frame = append(frame, " HTTP/1.1\r\nHost: "...)
	frame = append(append(frame, c.Request().Header.Host()...), "\r\n"...)
	add := func(name, value []byte) {
		frame = append(append(frame, name...), ": "...)
		frame = append(append(frame, value...), "\r\n"...)
	}
	if err := eachForwarded(c, add); err != nil {
		return nil, err
	}
	add([]byte(forwardedFor), []byte(c.Context().RemoteIP().String()))
	add([]byte(forwardedProto), uri.Scheme())
	if as.ForLeader {
		add([]byte(forwardedLeader), []byte("1"))
	}
	if as.Request != "" {
		add([]byte(forwardedRequest), []byte(as.Request))
	}
	frame = append(frame, "\r\n"...)
	binary.BigEndian.PutUint32(frame[begin:], uint32(len(frame)-begin-4)) //nolint:gosec // readBuffer bounds it
	return append(frame, body...), nil
}

// LaneConn is what requests of a lane have for a connection: they are read already, and none may close it.
type LaneConn struct{ net.Conn }

// Read has nothing to read.
func (LaneConn) Read([]byte) (int, error) { return 0, net.ErrClosed }

// Write writes nothing: the answer is a frame.
func (LaneConn) Write([]byte) (int, error) { return 0, net.ErrClosed }

// Close does nothing.
func (LaneConn) Close() error { return nil }

// SetDeadline does nothing.
func (LaneConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (LaneConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (LaneConn) SetWriteDeadline(time.Time) error { return nil }

// LaneRequest is memory for the requests of a lane, one after the other.
type LaneRequest struct {
	Ctx  fasthttp.RequestCtx
	head *bufio.Reader
}

// NewLaneRequest returns memory for requests with heads of so many bytes.
func NewLaneRequest(head int) *LaneRequest {
	return &LaneRequest{head: bufio.NewReaderSize(nil, head)}
}

var errFrame = errors.New("what another node sent is malformed")

// Read parses a request of a connection.
func (r *LaneRequest) Read(content []byte, conn net.Conn, logger fasthttp.Logger) error {
	r.Ctx.Request.Reset()
	r.Ctx.Response.Reset()
	r.Ctx.ResetUserValues()
	r.Ctx.Init2(LaneConn{conn}, logger, false)
	if len(content) < 4 {
		return errFrame
	}
	length, rest := int64(binary.BigEndian.Uint32(content)), content[4:]
	if length > int64(len(rest)) {
		return errFrame
	}
	r.head.Reset(bytes.NewReader(rest[:length]))
	if err := r.Ctx.Request.Header.Read(r.head); err != nil {
		return err
	}
	if body := rest[length:]; len(body) > 0 {
		r.Ctx.Request.SetBodyStream(bytes.NewReader(body), len(body))
	}
	return nil
}

// Kinds of answers.
const (
	LaneAnswered = 0
	LaneNotBegun = 1 // the node has not begun with the request
)

// LanePosition is how far the log has come with a request: an index, the term of that record, and the term of the leader.
type LanePosition [3]uint64

// AppendAnswer appends an answer to a frame.
func AppendAnswer(frame []byte, kind byte, at LanePosition, response *fasthttp.Response) ([]byte, error) {
	frame = append(frame, kind)
	for _, n := range at {
		frame = binary.BigEndian.AppendUint64(frame, n)
	}
	frame = binary.BigEndian.AppendUint16(frame, uint16(response.StatusCode())) //nolint:gosec // three digits
	counted, headers := len(frame), 0
	frame = append(frame, 0, 0)
	for name, value := range response.Header.All() {
		if isHop(string(name), "") || string(name) == fiber.HeaderDate || string(name) == fiber.HeaderContentType && string(value) == defaultContentType {
			continue
		}
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(name)))  //nolint:gosec // it is ours
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(value))) //nolint:gosec // it is ours
		frame = append(append(frame, name...), value...)
		headers++
	}
	binary.BigEndian.PutUint16(frame[counted:], uint16(headers)) //nolint:gosec // some ten
	body := bytes.NewBuffer(frame)
	err := response.BodyWriteTo(body)
	return body.Bytes(), err
}

const defaultContentType = "text/plain; charset=utf-8" // of fasthttp

// LaneAnswer is an answer that has arrived.
type LaneAnswer struct {
	Kind   byte
	At     LanePosition
	Status int
	rest   []byte // from the number of headers
}

// ReadAnswer parses an answer.
func ReadAnswer(content []byte) (a LaneAnswer, err error) {
	const head = 1 + 3*8 + 2
	if len(content) < head+2 {
		return a, errFrame
	}
	a.Kind = content[0]
	for i := range a.At {
		a.At[i] = binary.BigEndian.Uint64(content[1+8*i:])
	}
	a.Status, a.rest = int(binary.BigEndian.Uint16(content[head-2:])), content[head:]
	return a, nil
}

// Pass responds to a client with the answer, each piece of which must be accepted within a time.
func (a *LaneAnswer) Pass(c *fiber.Ctx, stall time.Duration) error {
	response := c.Response()
	rest := a.rest[2:]
	for range binary.BigEndian.Uint16(a.rest) {
		if len(rest) < 6 {
			return errFrame
		}
		name, value := int64(binary.BigEndian.Uint16(rest)), int64(binary.BigEndian.Uint32(rest[2:]))
		if rest = rest[6:]; name+value > int64(len(rest)) {
			return errFrame
		}
		if text := rest[:name]; string(text) == fiber.HeaderSetCookie || string(text) == fiber.HeaderVary {
			response.Header.AddBytesKV(text, rest[name:name+value])
		} else {
			response.Header.SetBytesKV(text, rest[name:name+value])
		}
		rest = rest[name+value:]
	}
	c.Status(a.Status)
	switch {
	case a.Status == http.StatusNoContent:
	case len(rest) <= SmallAnswer:
		response.SetBodyRaw(rest)
	default:
		none := func() {}
		body := io.NopCloser(bytes.NewReader(rest))
		response.SetBodyStream(&passed{body, c.Context().Conn(), stall, none, time.AfterFunc(stall, none)}, len(rest))
	}
	return nil
}
