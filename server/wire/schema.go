package wire

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const schemaPrefix = "#/components/schemas/"

// NewSchemas returns an empty registry of an API's types.
func NewSchemas() huma.Registry { return huma.NewMapRegistry(schemaPrefix, schemaName) }

// schemaName returns a type's name in the OpenAPI document.
func schemaName(t reflect.Type, hint string) string {
	return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "Body")
}

// FinishSchemas completes the schemas once all operations are registered: lists are never null, fields tagged type:"object" hold any JSON
// object, and responses may get further fields, which clients must ignore. Unknown fields in requests are rejected.
func FinishSchemas(api *huma.OpenAPI) {
	schemas := api.Components.Schemas
	sent := requestSchemas(api)
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

// requestSchemas returns the names of the schemas used in requests.
func requestSchemas(api *huma.OpenAPI) map[string]bool {
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

// objectsOf returns the JSON names of a struct's fields that hold any object.
func objectsOf(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil // a schema without a struct
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
