package cluster

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// maxAnswer is how long a node may take to answer a request of Raft, such as to make a copy durable that it was sent. Raft itself would wait for hours
// after a large one.
const maxAnswer = 10 * time.Minute

// steadyConn is a connection over which Raft sends. It fails once nothing of what is written is taken for a while, whatever Raft's deadline is: that of
// a copy of the store grows with its size.
type steadyConn struct {
	net.Conn
	stall time.Duration

	writeBy, readBy atomic.Int64 // Raft's deadlines, in nanoseconds since 1970; 0 for none
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// earlier returns a deadline, or now and a duration if that is earlier.
func earlier(by int64, d time.Duration) time.Time {
	at := time.Now().Add(d)
	if by != 0 && by < at.UnixNano() {
		return time.Unix(0, by)
	}
	return at
}

// SetDeadline sets Raft's deadlines.
func (c *steadyConn) SetDeadline(t time.Time) error {
	c.writeBy.Store(nanos(t))
	c.readBy.Store(nanos(t))
	return c.Conn.SetDeadline(t)
}

// SetWriteDeadline sets Raft's deadline of writes.
func (c *steadyConn) SetWriteDeadline(t time.Time) error {
	c.writeBy.Store(nanos(t))
	return c.Conn.SetWriteDeadline(t)
}

// SetReadDeadline sets Raft's deadline of reads.
func (c *steadyConn) SetReadDeadline(t time.Time) error {
	c.readBy.Store(nanos(t))
	return c.Conn.SetReadDeadline(t)
}

func (c *steadyConn) Write(p []byte) (written int, err error) {
	for {
		piece := p[written:min(len(p), written+copyPiece)]
		if err := c.Conn.SetWriteDeadline(earlier(c.writeBy.Load(), c.stall)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(piece)
		if written += n; err != nil || written == len(p) {
			return written, err
		}
	}
}

func (c *steadyConn) Read(p []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(earlier(c.readBy.Load(), maxAnswer)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// steadyReader is the content of a snapshot that is received. If nothing of it comes for a while, lost is called, which has to end the connection.
type steadyReader struct {
	io.Reader
	timer *time.Timer
	stall time.Duration
}

func newSteadyReader(from io.Reader, stall time.Duration, lost func()) *steadyReader {
	timer := time.AfterFunc(stall, lost)
	timer.Stop()
	return &steadyReader{from, timer, stall}
}

func (r *steadyReader) Read(p []byte) (int, error) {
	r.timer.Reset(r.stall)
	defer r.timer.Stop()
	return r.Reader.Read(p)
}
