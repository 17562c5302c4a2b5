package server

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"oplog/oplog"
)

// document holds the parts of the OpenAPI document that the tests read.
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

// These lists repeat tags and types of the code, so that neither changes unnoticed.

// strictSchemas are request schemas that reject unknown fields.
var strictSchemas = []string{
	"ConfirmationProof", "ViewAs",
	"AccountChange", "Credentials", "DeletionAgreement", "ExportRequest", "LeadershipTransfer", "NewAccount", "NewCatalog", "NewChange", "NewEntry", "NewFilters",
	"NewHold", "NewKey", "NewModule", "NewOperation", "NewPasskey", "NewRef", "NewSetup", "NewTenant", "NewTitle", "NewUser", "NewView", "Organization",
	"SecondFactorProof", "SecondFactorRule", "SessionChange", "StepUp", "TOTPConfirmation", "TableLayout", "TenantChange", "ViewChange",
}

// responseEnums are the values of response fields.
var responseEnums = map[string][]any{
	"Session.role":       {"owner", "admin", "auditor", "member"},
	"Entry.origin":       {"manual"},
	"Entry.outcome":      {"success", "failure"},
	"ProvenEntry.origin": {"manual"}, "ProvenEntry.outcome": {"success", "failure"},
	"Receipt.status":       {"recorded", "duplicate", "skipped"},
	"Operation.group":      {"destructive", "outward", "create", "change"},
	"Histogram.interval":   {"1m", "5m", "15m", "1h", "3h", "6h", "12h", "1d", "7d", "1mo", "1y"},
	"Account.role":         {"owner", "admin", "auditor", "member"},
	"Export.format":        {"csv", "xlsx", "ndjson"},
	"Export.status":        {"running", "done", "failed", "cancelled"},
	"ExportRequest.format": {"csv", "xlsx", "ndjson"},
}

// objectFields accept any JSON object.
var objectFields = []string{"Entry.details", "ProvenEntry.details", "NewEntry.details"}

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
	if strings.Contains(served, "http://") || strings.Contains(served, "$schema") {
		t.Error("the description points elsewhere")
	}
	var indented any
	if err := json.Unmarshal([]byte(written), &indented); err != nil || !strings.HasPrefix(written, "{\n  \"") {
		t.Errorf("not indented: %.20q", written)
	}
	body := doc.Paths["/api/v1/tenants/{tenant}/entries"]["post"].RequestBody.Content
	if len(body["application/json"].Schema.OneOf) != 2 || body["application/x-ndjson"].Schema.Ref != "#/components/schemas/NewEntry" {
		t.Errorf("the body of ingest: %+v", body)
	}
}

// TestOpenAPICalls: every route is documented with all its parameters.
func TestOpenAPICalls(t *testing.T) {
	f := newServer(t)
	doc := decode[document](t, f.get("nobody", "/api/v1/openapi.json", 200))
	ids := map[string]bool{}
	for _, r := range f.server.table {
		op, ok := doc.Paths[r.path][strings.ToLower(r.method)]
		if !ok || op.OperationID != r.id || ids[r.id] {
			t.Errorf("%s %s is not described: %+v", r.method, r.path, op)
			continue
		}
		ids[r.id] = true
		if (len(op.Security) == 0) != (r.callers == anyone) {
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
}

// TestOpenAPISchemas: every field is documented with its values.
func TestOpenAPISchemas(t *testing.T) {
	schemas := decode[document](t, newServer(t).get("nobody", "/api/v1/openapi.json", 200)).Components.Schemas
	for name, schema := range schemas {
		if closed := schema.AdditionalProperties == false; closed != slices.Contains(strictSchemas, name) {
			t.Errorf("%s: refuses other fields: %v", name, closed)
		}
		for field, p := range schema.Properties {
			if _, isList := p.Type.([]any); isList && name != "ExportRequest" && name+"."+field != "Organization.parent_id" {
				t.Errorf("%s.%s may be null", name, field)
			}
			if p.Ref == "" && p.Description == "" {
				t.Errorf("nothing says what %s.%s is; give it a doc tag", name, field)
			}
		}
	}
	field := func(name string) schemaDoc {
		schema, field, _ := strings.Cut(name, ".")
		return schemas[schema].Properties[field]
	}
	for name, want := range responseEnums {
		if got := field(name).Enum; !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, name := range objectFields {
		if got := field(name); got.Type != "object" || got.AdditionalProperties != true {
			t.Errorf("%s: %+v", name, got)
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
}
