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

// ShareConnections returns a listener that gives each network a share of the connections and closes those beyond it, so that the idle ones
// of one client never keep others out; proxies connect for many clients and have no bound. It belongs below TLS.
func ShareConnections(ln net.Listener, each int64, proxies Proxies) net.Listener {
	return &sharingListener{ln, NewBudget(1<<32, each), proxies}
}

type sharingListener struct {
	net.Listener
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
		from := ""
		if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
			if address, _ := netip.AddrFromSlice(tcp.IP); l.proxies.has(address) {
				return &connection{Conn: c, release: func() {}}, nil
			}
			from = Network(tcp.IP)
		}
		if l.shares.Take(from, 1) == nil {
			return &connection{Conn: c, release: sync.OnceFunc(func() { l.shares.Give(from, 1) })}, nil
		}
		_ = c.Close() // nothing was sent that could be lost
	}
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
