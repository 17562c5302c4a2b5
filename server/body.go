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
	"reflect"
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
	Marshal: huma.DefaultJSONFormat.Marshal,
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

// readBody returns the body of a request, inflated within bounds. It is valid
// until the request is answered.
func readBody(c *fiber.Ctx) ([]byte, error) {
	raw := c.Request().Body() // as it was sent: Fiber's own Body inflates without a bound
	switch encoding := strings.ToLower(c.Get(fiber.HeaderContentEncoding)); encoding {
	case "", "identity":
		if len(raw) > maxBodyBytes {
			return nil, errTooLarge
		}
	case "gzip":
		var err error
		if raw, err = inflate(raw); err != nil {
			return nil, err
		}
	default:
		return nil, fiber.NewError(http.StatusUnsupportedMediaType,
			fmt.Sprintf("The Content-Encoding %q is not taken here; send gzip, or the body as it is.", shorten(encoding)))
	}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is empty.")
	}
	return raw, nil
}

var errTooLarge = oplog.Errorf(oplog.CodeTooLarge, "The body is larger than %d MiB, counted without compression; send it in parts.", maxBodyBytes>>20)

func inflate(raw []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is not gzip, as its Content-Encoding says.")
	}
	var out bytes.Buffer
	out.Grow(min(8*len(raw), maxBodyBytes) + bytes.MinRead)
	switch n, err := out.ReadFrom(io.LimitReader(r, maxBodyBytes+1)); {
	case n > maxBodyBytes:
		return nil, errTooLarge
	case err != nil:
		return nil, oplog.Errorf(oplog.CodeMalformed, "The body is damaged gzip.")
	}
	return out.Bytes(), nil
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
		if _, err = d.ReadToken(); err == io.EOF {
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
// At is where the value stands, "" for the body itself.
func fieldOf(err error, at string) oplog.FieldError {
	var wrong *jsonv2.SemanticError
	if !errors.As(err, &wrong) {
		return oplog.FieldError{Location: at, Message: strings.TrimPrefix(err.Error(), "json: ")}
	}
	f := oplog.FieldError{Location: at + fieldPath(wrong.JSONPointer)}
	if errors.Is(wrong.Err, jsonv2.ErrUnknownName) {
		f.Message = "is not a field that this takes"
		return f
	}
	f.Message = fmt.Sprintf("is %s; it must be %s", kindName(wrong.JSONKind), typeName(wrong.GoType))
	if len(wrong.JSONValue) > 0 && json.Unmarshal(wrong.JSONValue, &f.Value) == nil {
		if s, ok := f.Value.(string); ok {
			f.Value = shorten(s)
			f.Message = "must be " + typeName(wrong.GoType)
		}
	}
	return f
}

// fieldPath writes a JSON pointer as ".changes[3].field".
func fieldPath(p jsontext.Pointer) string {
	var path strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			fmt.Fprintf(&path, "[%s]", token)
		} else {
			path.WriteString("." + shorten(token))
		}
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
