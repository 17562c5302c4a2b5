package cli

import (
	"context"
	"fmt"

	"oplog/node"
	"oplog/trail"
)

type reindexCommand struct {
	logFlags
	Tenant string `placeholder:"ID" help:"Only this tenant."`
}

// Run rebuilds the search index from the store.
func (c *reindexCommand) Run(ctx context.Context, m *Program) error {
	rebuild := func(l *node.Node) error {
		if err := checkTenant(l, c.Tenant); err != nil {
			return err
		}
		tenants, err := l.Directory.Tenants()
		if err != nil {
			return err
		}
		for _, t := range tenants {
			if c.Tenant != "" && c.Tenant != t.ID {
				continue
			}
			err := m.reindex(ctx, l, t.ID)
			l.Trail.Add(m.withSource(trail.Event{Tenant: t.ID, User: trail.CommandUser, Module: "server", Operation: "reindex", Failed: err != nil}))
			if err != nil {
				return fmt.Errorf("reindex tenant %s: %w", t.ID, err)
			}
		}
		return l.Directory.Damage()
	}
	if m.running != nil {
		return m.withRunningLog(rebuild) // each node has an index of its own
	}
	return m.withLog(c.Data, rebuild)
}

func (m *Program) reindex(ctx context.Context, l *node.Node, tenant string) error {
	entries, _, err := l.Journal.Counts(tenant)
	if err != nil {
		return err
	}
	shown := m.progress("Indexing tenant "+tenant+":", int(entries))
	defer shown.end()
	indexed := 0
	return l.Journal.Reindex(ctx, tenant, func(done, _ uint64) {
		shown.add(int(done) - indexed)
		indexed = int(done)
	})
}
