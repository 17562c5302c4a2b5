package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// losingConn is a connection on which the next answer is lost, if it is to be.
type losingConn struct {
	net.Conn

	lose *atomic.Bool
}

func (c *losingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.lose.CompareAndSwap(true, false) {
		return 0, errors.Join(io.ErrUnexpectedEOF, c.Close())
	}
	return n, err
}

// TestForwardedAgain: the leader has stored entries without ids, and its answer is lost on the way. The node sends the request again, if it has kept the
// body: its client has the answer, and the entries are there once.
func TestForwardedAgain(t *testing.T) {
	leader, others := newNodes(t, 3).leader()
	f := others[0]
	var lose atomic.Bool
	dial := f.server.peers.DialContext
	f.server.peers.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &losingConn{conn, &lose}, nil
	}
	f.server.lanes.dial = func(ctx context.Context, node string) (net.Conn, error) {
		conn, err := f.cluster.DialAPI(ctx, node)
		if err != nil {
			return nil, err
		}
		return &losingConn{conn, &lose}, nil
	}
	url, key := f.listen(), f.sent["write"]["Authorization"]
	openLane := func() { f.send("nobody", "POST", "/api/v1/session", `{}`) } // whose answer is not lost
	total := 0
	for _, size := range []int{100, 20 << 10, 900 << 10, 2 << 20} {
		openLane()
		lose.Store(true)
		many := size / 1000
		body := `{"entries":[` + strings.Repeat(entry(`"content":{"name":"`+strings.Repeat("x", 900)+`"}`)+",", many) + entry() + `]}`
		r := f.post(url, io.MultiReader(strings.NewReader(body)), int64(len(body)), key)
		total += many + 1
		switch kept := len(body) <= 1<<20; {
		case kept && (r.status != 201 || !strings.Contains(r.body, `"duplicates":0`) || strings.Count(r.body, `"recorded"`) < many+1):
			t.Errorf("%d bytes: %d %s", size, r.status, r.body)
		case !kept && (r.status != 503 || !strings.Contains(r.body, "leader-lost")):
			t.Errorf("%d bytes: %d %s", size, r.status, r.body)
		}
		if n, _, err := leader.cluster.Store().Counts("acme"); n != uint64(total) || err != nil { //nolint:gosec // small
			t.Errorf("%d bytes: %d of %d entries are there, %v", size, n, total, err)
		}
	}
	if held := f.server.bodies.Held(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
	openLane()
	lose.Store(true)
	if r := f.send("admin", "PUT", tenantA+"/retention", `{}`); r.status != 503 || !strings.Contains(r.body, "leader-lost") { // as before
		t.Errorf("%d %s", r.status, r.body)
	}
}
