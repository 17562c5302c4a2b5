package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oplog/faults"
)

// What a connection between nodes is for: its ALPN protocol. Only protocolJoin is for those that are no node yet, and have no certificate.
const (
	protocolRaft  = "oplog-raft"
	protocolStore = "oplog-store"
	protocolAPI   = "oplog-api"
	protocolJoin  = "oplog-join"
)

var protocols = []string{protocolRaft, protocolStore, protocolAPI, protocolJoin}

// Bounds of what strangers can use up, who reach the port as the nodes do.
const (
	handshakeTime = 5 * time.Second // from the connection to the greeting
	maxHandshakes = 256             // beyond that, the oldest is given up
	maxWaiting    = 64              // connections of a protocol that are not accepted yet
	maxJoining    = 16              // connections of protocolJoin
)

// renewInterval is how often a port looks whether its certificate is due.
const renewInterval = time.Hour

// greeting is the first byte that a node sends, once it has accepted a connection. TLS 1.3 tells a client nothing of a refused certificate until it
// reads.
const greeting = 'k'

// port is where a node listens to the others, and from where it dials them.
type port struct {
	id       *identity
	ln       net.Listener
	config   *tls.Config // of accepted connections
	isMember func(node string) bool
	queues   map[string]*queue
	done     chan struct{} // closed by Close
	running  sync.WaitGroup
	warned   atomic.Int64 // when a refused node was last logged, in seconds

	mu         sync.Mutex
	closed     bool
	handshakes []net.Conn         // in progress, oldest first
	open       map[*peerConn]bool // accepted
	joining    int                // of open, those of protocolJoin
}

// peerConn is a connection below TLS, which leaves the port's list when it is closed.
type peerConn struct {
	net.Conn
	port     *port
	node     string // "" for one that joins
	protocol string
	once     sync.Once
}

func (c *peerConn) Close() error {
	c.once.Do(func() { c.port.forget(c) })
	return c.Conn.Close()
}

// openPort listens at an address. isMember reports whether a node with a certificate may connect; a removed one must not.
func openPort(ctx context.Context, id *identity, listen string, isMember func(node string) bool) (*port, error) {
	var config net.ListenConfig
	ln, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for the other nodes: %w; specify another address with --cluster-listen", err)
	}
	p := &port{id: id, ln: ln, isMember: isMember, queues: make(map[string]*queue), done: make(chan struct{}), open: make(map[*peerConn]bool)}
	p.config = p.serverConfig()
	for _, protocol := range protocols {
		p.queues[protocol] = &queue{port: p, conns: make(chan *tls.Conn, maxWaiting), closed: make(chan struct{})}
	}
	p.running.Go(p.accept)
	p.running.Go(p.keepCertificate)
	return p, nil
}

// listener returns where the connections of a protocol arrive; see peerOf.
func (p *port) listener(protocol string) net.Listener { return p.queues[protocol] }

// Addr is where the port listens.
func (p *port) Addr() net.Addr { return p.ln.Addr() }

// Close closes the port and its connections.
func (p *port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	conns := slices.Clone(p.handshakes)
	for c := range p.open {
		conns = append(conns, c)
	}
	p.mu.Unlock()
	close(p.done)
	err := p.ln.Close()
	for _, c := range conns {
		_ = c.Close()
	}
	p.running.Wait()
	return err
}

// drop closes the connections that a node opened, after it was removed.
func (p *port) drop(node string) {
	p.mu.Lock()
	var conns []*peerConn
	for c := range p.open {
		if c.node == node {
			conns = append(conns, c)
		}
	}
	p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

func (p *port) forget(c *peerConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[c] {
		delete(p.open, c)
		if c.protocol == protocolJoin {
			p.joining--
		}
	}
}

// keepCertificate renews the certificate before it expires.
func (p *port) keepCertificate() {
	ticker := time.NewTicker(renewInterval)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
			faults.Report("renewing the certificate between nodes", p.id.renew())
		}
	}
}

// accept accepts connections until the port is closed.
func (p *port) accept() {
	for {
		conn, err := p.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			faults.Report("accepting another node", err)
			select {
			case <-time.After(time.Second): // such as too many open files
				continue
			case <-p.done:
				return
			}
		}
		if p.begin(conn) {
			p.running.Go(func() { p.greet(conn) })
		}
	}
}

