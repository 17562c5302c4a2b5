package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/alecthomas/kong"

	"oplog/archive"
	"oplog/node"
	"oplog/oplog"
)

type archiveCommand struct {
	Schema archiveSchema `cmd:"" help:"Print the statements that create the tables of tenants in ClickHouse, for its administrator, or run them."`
	Status archiveStatus `cmd:"" help:"Print which days are in the archive, and whether its servers have them."`
	Ship   archiveShip   `cmd:"" help:"Ship the days that are due now, without waiting for the server to do so."`
	Verify archiveVerify `cmd:"" help:"Compare the archive with what the log recorded of it."`
}

// archiveFlags are the flags of commands on the archive. A running server has the settings of the archive itself.
type archiveFlags struct {
	logFlags
	archiveSettings
}

// Validate checks the flags before anything is opened.
func (f *archiveFlags) Validate() error { return errors.Join(f.logFlags.Validate(), f.checkArchive()) }

// needArchive returns an error if a log has no archive.
func (m *Program) needArchive(l *node.Node) error {
	switch {
	case l.Archive.IsConfigured():
		return nil
	case m.running != nil:
		return errors.New("this server runs without an archive; start it with --archive, or with [archive] in its configuration file")
	default:
		return errors.New("no archive is configured; specify its servers with --archive, or in [archive] of the configuration file")
	}
}

// configuredArchive returns the settings of the archive that the environment and the configuration file have, for a command whose --archive is another flag.
func (m *Program) configuredArchive() (archiveSettings, error) {
	var only struct{ archiveSettings }
	parser, err := kong.New(&only, kong.Resolvers(kong.ResolverFunc(m.resolve)), helpVariables())
	if err != nil {
		return only.archiveSettings, err
	}
	if _, err = parser.Parse(nil); err != nil {
		return only.archiveSettings, err
	}
	return only.archiveSettings, only.checkArchive()
}

// archivedTenants returns the tenants that have archived days, or only the given one, which must exist.
func archivedTenants(l *node.Node, tenant string) (ids []string, err error) {
	if err := checkTenant(l, tenant); err != nil {
		return nil, err
	}
	tenants, err := l.Directory.Tenants()
	for _, t := range tenants {
		if (tenant == "" || tenant == t.ID) && len(l.Archive.Days(t.ID)) > 0 {
			ids = append(ids, t.ID)
		}
	}
	return ids, err
}

// verifyArchive compares a tenant's archived days with their records, and prints what was found.
func (m *Program) verifyArchive(ctx context.Context, a *archive.Archive, tenant string, sums bool) error {
	entries := uint64(0)
	for _, d := range a.Days(tenant) {
		if d.State == oplog.DayArchived || d.State == oplog.DayRemoved {
			entries += d.Rows
		}
	}
	shown := m.progress("Verifying the archive of tenant "+tenant+":", int(entries))                 //nolint:gosec // a number of entries
	report, err := a.Verify(ctx, tenant, sums, func(_ string, rows uint64) { shown.add(int(rows)) }) //nolint:gosec // likewise
	shown.end()
	if err != nil {
		return fmt.Errorf("archive of %s: %w", treeTitle(tenant), err)
	}
	return m.tellReport(&report, sums)
}

// tellReport prints what a verification found, and returns an error if something differs or could not be compared.
func (m *Program) tellReport(r *archive.Report, sums bool) error {
	title := "archive of " + treeTitle(r.Tenant)
	for i := range r.Findings {
		fmt.Fprintln(m.Stdout, visible(r.Findings[i].String()))
	}
	if left := r.Bad - len(r.Findings); left > 0 {
		fmt.Fprintf(m.Stdout, "%s: more findings: %d\n", title, left)
	}
	if r.Bad > 0 {
		verdict, first := "NOT KNOWN TO BE INTACT", r.Findings[0]
		for _, f := range r.Findings {
			if !f.Unknown {
				verdict, first = "NOT INTACT", f
				break
			}
		}
		more := ""
		if r.Bad > 1 {
			more = fmt.Sprintf("; findings: %d", r.Bad)
		}
		return fmt.Errorf("%s: %s: %s%s", title, verdict, first.String(), more)
	}
	if r.Days == 0 {
		fmt.Fprintf(m.Stdout, "%s: no day is archived yet\n", title)
		return nil
	}
	how := "every entry is the one that was recorded"
	if sums {
		how = "the sums of all servers match"
	}
	fmt.Fprintf(m.Stdout, "%s: intact, %d days from %s to %s, %d entries: %s\n", title, r.Days, r.First, r.Last, r.Entries, how)
	return nil
}
