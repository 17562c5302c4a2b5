package cluster

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// TestSteadyConn: a write goes on for as long as something of it is taken, and ends once nothing is, whatever the deadline is; an earlier one counts.
func TestSteadyConn(t *testing.T) {
	const stall = time.Second
	here, there := net.Pipe()
	defer there.Close()
	c := &steadyConn{Conn: here, stall: stall}
	if err := c.SetDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() {
		for range 12 {
			time.Sleep(stall / 10)
			if _, err := io.CopyN(io.Discard, there, copyPiece); err != nil {
				slow <- err
				return
			}
		}
		slow <- nil
	}()
	began := time.Now()
	if n, err := c.Write(make([]byte, 12*copyPiece)); err != nil || n != 12*copyPiece || time.Since(began) < stall {
		t.Errorf("wrote %d, %v, in %s", n, err, time.Since(began))
	}
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	if _, err := c.Write(make([]byte, copyPiece)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > 20*stall {
		t.Errorf("nobody reads: %v after %s", err, time.Since(began))
	}
	if err := c.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > stall/2 {
		t.Errorf("after the deadline: %v after %s", err, time.Since(began))
	}
	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read after the deadline: %v", err)
	}
}

// TestSteadyReader: a node that sends nothing more of a copy is given up; one that is slow is not.
func TestSteadyReader(t *testing.T) {
	const stall = time.Second
	from, to := io.Pipe()
	var lost atomic.Bool
	r := newSteadyReader(from, stall, func() {
		lost.Store(true)
		_ = to.CloseWithError(net.ErrClosed)
	})
	go func() {
		for range 12 {
			time.Sleep(stall / 10)
			_, _ = to.Write([]byte("x"))
		}
	}()
	if n, err := io.CopyN(io.Discard, r, 12); n != 12 || err != nil || lost.Load() {
		t.Fatalf("read %d, %v", n, err)
	}
	time.Sleep(2 * stall) // for writing it
	if lost.Load() {
		t.Fatal("it was given up although nobody was reading")
	}
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) || !lost.Load() {
		t.Errorf("error %v", err)
	}
}

// TestSenderThatSendsNothing: a node whose copy does not come is given up; while it says that it makes the copy, it is waited for.
func TestSenderThatSendsNothing(t *testing.T) {
	const stall = 600 * time.Millisecond
	c := newTrio(t, "")
	leader, other := c.leader().node(), c.follower()
	other.stop()
	n := other.node()
	var answer atomic.Pointer[http.HandlerFunc]
	do := func(h http.HandlerFunc) { answer.Store(&h) }
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*answer.Load())(w, r) })} //nolint:gosec // of a test
	served := opened(t, n.id, anyone)
	go func() { _ = s.Serve(served.listener(protocolStore)) }()
	defer s.Close()
	r := receiver{leader.id, c.nodes[0].disk.space, stall}
	do(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	began := time.Now()
	if err := r.fetch(ctx, n.ID(), served.Addr().String()); !errors.Is(err, errStalled) || time.Since(began) > 10*time.Second {
		t.Errorf("error %v after %s", err, time.Since(began))
	}
	do(func(w http.ResponseWriter, _ *http.Request) {
		end := keepAlive(w, stall)
		time.Sleep(3 * stall)
		end()
		http.Error(w, "made", http.StatusInternalServerError)
	})
	if err := r.fetch(ctx, n.ID(), served.Addr().String()); err == nil || errors.Is(err, errStalled) || errors.As(err, new(notSent)) {
		t.Errorf("error %v", err)
	}
	do(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerSnapshot, "{}")
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("x"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	if err := r.fetch(ctx, n.ID(), served.Addr().String()); !errors.Is(err, errStalled) {
		t.Errorf("error %v", err)
	}
	if found, _ := os.ReadDir(leader.id.folder + "/" + receivedFolder); len(found) > 0 {
		t.Errorf("left %v", found)
	}
}
