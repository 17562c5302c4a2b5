package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"oplog/control"
	"oplog/exports"
	"oplog/exports/formats"
	"oplog/node"
	"oplog/oplog"
	"oplog/storage"
	"oplog/trail"
)

type tenantExport struct {
	logFlags
	archiveSettings
	ID     string `arg:"" help:"Id of the tenant."`
	Output string `short:"o" required:"" placeholder:"FILE" help:"ZIP to write; - for standard output."`
}

// Validate checks the flags before anything is opened.
func (c *tenantExport) Validate() error {
	return errors.Join(c.logFlags.Validate(), c.checkArchive())
}

func (c *tenantExport) lend(d *control.Desk) {
	if !isStandardOutput(c.Output) {
		d.Writes = []string{c.Output}
	}
}

// Run writes the ZIP. The trail is told first, so that the ZIP has that entry, too.
func (c *tenantExport) Run(ctx context.Context, m *Program) error {
	m.archive = []archiveSettings{c.archiveSettings}
	return m.withLogToRead(c.Data, func(l *node.Node, readOnly bool) error {
		if _, err := l.Directory.Tenant(c.ID); err != nil {
			return withHint(err, "tenant")
		}
		if readOnly {
			fmt.Fprintln(m.Stderr, "The data directory cannot be written, so the access log does not tell of this export.")
		} else {
			l.Trail.Add(m.withSource(trail.Event{
				Tenant: c.ID, User: trail.CommandUser, Module: "tenant", Operation: "export", Object: oplog.Ref{ID: c.ID},
			}))
			l.Trail.Sync()
		}
		var made exports.TenantManifest
		err := m.writeNamed(c.Output, func(w io.Writer) (err error) {
			var shown progress
			before := uint64(0)
			made, err = l.ExportTenant(ctx, c.ID, exports.Creator{}.String(), w, func(done, of uint64) {
				if shown.done == nil {
					shown = m.progress("Exporting tenant "+c.ID+":", int(of))
				}
				shown.add(int(done - before))
				before = done
			})
			if err == nil && shown.done != nil {
				shown.end()
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("cannot write the file: %w", err)
		}
		fmt.Fprintf(m.Stderr, "Exported %d entries of tenant %s, %d of them deleted under the retention rule, and %d of its access log.\n",
			made.Logs[0].Size, made.Tenant, made.Logs[0].Deleted, made.Logs[1].Size)
		return nil
	})
}

// verifyTenant checks the ZIP of a whole tenant; false if the file is something else.
func (c *verifyExportCommand) verifyTenant(m *Program, file *os.File) (is bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return true, fmt.Errorf("cannot read the export: %w", err)
	}
	given, err := formats.OpenTenant(file, info.Size())
	if errors.Is(err, formats.ErrNoTenant) {
		return false, nil
	}
	var inside []oplog.KeyChange
	if err == nil && given.KeyChanges != nil {
		inside, err = readKeyChanges(given.KeyChanges)
	}
	if err != nil {
		return true, fmt.Errorf("NOT TRUE: the ZIP was modified: %w", err)
	}
	keys, err := c.follow(m, inside)
	if err != nil {
		return true, fmt.Errorf("NOT TRUE: %w", err)
	}
	x, err := given.Verify(keys, storage.IsLeaf)
	if err != nil {
		return true, fmt.Errorf("NOT TRUE: %w", err)
	}
	_, err = fmt.Fprintf(m.Stdout, `TRUE: this is everything that the log had of tenant %s (%s), as it was exported.

Proven, by the signature of %s:
  it contains all %d operations by seq, %d of them as hashes alone: deleted under the retention rule, as deletions.json names
  its access log has %d entries, %d of them deleted likewise
  every entry is the leaf that the log's trees have, whose heads the log signed
  started by %s at %s
  nothing has been added, removed or changed since

Not proven by it:
  that the log was complete when it was exported: compare the checkpoint in manifest.txt with one that was kept elsewhere
  that the key is the log's: compare it with the one that you were given in person
  that the recorded operations really happened
`, visible(x.Tenant), visible(x.Name), signedBy(keys, x.Key), x.Logs[0].Size, x.Logs[0].Deleted, x.Logs[1].Size, x.Logs[1].Deleted, visible(x.By), x.At.UTC().Format(time.RFC3339))
	return true, err
}
