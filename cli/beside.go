package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/alecthomas/kong"

	"oplog/cluster"
	"oplog/control"
	"oplog/doctor"
	"oplog/faults"
	"oplog/identity/sources"
	"oplog/node"
	"oplog/storage"
	"oplog/trail"
)

// A command with logFlags runs where the log is: in this process, or while a server has the log open, in that server. Its Run is the same:
// withLog returns the open log, and the process that the command was started in lends its files and its terminal (package control).

// logFlags are the flags of commands on a log.
type logFlags struct {
	dataFlag
	Server  string `placeholder:"URL" help:"Use a running server over its API instead of the data directory."`
	KeyFile string `placeholder:"FILE" help:"File with an API key of that server, which others must not be able to read."`
	CAFile  string `name:"ca-file" placeholder:"FILE" help:"File with the CA of that server's certificate, such as ca.pem of oplog tls init; by default, the CAs that this machine trusts."`
}

// Validate checks the flags before anything is opened.
func (f *logFlags) Validate() error {
	if (f.Server == "") != (f.KeyFile == "") {
		return errors.New("--server and --key-file must be used together")
	}
	return f.checkServer()
}

// checkServer checks the URL of a server, and that it has a certificate if a CA is given.
func (f *logFlags) checkServer() error {
	isHTTPS := false
	if f.Server != "" {
		var err error
		if isHTTPS, err = serverURL(f.Server); err != nil {
			return err
		}
	}
	if f.CAFile != "" && !isHTTPS {
		return errors.New("--ca-file is for a server with HTTPS; specify its URL, such as --server https://log.example.com")
	}
	return nil
}

func (f *logFlags) ofLog() *logFlags { return f }

// lends is a command that reads or writes files of the process that it was started in.
type lends interface {
	lend(d *control.Desk)
}

// overAPI is a command that also works over the API of a server, with the rights of a key.
type overAPI interface {
	runOverAPI(ctx context.Context, m *Program, r remote) error
}

// runCommand runs a command where its log is, and returns its exit status.
func (m *Program) runCommand(ctx context.Context, args []string, words *kong.Context) (int, error) {
	command := words.Selected().Target.Addr().Interface()
	if d, ok := command.(*doctorCommand); ok {
		return d.run(ctx, m)
	}
	c, ok := command.(interface{ ofLog() *logFlags })
	switch {
	case m.running != nil && (!ok || c.ofLog().Server != ""):
		return exitFailed, errors.New("this command does not run in a server")
	case m.running != nil || !ok:
		return exitDone, words.Run()
	case c.ofLog().Server != "":
		return exitDone, m.runWithKey(ctx, words, c.ofLog())
	}
	dir, err := m.dataDir(c.ofLog().Data)
	if err != nil {
		return exitFailed, err
	}
	conn, err := control.Dial(ctx, dir)
	if errors.Is(err, control.ErrNone) {
		return exitDone, words.Run()
	}
	if err != nil {
		return exitFailed, err
	}
	return m.lendDesk(args, command).Run(ctx, conn)
}

// lendDesk returns what this process lends to the server that runs a command for it.
func (m *Program) lendDesk(args []string, command any) *control.Desk {
	d := &control.Desk{Stdin: m.Stdin, Stdout: m.Stdout, Stderr: m.Stderr, Ask: m.asker()}
	d.Args, d.Env = args, map[string]string{}
	for _, name := range m.variables {
		d.Env[name] = m.Getenv(name)
	}
	d.IsTerminal = [3]bool{isTerminal(m.Stdin), isTerminal(m.Stdout), isTerminal(m.Stderr)}
	if l, ok := command.(lends); ok {
		l.lend(d)
	}
	return d
}

