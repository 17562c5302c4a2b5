package docs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// apiWords are the words of the reference in a language.
type apiWords struct {
	Callers, Anyone, Key, And        string
	Parameter, Place, Type, Meaning  string
	Field, Body, Answer, Or, Lines   string
	Filters, FiltersMeaning, Types   string
	TypesMeaning, Required, ListOf   string
	Path, Query, Header, Object, Any string
	Text, Integer, Number, Boolean   string
	Time, Date                       string
	Comma, Stop, Colon               string

	Roles map[string]string
}

// references are the words by the folder of the language.
var references = map[string]apiWords{
	"": {
		Callers: "Callers: ", Anyone: "anyone", Key: "keys of scope %s", And: ", ",
		Parameter: "Parameter", Place: "In", Type: "Type", Meaning: "Meaning",
		Field: "Field", Body: "Body", Answer: "Answer", Or: " or ", Lines: "one per line: ",
		Filters: "Filters", FiltersMeaning: "These parameters of the query select entries. Different ones must all match; of one that is repeated, any value.", Types: "Types",
		TypesMeaning: "The objects that several calls have in common. Answers may get further fields: ignore those that you do not know.", Required: "Required. ", ListOf: "list of %s",
		Path: "path", Query: "query", Header: "header", Object: "object", Any: "any JSON",
		Text: "text", Integer: "integer", Number: "number", Boolean: "true or false", Time: "time (RFC 3339)", Date: "date",
		Comma: ", ", Stop: ".", Colon: ": ",
		Roles: map[string]string{"owner": "owner", "admin": "admin", "organization-admin": "admin of an organization", "auditor": "auditor", "member": "member"},
	},
	"zh": {
		Callers: "调用方：", Anyone: "任何人", Key: "%s 权限的密钥", And: "、",
		Parameter: "参数", Place: "位置", Type: "类型", Meaning: "含义",
		Field: "字段", Body: "请求体", Answer: "响应", Or: " 或 ", Lines: "每行一个：",
		Filters: "筛选条件", FiltersMeaning: "以下查询参数用于选择记录。不同参数须同时满足；同一参数重复时，满足任意一个值即可。", Types: "类型",
		TypesMeaning: "多个接口共用的对象。响应可能增加字段，请忽略未知的字段。", Required: "必填。", ListOf: "%s 的列表",
		Path: "路径", Query: "查询", Header: "请求头", Object: "对象", Any: "任意 JSON",
		Text: "文本", Integer: "整数", Number: "数值", Boolean: "布尔值", Time: "时间（RFC 3339）", Date: "日期",
		Comma: "、", Stop: "。", Colon: "：",
		Roles: map[string]string{"owner": "所有者", "admin": "管理员", "organization-admin": "限定组织的管理员", "auditor": "审计员", "member": "成员"},
	},
}

// apiWriter writes the reference as Markdown.
type apiWriter struct {
	apiWords
	strings.Builder
	document *apiDocument
	once     map[string]bool // see usedOnce
	filters  map[string]bool
	texts    map[string]string // translations
}

// reference returns the reference of an API in Markdown.
func reference(d *apiDocument, words apiWords, texts map[string]string) string {
	w := &apiWriter{apiWords: words, document: d, once: d.usedOnce(), filters: d.filters(), texts: texts}
	for _, tag := range d.Tags {
		routes := d.routesOf(tag.Name)
		if len(routes) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n## %s\n\n%s\n", w.text(tag.Name), w.text(tag.Description))
		for _, r := range routes {
			w.route(r)
		}
	}
	w.filterSection()
	fmt.Fprintf(w, "\n## %s\n\n%s\n", w.Types, w.TypesMeaning)
	for _, name := range slices.Sorted(maps.Keys(d.Components.Schemas)) {
		if schema := d.Components.Schemas[name]; !w.once[name] && len(schema.Properties) > 0 {
			fmt.Fprintf(w, "\n### %s {#%s}\n", name, name)
			w.fields(schema)
		}
	}
	return w.String()
}

