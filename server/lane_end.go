package server

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"oplog/server/wire"
)

const (
	maxLaneRequests = 1 << 10                               // of one lane that are being answered
	maxLaneRequest  = wire.MaxAnonymousBytes + readBuffer*2 // bytes
	maxLaneUnread   = 4 << 20                               // bytes of answers
	laneHead        = readBuffer + 1<<10
	laneIdle        = 10 * time.Second // after which memory for requests is given back
)

// laneEnd is the end of a lane at which its requests are answered.
type laneEnd struct {
	s    *Server
	next fasthttp.RequestHandler
	conn net.Conn
	out  *wire.Frames
	work chan laneWork
}

type laneWork struct {
	number  uint64
	content []byte
}

// laneEnds are those of other nodes.
type laneEnds struct {
	running sync.WaitGroup

	mu     sync.Mutex
	open   map[*laneEnd]bool
	ending bool
}

// add notes a lane; false if no more are wanted.
func (all *laneEnds) add(e *laneEnd) bool {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.ending {
		return false
	}
	if all.open == nil {
		all.open = make(map[*laneEnd]bool)
	}
	all.open[e] = true
	all.running.Add(1)
	return true
}

func (all *laneEnds) remove(e *laneEnd) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.open, e)
	all.running.Done()
}

// end asks the other nodes to send nothing more on their lanes, and to close them once all is answered.
func (all *laneEnds) end() {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.ending = true
	for e := range all.open {
		_, _ = e.out.Add(0, wire.BeginFrame(0)) // one that is closed needs none
	}
}

// await returns once all lanes have ended; it ends them when the context does.
func (all *laneEnds) await(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		for e := range all.open {
			_ = e.conn.Close()
		}
	})
	defer stop()
	all.running.Wait()
}

// openLane makes a connection of another node a lane.
func (s *Server) openLane(ctx *fasthttp.RequestCtx, next fasthttp.RequestHandler) {
	if s.closing.Load() {
		ctx.SetStatusCode(http.StatusServiceUnavailable)
		return
	}
	ctx.Hijack(func(conn net.Conn) {
		if conn.SetDeadline(time.Time{}) != nil {
			return
		}
		e := &laneEnd{s: s, next: next, conn: conn, out: wire.NewFrames(conn, writeTimeout), work: make(chan laneWork)}
		if s.laneEnds.add(e) {
			defer s.laneEnds.remove(e)
			e.run()
		}
	})
}

// run answers requests until the other node closes the lane.
func (e *laneEnd) run() {
	var writing, working sync.WaitGroup
	writing.Go(func() {
		if e.out.Run() != nil {
			_ = e.conn.Close() // read ends
		}
	})
	slots := make(chan struct{}, maxLaneRequests)
	in := wire.LaneReader(e.conn)
	for {
		number, content, err := wire.ReadFrame(in, maxLaneRequest)
		if err != nil {
			break
		}
		e.out.AwaitRoom(maxLaneUnread)
		slots <- struct{}{}
		w := laneWork{number, content}
		select {
		case e.work <- w:
		default:
			working.Go(func() { e.answerAll(w, slots) })
		}
	}
	close(e.work)
	working.Wait()
	e.out.Close()
	writing.Wait()
}

// answerAll answers requests, one after the other, until none has come for a while.
func (e *laneEnd) answerAll(w laneWork, slots <-chan struct{}) {
	request := wire.NewLaneRequest(laneHead)
	idle := time.NewTimer(laneIdle)
	defer idle.Stop()
	for {
		e.answer(request, w)
		<-slots
		idle.Reset(laneIdle)
		var more bool
		select {
		case w, more = <-e.work:
			if !more {
				return
			}
		case <-idle.C:
			return
		}
	}
}

func (e *laneEnd) answer(request *wire.LaneRequest, w laneWork) {
	ctx := &request.Ctx
	var kind byte = wire.LaneAnswered
	var at wire.LanePosition
	err := request.Read(w.content, e.conn, quiet{})
	if err == nil {
		err = e.s.receive(ctx, e.next)
	}
	switch {
	case err != nil:
		ctx.Error(err.Error()+"\n", http.StatusBadRequest)
	case len(ctx.Response.Header.Peek(notLeaderHeader)) > 0:
		kind = wire.LaneNotBegun
	default:
		at = e.s.positionOf(&ctx.Response)
	}
	const about = 1 << 10 // of headers
	frame, err := wire.AppendAnswer(wire.BeginFrame(about+len(w.content)), kind, at, &ctx.Response)
	if err != nil {
		_ = e.conn.Close()
		return
	}
	_, _ = e.out.Add(w.number, frame) // if not, the other node has gone
}

// positionOf returns up to where another node has to come to have what an answer tells of.
func (s *Server) positionOf(answer *fasthttp.Response) wire.LanePosition {
	index, err := strconv.ParseUint(string(answer.Header.Peek(wire.PositionHeader)), 10, 64)
	if err != nil {
		return wire.LanePosition{}
	}
	c := s.cluster.Committed(index)
	return wire.LanePosition{c.Index, c.IndexTerm, c.Term}
}
