package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"oplog/cluster"
	"oplog/faults"
	"oplog/node"
	"oplog/scrub"
	"oplog/server"
	"oplog/storage"
	"oplog/trail"
)

type serveCommand struct {
	serveFlags
	AcceptLoss bool `help:"Start even if acknowledged entries are missing from the store, or may be because oplog.head is missing, or if a tree changed, and record that in the access log. Restore a backup instead, if there is one."`
}

// Run serves until the context ends. Meanwhile a node of a cluster may be opened again, to put another node's copy of the store in place.
func (c *serveCommand) Run(ctx context.Context, m *Program) (err error) {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	if _, sourcesErr := m.sourcesConfig(); sourcesErr != nil {
		return sourcesErr
	}
	if err := c.Logging.apartFrom(dir); err != nil {
		return err
	}
	endLog, err := m.beginLog(c.Logging)
	if err != nil {
		return err
	}
	defer func() { err = endLog(err) }()
	for {
		isAgain, err := c.serveOnce(ctx, m, dir)
		if !isAgain || ctx.Err() != nil {
			return err
		}
		faults.Report("closing the node before it is opened again", err)
	}
}

// serveOnce serves until the context ends, or the node is to be opened again.
func (c *serveCommand) serveOnce(ctx context.Context, m *Program, dir string) (isAgain bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var asked atomic.Bool
	defer func() { isAgain = asked.Load() }()
	l, err := c.open(ctx, m, dir, func() { asked.Store(true); stop() })
	if err != nil {
		return false, err
	}
	if err := errors.Join(tellLoss(l.store, l.Node), m.checkArchive(ctx, l.Node, &c.archiveSettings)); err != nil {
		return false, errors.Join(err, l.Close())
	}
	ln, err := c.listen(ctx, m)
	if err != nil {
		return false, errors.Join(err, l.Close())
	}
	c.Listen = fixed(c.Listen, ln.Addr()) // the same port when the node is opened again
	code, err := m.setupCode(l, c.url(ln), c.Data)
	if err != nil {
		return false, errors.Join(err, ln.Close(), l.Close())
	}
	return false, errors.Join(m.serve(ctx, l, ln, c.serveFlags, server.Options{SetupCode: code}), l.Close())
}

// fixed returns an address with the port that was taken, if it named none.
func fixed(address string, taken net.Addr) string {
	host, port, err := net.SplitHostPort(address)
	if tcp, ok := taken.(*net.TCPAddr); ok && err == nil && port == "0" {
		return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
	}
	return address
}

// open opens the log to be served. On a node of a cluster, it waits for a leader as long as an election takes; without one, the log can be read.
func (c *serveCommand) open(ctx context.Context, m *Program, dir string, restart func()) (l openedLog, err error) {
	isNode, err := cluster.BeforeOpen(ctx, dir)
	if err != nil {
		return l, withAdvice(dir, err)
	}
	l = openedLog{dir: dir}
	if l.store, err = storage.Open(dir, storage.Options{SignCommand: m.signCommand, AcceptLoss: c.AcceptLoss, NoCopy: m.noCopy}); err != nil {
		return l, withAdvice(dir, err)
	}
	if !isNode {
		if err := checkSingle(dir, l.store); err != nil {
			return l, errors.Join(err, l.store.Close())
		}
		l.Node, err = m.openNode(dir, l.store, nil, c.archiveSettings)
		return l, err
	}
	l.cluster, err = cluster.Open(ctx, l.store, cluster.Options{
		Dir: dir, Listen: c.Cluster.Listen, Now: m.Now, Logger: m.logger(), Restart: restart, Version: m.build().version,
	})
	if err != nil {
		return l, errors.Join(err, l.store.Close())
	}
	elected, cancel := context.WithTimeout(ctx, electionTime)
	defer cancel()
	if _, _, err := l.cluster.AwaitLeader(elected); err != nil && ctx.Err() == nil {
		m.say(slog.LevelWarn, "No node leads the cluster yet, so nothing can be recorded; start the other nodes. What this node has can be read meanwhile.\n")
	}
	l.Node, err = m.openNode(dir, l.store, l.cluster, c.archiveSettings)
	return l, err
}

// electionTime is how long a node waits for a leader when it starts.
const electionTime = 3 * time.Second

