package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// renewed is the server's TLS certificate, which is read again when its files change: tools renew certificates every few weeks.
type renewed struct {
	certFile, keyFile string
	hosts             []string // that the certificate must be for, at least one of them
	now               func() time.Time
	logger            *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	version certificateVersion // of current, or of the files that could not be used
	checked time.Time
}

// certificateVersion identifies the current contents of the files.
type certificateVersion struct {
	cert, key         time.Time
	certSize, keySize int64
}

// certificateInterval is how often the files are checked, at a new connection.
const certificateInterval = 5 * time.Second

func (m *Program) loadCertificate(f tlsFlags, hosts []string) (*renewed, error) {
	c := &renewed{certFile: f.Cert, keyFile: f.Key, hosts: hosts, now: m.Now, logger: m.logger()}
	var err error
	if c.version, err = c.stat(); err != nil {
		return nil, err
	}
	c.checked = c.now()
	c.current, err = c.load()
	return c, err
}

// stat returns the version of the files. It rejects a key that all users of the machine can read.
func (c *renewed) stat() (certificateVersion, error) {
	cert, err := os.Stat(c.certFile)
	if err != nil {
		return certificateVersion{}, fmt.Errorf("cannot use the certificate: %w", err)
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return certificateVersion{}, fmt.Errorf("cannot use the certificate's key: %w", err)
	}
	if runtime.GOOS != "windows" && key.Mode()&othersRead != 0 {
		return certificateVersion{}, fmt.Errorf("cannot use the certificate's key: every user of this machine can read it; run chmod o= %s", c.keyFile)
	}
	return certificateVersion{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}

// othersRead is what every user may do. A group may read the key: distributions have one for the programs that use certificates.
const othersRead fs.FileMode = 0o004

// load reads the files. It rejects a certificate that browsers would reject.
func (c *renewed) load() (*tls.Certificate, error) {
	loaded, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("cannot use the certificate: %w; make the file readable for the user that runs oplog", err)
	case err != nil:
		return nil, fmt.Errorf("cannot use the certificate: %w; specify PEM files of a certificate and its key", err)
	}
	leaf, now := loaded.Leaf, c.now()
	if now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate %s expired at %s; renew it", c.certFile, moment(leaf.NotAfter))
	}
	if now.Before(leaf.NotBefore) {
		return nil, fmt.Errorf("the certificate %s is only valid from %s; check the clock of this machine, which shows %s", c.certFile, moment(leaf.NotBefore), moment(now))
	}
	return &loaded, c.checkNames(leaf)
}

// checkNames rejects a certificate that is for none of the server's hosts, and logs for which it is not.
func (c *renewed) checkNames(leaf *x509.Certificate) error {
	var others []string
	for _, host := range c.hosts {
		if leaf.VerifyHostname(bareHost(host)) != nil {
			others = append(others, host)
		}
	}
	is := namesOf(leaf)
	switch {
	case len(others) == 0:
		return nil
	case len(others) == len(c.hosts):
		return fmt.Errorf("the certificate %s is for %s, not for --host %s; specify a certificate for that name, or the name that this one is for", c.certFile, is, others[0])
	default:
		c.logger.Warn("browsers reject the certificate at these names; add them to it", "file", c.certFile, "for", is, "not_for", strings.Join(others, ", "))
		return nil
	}
}

// expires returns when the certificate in use expires.
func (c *renewed) expires() time.Time {
	current, _ := c.get(nil) // never fails
	return current.Leaf.NotAfter
}

// namesOf lists the host names and addresses that a certificate is for.
func namesOf(leaf *x509.Certificate) string {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return or(strings.Join(names, ", "), "no host name")
}

// get returns the certificate for a connection. If changed files cannot be used, such as in the middle of a renewal, it stays the one before.
func (c *renewed) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.checked) < certificateInterval {
		return c.current, nil
	}
	c.checked = c.now()
	version, err := c.stat()
	if err == nil && version == c.version {
		return c.current, nil
	}
	if err == nil {
		c.version = version
		var loaded *tls.Certificate
		if loaded, err = c.load(); err == nil {
			c.current = loaded
			c.logger.Info("the certificate has changed", "file", c.certFile)
		}
	}
	if err != nil {
		c.logger.Error("the certificate has changed, but cannot be used; the one before stays in use", "err", err)
	}
	return c.current, nil
}
