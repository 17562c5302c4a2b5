package formats

import (
	"slices"

	"oplog/oplog"
)

// titles are the keys of a catalog by what they are called, in any language.
// What is a key itself stands for that key alone.
type titles map[string][]string

func titlesOf(c *oplog.Catalog) (modules, operations titles) {
	modules, operations = make(titles), make(titles)
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

func (t titles) add(key string, title oplog.Title) {
	for _, name := range []string{title.EN, title.ZH} {
		if name != "" && !slices.Contains(t[name], key) {
			t[name] = append(t[name], key)
		}
	}
}

// keys returns the keys that a name stands for, or the name itself.
func (t titles) keys(name string) []string {
	if keys := t[name]; len(keys) > 0 {
		return slices.Clone(keys)
	}
	return []string{name}
}
