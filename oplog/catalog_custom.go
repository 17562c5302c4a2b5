package oplog

import (
	"fmt"
	"regexp"
	"slices"
)

// Limits on a tenant's additions to the built-in catalog.
const (
	MaxCustomModules    = 200
	MaxCustomOperations = 200
	maxTitleLength      = 128
)

// ExtendCatalog returns the built-in catalog merged with a tenant's custom modules, operation types and additions to built-in modules.
// Create and copy are always allowed together: each implies the other.
func ExtendCatalog(custom Catalog) *Catalog {
	c := &Catalog{Modules: slices.Clone(builtIn.Modules), Operations: slices.Clone(builtIn.Operations)}
	c.Operations = append(c.Operations, custom.Operations...)
	for _, m := range custom.Modules {
		i := slices.IndexFunc(c.Modules, func(b Module) bool { return b.Key == m.Key })
		if i < 0 {
			m.Operations = withCopies(m.Operations)
			c.Modules = append(c.Modules, m)
			continue
		}
		b := c.Modules[i]
		c.Modules[i].Operations = withCopies(append(slices.Clone(b.Operations), m.Operations...))
		c.Modules[i].Added = slices.DeleteFunc(slices.Clone(c.Modules[i].Operations), b.Allows)
	}
	return c
}

// withCopies returns the operation types with create and copy both present if either is.
func withCopies(operations []string) []string {
	i, j := slices.Index(operations, "create"), slices.Index(operations, "copy")
	switch {
	case i >= 0 && j < 0:
		return slices.Insert(slices.Clone(operations), i+1, "copy")
	case i < 0 && j >= 0:
		return slices.Insert(slices.Clone(operations), j, "create")
	}
	return operations
}

// KeepUsed adds the modules and operation types of the previous catalog that have entries.
func (c Catalog) KeepUsed(before Catalog, counts Counts) Catalog {
	for _, m := range before.Modules {
		if _, stays := c.Module(m.Key); !stays && !m.isExtension() && counts.Modules[m.Key] > 0 {
			m.Retired = true
			c.Modules = append(c.Modules, m)
		}
	}
	used := func(key string) bool {
		return counts.Operations[key] > 0 || slices.ContainsFunc(c.Modules, func(m Module) bool { return m.Allows(key) })
	}
	for _, o := range before.Operations {
		if _, stays := c.Operation(o.Key); !stays && used(o.Key) {
			o.Retired = true
			c.Operations = append(c.Operations, o)
		}
	}
	return c
}

// isExtension reports whether the module only adds operation types to the built-in module of the same key.
func (m Module) isExtension() bool { return m.Title == Title{} }

var catalogKey = regexp.MustCompile(fmt.Sprintf(`^[a-z][a-z0-9_]{0,%d}$`, MaxKeyLength-1))

// CustomCatalog extracts the tenant's additions from a whole catalog, as clients read and send it back, and returns its invalid fields.
func CustomCatalog(c Catalog) (custom Catalog, errs []FieldError) {
	v := Validation{}
	for i, o := range c.Operations {
		at := fmt.Sprintf("operations[%d]", i)
		if slices.ContainsFunc(c.Operations[:i], func(before Operation) bool { return before.Key == o.Key }) {
			v.Fail(at+".key", o.Key, "listed_twice", "is listed twice")
		}
		if b, isBuiltIn := builtIn.Operation(o.Key); isBuiltIn {
			if o.BuiltIn = true; o != b {
				v.Fail(at, o.Key, "built_in", "is built in and cannot be changed; omit it or choose another key")
			}
			continue
		}
		v.catalogItem(at, o.Key, o.Title)
		if !slices.Contains([]Group{GroupDestructive, GroupOutward, GroupCreate, GroupChange}, o.Group) {
			v.Fail(at+".group", string(o.Group), "not_one_of", "is not one of {allowed}", []string{"destructive", "outward", "create", "change"})
		}
		o.BuiltIn = false
		custom.Operations = append(custom.Operations, o)
	}
	for i, m := range c.Modules {
		at := fmt.Sprintf("modules[%d]", i)
		if slices.ContainsFunc(c.Modules[:i], func(before Module) bool { return before.Key == m.Key }) {
			v.Fail(at+".key", m.Key, "listed_twice", "is listed twice")
		}
		for j, key := range m.Operations {
			_, isBuiltIn := builtIn.Operation(key)
			if _, isOwn := custom.Operation(key); !isBuiltIn && !isOwn {
				v.Fail(fmt.Sprintf("%s.operations[%d]", at, j), key, "unknown_operation", "is not among the operations")
			}
			if slices.Contains(m.Operations[:j], key) {
				v.Fail(fmt.Sprintf("%s.operations[%d]", at, j), key, "listed_twice", "is listed twice")
			}
		}
		if b, isBuiltIn := builtIn.Module(m.Key); isBuiltIn {
			if m.Title != b.Title || m.Retired {
				v.Fail(at, m.Key, "built_in_module", "is built in; only operation types can be added to it")
			}
			added := slices.DeleteFunc(slices.Clone(m.Operations), b.Allows)
			if len(added) > 0 {
				custom.Modules = append(custom.Modules, Module{Key: m.Key, Operations: added})
			}
			continue
		}
		v.catalogItem(at, m.Key, m.Title)
		if len(m.Operations) == 0 {
			v.Fail(at+".operations", nil, "no_operations", "is empty; list the operation types that the module allows")
		}
		m.BuiltIn, m.Added = false, nil
		custom.Modules = append(custom.Modules, m)
	}
	if len(custom.Modules) > MaxCustomModules {
		v.Fail("modules", len(custom.Modules), "too_many_modules", "has more than {max} custom modules", MaxCustomModules)
	}
	if len(custom.Operations) > MaxCustomOperations {
		v.Fail("operations", len(custom.Operations), "too_many_operations", "has more than {max} custom operation types", MaxCustomOperations)
	}
	return custom, v.Errors
}

func (v *Validation) catalogItem(at, key string, title Title) {
	if !catalogKey.MatchString(key) {
		v.Fail(at+".key", key, "not_a_key", "is not a valid key: a lowercase letter, then lowercase letters, digits and _; at most {max} characters", MaxKeyLength)
	}
	v.Name(at+".title.en", title.EN, 1, maxTitleLength)
	v.Name(at+".title.zh-CN", title.ZH, 1, maxTitleLength)
}
