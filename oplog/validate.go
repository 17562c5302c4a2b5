package oplog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of an entry's fields; lengths are in characters unless noted.
const (
	MaxIDLength          = 64
	MaxUserLength        = 128 // id, name and role, each
	MaxOrganizationID    = 128
	MaxNameLength        = 1024 // names of contents and organizations
	MaxContentID         = 256
	MaxOriginLength      = 1024 // ip and user_agent, each
	MaxKeyLength         = 64   // keys of modules and operation types, in bytes
	MaxChanges           = 100
	MaxChangeField       = 256
	MaxChangesBytes      = 256 << 10 // all before and after values of an entry
	MaxDetailsBytes      = 16 << 10
	MaxDepth             = 64 // levels of nested objects and arrays of a JSON value
	MaxTimeAhead         = 24 * time.Hour
	MinYear              = 1970 // the earliest year of a time, in UTC
	MaxEntriesPerRequest = 10_000
)

var earliestTime = time.Date(MinYear, 1, 1, 0, 0, 0, 0, time.UTC)

// Validate checks an entry as sent against every rule and returns its invalid fields. Times are checked against now. It sets the defaults
// of omitted fields: origin, outcome, and the time if no id was sent.
func (e *Entry) Validate(catalog *Catalog, now time.Time) []FieldError {
	v := Validation{}
	v.id(e.ID)
	e.Time = v.time(e, now)
	v.Text("user.id", e.User.ID, 1, MaxUserLength)
	v.Text("user.name", e.User.Name, 1, MaxUserLength)
	v.Text("user.role", e.User.Role, 0, MaxUserLength)
	v.Text("organization.id", e.Organization.ID, min(1, len(e.Organization.Name)), MaxOrganizationID)
	v.Text("organization.name", e.Organization.Name, 0, MaxNameLength)
	v.Text("content.id", e.Content.ID, 0, MaxContentID)
	v.Text("content.name", e.Content.Name, 0, MaxNameLength)
	v.Text("ip", e.IP, 0, MaxOriginLength)
	v.Text("user_agent", e.UserAgent, 0, MaxOriginLength)
	v.Text("key", e.KeyID, 0, MaxUserLength) // of an imported entry
	e.Origin = v.oneOf("origin", e.Origin, OriginManual, OriginAPI)
	e.Outcome = v.oneOf("outcome", e.Outcome, OutcomeSuccess, OutcomeFailure)
	v.operation(catalog, e.Module, e.Operation)
	e.Changes = v.changes(e.Changes)
	e.Details = v.details(e.Details)
	return v.Errors
}

// Validation collects invalid fields.
type Validation struct {
	part   Part // of the request, to which the fields belong
	item   int  // of the part, from 1; 0 for none
	Errors []FieldError
}

// Fail adds an invalid field; code, message and args are those of [Violates].
func (v *Validation) Fail(field string, value any, code, message string, args ...any) {
	if s, ok := value.(string); ok {
		value = Shorten(s)
	}
	v.Errors = append(v.Errors, FieldError{Part: v.part, Item: v.item, Field: field, Value: value, Violation: Violates(code, message, args...)})
}

