package server

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"oplog/journal"
	"oplog/oplog"
)

// pageParams are those of a page.
var pageParams = append(filterParams[:len(filterParams):len(filterParams)],
	textParam("order", "time: newest first. seq: in order of arrival, oldest first, for programs that must miss nothing; see after_seq.",
		&huma.Schema{Type: huma.TypeString, Enum: []any{orderTime, orderSeq}, Default: orderTime}),
	textParam("after_seq", "With order=seq: entries that arrived after this one; 0 or left out for all. Each answer has next_after_seq, with which to go on.",
		&huma.Schema{Type: huma.TypeInteger, Minimum: number(0)}),
	textParam("limit", "How many entries a page has: at most "+strconv.Itoa(oplog.MaxPageSize)+", with order=seq "+strconv.Itoa(journal.MaxFeedSize)+".", &huma.Schema{
		Type: huma.TypeInteger, Minimum: number(1), Maximum: number(journal.MaxFeedSize), Default: oplog.DefaultPageSize,
	}),
	cursorParam,
)

// trailParams are those of a page of what was done with a log.
var trailParams = append([]*huma.Param{
	textParam("q", "Words separated by spaces, all of which must be found, each in any of user, module, and what it was done to and with which filters. "+searchFormDoc,
		&huma.Schema{Type: huma.TypeString}),
	listParam("user", "Ids of users (usernames of accounts, ids of keys); any of them."),
	listParam("module", "Modules, such as account; any of them."),
	listParam("operation", "What was done, such as create, or with its module, account.create; any of them."),
	listParam("content_id", "Ids of what it was done to; any of them."),
	textParam("from", "What was done at or after this instant (RFC 3339).", &huma.Schema{Type: huma.TypeString, Format: "date-time"}),
	textParam("to", "What was done before this instant (RFC 3339).", &huma.Schema{Type: huma.TypeString, Format: "date-time"}),
	textParam("range", "A period of whole days of the tenant's time zone (without a tenant, of the machine's); the last N days include today, weeks begin on Monday; from and to narrow it.",
		&huma.Schema{Type: huma.TypeString, Enum: presets}),
}, turnParams...)

// entryParams name one of several entries with the same id.
var entryParams = []*huma.Param{
	textParam("seq", "The entry's seq, which names it alone: a sender's id may stand for another entry on another day. Left out: the entry that the log gave the id, else the newest with it.",
		&huma.Schema{Type: huma.TypeInteger, Minimum: number(1)}),
}

// presets are the values of range.
var presets = presetNames()

func presetNames() []any {
	var names []any
	for _, name := range oplog.Presets() {
		names = append(names, string(name))
	}
	return names
}

// turnParams turn the pages of a list.
var turnParams = []*huma.Param{
	textParam("limit", "How many entries a page has.", &huma.Schema{
		Type: huma.TypeInteger, Minimum: number(1), Maximum: number(oplog.MaxPageSize), Default: oplog.DefaultPageSize,
	}),
	cursorParam,
}

var cursorParam = textParam("cursor", "next_cursor of the page before.", &huma.Schema{Type: huma.TypeString})

// The orders of a page.
const (
	orderTime = "time"
	orderSeq  = "seq"
)

// accountParams are those of a list of accounts.
var accountParams = []*huma.Param{
	textParam("tenant", "Those of one tenant.", &huma.Schema{Type: huma.TypeString}),
}

// consistencyParams name two sizes of a log.
var consistencyParams = []*huma.Param{
	{
		Name: "from", In: "query", Required: true, Description: "The second line of the older checkpoint: its number of entries.",
		Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: number(1)},
	},
	textParam("to", "The number of entries of the newer checkpoint; left out: of the log as it is now.", &huma.Schema{Type: huma.TypeInteger, Minimum: number(1)}),
}

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

// reader takes values out of a query. A value that is empty counts as left out.
type reader struct {
	query  url.Values
	broken []oplog.FieldError
}

func (r *reader) fail(name string, value any, message string) {
	if s, ok := value.(string); ok {
		value = shorten(s)
	}
	r.broken = append(r.broken, oplog.FieldError{Part: oplog.InQuery, Field: name, Message: message, Value: value})
}

func (r *reader) list(name string) []string {
	var list []string
	for _, v := range r.query[name] {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}

func (r *reader) text(name string) string {
	list := r.list(name)
	if len(list) > 1 {
		r.fail(name, list[1], "stands more than once")
	}
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (r *reader) time(name string) time.Time {
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

func (r *reader) int(name string, otherwise int) int {
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

func (r *reader) bool(name string) bool {
	text := r.text(name)
	if text != "" && text != "true" && text != "false" {
		r.fail(name, text, "is neither true nor false")
	}
	return text == "true"
}

// size reads a number of entries, at least 1; 0 where it is left out.
func (r *reader) size(name string) uint64 {
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
func (r *reader) seq(name string, least uint64) uint64 {
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

func (r *reader) err() error {
	if len(r.broken) == 0 {
		return nil
	}
	return &oplog.Error{Code: oplog.CodeInvalid, Message: "The address has parameters that cannot be read.", Fields: r.broken}
}

// filters reads what a call asks for, and keeps it to what the caller may see.
func (in *call) filters() (oplog.Query, error) {
	r := &reader{query: in.query}
	return in.readFilters(r), r.err()
}

func (in *call) preset(r *reader) oplog.Range {
	preset := oplog.Range(r.text("range"))
	if preset == oplog.RangeCustom {
		r.fail("range", string(preset), "is not one of "+oplog.PresetNames()+"; send from and to alone")
	}
	return preset
}

// pageAsked says which page of a list is asked for.
type pageAsked struct {
	q      oplog.Query
	limit  int
	cursor string
	bySeq  bool   // in order of arrival
	after  uint64 // where that begins
}

func (in *call) page() (pageAsked, error) {
	r := &reader{query: in.query}
	p := pageAsked{
		q: in.readFilters(r), limit: r.int("limit", oplog.DefaultPageSize),
		cursor: r.text("cursor"), bySeq: r.text("order") == orderSeq, after: r.seq("after_seq", 0),
	}
	switch order := r.text("order"); order {
	case "", orderTime:
		if after := r.text("after_seq"); after != "" {
			r.fail("after_seq", after, "needs order=seq")
		}
	case orderSeq:
		if p.cursor != "" {
			r.fail("cursor", p.cursor, "is for order=time; with order=seq, send after_seq")
		}
	default:
		r.fail("order", order, "is neither time nor seq")
	}
	return p, r.err()
}
