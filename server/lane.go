package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/cluster"
	"oplog/server/wire"
)

// Small changes that clients send to a node go to the one that leads on a lane, many at once; see wire.Frames. All else that is forwarded has a
// connection to itself while it lasts.

const (
	lanePath    = "/lane"
	laneOpening = 3 * time.Second // to connect, and to agree on a lane
	withoutLane = time.Minute     // for which a node that knows no lanes, of an earlier version, is not asked again
	maxAnswer   = 64 << 20
)

// lanes are the lanes to other nodes, by their ids.
type lanes struct {
	s    *Server
	dial func(ctx context.Context, node string) (net.Conn, error)

	mu    sync.Mutex
	byID  map[string]*lane
	plain map[string]time.Time // nodes that know no lanes, and when that was seen
	ended bool
}

func newLanes(s *Server) *lanes {
	return &lanes{s: s, dial: s.cluster.DialAPI, byID: make(map[string]*lane), plain: make(map[string]time.Time)}
}

// lane is a lane to another node.
type lane struct {
	s     *Server
	node  string
	ready chan struct{} // closed once there is a connection, or an error
	err   error
	conn  net.Conn
	out   *wire.Frames
	ended chan struct{}

	mu      sync.Mutex
	waiting map[uint64]*laneCall // for answers, by their numbers
	last    uint64               // number
	used    time.Time            // last
	leaves  bool                 // the other node takes no more requests
	over    bool
}

// laneCall is a request on a lane.
type laneCall struct {
	place   uint64 // see wire.Frames
	sent    time.Time
	done    chan struct{}
	content []byte // the answer, nil if the lane ended before
	begun   bool   // the other node may have the request
}

var (
	errNoLanes   = errors.New("the node knows no lanes")
	errLaneEnded = errors.New("the connection ended")
)

// to returns the lane to a node, which may have to be opened; nil if that node knows none. An error means that it cannot be reached.
func (all *lanes) to(node string) (*lane, error) {
	l := all.find(node)
	if l == nil {
		return nil, nil //nolint:nilnil // as documented
	}
	<-l.ready
	if errors.Is(l.err, errNoLanes) {
		return nil, nil //nolint:nilnil // as documented
	}
	return l, l.err
}

func (all *lanes) find(node string) *lane {
	all.mu.Lock()
	defer all.mu.Unlock()
	if seen, ok := all.plain[node]; all.ended || ok && time.Since(seen) < withoutLane {
		return nil
	}
	l := all.byID[node]
	if l == nil {
		l = &lane{s: all.s, node: node, ready: make(chan struct{}), ended: make(chan struct{}), waiting: make(map[uint64]*laneCall), used: time.Now()}
		all.byID[node] = l
		go all.open(l)
	}
	return l
}

// end ends all lanes.
func (all *lanes) end() {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.ended = true
	for _, l := range all.byID {
		go func() {
			if <-l.ready; l.err == nil {
				_ = l.conn.Close() // read ends
			}
		}()
	}
}

// forget has the next request open another lane.
func (all *lanes) forget(l *lane) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.byID[l.node] == l {
		delete(all.byID, l.node)
	}
	if errors.Is(l.err, errNoLanes) {
		all.plain[l.node] = time.Now()
	}
}

// open opens a lane, and runs it until it ends.
func (all *lanes) open(l *lane) {
	in, err := l.connect()
	l.err = err
	if err != nil {
		all.forget(l)
		close(l.ready)
		return
	}
	l.out = wire.NewFrames(l.conn, writeTimeout)
	close(l.ready)
	go func() {
		_ = l.out.Run() // the reader sees the end, too
		_ = l.conn.Close()
	}()
	go l.watch()
	l.read(in)
	all.forget(l)
	l.end()
}