// tellLoss records an accepted loss in every trail, once.
func tellLoss(store *storage.DB, l *node.Node) error {
	lost := store.Loss()
	if lost == (storage.Loss{}) {
		return nil
	}
	details := map[string]any{"transactions": lost.Transactions, "entries": lost.Entries}
	if lost.Unknown {
		details["missing_file"] = "oplog.head"
	}
	if lost.Changed {
		details["changed_trees"] = true
	}
	err := l.Trail.AddToAll(trail.Event{User: trail.CommandUser, Module: "server", Operation: "accept_loss", Details: details})
	if err != nil {
		return err
	}
	l.Trail.Flush()
	return store.LossRecorded()
}

// setupCode returns the code for creating the first owner and prints how to set up oplog; "" if there is an account.
func (m *Program) setupCode(l openedLog, url, data string) (string, error) {
	empty, err := l.Identity.Empty()
	if err != nil || !empty {
		return "", err
	}
	flag := ""
	if data != "" {
		flag = fmt.Sprintf(" --data %q", data)
	}
	code := rand.Text()
	if l.cluster != nil {
		code = l.cluster.SetupCode()
	}
	m.say(slog.LevelWarn, fmt.Sprintf(`There is no account yet, so nobody can sign in. Set up oplog in a browser, at exactly this URL:
  %[2]s
or run these two commands:
  oplog tenant add acme --name "Acme"%[1]s
  oplog account add admin --role admin --tenant acme%[1]s
`, flag, setupURL(url, code)))
	return code, nil
}

// setupURL returns the URL of the console's setup page. The code is in the fragment, which browsers do not send, so no log of requests has it.
// The program's own log has it where standard error is kept, until there is an owner and it is worth nothing.
func setupURL(url, code string) string { return url + "/#setup=" + code }

// shutdownTime limits how long requests may take to finish on shutdown.
const shutdownTime = 10 * time.Second

// retentionInterval is the interval of checks for a new day.
const retentionInterval = 10 * time.Minute

// removalInterval is the interval of attempts to complete the removal of a tenant.
const removalInterval = time.Minute

// serve serves requests until the context ends, then lets those in progress finish. o has the options that differ between servers.
func (m *Program) serve(ctx context.Context, l openedLog, ln net.Listener, f serveFlags, o server.Options) (err error) {
	m.setOptions(&o, l, ln, &f)
	var daily sync.WaitGroup
	days, endDays := context.WithCancel(ctx)
	defer func() { endDays(); daily.Wait() }()
	failed := func(err error) { faults.Report("background work", err) }
	l.Journal.KeepInstallationTrail(f.AccessLogDays)
	runDaily(days, &daily, l.Node, &f, failed)
	if err := errors.Join(limitMemory(f.MemoryLimit, m.Getenv), f.setUpAnchors(l.Node, &o, m.Now), f.Backup.setUpBackups(l.Node, &o, m.Now)); err != nil {
		return err
	}
	l.sources, err = m.sourcesOf(l.Node)
	if o.Sources = l.sources; err != nil {
		return err
	}
	runBeside(days, &daily, l.Node, o, failed)
	l.doctor = m.doctorOf(l, ln, &f, &o)
	o.Doctor = l.doctor
	s := server.New(l.Node, o)
	ended := make(chan error, 2)
	if err := m.serveMetrics(ctx, s, f.Metrics.Listen, ended); err != nil {
		return errors.Join(err, ln.Close())
	}
	go func() { ended <- s.Listen(ln) }()
	servePeers(s, l.cluster, failed)
	commands := m.serveCommands(ctx, l, o.Logger)
	defer commands.close()
	m.tellListening(f.url(ln), l.dir)
	if err := l.Trail.AddToAll(trail.Event{User: trail.ServerUser, Module: "server", Operation: "start", Details: l.which()}); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	m.openConsole(&f, f.url(ln), o.SetupCode)
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := s.Shutdown(finish); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving: %w", err)
	}
	_ = ln.Close() // a Shutdown before Listen has started does not end it
	if err := <-ended; err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	commands.close()
	err = l.Trail.AddToAll(trail.Event{User: trail.ServerUser, Module: "server", Operation: "stop", Details: l.which()})
	l.Trail.Flush()
	m.writeLastAnchors(finish, o, failed)
	if m.isKept() {
		o.Logger.Info("the server has stopped")
	}
	return err
}

