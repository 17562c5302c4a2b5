package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/server/wire"
)

// operation is a route whose handler takes a struct and returns another. Of the input, it fills the fields tagged path, which are strings,
// and Body; of the output, it sends Status, SetCookie and Body. huma.Register would do the same from the types, with 25 KB of code for each
// pair of them.
type operation struct {
	route   *route
	in, out reflect.Type
	params  []pathParam
	handle  func(ctx context.Context, c *call, in any) (out any, err error) // pointers to in and out; out may be nil

	body, status, cookie, answer int // fields: Body of in, Status, SetCookie and Body of out; -1: it has none
}

type pathParam struct {
	field  int
	name   string
	schema *huma.Schema
}

// The outputs that Huma sends. Those of handlers document themselves, see document.
type (
	head struct {
		Status    int
		SetCookie string `header:"Set-Cookie" hidden:"true"`
	}
	headAndBody struct {
		Status    int
		SetCookie string `header:"Set-Cookie" hidden:"true"`
		Body      any
	}
)

const (
	maxParsed    = 1 << 20 // bytes of a body; bodies.Take allows less
	parseTimeout = 5 * time.Second
)

func newOperation(r *route, in, out reflect.Type) *operation {
	o := &operation{route: r, in: in, out: out, body: -1, status: -1, cookie: -1, answer: -1}
	for i := range in.NumField() {
		f := in.Field(i)
		name := f.Tag.Get("path")
		switch {
		case f.Name == "Body":
			o.body = i
		case name != "" && f.Type.Kind() == reflect.String:
			o.params = append(o.params, pathParam{field: i, name: name})
		default:
			panic(fmt.Sprintf("%s: input field %s is neither Body nor a string tagged path", r.id, f.Name))
		}
	}
	for i := range out.NumField() {
		switch name := out.Field(i).Name; name {
		case "Status":
			o.status = i
		case "SetCookie":
			o.cookie = i
		case "Body":
			o.answer = i
		default:
			panic(fmt.Sprintf("%s: output field %s is none of Status, SetCookie, Body", r.id, name))
		}
	}
	return o
}

// document describes input and output in the OpenAPI document, and how Huma validates the body.
func (o *operation) document(schemas huma.Registry, op *huma.Operation) {
	for i := range o.params {
		p := &o.params[i]
		p.schema = huma.SchemaFromField(schemas, o.in.Field(p.field), "")
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "path", Required: true, Description: p.schema.Description, Schema: p.schema})
	}
	if o.body >= 0 {
		schema := bodySchema(schemas, o.in, o.body, op.OperationID+"Request")
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{wire.JSONType: {Schema: schema}}}
		op.MaxBodyBytes, op.BodyReadTimeout = maxParsed, parseTimeout
	}
	response := &huma.Response{Description: http.StatusText(o.route.status)}
	if o.answer >= 0 {
		schema := bodySchema(schemas, o.out, o.answer, op.OperationID+"Response")
		response.Content = map[string]*huma.MediaType{wire.JSONType: {Schema: schema}}
	}
	if o.cookie >= 0 {
		response.Headers = map[string]*huma.Header{"Set-Cookie": {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	op.Responses[strconv.Itoa(o.route.status)] = response
}

// bodySchema returns the schema of a struct's body. A body of an unnamed type is named by its tag nameHint, or after the struct.
func bodySchema(schemas huma.Registry, of reflect.Type, field int, unnamed string) *huma.Schema {
	f := of.Field(field)
	if of.Name() != "" {
		unnamed = of.Name() + f.Name
	}
	return huma.SchemaFromField(schemas, f, cmp.Or(f.Tag.Get("nameHint"), unnamed))
}

// register adds an operation to the API.
func (s *Server) register(o *operation) {
	op := o.route.operation()
	op.Middlewares = huma.Middlewares{s.admit(o.route)}
	o.document(s.api.OpenAPI().Components.Schemas, &op)
	s.serveOperation(o, op)
	if o.route.method == http.MethodGet {
		op.Method, op.Hidden = http.MethodHead, true
		s.serveOperation(o, op)
	}
}

func (s *Server) serveOperation(o *operation, op huma.Operation) {
	if o.answer < 0 {
		huma.Register(s.api, op, func(ctx context.Context, _ *struct{}) (*head, error) {
			out, err := s.run(ctx, o)
			if !out.IsValid() {
				return nil, err
			}
			return &head{o.statusOf(out), o.cookieOf(out)}, nil
		})
		return
	}
	huma.Register(s.api, op, func(ctx context.Context, _ *struct{}) (*headAndBody, error) {
		out, err := s.run(ctx, o)
		if !out.IsValid() {
			return nil, err
		}
		return &headAndBody{o.statusOf(out), o.cookieOf(out), out.Field(o.answer).Interface()}, nil
	})
}

// run calls the handler. It returns the handler's output; not a valid value: an error, or no output.
func (s *Server) run(ctx context.Context, o *operation) (reflect.Value, error) {
	c := ctx.Value(callKey{}).(*call)
	in, err := s.inputOf(c, o)
	if err != nil {
		return reflect.Value{}, err
	}
	out, err := o.handle(ctx, c, in)
	if err != nil {
		s.recordRefusedBy(o.route, c, err)
		setRetryAfter(c.http, err)
		return reflect.Value{}, s.problem(o.route.method, o.route.path, err)
	}
	s.recordInTrail(c)
	return reflect.Indirect(reflect.ValueOf(out)), nil
}

// inputOf returns a pointer to the handler's input. Huma has validated the body.
func (s *Server) inputOf(c *call, o *operation) (any, error) {
	in := reflect.New(o.in)
	for _, p := range o.params {
		value := strings.ReplaceAll(c.http.Params(p.name), string(slashMark), "/")
		at := huma.NewPathBuffer(make([]byte, 0, 64), 0)
		at.Push("path")
		at.Push(p.name)
		var result huma.ValidateResult
		huma.Validate(s.api.OpenAPI().Components.Schemas, p.schema, at, huma.ModeWriteToServer, value, &result)
		if len(result.Errors) > 0 {
			return nil, huma.NewError(http.StatusUnprocessableEntity, "validation failed", result.Errors...)
		}
		in.Elem().Field(p.field).SetString(value)
	}
	if o.body >= 0 {
		if err := wire.Format.Unmarshal(c.body, in.Elem().Field(o.body).Addr().Interface()); err != nil {
			return nil, huma.NewError(http.StatusUnprocessableEntity, "validation failed",
				&huma.ErrorDetail{Location: "body", Message: err.Error(), Value: string(c.body)})
		}
	}
	return in.Interface(), nil
}

func (o *operation) statusOf(out reflect.Value) int {
	if o.status < 0 {
		return o.route.status
	}
	return int(out.Field(o.status).Int())
}

// cookieOf returns the value of the header Set-Cookie; empty: there is none.
func (o *operation) cookieOf(out reflect.Value) string {
	if o.cookie < 0 {
		return ""
	}
	return out.Field(o.cookie).Addr().Interface().(*http.Cookie).String()
}
