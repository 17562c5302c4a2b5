package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"oplog/durable"
	"oplog/packaging/watching"
)

type assetsCommand struct {
	Dir   string `arg:"" help:"Directory for the files, which is created if missing."`
	Force bool   `help:"Overwrite existing files."`
}

// Run writes the files: all, or none if one exists.
func (c *assetsCommand) Run(m *Program) error {
	files, err := watching.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(c.Dir, f.Name)
		if _, err := os.Lstat(path); err == nil && !c.Force {
			return fmt.Errorf("%s exists; choose another directory, or overwrite it with --force", path)
		}
	}
	if err := durable.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("cannot create the directory: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(c.Dir, f.Name)
		err := durable.WriteFile(path, 0o644, func(w io.Writer) error {
			_, err := w.Write(f.Content)
			return err
		})
		if err != nil {
			return fmt.Errorf("cannot write %s: %w", path, err)
		}
		fmt.Fprintf(m.Stderr, "Wrote %s: %s.\n", visible(path), f.About)
	}
	return nil
}
