package wire

import (
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// KeepAccepting returns a listener that waits when a connection cannot be accepted for now, such as when the program or the system has no
// files left. fasthttp ends the server then.
func KeepAccepting(ln net.Listener) net.Listener {
	l := &patientListener{Listener: ln, closed: make(chan struct{})}
	l.close = sync.OnceValue(func() error { close(l.closed); return ln.Close() })
	return l
}

type patientListener struct {
	net.Listener
	closed chan struct{}
	close  func() error
	warned time.Time
}

// How long to wait after a failure: the connections wait in the system meanwhile.
const (
	firstWait = 5 * time.Millisecond
	lastWait  = time.Second
	warnEvery = time.Minute
)

// Accept returns the next connection.
func (l *patientListener) Accept() (net.Conn, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		c, err := l.Listener.Accept()
		if err == nil || !passes(err) {
			return c, err
		}
		if time.Since(l.warned) > warnEvery {
			slog.Warn("connections cannot be accepted, which is retried", "err", err)
			l.warned = time.Now()
		}
		select {
		case <-time.After(wait):
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

// passes reports whether accepting may succeed later.
func passes(err error) bool {
	var temporary interface{ Temporary() bool } // for a lack of files, as in net/http
	if errors.As(err, &temporary) && temporary.Temporary() {
		return true
	}
	return slices.ContainsFunc([]error{syscall.ENOMEM, syscall.ENOBUFS, syscall.ECONNABORTED}, func(of error) bool { return errors.Is(err, of) })
}

// Close ends a waiting Accept, too.
func (l *patientListener) Close() error { return l.close() }

// MaxConnections returns how many connections may be open at a time, at most most: the program needs the other files that it may open for
// the store, the index and exports.
func MaxConnections(most int64) int64 {
	files := maxFiles()
	return max(1, min(most, files-min(files/2, otherFiles)))
}

// otherFiles is how many files are enough for all else.
const otherFiles = 4 << 10