// openConsole opens the console for a person at a desktop, at the page that sets it up if there is a code for that.
func (m *Program) openConsole(f *serveFlags, address, code string) {
	if !isTerminal(m.Stdout) || f.NoOpen {
		return
	}
	if code != "" {
		address = setupURL(address, code)
	}
	openBrowser(address, m.Getenv)
}

// runDaily runs what each server does, until the context ends.
func runDaily(ctx context.Context, running *sync.WaitGroup, l *node.Node, f *serveFlags, failed func(error)) {
	running.Go(func() { l.Journal.RetainDaily(ctx, retentionInterval, failed) })
	running.Go(func() { l.RunRemovals(ctx, removalInterval, failed) })
	running.Go(func() { l.Scrub.Run(ctx, f.Scrub.Every, scrub.DefaultPace) })
	running.Go(func() { returnMemory(ctx, restInterval) })
}

// which returns details that say which node of several it is.
func (l openedLog) which() map[string]any {
	if l.cluster == nil {
		return nil
	}
	return map[string]any{"node": l.cluster.ID()}
}

// setOptions sets the options of a server that follow from its flags and what is open.
func (m *Program) setOptions(o *server.Options, l openedLog, ln net.Listener, f *serveFlags) {
	built := m.build()
	o.Console, o.Version, o.Commit, o.Now = m.Console, built.version, built.commit, m.Now
	o.Hosts, o.AnyIP, o.BasePath, o.Proxies = f.Host, !isLoopback(ln.Addr()), f.BasePath, f.proxies
	o.Logger, o.Syncs = m.logger(), l.store.Syncs()
	o.Cluster = l.cluster
	if f.certificate != nil {
		o.CertificateExpires = f.certificate.expires
	}
}

// tellListening tells where the server listens: people, the log if it is kept, and what started the program.
func (m *Program) tellListening(url, dir string) {
	fmt.Fprintln(m.Stdout, "listening on", url)
	if m.isKept() {
		built := m.build()
		m.logger().Info("the server has started", "url", url, "data", dir, "version", built.version, "commit", built.commit)
	}
	m.tellReady()
}

// runBeside runs beside the server what was set up for it, until the context ends.
func runBeside(ctx context.Context, running *sync.WaitGroup, l *node.Node, o server.Options, failed func(error)) {
	running.Go(func() { l.Archive.Run(ctx, l.TenantStates, failed) })
	running.Go(func() { o.Sources.Run(ctx, failed) })
	if o.Anchors != nil {
		running.Go(func() { o.Anchors.Run(ctx, failed) })
	}
	if o.Witnesses != nil {
		running.Go(func() { o.Witnesses.Run(ctx, failed) })
	}
	if o.Backups != nil {
		running.Go(func() { o.Backups.Run(ctx) })
	}
}

// serveMetrics serves health probes and metrics at an address of their own until the server shuts down, unless the address is "".
func (m *Program) serveMetrics(ctx context.Context, s *server.Server, address string, ended chan<- error) error {
	if address == "" {
		return nil
	}
	ln, err := listenOn(ctx, "metrics-listen", address)
	if err != nil {
		return err
	}
	go func() { ended <- s.ListenForMonitoring(ln) }()
	m.say(slog.LevelInfo, "metrics on http://"+ln.Addr().String()+"/metrics\n")
	return nil
}

// servePeers answers the requests that other nodes forward, until the server shuts down; of a log on one node there are none.
func servePeers(s *server.Server, n *cluster.Node, failed func(error)) {
	if n == nil {
		return
	}
	ln := n.ListenAPI()
	go func() {
		if err := s.ListenForPeers(ln); err != nil && !errors.Is(err, net.ErrClosed) {
			failed(fmt.Errorf("serve the other nodes: %w", err))
		}
	}()
}

// openBrowser opens the console in a desktop's browser, ignoring failures: the URL is printed as well.
func openBrowser(url string, getenv func(string) string) {
	var command []string
	switch {
	case runtime.GOOS == "darwin":
		command = []string{"open", url}
	case runtime.GOOS == "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	case getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "":
		command = []string{"xdg-open", url}
	default:
		return
	}
	browser := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // the system's opener, which outlives this call
	if browser.Start() == nil {
		go func() { _ = browser.Wait() }()
	}
}
