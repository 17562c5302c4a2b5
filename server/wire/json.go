package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// Format is the API's JSON: UTF-8, no duplicate names, case-sensitive names.
var Format = huma.Format{
	Marshal: marshal,
	Unmarshal: func(data []byte, v any) error {
		if oplog.Depth(data) > oplog.MaxDepth {
			return fmt.Errorf("it is nested more than %d levels deep", oplog.MaxDepth)
		}
		err := jsonv2.Unmarshal(data, v)
		if reason, ok := SyntaxError(err); ok {
			return errors.New(reason)
		}
		return err
	},
}

// appender is a response that encodes itself, faster than encoding/json.
type appender interface {
	AppendJSON(b []byte) []byte
}

// encoded are buffers of responses: a page of entries would be a quarter of what a request leaves to the garbage collector.
var encoded = sync.Pool{New: func() any { return new([]byte) }}

// maxEncoded is the maximum size of a buffer that is used again.
const maxEncoded = 256 << 10

// marshal encodes a response.
func marshal(w io.Writer, v any) error {
	if a, ok := v.(appender); ok {
		b := encoded.Get().(*[]byte)
		*b = append(a.AppendJSON((*b)[:0]), '\n')
		_, err := w.Write(*b)
		if cap(*b) <= maxEncoded {
			encoded.Put(b)
		}
		return err
	}
	return huma.DefaultJSONFormat.Marshal(w, v)
}

// Quote appends a JSON string.
func Quote(b []byte, text string) []byte {
	b, _ = jsontext.AppendQuote(b, text) // the error is invalid UTF-8, which it replaces
	return b
}

// Strictly is for the first pass over a text; further passes are lenient, which is faster.
var (
	Strictly  = jsonv2.JoinOptions(jsonv2.RejectUnknownMembers(true))
	Leniently = jsonv2.JoinOptions(jsonv2.RejectUnknownMembers(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
)

// CheckSyntax returns a CodeMalformed error unless a text is exactly one JSON value.
func CheckSyntax(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	_, err := d.ReadValue()
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = &jsontext.SyntacticError{ByteOffset: d.InputOffset(), Err: errors.New("unexpected data after the value")}
		}
	}
	return Malformed(text, err)
}

// Malformed returns the error of a syntax error, with its position.
func Malformed(text []byte, err error) error {
	reason, ok := SyntaxError(err)
	if !ok {
		return oplog.Errorf(oplog.CodeMalformed, "The JSON body is incomplete.")
	}
	line := 1
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		line += bytes.Count(text[:min(int(syntax.ByteOffset), len(text))], []byte("\n"))
	}
	return oplog.Errorf(oplog.CodeMalformed, "The body is not JSON: %s (line %d).", reason, line)
}

// SyntaxError returns the message of a JSON syntax error without the library's prefix; false for other errors.
func SyntaxError(err error) (string, bool) {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return "", false
	}
	return strings.TrimPrefix(syntax.Error(), "jsontext: "), true
}

// FieldOf returns the field that has the wrong type or an unknown name.
func FieldOf(err error) oplog.FieldError {
	var wrong *jsonv2.SemanticError
	if !errors.As(err, &wrong) {
		return oplog.FieldError{Violation: oplog.Violates("not_json", "{reason}", strings.TrimPrefix(err.Error(), "json: "))}
	}
	f := oplog.FieldError{Field: fieldPath(wrong.JSONPointer)}
	if errors.Is(wrong.Err, jsonv2.ErrUnknownName) {
		f.Violation = oplog.Violates("unknown_field", "is an unknown field")
		return f
	}
	f.Violation = oplog.Violates("wrong_type", "is {type}; it must be {expected}", KindName(wrong.JSONKind), typeName(wrong.GoType))
	if len(wrong.JSONValue) == 0 {
		return f
	}
	f.Value = json.RawMessage(wrong.JSONValue.Clone()) // numbers with every digit as sent
	if text := string(wrong.JSONValue); Shorten(text) != text {
		f.Value = Shorten(text)
	}
	var s string
	if json.Unmarshal(wrong.JSONValue, &s) == nil {
		f.Value = Shorten(s)
		f.Violation = oplog.Violates("wrong_type", "must be {expected}", typeName(wrong.GoType))
	}
	return f
}

// fieldPath formats a JSON pointer as "changes[3].field".
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
			token = strconv.Quote(token) // otherwise it would be ambiguous
		}
		path.WriteString(Shorten(token))
		if path.Len() > maxLocation {
			break // see limitErrors
		}
	}
	return path.String()
}

// KindName names a kind of JSON value.
func KindName(k jsontext.Kind) string {
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
