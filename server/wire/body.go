package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
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

// Bounds of bodies.
const (
	MaxBodyBytes = 16 << 20  // of one request, inflated
	maxCallBytes = 1 << 20   // of a call that Huma serves
	maxUnread    = 256 << 20 // what is read of a body that nobody wants, so that the answer reaches the sender
)

// Media types.
const (
	JSONType   = "application/json"
	NDJSONType = "application/x-ndjson"
)

// ContentType returns the media type of a body, which must be one of those
// given, in UTF-8.
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

// ReadBody returns the body of a request, inflated within bounds. Each part of it
// must arrive within slow.
func ReadBody(c *fiber.Ctx, slow time.Duration) ([]byte, error) {
	encoding := strings.ToLower(c.Get(fiber.HeaderContentEncoding))
	if encoding != "" && encoding != "identity" && encoding != "gzip" {
		return nil, fiber.NewError(http.StatusUnsupportedMediaType,
			fmt.Sprintf("Content-Encoding %q is not supported here; send gzip or an uncompressed body.", Shorten(encoding)))
	}
	body, err := readRaw(c, MaxBodyBytes, slow)
	if err == nil && encoding == "gzip" {
		body, err = inflate(body)
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

func tooLarge(most int) error {
	return oplog.Errorf(oplog.CodeTooLarge, "The body is larger than %d MiB uncompressed; split it.", most>>20)
}

// readRaw returns the body as it was sent. Fiber's own Body would inflate it
// without a bound.
func readRaw(c *fiber.Ctx, most int, slow time.Duration) ([]byte, error) {
	stream := pacedBody(c, slow)
	if stream == nil {
		return nil, nil
	}
	c.Locals(bodyKey{}, bodyTouched)
	var b bytes.Buffer
	b.Grow(min(max(0, c.Request().Header.ContentLength()), most) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(stream, int64(most)+1))
	if n > int64(most) {
		if err := discard(stream); errors.Is(err, io.EOF) {
			c.Locals(bodyKey{}, bodyEnded)
		}
		return nil, tooLarge(most)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fiber.NewError(http.StatusRequestTimeout, "The body was sent too slowly.")
	}
	if err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The request body is incomplete.")
	}
	c.Locals(bodyKey{}, bodyEnded)
	return b.Bytes(), nil
}

// TakeBody reads the body of a call that Huma serves, at the pace and within the
// bounds that hold for every body, and leaves it for Huma to take apart.
func TakeBody(c *fiber.Ctx, slow time.Duration) error {
	if c.Request().BodyStream() == nil {
		return nil
	}
	body, err := readRaw(c, maxCallBytes, slow)
	if err == nil {
		c.Request().SetBodyStream(bytes.NewReader(body), len(body))
	}
	return err
}

// PacedBytes must arrive within each slow time, and the rest of a body that is
// shorter: a slow link carries that, and who only holds a connection is cut off.
const PacedBytes = 8 << 10

// pacedReader reads a body from its connection at a least pace.
type pacedReader struct {
	io.Reader
	extend func() error
	left   int // bytes until the time is extended
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

// pacedBody returns the body as it arrives, or nil where there is none.
func pacedBody(c *fiber.Ctx, slow time.Duration) io.Reader {
	stream := c.Request().BodyStream()
	if stream == nil {
		return nil
	}
	connection := c.Context().Conn()
	return &pacedReader{stream, func() error { return connection.SetReadDeadline(time.Now().Add(slow)) }, 0}
}

// bodyKey is where a request keeps how far its body was read.
type bodyKey struct{}

const (
	bodyTouched = "touched" // from here on the reader alone knows where it ends
	bodyEnded   = "ended"
)

// FinishBody reads what a handler left of a body. A sender that still sends
// would not see the answer, and what is left would be taken for the next
// request of the connection.
func FinishBody(c *fiber.Ctx, slow time.Duration) {
	stream := pacedBody(c, slow)
	state := c.Locals(bodyKey{})
	if stream == nil || state == bodyEnded {
		return
	}
	// A body whose length was not announced cannot be read past its end.
	chunked := c.Request().Header.ContentLength() < 0
	if chunked && state == bodyTouched || !errors.Is(discard(stream), io.EOF) {
		c.Context().SetConnectionClose()
	}
}

// discard reads a stream to its end, and returns io.EOF where it got there.
func discard(stream io.Reader) error {
	_, err := io.CopyN(io.Discard, stream, maxUnread)
	return err
}

func inflate(raw []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is not gzip, despite its Content-Encoding.")
	}
	var b bytes.Buffer
	for _, limit := range []int{min(8*len(raw), MaxBodyBytes+1), MaxBodyBytes + 1} {
		b.Grow(limit - b.Len() + bytes.MinRead)
		if _, err := b.ReadFrom(io.LimitReader(r, int64(limit-b.Len()))); err != nil {
			return nil, oplog.Errorf(oplog.CodeMalformed, "The gzip body is damaged.")
		}
	}
	if b.Len() > MaxBodyBytes {
		return nil, tooLarge(MaxBodyBytes)
	}
	return b.Bytes(), nil
}

// FinishHeaders reads what is still sent of headers that are too long. Where a
// connection is closed with something unread, its sender sees it reset, and not
// the answer. It takes at most slow.
func FinishHeaders(connection net.Conn, slow time.Duration) {
	const most = 1 << 20
	end := []byte("\r\n\r\n")
	last := time.Now().Add(slow)
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
