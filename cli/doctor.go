package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"oplog/backup"
	"oplog/cluster"
	"oplog/control"
	"oplog/doctor"
	"oplog/journal"
	"oplog/node"
	"oplog/oplog"
	"oplog/search"
	"oplog/server"
	"oplog/storage"
)

type doctorCommand struct {
	serveFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// run makes the checks in the server that has the log open, with that server's settings; without one, here. The exit status says whether
// there is an error.
func (c *doctorCommand) run(ctx context.Context, m *Program) (int, error) {
	if m.running != nil {
		return c.print(m, m.running.doctor)
	}
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return exitFailed, err
	}
	status, err := c.ask(ctx, m, dir)
	if err == nil || ctx.Err() != nil {
		return status, err
	}
	o := doctor.Options{Settings: c.examined(m, dir, c.Listen), Now: m.Now}
	l, logErr := m.readLog(dir, &c.serveFlags)
	_, entering := os.Lstat(filepath.Join(dir, "oplog.db")) // or any other name
	switch {
	case !errors.Is(err, control.ErrNone):
		o.Server, o.Unreachable = doctor.Unreachable, err
	case errors.Is(logErr, storage.ErrInUse):
		o.Server = doctor.Busy
	case errors.Is(entering, fs.ErrPermission): // then nobody knows whether there is a socket
		o.Server, o.Unreachable = doctor.Unreachable, fmt.Errorf("%s may not enter that directory", doctor.CurrentUser())
	}
	o.Log = func() (doctor.Log, error) { return l, logErr }
	return c.print(m, doctor.New(o))
}

// maxAnswer is the time in which a server has to make the checks, each of which has an end.
const maxAnswer = 30 * time.Second

// ask has the server of a data directory make the checks, and prints what it says once it has said everything. The error is [control.ErrNone] if there
// is no server.
func (c *doctorCommand) ask(ctx context.Context, m *Program, dir string) (int, error) {
	limit := cmp.Or(m.answerTime, maxAnswer)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := control.Dial(limited, dir)
	if err != nil {
		return exitFailed, err
	}
	args := []string{"doctor"}
	if c.JSON {
		args = append(args, "--json")
	}
	var said bytes.Buffer
	d := m.lendDesk(args, c)
	d.Env, d.Stdout = nil, &said // the settings are the server's
	status, err := d.Run(limited, conn)
	if limited.Err() != nil && err != nil {
		return exitFailed, fmt.Errorf("it accepts connections, but has not answered for %s", limit)
	}
	if err != nil {
		return exitFailed, err
	}
	_, err = m.Stdout.Write(said.Bytes())
	return status, err
}

