package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"oplog/server"
)

// hostPort checks that the address of a flag has both a host and a port.
func hostPort(flag, address string) error {
	if address == "" {
		return nil
	}
	if _, rest, isURL := strings.Cut(address, "://"); isURL {
		return fmt.Errorf("--%[1]s %[2]s is a URL; specify only HOST:PORT: --%[1]s %[3]s", flag, address, strings.TrimRight(rest, "/"))
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("--%s %s is not HOST:PORT: %s", flag, address, strings.TrimPrefix(err.Error(), "address "+address+": "))
	}
	return nil
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

// errPlain is the error of listening to other machines without HTTPS.
var errPlain = errors.New("other machines could connect without HTTPS, and anyone in the network could read passwords; specify --tls-cert and --tls-key, " +
	"listen on 127.0.0.1 behind a reverse proxy, or allow it with --insecure")

// listen opens the port, with TLS if there is a certificate.
func (f *serveFlags) listen(ctx context.Context, m *Program) (net.Listener, error) {
	var config *tls.Config
	if f.TLS.Cert != "" {
		hosts := f.Host
		if len(f.proxies) > 0 {
			hosts = nil // which people use to reach the proxy, which has a certificate of its own
		}
		c, err := m.loadCertificate(f.TLS, hosts)
		if err != nil {
			return nil, err
		}
		f.certificate = c
		config = &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}
	}
	isPlain := config == nil && !f.Insecure
	if isPlain && isReachable(f.Listen) {
		return nil, errPlain
	}
	ln, err := listenOn(ctx, "listen", f.Listen)
	switch {
	case err != nil:
		return nil, err
	case isPlain && !isLoopback(ln.Addr()): // by a name
		return nil, errors.Join(errPlain, ln.Close())
	}
	if ln = server.Share(ln, f.proxies); config != nil {
		ln = tls.NewListener(ln, config)
	}
	return ln, nil
}

func listenOn(ctx context.Context, flag, address string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		return ln, nil
	}
	advice := fmt.Sprintf("specify another address with --%s, such as 127.0.0.1:0", flag)
	var system *os.SyscallError
	switch {
	case !errors.As(err, &system): // such as an unknown host name
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, windowsAddressInUse):
		err, advice = system.Err, "another program uses this port, perhaps another oplog: stop it, or "+advice
	case errors.Is(err, fs.ErrPermission):
		err, advice = system.Err, "ports below 1024 are for privileged programs: allow it (on Linux, setcap cap_net_bind_service=+ep on the program), or "+advice
	default:
		err = system.Err
	}
	return nil, fmt.Errorf("cannot listen on %s: %w; %s", address, err, advice)
}

// windowsAddressInUse is the error of Windows for a port in use.
const windowsAddressInUse = syscall.Errno(10048)

// url returns the URL of the console: for people on other machines if they can connect.
func (f *serveFlags) url(ln net.Listener) string {
	scheme := "http"
	if f.TLS.Cert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return scheme + "://" + ln.Addr().String() + f.BasePath
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = ownAddress()
		if len(f.Host) > 0 {
			host = f.Host[0]
		}
	}
	return scheme + "://" + net.JoinHostPort(host, port) + f.BasePath
}

// ownAddress returns the address of this machine in its network, IPv4 if it has one.
func ownAddress() string {
	own := "127.0.0.1"
	addresses, _ := net.InterfaceAddrs() // without them, it is that of this machine alone
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err != nil || !prefix.Addr().IsGlobalUnicast() {
			continue
		}
		if prefix.Addr().Is4() {
			return prefix.Addr().String()
		}
		own = prefix.Addr().String()
	}
	return own
}

// isReachable reports whether other machines could connect to an address in numbers.
func isReachable(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return err == nil
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && !ip.Unmap().IsLoopback()
}

// isLoopback reports whether only this machine can connect to an address.
func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
