package ldaptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Options are of a server; the zero value is a directory with TLS for localhost and 127.0.0.1 that answers no anonymous search.
type Options struct {
	Port      int      // of ldap://; 0 for any
	TLSPort   int      // of ldaps://; 0 for any
	Names     []string // of the certificate; nil for localhost and 127.0.0.1
	NotAfter  time.Time
	Anonymous bool // anybody may read, but no passwords
	SizeLimit int  // entries of an answer; 0 for slapd's own
}

// Slapd is a server with the entries of BaseDN, PeopleDN, GroupsDN and SearchDN.
type Slapd struct {
	URL                string // ldap://127.0.0.1:PORT
	TLSURL             string // ldaps://localhost:PORT
	CAFile             string
	SearchPasswordFile string

	options Options
	program program
	dir     string
	command *exec.Cmd
	ended   chan struct{}
	said    output
	mu      sync.Mutex // one change at a time
	admin   *ldap.Conn
}

// Start starts a server, which ends with the test, or skips the test where there is no slapd.
func Start(t testing.TB, o Options) *Slapd {
	t.Helper()
	s, err := Run(t.TempDir(), o)
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Run starts a server with its files in an empty directory. Its certificates are made here.
func Run(dir string, o Options) (*Slapd, error) {
	p, err := find()
	if err != nil {
		return nil, err
	}
	if err := freePorts(&o.Port, &o.TLSPort); err != nil {
		return nil, err
	}
	s := &Slapd{
		URL: fmt.Sprintf("ldap://127.0.0.1:%d", o.Port), TLSURL: fmt.Sprintf("ldaps://localhost:%d", o.TLSPort),
		CAFile: filepath.Join(dir, "ca.pem"), SearchPasswordFile: filepath.Join(dir, "search-password"), options: o, program: p, dir: dir,
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.Resume(); err != nil {
		return nil, err
	}
	if err := s.fill(); err != nil {
		s.Stop()
		return nil, fmt.Errorf("fill the directory: %w\n%s", err, s.said.String())
	}
	return s, nil
}

// prepare writes the files of a server.
func (s *Slapd) prepare() error {
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	names := s.options.Names
	if names == nil {
		names = []string{"localhost", "127.0.0.1"}
	}
	certificate, key, err := authority.issue(names, s.options.NotAfter)
	if err != nil {
		return err
	}
	// AppArmor keeps the installed program, by its path, from files outside its own directories.
	program, err := os.ReadFile(s.program.path)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"ca.pem": authority.pem, "server.pem": certificate, "server-key.pem": key, "search-password": []byte(SearchPassword + "\n"),
		"slapd.conf": []byte(s.configuration(s.program)),
	}
	errs := []error{os.Mkdir(filepath.Join(s.dir, "db"), 0o700), os.WriteFile(filepath.Join(s.dir, "slapd"), program, 0o700)}
	for name, text := range files {
		errs = append(errs, os.WriteFile(filepath.Join(s.dir, name), text, 0o600))
	}
	return errors.Join(errs...)
}

// Resume starts a server that Stop has ended, with what it had, on the same ports.
func (s *Slapd) Resume() error {
	urls := s.URL + "/ " + fmt.Sprintf("ldaps://127.0.0.1:%d/", s.options.TLSPort)
	s.command = exec.Command(filepath.Join(s.dir, "slapd"), "-f", filepath.Join(s.dir, "slapd.conf"), "-h", urls, "-d", "0")
	s.command.Dir, s.command.Stdout, s.command.Stderr, s.command.SysProcAttr = s.dir, &s.said, &s.said, bound()
	if s.program.libraries != "" {
		s.command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+s.program.libraries)
	}
	if err := s.command.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(c *exec.Cmd, ended chan struct{}) {
		_ = c.Wait() // Stop kills it
		close(ended)
	}(s.command, s.ended)
	for range 300 {
		if err := s.connect(); err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("slapd ended: %s", s.said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.Stop()
	return fmt.Errorf("slapd does not answer: %s", s.said.String())
}

// connect signs in for changes.
func (s *Slapd) connect() error {
	c, err := ldap.DialURL(s.URL, ldap.DialWithDialer(&net.Dialer{Timeout: time.Second}))
	if err != nil {
		return err
	}
	c.SetTimeout(10 * time.Second)
	if err := c.Bind(AdminDN, adminPassword); err != nil {
		return errors.Join(err, c.Close())
	}
	s.admin = c
	return nil
}

// Stop ends the server; its files stay.
func (s *Slapd) Stop() {
	if s.admin != nil {
		_ = s.admin.Close() // the server ends
	}
	_ = s.command.Process.Kill() // it may have ended
	<-s.ended
}

// Hang stops the server where it is: it takes connections and answers nothing until Unhang.
func (s *Slapd) Hang() error { return s.command.Process.Signal(pause) }

// Unhang ends Hang.
func (s *Slapd) Unhang() error { return s.command.Process.Signal(resume) }

// freePorts fills in ports that are free now.
func freePorts(ports ...*int) error {
	var held []io.Closer
	defer func() {
		for _, l := range held {
			_ = l.Close() // nobody has connected
		}
	}()
	for _, port := range ports {
		if *port != 0 {
			continue
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

// output is what a server has written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
