package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Limits of bodies.
const (
	MaxBodyBytes      = 16 << 20  // of one request, decompressed
	MaxAnonymousBytes = 16 << 10  // of a request whose caller is not authenticated
	MaxBodiesBytes    = 64 << 20  // of all requests in progress, without small ones
	MaxTenantsBodies  = 32 << 20  // of those of one tenant's callers
	MaxCallersBodies  = 32 << 20  // of the requests in progress of one caller
	MaxKeptBody       = 1 << 20   // of a request that a node keeps, to send it to another one again
	maxKeptBodies     = 16 << 20  // of those in progress
	maxCallersKept    = 4 << 20   // of those of one address
	SmallBody         = 64 << 10  // counts for its caller only
	maxCallBytes      = 1 << 20   // of operations served by Huma
	maxUnread         = 256 << 20 // read and discarded of an unwanted body, so that the sender gets the response
)

// Media types.
const (
	JSONType   = "application/json"
	NDJSONType = "application/x-ndjson"
)

// ContentType returns the media type of a body, which must be an allowed one, in UTF-8.
func ContentType(c *fiber.Ctx, allowed ...string) (string, error) {
	header := c.Get(fiber.HeaderContentType)
	if slices.Contains(allowed, header) {
		return header, nil
	}
	media, params, err := mime.ParseMediaType(header)
	if err == nil {
		for _, a := range allowed {
			if media == a && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8")) {
				return media, nil
			}
		}
	}
	return "", fiber.NewError(http.StatusUnsupportedMediaType,
		fmt.Sprintf("Content-Type %q is not supported here; send %s, in UTF-8.", Shorten(header), strings.Join(allowed, " or ")))
}

// Bodies reads the bodies of requests within limits of time and memory. Each part of a body must arrive within partTime, all of it within
// wholeTime.
type Bodies struct {
	partTime, wholeTime time.Duration

	shares *Budget // of callers
	large  *Budget // for what exceeds SmallBody, so that large bodies never keep small ones out
	kept   *Budget // for those of Keep, whose callers are not known yet
}

// NewBodies returns a reader of bodies.
func NewBodies(partTime, wholeTime time.Duration) *Bodies {
	return &Bodies{
		partTime, wholeTime,
		NewBudget(math.MaxInt64, math.MaxInt64, MaxCallersBodies), NewBudget(MaxBodiesBytes, MaxTenantsBodies, MaxTenantsBodies),
		NewBudget(maxKeptBodies, maxKeptBodies, maxCallersKept),
	}
}

// Read returns the body of a caller's request, decompressed.
func (b *Bodies) Read(c *fiber.Ctx, caller Holder) ([]byte, error) {
	encoding := strings.ToLower(c.Get(fiber.HeaderContentEncoding))
	if encoding != "" && encoding != "identity" && encoding != "gzip" {
		return nil, fiber.NewError(http.StatusUnsupportedMediaType,
			fmt.Sprintf("Content-Encoding %q is not supported here; send gzip or an uncompressed body.", Shorten(encoding)))
	}
	hold := b.hold(c, caller)
	body, err := b.readRaw(c, MaxBodyBytes, hold)
	if err == nil && encoding == "gzip" {
		body, err = inflate(body, hold)
	}
	if err != nil {
		return nil, err
	}
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is empty.")
	}
	return body, nil
}

// Take returns the body of an operation served by Huma, nil without one, and leaves it to Huma to read and validate it again. Callers that
// are not authenticated send small ones.
func (b *Bodies) Take(c *fiber.Ctx, caller Holder) ([]byte, error) {
	if c.Request().BodyStream() == nil {
		return nil, nil
	}
	most := MaxAnonymousBytes
	if c.Locals(authenticatedKey{}) != nil {
		most = maxCallBytes
	}
	body, err := b.readRaw(c, most, b.hold(c, caller))
	if err == nil {
		c.Request().SetBodyStream(bytes.NewReader(body), len(body))
	}
	return body, err
}

// heldKey is the request's key of the memory that its body holds.
type heldKey struct{}

