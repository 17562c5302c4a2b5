package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"oplog/storage"
)

// systemConfig returns the machine's configuration file on an operating system.
func systemConfig(system string, getenv func(string) string) string {
	switch system {
	case "windows":
		if dir := getenv("ProgramData"); dir != "" {
			return filepath.Join(dir, "oplog", storage.ConfigName)
		}
		return ""
	case "darwin":
		return filepath.Join("/Library/Application Support/oplog", storage.ConfigName)
	default:
		return filepath.Join("/etc/oplog", storage.ConfigName)
	}
}

// configFile is a configuration file that was read.
type configFile struct {
	path   string
	values map[string]configValue // by flag
	tables []*readTable           // those of sources and rules
}

// configValue is the value of a setting, as a flag takes it.
type configValue struct {
	value any
	key   string
	line  int
}

// configError is a mistake in a configuration file, or a file that cannot be read.
type configError struct {
	path string
	line int // 0 for the whole file
	err  error
}

func (e *configError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("cannot read the configuration file %s: %v", e.path, e.err)
	}
	return fmt.Sprintf("%s:%d: %v", e.path, e.line, e.err)
}

func (e *configError) Unwrap() error { return e.err }

// resolve returns the value of a flag that is not on the command line: the environment's, else the configuration file's.
func (m *Program) resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "help" || flag.Tag.Has("here") { // which is on the command line alone
		return nil, nil
	}
	if value := m.fromEnvironment(flag.Name); value != "" {
		return value, nil
	}
	if m.config == nil || !takesFromFile(parent.Node(), flag.Name) {
		return nil, nil
	}
	found, ok := m.config.values[flag.Name]
	if !ok {
		return nil, nil
	}
	m.fromFile[flag.Name] = found
	return found.value, nil
}

// fromEnvironment returns the value of a flag's variable; "" for none.
func (m *Program) fromEnvironment(flag string) string {
	value := m.Getenv(variable(flag))
	if value != "" {
		m.variables[flag] = variable(flag)
	}
	return value
}

// takesFromFile reports whether a command takes a flag from the configuration file: serving commands all settings, others the data directory and
// what they need to know of the server.
func takesFromFile(command *kong.Node, flag string) bool {
	return command.Type == kong.ApplicationNode || embeds[serveFlags](command) || flag == "data" && embeds[dataFlag](command) ||
		flag == "access-log-days" && embeds[accessLogFlag](command) ||
		(flag == "archive" || strings.HasPrefix(flag, "archive-")) && embeds[archiveSettings](command)
}

// embeds reports whether a command has the flags of T.
func embeds[T any](command *kong.Node) bool {
	for _, field := range reflect.VisibleFields(command.Target.Type()) {
		if field.Anonymous && field.Type == reflect.TypeFor[T]() {
			return true
		}
	}
	return false
}

// BeforeResolve reads the configuration file, for a command that takes flags from one. One that runs in a server got its flags from its own process.
func (*commands) BeforeResolve(words *kong.Context, m *Program) error {
	command := words.Selected()
	if m.running != nil || command == nil || !embeds[dataFlag](command) {
		return nil
	}
	path := m.configPath(words, command.Name == "demo")
	if path == "" {
		return nil
	}
	var err error
	m.config, err = m.readConfig(path)
	return err
}

