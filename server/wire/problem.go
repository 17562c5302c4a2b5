package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Statuses is the HTTP status of each kind of error.
var Statuses = map[oplog.Code]int{
	oplog.CodeMalformed:       http.StatusBadRequest,
	oplog.CodeInvalid:         http.StatusUnprocessableEntity,
	oplog.CodeNotFound:        http.StatusNotFound,
	oplog.CodeGone:            http.StatusGone,
	oplog.CodeConflict:        http.StatusConflict,
	oplog.CodeUnauthenticated: http.StatusUnauthorized,
	oplog.CodeForbidden:       http.StatusForbidden,
	oplog.CodeTooLarge:        http.StatusRequestEntityTooLarge,
	oplog.CodeUnavailable:     http.StatusServiceUnavailable,
	oplog.CodeDiskFull:        http.StatusInsufficientStorage,
}

// ProblemType is the media type of errors (RFC 9457).
const ProblemType = "application/problem+json"

// Problem translates an error into an answer; false for one that no caller can
// help, of which the answer says nothing.
func Problem(err error) (p *huma.ErrorModel, known bool) {
	var told *oplog.Error
	var refused *fiber.Error
	var ready *huma.ErrorModel
	switch {
	case errors.As(err, &ready):
		return ready, true
	case errors.As(err, &told) && Statuses[told.Code] != 0:
		p := newProblem(Statuses[told.Code], told.Message)
		var items *inList
		errors.As(err, &items)
		for i := range told.Fields {
			f := &told.Fields[i]
			p.Errors = append(p.Errors, &huma.ErrorDetail{Location: location(f, items), Message: f.Message, Value: f.Value})
		}
		return p, true
	case errors.As(err, &refused):
		return newProblem(refused.Code, refused.Message), true
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, "The request timed out; narrow it or retry later."), true
	}
	return newProblem(http.StatusInternalServerError, "Internal server error; see the server's log."), false
}

func newProblem(status int, detail string) *huma.ErrorModel {
	return &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail}
}

// InList says of an error that its items are in a list of the body; of any
// other error the body is the only item. The list is a field of the body; ""
// where the body is the list.
func InList(err error, list string) error { return &inList{err, list} }

// inList is what InList returns.
type inList struct {
	error
	list string
}

func (e *inList) Unwrap() error { return e.error }

// location spells where a field is in a request, for example
// "body.entries[3].user.id" or "query.from".
func location(f *oplog.FieldError, in *inList) string {
	at := f.Part.String()
	if in != nil && in.list != "" && (f.Item > 0 || f.Field == "") {
		at += "." + in.list
	}
	if in != nil && f.Item > 0 {
		at += fmt.Sprintf("[%d]", f.Item-1)
	}
	if f.Field != "" && f.Field[0] != '[' {
		at += "."
	}
	return at + f.Field
}

// SendJSON answers a request that Huma does not serve.
func SendJSON(c *fiber.Ctx, status int, contentType string, v any) error {
	var b bytes.Buffer
	if err := Format.Marshal(&b, v); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, contentType)
	return c.Status(status).Send(b.Bytes())
}

// TidyProblem words Huma's problems as all others are, and keeps them from
// repeating what was sent: a body may be long, and may hold a password.
func TidyProblem(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if p.Detail == "validation failed" {
		p.Detail = map[int]string{
			http.StatusBadRequest:           "The body is not JSON.",
			http.StatusUnsupportedMediaType: "The Content-Type is not supported here; send " + JSONType + ".",
			http.StatusUnprocessableEntity:  "The request is invalid.",
		}[p.Status]
	}
	for _, e := range p.Errors {
		if e.Message == validation.MsgExpectedMatchExactlyOneSchema {
			e.Message = "is neither a string nor a list of strings" // all that may be of two kinds
		}
		text, isText := e.Value.(string)
		switch kind := reflect.ValueOf(e.Value).Kind(); {
		case e.Location == "body" || strings.HasSuffix(e.Location, "password"):
			e.Value = nil
		case isText:
			e.Value = Shorten(text)
		case kind == reflect.Map || kind == reflect.Slice:
			e.Value = nil
		}
	}
	return p, nil
}

// Shorten keeps what an error quotes small, and readable.
func Shorten(s string) string {
	const most = 64
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// ProblemResponse describes the answer to what goes wrong.
func ProblemResponse(r huma.Registry) *huma.Response {
	schema := r.Schema(reflect.TypeFor[huma.ErrorModel](), true, "")
	return &huma.Response{Description: "Error", Content: map[string]*huma.MediaType{ProblemType: {Schema: schema}}}
}
