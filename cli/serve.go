package cli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"oplog/faults"
	"oplog/node"
	"oplog/proof"
	"oplog/server"
	"oplog/trail"
)

// serveFlags are the flags of all serving commands.
type serveFlags struct {
	dataFlag
	Listen  string   `default:"127.0.0.1:8484" placeholder:"ADDR" help:"Address to listen on (${default}); port 0 takes a free one."`
	Host    []string `placeholder:"NAME" help:"Host name of the server, besides localhost; may be repeated. Requests for other hosts are rejected."`
	NoOpen  bool     `help:"Do not open the browser."`
	Anchor  string   `placeholder:"DIR" help:"Folder off this machine, such as a network share or USB stick, for the checkpoints of all logs and access logs, every few minutes and on exit; it must exist."`
	TLSCert string   `name:"tls-cert" placeholder:"FILE" and:"tls" help:"Certificate for HTTPS."`
	TLSKey  string   `name:"tls-key" placeholder:"FILE" and:"tls" help:"Key of the certificate."`
}

type serveCommand struct {
	serveFlags
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, m *Program) error {
	dir, err := m.dataDir(c.Data)
	if err != nil {
		return err
	}
	l, err := m.openLog(dir)
	if err != nil {
		return err
	}
	ln, err := c.listen(ctx)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	code, err := m.setupCode(l, c.url(ln), c.Data)
	if err != nil {
		return errors.Join(err, ln.Close(), l.Close())
	}
	return errors.Join(m.serve(ctx, l, ln, c.serveFlags, server.Options{SetupCode: code}), l.Close())
}

// setupCode returns the code for creating the first owner and prints how to set up oplog; "" if there is an account.
func (m *Program) setupCode(l *node.Node, url, data string) (string, error) {
	empty, err := l.Identity.Empty()
	if err != nil || !empty {
		return "", err
	}
	flag := ""
	if data != "" {
		flag = fmt.Sprintf(" --data %q", data)
	}
	code := rand.Text()
	fmt.Fprintf(m.Stderr, `There is no account yet, so nobody can sign in. Set up oplog in a browser, at exactly this URL:
  %[2]s
or stop oplog, run these two commands, and start it again:
  oplog tenant add acme --name "Acme"%[1]s
  oplog account add admin --role admin --tenant acme%[1]s
`, flag, setupURL(url, code))
	return code, nil
}

// setupURL returns the URL of the console's setup page. The code is in the fragment, which is not sent to servers and does not appear in
// logs.
func setupURL(url, code string) string { return url + "/#setup=" + code }

// listen opens the port, with TLS if there is a certificate.
func (f *serveFlags) listen(ctx context.Context) (net.Listener, error) {
	var config *tls.Config
	if f.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(f.TLSCert, f.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("cannot use the certificate: %w; specify PEM files of a certificate and its key", err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; specify another address with --listen, such as 127.0.0.1:0", f.Listen, err)
	}
	ln = server.Share(ln)
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	return ln, nil
}

// url returns the URL of a listener for a browser on this machine.
func (f *serveFlags) url(ln net.Listener) string {
	scheme := "http"
	if f.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return scheme + "://" + ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// shutdownTime limits how long requests may take to finish on shutdown.
const shutdownTime = 10 * time.Second

// retentionInterval is the interval of checks for a new day.
const retentionInterval = 10 * time.Minute

// serve serves requests until the context ends, then lets those in progress finish. o has the options that differ between servers.
func (m *Program) serve(ctx context.Context, l *node.Node, ln net.Listener, f serveFlags, o server.Options) error {
	built := buildVersion(m.Version)
	o.Console, o.Version, o.Commit, o.Now, o.SecureCookies = m.Console, built.version, built.commit, m.Now, f.TLSCert != ""
	o.Hosts, o.AnyIP, o.Logger = f.Host, !onLoopback(ln), slog.New(slog.NewTextHandler(m.Stderr, nil))
	var daily sync.WaitGroup
	days, endDays := context.WithCancel(ctx)
	defer func() { endDays(); daily.Wait() }()
	failed := func(err error) { faults.Report("background work", err) }
	daily.Go(func() { l.Journal.RetainDaily(days, retentionInterval, failed) })
	if f.Anchor != "" {
		o.Anchors = proof.NewAnchors(proof.NewTrees(l.Directory, l.Prover), m.Now, f.Anchor)
		daily.Go(func() { o.Anchors.Run(days, failed) })
	}
	s := server.New(l, o)
	ended := make(chan error, 1)
	go func() { ended <- s.Listen(ln) }()
	fmt.Fprintln(m.Stdout, "listening on", f.url(ln))
	if err := l.Trail.AddToAll(trail.Event{User: trail.ServerUser, Module: "server", Operation: "start"}); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	if _, person := terminal(m.Stdout); person && !f.NoOpen {
		address := f.url(ln)
		if o.SetupCode != "" {
			address = setupURL(address, o.SetupCode)
		}
		openBrowser(address, m.Getenv)
	}
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
	err := l.Trail.AddToAll(trail.Event{User: trail.ServerUser, Module: "server", Operation: "stop"})
	if l.Trail.Flush(); o.Anchors != nil {
		if err := o.Anchors.Write(); err != nil {
			failed(err)
		}
	}
	return err
}

// onLoopback reports whether a listener only accepts connections from this machine.
func onLoopback(ln net.Listener) bool {
	address, ok := ln.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
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

// hostPort checks that an address has both a host and a port.
func hostPort(address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("--listen %s is not HOST:PORT: %s", address, strings.TrimPrefix(err.Error(), "address "+address+": "))
	}
	return nil
}

// Validate checks the flags before anything is opened.
func (f *serveFlags) Validate() error {
	if _, address, isURL := strings.Cut(f.Listen, "://"); isURL {
		return fmt.Errorf("--listen %s is a URL; specify only HOST:PORT: --listen %s", f.Listen, strings.TrimRight(address, "/"))
	}
	for _, host := range f.Host {
		if strings.Contains(host, "/") {
			return fmt.Errorf("--host %s is a URL; specify only the host name: --host %s", host, bareHost(host))
		}
		if strings.Contains(host, "*") {
			return fmt.Errorf("--host %s is a pattern, which is not supported; specify each host name: --host log.example.com", host)
		}
	}
	return hostPort(f.Listen)
}

// bareHost strips scheme, port and path from a host name or address.
func bareHost(host string) string {
	if _, rest, isURL := strings.Cut(host, "://"); isURL {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host
}
