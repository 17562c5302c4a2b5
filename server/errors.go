package server

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

// statuses is the HTTP status of each kind of error.
var statuses = map[oplog.Code]int{
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

const problemType = "application/problem+json"

// problem translates an error into an answer. What no caller can help goes to
// the server's own log, and no word of it to the caller.
func (s *Server) problem(method, path string, err error) *huma.ErrorModel {
	var known *oplog.Error
	var refused *fiber.Error
	var ready *huma.ErrorModel
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &known) && statuses[known.Code] != 0:
		status := statuses[known.Code]
		p := &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: known.Message}
		var items *inList
		errors.As(err, &items)
		for i := range known.Fields {
			f := &known.Fields[i]
			p.Errors = append(p.Errors, &huma.ErrorDetail{Location: location(f, items), Message: f.Message, Value: f.Value})
		}
		return p
	case errors.As(err, &refused):
		return &huma.ErrorModel{Title: http.StatusText(refused.Code), Status: refused.Code, Detail: refused.Message}
	case errors.Is(err, context.DeadlineExceeded):
		const status = http.StatusServiceUnavailable
		return &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: "This took too long and was given up; ask for less, or again later."}
	}
	s.logger.Error("a request failed", "method", method, "path", path, "err", err)
	const status = http.StatusInternalServerError
	return &huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: "The server failed at this; its log says why."}
}

// inList is an error whose items are in a list of the body; of any other error
// the body is the only item.
type inList struct {
	error
	list string // its field; "" where the body is the list
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

// fail answers a request with an error.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	p := s.problem(c.Method(), c.Path(), err)
	return sendJSON(c, p.Status, problemType, p)
}

// sendJSON answers a request that Huma does not serve.
func sendJSON(c *fiber.Ctx, status int, contentType string, v any) error {
	var b bytes.Buffer
	if err := wireFormat.Marshal(&b, v); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, contentType)
	return c.Status(status).Send(b.Bytes())
}

// tidyProblem words Huma's problems as all others are, and keeps them from
// repeating what was sent: a body may be long, and may hold a password.
func tidyProblem(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if p.Detail == "validation failed" {
		p.Detail = map[int]string{
			http.StatusBadRequest:           "The body is not JSON.",
			http.StatusUnsupportedMediaType: "The Content-Type is not taken here; send " + jsonType + ".",
			http.StatusUnprocessableEntity:  "The request is invalid.",
		}[p.Status]
	}
	for _, e := range p.Errors {
		if e.Message == validation.MsgExpectedMatchExactlyOneSchema {
			e.Message = "is neither a text nor a list of texts" // all that may be of two kinds
		}
		text, isText := e.Value.(string)
		switch kind := reflect.ValueOf(e.Value).Kind(); {
		case e.Location == "body" || strings.HasSuffix(e.Location, "password"):
			e.Value = nil
		case isText:
			e.Value = shorten(text)
		case kind == reflect.Map || kind == reflect.Slice:
			e.Value = nil
		}
	}
	return p, nil
}

// shorten keeps what an error quotes small, and readable.
func shorten(s string) string {
	const most = 64
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// problemResponse describes the answer to what goes wrong.
func problemResponse(r huma.Registry) *huma.Response {
	schema := r.Schema(reflect.TypeFor[huma.ErrorModel](), true, "")
	return &huma.Response{Description: "Error", Content: map[string]*huma.MediaType{problemType: {Schema: schema}}}
}
