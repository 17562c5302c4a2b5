package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"oplog/oplog"
)

// The nodes of a log forward requests to each other. Headers tell of the client: they are read only on connections between nodes, and
// those that a client sends are left out.
const (
	forwardedPrefix = "Oplog-Forwarded-"
	forwardedFor    = forwardedPrefix + "For"    // the client's IP address
	forwardedProto  = forwardedPrefix + "Proto"  // http or https
	forwardedLeader = forwardedPrefix + "Leader" // set if only the leader may answer

	forwardedRequest = forwardedPrefix + "Request" // of a request that may come again: its id among the nodes
)

// Forwarded is a request of another node.
type Forwarded struct {
	ForLeader bool
	Request   string // its id among the nodes, if it may come again; "" for none
}

// NewForwarded returns a client's request as another node gets it. The body is the client's, of a length, negative if unknown; nil for none.
func NewForwarded(ctx context.Context, c *fiber.Ctx, node string, as Forwarded, body io.Reader, length int) (*http.Request, error) {
	uri := c.Context().URI()
	target := &url.URL{Scheme: "http", Host: node, Opaque: "/" + strings.TrimLeft(string(uri.PathOriginal()), "/"), RawQuery: string(uri.QueryString())}
	r := (&http.Request{Method: c.Method(), URL: target, Host: string(c.Request().Header.Host()), Header: http.Header{fiber.HeaderUserAgent: {""}}}).WithContext(ctx)
	err := eachForwarded(c, func(name, value []byte) {
		if string(name) == fiber.HeaderUserAgent {
			r.Header.Del(fiber.HeaderUserAgent)
		}
		r.Header.Add(string(name), string(value))
	})
	if err != nil {
		return nil, err
	}
	r.Header.Set(forwardedFor, c.Context().RemoteIP().String())
	r.Header.Set(forwardedProto, string(uri.Scheme()))
	if as.ForLeader {
		r.Header.Set(forwardedLeader, "1")
	}
	if as.Request != "" {
		r.Header.Set(forwardedRequest, as.Request)
	}
	if body != nil {
		r.Body, r.ContentLength = io.NopCloser(body), int64(max(length, -1))
	}
	return r, nil
}

// eachForwarded calls add with each header of a client's request that another node gets.
func eachForwarded(c *fiber.Ctx, add func(name, value []byte)) error {
	connection := c.Get(fiber.HeaderConnection)
	for name, value := range c.Request().Header.All() {
		if isHop(string(name), connection) || hasForwardedPrefix(string(name)) {
			continue
		}
		if bytes.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return oplog.Errorf(oplog.CodeMalformed, "The header %s has control characters.", Shorten(string(name)))
		}
		add(name, value)
	}
	return nil
}

func hasForwardedPrefix(name string) bool {
	return len(name) >= len(forwardedPrefix) && strings.EqualFold(name[:len(forwardedPrefix)], forwardedPrefix)
}

// hopHeaders are the headers that concern a connection only (RFC 9110, 7.6.1), and those that were used up on the way here.
var hopHeaders = []string{
	fiber.HeaderConnection, "Keep-Alive", "Proxy-Connection", fiber.HeaderTE, fiber.HeaderTrailer, fiber.HeaderTransferEncoding, fiber.HeaderUpgrade,
	fiber.HeaderExpect, fiber.HeaderContentLength, fiber.HeaderHost, fiber.HeaderXForwardedFor, fiber.HeaderXForwardedHost, fiber.HeaderXForwardedProto,
	fiber.HeaderForwarded, "X-Real-Ip",
	"Idempotency-Key", "X-Idempotency-Key", // nobody heeds them, and with them net/http would send a change again whose answer was lost
}

// isHop reports whether a header is one of hopHeaders, or of those that Connection names.
func isHop(name, connection string) bool {
	if slices.ContainsFunc(hopHeaders, func(hop string) bool { return len(hop) == len(name) && strings.EqualFold(hop, name) }) {
		return true
	}
	if connection == "" {
		return false
	}
	for named := range strings.SplitSeq(connection, ",") {
		if strings.EqualFold(strings.TrimSpace(named), name) {
			return true
		}
	}
	return false
}

// Receive sets the address and the scheme of a request of another node to those of its client, and takes the headers that tell them.
func Receive(ctx *fasthttp.RequestCtx) (Forwarded, error) {
	header := &ctx.Request.Header
	client, err := netip.ParseAddr(string(header.Peek(forwardedFor)))
	if err != nil {
		return Forwarded{}, oplog.Errorf(oplog.CodeMalformed, "The address of the client is missing.")
	}
	ctx.SetRemoteAddr(&net.TCPAddr{IP: client.AsSlice()})
	ctx.URI().SetSchemeBytes(header.Peek(forwardedProto))
	f := Forwarded{ForLeader: len(header.Peek(forwardedLeader)) > 0, Request: string(header.Peek(forwardedRequest))}
	for _, name := range []string{forwardedFor, forwardedProto, forwardedLeader, forwardedRequest} {
		header.Del(name)
	}
	return f, nil
}