// escaped are the characters that Markdown would interpret.
var escaped = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "{", `\{`, "}", `\}`, "&", `\&`, "://", `\://`)

// text returns a text of the document in the page's language.
func (w *apiWriter) text(english string) string {
	if translated := w.texts[english]; translated != "" {
		english = translated
	}
	return escaped.Replace(english)
}

func (w *apiWriter) route(r *apiRoute) {
	fmt.Fprintf(w, "\n### %s {#%s}\n\n`%s %s`\n\n", w.text(r.Summary), r.OperationID, r.method, r.path)
	if r.Description != "" {
		fmt.Fprintf(w, "%s\n\n", w.text(r.Description))
	}
	fmt.Fprintf(w, "%s%s%s\n", w.Callers, w.callers(r.Callers), w.Stop)
	w.parameters(r.Parameters)
	if r.RequestBody != nil {
		w.body(w.Body, r.RequestBody, "")
	}
	for _, status := range slices.Sorted(maps.Keys(r.Responses)) {
		if status != "default" {
			w.body(w.Answer+" `"+status+"`", r.Responses[status], r.Responses[status].meaning(status))
		}
	}
}

func (w *apiWriter) callers(names []string) string {
	if len(names) == 0 {
		return w.Anyone
	}
	var people, scopes []string
	for _, name := range names {
		if scope, isKey := strings.CutPrefix(name, "key:"); isKey {
			scopes = append(scopes, "`"+scope+"`")
		} else {
			people = append(people, w.Roles[name])
		}
	}
	if len(scopes) > 0 {
		people = append(people, fmt.Sprintf(w.Key, strings.Join(scopes, w.And)))
	}
	return strings.Join(people, w.And)
}

// parameters writes the parameters of a route, but the tenant, and with the filters as one.
func (w *apiWriter) parameters(list []apiParam) {
	var rows []string
	isFiltered := false
	for _, p := range list {
		switch {
		case p.Name == "tenant" && p.In == "path":
			continue
		case p.In == "query" && w.filters[p.Name] && w.hasFilters(list):
			isFiltered = true
			continue
		}
		rows = append(rows, w.parameter(p))
	}
	if isFiltered {
		rows = append([]string{fmt.Sprintf("| [%s](#filters) | %s | | |\n", w.Filters, w.Query)}, rows...)
	}
	w.parameterTable(rows)
}

func (w *apiWriter) parameterTable(rows []string) {
	if len(rows) > 0 {
		fmt.Fprintf(w, "\n| %s | %s | %s | %s |\n| --- | --- | --- | --- |\n%s", w.Parameter, w.Place, w.Type, w.Meaning, strings.Join(rows, ""))
	}
}

func (w *apiWriter) parameter(p apiParam) string {
	place := map[string]string{"path": w.Path, "query": w.Query, "header": w.Header}[p.In]
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", p.Name, place, w.kind(p.Schema), w.text(p.Description))
}

// hasFilters reports whether parameters include all filters.
func (w *apiWriter) hasFilters(list []apiParam) bool {
	n := 0
	for _, p := range list {
		if p.In == "query" && w.filters[p.Name] {
			n++
		}
	}
	return n == len(w.filters)
}

// filterSection writes what the filters are.
func (w *apiWriter) filterSection() {
	for _, routes := range w.document.Paths {
		for _, r := range routes {
			if r.OperationID != filtered {
				continue
			}
			fmt.Fprintf(w, "\n## %s {#filters}\n\n%s\n", w.Filters, w.FiltersMeaning)
			var rows []string
			for _, p := range r.Parameters {
				if w.filters[p.Name] {
					rows = append(rows, w.parameter(p))
				}
			}
			w.parameterTable(rows)
		}
	}
}

