package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"

	"oplog/oplog"
	"oplog/server"
)

// serveFlags are the flags of all serving commands.
type serveFlags struct {
	dataFlag
	Listen        string   `default:"127.0.0.1:8484" placeholder:"ADDR" help:"Address to listen on (${default}); port 0 takes a free one."`
	Host          []string `placeholder:"NAME" help:"Host name of the server, besides localhost; may be repeated. Requests for other hosts are rejected."`
	NoOpen        bool     `help:"Do not open the browser."`
	Anchor        string   `placeholder:"DIR" help:"Folder off this machine, such as a network share or USB stick, for the checkpoints of all logs and access logs, every few minutes and on exit; it must exist."`
	Witness       []string `sep:"none" placeholder:"\"VKEY URL\"" help:"Witness that cosigns each checkpoint: the verifier key that it prints, and its URL; may be repeated."`
	TLSCert       string   `name:"tls-cert" placeholder:"FILE" and:"tls" help:"Certificate for HTTPS. A renewed certificate is used without a restart."`
	TLSKey        string   `name:"tls-key" placeholder:"FILE" and:"tls" help:"Key of the certificate, which others must not be able to read."`
	Insecure      bool     `help:"Allow other machines to connect without HTTPS: passwords and entries can be read in the network."`
	BasePath      string   `placeholder:"PATH" help:"Path of all URLs behind a reverse proxy, such as /oplog."`
	TrustedProxy  []string `placeholder:"CIDR" help:"Network of a reverse proxy, such as 10.0.0.5/32, whose X-Forwarded-For, -Proto and -Host headers are trusted; may be repeated."`
	MetricsListen string   `placeholder:"ADDR" help:"Separate address for /metrics, /healthz and /readyz, which need no key there."`
	MemoryLimit   string   `placeholder:"SIZE" help:"Memory that the program tries to stay within, such as 512MiB or 2GiB; by default three quarters of the machine's or container's."`

	proxies []netip.Prefix // of TrustedProxy
}

// basePaths matches the values of --base-path, which contain only characters that HTML and URLs leave as they are.
var basePaths = regexp.MustCompile(`^(/[A-Za-z0-9][A-Za-z0-9._~-]*)*$`)

// Validate checks the flags before anything is opened.
func (f *serveFlags) Validate() error {
	for _, flag := range []struct{ name, address string }{{"listen", f.Listen}, {"metrics-listen", f.MetricsListen}} {
		if err := hostPort(flag.name, flag.address); err != nil {
			return err
		}
	}
	if _, err := memorySize(f.MemoryLimit); err != nil {
		return err
	}
	f.BasePath = strings.TrimRight(f.BasePath, "/")
	if !basePaths.MatchString(f.BasePath) {
		return fmt.Errorf("--base-path %s is not a path such as /oplog: letters, digits, and . _ ~ - in each part", f.BasePath)
	}
	f.proxies = nil
	for _, proxy := range f.TrustedProxy {
		network, ok := oplog.ParseNetwork(proxy)
		if !ok {
			return fmt.Errorf("--trusted-proxy %s is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24", proxy)
		}
		f.proxies = append(f.proxies, network)
	}
	for _, host := range f.Host {
		if strings.Contains(host, "/") {
			return fmt.Errorf("--host %s is a URL; specify only the host name: --host %s", host, bareHost(host))
		}
		if strings.Contains(host, "*") {
			return fmt.Errorf("--host %s is a pattern, which is not supported; specify each host name: --host log.example.com", host)
		}
	}
	return nil
}

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
	if f.TLSCert != "" {
		c, err := m.loadCertificate(f.TLSCert, f.TLSKey)
		if err != nil {
			return nil, err
		}
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
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; specify another address with --%s, such as 127.0.0.1:0", address, err, flag)
	}
	return ln, nil
}

// url returns the URL of the console: for people on other machines if they can connect.
func (f *serveFlags) url(ln net.Listener) string {
	scheme := "http"
	if f.TLSCert != "" {
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
