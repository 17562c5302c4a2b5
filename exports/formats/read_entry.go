package formats

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
)

// sentEntry is an entry in JSON, as sent or as exported. Fields that the log assigns are read and ignored.
type sentEntry struct {
	oplog.Entry
	Time       jsontext.Value `json:"time"`
	Seq        jsontext.Value `json:"seq"`
	ReceivedAt jsontext.Value `json:"received_at"`
	Proof      jsontext.Value `json:"proof"`
	Truncated  bool           `json:"truncated"`
}

// sentFields are the names of its members.
var sentFields = []string{
	"id", "seq", "time", "received_at", "user", "organization", "module", "operation", "content", "origin", "outcome", "ip", "user_agent", "key",
	"changes", "details", "proof", "truncated",
}

const errTruncated = lineError("is truncated: lists of the API omit long changes and details; use an NDJSON export, or get the entry by its id")

// jsonEntry parses an entry.
func (c clocks) jsonEntry(text jsontext.Value) (oplog.Entry, error) {
	var sent sentEntry
	if err := jsonv2.Unmarshal(text, &sent, jsonv2.RejectUnknownMembers(true)); err != nil {
		return oplog.Entry{}, entryError(text, err)
	}
	if sent.Truncated {
		return oplog.Entry{}, errTruncated
	}
	e := sent.Entry
	var err error
	e.Time, err = c.jsonTime(sent.Time, e.ID)
	return e, err
}

// jsonTime parses a time: a string as in CSV, or milliseconds or seconds since 1970, told apart by magnitude.
func (c clocks) jsonTime(value jsontext.Value, id string) (time.Time, error) {
	value = bytes.TrimSpace(value)
	switch {
	case len(value) == 0 || value.Kind() == 'n':
		return time.Time{}, nil
	case value.Kind() == '"':
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return time.Time{}, lineError("time is not valid text")
		}
		return c.time(string(text), id)
	case value.Kind() == '0':
		n, err := strconv.ParseInt(string(value), 10, 64)
		switch {
		case err == nil && len(value) == 13:
			return time.UnixMilli(n).UTC(), nil
		case err == nil && len(value) == 10:
			return time.Unix(n, 0).UTC(), nil
		}
		return time.Time{}, lineError(fmt.Sprintf("time %s is neither seconds nor milliseconds since 1970; write it like 2006-01-02T15:04:05Z", shortened(string(value))))
	}
	return time.Time{}, lineError("time must be text like 2006-01-02T15:04:05Z, not " + kindWord(value.Kind()))
}

// entryError explains for users why a JSON text is not an entry.
func entryError(text jsontext.Value, err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return syntaxError(text, syntax)
	}
	var wrong *jsonv2.SemanticError
	if !errors.As(err, &wrong) {
		return err
	}
	field := strings.ReplaceAll(strings.TrimPrefix(string(wrong.JSONPointer), "/"), "/", ".")
	switch {
	case errors.Is(wrong.Err, jsonv2.ErrUnknownName):
		if unknown := unknownMembers(text); len(unknown) > 1 {
			return lineError("has unknown fields: " + strings.Join(unknown, ", "))
		}
		return lineError(fmt.Sprintf("has an unknown field: %s", quotedField(field)))
	case field == "":
		return lineError("must be a JSON object, not " + kindWord(wrong.JSONKind))
	default:
		return lineError(fmt.Sprintf("%s must be %s, not %s", quotedField(field), typeWord(wrong.GoType), kindWord(wrong.JSONKind)))
	}
}

// syntaxError describes the position of a JSON syntax error.
func syntaxError(text []byte, syntax *jsontext.SyntacticError) error {
	if errors.Is(syntax.Err, jsontext.ErrDuplicateName) {
		return lineError(fmt.Sprintf("has the field %s twice", quotedText(syntax.JSONPointer.LastToken())))
	}
	at := min(int(syntax.ByteOffset), len(text))
	if len(bytes.TrimSpace(text[at:])) == 0 {
		return lineError("is not valid JSON: it is incomplete")
	}
	if trimmed := bytes.TrimSpace(text); trimmed[0] != '{' {
		return lineError("is not JSON: it begins with " + quotedText(string(trimmed)))
	}
	column := utf8.RuneCount(text[:at]) + 1
	found, _ := utf8.DecodeRune(text[at:])
	if !strconv.IsPrint(found) || found == utf8.RuneError {
		return lineError(fmt.Sprintf("is not valid JSON from character %d onwards", column))
	}
	return lineError(fmt.Sprintf("is not valid JSON from character %d onwards, a %s", column, quotedText(string(found))))
}

// member is a member of a JSON object.
type member struct {
	name string
	kind jsontext.Kind
}

// membersOf returns the members of an object as far as it can be parsed.
func membersOf(text []byte) (members []member) {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if open, err := d.ReadToken(); err != nil || open.Kind() != '{' {
		return nil
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			break
		}
		members = append(members, member{name.String(), d.PeekKind()})
		if d.SkipValue() != nil {
			break
		}
	}
	return members
}

// unknownMembers returns the names of an object's members that are not fields of an entry.
func unknownMembers(text []byte) (unknown []string) {
	for _, m := range membersOf(text) {
		if !slices.Contains(sentFields, m.name) {
			unknown = append(unknown, quotedField(m.name))
		}
	}
	return unknown
}

func kindWord(k jsontext.Kind) string {
	switch k {
	case '"':
		return "text"
	case '0':
		return "a number"
	case 't', 'f':
		return "true or false"
	case '{':
		return "an object"
	case '[':
		return "a list"
	default:
		return "null"
	}
}

func typeWord(t reflect.Type) string {
	if t != nil {
		switch t.Kind() {
		case reflect.Struct:
			return "an object"
		case reflect.Slice:
			return "a list"
		case reflect.Bool:
			return "true or false"
		}
	}
	return "text"
}
