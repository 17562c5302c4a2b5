package server

import (
	"bytes"
	"errors"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"oplog/oplog"
	"oplog/server/wire"
)

// batch holds the entries of a request as far as they can be decoded.
type batch struct {
	entries []oplog.Entry
	alone   bool               // the body is one entry, not a list
	broken  bool               // the body has errors, listed in request and forms
	request []oplog.FieldError // errors outside the entries
	forms   map[int]form       // errors by index of the entry
}

// form describes the decoding errors of an entry.
type form struct {
	unreadable bool // nothing more can be said about it
	fields     []oplog.FieldError
}

// place sets where in the request an error's entries are.
func (b *batch) place(err error) error {
	if b.alone {
		return err
	}
	return wire.InList(err, "entries")
}

func (b *batch) fail(i int, f form) {
	if b.forms == nil {
		b.forms = make(map[int]form)
	}
	b.forms[i], b.broken = f, true
}

func (b *batch) failRequest(field string, v oplog.Violation) {
	b.request, b.broken = append(b.request, oplog.FieldError{Field: field, Violation: v}), true
}

// add adds the next entry, or its decoding errors.
func (b *batch) add(body *newEntryBody) {
	e, empty := body.entry()
	if len(empty) > 0 {
		b.fail(len(b.entries), form{fields: empty})
	}
	b.entries = append(b.entries, e)
}

// addText decodes and adds the next entry.
func (b *batch) addText(text []byte, options jsonv2.Options) error {
	if len(b.entries) == oplog.MaxEntriesPerRequest {
		return oplog.Refuse(oplog.CodeTooLarge, "too-many-entries", "A request may have at most {max} entries; split it.", oplog.MaxEntriesPerRequest)
	}
	var body newEntryBody
	err := jsonv2.Unmarshal(text, &body, options)
	if _, isSyntax := wire.SyntaxError(err); isSyntax {
		return err
	}
	if err != nil {
		b.fail(len(b.entries), form{true, []oplog.FieldError{wire.FieldOf(err)}})
		b.entries = append(b.entries, oplog.Entry{})
		return nil
	}
	b.add(&body)
	return nil
}

// readLines reads NDJSON: one entry per line, blank lines ignored.
func (b *batch) readLines(body []byte) error {
	number := 0
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		number++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		err := b.addText(line, wire.Strictly)
		if reason, ok := wire.SyntaxError(err); ok {
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
	if b.readOnce(body) {
		return nil
	}
	*b = batch{}
	return b.readAgain(body)
}

// readOnce decodes a body in one pass. It returns false for a body with any error.
func (b *batch) readOnce(body []byte) bool {
	rest, isObject := bytes.CutPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{"))
	if !isObject {
		return false
	}
	var entry newEntryBody
	if !bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"entries"`)) {
		if jsonv2.Unmarshal(body, &entry, wire.Strictly) != nil {
			return false
		}
		b.alone = true
		b.add(&entry)
		return true
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(body), wire.Strictly)
	for _, want := range "{\"[" {
		if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.Kind(want) {
			return false
		}
	}
	for d.PeekKind() != ']' {
		entry = newEntryBody{}
		if len(b.entries) == oplog.MaxEntriesPerRequest || jsonv2.UnmarshalDecode(d, &entry) != nil {
			return false
		}
		b.add(&entry)
	}
	for _, want := range "]}" {
		if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.Kind(want) {
			return false
		}
	}
	_, err := d.ReadToken()
	return errors.Is(err, io.EOF)
}

// readAgain decodes a body that readOnce rejects: first its syntax, then its members, then its entries, so that the response lists every
// error.
func (b *batch) readAgain(body []byte) error {
	if err := wire.CheckSyntax(body); err != nil {
		return err
	}
	members, err := splitObject(body)
	if err != nil {
		return err
	}
	list, isBatch := members["entries"]
	if !isBatch {
		b.alone = true
		return b.addText(body, wire.Leniently)
	}
	for name := range members {
		if name != "entries" {
			b.failRequest(wire.Shorten(name), oplog.Violates("unknown_field", "is an unknown field beside entries"))
		}
	}
	return b.readArray(list)
}

func (b *batch) readArray(list jsontext.Value) error {
	if kind := list.Kind(); kind != '[' {
		b.failRequest("entries", oplog.Violates("wrong_type", "is {type}; it must be {expected}", wire.KindName(kind), "an array"))
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(list), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadToken(); err != nil {
		return wire.Malformed(list, err)
	}
	for d.PeekKind() != ']' {
		text, err := d.ReadValue()
		if err != nil {
			return wire.Malformed(list, err)
		}
		if err := b.addText(text, wire.Leniently); err != nil {
			return err
		}
	}
	return nil
}

// splitObject returns the members of a JSON object with valid syntax.
func splitObject(text []byte) (map[string]jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if kind := d.PeekKind(); kind != '{' {
		return nil, &oplog.Error{Code: oplog.CodeInvalid, Message: "The body is " + wire.KindName(kind) + "; send an object.", Fields: []oplog.FieldError{
			{Violation: oplog.Violation{Code: "not_an_object", Message: `must be one entry, or {"entries": […]}; for one entry per line send Content-Type: ` + wire.NDJSONType}},
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
		return nil, wire.Malformed(text, err)
	}
	return members, nil
}