// print prints the findings, one a line, with what to do below.
func (c *doctorCommand) print(m *Program, d *doctor.Doctor) (int, error) {
	at, found := d.Findings()
	status := exitDone
	if doctor.Worst(found) == doctor.Error {
		status = exitFailed
	}
	if c.JSON {
		out := json.NewEncoder(m.Stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return status, out.Encode(struct {
			CheckedAt time.Time        `json:"checked_at"`
			Findings  []doctor.Finding `json:"findings"`
		}{at, found})
	}
	rows := [][]string{{"CHECK", "RESULT", "FOUND"}}
	counts := make(map[doctor.Level]int)
	for i := range found {
		f := &found[i]
		counts[f.Level]++
		rows = append(rows, []string{f.Check, string(f.Level), f.Fact})
		if f.Advice != "" {
			rows = append(rows, []string{"", "", "What to do: " + f.Advice})
		}
	}
	if err := table(m.Stdout, rows); err != nil {
		return status, err
	}
	_, err := fmt.Fprintf(m.Stdout, "Errors: %d, warnings: %d, ok: %d\n", counts[doctor.Error], counts[doctor.Warning], counts[doctor.OK])
	return status, err
}

// examined returns the settings as they are checked. listen is the address of a server that listens.
func (f *serveFlags) examined(m *Program, dir, listen string) doctor.Settings {
	s := doctor.Settings{
		Dir: dir, Listen: listen, MetricsListen: f.Metrics.Listen, Insecure: f.Insecure, Cert: f.TLS.Cert, Key: f.TLS.Key, SignsItself: m.signCommand == "",
		BackupDir: f.Backup.Dir, BackupEvery: f.Backup.Every, Anchor: f.Anchor, Witnesses: f.Witness, ScrubEvery: f.Scrub.Every,
		MachineMemory: machineMemory(os.DirFS("/")), ArchiveServers: f.shownShards(), ArchivePasswordFile: f.PasswordFile,
	}
	if len(f.proxies) == 0 { // people see the certificate of the proxy
		for _, host := range f.Host {
			s.Hosts = append(s.Hosts, bareHost(host))
		}
	}
	if m.config != nil && len(m.config.tables) > 0 {
		s.Sources = m.askSources
	}
	s.Memory, _ = memorySize(f.MemoryLimit) // was checked
	switch {
	case s.Memory > 0:
	case m.Getenv("GOMEMLIMIT") != "":
		s.Memory = min(debug.SetMemoryLimit(-1), max(s.MachineMemory, 1)) // without a limit, it is all that there is
	default:
		s.Memory = s.MachineMemory / 4 * 3
	}
	return s
}

// doctorOf returns the doctor of a server.
func (m *Program) doctorOf(l openedLog, ln net.Listener, f *serveFlags, o *server.Options) *doctor.Doctor {
	state := func() (doctor.Log, error) {
		s, err := l.state(o)
		s.OtherSigner = l.store.SignCommand() != m.signCommand
		return s, err
	}
	return doctor.New(doctor.Options{Settings: f.examined(m, l.dir, ln.Addr().String()), Server: doctor.Running, Now: m.Now, Log: state})
}

// state returns what the log of a server tells of itself.
func (l openedLog) state(o *server.Options) (doctor.Log, error) {
	status, err := l.Status()
	if err != nil {
		return doctor.Log{}, err
	}
	clock, err := l.Journal.ClockState()
	if err != nil {
		return doctor.Log{}, err
	}
	s := doctor.Log{
		StoreBytes: status.StoreBytes, Failure: status.Failure, Damage: status.Damage, CheckedAt: status.Scrub.WholeAt, CheckDamage: status.Scrub.Damage,
		Index: doctor.Index{Bytes: status.IndexBytes, CatchingUp: status.CatchingUp}, Known: clock.Known, Newest: clock.Newest,
		DeletionWaits: slices.ContainsFunc(l.Journal.Waiting(""), func(w oplog.Waiting) bool { return w.Reason == oplog.WaitClock }),
		LastBackupAt:  status.LastBackupAt,
	}
	_, s.NewestFormat = l.store.Formats()
	s.Format = s.NewestFormat // it was migrated when it was opened
	if err := archivedIn(l.store, &s); err != nil {
		return doctor.Log{}, err
	}
	s.Archive = func() doctor.Archive { return archiveOf(l.Node) }
	if l.cluster != nil {
		s.Nodes = nodesOf(l.cluster)
	}
	if o.Backups != nil {
		state := o.Backups.State()
		s.Backups = &state
	}
	if o.Anchors != nil {
		state := o.Anchors.State()
		s.Anchors = &state
	}
	if o.Witnesses != nil {
		s.Witnesses = o.Witnesses.State()
	}
	return s, nil
}

// nodesOf returns what a node sees of the others.
func nodesOf(n *cluster.Node) *doctor.Nodes {
	status := n.Status(context.Background()) // which waits a second at most
	found := &doctor.Nodes{Number: len(status.Nodes), CertificateExpires: n.CertificateExpires()}
	for i := range status.Nodes {
		of := &status.Nodes[i]
		if of.Leader {
			found.Leader, found.ClockAhead = of.Address, of.ClockAhead
		}
		if !of.Reachable {
			found.Unreachable = append(found.Unreachable, of.Address)
		}
	}
	return found
}

// readLog reads what a log tells of itself that no server has open. Nothing is written.
func (m *Program) readLog(dir string, f *serveFlags) (s doctor.Log, err error) {
	store, err := storage.Open(dir, storage.Options{ReadOnly: true, IgnoreKey: true})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, doctor.ErrNoLog
	case errors.Is(err, storage.ErrMustWrite):
		return s, fmt.Errorf("%w: %w", doctor.ErrMustStart, err)
	case err != nil:
		return s, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s.Format, s.NewestFormat = store.Formats()
	s.Missing, s.Damage = store.Missing(), store.Damage()
	s.Key = store.LoadKey(m.signCommand)
	if s.StoreBytes, err = store.Bytes(); err != nil {
		return s, err
	}
	found, err := search.Inspect(filepath.Join(dir, "index"), store)
	if err != nil {
		return s, err
	}
	s.Index = doctor.Index{Bytes: found.Bytes, Behind: found.Behind, Outdated: found.Outdated, Lost: found.Lost}
	return s, errors.Join(m.readTimes(store, f, &s), archivedIn(store, &s))
}

// readTimes reads when the log was last used and backed up.
func (m *Program) readTimes(store *storage.DB, f *serveFlags, s *doctor.Log) error {
	clock, err := journal.ReadClock(store, m.Now)
	if err != nil {
		return err
	}
	known, err := clock.State()
	if err != nil {
		return err
	}
	s.Known, s.Newest = known.Known, known.Newest
	if s.LastBackupAt, err = node.LastBackup(store); err != nil || f.Backup.Dir == "" {
		return err
	}
	state, err := backup.StateOf(store, backup.Options{Dir: f.Backup.Dir, Every: f.Backup.Every, Keep: f.Backup.Keep, Now: m.Now})
	s.Backups = &state
	return err
}