// runWithKey runs a command over the API.
func (m *Program) runWithKey(ctx context.Context, words *kong.Context, f *logFlags) error {
	command := words.Selected().Target.Addr().Interface()
	c, ok := command.(overAPI)
	if !ok {
		return fmt.Errorf("%s is not for API keys; run it on the machine of the server, without --server, as the user that the server runs as", words.Selected().FullPath())
	}
	key := ""
	if k, ok := command.(interface{ givenKey() string }); ok {
		key = k.givenKey()
	}
	if key == "" {
		var err error
		if key, err = readKey(f.KeyFile); err != nil {
			return err
		}
	}
	r, err := newRemote(f.Server, key, f.CAFile)
	if err != nil {
		return err
	}
	defer r.http.CloseIdleConnections()
	return c.runOverAPI(ctx, m, r)
}

// running is the open log of a server, with the process that a command runs for.
type running struct {
	openedLog
	session *control.Session
}

// openedLog is an open log with its data directory and store.
type openedLog struct {
	*node.Node
	dir     string
	store   *storage.DB      // of the data directory, to be read
	cluster *cluster.Node    // nil for a log on one machine
	doctor  *doctor.Doctor   // once it is served
	sources *sources.Sources // likewise
}

// withSource adds to an event of the trail where its command came from, if it runs in a server.
func (m *Program) withSource(v trail.Event) trail.Event {
	if m.running == nil {
		return v
	}
	details := map[string]any{"via": "socket"}
	if user := m.running.session.User; user != "" {
		details["system_user"] = user
	}
	for name, value := range v.Details {
		details[name] = value
	}
	v.Details = details
	return v
}

// commandServer runs the commands of other processes in this server.
type commandServer struct {
	program  *Program
	log      openedLog
	socket   control.Listener
	ctx      context.Context // ends with the server
	commands sync.WaitGroup

	mu    sync.Mutex // guards conns
	conns []net.Conn // of commands that run
}

// serveCommands runs commands beside the server until the context ends. Without a socket it serves nevertheless.
func (m *Program) serveCommands(ctx context.Context, log openedLog, logger *slog.Logger) *commandServer {
	socket, err := control.Listen(log.dir)
	if err != nil {
		logger.Warn("no commands can run beside this server", "err", err)
		return &commandServer{}
	}
	s := &commandServer{program: m, log: log, socket: socket, ctx: ctx}
	s.commands.Go(s.accept)
	return s
}

func (s *commandServer) accept() {
	for {
		conn, user, err := s.socket.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			faults.Report("accepting a command", err)
			select {
			case <-time.After(time.Second): // such as too many open files
				continue
			case <-s.ctx.Done():
				return
			}
		}
		s.commands.Go(func() { s.run(conn, user) })
	}
}

// run runs the command of another process.
func (s *commandServer) run(conn net.Conn, user string) {
	s.mu.Lock()
	s.conns = append(s.conns, conn)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.conns = slices.DeleteFunc(s.conns, func(c net.Conn) bool { return c == conn })
		s.mu.Unlock()
	}()
	session, err := control.Begin(s.ctx, conn, user)
	if err != nil {
		return // the process has gone, or is of another version, which it was told
	}
	defer func() { _ = session.Close() }()
	session.End(s.runIn(session))
}

// runIn runs a command and returns its exit status. A panic ends the command, not the server.
func (s *commandServer) runIn(session *control.Session) (status int) {
	p := &Program{
		Stdin: session.Stdin(), Stdout: session.Stdout(), Stderr: session.Stderr(), Getenv: session.Getenv,
		Now: s.program.Now, Version: s.program.Version, running: &running{s.log, session},
	}
	var err error
	defer func() {
		if err != nil {
			status = p.fail(exitFailed, err)
		}
	}()
	defer faults.Catch("a command", &err)
	return p.Run(session.Context(), session.Args)
}

// close removes the socket and waits for the commands that run; they have some time to end.
func (s *commandServer) close() {
	if s.socket == nil {
		return
	}
	if err := s.socket.Close(); err != nil {
		faults.Report("removing the socket of commands", err)
	}
	late := time.AfterFunc(shutdownTime, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
	})
	s.commands.Wait()
	late.Stop()
}
