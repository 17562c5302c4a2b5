package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// maxAnswer limits the bytes of the answer to one question.
const maxAnswer = 8 << 20

// errTooLarge is the answer to a question whose answer has more than maxAnswer bytes.
var errTooLarge = fmt.Errorf("the answer has more than %d MiB", maxAnswer>>20)

// past is a deadline that ends what is in progress.
var past = time.Unix(1, 0)

// boundedConn limits what a server may send, and keeps the error that ended the connection, which the library reports as text alone.
type boundedConn struct {
	net.Conn
	left  atomic.Int64
	ended atomic.Pointer[error]
}

func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left.Add(-int64(n)) < 0 {
		n, err = 0, errTooLarge
	}
	if err != nil {
		c.ended.CompareAndSwap(nil, &err)
	}
	return n, err
}

// server is one of the servers of a directory.
type server struct {
	url       *url.URL
	deadUntil atomic.Int64 // Unix nanoseconds; others are asked first until then

	certificateEnds atomic.Int64 // of the certificate that it had last, in Unix seconds; 0 before, and without TLS
}

// dial connects to a server, with TLS as it is configured, until the time.
func (d *Directory) dial(ctx context.Context, s *server, until time.Time) (*link, error) {
	secured := d.config.StartTLS || s.url.Scheme == "ldaps"
	var settings *tls.Config
	if secured {
		roots, err := d.roots()
		if err != nil {
			return nil, err
		}
		settings = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.url.Hostname(), RootCAs: roots}
	}
	dialer := net.Dialer{Deadline: until}
	plain, err := dialer.DialContext(ctx, "tcp", address(s.url))
	if err != nil {
		return nil, &brokenError{s, err}
	}
	raw := &boundedConn{Conn: plain}
	raw.left.Store(maxAnswer)
	l := &link{ctx: ctx, directory: d, server: s, raw: raw, until: until}
	_ = raw.SetDeadline(until) // of an open connection
	l.stop = context.AfterFunc(ctx, func() { _ = raw.SetDeadline(past) })
	var conn net.Conn = raw
	if secured {
		secret, err := d.secure(ctx, raw, settings)
		if err != nil {
			l.stop()
			return nil, errors.Join(&brokenError{s, err}, plain.Close())
		}
		s.certificateEnds.Store(secret.ConnectionState().PeerCertificates[0].NotAfter.Unix())
		conn = secret
	}
	l.conn = ldap.NewConn(conn, secured)
	l.conn.Start()
	return l, nil
}

// roots returns the authorities of ca_file; nil for those that the machine trusts.
func (d *Directory) roots() (*x509.CertPool, error) {
	if d.config.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(d.config.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read ca_file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file %s has no certificate in PEM", d.config.CAFile)
	}
	return roots, nil
}

// errStartTLS wraps what a server answers that does not begin TLS.
var errStartTLS = errors.New("StartTLS")

// secure begins TLS. StartTLS is asked for here rather than by the library, whose error does not tell what is wrong with a certificate.
func (d *Directory) secure(ctx context.Context, raw net.Conn, settings *tls.Config) (*tls.Conn, error) {
	if d.config.StartTLS {
		if err := startTLS(raw); err != nil {
			return nil, fmt.Errorf("%w: %w", errStartTLS, err)
		}
	}
	conn := tls.Client(raw, settings)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, &handshakeError{err}
	}
	return conn, nil
}

// startTLS asks for TLS (RFC 4511, 4.14), and reads nothing beyond the answer.
func startTLS(conn io.ReadWriter) error {
	request := ber.NewSequence("")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
	operation := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "")
	operation.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "1.3.6.1.4.1.1466.20037", ""))
	request.AppendChild(operation)
	if _, err := conn.Write(request.Bytes()); err != nil {
		return err
	}
	answer, err := ber.ReadPacket(conn)
	if err != nil {
		return err
	}
	if len(answer.Children) < 2 || answer.Children[1].Tag != ldap.ApplicationExtendedResponse {
		return errors.New("the answer is of another kind")
	}
	return ldap.GetLDAPError(answer)
}
