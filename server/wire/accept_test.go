package wire

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// failingListener fails with one error after the other before it accepts.
type failingListener struct {
	net.Listener
	errs []error
}

func (l *failingListener) Accept() (net.Conn, error) {
	if len(l.errs) == 0 {
		return l.Listener.Accept()
	}
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", err)}
}

func listenLocally(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln
}

// TestKeepAccepting: a lack of files passes, and connections are accepted again; any other error is returned.
func TestKeepAccepting(t *testing.T) {
	ln := KeepAccepting(&failingListener{listenLocally(t), []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ECONNABORTED}})
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = accepted.Close()
	_ = ln.Close()
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("once closed it returns %v", err)
	}
	if _, err := KeepAccepting(&failingListener{listenLocally(t), []error{syscall.EINVAL}}).Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a lasting error is returned as %v", err)
	}
}

// TestKeepAcceptingEnds: Close does not wait for files to become free.
func TestKeepAcceptingEnds(t *testing.T) {
	failures := make([]error, 1000)
	for i := range failures {
		failures[i] = syscall.EMFILE
	}
	ln := KeepAccepting(&failingListener{listenLocally(t), failures})
	ended := make(chan error)
	go func() {
		_, err := ln.Accept()
		ended <- err
	}()
	time.AfterFunc(2*firstWait, func() { _ = ln.Close() })
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept returned %v", err)
	}
}

func TestMaxConnections(t *testing.T) {
	files := maxFiles()
	for most, want := range map[int64]int64{1: 1, files: files - min(files/2, otherFiles)} {
		if got := MaxConnections(most); got != want {
			t.Errorf("of %d files, at most %d connections: %d; want %d", files, most, got, want)
		}
	}
}