// Shorten limits the length of text quoted in errors.
func Shorten(s string) string {
	const most = 64
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

func (v *Validation) id(id string) {
	if id == "" {
		return
	}
	if len(id) > MaxIDLength {
		v.Fail("id", id, "too_long", "is {length} characters long; at most {max}", len(id), MaxIDLength)
		return
	}
	for _, c := range []byte(id) {
		if !isASCIIWord(c) && c != '.' && c != ':' && c != '-' {
			v.Fail("id", id, "not_an_id", "may contain only A-Z a-z 0-9 . _ : -")
			return
		}
	}
}

func isASCIIWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

func (v *Validation) time(e *Entry, now time.Time) time.Time {
	t := e.Time
	switch {
	case t.IsZero() && e.ID != "":
		v.Fail("time", nil, "time_required", "is required when id is sent, so that a retry means the same entry")
	case t.IsZero():
		t = now
	case t.Before(earliestTime):
		v.Fail("time", t.Format(time.RFC3339), "before_year", "is before {year}", MinYear)
	case t.After(now.Add(MaxTimeAhead)):
		v.Fail("time", t.Format(time.RFC3339), "in_the_future", "is more than {hours} h ahead of the server's clock ({now})", int(MaxTimeAhead/time.Hour), now.UTC().Format(time.RFC3339))
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Text checks that a text is valid UTF-8 without NUL and has an allowed number of characters.
func (v *Validation) Text(field, s string, least, most int) {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		v.Fail(field, nil, "not_utf8", "is not valid UTF-8")
	case strings.ContainsRune(s, 0):
		v.Fail(field, s, "contains_nul", "contains a NUL character")
	case n < least:
		v.Fail(field, s, "required", "is required")
	case n > most:
		v.Fail(field, s, "too_long", "is {length} characters long; at most {max}", n, most)
	}
}

// Name checks the name of something that people manage: a text on one line, of an allowed number of characters.
func (v *Validation) Name(field, s string, least, most int) {
	before := len(v.Errors)
	v.Text(field, s, least, most)
	if len(v.Errors) == before && strings.ContainsFunc(s, unicode.IsControl) {
		v.Fail(field, s, "control_characters", "contains a control character, such as a line break")
	}
}

func (v *Validation) oneOf(field, s string, allowed ...string) string {
	if s == "" {
		return allowed[0]
	}
	for _, a := range allowed {
		if s == a {
			return s
		}
	}
	v.Fail(field, s, "not_one_of", "is not one of {allowed}", allowed)
	return s
}

func (v *Validation) operation(catalog *Catalog, module, operation string) {
	switch m, ok := catalog.Module(module); {
	case module == "":
		v.Fail("module", module, "required", "is required; one of {allowed}", catalog.ModuleKeys())
	case !ok:
		v.Fail("module", module, "not_one_of", "is not in the catalog; one of {allowed}", catalog.ModuleKeys())
	case m.Retired:
		v.Fail("module", module, "retired", "is retired; one of {allowed}", catalog.ModuleKeys())
	case operation == "":
		v.Fail("operation", operation, "required", "is required; module {module} allows {allowed}", module, catalog.allowed(m))
	case !m.Allows(operation):
		v.Fail("operation", operation, "not_one_of", "is not allowed for module {module}; allowed are {allowed}", module, catalog.allowed(m))
	case catalog.retired(operation):
		v.Fail("operation", operation, "retired", "is retired; module {module} allows {allowed}", module, catalog.allowed(m))
	}
}

func (v *Validation) changes(changes []Change) []Change {
	if len(changes) > MaxChanges {
		v.Fail("changes", len(changes), "too_many", "has {count} items; at most {max}", len(changes), MaxChanges)
		return changes
	}
	size := 0
	for i := range changes {
		c := &changes[i]
		at := fmt.Sprintf("changes[%d]", i)
		v.Text(at+".field", c.Field, 1, MaxChangeField)
		size += len(c.Before) + len(c.After)
		c.Before = v.value(at+".before", c.Before)
		c.After = v.value(at+".after", c.After)
	}
	if size > MaxChangesBytes {
		v.Fail("changes", nil, "too_large", "has {bytes} bytes of values; at most {max}", size, MaxChangesBytes)
	}
	return changes
}

// value checks a JSON value and returns it without insignificant white space.
func (v *Validation) value(field string, raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return nil
	}
	if Depth(raw) > MaxDepth {
		v.Fail(field, nil, "too_deep", "is nested more than {max} levels deep", MaxDepth)
		return raw
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		v.Fail(field, nil, "not_json", "is not JSON: {reason}", err.Error())
		return raw
	}
	if holdsNUL(out.Bytes()) {
		v.Fail(field, nil, "contains_nul", "contains a NUL character")
	}
	if !utf8.Valid(out.Bytes()) {
		v.Fail(field, nil, "not_utf8", "is not valid UTF-8")
	}
	return out.Bytes()
}

// Depth returns how many levels deep the objects and arrays of a JSON text are nested.
func Depth(raw []byte) int {
	depth, deepest, inString := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			inString = !inString
		case inString:
			if c == '\\' {
				i++
			}
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// holdsNUL reports whether JSON text contains \u0000, as opposed to an escaped backslash before u0000.
func holdsNUL(raw []byte) bool {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return false
		}
		if bytes.HasPrefix(raw[i:], []byte(`\u0000`)) {
			return true
		}
		raw = raw[i+2:]
	}
}

func (v *Validation) details(raw json.RawMessage) json.RawMessage {
	raw = bytes.Trim(raw, " \t\r\n")
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case len(raw) > MaxDetailsBytes:
		v.Fail("details", nil, "too_large", "is {bytes} bytes long; at most {max}", len(raw), MaxDetailsBytes)
		return raw
	case raw[0] != '{':
		v.Fail("details", nil, "not_an_object", "is not a JSON object")
		return raw
	}
	return v.value("details", raw)
}

// InvalidField returns the error of a request with one invalid field.
func InvalidField(field string, value any, code, message string, args ...any) *Error {
	return invalidIn(InBody, field, value, code, message, args...)
}

// InvalidQuery returns the error of a query with one invalid parameter.
func InvalidQuery(field string, value any, code, message string, args ...any) *Error {
	return invalidIn(InQuery, field, value, code, message, args...)
}

func invalidIn(part Part, field string, value any, code, message string, args ...any) *Error {
	v := Validation{part: part}
	v.Fail(field, value, code, message, args...)
	return &Error{Code: CodeInvalid, Message: "The request is invalid.", Fields: v.Errors}
}

// Clip truncates a text to a number of bytes; invalid UTF-8, from the cut or from the sender, becomes question marks.
func Clip(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "?") }