// connect connects, and agrees on a lane with the other node.
func (l *lane) connect() (*bufio.Reader, error) {
	ctx, cancel := context.WithTimeout(context.Background(), laneOpening)
	defer cancel()
	conn, err := l.s.lanes.dial(ctx, l.node)
	if err != nil {
		return nil, err
	}
	in := wire.LaneReader(conn)
	err = conn.SetDeadline(time.Now().Add(laneOpening))
	if err == nil {
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\n\r\n", lanePath, l.node)
	}
	var answer *http.Response
	if err == nil {
		answer, err = http.ReadResponse(in, nil) //nolint:bodyclose // it has none, or the connection is closed
	}
	switch {
	case err != nil:
	case answer.StatusCode == http.StatusOK:
		err = conn.SetDeadline(time.Time{})
	case answer.StatusCode == http.StatusServiceUnavailable:
		err = errNoLeader()
	default:
		err = errNoLanes
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	l.conn = conn
	return in, nil
}

// read hands answers to those who wait, until the lane ends.
func (l *lane) read(in *bufio.Reader) {
	for {
		number, content, err := wire.ReadFrame(in, maxAnswer)
		if err != nil {
			return
		}
		if number == 0 {
			l.s.lanes.forget(l)
		}
		l.mu.Lock()
		l.leaves = l.leaves || number == 0
		call := l.waiting[number]
		delete(l.waiting, number)
		isDone := l.leaves && len(l.waiting) == 0
		l.mu.Unlock()
		if call != nil {
			call.content = content
			close(call.done)
		}
		if isDone {
			return
		}
	}
}

// end ends the lane, and those who wait for answers.
func (l *lane) end() {
	l.out.Fail()
	_ = l.conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	close(l.ended)
	for _, call := range l.waiting {
		call.begun = l.out.Sent(call.place)
		close(call.done)
	}
	clear(l.waiting)
}

// watch ends the lane when it is not used any more, when an answer takes too long, and when another node than the one that was asked
// has been leading, or none: that one may never answer.
func (l *lane) watch() {
	ticker := time.NewTicker(leaderCheck)
	defer ticker.Stop()
	var deposed time.Time
	for {
		select {
		case <-l.ended:
			return
		case <-ticker.C:
		}
		now := time.Now()
		if l.s.mayLead(l.node) {
			deposed = time.Time{}
		} else if deposed.IsZero() {
			deposed = now
		}
		if l.isStale(now, !deposed.IsZero() && now.Sub(deposed) >= leaderGrace) {
			_ = l.conn.Close() // read ends
			return
		}
	}
}

func (l *lane) isStale(now time.Time, deposed bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return now.Sub(l.used) > peerIdle || deposed
	}
	for _, call := range l.waiting {
		if now.Sub(call.sent) > peerAnswer {
			return true
		}
	}
	return deposed
}

// send has a frame sent, and returns once it is answered, or the lane has ended; nil if it takes no more.
func (l *lane) send(frame []byte) *laneCall {
	call := &laneCall{sent: time.Now(), done: make(chan struct{})}
	if !l.add(call, frame) {
		return nil
	}
	<-call.done
	return call
}

func (l *lane) add(call *laneCall, frame []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over || l.leaves {
		return false
	}
	l.last++
	var err error
	if call.place, err = l.out.Add(l.last, frame); err != nil {
		return false
	}
	l.waiting[l.last], l.used = call, call.sent
	return true
}

// forwardOn has the node of a lane answer a client's request as the one that leads. again is that of forwardOnce.
func (s *Server) forwardOn(l *lane, c *fiber.Ctx, f *forwarded) (again bool, err error) {
	const about = 1 << 10 // of a head
	frame, err := wire.AppendForwarded(wire.BeginFrame(about+len(f.small)), c, wire.Forwarded{ForLeader: true, Request: f.request}, f.small)
	if err != nil {
		return false, err
	}
	call := l.send(frame)
	if call == nil || call.content == nil && !call.begun {
		return true, nil
	}
	if call.content == nil {
		return s.lost(c, f, l.node, errLaneEnded)
	}
	answer, err := wire.ReadAnswer(call.content)
	switch {
	case err != nil:
		return s.lost(c, f, l.node, err)
	case answer.Kind == wire.LaneNotBegun:
		return true, nil
	case f.saysNothing(answer.Status):
		return mayPass(answer.Status), f.lost
	}
	if at := answer.At; at[0] > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), positionTime)
		defer cancel()
		_ = s.cluster.WaitCommitted(ctx, l.node, cluster.Committed{Index: at[0], IndexTerm: at[1], Term: at[2]}) // if not, the next read waits
	}
	return false, answer.Pass(c, writeTimeout)
}
