package docs

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// apiName is the page that the reference of the API is appended to.
const apiName = "api"

// apiDocument has the parts of the OpenAPI document that the page shows.
type apiDocument struct {
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]*apiRoute
	Components struct {
		Schemas map[string]*apiSchema
	}
}

// apiRoute is an operation. x-callers says who may call it: roles, and scopes of keys as key:write; nobody listed means anyone.
type apiRoute struct {
	OperationID, Summary, Description string

	Tags        []string
	Parameters  []apiParam
	RequestBody *apiBody
	Responses   map[string]*apiBody
	Callers     []string `json:"x-callers"`

	method, path string
}

type apiParam struct {
	Name, In, Description string
	Required              bool
	Schema                *apiSchema
}

// apiBody is the body of a request, or a response.
type apiBody struct {
	Description string
	Content     map[string]struct{ Schema *apiSchema }
}

type apiSchema struct {
	Ref    string `json:"$ref"`
	Type   any    // a string, or a list of strings
	Format string
	Enum   []any
	OneOf  []*apiSchema
	Items  *apiSchema

	Description          string
	Required             []string
	Properties           map[string]*apiSchema
	AdditionalProperties any // false in what is sent; a schema for maps
}

const schemaRef = "#/components/schemas/"

// named returns the name of the component that a schema refers to, or its items; "" for none.
func (s *apiSchema) named() string {
	for s != nil && s.Items != nil {
		s = s.Items
	}
	if s == nil {
		return ""
	}
	return strings.TrimPrefix(s.Ref, schemaRef)
}

// parseAPI reads an OpenAPI document.
func parseAPI(document []byte) (*apiDocument, error) {
	var d apiDocument
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	for path, routes := range d.Paths {
		for method, r := range routes {
			r.method, r.path = strings.ToUpper(method), path
		}
	}
	return &d, nil
}

// methods are the methods of a path in the order of the page.
var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE"}

// routesOf returns the routes of a tag, by path.
func (d *apiDocument) routesOf(tag string) []*apiRoute {
	var list []*apiRoute
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range methods {
			if r := d.Paths[path][strings.ToLower(method)]; r != nil && slices.Contains(r.Tags, tag) {
				list = append(list, r)
			}
		}
	}
	return list
}

// each calls visit with all schemas of a tree.
func (s *apiSchema) each(visit func(*apiSchema)) {
	if s == nil {
		return
	}
	visit(s)
	s.Items.each(visit)
	for _, one := range s.OneOf {
		one.each(visit)
	}
	for _, property := range s.Properties {
		property.each(visit)
	}
	if values, ok := s.AdditionalProperties.(map[string]any); ok {
		ref, _ := values["$ref"].(string)
		visit(&apiSchema{Ref: ref})
	}
}

// usedOnce returns the components that only one body refers to: their fields are shown with its route.
func (d *apiDocument) usedOnce() map[string]bool {
	uses, asBody := map[string]int{}, map[string]bool{}
	count := func(s *apiSchema) { uses[strings.TrimPrefix(s.Ref, schemaRef)]++ }
	for _, schema := range d.Components.Schemas {
		schema.each(count)
	}
	for _, routes := range d.Paths {
		for _, r := range routes {
			for _, body := range r.bodies() {
				for _, content := range body.Content {
					content.Schema.each(count)
					asBody[content.Schema.named()] = true
				}
			}
		}
	}
	maps.DeleteFunc(asBody, func(name string, _ bool) bool { return uses[name] != 1 || d.Components.Schemas[name] == nil })
	return asBody
}

// bodies returns the bodies of a route, but those of errors.
func (r *apiRoute) bodies() []*apiBody {
	var list []*apiBody
	if r.RequestBody != nil {
		list = append(list, r.RequestBody)
	}
	for status, body := range r.Responses {
		if status != "default" {
			list = append(list, body)
		}
	}
	return list
}

// meaning returns the description of a response, unless it only repeats the status.
func (b *apiBody) meaning(status string) string {
	code, _ := strconv.Atoi(status)
	if b.Description == http.StatusText(code) {
		return ""
	}
	return b.Description
}

// filters returns the names of the parameters that select entries: those of the summary.
func (d *apiDocument) filters() map[string]bool {
	names := map[string]bool{}
	for _, routes := range d.Paths {
		for _, r := range routes {
			for _, p := range r.Parameters {
				if r.OperationID == filtered && p.In == "query" {
					names[p.Name] = true
				}
			}
		}
	}
	return names
}

// filtered is the operation whose parameters in the query are the filters.
const filtered = "getSummary"

// APITexts returns the texts of an OpenAPI document that the page shows, without repetitions.
func APITexts(document []byte) ([]string, error) {
	d, err := parseAPI(document)
	if err != nil {
		return nil, err
	}
	texts := map[string]bool{}
	note := func(s *apiSchema) { texts[s.Description] = true }
	for _, tag := range d.Tags {
		texts[tag.Name], texts[tag.Description] = true, true
	}
	for _, schema := range d.Components.Schemas {
		schema.each(note)
	}
	for _, routes := range d.Paths {
		for _, r := range routes {
			texts[r.Summary], texts[r.Description] = true, true
			for _, p := range r.Parameters {
				texts[p.Description] = true
			}
			for _, body := range r.bodies() {
				for _, content := range body.Content {
					content.Schema.each(note)
				}
			}
			for status, body := range r.Responses {
				if status != "default" {
					texts[body.meaning(status)] = true
				}
			}
		}
	}
	delete(texts, "")
	return slices.Sorted(maps.Keys(texts)), nil
}

// Translations returns the texts of the OpenAPI document in another language, by the English ones. Its file has each text on a line, and the
// translation on the next.
func Translations(locale string) map[string]string {
	texts := map[string]string{}
	for _, l := range languages {
		content, err := fs.ReadFile(files, path.Join(l.folder, apiName+".txt"))
		if l.Locale != locale || err != nil {
			continue
		}
		english := ""
		for line := range strings.Lines(string(content)) {
			switch line = strings.TrimSpace(line); {
			case line == "":
			case english == "":
				english = line
			default:
				texts[english], english = line, ""
			}
		}
	}
	return texts
}
