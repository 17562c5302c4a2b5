package wire

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const schemaPrefix = "#/components/schemas/"

// NewSchemas returns an empty registry of the types of an API.
func NewSchemas() huma.Registry { return huma.NewMapRegistry(schemaPrefix, schemaName) }

// schemaName names a type in the description of the API.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[huma.ErrorModel]() {
		return "Problem"
	}
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Body")
}

// FinishSchemas says what Huma leaves open once it knows all calls: that a list
// is never null, that a field with the tag type:"object" holds any JSON object,
// and that answers may grow fields, which readers must not refuse. Of a request an
// unknown field is refused.
func FinishSchemas(api *huma.OpenAPI) {
	schemas := api.Components.Schemas
	sent := sentSchemas(api)
	for name, schema := range schemas.Map() {
		if !sent[name] {
			schema.AdditionalProperties = nil
		}
		for _, property := range schema.Properties {
			for p := property; p != nil; p = p.Items {
				if p.Type == huma.TypeArray {
					p.Nullable = false
				}
			}
		}
		for _, field := range objectsOf(schemas.TypeFromRef(schemaPrefix + name)) {
			property := schema.Properties[field]
			property.Type, property.AdditionalProperties = huma.TypeObject, true
		}
	}
}

// sentSchemas returns the names of the schemas that requests hold.
func sentSchemas(api *huma.OpenAPI) map[string]bool {
	sent := make(map[string]bool)
	var visit func(s *huma.Schema)
	visit = func(s *huma.Schema) {
		if s == nil {
			return
		}
		if name, isRef := strings.CutPrefix(s.Ref, schemaPrefix); isRef && !sent[name] {
			sent[name] = true
			visit(api.Components.Schemas.SchemaFromRef(s.Ref))
		}
		visit(s.Items)
		for _, one := range s.OneOf {
			visit(one)
		}
		for _, property := range s.Properties {
			visit(property)
		}
	}
	for _, path := range api.Paths {
		for _, op := range []*huma.Operation{path.Post, path.Put, path.Patch} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, content := range op.RequestBody.Content {
				visit(content.Schema)
			}
		}
	}
	return sent
}

// objectsOf returns the names, in JSON, of a struct's fields that hold any object.
func objectsOf(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil // a schema that no struct stands for
	}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("type") == huma.TypeObject {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}
