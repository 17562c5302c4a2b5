package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"

	"oplog/journal"
	"oplog/oplog"
)

// newEntryBody is an entry as it is sent: without what the log itself gives to
// it. Pointers tell what was left out, or null, from what is empty.
type newEntryBody struct {
	ID           *string         `json:"id,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9._:-]+$" doc:"The sender's own, so that a request can be repeated; with it, time is needed. The same id on the same UTC day is the same entry."`
	Time         *time.Time      `json:"time,omitempty" doc:"When it happened; left out: now."`
	User         newUserBody     `json:"user" doc:"Who did it."`
	Organization newRefBody      `json:"organization,omitzero" doc:"The user's organization when it happened; one that the tenant does not have yet is added, up to 100,000."`
	Module       string          `json:"module" doc:"Key of a functional module of the catalog."`
	Operation    string          `json:"operation" doc:"Key of an operation type that the catalog allows for the module."`
	Content      newRefBody      `json:"content,omitzero" doc:"What was operated on."`
	Origin       *string         `json:"origin,omitempty" enum:"manual,api" doc:"Left out: manual. What came through an API is counted, and not stored."`
	Outcome      *string         `json:"outcome,omitempty" enum:"success,failure" doc:"Left out: success."`
	IP           string          `json:"ip,omitempty" maxLength:"1024"`
	UserAgent    string          `json:"user_agent,omitempty" maxLength:"1024"`
	Changes      []newChangeBody `json:"changes,omitempty" maxItems:"100" doc:"Fields of the content before and after; at most 256 KiB of values in all."`
	Details      jsonValue       `json:"details,omitempty" doc:"An object of at most 16 KiB."`
}

type newUserBody struct {
	ID   string `json:"id" minLength:"1" maxLength:"128"`
	Name string `json:"name" minLength:"1" maxLength:"128" doc:"As it was at the time."`
	Role string `json:"role,omitempty" maxLength:"128"`
}

type newRefBody struct {
	ID   string `json:"id,omitempty" doc:"Id in the host system: at most 128 characters of an organization, 256 of content."`
	Name string `json:"name,omitempty" maxLength:"1024" doc:"As it was at the time."`
}

