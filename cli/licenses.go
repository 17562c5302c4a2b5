package cli

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"oplog/packaging/licenses"
)

type licensesCommand struct {
	Name []string `arg:"" optional:"" help:"Print the texts of these, such as github.com/alecthomas/kong."`
	Text bool     `help:"Print the texts of all."`
}

// Run lists the dependencies with their licenses, or prints the texts.
func (c *licensesCommand) Run(m *Program) error {
	list, err := licenses.Read()
	if err != nil {
		return err
	}
	for i := range list.Dependencies {
		switch d := &list.Dependencies[i]; d.Kind {
		case licenses.Self:
			d.Version = m.build().version
		case licenses.Standard:
			d.Version = strings.TrimPrefix(runtime.Version(), "go")
		}
	}
	if !c.Text && len(c.Name) == 0 {
		rows := [][]string{{"NAME", "VERSION", "LICENSE"}}
		for _, d := range list.Dependencies {
			rows = append(rows, []string{d.Name, orDash(d.Version), d.License})
		}
		return table(m.Stdout, rows)
	}
	for _, name := range c.Name {
		if !slices.ContainsFunc(list.Dependencies, func(d licenses.Dependency) bool { return d.Name == name }) {
			return fmt.Errorf("%s is not built into the program; see oplog licenses", name)
		}
	}
	for _, d := range list.Dependencies {
		if len(c.Name) > 0 && !slices.Contains(c.Name, d.Name) {
			continue
		}
		for _, file := range d.Files {
			title := fmt.Sprintf("%s %s: %s", d.Name, d.Version, file.Path)
			_, err := fmt.Fprintf(m.Stdout, "%s\n%s\n\n%s\n", title, strings.Repeat("=", len(title)), list.Texts[file.Text])
			if err != nil {
				return err
			}
		}
	}
	return nil
}