// configPath returns the configuration file: the named one, else that of the data directory, else the machine's unless a data directory is
// named; "" for none. A demo reads only a named one, so that it never gets the data directory of a real log.
func (m *Program) configPath(words *kong.Context, isDemo bool) string {
	given := func(name string) string {
		for _, flag := range words.Flags() {
			if value, ok := words.FlagValue(flag).(string); flag.Name == name && ok && value != "" {
				return value
			}
		}
		return m.fromEnvironment(name)
	}
	if path := given("config"); path != "" || isDemo {
		return path
	}
	var candidates []string
	if data := given("data"); data != "" {
		candidates = []string{filepath.Join(data, storage.ConfigName)}
	} else {
		if dir, err := m.dataDir(""); err == nil {
			candidates = []string{filepath.Join(dir, storage.ConfigName)}
		}
		candidates = append(candidates, m.SystemConfig)
	}
	for _, path := range candidates {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// readConfig reads a configuration file. The first mistake in it is an error.
func (m *Program) readConfig(path string) (*configFile, error) {
	text, err := m.readText(path)
	if err != nil {
		if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, &configError{path: path, err: fmt.Errorf("%w; specify another one with --config", err)}
	}
	dir := "."
	if path != stdStream {
		dir = filepath.Dir(path)
	}
	keys, err := readTOML(text)
	if err == nil {
		c := &configFile{path: path, values: make(map[string]configValue)}
		if err = c.take(keys, dir); err == nil {
			return c, nil
		}
	}
	mistake := &lineError{err: err}
	errors.As(err, &mistake)
	return nil, &configError{path: path, line: max(mistake.line, 1), err: mistake.err}
}

// take takes the values of all keys, of which each must be that of a setting. Relative paths are relative to dir.
func (c *configFile) take(keys []tomlKey, dir string) error {
	settings, inTable := serveSettings(), false
	for _, k := range keys {
		switch {
		case k.isHeader && k.isList:
			if err := c.takeTable(k); err != nil {
				return err
			}
			inTable = true
			continue
		case inTable && !k.isHeader:
			if err := c.takeInTable(k, dir); err != nil {
				return err
			}
			continue
		}
		if inTable = false; k.isHeader {
			if !slices.ContainsFunc(settings, func(s serveSetting) bool { return s.Section != "" && s.Section == k.name() }) {
				return &lineError{k.line, unknownSection(k)}
			}
			continue
		}
		at := slices.IndexFunc(settings, func(s serveSetting) bool { return s.Key() == k.name() })
		if at < 0 {
			return &lineError{k.line, unknownKey(k)}
		}
		s := &settings[at]
		value, err := s.fromTOML(k.value)
		if err != nil {
			return &lineError{k.line, err}
		}
		if text, ok := value.(string); ok && s.isPath() && text != "" && !filepath.IsAbs(text) {
			value = filepath.Join(dir, text)
		}
		c.values[s.Flag] = configValue{value, s.Key(), k.line}
	}
	return nil
}

// unknownKey says that no setting has a key, and which one is probably meant.
func unknownKey(k tomlKey) error {
	settings := serveSettings()
	if slices.ContainsFunc(settings, func(s serveSetting) bool { return s.Section == k.name() }) {
		return fmt.Errorf("%[1]s is a section: write [%[1]s], and its settings on the lines below", k.name())
	}
	if _, isList := sourceTableNamed(k.path[0]); isList {
		return fmt.Errorf("%[1]s is a table: write [[%[1]s]], and its keys on the lines below", k.path[0])
	}
	keys := make([]string, len(settings))
	for i := range settings {
		keys[i] = settings[i].Key()
		if strings.HasPrefix(k.name(), keys[i]+".") {
			return notASection(keys[i])
		}
	}
	what := k.path[len(k.path)-1]
	if len(k.path) > 1 {
		what += " in [" + strings.Join(k.path[:len(k.path)-1], ".") + "]"
	}
	meant := nearest(k.name(), keys)
	switch section, name, isIn := strings.Cut(meant, "."); {
	case meant == "":
		return fmt.Errorf("unknown key %s; oplog config init - prints all keys", what)
	case isIn && (len(k.path) == 1 || k.path[0] != section):
		return fmt.Errorf("unknown key %s; did you mean %s in [%s]?", what, name, section)
	case isIn:
		return fmt.Errorf("unknown key %s; did you mean %s?", what, name)
	case len(k.path) > 1:
		return fmt.Errorf("unknown key %s; did you mean %s, above the first section?", what, meant)
	default:
		return fmt.Errorf("unknown key %s; did you mean %s?", what, meant)
	}
}

// unknownSection says that there is no such section, and which one is probably meant.
func unknownSection(k tomlKey) error {
	var sections []string
	for _, s := range serveSettings() {
		if s.Key() == k.name() {
			return notASection(s.Key())
		}
		if s.Section != "" {
			sections = append(sections, s.Section)
		}
	}
	written := "[" + k.name() + "]"
	if k.isList {
		written = "[" + written + "]"
	}
	if _, isList := sourceTableNamed(k.name()); isList {
		return fmt.Errorf("[%[1]s] may be there several times: write [[%[1]s]]", k.name())
	}
	if meant := nearest(k.name(), sections); meant != "" {
		return fmt.Errorf("unknown section %s; did you mean [%s]?", written, meant)
	}
	return fmt.Errorf("unknown section %s; oplog config init - prints all sections", written)
}

func notASection(key string) error {
	return fmt.Errorf("%[1]s is a single setting, not a section: write %[1]s = …, above the first section", key)
}
