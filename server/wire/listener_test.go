package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
)

// greetAll greets every connection of a listener, and closes those that the client closes; stop ends it.
func greetAll(ln net.Listener) (stop func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(c, "hello")
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
				_ = c.Close() // gives back nothing more
			}()
		}
	}()
	return func() { _ = ln.Close(); <-ended }
}

// TestShareConnections: a network has a share of the connections; others are
// served beside it, and what it closes it may open again.
func TestShareConnections(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := ShareConnections(tcp, 7, 2, Proxies{netip.MustParsePrefix("127.0.0.9/32")})
	t.Cleanup(greetAll(ln))
	dial := func(from string) net.Conn {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := dialer.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Skip(err) // not every system has more than one loopback address
		}
		return c
	}
	greeted := func(c net.Conn) bool {
		t.Helper()
		_, err := io.ReadFull(c, make([]byte, 5))
		if err != nil && !errors.Is(err, io.EOF) {
			t.Log(err)
		}
		return err == nil
	}
	first, second := dial("127.0.0.1"), dial("127.0.0.1")
	if !greeted(first) || !greeted(second) {
		t.Fatal("connections within the share are not served")
	}
	if greeted(dial("127.0.0.1")) {
		t.Error("a connection beyond the share is served")
	}
	for range 4 {
		if !greeted(dial("127.0.0.9")) {
			t.Error("a proxy's connection is not served")
		}
	}
	_ = first.Close()
	for next := dial("127.0.0.1"); !greeted(next); next = dial("127.0.0.1") { // once the server noticed
		_ = next.Close()
	}
	if greeted(dial("127.0.0.1")) {
		t.Error("a closed connection gave back more than its share")
	}
	if !greeted(dial("127.0.0.2")) {
		t.Error("another address is not served")
	}
}
