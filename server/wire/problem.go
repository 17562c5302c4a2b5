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
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Statuses maps error codes to HTTP statuses.
var Statuses = map[oplog.Code]int{
	oplog.CodeMalformed:       http.StatusBadRequest,
	oplog.CodeInvalid:         http.StatusUnprocessableEntity,
	oplog.CodeNotFound:        http.StatusNotFound,
	oplog.CodeGone:            http.StatusGone,
	oplog.CodeConflict:        http.StatusConflict,
	oplog.CodeUnauthenticated: http.StatusUnauthorized,
	oplog.CodeForbidden:       http.StatusForbidden,
	oplog.CodeTooLarge:        http.StatusRequestEntityTooLarge,
	oplog.CodeTooMany:         http.StatusTooManyRequests,
	oplog.CodeUnavailable:     http.StatusServiceUnavailable,
	oplog.CodeDiskFull:        http.StatusInsufficientStorage,
	oplog.CodeDamaged:         http.StatusServiceUnavailable,
}

// StatusClientLeft is the status of requests whose client does not wait for the response: of no response, but of metrics, where it is no error
// of the server. Reverse proxies use it, too.
const StatusClientLeft = 499

// ProblemType is the media type of errors (RFC 9457).
const ProblemType = "application/problem+json"

// Problem translates an error into a response; false for an internal error, whose response discloses nothing.
func Problem(err error) (p *ProblemBody, known bool) {
	var told *oplog.Error
	var refused *fiber.Error
	var ready *ProblemBody
	switch {
	case errors.As(err, &ready):
		return ready, true
	case errors.As(err, &told) && Statuses[told.Code] != 0:
		p := newProblem(Statuses[told.Code], told.Message)
		switch {
		case told.Reason != "":
			p.Type, p.Params = ReasonType+told.Reason, told.Params
		case told.Code == oplog.CodeDamaged: // retrying does not help, unlike with others of this status
			p.Type = ReasonType + "damaged"
		}
		var items *inList
		errors.As(err, &items)
		for i := range told.Fields {
			f := &told.Fields[i]
			if i == MaxFieldErrors {
				break // see limitErrors
			}
			p.Errors = append(p.Errors, &ErrorDetail{location(f, items), f.Code, f.Params, f.Message, f.Value})
		}
		limitErrors(p, len(told.Fields))
		return p, true
	case errors.As(err, &refused):
		return newProblem(refused.Code, refused.Message), true
	case errors.Is(err, context.Canceled):
		return newProblem(StatusClientLeft, "The client left before the response was ready."), true
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, "The request timed out; narrow it or retry later."), true
	}
	return newProblem(http.StatusInternalServerError, "Internal server error; see the server's log."), false
}

// MaxFieldErrors is how many invalid fields a response lists.
const MaxFieldErrors = 100

// maxLocation is the length of a field's location in a response, in characters.
const maxLocation = 256

// limitErrors limits a problem's list of invalid fields, whose total is given: unknown field names can be long and many.
func limitErrors(p *ProblemBody, fields int) {
	if fields > MaxFieldErrors {
		p.Errors = p.Errors[:MaxFieldErrors]
		p.Detail += fmt.Sprintf(" The first %d errors are listed.", MaxFieldErrors)
	}
	for _, e := range p.Errors {
		e.Location = shorten(e.Location, maxLocation)
		if text, ok := e.Value.(string); ok {
			e.Value = Shorten(text)
		}
	}
}

func newProblem(status int, detail string) *ProblemBody {
	return &ProblemBody{Title: http.StatusText(status), Status: status, Detail: detail}
}

// InList marks an error's items as items of a list in the body, in a field of that name ("" if the body is the list); otherwise the body is
// the only item.
func InList(err error, list string) error { return &inList{err, list} }

// inList is the error returned by InList.
type inList struct {
	error
	list string
}

func (e *inList) Unwrap() error { return e.error }

// location formats a field's location in a request, for example "body.entries[3].user.id" or "query.from".
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

// SendJSON sends a response without Huma.
func SendJSON(c *fiber.Ctx, status int, contentType string, v any) error {
	var b bytes.Buffer
	if err := Format.Marshal(&b, v); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, contentType)
	return c.Status(status).Send(b.Bytes())
}

// TidyProblem rewrites Huma's problems in the API's words, and keeps them from repeating input, which may be long or contain a password.
func TidyProblem(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*ProblemBody)
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
	limitErrors(p, len(p.Errors))
	for _, e := range p.Errors {
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

// Shorten limits the length of text quoted in errors.
func Shorten(s string) string { return shorten(s, 64) }

func shorten(s string, most int) string {
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// ProblemResponse documents error responses.
func ProblemResponse(r huma.Registry) *huma.Response {
	schema := r.Schema(reflect.TypeFor[ProblemBody](), true, "")
	return &huma.Response{Description: "Error", Content: map[string]*huma.MediaType{ProblemType: {Schema: schema}}}
}
