package server

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
	"oplog/server/wire"
	"oplog/trail"
)

// call is a request after authorization, before its handler runs.
type call struct {
	*principal
	at           time.Time // when it came
	query        url.Values
	body         []byte // of an operation served by Huma
	route        *route
	trailDetails trailDetails // for the trail
	audit        *trail.Audit // tells of the change that the call makes, if it makes one
	http         *fiber.Ctx   // the connection's address, and headers of the response
}

// ip returns the client's IP address.
func (in *call) ip() string { return in.http.Context().RemoteIP().String() }

// holder names the caller in budgets: a person or a program with its tenant, or else the network that the request came from.
func (in *call) holder() wire.Holder {
	switch {
	case in.key.ID != "":
		return wire.Holder{Caller: "key " + in.key.Tenant + " " + in.key.ID, Tenant: in.key.Tenant}
	case in.account.Username != "":
		who := in.who()
		return wire.Holder{Caller: "user " + who.Tenant + " " + who.Person(), Tenant: who.Tenant}
	}
	return wire.Holder{Caller: "address " + in.network()}
}

type (
	callKey   struct{}
	holderKey struct{} // of the caller, see holder
)

// typed makes a route of a handler served by Huma, which validates input, encodes output, and documents both by their types; see operation.
func typed[I, O any](handle func(context.Context, *call, *I) (*O, error)) func(*Server, *route) {
	return func(s *Server, r *route) {
		o := newOperation(r, reflect.TypeFor[I](), reflect.TypeFor[O]())
		o.handle = func(ctx context.Context, c *call, in any) (any, error) {
			out, err := handle(ctx, c, in.(*I))
			if err != nil || out == nil {
				return nil, err
			}
			return out, nil
		}
		s.register(o)
	}
}

// raw makes a route of a handler that reads the body itself or streams its response, which Huma would buffer in memory; describe
// documents both.
func raw(handle func(*fiber.Ctx, *call) error, describe func(huma.Registry, *huma.Operation)) func(*Server, *route) {
	return func(s *Server, r *route) {
		op := r.operation()
		op.Responses["default"] = wire.ProblemResponse(s.api.OpenAPI().Components.Schemas)
		describe(s.api.OpenAPI().Components.Schemas, &op)
		s.api.OpenAPI().AddOperation(&op)
		serve := func(c *fiber.Ctx) error {
			in, err := s.enter(c, r)
			if err != nil {
				return err
			}
			if err := handle(c, in); err != nil {
				s.recordRefusedBy(r, in, err)
				return err
			}
			if c.Response().StatusCode() < http.StatusBadRequest {
				s.recordInTrail(in)
			}
			return nil
		}
		path := strings.NewReplacer("{", ":", "}", "").Replace(r.path)
		s.app.Add(r.method, path, serve)
		if r.method == http.MethodGet {
			s.app.Add(http.MethodHead, path, serve)
		}
	}
}

// admit passes an authorized request on to Huma, or responds with an error.
func (s *Server) admit(r *route) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		c := humafiber.Unwrap(hc)
		in, err := s.enter(c, r)
		if err == nil && !plainEncoding(c) {
			err = fiber.NewError(http.StatusUnsupportedMediaType, "Content-Encoding is not supported here; send the body uncompressed.")
		}
		if err == nil {
			in.body, err = s.bodies.Take(c, in.holder())
		}
		if err == nil && changes(r.method) && r.callers != anyone {
			_, err = s.callerNow(in.principal) // the body may have taken long to arrive
		}
		if err != nil {
			_ = s.fail(c, err) // cannot fail: it writes to memory
			return
		}
		ctx, cancel := context.WithTimeout(context.WithValue(hc.Context(), callKey{}, in), requestTimeout)
		defer cancel()
		if !changes(r.method) { // a change is made even if its caller does not see the response
			defer wire.WatchLater(s.watchAfter, c.Context().Conn(), cancel)()
		}
		if r.takesTurn() {
			if err := s.takeTurn(ctx, c, in.holder()); err != nil {
				_ = s.fail(c, err) // as above
				return
			}
		}
		next(huma.WithContext(hc, ctx))
	}
}

