package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

type configCommand struct {
	Show configShowCommand `cmd:"" default:"withargs" help:"Print each setting of the server, its value, and whether that comes from a flag, the environment, the file or the default; the default command."`
	Init configInitCommand `cmd:"" help:"Write a configuration file with all settings, their help and their defaults, commented out."`
}

type configShowCommand struct {
	serveFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// settingInForce is a setting with its value, and where that comes from.
type settingInForce struct {
	Key      string `json:"key"`
	Value    any    `json:"value"`
	From     string `json:"from"` // flag, environment, file or default
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Flag     string `json:"flag"`
	Variable string `json:"variable"`
	Default  string `json:"default"`
}

// origin returns where the value comes from, in one word that leads there.
func (s *settingInForce) origin() string {
	switch s.From {
	case "flag":
		return s.Flag
	case "environment":
		return s.Variable
	case "file":
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	default:
		return s.From
	}
}

// Run prints the settings in force.
func (c *configShowCommand) Run(words *kong.Context, m *Program) error {
	if _, err := m.sourcesConfig(); err != nil {
		return err
	}
	inForce := m.settingsInForce(words)
	path := ""
	if m.config != nil {
		path = m.config.path
	}
	if c.JSON {
		shown := struct {
			File     string           `json:"file"` // "" for none
			Settings []settingInForce `json:"settings"`
		}{path, inForce}
		out := json.NewEncoder(m.Stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(shown)
	}
	if path == "" {
		fmt.Fprintln(m.Stderr, "There is no configuration file; oplog config init writes one.")
	} else {
		fmt.Fprintln(m.Stderr, "Configuration file:", visible(path))
	}
	rows := [][]string{{"SETTING", "VALUE", "FROM"}}
	for i := range inForce {
		s := &inForce[i]
		rows = append(rows, []string{s.Key, orDash(valueText(s.Value)), s.origin()})
	}
	if m.config != nil {
		for _, t := range m.config.tables {
			rows = append(rows, []string{"[[" + t.of.Name + "]]", t.what(), fmt.Sprintf("%s:%d", m.config.path, t.line)})
		}
	}
	return table(m.Stdout, rows)
}

// settingsInForce returns the settings of a serving command. Passwords in URLs are hidden; other secrets are in files of their own.
func (m *Program) settingsInForce(words *kong.Context) []settingInForce {
	flags, given := make(map[string]*kong.Flag), make(map[string]bool)
	for _, flag := range words.Flags() {
		flags[flag.Name] = flag
	}
	for _, path := range words.Path {
		if path.Flag != nil && !path.Resolved {
			given[path.Flag.Name] = true
		}
	}
	var list []settingInForce
	for _, s := range serveSettings() {
		in := settingInForce{Key: s.Key(), From: "default", Flag: "--" + s.Flag, Variable: s.Variable, Default: s.Default}
		switch value := flags[s.Flag].Target.Interface().(type) {
		case string:
			in.Value = withoutPassword(value)
		case []string:
			texts := make([]string, len(value))
			for i := range value {
				texts[i] = withoutPassword(value[i])
			}
			in.Value = texts
		case time.Duration:
			in.Value = durationText(value)
		default:
			in.Value = value
		}
		if s.Flag == "data" && in.Value == "" {
			in.Value, _ = m.dataDir("") // none without a home directory
		}
		switch value, ok := m.fromFile[s.Flag]; {
		case ok:
			in.From, in.File, in.Line = "file", m.config.path, value.line
		case m.variables[s.Flag] != "":
			in.From = "environment"
		case given[s.Flag]:
			in.From = "flag"
		}
		list = append(list, in)
	}
	return list
}

func valueText(value any) string {
	if list, ok := value.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(value)
}

// durationText returns a duration without its units of zero: 168h, not 168h0m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// urlPassword finds the password in a URL.
var urlPassword = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)

func withoutPassword(text string) string { return urlPassword.ReplaceAllString(text, "$1(hidden)@") }
