package formats

import (
	"slices"

	"oplog/oplog"
)

// titleKeys maps titles in any language to keys of a catalog. A key itself always stands for that key alone.
type titleKeys map[string][]string

func titlesOf(c *oplog.Catalog) (modules, operations titleKeys) {
	modules, operations = make(titleKeys), make(titleKeys)
	for _, m := range c.Modules {
		modules.add(m.Key, m.Title)
	}
	for _, o := range c.Operations {
		operations.add(o.Key, o.Title)
	}
	for _, m := range c.Modules {
		modules[m.Key] = []string{m.Key}
	}
	for _, o := range c.Operations {
		operations[o.Key] = []string{o.Key}
	}
	return modules, operations
}

func (t titleKeys) add(key string, title oplog.Title) {
	for _, name := range []string{title.EN, title.ZH} {
		if name != "" && !slices.Contains(t[name], key) {
			t[name] = append(t[name], key)
		}
	}
}

// keys returns the keys of a title, or the title itself if it is unknown.
func (t titleKeys) keys(name string) []string {
	if keys := t[name]; len(keys) > 0 {
		return slices.Clone(keys)
	}
	return []string{name}
}