// held is the memory that a body holds.
type held struct {
	caller      Holder
	bytes       int64
	beyondSmall int64 // of bytes
}

// hold returns a function that takes memory for a request until Finish.
func (b *Bodies) hold(c *fiber.Ctx, caller Holder) func(n int) error {
	h := &held{caller: caller}
	c.Locals(heldKey{}, h)
	return func(n int) error {
		if b.shares.Take(caller, int64(n)) != nil {
			return oplog.Refuse(oplog.CodeTooMany, "too-large-requests",
				"Requests of this caller in progress have more than {mebibytes} MiB of bodies; wait for their responses, then retry.", MaxCallersBodies>>20)
		}
		h.bytes += int64(n)
		more := max(0, h.bytes-SmallBody) - h.beyondSmall
		var over *OverBudget
		if errors.As(b.large.Take(caller, more), &over) {
			if over.Share == OfAll {
				return oplog.Errorf(oplog.CodeUnavailable, "The server is receiving too many large requests; retry later.")
			}
			return oplog.Refuse(oplog.CodeTooMany, "too-large-requests-of-tenant",
				"Requests of this tenant in progress have more than {mebibytes} MiB of bodies; retry later.", MaxTenantsBodies>>20)
		}
		h.beyondSmall += more
		return nil
	}
}

// release gives back what a request's body holds.
func (b *Bodies) release(c *fiber.Ctx) {
	if h, ok := c.Locals(heldKey{}).(*held); ok {
		b.shares.Give(h.caller, h.bytes)
		b.large.Give(h.caller, h.beyondSmall)
	}
	if k, ok := c.Locals(keptKey{}).(*keptBody); ok && k != nil {
		b.kept.Give(k.holder, k.bytes)
	}
}

// Held returns how many bytes the large bodies of all requests hold, and those that are kept.
func (b *Bodies) Held() int64 { return b.large.heldNow() + b.kept.heldNow() }

func tooLarge(most int) error {
	size := fmt.Sprintf("%d MiB", most>>20)
	if most < 1<<20 {
		size = fmt.Sprintf("%d KiB", most>>10)
	}
	return oplog.Refuse(oplog.CodeTooLarge, "body-too-large", "The body is larger than {max} uncompressed; split it.", size)
}

// readRaw returns the body as sent. Fiber's own Body would decompress it without a limit.
func (b *Bodies) readRaw(c *fiber.Ctx, most int, hold func(int) error) ([]byte, error) {
	length := c.Request().Header.ContentLength() // negative if unknown
	if length > most {
		return nil, tooLarge(most)
	}
	stream := b.paced(c)
	if stream == nil {
		return nil, nil
	}
	body, err := readGrowing(stream, length, most, hold)
	switch {
	case err == nil:
		c.Locals(bodyKey{}, bodyEnded)
		return body, nil
	case errors.Is(err, errTooMany):
		return nil, tooLarge(most)
	case isRefusal(err):
		return nil, err
	}
	c.Locals(bodyKey{}, bodyFailed)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fiber.NewError(http.StatusRequestTimeout, "The body was sent too slowly.")
	}
	return nil, oplog.Errorf(oplog.CodeMalformed, "The request body is incomplete.")
}

// isRefusal reports whether an error is one of hold.
func isRefusal(err error) bool {
	return errors.As(err, new(*oplog.Error)) || errors.As(err, new(*fiber.Error))
}

var errTooMany = errors.New("more bytes than allowed")

// readGrowing reads up to a number of bytes into memory that grows with the received data: a client that only announces a body costs
// little. hold reserves the memory first.
func readGrowing(r io.Reader, length, most int, hold func(int) error) ([]byte, error) {
	const first = 4 << 10
	if length < 0 {
		length = most
	}
	var body []byte
	for size := first; ; size *= 2 {
		if size+first > length {
			size = length + 1 // one more, to find the end, or a body that is too long
		}
		if err := hold(min(size, length) - cap(body)); err != nil {
			return nil, err
		}
		grown := make([]byte, len(body), size)
		copy(grown, body)
		body = grown
		for len(body) < cap(body) {
			n, err := r.Read(body[len(body):cap(body)])
			body = body[:len(body)+n]
			switch {
			case len(body) > length: // even if it ends here, as gzip says with its last bytes
				return nil, errTooMany
			case errors.Is(err, io.EOF):
				return body, nil
			case err != nil:
				return nil, err
			}
		}
	}
}

