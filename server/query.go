package server

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
)

func number(n float64) *float64 { return &n }

func textParam(name, doc string, schema *huma.Schema) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: schema}
}

func listParam(name, doc string) *huma.Param {
	explode := true
	return &huma.Param{
		Name: name, In: "query", Description: doc, Style: "form", Explode: &explode,
		Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}},
	}
}

// queryReader takes values out of a query. A value that is empty counts as left
// out.
type queryReader struct {
	query  url.Values
	broken []oplog.FieldError
}

func readQuery(query url.Values) *queryReader { return &queryReader{query: query} }

func (r *queryReader) fail(name string, value any, message string) {
	if s, ok := value.(string); ok {
		value = shorten(s)
	}
	r.broken = append(r.broken, oplog.FieldError{Part: oplog.InQuery, Field: name, Message: message, Value: value})
}

func (r *queryReader) list(name string) []string {
	var list []string
	for _, v := range r.query[name] {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}

func (r *queryReader) text(name string) string {
	list := r.list(name)
	if len(list) > 1 {
		r.fail(name, list[1], "stands more than once")
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (r *queryReader) time(name string) time.Time {
	text := r.text(name)
	if text == "" {
		return time.Time{}
	}
	// A plus sign that was not escaped arrives as a space.
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		r.fail(name, text, "is not a time such as 2006-01-02T15:04:05Z (RFC 3339)")
	}
	return t
}

func (r *queryReader) int(name string, otherwise int) int {
	text := r.text(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.fail(name, text, "is not a whole number")
	}
	return n
}

func (r *queryReader) bool(name string) bool {
	text := r.text(name)
	if text != "" && text != "true" && text != "false" {
		r.fail(name, text, "is neither true nor false")
	}
	return text == "true"
}

// size reads a number of entries, at least 1; 0 where it is left out.
func (r *queryReader) size(name string) uint64 {
	text := r.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 {
		r.fail(name, text, "is not a number of entries, 1 or more")
	}
	return n
}

// seq reads a seq, which is least or more; 0 where it is left out.
func (r *queryReader) seq(name string, least uint64) uint64 {
	text := r.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n < least {
		r.fail(name, text, fmt.Sprintf("is not a seq, %d or more", least))
	}
	return n
}

func (r *queryReader) err() error {
	if len(r.broken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "The address has parameters that cannot be read.", Fields: r.broken}
}
