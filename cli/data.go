package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"oplog/cluster"
	"oplog/exports/formats"
	"oplog/faults"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/storage"
	"oplog/trail"
)

// audit returns what records in a tenant's trail of the change that a command makes to a record of a kind.
func audit[T any](m *Program, l *node.Node, kind oplog.RecordKind, module, operation string, about func(T) (tenant string, object oplog.Ref)) oplog.Audit {
	return l.Trail.Audit(trail.Stored(kind, func(record T) trail.Event {
		tenant, object := about(record)
		return m.withSource(trail.Event{Tenant: tenant, User: trail.CommandUser, Module: module, Operation: operation, Object: object})
	}))
}

// withLog opens an existing log to change it, calls do, and closes it. In a server, the log is open and stays so; of several nodes, it must be that of
// the one that leads.
func (m *Program) withLog(data string, do func(*node.Node) error) error {
	if m.running != nil {
		return m.withLeadingLog(do)
	}
	l, err := m.openExistingLog(data)
	if err != nil {
		return err
	}
	return errors.Join(do(l), l.Close())
}

// withRunningLog calls do with the open log of the server, and returns once the trail tells of it.
func (m *Program) withRunningLog(do func(*node.Node) error) error {
	err := do(m.running.Node)
	m.running.Trail.Sync()
	return err
}

// withLeadingLog is withRunningLog for what changes the log: rules over several records, such as that an owner stays, are kept by the process of the
// node that leads.
func (m *Program) withLeadingLog(do func(*node.Node) error) error {
	if n := m.running.cluster; n != nil && !n.Leads() {
		return errNotLeading(n)
	}
	return m.withRunningLog(do)
}

// withLogToRead is like withLog for a command that only reads: it also works on a data directory that cannot be written, and on a stopped node of a
// cluster.
func (m *Program) withLogToRead(data string, do func(l *node.Node, readOnly bool) error) error {
	if m.running != nil {
		return m.withRunningLog(func(l *node.Node) error { return do(l, false) })
	}
	dir, err := m.existingDir(data)
	if err != nil {
		return err
	}
	store, readOnly, err := openToRead(dir, storage.Options{SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return err
	}
	l, err := m.openNode(dir, store, nil, m.archive...)
	if err != nil {
		return err
	}
	return errors.Join(do(l, readOnly), l.Close())
}

// openToRead opens a store, read-only if the directory cannot be written, or is a node of a cluster.
func openToRead(dir string, o storage.Options) (db *storage.DB, readOnly bool, err error) {
	isNode, err := cluster.IsNode(dir)
	if err != nil {
		return nil, false, withAdvice(dir, err)
	}
	if isNode {
		db, err = openNodeToRead(dir, o)
		return db, true, withAdvice(dir, err)
	}
	if db, err = storage.Open(dir, o); !isReadOnly(err) {
		return db, false, withAdvice(dir, err)
	}
	o.ReadOnly = true
	if db, err = storage.Open(dir, o); err != nil {
		return nil, true, withAdvice(dir, err)
	}
	if missing := db.Missing(); missing != nil {
		return nil, true, errors.Join(missing, db.Close())
	}
	return db, true, nil
}

// isReadOnly reports whether an error says that a file cannot be written where it is.
func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// withNewLog is like withLog, but creates a missing log.
func (m *Program) withNewLog(data string, do func(*node.Node) error) error {
	if m.running != nil {
		return m.withLeadingLog(do)
	}
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

// checkTenant returns an error if a tenant does not exist; "" stands for all.
func checkTenant(l *node.Node, tenant string) error {
	if tenant == "" {
		return nil
	}
	_, err := l.Directory.Tenant(tenant)
	return withHint(err, "tenant")
}

// withHint adds to a not-found error which command lists what exists.
func withHint(err error, command string) error {
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		return fmt.Errorf("%s; see oplog %s list", strings.TrimSuffix(err.Error(), "."), command)
	}
	return err
}

// dataFlag are the flags of the data directory, shared by all commands that use one. The configuration file may say where it is.
type dataFlag struct {
	Data   string `help:"Data directory; by default ${data}." placeholder:"DIR"`
	Config string `help:"Configuration file; by default oplog.toml in the data directory or, if that is not specified, ${system_config}. oplog config init writes one." placeholder:"FILE"`
}

// dataDir returns the given data directory, or the user's default.
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
		return "", errors.New("this user has no home directory; specify a data directory with --data")
	}
	return filepath.Join(dir, "oplog"), nil
}

// openLog opens the log in a data directory, which it creates if missing, to change it.
func (m *Program) openLog(dir string) (*node.Node, error) {
	db, err := openStore(dir, storage.Options{SignCommand: m.signCommand, NoCopy: m.noCopy})
	if err != nil {
		return nil, err
	}
	return m.openNode(dir, db, nil, m.archive...)
}

// openStore opens the store of a log that is no node of a cluster, to change it.
func openStore(dir string, o storage.Options) (*storage.DB, error) {
	if err := checkChangeable(dir); err != nil {
		return nil, withAdvice(dir, err)
	}
	db, err := storage.Open(dir, o)
	if err != nil {
		return nil, withAdvice(dir, err)
	}
	if err := checkSingle(dir, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openNode opens the services over the store of the data directory or, on a node of a cluster, over what makes it one with the others.
// Its archived days are read from the servers that the settings name, if there are any.
func (m *Program) openNode(dir string, db *storage.DB, of *cluster.Node, archived ...archiveSettings) (*node.Node, error) {
	o := node.Options{
		Now: m.Now, Decode: storage.Decode, Encode: storage.Encode, Analysis: search.AnalysisVersion, ExportDir: filepath.Join(dir, "exports"), Formats: []oplog.ExportFormat{formats.CSV, formats.XLSX, formats.NDJSON},
	}
	for _, a := range archived {
		var err error
		if o.Shards, err = a.open(); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		o.Grace = a.Grace
	}
	if m.engines != nil {
		o.Shards = m.engines
	}
	var store oplog.Store = db
	if of != nil {
		store, o.Node, o.Leading, o.Members = of.Store(), of.ID(), of.Term, of.Members
	}
	if db.KeyMoved() {
		m.say(slog.LevelWarn, fmt.Sprintf("The signing key was moved from the store to %s. Keep a copy of that file: new backups do not contain it. Earlier backups, and unused pages of the store, still do; keep them secret.\n", filepath.Join(dir, "signing.key")))
	}
	index, err := search.Open(filepath.Join(dir, "index"), store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	o.Compile = index.Compile
	l, err := node.New(store, index, o)
	if err != nil {
		return nil, errors.Join(err, index.Close(), store.Close())
	}
	if of != nil {
		of.OnMembers(func() { faults.Report("ending the exports of nodes that were removed", l.Exports.FailGone()) })
	}
	return l, nil
}

// openExistingLog opens a log that must exist.
func (m *Program) openExistingLog(data string) (*node.Node, error) {
	dir, err := m.existingDir(data)
	if err != nil {
		return nil, err
	}
	return m.openLog(dir)
}

// existingDir returns the data directory, which must exist.
func (m *Program) existingDir(data string) (string, error) {
	dir, err := m.dataDir(data)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no data directory %s; specify another with --data, or create one with oplog tenant add", dir)
	}
	return dir, nil
}
