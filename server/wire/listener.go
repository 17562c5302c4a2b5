package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ShareConnections returns a listener that gives each network a share of all connections and closes those beyond it, so that the idle ones
// of one client never keep others out; proxies connect for many clients and have no bound but that of all. It belongs below TLS.
func ShareConnections(ln net.Listener, all, each int64, proxies Proxies) net.Listener {
	return &sharingListener{Listener: ln, all: all, shares: NewBudget(all, all, each), proxies: proxies}
}

type sharingListener struct {
	net.Listener
	all     int64
	open    atomic.Int64
	shares  *Budget
	proxies Proxies
}

// Accept returns the next connection within its network's share.
func (l *sharingListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if release := l.take(c); release != nil {
			return &connection{Conn: c, release: sync.OnceFunc(release)}, nil
		}
		_ = c.Close() // nothing was sent that could be lost
	}
}

// take takes a connection's part of the shares and returns what gives it back; nil if there is none left.
func (l *sharingListener) take(c net.Conn) (release func()) {
	end := func() { l.open.Add(-1) }
	if l.open.Add(1) > l.all {
		end()
		return nil
	}
	from := ""
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		if address, _ := netip.AddrFromSlice(tcp.IP); l.proxies.has(address) {
			return end
		}
		from = Network(tcp.IP)
	}
	holder := Holder{Caller: from}
	if l.shares.Take(holder, 1) != nil {
		end()
		return nil
	}
	return func() { l.shares.Give(holder, 1); end() }
}

// connection is an accepted connection.
type connection struct {
	net.Conn
	release func()
	lingers atomic.Bool
	early   []byte // what was read ahead; see Watch
}

// Limits of what is read from a connection that is closed while the client is still sending.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = MaxBodyBytes
)

// Linger lets a connection's last response arrive at a client that is still sending: closing a connection with unread data resets it, and
// the client would see no response. So Close first ends only this side, and discards what arrives for a while.
func Linger(c net.Conn) {
	if own := ownConnection(c); own != nil {
		own.lingers.Store(true)
	}
}

// Close closes the connection and gives back its share.
func (c *connection) Close() error {
	defer c.release()
	if side, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.lingers.Swap(false) {
		if side.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
	}
	if err := c.Conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Network returns the addresses that count as one client: an IPv6 customer has 2^64 of them.
func Network(ip net.IP) string {
	address, ok := netip.AddrFromSlice(ip)
	if !ok {
		return ""
	}
	if address = address.Unmap(); address.Is4() {
		return address.String()
	}
	prefix, _ := address.Prefix(64)
	return prefix.String()
}
