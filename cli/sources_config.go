package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"oplog/identity"
	"oplog/identity/ldap"
	"oplog/identity/oidc"
	"oplog/identity/sources"
	"oplog/oplog"
)

// readTable is a [[ldap]], [[oidc]] or [[rule]] of a configuration file.
type readTable struct {
	of    *sourceTable
	value any // a pointer to a value of the table's type
	line  int
	lines map[string]int // of its keys
}

// takeTable begins a table of a list.
func (c *configFile) takeTable(k tomlKey) error {
	of, known := sourceTableNamed(k.name())
	if !known {
		return &lineError{k.line, unknownSection(k)}
	}
	c.tables = append(c.tables, &readTable{of, reflect.New(of.is).Interface(), k.line, make(map[string]int)})
	return nil
}

// takeInTable takes the value of a key in the last table of a list. Relative paths are relative to dir.
func (c *configFile) takeInTable(k tomlKey, dir string) error {
	t := c.tables[len(c.tables)-1]
	at := slices.IndexFunc(t.of.Keys, func(one sourceKey) bool { return one.Name == k.path[1] })
	if len(k.path) != 2 || at < 0 {
		names := make([]string, len(t.of.Keys))
		for i, one := range t.of.Keys {
			names[i] = one.Name
		}
		unknown := strings.Join(k.path[1:], ".")
		if meant := nearest(unknown, names); meant != "" {
			return &lineError{k.line, fmt.Errorf("unknown key %s in [[%s]]; did you mean %s?", unknown, t.of.Name, meant)}
		}
		return &lineError{k.line, fmt.Errorf("unknown key %s in [[%s]]; oplog config init - prints all keys", unknown, t.of.Name)}
	}
	t.lines[k.path[1]] = k.line
	if err := t.set(&t.of.Keys[at], k.value, dir); err != nil {
		return &lineError{k.line, err}
	}
	return nil
}

// set sets the value of a key.
func (t *readTable) set(key *sourceKey, value any, dir string) error {
	field := fieldOf(reflect.ValueOf(t.value).Elem(), key.Name)
	wrong := func(what string) error {
		s := serveSetting{Section: t.of.Name, Name: key.Name}
		return s.expects(what, value)
	}
	switch field.Kind() {
	case reflect.Bool:
		on, ok := value.(bool)
		if !ok {
			return wrong("true or false")
		}
		field.SetBool(on)
	case reflect.Slice:
		list, ok := value.([]any)
		if text, isText := value.(string); isText {
			list, ok = []any{text}, true
		}
		var texts []string
		for _, one := range list {
			text, isText := one.(string)
			texts, ok = append(texts, text), ok && isText
		}
		if !ok {
			return wrong(`a text or a list of texts, such as ` + key.Example)
		}
		field.Set(reflect.ValueOf(texts))
	default:
		text, ok := value.(string)
		if !ok {
			return wrong("a text in quotes, such as " + key.Example)
		}
		if strings.HasSuffix(key.Name, "_file") && text != "" && !filepath.IsAbs(text) {
			text = filepath.Join(dir, text)
		}
		field.SetString(text)
	}
	return nil
}

// fieldOf returns the field with a tag.
func fieldOf(table reflect.Value, key string) reflect.Value {
	for i := range table.NumField() {
		if table.Type().Field(i).Tag.Get("toml") == key {
			return table.Field(i)
		}
	}
	panic("no field for " + key) // see TestSourceKeys
}

// what tells a table from others of its kind.
func (t *readTable) what() string {
	switch one := t.value.(type) {
	case *ldap.Config:
		return one.Name
	case *oidc.Config:
		return one.Name
	case *ruleTable:
		return one.Group + ": " + one.Role
	}
	return ""
}

// wrong returns what is wrong with a table, at the line of the key.
func (t *readTable) wrong(path, name string, f *oplog.FieldError) error {
	line := t.lines[f.Field]
	if line == 0 {
		line = t.line
	}
	if name != "" {
		name = " " + name
	}
	return &configError{path, line, fmt.Errorf("[[%s]]%s: %s %s", t.of.Name, name, f.Field, f.Message)}
}

// sourcesConfig returns the sources and rules of the configuration file, valid; none without a file.
func (m *Program) sourcesConfig() (all sources.Config, err error) {
	if m.config == nil {
		return all, nil
	}
	names := make(map[string]int) // with their lines
	for _, t := range m.config.tables {
		var name string
		var mistakes []oplog.FieldError
		switch one := t.value.(type) {
		case *ldap.Config:
			name, mistakes = one.Name, append(checkSourceName(one.Name, names, t), one.Validate()...)
			all.LDAP = append(all.LDAP, *one)
		case *oidc.Config:
			name, mistakes = one.Name, append(checkSourceName(one.Name, names, t), one.Validate()...)
			all.OIDC = append(all.OIDC, *one)
		case *ruleTable:
			all.Rules = append(all.Rules, one.rule())
		}
		if len(mistakes) > 0 {
			return all, t.wrong(m.config.path, name, &mistakes[0])
		}
	}
	number := 0
	for _, t := range m.config.tables {
		rule, isRule := t.value.(*ruleTable)
		if !isRule {
			continue
		}
		if number++; rule.mistake(names).Field != "" {
			mistake := rule.mistake(names)
			return all, t.wrong(m.config.path, fmt.Sprint(number), &mistake)
		}
	}
	return all, nil
}

// checkSourceName checks the name of a source, and notes it.
func checkSourceName(name string, names map[string]int, t *readTable) []oplog.FieldError {
	wrong := func(message string) []oplog.FieldError {
		return []oplog.FieldError{{Field: "name", Violation: oplog.Violation{Code: "invalid", Message: message}}}
	}
	if why := sources.CheckName(name); why != "" {
		return wrong(why)
	}
	if first := names[name]; first != 0 {
		return wrong(fmt.Sprintf("is that of the source on line %d; each needs its own", first))
	}
	names[name] = t.line
	return nil
}

// mistake returns what is wrong with a rule; zero if nothing is.
func (r *ruleTable) mistake(names map[string]int) (f oplog.FieldError) {
	wrong := func(field, format string, args ...any) oplog.FieldError {
		return oplog.FieldError{Field: field, Violation: oplog.Violation{Code: "invalid", Message: fmt.Sprintf(format, args...)}}
	}
	role := identity.Role(r.Role)
	scoped := role == identity.RoleAdmin || role == identity.RoleAuditor
	switch {
	case r.Source != "" && names[r.Source] == 0:
		return wrong("source", "is %s, and there is no [[ldap]] or [[oidc]] of this name", r.Source)
	case r.Group == "":
		return wrong("group", "is required: a group as the source names it, or * for everybody")
	case !slices.Contains(identity.Roles, role):
		return wrong("role", "must be owner, admin, auditor or member")
	case role == identity.RoleOwner && r.Tenant != "":
		return wrong("tenant", "is not for owners, who have access to every tenant")
	case role != identity.RoleOwner && r.Tenant == "":
		return wrong("tenant", "is required for role %s", r.Role)
	case r.Organization != "" && !scoped:
		return wrong("organization", "is for admins and auditors only, not for role %s", r.Role)
	case strings.ContainsAny(r.Organization, "{}") && r.Organization != identity.OwnOrganization:
		return wrong("organization", "must be the id of an organization, or %s", identity.OwnOrganization)
	}
	return f
}

var errNoSources = errors.New("the configuration file has no [[ldap]] and no [[oidc]]; oplog config init - prints what they can hold")
