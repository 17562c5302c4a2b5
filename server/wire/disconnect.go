package wire

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// maxEarly limits what is kept of a watched connection for its next request, in bytes.
const maxEarly = 4 << 10

// Watch calls gone once the client has closed its connection, or its sending half, until stop is called. Meanwhile nothing may read from the
// connection or set its read deadline; what the client sends is kept for the next request. It does nothing for other connections than those of
// [ShareConnections] and TLS over them.
func Watch(c net.Conn, gone func()) (stop func()) {
	own := ownConnection(c)
	if own == nil || own.SetReadDeadline(time.Time{}) != nil {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if own.readAhead() {
			gone()
		}
	}()
	return sync.OnceFunc(func() {
		_ = own.SetReadDeadline(time.Unix(1, 0)) // fails only on a closed connection, whose Read has ended
		<-ended
		_ = own.SetReadDeadline(time.Time{})
	})
}

// WatchLater is Watch after a while: requests that end earlier cost next to nothing.
func WatchLater(after time.Duration, c net.Conn, gone func()) (stop func()) {
	if ownConnection(c) == nil {
		return func() {}
	}
	var mu sync.Mutex
	stopped, stopWatch := false, func() {}
	timer := time.AfterFunc(after, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			stopWatch = Watch(c, gone)
		}
	})
	return func() {
		if timer.Stop() {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		stopped = true
		stopWatch()
	}
}

// readAhead reads until the client closes the connection, which it reports, or the deadline or enough data ends it.
func (c *connection) readAhead() (closed bool) {
	var piece [64]byte
	for len(c.early) < maxEarly {
		n, err := c.Conn.Read(piece[:])
		c.early = append(c.early, piece[:n]...)
		if err != nil {
			return !errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
	return false
}

// Read first returns what was read ahead.
func (c *connection) Read(p []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.early)
	if c.early = c.early[n:]; len(c.early) == 0 {
		c.early = nil
	}
	return n, nil
}

// ownConnection returns the connection of ShareConnections below a connection of a request, or nil.
func ownConnection(c net.Conn) *connection {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		c = over.NetConn()
	}
	own, _ := c.(*connection)
	return own
}
