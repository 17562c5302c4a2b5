package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"oplog/control"
	"oplog/directory"
	"oplog/node"
	"oplog/oplog"
	"oplog/records"
	"oplog/storage"
	"oplog/trail"
)

type tenantRemove struct {
	logFlags
	archiveSettings
	ID      string `arg:"" help:"Id of the tenant."`
	Confirm string `required:"" placeholder:"ID" help:"The id once more, since this cannot be undone."`
	Export  string `placeholder:"FILE" help:"First export everything of the tenant to this ZIP, as oplog tenant export does."`
}

// Validate checks the flags before anything is opened.
func (c *tenantRemove) Validate() error {
	if c.Confirm != c.ID {
		return fmt.Errorf("--confirm %s is not the id of the tenant, %s", c.Confirm, c.ID)
	}
	return errors.Join(c.logFlags.Validate(), c.checkArchive())
}

func (c *tenantRemove) lend(d *control.Desk) {
	if c.Export != "" && !isStandardOutput(c.Export) {
		d.Writes = []string{c.Export}
	}
}

// Run exports the tenant if asked, and removes it. In a server, that goes on in the background.
func (c *tenantRemove) Run(ctx context.Context, m *Program) error {
	m.archive = []archiveSettings{c.archiveSettings}
	if c.Export != "" {
		if err := (&tenantExport{logFlags: c.logFlags, archiveSettings: c.archiveSettings, ID: c.ID, Output: c.Export}).Run(ctx, m); err != nil {
			return err
		}
	}
	return m.withLog(c.Data, func(l *node.Node) error {
		audit := l.Trail.Audit(trail.Stored(oplog.RecordTenant, func(t directory.RemovedTenant) trail.Event {
			return m.withSource(trail.Event{User: trail.CommandUser, Module: "tenant", Operation: "remove", Object: oplog.Ref{ID: t.ID, Name: t.Name}})
		}))
		if _, err := l.RemoveTenant(c.ID, trail.CommandUser.ID, audit); err != nil {
			return withHint(err, "tenant")
		}
		if err := l.FinishRemovals(ctx); err != nil {
			return fmt.Errorf("the tenant does not exist any more, but not everything is removed yet; the server goes on with it: %w", err)
		}
		fmt.Fprintf(m.Stderr, "Tenant %s is removed; oplog tenant list --removed prints the signed statement.\n", c.ID)
		return nil
	})
}

// listRemoved prints the removed tenants, and what the log signed of each.
func listRemoved(m *Program, l *node.Node) error {
	removed, err := l.Directory.Removed()
	if err != nil {
		return err
	}
	for i, t := range removed {
		if i > 0 {
			fmt.Fprintln(m.Stdout)
		}
		state := "finished " + moment(t.Removal.FinishedAt)
		if t.Removal.FinishedAt.IsZero() {
			state = "in progress"
		}
		fmt.Fprintf(m.Stdout, "%s (%s): removed %s by %s, %s\n%s", visible(t.ID), visible(t.Name), moment(t.Removal.At), visible(t.Removal.By), state, t.Removal.Statement)
	}
	return nil
}

// removedTenants returns the removed tenants of a store.
func removedTenants(db *storage.DB) ([]directory.RemovedTenant, error) {
	return records.WithoutDamage(records.Where(db, oplog.RecordTenant, "", func(t *directory.RemovedTenant) bool { return t.Removal != nil }))
}

// checkRemovals tells which tenants were removed, of one or ("") of all, and returns an error if the statement of one is not the log's.
func checkRemovals(w io.Writer, db *storage.DB, tenant string) (removed map[string]bool, err error) {
	all, err := removedTenants(db)
	removed, bad := make(map[string]bool), []error{err}
	for _, t := range all {
		if removed[t.ID] = true; tenant != "" && t.ID != tenant {
			continue
		}
		if t.Removal.Statement == "" {
			fmt.Fprintf(w, "%s: is being removed\n", treeTitle(t.ID))
			continue
		}
		s, _, err := db.OpenRemoval(t.Removal.Statement)
		if err == nil && s.Tenant != t.ID {
			err = fmt.Errorf("it is that of %s", s.Tenant)
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: NOT INTACT: the statement that it was removed is not valid: %w", treeTitle(t.ID), err))
			continue
		}
		fmt.Fprintf(w, "%s: removed on %s by %s with %d entries and %d of its access log, as the log signed; their leaves are in the trees\n",
			treeTitle(t.ID), s.At.UTC().Format("2006-01-02"), visible(s.By), s.Entries, s.Access)
	}
	return removed, errors.Join(bad...)
}

// addRemoved adds the last checkpoints of removed tenants, with which their trees are compared.
func (k kept) addRemoved(db *storage.DB) {
	all, _ := removedTenants(db) // see checkRemovals
	for _, t := range all {
		_, last, err := db.OpenRemoval(t.Removal.Statement)
		if err != nil {
			continue
		}
		for _, one := range last {
			k[one.Tenant] = append(k[one.Tenant], keptCheckpoint{one, "the statement of its removal"})
			slices.SortStableFunc(k[one.Tenant], func(a, b keptCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
		}
	}
}
