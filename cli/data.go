package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"oplog/exports/formats"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
	"oplog/trail"
)

// noteCommand tells the tenant's trail what was done by a command.
func noteCommand(l *node.Node, tenant, module, operation string, object oplog.Ref) {
	l.Trail.Add(trail.Event{Tenant: tenant, User: trail.CommandUser, Module: module, Operation: operation, Object: object})
}

// withLog does something with a log that exists, and closes it.
func (m *Program) withLog(data string, do func(*node.Node) error) error {
	l, err := m.openExistingLog(data)
	if err != nil {
		return err
	}
	return errors.Join(do(l), l.Close())
}

// withNewLog is withLog where the log may be new.
func (m *Program) withNewLog(data string, do func(*node.Node) error) error {
	dir, err := m.dataDir(data)
	if err != nil {
		return err
	}
	l, err := m.openLog(dir)
	if err != nil {
		return err
	}
	return errors.Join(do(l), l.Close())
}

// known refuses a tenant that does not exist; "" stands for all.
func known(l *node.Node, tenant string) error {
	if tenant == "" {
		return nil
	}
	_, err := l.Directory.Tenant(tenant)
	return listedBy(err, "tenant")
}

// listedBy adds to an error about something that does not exist where to see
// what does.
func listedBy(err error, command string) error {
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return fmt.Errorf("%s; oplog %s list names those there are", strings.TrimSuffix(err.Error(), "."), command)
	}
	return err
}

// dataFlag names the data directory, for every command that uses one.
type dataFlag struct {
	Data string `help:"Data directory; by default ${data}." placeholder:"DIR"`
}

// dataDir returns the data directory: the one named, or the user's own.
func (m *Program) dataDir(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	return userDataDir(runtime.GOOS, m.Getenv)
}

func userDataDir(system string, getenv func(string) string) (string, error) {
	home := func(below ...string) string {
		if h := getenv("HOME"); h != "" {
			return filepath.Join(append([]string{h}, below...)...)
		}
		return ""
	}
	var dir string
	switch system {
	case "windows":
		dir = getenv("LocalAppData")
	case "darwin":
		dir = home("Library", "Application Support")
	default:
		if dir = getenv("XDG_DATA_HOME"); !filepath.IsAbs(dir) {
			dir = home(".local", "share")
		}
	}
	if dir == "" {
		return "", errors.New("this user has no home directory to keep data in; name one with --data")
	}
	return filepath.Join(dir, "oplog"), nil
}

// openLog opens the log in a data directory, making it where it is not.
func (m *Program) openLog(dir string) (*node.Node, error) {
	store, err := storage.Open(dir, storage.Options{})
	if err != nil {
		return nil, err
	}
	index, err := search.Open(filepath.Join(dir, "index"), store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	l, err := node.New(store, index, node.Options{
		Now: m.Now, ExportDir: filepath.Join(dir, "exports"), Formats: []oplog.ExportFormat{formats.CSV, formats.XLSX, formats.NDJSON},
	})
	if err != nil {
		return nil, errors.Join(err, index.Close(), store.Close())
	}
	return l, nil
}

// openExistingLog opens a log that must be there, for commands that make no
// sense without.
func (m *Program) openExistingLog(data string) (*node.Node, error) {
	dir, err := m.dataDir(data)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no data directory %s; name another with --data, or begin with oplog tenant add", dir)
	}
	return m.openLog(dir)
}