// Small returns a body of at most MaxAnonymousBytes, in memory, so that it can be sent again; ok is false for one that may be longer, of
// which nothing was read.
func (b *Bodies) Small(c *fiber.Ctx) (body []byte, ok bool, err error) {
	length := c.Request().Header.ContentLength()
	if c.Request().BodyStream() == nil {
		return nil, true, nil
	}
	if length < 0 || length > MaxAnonymousBytes {
		return nil, false, nil
	}
	body, err = b.readRaw(c, MaxAnonymousBytes, b.hold(c, Holder{Caller: "address " + Network(c.Context().RemoteIP())}))
	return body, true, err
}

// Keep is Small for a body of up to MaxKeptBody, as long as there is memory for it: the kept ones of nobody in particular are few.
func (b *Bodies) Keep(c *fiber.Ctx) (body []byte, ok bool, err error) {
	length := c.Request().Header.ContentLength()
	if c.Request().BodyStream() == nil || length <= MaxAnonymousBytes {
		return b.Small(c)
	}
	k := &keptBody{Holder{Caller: "address " + Network(c.Context().RemoteIP())}, int64(length)}
	if length > MaxKeptBody || !b.kept.takes(k.holder, k.bytes) {
		return nil, false, nil
	}
	c.Locals(keptKey{}, k)
	body, err = b.readRaw(c, MaxKeptBody, func(int) error { return nil })
	return body, true, err
}

// keptKey is the request's key of the memory that its body holds on the node that forwards it.
type keptKey struct{}

type keptBody struct {
	holder Holder
	bytes  int64
}

// PutBack has a body that Small returned read again, by the handler of this node.
func (b *Bodies) PutBack(c *fiber.Ctx, body []byte) {
	if body == nil {
		return
	}
	b.release(c)
	c.Locals(heldKey{}, nil)
	c.Locals(keptKey{}, nil)
	c.Request().SetBodyStream(bytes.NewReader(body), len(body))
}

// Copy writes a body to another node as it arrives. It ends with the body, or once the other has answered and reads no more.
func (b *Bodies) Copy(c *fiber.Ctx, to *io.PipeWriter) {
	buffer := make([]byte, 32<<10)
	_, err := io.CopyBuffer(to, b.paced(c), buffer)
	switch {
	case err == nil:
		c.Locals(bodyKey{}, bodyEnded)
	case errors.Is(err, io.ErrClosedPipe): // unread; see Finish
	default:
		c.Locals(bodyKey{}, bodyFailed)
	}
	_ = to.CloseWithError(err) // never fails
}

// Pass responds to a client with another node's answer. Short ones are read first; of others, end is called after the last piece.
func Pass(c *fiber.Ctx, from *http.Response, stall time.Duration, end context.CancelFunc) error {
	response := c.Response()
	connection := from.Header.Get(fiber.HeaderConnection)
	for name, values := range from.Header {
		if name == fiber.HeaderDate || isHop(name, connection) {
			continue
		}
		response.Header.Del(name)
		for _, value := range values {
			response.Header.Add(name, value)
		}
	}
	c.Status(from.StatusCode)
	length := from.ContentLength
	switch {
	case c.Method() == http.MethodHead:
		response.SkipBody = true
		response.Header.SetContentLength(int(max(length, 0)))
	case 0 <= length && length <= SmallAnswer:
		body, err := io.ReadAll(from.Body)
		end()
		if err != nil {
			return errors.Join(err, from.Body.Close())
		}
		response.SetBodyRaw(body)
	default:
		response.SetBodyStream(&passed{from.Body, c.Context().Conn(), stall, end, time.AfterFunc(stall, end)}, int(max(length, -1)))
		return nil
	}
	end()
	return from.Body.Close()
}

// passed is the body of another node's answer. Each piece must come, and be accepted by the client, within a time.
type passed struct {
	io.ReadCloser
	to    net.Conn
	stall time.Duration
	end   context.CancelFunc
	timer *time.Timer
}

func (p *passed) Read(b []byte) (int, error) {
	p.timer.Reset(p.stall)
	n, err := p.ReadCloser.Read(b)
	p.timer.Stop()
	if deadline := p.to.SetWriteDeadline(time.Now().Add(p.stall)); deadline != nil {
		return 0, deadline
	}
	return n, err
}

// Close ends the request to the other node.
func (p *passed) Close() error {
	p.timer.Stop()
	err := p.ReadCloser.Close()
	p.end()
	return err
}

// ReliesOnHeader is of backups: what of the log is in the archive alone, for people; absent for nothing.
const ReliesOnHeader = "Oplog-Relies-On"

// PositionHeader and StaleHeader are of answers of a log on several nodes, the first of requests, too.
const (
	PositionHeader = "Oplog-Position" // how far the node that answers had come, an index of the replicated log
	StaleHeader    = "Oplog-Stale"    // "true" if there may be something newer, as the node is cut off from the others
)

// Position parses the position that a request asks for at least.
func Position(c *fiber.Ctx) (at uint64, asked bool, err error) {
	text := c.Get(PositionHeader)
	if text == "" {
		return 0, false, nil
	}
	if at, err = strconv.ParseUint(text, 10, 64); err != nil {
		return 0, true, &oplog.Error{Code: oplog.CodeInvalid, Message: "The position is invalid.", Fields: []oplog.FieldError{
			{Part: oplog.InHeader, Field: PositionHeader, Value: Shorten(text), Violation: oplog.Violates("not_a_position", "must be the Oplog-Position of an earlier answer")},
		}}
	}
	return at, true, nil
}
