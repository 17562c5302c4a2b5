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

// FieldError names one field that broke a rule.
type FieldError struct {
	Location string // where, for example "entries[3].user.id"
	Message  string // the rule, and what would satisfy it
	Value    any    // what was sent; shortened where it is long
}

func (e *Error) Error() string {
	s := e.Message
	for i, f := range e.Fields {
		if i == 3 {
			return fmt.Sprintf("%s; and %d more", s, len(e.Fields)-i)
		}
		separator := "; "
		if i == 0 {
			s, separator = strings.TrimSuffix(s, "."), ": "
		}
		s += separator + f.Location + " " + f.Message
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