// body writes the forms of a body, and its fields if they are nowhere else.
func (w *apiWriter) body(title string, body *apiBody, meaning string) {
	if meaning != "" {
		meaning = w.Colon + w.text(meaning)
	}
	types := slices.Sorted(maps.Keys(body.Content))
	if len(types) == 0 {
		fmt.Fprintf(w, "\n%s%s\n", title, meaning)
		return
	}
	var fields *apiSchema
	for _, mediaType := range types {
		schema := body.Content[mediaType].Schema
		fmt.Fprintf(w, "\n%s `%s`", title, mediaType)
		name := schema.named()
		switch {
		case w.once[name]:
			if fields = w.document.Components.Schemas[name]; schema.Items != nil {
				w.WriteString(" " + fmt.Sprintf(w.ListOf, w.Object))
			}
		case mediaType == "application/x-ndjson":
			w.WriteString(" " + w.Lines + w.kind(schema))
		case mediaType == "application/json":
			w.WriteString(" " + w.kind(schema))
		}
		w.WriteString(meaning + "\n")
	}
	if fields != nil {
		w.fields(fields)
	}
}

// fields writes a table of an object's fields, the required ones first.
func (w *apiWriter) fields(s *apiSchema) {
	fmt.Fprintf(w, "\n| %s | %s | %s |\n| --- | --- | --- |\n", w.Field, w.Type, w.Meaning)
	names := slices.Sorted(maps.Keys(s.Properties))
	isSent := s.AdditionalProperties == false
	slices.SortStableFunc(names, func(a, b string) int { return rank(s, a) - rank(s, b) })
	for _, name := range names {
		required := ""
		if isSent && slices.Contains(s.Required, name) {
			required = w.Required
		}
		fmt.Fprintf(w, "| `%s` | %s | %s%s |\n", name, w.kind(s.Properties[name]), required, w.text(s.Properties[name].Description))
	}
}

func rank(s *apiSchema, field string) int {
	if slices.Contains(s.Required, field) {
		return 0
	}
	return 1
}

// kind describes the values of a schema.
func (w *apiWriter) kind(s *apiSchema) string {
	switch {
	case s == nil:
		return w.Any
	case s.Ref != "":
		name := strings.TrimPrefix(s.Ref, schemaRef)
		if target := w.document.Components.Schemas[name]; target == nil || len(target.Properties) == 0 {
			return w.Object
		}
		return fmt.Sprintf("[%s](#%s)", name, name)
	case len(s.OneOf) > 0:
		forms := make([]string, len(s.OneOf))
		for i, one := range s.OneOf {
			forms[i] = w.kind(one)
		}
		return strings.Join(forms, w.Or)
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = fmt.Sprintf("`%v`", value)
		}
		return strings.Join(values, w.Comma)
	case s.Items != nil:
		return fmt.Sprintf(w.ListOf, w.kind(s.Items))
	case len(s.Properties) > 0:
		return w.inlineObject(s)
	default:
		return w.plainKind(s)
	}
}

// inlineObject describes an object without a name by its fields.
func (w *apiWriter) inlineObject(s *apiSchema) string {
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		fields = append(fields, fmt.Sprintf("`%s`: %s", name, w.kind(s.Properties[name])))
	}
	return `\{` + strings.Join(fields, w.Comma) + `\}`
}

// plainKind describes a schema without parts by its type and format.
func (w *apiWriter) plainKind(s *apiSchema) string {
	kinds := map[string]string{"string": w.Text, "integer": w.Integer, "number": w.Number, "boolean": w.Boolean, "object": w.Object}
	formats := map[string]string{"date-time": w.Time, "date": w.Date}
	if s.Type == nil {
		return w.Any
	}
	types, isList := s.Type.([]any)
	if !isList {
		types = []any{s.Type}
	}
	var texts []string
	for _, one := range types {
		name, _ := one.(string)
		switch {
		case formats[s.Format] != "" && name == "string":
			texts = append(texts, formats[s.Format])
		case kinds[name] != "":
			texts = append(texts, kinds[name])
		default:
			texts = append(texts, "`"+name+"`")
		}
	}
	return strings.Join(texts, w.Or)
}
