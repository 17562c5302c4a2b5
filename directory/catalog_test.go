package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"oplog/node/nodetest"
	"oplog/oplog"
)

func ownModule(key string, operations ...string) oplog.Module {
	return oplog.Module{Key: key, Title: oplog.Title{EN: "Own", ZH: "自有"}, Operations: operations}
}

func ownOperation(key string) oplog.Operation {
	return oplog.Operation{Key: key, Title: oplog.Title{EN: "Own", ZH: "自有"}, Group: oplog.GroupChange}
}

func TestCatalogRules(t *testing.T) {
	l := nodetest.New(t)
	f := func(t *testing.T, c oplog.Catalog, want ...string) {
		t.Helper()
		_, err := l.Directory.SetCatalog(t.Context(), "acme", c)
		nodetest.WantFields(t, err, want...)
	}
	modules := func(m ...oplog.Module) oplog.Catalog { return oplog.Catalog{Modules: m} }
	operations := func(o ...oplog.Operation) oplog.Catalog { return oplog.Catalog{Operations: o} }
	f(t, modules(oplog.Module{}), "modules[0].key", "modules[0].title.en", "modules[0].title.zh-CN", "modules[0].operations")
	f(t, modules(ownModule("Own", "edit")), "modules[0].key")
	f(t, modules(ownModule("own-er", "edit")), "modules[0].key")
	f(t, modules(ownModule("own", "edit"), ownModule("own", "edit")), "modules[1].key")
	sms, _ := oplog.BuiltInCatalog().Module("sms")
	f(t, modules(sms, sms), "modules[1].key")
	f(t, modules(ownModule("own", "edit", "fly")), "modules[0].operations[1]")
	f(t, modules(ownModule("own", "edit", "edit")), "modules[0].operations[1]")
	f(t, modules(ownModule("sms", "edit")), "modules[0]")
	f(t, operations(ownOperation("")), "operations[0].key")
	f(t, operations(ownOperation("fly"), ownOperation("fly")), "operations[1].key")
	edit, _ := oplog.BuiltInCatalog().Operation("edit")
	f(t, operations(edit, edit), "operations[1].key")
	f(t, operations(oplog.Operation{Key: "fly", Title: oplog.Title{EN: "Fly", ZH: "飞"}, Group: "odd"}), "operations[0].group")
	f(t, operations(oplog.Operation{Key: "edit", Title: oplog.Title{EN: "Change", ZH: "编辑"}, Group: oplog.GroupChange}), "operations[0]")
	f(t, operations(oplog.Operation{Key: "edit", Title: oplog.Title{EN: "Edit", ZH: "编辑"}, Group: oplog.GroupChange, Retired: true}), "operations[0]")
	var many oplog.Catalog
	for i := range oplog.MaxCustomModules + 1 {
		many.Modules = append(many.Modules, ownModule(fmt.Sprintf("m%d", i), "edit"))
	}
	f(t, many, "modules")
	_, err := l.Directory.SetCatalog(t.Context(), "none", oplog.Catalog{})
	nodetest.WantCode(t, err, oplog.CodeNotFound)
}

// TestCatalogCreateAndCopy: the two are always allowed together, whichever of them a tenant lists.
func TestCatalogCreateAndCopy(t *testing.T) {
	f := func(t *testing.T, key, want string, operations ...string) {
		t.Helper()
		l := nodetest.New(t)
		m := ownModule(key, operations...)
		if b, isBuiltIn := oplog.BuiltInCatalog().Module(key); isBuiltIn {
			m.Title = b.Title
		}
		set, err := l.Directory.SetCatalog(t.Context(), "acme", oplog.Catalog{Modules: []oplog.Module{m}})
		l.Must(nil, err)
		read, err := l.Directory.Catalog("acme")
		l.Must(nil, err)
		for _, c := range []*oplog.Catalog{set, read} {
			m, _ := c.Module(key)
			if got := strings.Join(m.Operations, " "); got != want {
				t.Errorf("%s with %q allows %s, want %s", key, operations, got, want)
			}
		}
		// A catalog that was read can be sent back.
		again, err := l.Directory.SetCatalog(t.Context(), "acme", *read)
		l.Must(nil, err)
		if m, _ := again.Module(key); strings.Join(m.Operations, " ") != want {
			t.Errorf("sent back, it allows %v", m.Operations)
		}
		_, err = l.Journal.Append(t.Context(), "acme", []oplog.Entry{{User: oplog.User{ID: "u", Name: "U"}, Module: key, Operation: "copy"}})
		if refused := oplog.CodeOf(err) == oplog.CodeInvalid; refused == strings.Contains(want, "copy") {
			t.Errorf("%s: a copy is answered %v", want, err)
		}
	}
	f(t, "own", "create copy", "create")
	f(t, "own", "create copy", "copy")
	f(t, "own", "edit create copy delete", "edit", "create", "delete")
	f(t, "own", "edit create copy", "edit", "copy")
	f(t, "own", "copy create", "copy", "create")
	f(t, "own", "edit", "edit")
	f(t, "merchant_order", "export create copy", "create")
	f(t, "merchant_order", "export create copy", "copy")
	f(t, "sms", "create copy edit delete send", "create") // unchanged
}

