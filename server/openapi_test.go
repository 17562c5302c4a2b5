package server

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

// document is what the tests look at in the description of the API.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]operationDoc
	Components struct {
		Schemas map[string]schemaDoc
	}
}

type parameterDoc struct {
	Name, In    string
	Description string
	Explode     *bool
	Required    bool
	Schema      schemaDoc
}

type operationDoc struct {
	OperationID string
	Parameters  []parameterDoc
	RequestBody *struct {
		Content map[string]struct{ Schema schemaDoc }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema schemaDoc }
	}
	Security []map[string][]string
}

type schemaDoc struct {
	Description string

	Type       any
	Ref        string `json:"$ref"`
	Enum       []any
	Required   []string
	Properties map[string]schemaDoc
	Items      *schemaDoc
	OneOf      []schemaDoc

	AdditionalProperties any
}

func TestOpenAPI(t *testing.T) {
	f := newServer(t)
	served := f.get("nobody", "/api/v1/openapi.json", 200)
	written := string(must(f.server.OpenAPI())(t))
	if served != written {
		t.Error("what is served is not what is written")
	}
	doc := decode[document](t, served)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %s", doc.OpenAPI)
	}
	ids := map[string]bool{}
	for _, r := range f.server.table {
		op, ok := doc.Paths[r.path][strings.ToLower(r.method)]
		if !ok || op.OperationID != r.id || ids[r.id] {
			t.Errorf("%s %s is not described: %+v", r.method, r.path, op)
			continue
		}
		ids[r.id] = true
		if (len(op.Security) == 0) != (r.who == anyone) {
			t.Errorf("%s: security %v", r.id, op.Security)
		}
		if _, ok := op.Responses["default"]; !ok {
			t.Errorf("%s: no answer to what goes wrong", r.id)
		}
		for _, p := range op.Parameters {
			if p.Description == "" {
				t.Errorf("%s: nothing says what %s is", r.id, p.Name)
			}
		}
		for name := range strings.SplitSeq(r.path, "{") {
			name, _, isParam := strings.Cut(name, "}")
			if isParam && !slices.ContainsFunc(op.Parameters, func(p parameterDoc) bool {
				return p.Name == name && p.In == "path" && p.Required
			}) {
				t.Errorf("%s: parameter %s is not described", r.id, name)
			}
		}
	}

	lists := 0
	for _, p := range doc.Paths["/api/v1/tenants/{tenant}/entries"]["get"].Parameters {
		if p.Schema.Type == "array" {
			lists++
			if p.Explode == nil || !*p.Explode {
				t.Errorf("%s does not explode", p.Name)
			}
		}
	}
	if lists != 2*len(oplog.ValueFilters) {
		t.Errorf("%d parameters may repeat", lists)
	}

	body := doc.Paths["/api/v1/tenants/{tenant}/entries"]["post"].RequestBody.Content
	if len(body["application/json"].Schema.OneOf) != 2 || body["application/x-ndjson"].Schema.Ref != "#/components/schemas/NewEntry" {
		t.Errorf("the body of ingest: %+v", body)
	}
	schemas := doc.Components.Schemas
	for name, schema := range schemas {
		for field, p := range schema.Properties {
			if _, isList := p.Type.([]any); isList && name != "ExportRequest" && name+"."+field != "Organization.parent_id" {
				t.Errorf("%s.%s may be null", name, field)
			}
		}
	}
	unused := maps.Clone(fieldWords)
	for name, schema := range schemas {
		for field, p := range schema.Properties {
			if p.Ref == "" && p.Description == "" {
				t.Errorf("nothing says what %s.%s is", name, field)
			}
			for _, used := range []string{name + "." + field, sameWords[name] + "." + field, field} {
				if p.Description == fieldWords[used] {
					delete(unused, used)
				}
			}
		}
	}
	for name := range unused {
		t.Errorf("%s is described, and in no schema", name)
	}
	for name, schema := range schemas {
		if closed := schema.AdditionalProperties == false; closed != slices.Contains(requests, name) {
			t.Errorf("%s: refuses other fields: %v", name, closed)
		}
	}
	for name, want := range enums {
		schema, field, _ := strings.Cut(name, ".")
		if got := schemas[schema].Properties[field].Enum; len(got) != len(want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, name := range objects {
		schema, field, _ := strings.Cut(name, ".")
		if got := schemas[schema].Properties[field]; got.Type != "object" || got.AdditionalProperties != true {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, schema := range []string{"Export", "ExportRequest"} {
		if got := schemas[schema].Properties["format"].Enum; len(got) != 3 {
			t.Errorf("the formats of %s: %v", schema, got)
		}
	}
	if got := schemas["NewEntry"].Required; !slices.Equal(got, []string{"user", "module", "operation"}) {
		t.Errorf("needed of a new entry: %v", got)
	}
	if _, given := schemas["NewEntry"].Properties["seq"]; given {
		t.Error("a sender may not give seq")
	}
	if p := schemas["ProvenEntry"].Properties; p["proof"].Ref == "" || p["id"].Type != "string" {
		t.Errorf("a proven entry: %+v", p)
	}
	if strings.Contains(served, "http://") || strings.Contains(served, "$schema") {
		t.Error("the description points elsewhere")
	}
	var indented any
	if err := json.Unmarshal([]byte(written), &indented); err != nil || !strings.HasPrefix(written, "{\n  \"") {
		t.Errorf("not indented: %.20q", written)
	}
}
