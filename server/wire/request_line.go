package wire

import (
	"bytes"
	"crypto/tls"
	"net"
	"sync/atomic"
)

// CheckRequestLines returns a listener whose connections notice request lines that end with LF instead of CRLF. fasthttp accepts these and
// keeps only the parts of the line; CheckFraming rejects them. It belongs above TLS.
func CheckRequestLines(ln net.Listener) net.Listener { return lineListener{ln} }

type lineListener struct{ net.Listener }

// Accept returns the next connection.
func (l lineListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if over, ok := c.(*tls.Conn); ok {
		return &tlsLines{Conn: over}, nil
	}
	return &plainLines{Conn: c}, nil
}

// plainLines and tlsLines are the connections; fasthttp recognizes TLS by the methods of the latter.
type (
	plainLines struct {
		net.Conn
		lines requestLines
	}
	tlsLines struct {
		*tls.Conn
		lines requestLines
	}
)

func (c *plainLines) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.lines.see(p[:n])
	return n, err
}

func (c *tlsLines) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.lines.see(p[:n])
	return n, err
}

// NetConn returns the connection below, as that of tls.Conn does.
func (c *plainLines) NetConn() net.Conn { return c.Conn }

func (c *plainLines) endsWithLF() bool { return c.lines.bare.Load() }
func (c *tlsLines) endsWithLF() bool   { return c.lines.bare.Load() }

// requestLines looks for the end of a request line in what a client sends. Nothing else that is valid contains one: headers end with CRLF,
// and bodies are JSON, where a line feed only follows a complete value.
type requestLines struct {
	bare atomic.Bool
	last [lineEnd - 1]byte // of what was read before
}

const lineEnd = len("HTTP/1.1\n")

var lineEnds = [][]byte{[]byte("HTTP/1.1\n"), []byte("HTTP/1.0\n")}

func (l *requestLines) see(read []byte) {
	var seam [2 * (lineEnd - 1)]byte
	n := copy(seam[:], l.last[:])
	n += copy(seam[n:], read)
	for _, end := range lineEnds {
		if bytes.Contains(seam[:n], end) || bytes.Contains(read, end) {
			l.bare.Store(true)
		}
	}
	if len(read) >= len(l.last) {
		copy(l.last[:], read[len(read)-len(l.last):])
	} else {
		copy(l.last[:], seam[len(read):n])
	}
}
