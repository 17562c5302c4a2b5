package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

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

// sendingEvery is how often it is told how much of a day was sent; tests have it shorter.
var sendingEvery = 10 * time.Second

// tellSending prints now and then how many entries of the day under way were sent, until the function that it returns is called.
func (m *Program) tellSending(l *node.Node, tenant string) (end func()) {
	done := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() {
		tick := time.NewTicker(sendingEvery)
		defer tick.Stop()
		for last := ""; ; {
			select {
			case <-tick.C:
			case <-done:
				return
			}
			date, rows := l.Archive.Sending(tenant)
			if line := fmt.Sprintf("%s: day %s: %d entries sent\n", treeTitle(tenant), date, rows); rows > 0 && line != last {
				last = line
				m.say(slog.LevelInfo, line)
			}
		}
	})
	return func() { close(done); telling.Wait() }
}

// shipDue ships what is due of a tenant.
func (m *Program) shipDue(ctx context.Context, l *node.Node, t *oplog.TenantState) error {
	if t.ArchiveAfter == 0 {
		return fmt.Errorf("the days of tenant %[1]s stay in the log; change that with oplog tenant set %[1]s --archive-after DAYS", t.ID)
	}
	days, entries := 0, uint64(0)
	defer m.tellSending(l, t.ID)()
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
