package server

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"oplog/oplog"
	"oplog/server/wire"
)

// valueDocs documents the values of filters.
var valueDocs = map[string]string{
	"user":         "Ids of users",
	"module":       "Keys of modules",
	"operation":    "Keys of operation types",
	"organization": "Ids of organizations, each including those below it in the current tree",
	"content_id":   "Ids of contents",
	"outcome":      "Outcomes",
	"role":         "Recorded roles of users",
	"key":          "Ids of the API keys that recorded them",
	"ip":           "IP addresses, and networks such as 192.0.2.0/24 or 2001:db8::/32",
}

// searchDoc documents what a search matches, searchFormDoc its syntax.
const (
	searchDoc = "Words separated by spaces, all of which must match, each in any of user (name, id), module (key, titles) and content (name, id). " +
		"Roles, organizations, IP addresses, outcomes, changes and details are not searched. " +
		"A word of letters and digits matches at the start of a word, and inside one at a boundary between letters and digits: 10027 in U10027. " +
		"Chinese, Japanese and Korean match anywhere, and a word that mixes them with others is split. " +
		"Case, width and Latin accents do not matter; invisible characters, such as zero-width ones and soft hyphens, do not separate words. " +
		searchFormDoc
	searchFormDoc = "“…” or \"…\" matches a phrase of whole words; user:, module: or content: restricts what follows to that field; " +
		"a hyphen before any of these excludes its matches: -word, -\"…\", -user:word."
)

// eachFilter calls visit for every filter by values with its name, documentation and schema of a value.
func eachFilter(visit func(name, doc string, value *huma.Schema)) {
	for _, not := range []string{"", oplog.Not} {
		for _, f := range oplog.ValueFilters {
			doc := valueDocs[f.Name] + "; any of them."
			if not != "" {
				doc = valueDocs[f.Name] + "; none of them."
			}
			value := &huma.Schema{Type: huma.TypeString}
			if f.Name == "outcome" {
				value.Enum = []any{oplog.OutcomeSuccess, oplog.OutcomeFailure}
			}
			visit(not+f.Name, doc, value)
		}
	}
}

// filterParams are the query parameters that select operations.
var filterParams = makeFilterParams()

func makeFilterParams() []*huma.Param {
	params := []*huma.Param{wire.TextParam("q", searchDoc, &huma.Schema{Type: huma.TypeString})}
	eachFilter(func(name, doc string, value *huma.Schema) {
		param := wire.ListParam(name, doc)
		param.Schema.Items = value
		params = append(params, param)
	})
	return append(params,
		wire.TextParam("from", "Operations at or after this instant (RFC 3339).", &huma.Schema{Type: huma.TypeString, Format: "date-time"}),
		wire.TextParam("to", "Operations before this instant (RFC 3339).", &huma.Schema{Type: huma.TypeString, Format: "date-time"}),
		wire.TextParam("range", "A period of whole days in the tenant's time zone; the last N days include today, weeks start on Monday; from and to narrow it.",
			&huma.Schema{Type: huma.TypeString, Enum: presets}),
	)
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

// filters reads the filters of a call and restricts them to the caller's scope.
func (in *call) filters() (oplog.Query, error) {
	r := wire.ReadQuery(in.query)
	return in.readFilters(r), r.Err()
}

func (in *call) preset(r *wire.Query) oplog.Range {
	preset := oplog.Range(r.Text("range"))
	if preset == oplog.RangeCustom {
		r.Fail("range", string(preset), "not_one_of", "is not one of {allowed}; otherwise send from and to without range", oplog.PresetNames())
	}
	return preset
}

// readFilters reads the filters of a URL and restricts them to the caller's scope.
func (in *call) readFilters(r *wire.Query) oplog.Query {
	q := oplog.Query{Scope: in.scope(), Range: in.preset(r), From: r.Time("from"), To: r.Time("to")}
	q.Search = r.Text("q")
	q.Each(func(name string, values *[]string) { *values = r.List(name) })
	return q
}

// filtersBody are the filters of an export in responses, newFilters those in requests.
type (
	filtersBody struct{ oplog.Filters }
	newFilters  struct{ oplog.Filters }
)

// Schema describes the filters by their JSON form.
func (filtersBody) Schema(r huma.Registry) *huma.Schema {
	return filterSchema(r, "ExportFilters", func(value *huma.Schema) *huma.Schema {
		return &huma.Schema{Type: huma.TypeArray, Items: value}
	})
}

// Schema describes the filters; a single value may replace a list, as in a URL.
func (newFilters) Schema(r huma.Registry) *huma.Schema {
	const most = 1000
	return filterSchema(r, "NewFilters", func(value *huma.Schema) *huma.Schema {
		return &huma.Schema{OneOf: []*huma.Schema{value, {Type: huma.TypeArray, Items: value, MaxItems: new(most)}}}
	})
}

// filterSchema describes filters under a name.
func filterSchema(r huma.Registry, name string, list func(value *huma.Schema) *huma.Schema) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{
		"q": {Type: huma.TypeString, Description: "Search terms, as in lists."},
	}}
	eachFilter(func(name, doc string, value *huma.Schema) {
		s.Properties[name] = list(value)
		s.Properties[name].Description = doc
	})
	s.PrecomputeMessages()
	r.Map()[name] = s
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

// UnmarshalJSON decodes values that the schema allows. Empty values count as omitted.
func (f *newFilters) UnmarshalJSON(data []byte) error {
	var given map[string]oneOrList
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	for _, q := range given["q"] {
		f.Search = q
	}
	f.Each(func(name string, values *[]string) {
		for _, value := range given[name] {
			if value != "" {
				*values = append(*values, value)
			}
		}
	})
	return nil
}

// oneOrMore is a list that may be given as its only value.
type oneOrList []string

// UnmarshalJSON decodes either form.
func (l *oneOrList) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*[]string)(l))
	}
	*l = oneOrList{""}
	return json.Unmarshal(data, &(*l)[0])
}
