package wire

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
)

// TextParam documents a query parameter that occurs at most once.
func TextParam(name, doc string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: schema}
}

// ListParam documents a query parameter that may be repeated.
func ListParam(name, doc string) *huma.Param {
	explode := true
	return &huma.Param{
		Name: name, In: "query", Description: doc, Style: "form", Explode: &explode,
		Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
	}
}

// Query parses the values of a query. Empty values count as omitted.
type Query struct {
	query  url.Values
	broken []oplog.FieldError
}

// ReadQuery starts parsing a query; Err returns its errors.
func ReadQuery(query url.Values) *Query { return &Query{query: query} }

// Fail adds an invalid value; code, message and args are those of [oplog.Violates].
func (r *Query) Fail(name string, value any, code, message string, args ...any) {
	if s, ok := value.(string); ok {
		value = Shorten(s)
	}
	r.broken = append(r.broken, oplog.FieldError{Part: oplog.InQuery, Field: name, Value: value, Violation: oplog.Violates(code, message, args...)})
}

// List returns all values of a name.
func (r *Query) List(name string) []string {
	var list []string
	for _, v := range r.query[name] {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}

// Text returns a value that occurs at most once.
func (r *Query) Text(name string) string {
	list := r.List(name)
	if len(list) > 1 {
		r.Fail(name, list[1], "more_than_once", "occurs more than once")
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Time parses an instant; zero if it is omitted.
func (r *Query) Time(name string) time.Time {
	text := r.Text(name)
	if text == "" {
		return time.Time{}
	}
	// An unescaped plus sign arrives as a space.
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		r.Fail(name, text, "not_a_time", "is not a time such as 2006-01-02T15:04:05Z (RFC 3339)")
	}
	return t
}

// Int parses an integer.
func (r *Query) Int(name string, otherwise int) int {
	text := r.Text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.Fail(name, text, "not_a_number", "is not a whole number")
	}
	return n
}

// Bool parses true or false; false if it is omitted.
func (r *Query) Bool(name string) bool {
	text := r.Text(name)
	if text != "" && text != "true" && text != "false" {
		r.Fail(name, text, "not_a_boolean", "is neither true nor false")
	}
	return text == "true"
}

// Size parses a number of entries, at least 1; 0 if it is omitted.
func (r *Query) Size(name string) uint64 {
	text := r.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 {
		r.Fail(name, text, "not_a_size", "is not a number of entries, 1 or more")
	}
	return n
}

// Seq parses a seq, which is least or more; 0 if it is omitted.
func (r *Query) Seq(name string, least uint64) uint64 {
	text := r.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n < least {
		r.Fail(name, text, "not_a_seq", "is not a seq, {min} or more", least)
	}
	return n
}

// Err returns an error with all invalid values, or nil.
func (r *Query) Err() error {
	if len(r.broken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "Invalid query parameters.", Fields: r.broken}
}
