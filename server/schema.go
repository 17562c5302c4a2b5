package server

import (
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaName names a type in the description of the API.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[huma.ErrorModel]() {
		return "Problem"
	}
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Body")
}

// enums are the values of fields whose types do not tell them.
var enums = map[string][]any{
	"Session.role":       {"owner", "admin", "auditor", "member"},
	"Entry.origin":       {"manual"},
	"Entry.outcome":      {"success", "failure"},
	"ProvenEntry.origin": {"manual"}, "ProvenEntry.outcome": {"success", "failure"},
	"Receipt.status":     {"recorded", "duplicate", "skipped"},
	"Operation.group":    {"destructive", "outward", "create", "change"},
	"Histogram.interval": {"1m", "5m", "15m", "1h", "3h", "6h", "12h", "1d", "7d", "1mo", "1y"},
	"Account.role":       {"owner", "admin", "auditor", "member"},
	"Export.format":      {"csv", "xlsx", "ndjson"},
	"Export.status":      {"running", "done", "failed", "cancelled"},
}

// objects are fields that hold any JSON object.
var objects = []string{"Entry.details", "ProvenEntry.details", "NewEntry.details"}

// requests are what is sent, where an unknown field is refused. Answers may grow
// fields, and readers of them must not refuse those.
var requests = []string{"NewEntry", "NewUser", "NewRef", "NewChange", "Credentials", "SessionChange", "ExportRequest", "NewFilters", "Organization", "Organizations",
	"NewAccount", "AccountChange", "NewKey", "NewTenant", "TenantChange", "NewSetup", "NewCatalog", "NewModule", "NewOperation", "NewTitle",
	"NewView", "ViewChange", "Look"}

// describeSchemas says what Go's types leave open: what fields are, the values of enumerations,
// that a list is never null, and what may have more fields one day.
func describeSchemas(api *huma.OpenAPI) {
	for name, schema := range api.Components.Schemas.Map() {
		if !slices.Contains(requests, name) {
			schema.AdditionalProperties = nil
		}
		for field, property := range schema.Properties {
			if property.Description == "" && property.Ref == "" {
				property.Description = wordsOf(name, field)
			}
			if values := enums[name+"."+field]; values != nil {
				property.Enum = values
			}
			if slices.Contains(objects, name+"."+field) {
				property.Type, property.AdditionalProperties = huma.TypeObject, true
			}
			for p := property; p != nil; p = p.Items {
				if p.Type == huma.TypeArray {
					p.Nullable = false
				}
			}
		}
	}
}
