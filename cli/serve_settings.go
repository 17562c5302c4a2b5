package cli

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"
)

// serveSetting is a setting of the server: a flag, a variable of the environment, and a key of the configuration file.
type serveSetting struct {
	Flag        string // such as tls-cert
	Variable    string // such as OPLOG_TLS_CERT
	Section     string // such as tls; "" for none
	Name        string // in the section, such as cert
	Placeholder string
	Default     string
	Help        string

	kind reflect.Type
}

// Key returns the key in the configuration file, such as tls.cert.
func (s *serveSetting) Key() string {
	if s.Section == "" {
		return s.Name
	}
	return s.Section + "." + s.Name
}

// serveSettings lists the settings of a server, in the order of serveFlags. Documents are made of it.
var serveSettings = sync.OnceValue(func() []serveSetting {
	var all struct {
		serveFlags
		signFlag
	}
	var list []serveSetting
	for _, flag := range kong.Must(&all, kong.NoDefaultHelp(), helpVariables()).Model.Flags {
		if flag.Name == "config" { // which names the file
			continue
		}
		section := cmp.Or(flag.Tag.Get("section"), strings.TrimSuffix(flag.Tag.Prefix, "-"))
		s := serveSetting{
			Flag: flag.Name, Variable: variable(flag.Name), Section: section,
			Name:        cmp.Or(flag.Tag.Get("key"), strings.ReplaceAll(strings.TrimPrefix(flag.Name, section+"-"), "-", "_")),
			Placeholder: flag.PlaceHolder, Default: flag.Default, Help: flag.Help, kind: flag.Target.Type(),
		}
		s.Section = strings.ReplaceAll(s.Section, "-", "_")
		list = append(list, s)
	}
	return list
})

// variable returns the variable of the environment that sets a flag.
func variable(flag string) string {
	return "OPLOG_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// isPath reports whether the setting names a file or directory.
func (s *serveSetting) isPath() bool { return s.Placeholder == "FILE" || s.Placeholder == "DIR" }

// isList reports whether the setting may be repeated.
func (s *serveSetting) isList() bool { return s.kind.Kind() == reflect.Slice }

var durationType = reflect.TypeFor[time.Duration]()

// fromTOML returns the value of a configuration file as a flag takes it. An error says what is expected.
func (s *serveSetting) fromTOML(value any) (any, error) {
	switch {
	case s.kind == durationType:
		if text, ok := value.(string); ok {
			if _, err := time.ParseDuration(text); err == nil {
				return text, nil
			}
		}
		return nil, s.expects(`a duration in quotes, such as "24h" or "90m"`, value)
	case s.kind.Kind() == reflect.Bool:
		if on, ok := value.(bool); ok {
			return on, nil
		}
		return nil, s.expects("true or false", value)
	case s.isList():
		if text, ok := value.(string); ok {
			return []any{text}, nil
		}
		list, ok := value.([]any)
		for _, one := range list {
			_, isText := one.(string)
			ok = ok && isText
		}
		if ok {
			return list, nil
		}
		return nil, s.expects(`a list of texts, such as ["one", "two"]`, value)
	case reflect.Int <= s.kind.Kind() && s.kind.Kind() <= reflect.Uint64:
		if n, ok := value.(int64); ok && (n >= 0 || s.kind.Kind() <= reflect.Int64) {
			return strconv.FormatInt(n, 10), nil
		}
		return nil, s.expects("a whole number", value)
	default:
		if text, ok := value.(string); ok {
			return text, nil
		}
		return nil, s.expects(`a text in quotes, such as "`+s.example()+`"`, value)
	}
}

// example returns what a value of a setting looks like.
func (s *serveSetting) example() string {
	if s.Default != "" {
		return s.Default
	}
	return s.Placeholder
}

func (s *serveSetting) expects(what string, value any) error {
	got := fmt.Sprint(value)
	switch value := value.(type) {
	case string:
		got = strconv.Quote(value)
	case []any:
		got = "a list"
	case map[string]any:
		got = "a table"
	}
	return fmt.Errorf("%s expects %s, not %s", s.Key(), what, got)
}
