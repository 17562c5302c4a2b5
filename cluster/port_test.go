package cluster

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// opened opens the port of a node on the loopback interface.
func opened(t *testing.T, id *identity, isMember func(string) bool) *port {
	t.Helper()
	p, err := openPort(t.Context(), id, "127.0.0.1:0", isMember)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func anyone(string) bool { return true }

// echo answers the connections of a protocol with its name and the other node's id.
func echo(p *port, protocol string) {
	ln := p.listener(protocol)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(conn, protocol+" of "+peerOf(conn))
				_ = conn.Close()
			}()
		}
	}()
}

// dialFails checks that a connection fails with an error that contains a text.
func dialFails(t *testing.T, from *port, to *port, node, want string) {
	t.Helper()
	conn, err := from.dial(t.Context(), to.Addr().String(), node, protocolStore)
	if err == nil {
		_ = conn.Close()
		t.Error("the connection was accepted")
	} else if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
}

// connects checks that a connection between two nodes works.
func connects(t *testing.T, from, to *port, protocol string) {
	t.Helper()
	conn, err := from.dial(t.Context(), to.Addr().String(), to.id.ID, protocol)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if want := protocol + " of " + from.id.ID; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	_ = conn.Close()
}

func TestProtocolChoosesTheListener(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first, second := opened(t, a, anyone), opened(t, companion(t, a), anyone)
	for _, protocol := range protocols[:3] {
		echo(first, protocol)
	}
	for _, protocol := range protocols[:3] {
		connects(t, second, first, protocol)
	}
}

func TestOnlyMembersConnect(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	b := companion(t, a)
	var mu sync.Mutex
	removed := map[string]bool{}
	first := opened(t, a, func(node string) bool { mu.Lock(); defer mu.Unlock(); return !removed[node] })
	second, stranger := opened(t, b, anyone), opened(t, founder(t, "127.0.0.1:1"), anyone)
	ln := first.listener(protocolStore)

	t.Run("wrong authority", func(t *testing.T) {
		dialFails(t, stranger, first, a.ID, "certificate signed by unknown authority")
		dialFails(t, second, stranger, stranger.id.ID, "certificate signed by unknown authority")
	})
	t.Run("own id", func(t *testing.T) { dialFails(t, first, first, a.ID, "refuses this node") })
	t.Run("removed", func(t *testing.T) {
		open, err := second.dial(t.Context(), first.Addr().String(), a.ID, protocolStore)
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := ln.Accept()
		if err != nil || peerOf(accepted) != b.ID {
			t.Fatalf("accepted %s, %v", peerOf(accepted), err)
		}
		mu.Lock()
		removed[b.ID] = true
		mu.Unlock()
		first.drop(b.ID)
		if _, err := open.Read(make([]byte, 1)); err == nil {
			t.Error("the removed node's connection is still open")
		}
		dialFails(t, second, first, a.ID, "refuses this node")
	})
}

func TestDialExpectsTheNode(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	b := companion(t, a)
	first, second := opened(t, a, anyone), opened(t, b, anyone)
	other := newID()
	dialFails(t, second, first, other, "it is node "+a.ID)
	mixed := companion(t, a) // whose DNS name is another than its name
	der, err := issue(a.ca, a.caKey, other, b.key.Public().(ed25519.PublicKey), testTime)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tlsCertificate(der, a.ca, b.key)
	if err != nil {
		t.Fatal(err)
	}
	mixed.cert.Store(c)
	dialFails(t, second, opened(t, mixed, anyone), mixed.ID, "it is node "+other)
}

