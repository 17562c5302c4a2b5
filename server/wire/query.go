package wire

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
)

// TextParam describes a parameter of a query that stands once.
func TextParam(name, doc string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: schema}
}

// ListParam describes one that may stand several times.
func ListParam(name, doc string) *huma.Param {
	explode := true
	return &huma.Param{
		Name: name, In: "query", Description: doc, Style: "form", Explode: &explode,
		Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
	}
}

// Query takes values out of a query. A value that is empty counts as left
// out.
type Query struct {
	query  url.Values
	broken []oplog.FieldError
}

// ReadQuery begins to read a query; Err tells what was wrong with it.
func ReadQuery(query url.Values) *Query { return &Query{query: query} }

// Fail notes what is wrong with a value.
func (r *Query) Fail(name string, value any, message string) {
	if s, ok := value.(string); ok {
		value = Shorten(s)
	}
	r.broken = append(r.broken, oplog.FieldError{Part: oplog.InQuery, Field: name, Message: message, Value: value})
}

// List reads all values of a name.
func (r *Query) List(name string) []string {
	var list []string
	for _, v := range r.query[name] {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}

// Text reads a value that stands once.
func (r *Query) Text(name string) string {
	list := r.List(name)
	if len(list) > 1 {
		r.Fail(name, list[1], "occurs more than once")
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// Time reads an instant; zero where it is left out.
func (r *Query) Time(name string) time.Time {
	text := r.Text(name)
	if text == "" {
		return time.Time{}
	}
	// A plus sign that was not escaped arrives as a space.
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		r.Fail(name, text, "is not a time such as 2006-01-02T15:04:05Z (RFC 3339)")
	}
	return t
}

// Int reads a whole number.
func (r *Query) Int(name string, otherwise int) int {
	text := r.Text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.Fail(name, text, "is not a whole number")
	}
	return n
}

// Bool reads true or false; false where it is left out.
func (r *Query) Bool(name string) bool {
	text := r.Text(name)
	if text != "" && text != "true" && text != "false" {
		r.Fail(name, text, "is neither true nor false")
	}
	return text == "true"
}

// Size reads a number of entries, at least 1; 0 where it is left out.
func (r *Query) Size(name string) uint64 {
	text := r.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 {
		r.Fail(name, text, "is not a number of entries, 1 or more")
	}
	return n
}

// Seq reads a seq, which is least or more; 0 where it is left out.
func (r *Query) Seq(name string, least uint64) uint64 {
	text := r.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n < least {
		r.Fail(name, text, fmt.Sprintf("is not a seq, %d or more", least))
	}
	return n
}

// Err returns an error of all that was wrong, or nil.
func (r *Query) Err() error {
	if len(r.broken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "Invalid query parameters.", Fields: r.broken}
}
