package oplog

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of error it is; each maps to one HTTP status in package
// server.
type Code string

// The kinds of errors that a caller can do something about.
const (
	CodeMalformed       Code = "malformed"       // not readable at all
	CodeInvalid         Code = "invalid"         // readable, against a rule
	CodeNotFound        Code = "not_found"       // does not exist, or the caller may not know that it does
	CodeGone            Code = "gone"            // was there, and was deleted
	CodeConflict        Code = "conflict"        // contradicts what is there
	CodeUnauthenticated Code = "unauthenticated" // who is asking is not known
	CodeForbidden       Code = "forbidden"       // known, and without the right
	CodeTooLarge        Code = "too_large"       // more than one request may carry
	CodeUnavailable     Code = "unavailable"     // not now; the request may be repeated
	CodeDiskFull        Code = "disk_full"       // not stored for want of space; reading goes on
)

// Error is an error with a message for people: what is wrong and what to do.
type Error struct {
	Code    Code
	Message string
	Fields  []FieldError // the fields that broke a rule, if any
	cause   error
}

// FieldError names an invalid field. Where it is stays data: how a request
// spells it is the server's alone.
type FieldError struct {
	Part    Part   // of the request
	Item    int    // of the entries or organizations that were sent, from 1; 0 where it is none of one
	Field   string // for example "user.id"; "" for the item or the part as a whole
	Message string // the rule, and what would satisfy it
	Value   any    // as sent; shortened where it is long
}

// Part is a part of a request.
type Part int

// The parts of a request that have fields.
const (
	InBody Part = iota
	InQuery
	InPath
	InHeader
)

func (p Part) String() string { return [...]string{"body", "query", "path", "header"}[p] }

// place says where the field is, for messages.
func (f *FieldError) place() string {
	switch {
	case f.Item > 0 && f.Field != "":
		return fmt.Sprintf("item %d: %s", f.Item, f.Field)
	case f.Item > 0:
		return fmt.Sprintf("item %d", f.Item)
	case f.Part != InBody:
		return f.Part.String() + "." + f.Field
	}
	return f.Field
}

func (e *Error) Error() string {
	s := e.Message
	for i := range e.Fields {
		if i == 3 {
			return fmt.Sprintf("%s; and %d more", s, len(e.Fields)-i)
		}
		separator := "; "
		if i == 0 {
			s, separator = strings.TrimSuffix(s, "."), ": "
		}
		s += separator + strings.TrimLeft(e.Fields[i].place()+" "+e.Fields[i].Message, " ")
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Errorf returns an [Error] with a code and a message; a %w verb in the format
// keeps its cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// CodeOf returns the code of an error, or "" for one that no caller can help.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
