package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// port checks that the addresses can be listened on, and whether others could read along there.
func (r *round) port() []Finding {
	if r.Server.isClosed() {
		return nil // which may listen there
	}
	found := []Finding{r.listen("listen", r.Listen)}
	if r.MetricsListen != "" && r.Server == Stopped {
		if f := r.listen("metrics-listen", r.MetricsListen); f.Level != OK {
			found = append(found, f)
		}
	}
	return found
}

// windowsAddressInUse is the error of Windows for a port in use.
const windowsAddressInUse = syscall.Errno(10048)

// listen checks an address.
func (r *round) listen(flag, address string) Finding {
	code := "port-open"
	at := address
	if r.Server == Stopped {
		code = "port-free"
		ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
		switch {
		case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, windowsAddressInUse):
			return finding("port-in-use", "address", address, "flag", flag)
		case errors.Is(err, fs.ErrPermission):
			return finding("port-forbidden", "address", address, "flag", flag, "user", CurrentUser())
		case err != nil:
			return finding("port-unusable", "address", address, "flag", flag, "error", networkCause(err))
		}
		at = ln.Addr().String()
		_ = ln.Close()
	}
	switch plain := r.Cert == "" && flag == "listen" && !isLoopback(at); {
	case plain && !r.Insecure:
		code = "port-refused"
	case plain:
		code = "port-plain"
	}
	return finding(code, "address", address, "flag", flag)
}

// maxClockDifference is how far the clocks of two nodes may be apart.
const maxClockDifference = 5 * time.Second

// nodes checks what this node of several needs of the others.
func (r *round) nodes() (found []Finding) {
	l, err := r.log()
	n := l.Nodes
	if err != nil || n == nil {
		return nil
	}
	if n.Leader == "" {
		found = append(found, finding("nodes-no-leader"))
	}
	if len(n.Unreachable) > 0 {
		found = append(found, finding("nodes-unreachable", "nodes", strings.Join(n.Unreachable, ", ")))
	}
	if n.ClockAhead.Abs() > maxClockDifference {
		found = append(found, finding("nodes-clock", "difference", n.ClockAhead.Abs(), "leader", n.Leader))
	}
	if left := n.CertificateExpires.Sub(r.now); left < expiresSoon {
		found = append(found, finding("nodes-certificate", "until", n.CertificateExpires))
	}
	if len(found) == 0 {
		found = append(found, finding("nodes-reached", "number", n.Number, "leader", n.Leader))
	}
	return found
}

// networkCause strips what a network error repeats.
func networkCause(err error) error {
	var of *net.OpError
	if errors.As(err, &of) {
		err = of.Err
	}
	var system *os.SyscallError
	if errors.As(err, &system) {
		return system.Err
	}
	return err
}

// isLoopback reports whether only this machine can connect to an address in numbers.
func isLoopback(address string) bool {
	at, err := netip.ParseAddrPort(address)
	return err == nil && at.Addr().Unmap().IsLoopback()
}

// expiresSoon is how long before its end a certificate is to be replaced at the latest.
const expiresSoon = 14 * 24 * time.Hour

// othersRead is what every user may do. A group may read the key: distributions have one for the programs that use certificates.
const othersRead fs.FileMode = 0o004

// certificate checks the certificate for HTTPS and its key.
func (r *round) certificate() []Finding {
	if r.Cert == "" {
		return []Finding{finding("certificate-none")}
	}
	for _, file := range []string{r.Cert, r.Key} {
		f, err := os.Open(file) //nolint:gosec // the user names the file
		if errors.Is(err, fs.ErrNotExist) {
			return []Finding{finding("certificate-missing", "file", file)}
		}
		if err != nil {
			return []Finding{finding("certificate-unreadable", "file", file, "user", CurrentUser())}
		}
		_ = f.Close()
	}
	if info, err := os.Stat(r.Key); err == nil && info.Mode()&othersRead != 0 && runtime.GOOS != "windows" {
		return []Finding{finding("certificate-key-open", "file", r.Key)}
	}
	loaded, err := tls.LoadX509KeyPair(r.Cert, r.Key)
	if err != nil {
		return []Finding{finding("certificate-wrong-key", "file", r.Cert, "key", r.Key, "error", strings.TrimPrefix(err.Error(), "tls: "))}
	}
	return []Finding{r.certificateOf(loaded.Leaf)}
}

// certificateOf checks the time and the names of a certificate.
func (r *round) certificateOf(leaf *x509.Certificate) Finding {
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = []string{"no host name"}
	}
	var others []string
	for _, host := range r.Hosts {
		if leaf.VerifyHostname(host) != nil {
			others = append(others, host)
		}
	}
	code := "certificate-valid"
	switch {
	case r.now.After(leaf.NotAfter):
		code = "certificate-expired"
	case r.now.Before(leaf.NotBefore):
		code = "certificate-early"
	case len(others) > 0 && len(others) == len(r.Hosts):
		code = "certificate-other-name"
	case leaf.NotAfter.Sub(r.now) < expiresSoon:
		code = "certificate-expiring"
	case len(others) > 0:
		code = "certificate-some-names"
	}
	return finding(code, "file", r.Cert, "names", strings.Join(names, ", "), "others", strings.Join(others, ", "), "from", leaf.NotBefore, "until", leaf.NotAfter,
		"left", leaf.NotAfter.Sub(r.now), "clock", r.now)
}
