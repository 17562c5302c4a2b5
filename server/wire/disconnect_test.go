package wire

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
)

// TestWatch: a watched connection reports that its client closed it, with TLS too, and loses nothing that the client sends meanwhile.
func TestWatch(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			client, server := connect(t, secure)
			lines := bufio.NewReader(server)
			exchange := func(line string) {
				t.Helper()
				if _, err := io.WriteString(client, line+"\n"); err != nil {
					t.Fatal(err)
				}
				if got, err := lines.ReadString('\n'); err != nil || got != line+"\n" {
					t.Fatalf("%q, %v", got, err)
				}
			}
			exchange("hello")
			stop := Watch(server, func() { t.Error("the client is taken for gone") })
			long := strings.Repeat("x", 2*maxEarly)
			if _, err := io.WriteString(client, long+"\n"); err != nil {
				t.Fatal(err)
			}
			stop()
			stop()
			if got, err := lines.ReadString('\n'); err != nil || got != long+"\n" {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			exchange("again")
			gone := make(chan struct{})
			defer Watch(server, func() { close(gone) })()
			if _, err := io.WriteString(client, "last\n"); err != nil {
				t.Fatal(err)
			}
			if err := client.Close(); err != nil {
				t.Fatal(err)
			}
			<-gone
		})
	}
}

// connect returns both ends of a connection.
func connect(t *testing.T, secure bool) (client, server net.Conn) {
	t.Helper()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln := ShareConnections(tcp, 1, 1, nil)
	if secure {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	}
	t.Cleanup(func() { _ = ln.Close() })
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if secure {
		client = tls.Client(client, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a certificate of the test
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	if secure {
		shaken := make(chan error)
		go func() { shaken <- client.(*tls.Conn).HandshakeContext(t.Context()) }()
		if err := errors.Join(server.(*tls.Conn).HandshakeContext(t.Context()), <-shaken); err != nil {
			t.Fatal(err)
		}
	}
	return client, server
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
