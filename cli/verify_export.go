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
)

type verifyExportCommand struct {
	File     string `arg:"" help:"The export, or the ZIP that it was downloaded in."`
	Manifest string `placeholder:"FILE" help:"Its manifest; the one in the ZIP, or FILE.manifest, by default."`
	Key      string `required:"" placeholder:"VKEY" help:"Verifier key of the log, as GET /api/v1/key answers it; take it from somebody you trust, not from the ZIP or from those who gave you the file."`
}

// Run says in words what the manifest proves of the file, and what not.
func (c *verifyExportCommand) Run(m *Program) (err error) {
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("the export cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	given, err := c.open(file)
	if err != nil {
		return err
	}
	x, err := formats.Verify(given.File, given.Manifest, c.Key)
	if err != nil {
		return fmt.Errorf("NOT TRUE: %w", err)
	}
	return c.say(m, given, x)
}

// open finds the file and its manifest: in a ZIP, or beside each other.
func (c *verifyExportCommand) open(file *os.File) (*formats.Bundle, error) {
	if c.Manifest == "" {
		info, err := file.Stat()
		if err != nil {
			return nil, fmt.Errorf("the export cannot be read: %w", err)
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
	manifest, err := os.ReadFile(c.Manifest)
	if err != nil {
		return nil, fmt.Errorf("the manifest cannot be read: %w; name it with --manifest", err)
	}
	return &formats.Bundle{File: file, Manifest: manifest}, nil
}

func (c *verifyExportCommand) say(m *Program, given *formats.Bundle, x formats.Checked) error {
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
		beside = "\n  the key and the page in the ZIP"
	} else if here != x.File {
		name += " (here " + here + ")"
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
  that what the log was told is what happened%s
`, visible(name), c.Key, x.Rows, x.Tenant, x.FirstSeq, x.LastSeq, bound(x.From), bound(x.To), visible(string(filters)), visible(scoped(x.Scope)),
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
	return ", of organization " + organization + " and below alone"
}
