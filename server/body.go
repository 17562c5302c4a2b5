package server

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// wireFormat is JSON as the API speaks it: what is read is UTF-8, no name
// stands twice in an object, and names are told apart by their case.
var wireFormat = huma.Format{
	Marshal: marshal,
	Unmarshal: func(data []byte, v any) error {
		err := jsonv2.Unmarshal(data, v)
		if reason, ok := syntaxError(err); ok {
			return errors.New(reason)
		}
		return err
	},
}

const (
	jsonType   = "application/json"
	ndjsonType = "application/x-ndjson"
)

// contentType returns the media type of a body, which must be one of those
// given, in UTF-8.
func contentType(c *fiber.Ctx, allowed ...string) (string, error) {
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
		fmt.Sprintf("The Content-Type %q is not taken here; send %s, in UTF-8.", shorten(header), strings.Join(allowed, " or ")))
}

// readBody returns the body of a request, inflated within bounds.
func (s *Server) readBody(c *fiber.Ctx) ([]byte, error) {
	encoding := strings.ToLower(c.Get(fiber.HeaderContentEncoding))
	if encoding != "" && encoding != "identity" && encoding != "gzip" {
		return nil, fiber.NewError(http.StatusUnsupportedMediaType,
			fmt.Sprintf("The Content-Encoding %q is not taken here; send gzip, or the body as it is.", shorten(encoding)))
	}
	body, err := s.readRaw(c, maxBodyBytes)
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
	return oplog.Errorf(oplog.CodeTooLarge, "The body is larger than %d MiB, counted without compression; send it in parts.", most>>20)
}

// readRaw returns the body as it was sent. Fiber's own Body would inflate it
// without a bound.
func (s *Server) readRaw(c *fiber.Ctx, most int) ([]byte, error) {
	stream := s.pacedBody(c)
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
		return nil, fiber.NewError(http.StatusRequestTimeout, "The body came too slowly.")
	}
	if err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body ended before it was whole.")
	}
	c.Locals(bodyKey{}, bodyEnded)
	return b.Bytes(), nil
}

// maxCallBytes is how long the body of a call is that Huma serves.
const maxCallBytes = 1 << 20

// takeBody reads the body of a call that Huma serves, at the pace and within the
// bounds that hold for every body, and leaves it for Huma to take apart.
func (s *Server) takeBody(c *fiber.Ctx) error {
	if c.Request().BodyStream() == nil {
		return nil
	}
	body, err := s.readRaw(c, maxCallBytes)
	if err == nil {
		c.Request().SetBodyStream(bytes.NewReader(body), len(body))
	}
	return err
}

// pacedBytes must arrive within each SlowTime, and the rest of a body that is
// shorter: a slow link carries that, and who only holds a connection is cut off.
const pacedBytes = 8 << 10

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
		r.left = pacedBytes
	}
	n, err := r.Reader.Read(p)
	r.left -= n
	return n, err
}

// pacedBody returns the body as it arrives, or nil where there is none.
func (s *Server) pacedBody(c *fiber.Ctx) io.Reader {
	stream := c.Request().BodyStream()
	if stream == nil {
		return nil
	}
	connection := c.Context().Conn()
	return &pacedReader{stream, func() error { return connection.SetReadDeadline(time.Now().Add(s.slow)) }, 0}
}

// bodyKey is where a request keeps how far its body was read.
type bodyKey struct{}

const (
	bodyTouched = "touched" // from here on the reader alone knows where it ends
	bodyEnded   = "ended"
)

// finishBody reads what a handler left of a body. A sender that still sends
// would not see the answer, and what is left would be taken for the next
// request of the connection.
func (s *Server) finishBody(c *fiber.Ctx) {
	stream := s.pacedBody(c)
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
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is not gzip, as its Content-Encoding says.")
	}
	var b bytes.Buffer
	for _, limit := range []int{min(8*len(raw), maxBodyBytes+1), maxBodyBytes + 1} {
		b.Grow(limit - b.Len() + bytes.MinRead)
		if _, err := b.ReadFrom(io.LimitReader(r, int64(limit-b.Len()))); err != nil {
			return nil, oplog.Errorf(oplog.CodeMalformed, "The body is damaged gzip.")
		}
	}
	if b.Len() > maxBodyBytes {
		return nil, tooLarge(maxBodyBytes)
	}
	return b.Bytes(), nil
}

// readStrictly is for the first reading of a text; what was read once is read
// again leniently, which is faster.
var (
	readStrictly  = jsonv2.JoinOptions(jsonv2.RejectUnknownMembers(true))
	readLeniently = jsonv2.JoinOptions(jsonv2.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
)

// checkSyntax returns a CodeMalformed error for what is not one JSON value.
func checkSyntax(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	_, err := d.ReadValue()
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = &jsontext.SyntacticError{ByteOffset: d.InputOffset(), Err: errors.New("more text after the value")}
		}
	}
	return malformed(text, err)
}

// malformed words an error of syntax, with its place in the text.
func malformed(text []byte, err error) error {
	reason, ok := syntaxError(err)
	if !ok {
		return oplog.Errorf(oplog.CodeMalformed, "The body ends before its JSON does.")
	}
	line := 1
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		line += bytes.Count(text[:min(int(syntax.ByteOffset), len(text))], []byte("\n"))
	}
	return oplog.Errorf(oplog.CodeMalformed, "The body is not JSON: %s (line %d).", reason, line)
}

// syntaxError returns what is wrong with a JSON text, without the library's
// prefix; false for an error of another kind.
func syntaxError(err error) (string, bool) {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return "", false
	}
	return strings.TrimPrefix(syntax.Error(), "jsontext: "), true
}

// fieldOf says which field of a value has the wrong type or an unknown name.
func fieldOf(err error) oplog.FieldError {
	var wrong *jsonv2.SemanticError
	if !errors.As(err, &wrong) {
		return oplog.FieldError{Message: strings.TrimPrefix(err.Error(), "json: ")}
	}
	f := oplog.FieldError{Field: fieldPath(wrong.JSONPointer)}
	if errors.Is(wrong.Err, jsonv2.ErrUnknownName) {
		f.Message = "is not a field that this takes"
		return f
	}
	f.Message = fmt.Sprintf("is %s; it must be %s", kindName(wrong.JSONKind), typeName(wrong.GoType))
	if len(wrong.JSONValue) == 0 {
		return f
	}
	f.Value = json.RawMessage(wrong.JSONValue.Clone()) // numbers with every digit that was sent
	var s string
	if json.Unmarshal(wrong.JSONValue, &s) == nil {
		f.Value = shorten(s)
		f.Message = "must be " + typeName(wrong.GoType)
	}
	return f
}

// fieldPath writes a JSON pointer as "changes[3].field".
func fieldPath(p jsontext.Pointer) string {
	var path strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			fmt.Fprintf(&path, "[%s]", token)
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		if token == "" || token[0] == '[' {
			token = strconv.Quote(token) // else it would read as no name, or as an index
		}
		path.WriteString(shorten(token))
	}
	return path.String()
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{', '}':
		return "an object"
	case '[', ']':
		return "an array"
	}
	return "something else"
}

func typeName(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "a time such as 2006-01-02T15:04:05Z (RFC 3339)"
	case t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Slice:
		return "an array"
	case t.Kind() == reflect.Struct || t.Kind() == reflect.Map:
		return "an object"
	}
	return "something else"
}
