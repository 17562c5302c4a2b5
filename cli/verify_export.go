package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oplog/exports/formats"
	"oplog/oplog"
	"oplog/signing"
)

type verifyExportCommand struct {
	File     string `arg:"" help:"The export, or the downloaded ZIP."`
	Manifest string `placeholder:"FILE" help:"Its manifest; by default the one in the ZIP, or FILE.manifest."`
	knownKey
}

// Run prints what the manifest proves about the file, and what it does not.
func (c *verifyExportCommand) Run(m *Program) (err error) {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("cannot read the export: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if c.Manifest == "" {
		if is, err := c.verifyTenant(m, file); is {
			return err
		}
	}
	given, err := c.open(m, file)
	if err != nil {
		return err
	}
	var inside []oplog.KeyChange
	if given.KeyChanges != nil {
		if inside, err = readKeyChanges(given.KeyChanges); err != nil {
			return fmt.Errorf("NOT TRUE: the ZIP was modified: %w", err)
		}
	}
	keys, err := c.follow(m, inside)
	if err != nil {
		return fmt.Errorf("NOT TRUE: %w", err)
	}
	x, err := formats.Verify(given.File, given.Manifest, keys)
	if err != nil {
		return fmt.Errorf("NOT TRUE: %w", err)
	}
	return c.print(m, given, x, keys)
}

// open opens the file and its manifest, from a ZIP or beside each other.
func (c *verifyExportCommand) open(m *Program, file *os.File) (*formats.Bundle, error) {
	if c.Manifest == "" {
		info, err := file.Stat()
		if err != nil {
			return nil, fmt.Errorf("cannot read the export: %w", err)
		}
		bundle, err := formats.OpenBundle(file, info.Size())
		isZIP := strings.EqualFold(filepath.Ext(c.File), ".zip")
		switch {
		case err == nil:
			return bundle, nil
		case isZIP || !errors.Is(err, formats.ErrNoBundle):
			return nil, fmt.Errorf("NOT TRUE: %w", err)
		}
		c.Manifest = c.File + ".manifest"
	}
	manifest, err := m.readSmall(c.Manifest)
	if err != nil {
		return nil, fmt.Errorf("cannot read the manifest: %w; specify it with --manifest", err)
	}
	return &formats.Bundle{File: file, Manifest: manifest}, nil
}

func (c *verifyExportCommand) print(m *Program, given *formats.Bundle, x formats.Checked, keys *signing.Keys) error {
	filters, err := json.Marshal(x.Filters)
	if err != nil {
		return err
	}
	name, beside := x.File, ""
	if here := filepath.Base(c.File); given.Name != "" {
		if given.Name != x.File {
			name += " (there " + given.Name + ")"
		}
		name += ", in " + here + ","
		beside = "\n  the key and the instructions in the ZIP"
	} else if here != x.File {
		name += " (here " + here + ")"
	}
	_, err = fmt.Fprintf(m.Stdout, `TRUE: %s is byte for byte the file that the log exported.

Proven, by the signature of %s:
  it contains %d operations of tenant %s, seq %d to %d
  period   %s to %s, the end exclusive
  filters  %s%s
  started by %s at %s
  nothing has been added, removed or changed since
  the log had %d entries at that time, with the checkpoint in the manifest

Not proven by it:
  that the log was complete when it was exported: verify that with oplog verify --checkpoint FILE and a checkpoint kept elsewhere
  that the key is the log's: compare it with the one that you were given in person
  that the recorded operations really happened%s
`, visible(name), signedBy(keys, x.Key), x.Rows, visible(x.Tenant), x.FirstSeq, x.LastSeq, bound(x.From), bound(x.To), visible(string(filters)), visible(scoped(x.Scope)),
		visible(x.By), x.At.UTC().Format(time.RFC3339), x.LogSize, beside)
	return err
}

func bound(t time.Time) string {
	if t.IsZero() {
		return "any time"
	}
	return t.UTC().Format(time.RFC3339)
}

func scoped(organization string) string {
	if organization == "" {
		return ""
	}
	return ", of organization " + organization + " and those below it only"
}
