package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"oplog/archive/clickhouse"
	"oplog/node"
	"oplog/oplog"
)

type archiveSchema struct {
	archiveFlags
	Tenant     []string `placeholder:"ID" help:"Only this tenant, which need not exist yet; may be repeated. By default, all that have --archive-after."`
	Replicated bool     `help:"For servers with the same data: a ReplicatedMergeTree, whose path and replica come from the macros shard and replica of each server."`
	Old        bool     `help:"For servers of a version before 20, which know neither codecs of columns nor LowCardinality."`
	Apply      bool     `help:"Run the statements on each server of the archive, in the form for its version, instead of printing them."`
}

// Validate checks the flags before anything is opened.
func (c *archiveSchema) Validate() error {
	if c.Apply && c.Old {
		return errors.New("--old is for what is printed; --apply asks each server for its version")
	}
	for _, id := range c.Tenant {
		t := oplog.Tenant{ID: id, Name: id}
		if invalid := t.Validate(); len(invalid) > 0 {
			return fmt.Errorf("--tenant %s %s", id, invalid[0].Message)
		}
	}
	return c.archiveFlags.Validate()
}

// Run prints the statements, or runs them. For named tenants, no log is needed to print them.
func (c *archiveSchema) Run(ctx context.Context, m *Program) error {
	if !c.Apply && len(c.Tenant) > 0 {
		c.print(m, c.Tenant)
		return nil
	}
	m.archive = []archiveSettings{c.archiveSettings}
	return m.withLogToRead(c.Data, func(l *node.Node, _ bool) error {
		tenants, err := c.tenants(l)
		if err != nil {
			return err
		}
		if !c.Apply {
			c.print(m, tenants)
			return nil
		}
		if err := m.needArchive(l); err != nil {
			return err
		}
		for _, id := range tenants {
			if err := l.Archive.Prepare(ctx, id, c.Replicated); err != nil {
				return err
			}
			fmt.Fprintf(m.Stderr, "The servers have the table of tenant %s.\n", id)
		}
		return nil
	})
}

// tenants returns the named tenants, or those that are archived.
func (c *archiveSchema) tenants(l *node.Node) (ids []string, err error) {
	for _, id := range c.Tenant {
		if err := checkTenant(l, id); err != nil {
			return nil, err
		}
	}
	if len(c.Tenant) > 0 {
		return c.Tenant, nil
	}
	all, err := l.Directory.Tenants()
	for _, t := range all {
		if t.ArchiveAfter > 0 {
			ids = append(ids, t.ID)
		}
	}
	if err == nil && len(ids) == 0 {
		err = errors.New("no tenant is archived yet; name one with --tenant, or have its days archived by oplog tenant set ID --archive-after DAYS")
	}
	return ids, err
}

// print prints the statements, ready for clickhouse-client.
func (c *archiveSchema) print(m *Program, tenants []string) {
	texts := make([]string, len(tenants))
	for i, id := range tenants {
		texts[i] = fmt.Sprintf("-- The archived days of tenant %s.\n%s;\n", id, clickhouse.Schema(id, c.Replicated, !c.Old))
	}
	fmt.Fprint(m.Stdout, strings.Join(texts, "\n"))
}
