package oplog

import (
	"fmt"
	"regexp"
	"slices"
)

// What a tenant may add to the built-in catalog, at most.
const (
	MaxOwnModules    = 200
	MaxOwnOperations = 200
	maxTitleLength   = 128
)

// ExtendCatalog returns the built-in catalog with a tenant's own modules and
// operation types, and with those that it adds to built-in modules. Create and
// copy are always allowed together, so each brings the other.
func ExtendCatalog(own Catalog) *Catalog {
	c := &Catalog{Modules: slices.Clone(builtIn.Modules), Operations: slices.Clone(builtIn.Operations)}
	c.Operations = append(c.Operations, own.Operations...)
	for _, m := range own.Modules {
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

// withCopies returns operation types with copy after create, where only one of
// the two is among them.
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

// KeepingUsed adds what was in a catalog before and has been used.
func (c Catalog) KeepingUsed(before Catalog, counts Counts) Catalog {
	for _, m := range before.Modules {
		if _, stays := c.Module(m.Key); !stays && !m.extends() && counts.Modules[m.Key] > 0 {
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

// extends tells whether the module stands for what a tenant adds to a built-in
// one of the same key.
func (m Module) extends() bool { return m.Title == Title{} }

var catalogKey = regexp.MustCompile(fmt.Sprintf(`^[a-z][a-z0-9_]{0,%d}$`, MaxKeyLength-1))

// OwnCatalog takes a whole catalog apart, as it is read and sent back: it returns
// what is not built in, and what is invalid.
func OwnCatalog(c Catalog) (own Catalog, broken []FieldError) {
	v := Validation{}
	for i, o := range c.Operations {
		at := fmt.Sprintf("operations[%d]", i)
		if slices.ContainsFunc(c.Operations[:i], func(before Operation) bool { return before.Key == o.Key }) {
			v.Fail(at+".key", o.Key, "stands twice")
		}
		if b, isBuiltIn := builtIn.Operation(o.Key); isBuiltIn {
			if o.BuiltIn = true; o != b {
				v.Fail(at, o.Key, "is built in and stays as it is; leave it out, or take another key")
			}
			continue
		}
		v.catalogItem(at, o.Key, o.Title)
		if !slices.Contains([]Group{GroupDestructive, GroupOutward, GroupCreate, GroupChange}, o.Group) {
			v.Fail(at+".group", string(o.Group), "is not one of destructive, outward, create, change")
		}
		o.BuiltIn = false
		own.Operations = append(own.Operations, o)
	}
	for i, m := range c.Modules {
		at := fmt.Sprintf("modules[%d]", i)
		if slices.ContainsFunc(c.Modules[:i], func(before Module) bool { return before.Key == m.Key }) {
			v.Fail(at+".key", m.Key, "stands twice")
		}
		for j, key := range m.Operations {
			_, isBuiltIn := builtIn.Operation(key)
			if _, isOwn := own.Operation(key); !isBuiltIn && !isOwn {
				v.Fail(fmt.Sprintf("%s.operations[%d]", at, j), key, "is not among the operations")
			}
			if slices.Contains(m.Operations[:j], key) {
				v.Fail(fmt.Sprintf("%s.operations[%d]", at, j), key, "stands twice")
			}
		}
		if b, isBuiltIn := builtIn.Module(m.Key); isBuiltIn {
			if m.Title != b.Title || m.Retired {
				v.Fail(at, m.Key, "is built in; only operation types can be added to it")
			}
			added := slices.DeleteFunc(slices.Clone(m.Operations), b.Allows)
			if len(added) > 0 {
				own.Modules = append(own.Modules, Module{Key: m.Key, Operations: added})
			}
			continue
		}
		v.catalogItem(at, m.Key, m.Title)
		if len(m.Operations) == 0 {
			v.Fail(at+".operations", nil, "is empty; name the operation types that the module allows")
		}
		m.BuiltIn, m.Added = false, nil
		own.Modules = append(own.Modules, m)
	}
	if len(own.Modules) > MaxOwnModules {
		v.Fail("modules", len(own.Modules), "has more than %d of the tenant's own", MaxOwnModules)
	}
	if len(own.Operations) > MaxOwnOperations {
		v.Fail("operations", len(own.Operations), "has more than %d of the tenant's own", MaxOwnOperations)
	}
	return own, v.Errors
}

func (v *Validation) catalogItem(at, key string, title Title) {
	if !catalogKey.MatchString(key) {
		v.Fail(at+".key", key, "is no key: a small letter, then small letters, digits and _, %d at most", MaxKeyLength)
	}
	v.Text(at+".title.en", title.EN, 1, maxTitleLength)
	v.Text(at+".title.zh-CN", title.ZH, 1, maxTitleLength)
}
