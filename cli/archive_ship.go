package cli

import (
	"context"
	"errors"
	"fmt"

	"oplog/node"
	"oplog/oplog"
)

type archiveShip struct {
	archiveFlags
	Tenant string `placeholder:"ID" help:"Only this tenant."`
}

// Run ships all days that are due, oldest first. They are removed from the log later, by the server.
func (c *archiveShip) Run(ctx context.Context, m *Program) error {
	m.archive = []archiveSettings{c.archiveSettings}
	return m.withLog(c.Data, func(l *node.Node) error {
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		if err := m.needArchive(l); err != nil {
			return err
		}
		tenants, err := l.TenantStates()
		bad := []error{err}
		for i := range tenants {
			if t := &tenants[i]; c.Tenant == t.ID || c.Tenant == "" && t.ArchiveAfter > 0 {
				bad = append(bad, m.shipDue(ctx, l, t))
			}
		}
		return errors.Join(bad...)
	})
}

// shipDue ships what is due of a tenant.
func (m *Program) shipDue(ctx context.Context, l *node.Node, t *oplog.TenantState) error {
	if t.ArchiveAfter == 0 {
		return fmt.Errorf("the days of tenant %[1]s stay in the log; change that with oplog tenant set %[1]s --archive-after DAYS", t.ID)
	}
	days, entries := 0, uint64(0)
	err := l.Archive.ShipDue(ctx, *t, func(date string, rows uint64) {
		days++
		entries += rows
		fmt.Fprintf(m.Stdout, "%s: day %s is in the archive, %d entries\n", treeTitle(t.ID), date, rows)
	})
	if err == nil {
		fmt.Fprintf(m.Stdout, "%s: %d days shipped, %d entries; nothing else is due\n", treeTitle(t.ID), days, entries)
	}
	return err
}