// TestCatalogAdded: additions to a built-in module are told apart from built-in operation types, even if the operation type itself is built
// in, and can be removed.
func TestCatalogAdded(t *testing.T) {
	l := nodetest.New(t)
	f := func(t *testing.T, send, want string) {
		t.Helper()
		order, _ := oplog.BuiltInCatalog().Module("merchant_order")
		order.Operations, order.Added = strings.Fields(send), []string{"export"} // the client's value is ignored
		own := ownModule("own", "edit")
		own.Added = []string{"edit"}
		set, err := l.Directory.SetCatalog(t.Context(), "acme", oplog.Catalog{Modules: []oplog.Module{order, own}, Operations: []oplog.Operation{ownOperation("fly")}})
		l.Must(nil, err)
		l.Restart()
		read, err := l.Directory.Catalog("acme")
		l.Must(nil, err)
		for _, c := range []*oplog.Catalog{set, read} {
			m, _ := c.Module("merchant_order")
			own, _ := c.Module("own")
			sms, _ := c.Module("sms")
			if got := strings.Join(m.Operations, " ") + ": " + strings.Join(m.Added, " "); got != want || own.Added != nil || sms.Added != nil {
				t.Errorf("%s: %s, want %s; own %v, sms %v", send, got, want, own.Added, sms.Added)
			}
		}
	}
	f(t, "export import fly", "export import fly: import fly")
	f(t, "fly", "export fly: fly")
	f(t, "copy", "export create copy: create copy")
	f(t, "export", "export: ")
	if m, _ := oplog.BuiltInCatalog().Module("merchant_order"); len(m.Operations) != 1 || m.Added != nil {
		t.Errorf("the built-in module has become %+v", m)
	}
}

// TestCatalogKeepsUsed: items with entries are never removed, others are.
func TestCatalogKeepsUsed(t *testing.T) {
	l := nodetest.New(t)
	set := func(c oplog.Catalog) {
		t.Helper()
		l.Must(l.Directory.SetCatalog(t.Context(), "acme", c))
	}
	f := func(t *testing.T, want string) {
		t.Helper()
		c, err := l.Directory.Catalog("acme")
		l.Must(nil, err)
		var own []string
		for _, m := range c.Modules {
			if !m.BuiltIn {
				own = append(own, fmt.Sprintf("%s %v %v", m.Key, m.Operations, m.Retired))
			}
		}
		for _, o := range c.Operations {
			if !o.BuiltIn {
				own = append(own, fmt.Sprintf("%s %v", o.Key, o.Retired))
			}
		}
		if got := strings.Join(own, "; "); got != want {
			t.Errorf("own is %s, want %s", got, want)
		}
	}
	f(t, "")
	all := oplog.Catalog{
		Modules:    []oplog.Module{ownModule("used", "fly", "swim"), ownModule("unused", "edit", "run")},
		Operations: []oplog.Operation{ownOperation("fly"), ownOperation("swim"), ownOperation("run")},
	}
	set(all)
	e := nodetest.Entry("c", 1)
	e.Module, e.Operation = "used", "fly"
	l.Record("acme", e)
	l.Restart()
	f(t, "used [fly swim] false; unused [edit run] false; fly false; swim false; run false")
	set(oplog.Catalog{})
	f(t, "used [fly swim] true; fly true; swim true")
	set(oplog.Catalog{})
	f(t, "used [fly swim] true; fly true; swim true")
	l.Restart()
	set(oplog.Catalog{Modules: []oplog.Module{ownModule("used", "edit")}})
	f(t, "used [edit] false; fly true")
	set(all)
	f(t, "used [fly swim] false; unused [edit run] false; fly false; swim false; run false")
	l.Record("acme", e)
	if len(oplog.BuiltInCatalog().Modules) != 18 || len(oplog.BuiltInCatalog().Operations) != 14 {
		t.Error("the built-in catalog has changed")
	}
}
