package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// dial connects to a node for a protocol. It fails if the other is not that node, or refuses this one.
func (p *port) dial(ctx context.Context, address, node, protocol string) (net.Conn, error) {
	return p.id.dial(ctx, address, node, protocol)
}

// dial is that of a port, and needs none.
func (id *identity) dial(ctx context.Context, address, node, protocol string) (net.Conn, error) {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}, Time: id.now, RootCAs: poolOf(id.ca), ServerName: node,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return id.cert.Load(), nil },
		VerifyConnection: func(state tls.ConnectionState) error {
			if name := state.PeerCertificates[0].Subject.CommonName; name != node {
				return fmt.Errorf("it is node %s", name)
			}
			return nil
		},
	}
	conn, err := dialTLS(ctx, address, config)
	if err == nil {
		return conn, nil
	}
	var other x509.HostnameError
	if errors.As(err, &other) {
		err = fmt.Errorf("it is node %s", other.Certificate.Subject.CommonName)
	}
	return nil, fmt.Errorf("connect to node %s at %s: %w", node, address, err)
}

// poolOf returns a pool with the authority alone.
func poolOf(ca *x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return pool
}

// dialTLS connects and waits for the greeting.
func dialTLS(ctx context.Context, address string, config *tls.Config) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, config)
	err = conn.HandshakeContext(ctx)
	if err == nil {
		err = awaitGreeting(ctx, conn)
	}
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// errRefused is the error of a node that does not let this one in.
var errRefused = errors.New("it refuses this node")

// awaitGreeting returns once the other node has accepted the connection.
func awaitGreeting(ctx context.Context, conn *tls.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	var first [1]byte
	_, err := io.ReadFull(conn, first[:])
	if !stop() {
		return context.Cause(ctx)
	}
	var refused net.Error
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &refused) && !refused.Timeout():
		return fmt.Errorf("%w; see its log, and oplog cluster status: %w", errRefused, err)
	case err != nil:
		return err
	case first[0] != greeting:
		return fmt.Errorf("it does not speak as a node: %q", first)
	}
	return nil
}