// TestRefusedCertificates: a client without a certificate, with one of no cluster, one that has expired, or one for another use.
func TestRefusedCertificates(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first := opened(t, a, anyone)
	b := companion(t, a)
	expired, err := issue(a.ca, a.caKey, b.ID, b.key.Public().(ed25519.PublicKey), testTime.AddDate(-2, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	early, err := issue(a.ca, a.caKey, b.ID, b.key.Public().(ed25519.PublicKey), testTime.AddDate(0, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	try := func(protos []string, version uint16, certificates ...*tls.Certificate) error {
		config := &tls.Config{
			MinVersion: version, MaxVersion: version, RootCAs: poolOf(a.ca), ServerName: a.ID, Time: a.now, NextProtos: protos,
		}
		for _, c := range certificates {
			config.Certificates = append(config.Certificates, *c)
		}
		conn, err := dialTLS(t.Context(), first.Addr().String(), config)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	made := func(der []byte) *tls.Certificate {
		c, err := tlsCertificate(der, a.ca, b.key)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	raft := []string{protocolRaft}
	if err := try(raft, tls.VersionTLS13, b.cert.Load()); err != nil {
		t.Errorf("a good certificate: %v", err)
	}
	for name, err := range map[string]error{
		"none":                     try(raft, tls.VersionTLS13),
		"expired":                  try(raft, tls.VersionTLS13, made(expired)),
		"early":                    try(raft, tls.VersionTLS13, made(early)),
		"TLS 1.2":                  try(raft, tls.VersionTLS12, b.cert.Load()),
		"no protocol":              try(nil, tls.VersionTLS13, b.cert.Load()),
		"HTTP":                     try([]string{"http/1.1"}, tls.VersionTLS13, b.cert.Load()),
		"join and other protocols": try([]string{protocolJoin, protocolRaft}, tls.VersionTLS13),
	} {
		if err == nil {
			t.Errorf("%s: the connection was accepted", name)
		}
	}
}

// TestExpiredCertificateIsRenewedWhileOpen: a node whose certificate expires while it runs is reached again once it has renewed it.
func TestExpiredCertificateIsRenewedWhileOpen(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	b := companion(t, a)
	later := func() time.Time { return testTime.AddDate(1, 0, 1) }
	a.now, b.now = later, later
	first, second := opened(t, a, anyone), opened(t, b, anyone)
	echo(first, protocolStore)
	dialFails(t, second, first, a.ID, "expired")
	for _, id := range []*identity{a, b} {
		if err := id.renew(); err != nil {
			t.Fatal(err)
		}
	}
	connects(t, second, first, protocolStore)
}

func TestJoiningNeedsNoCertificate(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first := opened(t, a, func(string) bool { return false })
	echo(first, protocolJoin)
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: poolOf(a.ca), ServerName: a.ID, Time: a.now, NextProtos: []string{protocolJoin}}
	conn, err := dialTLS(t.Context(), first.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != protocolJoin+" of " {
		t.Errorf("got %q, %v", got, err)
	}
	_ = conn.Close()
}

func TestJoiningIsBounded(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first := opened(t, a, anyone)
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: poolOf(a.ca), ServerName: a.ID, Time: a.now, NextProtos: []string{protocolJoin}}
	var open []net.Conn
	for range maxJoining {
		conn, err := dialTLS(t.Context(), first.Addr().String(), config)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	if conn, err := dialTLS(t.Context(), first.Addr().String(), config); err == nil {
		t.Errorf("connection %d was accepted", maxJoining+1)
		_ = conn.Close()
	}
	accepted, err := first.listener(protocolJoin).Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = accepted.Close()
	conn, err := dialTLS(t.Context(), first.Addr().String(), config)
	if err != nil {
		t.Errorf("after one has left: %v", err)
	} else {
		_ = conn.Close()
	}
	for _, c := range open {
		_ = c.Close()
	}
}

// TestGarbageDoesNotKeepNodesOut: connections that say nothing, or garbage, leave the port usable; of too many, the oldest are given up.
func TestGarbageDoesNotKeepNodesOut(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first, second := opened(t, a, anyone), opened(t, companion(t, a), anyone)
	echo(first, protocolStore)
	var dialer net.Dialer
	open := func() net.Conn {
		conn, err := dialer.DialContext(t.Context(), "tcp", first.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	garbage := open()
	if _, err := io.WriteString(garbage, "GET / HTTP/1.1\r\nHost: log1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(garbage); errors.Is(err, context.DeadlineExceeded) {
		t.Error("garbage is not refused")
	}
	oldest := open()
	for range maxHandshakes {
		_ = open()
	}
	connects(t, second, first, protocolStore)
	_ = oldest.SetReadDeadline(time.Now().Add(handshakeTime / 2)) // before its own time is up
	if _, err := oldest.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("the oldest of too many handshakes goes on: %v", err)
	}
}

// TestHandshakeTimeIsBounded: a connection that says nothing is closed.
func TestHandshakeTimeIsBounded(t *testing.T) {
	t.Parallel()
	a := founder(t, "127.0.0.1:1")
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", opened(t, a, anyone).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(6 * handshakeTime))
	if _, err := conn.Read(make([]byte, 1)); isTimeout(err) {
		t.Error("a silent connection stays open")
	}
	_ = conn.Close()
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// TestWaitingConnectionsAreBounded: one too many is closed; which one depends on whose greeting came last.
func TestWaitingConnectionsAreBounded(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first, second := opened(t, a, anyone), opened(t, companion(t, a), anyone)
	closed := make(chan error, maxWaiting+1)
	for range maxWaiting + 1 {
		conn, err := second.dial(t.Context(), first.Addr().String(), a.ID, protocolStore)
		if err != nil {
			closed <- err
			continue
		}
		t.Cleanup(func() { _ = conn.Close() })
		go func() {
			_, err := conn.Read(make([]byte, 1))
			closed <- err
		}()
	}
	select {
	case err := <-closed:
		if err == nil {
			t.Error("a connection that waits gets data")
		}
	case <-time.After(time.Minute):
		t.Errorf("%d connections wait", maxWaiting+1)
	}
	if conn, err := second.dial(t.Context(), first.Addr().String(), a.ID, protocolRaft); err != nil {
		t.Errorf("another protocol: %v", err)
	} else {
		_ = conn.Close()
	}
}

func TestClosedPortEndsEverything(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first, second := opened(t, a, anyone), opened(t, companion(t, a), anyone)
	conn, err := second.dial(t.Context(), first.Addr().String(), a.ID, protocolStore)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives its port")
	}
	if _, err := first.listener(protocolRaft).Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
	dialFails(t, second, first, a.ID, "refused")
	if err := first.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	var config net.ListenConfig
	silent, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0") // never accepts
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	a := founder(t, "127.0.0.1:1")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := opened(t, a, anyone).dial(ctx, silent.Addr().String(), newID(), protocolRaft); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("error %v", err)
	}
}

func TestPortThatIsInUse(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	first := opened(t, a, anyone)
	if _, err := openPort(t.Context(), a, first.Addr().String(), anyone); err == nil || !strings.Contains(err.Error(), "--cluster-listen") {
		t.Errorf("error %v", err)
	}
}

func TestAuthorityIsNoNode(t *testing.T) {
	a := founder(t, "127.0.0.1:1")
	if _, err := a.ca.Verify(x509.VerifyOptions{Roots: poolOf(a.ca), CurrentTime: testTime, DNSName: a.ID}); err == nil {
		t.Error("the authority's certificate is one of a node")
	}
}