// begin notes a handshake, and gives up the oldest one if there are too many: a node's takes milliseconds.
func (p *port) begin(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return false
	}
	if len(p.handshakes) >= maxHandshakes {
		_ = p.handshakes[0].Close()
		p.handshakes = p.handshakes[1:]
	}
	p.handshakes = append(p.handshakes, conn)
	return true
}

// greet makes the handshake of a connection and hands it to its listener.
func (p *port) greet(raw net.Conn) {
	below := &peerConn{Conn: raw, port: p}
	_ = raw.SetDeadline(time.Now().Add(handshakeTime))
	conn := tls.Server(below, p.config)
	err := conn.HandshakeContext(context.Background()) // ends with the deadline
	if err == nil {
		below.protocol, below.node = conn.ConnectionState().NegotiatedProtocol, peerOf(conn)
		err = p.admit(raw, below)
	}
	p.end(raw)
	if err == nil {
		_, err = conn.Write([]byte{greeting})
	}
	if err != nil {
		_ = conn.Close()
		return
	}
	_ = raw.SetDeadline(time.Time{})
	isRemoved := below.protocol != protocolJoin && !p.isMember(below.node) // since the handshake
	if isRemoved || !p.queues[below.protocol].put(conn) {
		_ = conn.Close()
	}
}

// admit notes an accepted connection.
func (p *port) admit(raw net.Conn, c *peerConn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !slices.Contains(p.handshakes, raw) {
		return net.ErrClosed
	}
	if c.protocol == protocolJoin {
		if p.joining >= maxJoining {
			return errors.New("too many nodes join at once")
		}
		p.joining++
	}
	p.open[c] = true
	return nil
}

// end removes a handshake from those in progress.
func (p *port) end(raw net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handshakes = slices.DeleteFunc(p.handshakes, func(c net.Conn) bool { return c == raw })
}

// serverConfig requires the certificate of a member, except from those that join.
func (p *port) serverConfig() *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: protocols, SessionTicketsDisabled: true, Time: p.id.now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.id.cert.Load(), nil },
		ClientAuth:     tls.RequireAndVerifyClientCert, ClientCAs: poolOf(p.id.ca), VerifyConnection: p.checkClient,
	}
	joins := config.Clone()
	joins.NextProtos, joins.ClientAuth, joins.ClientCAs, joins.VerifyConnection = []string{protocolJoin}, tls.NoClientCert, nil, nil
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Equal(hello.SupportedProtos, joins.NextProtos) {
			return joins, nil
		}
		return nil, nil //nolint:nilnil // the config itself
	}
	return config
}

// checkClient refuses what is no member of the cluster, or does not say what it wants. The certificate was verified.
func (p *port) checkClient(state tls.ConnectionState) error {
	if state.NegotiatedProtocol == "" || state.NegotiatedProtocol == protocolJoin {
		return errors.New("the connection names no protocol of nodes")
	}
	node := state.PeerCertificates[0].Subject.CommonName
	if node == p.id.ID {
		return errors.New("the certificate is this node's own")
	}
	if p.isMember(node) {
		return nil
	}
	if now := p.id.now().Unix(); now-p.warned.Load() >= 60 {
		p.warned.Store(now)
		slog.Warn("a node that is not in the cluster was refused; stop it, or let it join again in an empty directory", "node", node)
	}
	return fmt.Errorf("node %s is not in the cluster", node)
}

// peerOf returns the id of the node at the other end, "" for one that joins.
func peerOf(conn net.Conn) string {
	if t, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		if certs := t.ConnectionState().PeerCertificates; len(certs) > 0 {
			return certs[0].Subject.CommonName
		}
	}
	return ""
}

// queue is the listener of a protocol.
type queue struct {
	port   *port
	conns  chan *tls.Conn
	once   sync.Once
	closed chan struct{}
}

// put hands a connection to Accept, unless too many wait.
func (q *queue) put(conn *tls.Conn) bool {
	select {
	case <-q.closed:
		return false
	case <-q.port.done:
		return false
	default:
	}
	select {
	case q.conns <- conn:
		return true
	default:
		return false
	}
}

// nodeConn hides from net/http that it serves TLS: a server closes connections of a protocol that it does not know.
type nodeConn struct{ *tls.Conn }

// Accept returns the next connection.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case conn := <-q.conns:
		return nodeConn{conn}, nil
	case <-q.closed:
		return nil, net.ErrClosed
	case <-q.port.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept; the port stays open.
func (q *queue) Close() error {
	q.once.Do(func() { close(q.closed) })
	return nil
}

// Addr is the address of the port.
func (q *queue) Addr() net.Addr { return q.port.Addr() }
