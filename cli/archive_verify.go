package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"oplog/archive"
	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

type archiveVerify struct {
	archiveFlags
	Tenant string `placeholder:"ID" help:"Only this tenant."`
	Sums   bool   `help:"Compare only the sums that each server makes of what it has, which is faster, and trusts the servers."`
}

// Run compares the archived days with what the log recorded of them.
func (c *archiveVerify) Run(ctx context.Context, m *Program) error {
	m.archive = []archiveSettings{c.archiveSettings}
	return m.withLogToRead(c.Data, func(l *node.Node, readOnly bool) error {
		tenants, err := archivedTenants(l, c.Tenant)
		if err != nil {
			return err
		}
		if err := m.needArchive(l); err != nil {
			return err
		}
		if len(tenants) == 0 {
			fmt.Fprintln(m.Stdout, "The archive has no days yet.")
		}
		var bad []error
		for _, id := range tenants {
			err := m.verifyArchive(ctx, l.Archive, id, c.Sums)
			if !readOnly {
				l.Trail.Add(m.withSource(trail.Event{
					Tenant: id, User: trail.CommandUser, Module: "server", Operation: "verify", Failed: err != nil, Details: map[string]any{"archive": string(modeOf(c.Sums))},
				}))
			}
			bad = append(bad, err)
		}
		return errors.Join(bad...)
	})
}

// archiveMode is how much of the archive is compared: nothing, all entries, or the sums of the servers.
type archiveMode string

const (
	archiveAll  archiveMode = "all"
	archiveSums archiveMode = "sums"
)

func modeOf(sums bool) archiveMode {
	if sums {
		return archiveSums
	}
	return archiveAll
}

// IsBool lets the flag be without a value.
func (*archiveMode) IsBool() bool { return true }

// Decode takes the flag without a value, or with the value sums.
func (a *archiveMode) Decode(words *kong.DecodeContext) error {
	if words.Scan.Peek().Type != kong.FlagValueToken {
		*a = archiveAll
		return nil
	}
	switch value := words.Scan.Pop().Value; value {
	case string(archiveSums), string(archiveAll):
		*a = archiveMode(fmt.Sprint(value))
		return nil
	default:
		return fmt.Errorf("--archive=%v is not known; write --archive to compare every entry, or --archive=sums for the sums of the servers alone", value)
	}
}

// archive returns the archive that is to be compared; nil for none.
func (c *verifyCommand) archive(m *Program, db *storage.DB) (*archive.Archive, error) {
	if c.Archive == "" {
		return nil, nil //nolint:nilnil // nothing is to be compared
	}
	a, err := m.archiveOf(db)
	if err == nil && !a.IsConfigured() {
		err = errors.New("--archive: no archive is configured; specify its servers in [archive] of the configuration file, or as OPLOG_ARCHIVE")
	}
	return a, err
}

// verifyArchived compares the archived days of a store, all or those of a tenant.
func (c *verifyCommand) verifyArchived(ctx context.Context, m *Program, db *storage.DB, a *archive.Archive) error {
	tenants, err := db.Records(oplog.RecordTenant, "")
	if oplog.CodeOf(err) == oplog.CodeDamaged { // see checkRecords
		err = nil
	}
	bad := []error{err}
	for _, t := range tenants {
		if (c.Tenant == "" || c.Tenant == t.Name) && len(a.Days(t.Name)) > 0 {
			bad = append(bad, m.verifyArchive(ctx, a, t.Name, c.Archive == archiveSums))
		}
	}
	return errors.Join(bad...)
}

// archiveOf returns the archive of a store: that of the server, or of one that the settings name.
func (m *Program) archiveOf(db *storage.DB) (*archive.Archive, error) {
	if m.running != nil {
		return m.running.Archive, nil
	}
	settings, err := m.configuredArchive()
	if err != nil {
		return nil, err
	}
	return m.openArchive(db, &settings)
}

// openArchive returns the archive of a store that has no services.
func (m *Program) openArchive(db *storage.DB, settings *archiveSettings) (*archive.Archive, error) {
	o := archive.Options{Shards: m.engines, Now: m.Now, Decode: storage.Decode, Grace: settings.Grace}
	if o.Shards == nil {
		var err error
		if o.Shards, err = settings.open(); err != nil {
			return nil, err
		}
	}
	return archive.New(db, nil, o) // what reads the index is not called
}
