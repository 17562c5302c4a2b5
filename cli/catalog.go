package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"oplog/control"
	"oplog/node"
	"oplog/oplog"
	"oplog/trail"
)

type catalogCommand struct {
	List         catalogList         `cmd:"" help:"List the modules and operation types of a tenant."`
	Add          catalogAdd          `cmd:"" help:"Add a module, or operation types to a module."`
	AddOperation catalogAddOperation `cmd:"" help:"Add an operation type, which modules can then allow."`
	Import       catalogImport       `cmd:"" help:"Replace the modules and operation types that a tenant added by those in a file."`
}

type catalogList struct {
	logFlags
	Tenant string `required:"" placeholder:"ID" help:"Tenant of the catalog."`
	JSON   bool   `name:"json" help:"Print JSON, as oplog catalog import reads it."`
}

// Run lists the catalog.
func (c *catalogList) Run(m *Program) error {
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		catalog, err := l.Directory.Catalog(c.Tenant)
		if err != nil {
			return withHint(err, "tenant")
		}
		return c.print(m.Stdout, catalog)
	})
}

func (c *catalogList) runOverAPI(ctx context.Context, m *Program, r remote) error {
	catalog, err := r.catalog(ctx, c.Tenant)
	if err != nil {
		return err
	}
	return c.print(m.Stdout, catalog)
}

func (c *catalogList) print(w io.Writer, catalog *oplog.Catalog) error {
	if c.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(catalog)
	}
	state := func(builtIn, retired bool, added []string) string {
		switch {
		case retired:
			return "retired"
		case builtIn && len(added) > 0:
			return "built in; added " + strings.Join(added, " ")
		case builtIn:
			return "built in"
		}
		return "added"
	}
	rows := [][]string{{"MODULE", "ENGLISH", "CHINESE", "OPERATION TYPES", "STATE"}}
	for _, m := range catalog.Modules {
		rows = append(rows, []string{m.Key, m.Title.EN, m.Title.ZH, strings.Join(m.Operations, " "), state(m.BuiltIn, m.Retired, m.Added)})
	}
	if err := table(w, rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	rows = [][]string{{"OPERATION TYPE", "ENGLISH", "CHINESE", "EFFECT", "STATE"}}
	for _, o := range catalog.Operations {
		rows = append(rows, []string{o.Key, o.Title.EN, o.Title.ZH, string(o.Group), state(o.BuiltIn, o.Retired, nil)})
	}
	return table(w, rows)
}

// titleFlags are the titles of a new item.
type titleFlags struct {
	Title   string `placeholder:"TEXT" help:"English title."`
	TitleZH string `name:"title-zh" placeholder:"TEXT" help:"Chinese title; by default the English one."`
}

func (f titleFlags) title() oplog.Title { return oplog.Title{EN: f.Title, ZH: or(f.TitleZH, f.Title)} }

type catalogAdd struct {
	logFlags
	titleFlags
	Tenant     string   `required:"" placeholder:"ID" help:"Tenant of the catalog."`
	Module     string   `arg:"" help:"Key of the module: a lowercase letter, then lowercase letters, digits and _."`
	Operations []string `arg:"" name:"operation" help:"Keys of the operation types that it allows."`
}

// Run adds the module, or adds the operation types to it if it exists.
func (c *catalogAdd) Run(ctx context.Context, m *Program) error {
	return m.changeCatalog(ctx, c.Data, c.Tenant, func(catalog *oplog.Catalog) error {
		i := slices.IndexFunc(catalog.Modules, func(m oplog.Module) bool { return m.Key == c.Module })
		switch {
		case i < 0 && c.Title == "":
			return fmt.Errorf("there is no module %s yet; specify its --title to add it", c.Module)
		case i < 0:
			catalog.Modules = append(catalog.Modules, oplog.Module{Key: c.Module, Title: c.title(), Operations: c.Operations})
			return nil
		case c.Title != "":
			return fmt.Errorf("the module %s exists; omit --title to add operation types to it", c.Module)
		}
		found := &catalog.Modules[i]
		found.Retired = false
		found.Operations = slices.Clone(found.Operations)
		for _, operation := range c.Operations {
			if !found.Allows(operation) {
				found.Operations = append(found.Operations, operation)
			}
		}
		return nil
	})
}

type catalogAddOperation struct {
	logFlags
	titleFlags
	Tenant string `required:"" placeholder:"ID" help:"Tenant of the catalog."`
	Key    string `arg:"" help:"Key of the operation type: a lowercase letter, then lowercase letters, digits and _."`
	Effect string `required:"" enum:"destructive,outward,create,change" placeholder:"EFFECT" help:"Effect on the data: destructive, outward, create or change."`
}

// Run adds the operation type.
func (c *catalogAddOperation) Run(ctx context.Context, m *Program) error {
	return m.changeCatalog(ctx, c.Data, c.Tenant, func(catalog *oplog.Catalog) error {
		if _, exists := catalog.Operation(c.Key); exists {
			return fmt.Errorf("the operation type %s exists", c.Key)
		}
		catalog.Operations = append(catalog.Operations, oplog.Operation{Key: c.Key, Title: c.title(), Group: oplog.Group(c.Effect)})
		return nil
	})
}

type catalogImport struct {
	logFlags
	Tenant string `required:"" placeholder:"ID" help:"Tenant of the catalog."`
	File   string `arg:"" help:"JSON as printed by oplog catalog list --json; built-in modules and operation types may be omitted. - for standard input."`
}

func (c *catalogImport) lend(d *control.Desk) { d.Reads = []string{c.File} }

// Run replaces what the tenant added.
func (c *catalogImport) Run(ctx context.Context, m *Program) error {
	text, err := m.readText(c.File)
	if err != nil {
		return fmt.Errorf("cannot read the catalog: %w", err)
	}
	var next oplog.Catalog
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&next); err != nil {
		return fmt.Errorf("%s is not a catalog as printed by oplog catalog list --json: %w", c.File, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s has more than one catalog", c.File)
	}
	return m.changeCatalog(ctx, c.Data, c.Tenant, func(catalog *oplog.Catalog) error {
		*catalog = next
		return nil
	})
}

// changeCatalog changes what a tenant added to the built-in catalog, and prints what it then has.
func (m *Program) changeCatalog(ctx context.Context, data, tenant string, change func(*oplog.Catalog) error) error {
	return m.withLog(data, func(l *node.Node) error {
		before, err := l.Directory.Catalog(tenant)
		if err != nil {
			return withHint(err, "tenant")
		}
		next := oplog.Catalog{Modules: slices.Clone(before.Modules), Operations: slices.Clone(before.Operations)}
		if err := change(&next); err != nil {
			return err
		}
		tell := l.Trail.Audit(trail.Stored(oplog.RecordCatalog, func(oplog.Catalog) trail.Event {
			return m.withSource(trail.Event{
				Tenant: tenant, User: trail.CommandUser, Module: "catalog", Operation: "change",
				Details: map[string]any{"modules": len(next.Modules), "operations": len(next.Operations)},
			})
		}))
		now, err := l.Directory.Audited(tell).SetCatalog(ctx, tenant, next)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.Stderr, "The catalog of tenant %s has %d modules and %d operation types.\n", tenant, len(now.Modules), len(now.Operations))
		return nil
	})
}