// readBody returns the body of a request. Since it may take long to arrive, the caller is authorized again afterwards.
func (s *Server) readBody(c *fiber.Ctx, in *call) ([]byte, error) {
	body, err := s.bodies.Read(c, in.holder())
	if err == nil {
		_, err = s.callerNow(in.principal)
	}
	return body, err
}

func plainEncoding(c *fiber.Ctx) bool {
	encoding := c.Get(fiber.HeaderContentEncoding)
	return encoding == "" || strings.EqualFold(encoding, "identity")
}

// enter authenticates and authorizes the caller and parses the query.
func (s *Server) enter(c *fiber.Ctx, r *route) (*call, error) {
	if _, err := url.ParseRequestURI(c.OriginalURL()); err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The URL is malformed.")
	}
	p, err := s.authorize(c, r)
	if err != nil {
		s.recordRefusal(c, p, err)
		return nil, err
	}
	if err := s.checkSpace(r, p); err != nil {
		return nil, err
	}
	in := &call{principal: p, at: s.now(), route: r, http: c}
	c.Locals(holderKey{}, in.holder())
	raw := string(c.Request().URI().QueryString())
	if raw == "" {
		return in, nil
	}
	if in.query, err = url.ParseQuery(raw); err != nil {
		return nil, oplog.Errorf(oplog.CodeMalformed, "The query string is malformed: %v.", err)
	}
	if r.id == finishProvider {
		return in, nil // a provider may send what it likes; what is not known says nothing
	}
	return in, r.rejectUnknownParams(in.query)
}

// rejectUnknownParams rejects unknown query parameters: a misspelled filter would match everything.
func (r *route) rejectUnknownParams(query url.Values) error {
	var unknown []oplog.FieldError
	for name, values := range query {
		if !slices.ContainsFunc(r.params, func(p *huma.Param) bool { return p.Name == name }) {
			unknown = append(unknown, oplog.FieldError{Part: oplog.InQuery, Field: name, Value: wire.Shorten(values[0]), Violation: oplog.Violates("unknown_parameter", "is not a parameter of this operation")})
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	sort.Slice(unknown, func(i, j int) bool { return unknown[i].Field < unknown[j].Field })
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "Unknown query parameters.", Fields: unknown}
}

// operation documents the route, except its input and output.
func (r *route) operation() huma.Operation {
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, DefaultStatus: r.status,
		Responses: map[string]*huma.Response{}, Security: []map[string][]string{},
		Tags: []string{chapterOf(r.path)}, Extensions: map[string]any{"x-callers": r.callers.names()},
	}
	if r.callers&(confirmed|confirmedIf) != 0 {
		op.Extensions["x-confirm"] = map[bool]string{true: "always", false: "sometimes"}[r.callers&confirmed != 0]
	}
	if strings.Contains(r.path, "{tenant}") {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "tenant", In: "path", Required: true, Description: "The tenant's id.", Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
	op.Parameters = append(op.Parameters, r.params...)
	op.Parameters = append(op.Parameters, r.actHeaders()...)
	if r.callers&users != 0 {
		op.Security = append(op.Security, map[string][]string{"session": {}})
	}
	if r.callers&keys != 0 {
		op.Security = append(op.Security, map[string][]string{"key": {}})
	}
	return op
}

// matches reports whether a path is one of the route's.
func (r *route) matches(path string) bool {
	want, have := strings.Split(r.path, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, have, func(w, h string) bool {
		return w == h || strings.HasPrefix(w, "{") && h != ""
	})
}

// notFound responds to requests that no route of the API matches.
func (s *Server) notFound(c *fiber.Ctx) error {
	if !isAPI(c.Path()) {
		return c.Next() // Fiber matches by prefix, but /apiary belongs to the console
	}
	var allowed []string
	for i := range s.table {
		if s.table[i].matches(c.Path()) {
			allowed = append(allowed, s.table[i].method)
		}
	}
	if len(allowed) == 0 {
		return fiber.NewError(http.StatusNotFound, "Not found.")
	}
	c.Set(fiber.HeaderAllow, strings.Join(allowed, ", "))
	return fiber.NewError(http.StatusMethodNotAllowed, "Allowed methods: "+strings.Join(allowed, ", ")+".")
}
