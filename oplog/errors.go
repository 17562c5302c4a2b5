package oplog

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code classifies an error; package server maps each code to one HTTP status.
type Code string

// The error codes.
const (
	CodeMalformed       Code = "malformed"       // cannot be parsed
	CodeInvalid         Code = "invalid"         // parsed, but violates a rule
	CodeNotFound        Code = "not_found"       // does not exist, or the caller may not see it
	CodeGone            Code = "gone"            // existed and was deleted
	CodeConflict        Code = "conflict"        // conflicts with the current state
	CodeUnauthenticated Code = "unauthenticated" // not authenticated
	CodeForbidden       Code = "forbidden"       // authenticated, but not permitted
	CodeTooLarge        Code = "too_large"       // exceeds a size limit
	CodeTooMany         Code = "too_many"        // exceeds a limit of things at a time; retry when there are fewer
	CodeUnavailable     Code = "unavailable"     // temporary; the request may be retried
	CodeDiskFull        Code = "disk_full"       // out of disk space; reads still work
	CodeDamaged         Code = "damaged"         // the stored bytes are not those that were recorded
)

// Error is an error with a message for users: the problem and its remedy.
type Error struct {
	Code    Code
	Reason  string         // tells errors of one code apart for programs, such as "account-exists"; usually ""
	Params  map[string]any // parameters of Message; set with Reason
	Message string
	Fields  []FieldError  // the invalid fields, if any
	Wait    time.Duration // until a retry may succeed; 0 if not known
	cause   error
}

// FieldError describes an invalid field. Its location is kept as data; only package server formats it for a request.
type FieldError struct {
	Part  Part   // of the request
	Item  int    // number of the entry or organization in the request, from 1; 0 if the field belongs to none
	Field string // for example "user.id"; "" for the item or the part as a whole
	Value any    // as sent; shortened if it is long
	Violation
}

// Violation is a violated rule: a code for programs, its parameters, and the message made of them.
type Violation struct {
	Code    string         // such as "too_long"
	Params  map[string]any // by name, such as "max"; nil for none
	Message string         // the rule, and how to satisfy it
}

// Violates returns a violation. Each {name} in the message is replaced by the next argument, which becomes the parameter of that name; a
// list of strings is a list for programs and separated by commas in the message.
func Violates(code, message string, args ...any) Violation {
	params, text := fill(message, args)
	return Violation{code, params, text}
}

// fill replaces each {name} in a message by the next argument, and returns the arguments by name.
func fill(message string, args []any) (params map[string]any, text string) {
	var b strings.Builder
	for _, arg := range args {
		before, rest, _ := strings.Cut(message, "{")
		name, after, _ := strings.Cut(rest, "}")
		b.WriteString(before)
		if list, ok := arg.([]string); ok {
			b.WriteString(strings.Join(list, ", "))
		} else {
			fmt.Fprint(&b, arg)
		}
		if params == nil {
			params = make(map[string]any, len(args))
		}
		params[name], message = arg, after
	}
	b.WriteString(message)
	return params, b.String()
}

// Part is a part of an HTTP request.
type Part int

// The parts of a request that have fields.
const (
	InBody Part = iota
	InQuery
	InPath
	InHeader
)

func (p Part) String() string { return [...]string{"body", "query", "path", "header"}[p] }

// location formats the field's location for messages.
func (f *FieldError) location() string {
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
		s += separator + strings.TrimLeft(e.Fields[i].location()+" "+e.Fields[i].Message, " ")
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// Errorf returns an [Error] with a code and a message; a %w verb in the format keeps the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Refuse returns an [Error] with a reason for programs. Its message has parameters, as in [Violates].
func Refuse(code Code, reason, message string, args ...any) *Error {
	params, text := fill(message, args)
	return &Error{Code: code, Reason: reason, Params: params, Message: text}
}

// DamagedEntry returns the CodeDamaged error of an entry whose stored bytes are not those that were recorded.
func DamagedEntry(tenant string, key Key) *Error {
	return Errorf(CodeDamaged, "Entry %d of tenant %s, of %s (UTC), is damaged in the store. Restore the log from a backup to a new directory; oplog verify lists all that is damaged.",
		key.Seq(), tenant, DateOf(key.Time()))
}

// errDamagedRecord is the cause of the errors of DamagedRecord.
var errDamagedRecord = errors.New("a record is damaged")

// DamagedRecord returns the CodeDamaged error of a single record, beside which all others can be read.
func DamagedRecord(kind RecordKind, name string) *Error {
	e := Errorf(CodeDamaged, "The record %s/%s is damaged in the store, so it is not used. Restore the log from a backup to a new directory; oplog verify lists all that is damaged.", kind, name)
	e.cause = errDamagedRecord
	return e
}

// IsDamagedRecord reports whether an error is that of a single record.
func IsDamagedRecord(err error) bool { return errors.Is(err, errDamagedRecord) }

// CodeOf returns the code of an error, or "" for an internal error.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
