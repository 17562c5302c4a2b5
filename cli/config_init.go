package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"oplog/durable"
	"oplog/storage"
)

type configInitCommand struct {
	Data  string `help:"Data directory of the file, if none is specified; by default ${data}." placeholder:"DIR"`
	Force bool   `help:"Overwrite an existing file."`
	File  string `arg:"" optional:"" help:"File to write; - for standard output; by default oplog.toml in the data directory, where it is used by default."`
}

// Run writes the file.
func (c *configInitCommand) Run(m *Program) error {
	path := c.File
	if path == "" {
		dir, err := m.dataDir(c.Data)
		if err == nil {
			err = durable.MkdirAll(dir, 0o700)
		}
		if err != nil {
			return err
		}
		path = filepath.Join(dir, storage.ConfigName)
	}
	fill := func(w io.Writer) error {
		_, err := io.WriteString(w, configText(serveSettings()))
		return err
	}
	if isStandardOutput(path) {
		return fill(m.Stdout)
	}
	if _, err := os.Stat(path); err == nil && !c.Force && durable.IsRegular(path) {
		return fmt.Errorf("%s exists; choose another file, or overwrite it with --force", path)
	}
	if err := durable.WriteFile(path, 0o644, fill); err != nil {
		return fmt.Errorf("cannot write the configuration file: %w", err)
	}
	hint := fmt.Sprintf("use it with --config %q", path)
	if c.File == "" || path == m.SystemConfig {
		hint = "oplog uses it by default"
	}
	fmt.Fprintf(m.Stderr, "Wrote %s. Remove the # before the settings to change; %s. oplog config prints what is in force.\n", visible(path), hint)
	return nil
}

// configWidth is the width of the comments in a configuration file.
const configWidth = 100

// configText returns a configuration file with all settings, commented out.
func configText(settings []serveSetting) string {
	var top, sections strings.Builder
	top.WriteString(`# Configuration of oplog. To change a setting, remove the # before it; the value here is its default.
# A flag on the command line, and a variable of the environment, have precedence over this file:
# "oplog config" prints each value in force, and where it comes from.
# Relative paths are relative to the directory of this file.
`)
	section := ""
	for _, s := range settings {
		to := &top
		if s.Section != "" {
			to = &sections
		}
		if s.Section != section && s.Section != "" {
			fmt.Fprintf(to, "\n[%s]\n", s.Section)
		}
		section = s.Section
		to.WriteString("\n")
		for _, line := range wrapped(s.Help, configWidth-len("# ")) {
			to.WriteString("# " + line + "\n")
		}
		fmt.Fprintf(to, "# --%s, %s\n", s.Flag, s.Variable)
		fmt.Fprintf(to, "#%s = %s\n", s.Name, s.defaultTOML())
	}
	return top.String() + sections.String() + configTextOfSources()
}

// defaultTOML returns the default value as it is written in the configuration file.
func (s *serveSetting) defaultTOML() string {
	switch {
	case s.isList():
		return "[]"
	case s.kind.Kind() == reflect.Bool:
		return strconv.FormatBool(s.Default == "true")
	case s.kind == durationType || s.kind.Kind() == reflect.String:
		return strconv.Quote(s.Default)
	default:
		return or(s.Default, "0")
	}
}

// wrapped breaks a text into lines.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
