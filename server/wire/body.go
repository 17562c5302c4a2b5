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

// Limits of bodies.
const (
	MaxBodyBytes = 16 << 20  // of one request, decompressed
	maxCallBytes = 1 << 20   // of operations served by Huma
	maxUnread    = 256 << 20 // read and discarded of an unwanted body, so that the sender gets the response
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

// ReadBody returns the body of a request, decompressed within limits. Each part of it must arrive within slow.
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

// readRaw returns the body as sent. Fiber's own Body would decompress it without a limit.
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

// TakeBody reads the body of an operation served by Huma, with the pace and limits of every body, and leaves parsing to Huma.
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

// PacedBytes must arrive within each slow time, or the rest of a shorter body: slow links manage that, while clients that only hold a
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

// pacedBody returns the body's stream, or nil if there is none.
func pacedBody(c *fiber.Ctx, slow time.Duration) io.Reader {
	stream := c.Request().BodyStream()
	if stream == nil {
		return nil
	}
	connection := c.Context().Conn()
	return &pacedReader{stream, func() error { return connection.SetReadDeadline(time.Now().Add(slow)) }, 0}
}

// bodyKey is the request's key of how far its body was read.
type bodyKey struct{}

const (
	bodyTouched = "touched" // from here on only the reader knows where the body ends
	bodyEnded   = "ended"
)

// FinishBody reads the unread rest of a body. A client that is still sending would not see the response, and the rest would be parsed as
// the next request of the connection.
func FinishBody(c *fiber.Ctx, slow time.Duration) {
	stream := pacedBody(c, slow)
	state := c.Locals(bodyKey{})
	if stream == nil || state == bodyEnded || c.Response().ConnectionClose() {
		return
	}
	// A body without a declared length cannot be read past its end.
	chunked := c.Request().Header.ContentLength() < 0
	if chunked && state == bodyTouched || !errors.Is(discard(stream), io.EOF) {
		c.Context().SetConnectionClose()
	}
}

// discard reads a stream to its end, and returns io.EOF if it got there.
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

// FinishHeaders reads the rest of headers that are too long. Closing a connection with unread data resets it, and the client would not see
// the response. It takes at most slow.
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
