package server

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"oplog/journal"
	"oplog/oplog"
	"oplog/server/wire"
)

// newEntryBody is an entry as sent: without the fields that the log assigns. Pointers distinguish omitted fields and null from empty ones.
type newEntryBody struct {
	ID           *string         `json:"id,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9._:-]+$" doc:"The sender's own id, which makes retries safe; requires time. The same id on the same UTC day is the same entry."`
	Time         *time.Time      `json:"time,omitempty" doc:"Time of the operation; defaults to now."`
	User         newUserBody     `json:"user" doc:"The acting user."`
	Organization newRefBody      `json:"organization,omitzero" doc:"The user's organization at that time; unknown organizations are added to the tenant, up to 100,000."`
	Module       string          `json:"module" doc:"Key of a functional module of the catalog."`
	Operation    string          `json:"operation" doc:"Key of an operation type that the catalog allows for the module."`
	Content      newRefBody      `json:"content,omitzero" doc:"The object of the operation."`
	Origin       *string         `json:"origin,omitempty" enum:"manual,api" doc:"Defaults to manual. Operations through an API are counted but not stored."`
	Outcome      *string         `json:"outcome,omitempty" enum:"success,failure" doc:"Defaults to success."`
	IP           string          `json:"ip,omitempty" maxLength:"1024" doc:"IP address of the client."`
	UserAgent    string          `json:"user_agent,omitempty" maxLength:"1024" doc:"The User-Agent header."`
	Changes      []newChangeBody `json:"changes,omitempty" maxItems:"100" doc:"Fields of the content before and after; at most 256 KiB of values in total."`
	Details      jsonValue       `json:"details,omitempty" doc:"An object of at most 16 KiB." type:"object"`
}

type newUserBody struct {
	ID   string `json:"id" minLength:"1" maxLength:"128" doc:"Id in the host system."`
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"Name at the time of the operation."`
	Role string `json:"role,omitempty" maxLength:"128" doc:"Role in the host system."`
}

type newRefBody struct {
	ID   string `json:"id,omitempty" doc:"Id in the host system: at most 128 characters of an organization, 256 of content."`
	Name string `json:"name,omitempty" maxLength:"1024" doc:"Name at the time of the operation."`
}

type newChangeBody struct {
	Field  string    `json:"field" minLength:"1" maxLength:"256" doc:"Name of the field."`
	Before jsonValue `json:"before,omitempty" doc:"Any JSON value; omitted if there was none."`
	After  jsonValue `json:"after,omitempty" doc:"Any JSON value; omitted if there is none."`
}

// jsonValue is any JSON value, as sent.
type jsonValue = jsontext.Value

// entry converts the body to an entry, and returns fields that are empty but must not be, which an entry cannot distinguish from omitted
// ones.
func (b *newEntryBody) entry() (oplog.Entry, []oplog.FieldError) {
	e := oplog.Entry{
		User: oplog.User(b.User), Organization: oplog.Ref(b.Organization), Module: b.Module, Operation: b.Operation,
		Content: oplog.Ref(b.Content), IP: b.IP, UserAgent: b.UserAgent, Details: json.RawMessage(b.Details),
	}
	var errs []oplog.FieldError
	take := func(field *string, sent *string, name string) {
		if sent == nil {
			return
		}
		if *field = *sent; *sent == "" {
			errs = append(errs, oplog.FieldError{Field: name, Value: "", Violation: oplog.Violates("empty", "is empty; set it or omit it")})
		}
	}
	take(&e.ID, b.ID, "id")
	take(&e.Origin, b.Origin, "origin")
	take(&e.Outcome, b.Outcome, "outcome")
	if b.Time != nil {
		if e.Time = *b.Time; e.Time.IsZero() {
			errs = append(errs, oplog.FieldError{Field: "time", Value: e.Time.Format(time.RFC3339), Violation: oplog.Violates("before_year", "is before {year}", oplog.MinYear)})
		}
	}
	if len(b.Changes) > 0 {
		e.Changes = make([]oplog.Change, len(b.Changes))
		for i, c := range b.Changes {
			e.Changes[i] = oplog.Change{Field: c.Field, Before: json.RawMessage(c.Before), After: json.RawMessage(c.After)}
		}
	}
	return e, errs
}

// recordEntries is the handler of POST T/entries.
func (s *Server) recordEntries(c *fiber.Ctx, in *call) error {
	media, err := wire.ContentType(c, wire.JSONType, wire.NDJSONType)
	if err != nil {
		return err
	}
	body, err := s.readBody(c, in)
	if err != nil {
		return err
	}
	b := &batch{}
	if media == wire.NDJSONType {
		err = b.readLines(body)
	} else {
		err = b.read(body)
	}
	if err != nil {
		return err
	}
	if b.broken {
		return s.refuseBatch(b, in.tenant.ID)
	}
	for i := range b.entries {
		b.entries[i].KeyID = in.key.ID
	}
	ctx, stop := s.whileThere(c)
	answer, err := s.journal.Append(ctx, in.tenant.ID, b.entries, s.stillMay(in))
	if stop(); err != nil {
		return b.place(err)
	}
	answer.Entries = orEmpty(answer.Entries)
	return wire.SendJSON(c, http.StatusCreated, wire.JSONType, appendedBody(answer))
}

// refuseBatch responds to a request with entries that cannot be decoded. The log never sees it, so the other entries are validated here:
// one response lists every error.
func (s *Server) refuseBatch(b *batch, tenant string) error {
	catalog, err := s.directory.Catalog(tenant)
	if err != nil {
		return err
	}
	now := s.now()
	fields := b.request
	for i := range b.entries {
		form := b.forms[i]
		if !form.unreadable {
			form.fields = append(form.fields, b.entries[i].Validate(catalog, now)...)
		}
		for _, f := range form.fields {
			f.Item = i + 1
			fields = append(fields, f)
		}
		if len(fields) > wire.MaxFieldErrors {
			break // no more are listed
		}
	}
	return b.place(&oplog.Error{Code: oplog.CodeInvalid, Message: "No entries were stored: some are invalid.", Fields: fields})
}

func describeIngest(r huma.Registry, op *huma.Operation) {
	entry := r.Schema(reflect.TypeFor[newEntryBody](), true, "")
	many := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"entries"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"entries": {Type: huma.TypeArray, Items: entry, MaxItems: new(oplog.MaxEntriesPerRequest)}},
	}
	op.Description = strings.Join([]string{
		"All entries are stored or none. The response is sent once they are on disk, in order of the request;",
		"422 lists every invalid entry. At most 10,000 entries and 16 MiB uncompressed;",
		"Content-Encoding gzip is supported. null for an optional field counts as omitted.",
	}, " ")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		wire.JSONType:   {Schema: &huma.Schema{OneOf: []*huma.Schema{entry, many}}},
		wire.NDJSONType: {Schema: entry},
	}}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: map[string]*huma.MediaType{
		wire.JSONType: {Schema: r.Schema(reflect.TypeFor[journal.Appended](), true, "")},
	}}
}
