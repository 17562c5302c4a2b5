package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"oplog/export"
)

type verifyExportCommand struct {
	File     string `arg:"" help:"The export."`
	Manifest string `placeholder:"FILE" help:"Its manifest; FILE.manifest by default."`
	Key      string `required:"" placeholder:"VKEY" help:"Verifier key of the log, as GET /api/v1/key answers it; take it from whom you trust, not from whom you got the file."`
}

// Run says in words what the manifest proves of the file, and what not.
func (c *verifyExportCommand) Run(m *Main) (err error) {
	if c.Manifest == "" {
		c.Manifest = c.File + ".manifest"
	}
	manifest, err := os.ReadFile(c.Manifest)
	if err != nil {
		return fmt.Errorf("the manifest cannot be read: %w; name it with --manifest", err)
	}
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("the export cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	x, err := export.Verify(file, manifest, c.Key)
	if err != nil {
		return fmt.Errorf("NOT TRUE: %w", err)
	}
	filters, err := json.Marshal(x.Filters)
	if err != nil {
		return err
	}
	name := x.File
	if given := filepath.Base(c.File); given != x.File {
		name += " (here " + given + ")"
	}
	_, err = fmt.Fprintf(m.Stdout, `TRUE: %s is byte for byte what the log wrote.

Proven, by the signature of %s:
  it holds %d operations of tenant %s, seq %d to %d
  period   %s to %s, the end exclusive
  filters  %s%s
  begun by %s at %s
  nothing was added, removed or changed in it since
  the log then had %d entries, with the checkpoint that the manifest holds

Not proven by it:
  that the log was whole when it was exported: oplog verify --checkpoint FILE, with a checkpoint kept elsewhere, shows that
  that the key is the log's: compare it with the one you were given in person
  that what the log was told is what happened
`, visible(name), c.Key, x.Rows, x.Tenant, x.FirstSeq, x.LastSeq, bound(x.From), bound(x.To), visible(string(filters)), visible(scoped(x.Scope)),
		visible(x.By), x.At.UTC().Format(time.RFC3339), x.LogSize)
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
	return ", of organization " + organization + " and below alone"
}