// PacedBytes must arrive within each part of the time, or the rest of a shorter body: slow links manage that, while clients that only hold a
// connection are disconnected.
const PacedBytes = 8 << 10

// pacedReader reads a body at a minimum pace.
type pacedReader struct {
	io.Reader
	extend func() error
	left   int // bytes until the deadline is extended
}

func (r *pacedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		if err := r.extend(); err != nil {
			return 0, err
		}
		r.left = PacedBytes
	}
	n, err := r.Reader.Read(p)
	r.left -= n
	return n, err
}

// paced returns the body's stream, or nil if there is none.
func (b *Bodies) paced(c *fiber.Ctx) io.Reader {
	stream := c.Request().BodyStream()
	if stream == nil {
		return nil
	}
	connection, last := c.Context().Conn(), c.Context().Time().Add(b.wholeTime)
	return &pacedReader{stream, func() error {
		part := time.Now().Add(b.partTime)
		if part.After(last) {
			part = last
		}
		return connection.SetReadDeadline(part)
	}, 0}
}

// bodyKey is the request's key of how far its body was read.
type bodyKey struct{}

const (
	bodyEnded  = "ended"
	bodyFailed = "failed" // nobody knows where it ends
)

// Finish gives back the memory of a request's body and reads the unread rest of it. A client that is still sending would not see the
// response, and the rest would be parsed as the next request of the connection. For callers that are not authenticated nothing more is read
// before the response: fasthttp sends it, then discards a short rest or closes the connection.
func (b *Bodies) Finish(c *fiber.Ctx) {
	b.release(c)
	stream, state := b.paced(c), c.Locals(bodyKey{})
	switch {
	case stream == nil || state == bodyEnded:
		return
	case c.Response().ConnectionClose(), c.Locals(authenticatedKey{}) == nil:
		Linger(c.Context().Conn())
		return
	case state == bodyFailed:
		c.Context().SetConnectionClose()
		Linger(c.Context().Conn())
		return
	}
	if _, err := io.CopyN(io.Discard, stream, maxUnread); !errors.Is(err, io.EOF) {
		c.Context().SetConnectionClose()
	}
}

// authenticatedKey is the request's key of whether its caller is authenticated.
type authenticatedKey struct{}

// MarkAuthenticated marks a request whose caller is authenticated.
func MarkAuthenticated(c *fiber.Ctx) { c.Locals(authenticatedKey{}, true) }

// inflate decompresses a body.
func inflate(raw []byte, hold func(int) error) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is not gzip, despite its Content-Encoding.")
	}
	body, err := readGrowing(r, -1, MaxBodyBytes, hold)
	switch {
	case errors.Is(err, errTooMany):
		return nil, tooLarge(MaxBodyBytes)
	case isRefusal(err):
		return nil, err
	case err != nil:
		return nil, oplog.Errorf(oplog.CodeMalformed, "The gzip body is damaged.")
	}
	return body, nil
}

// FinishHeaders reads the rest of headers that are too long. Closing a connection with unread data resets it, and the client would not see
// the response. It takes at most timeout.
func FinishHeaders(connection net.Conn, timeout time.Duration) {
	const most = 1 << 20
	end := []byte("\r\n\r\n")
	last := time.Now().Add(timeout)
	piece := make([]byte, 4<<10)
	for read, kept := 0, 0; read < most; {
		rest := time.Now().Add(time.Second) // without a byte: there was no more
		if rest.After(last) {
			rest = last
		}
		if connection.SetReadDeadline(rest) != nil {
			return
		}
		n, err := connection.Read(piece[kept:])
		if err != nil || bytes.Contains(piece[:kept+n], end) {
			return
		}
		read += n
		kept = copy(piece, piece[max(0, kept+n-len(end)+1):kept+n])
	}
}