type newChangeBody struct {
	Field  string    `json:"field" minLength:"1" maxLength:"256"`
	Before jsonValue `json:"before,omitempty"`
	After  jsonValue `json:"after,omitempty"`
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

// batch collects the entries of a request, and all that is wrong with them.
type batch struct {
	entries []oplog.Entry
	catalog *oplog.Catalog
	now     time.Time
	broken  []oplog.FieldError
	alone   bool // the body is one entry, not a list
}

// recordEntries is the handler of POST T/entries.
func (s *Server) recordEntries(c *fiber.Ctx, in *call) error {
	media, err := contentType(c, jsonType, ndjsonType)
	if err != nil {
		return err
	}
	body, err := s.readBody(c)
	if err != nil {
		return err
	}
	b := &batch{now: s.now()}
	if b.catalog, err = s.log.Directory.Catalog(in.tenant.ID); err != nil {
		return err
	}
	if media == ndjsonType {
		err = b.readLines(body)
	} else {
		err = b.read(body)
	}
	if err != nil {
		return err
	}
	if err := b.err(); err != nil {
		return b.place(err)
	}
	start := time.Now()
	answer, err := s.log.Journal.Append(c.UserContext(), in.tenant.ID, b.entries)
	if err != nil {
		return b.place(err)
	}
	s.meters.write.UpdateDuration(start)
	answer.Entries = orEmpty(answer.Entries)
	return sendJSON(c, http.StatusCreated, jsonType, answer)
}

// place tells where the request has the entries that an error names.
func (b *batch) place(err error) error {
	if b.alone {
		return err
	}
	return &inList{err, "entries"}
}

// err names every entry that cannot be stored, and why.
func (b *batch) err() error {
	if len(b.broken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "Nothing was stored, because some entries break a rule.", Fields: b.broken}
}

// add takes the next entry. It is checked here as well as by the log, so that
// one answer names the entries of a wrong form and those that break a rule.
func (b *batch) add(text []byte, options jsonv2.Options) error {
	i := len(b.entries)
	if i == oplog.MaxEntriesPerRequest {
		return oplog.Errorf(oplog.CodeTooLarge, "More than %d entries are too many for one request; send them in parts.", oplog.MaxEntriesPerRequest)
	}
	var body newEntryBody
	err := jsonv2.Unmarshal(text, &body, options)
	if _, isSyntax := syntaxError(err); isSyntax {
		return err
	}
	e, broken := body.entry()
	b.entries = append(b.entries, e)
	if err != nil {
		broken = []oplog.FieldError{fieldOf(err)}
	} else {
		checked := e
		checked.Changes = append([]oplog.Change(nil), e.Changes...) // checking tidies them in place
		broken = append(broken, checked.Validate(b.catalog, b.now)...)
	}
	for _, f := range broken {
		f.Item = i + 1
		b.broken = append(b.broken, f)
	}
	return nil
}

// readLines reads NDJSON: an entry on each line, blank lines between them or
// none.
func (b *batch) readLines(body []byte) error {
	number := 0
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		err := b.add(line, readStrictly)
		if reason, ok := syntaxError(err); ok {
			return oplog.Errorf(oplog.CodeMalformed, "Line %d is not JSON: %s.", number, reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads one entry, or {"entries": […]}.
func (b *batch) read(body []byte) error {
	if err := checkSyntax(body); err != nil {
		return err
	}
	members, err := splitObject(body)
	if err != nil {
		return err
	}
	list, isBatch := members["entries"]
	if !isBatch {
		b.alone = true
		return b.add(body, readLeniently)
	}
	for name := range members {
		if name != "entries" {
			b.broken = append(b.broken, oplog.FieldError{Field: shorten(name), Message: "is not a field that this takes beside entries"})
		}
	}
	return b.readArray(list)
}

func (b *batch) readArray(list jsontext.Value) error {
	if kind := list.Kind(); kind != '[' {
		b.broken = append(b.broken, oplog.FieldError{Field: "entries", Message: "is " + kindName(kind) + "; it must be an array"})
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil {
		return malformed(list, err)
	}
	for d.PeekKind() != ']' {
		text, err := d.ReadValue()
		if err != nil {
			return malformed(list, err)
		}
		if err := b.add(text, readLeniently); err != nil {
			return err
		}
	}
	return nil
}

// splitObject returns the members of a JSON object whose syntax was checked.
func splitObject(text []byte) (map[string]jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if kind := d.PeekKind(); kind != '{' {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The body is " + kindName(kind) + "; send an object.", Fields: []oplog.FieldError{
			{Message: `must be one entry, or {"entries": […]}; for one entry a line say Content-Type: ` + ndjsonType},
		}}
	}
	members := make(map[string]jsontext.Value)
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() != '}' {
		var name jsontext.Token
		if name, err = d.ReadToken(); err != nil {
			break
		}
		key := name.String()
		start := d.InputOffset()
		if err = d.SkipValue(); err == nil {
			value := bytes.TrimLeft(text[start:d.InputOffset()], " \t\r\n:")
			members[key] = value
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, malformed(text, err)
	}
	return members, nil
}

func describeIngest(r huma.Registry, op *huma.Operation) {
	entry := r.Schema(reflect.TypeFor[newEntryBody](), true, "")
	many := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"entries"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"entries": {Type: huma.TypeArray, Items: entry, MaxItems: count(oplog.MaxEntriesPerRequest)}},
	}
	op.Description = strings.Join([]string{
		"All are stored or none. The answer comes once they are on disk, in order of the request;",
		"422 names every entry that broke a rule. At most 10,000 entries and 16 MiB, counted without compression;",
		"Content-Encoding gzip is taken. null for a field that may be left out means that it is left out.",
	}, " ")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		jsonType:   {Schema: &huma.Schema{OneOf: []*huma.Schema{entry, many}}},
		ndjsonType: {Schema: entry},
	}}
	op.Responses["201"] = &huma.Response{Description: "Recorded", Content: map[string]*huma.MediaType{
		jsonType: {Schema: r.Schema(reflect.TypeFor[journal.Appended](), true, "")},
	}}
}

func count(n int) *int { return &n }
