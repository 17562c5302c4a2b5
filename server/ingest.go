package server

import (
	"encoding/json"
	"fmt"
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

// newEntryBody is an entry as it is sent: without what the log itself gives to
// it. Pointers tell what was left out, or null, from what is empty.
type newEntryBody struct {
	ID           *string         `json:"id,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9._:-]+$" doc:"The sender's own, so that a request can be repeated; with it, time is required. The same id on the same UTC day is the same entry."`
	Time         *time.Time      `json:"time,omitempty" doc:"When it happened; left out: now."`
	User         newUserBody     `json:"user" doc:"Who did it."`
	Organization newRefBody      `json:"organization,omitzero" doc:"The user's organization when it happened; one that the tenant does not have yet is added, up to 100,000."`
	Module       string          `json:"module" doc:"Key of a functional module of the catalog."`
	Operation    string          `json:"operation" doc:"Key of an operation type that the catalog allows for the module."`
	Content      newRefBody      `json:"content,omitzero" doc:"What was operated on."`
	Origin       *string         `json:"origin,omitempty" enum:"manual,api" doc:"Left out: manual. What came through an API is counted, and not stored."`
	Outcome      *string         `json:"outcome,omitempty" enum:"success,failure" doc:"Left out: success."`
	IP           string          `json:"ip,omitempty" maxLength:"1024" doc:"Where from."`
	UserAgent    string          `json:"user_agent,omitempty" maxLength:"1024" doc:"What the client said it is."`
	Changes      []newChangeBody `json:"changes,omitempty" maxItems:"100" doc:"Fields of the content before and after; at most 256 KiB of values in all."`
	Details      jsonValue       `json:"details,omitempty" doc:"An object of at most 16 KiB." type:"object"`
}

type newUserBody struct {
	ID   string `json:"id" minLength:"1" maxLength:"128" doc:"Id in the host system."`
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"As it was at the time."`
	Role string `json:"role,omitempty" maxLength:"128" doc:"As the host system calls it."`
}

type newRefBody struct {
	ID   string `json:"id,omitempty" doc:"Id in the host system: at most 128 characters of an organization, 256 of content."`
	Name string `json:"name,omitempty" maxLength:"1024" doc:"As it was at the time."`
}

type newChangeBody struct {
	Field  string    `json:"field" minLength:"1" maxLength:"256" doc:"Name of the field."`
	Before jsonValue `json:"before,omitempty" doc:"Any JSON value; left out where there was none."`
	After  jsonValue `json:"after,omitempty" doc:"Any JSON value; left out where there is none."`
}

// jsonValue is any JSON value, as it was sent.
type jsonValue = jsontext.Value

// entry turns what was sent into an entry, and names what is empty and must
// not be, which an entry itself cannot tell from what was left out.
func (b *newEntryBody) entry() (oplog.Entry, []oplog.FieldError) {
	e := oplog.Entry{
		User: oplog.User(b.User), Organization: oplog.Ref(b.Organization), Module: b.Module, Operation: b.Operation,
		Content: oplog.Ref(b.Content), IP: b.IP, UserAgent: b.UserAgent, Details: json.RawMessage(b.Details),
	}
	var broken []oplog.FieldError
	take := func(field *string, sent *string, name string) {
		if sent == nil {
			return
		}
		if *field = *sent; *sent == "" {
			broken = append(broken, oplog.FieldError{Field: name, Message: "is empty; give it a value, or leave it out", Value: ""})
		}
	}
	take(&e.ID, b.ID, "id")
	take(&e.Origin, b.Origin, "origin")
	take(&e.Outcome, b.Outcome, "outcome")
	if b.Time != nil {
		if e.Time = *b.Time; e.Time.IsZero() {
			broken = append(broken, oplog.FieldError{Field: "time", Message: fmt.Sprintf("is before %d", oplog.MinYear), Value: e.Time.Format(time.RFC3339)})
		}
	}
	if len(b.Changes) > 0 {
		e.Changes = make([]oplog.Change, len(b.Changes))
		for i, c := range b.Changes {
			e.Changes[i] = oplog.Change{Field: c.Field, Before: json.RawMessage(c.Before), After: json.RawMessage(c.After)}
		}
	}
	return e, broken
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
	start := time.Now()
	answer, err := s.journal.Append(c.UserContext(), in.tenant.ID, b.entries)
	if err != nil {
		return b.place(err)
	}
	s.meters.write.UpdateDuration(start)
	answer.Entries = orEmpty(answer.Entries)
	return wire.SendJSON(c, http.StatusCreated, wire.JSONType, appendedBody(answer))
}

// refuseBatch answers a request with entries that cannot be read. The log never
// sees it, so the others are validated here: one answer names all that is wrong.
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
		"All are stored or none. The answer comes once they are on disk, in order of the request;",
		"422 names every entry that broke a rule. At most 10,000 entries and 16 MiB, counted without compression;",
		"Content-Encoding gzip is taken. null for a field that may be left out means that it is left out.",
	}, " ")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		wire.JSONType:   {Schema: &huma.Schema{OneOf: []*huma.Schema{entry, many}}},
		wire.NDJSONType: {Schema: entry},
	}}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: map[string]*huma.MediaType{
		wire.JSONType: {Schema: r.Schema(reflect.TypeFor[journal.Appended](), true, "")},
	}}
}
