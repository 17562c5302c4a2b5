package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"oplog/cluster"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/timing"
)

const (
	peerIdle      = 50 * time.Second       // less than idleTimeout, after which the other node closes an idle connection
	peerAnswer    = 90 * time.Second       // from a whole request to its answer, longer than any handler takes
	peerIdleConns = 256                    // kept to each node
	leaderCheck   = 500 * time.Millisecond // how often it is asked whether the node that was asked still leads
	leaderGrace   = 2 * time.Second        // for which one that does not is waited for
)

// notLeaderHeader is of the answers of a node that was asked as the leader and is not: it has not begun with the request.
const notLeaderHeader = "Oplog-Not-Leader"

// newPeers returns the client of the other nodes' servers: the host in a URL is a node's id.
func newPeers(n *cluster.Node) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			node, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			conn, err := n.DialAPI(ctx, node)
			if err != nil {
				return nil, &dialError{err}
			}
			return conn, nil
		},
		DisableCompression: true, MaxIdleConnsPerHost: peerIdleConns, IdleConnTimeout: peerIdle, ResponseHeaderTimeout: peerAnswer,
	}
}

// dialError means that a request was not sent.
type dialError struct{ error }

func (e *dialError) Unwrap() error { return e.error }

// forwarded is a client's request that another node is to answer, with its body if that can be sent again.
type forwarded struct {
	node    string // "" for the leader
	small   []byte
	isSmall bool
	request string // its id among the nodes, if it is sent again after a failover; "" for none
	lost    error  // of an attempt that may have been successful
}

// forward has another node answer a client's request, "" for the leader. Until one has begun with it, it waits for a leader. A request that records entries
// is sent again if its leader was lost: with the id that it has among the nodes, it is stored once.
func (s *Server) forward(c *fiber.Ctx, node string) error {
	defer s.forwards.Since(time.Now())
	if _, err := url.ParseRequestURI(c.OriginalURL()); err != nil {
		return oplog.Errorf(oplog.CodeMalformed, "The URL is malformed.")
	}
	f, err := s.readForwarded(c, node)
	if err != nil {
		return err
	}
	began, most := time.Now(), leaderTime
	for {
		to, err := s.peerFor(began.Add(most), node)
		switch {
		case err != nil:
			return cmp.Or(f.lost, err)
		case to == s.cluster.ID(): // it has taken the lead meanwhile
			s.bodies.PutBack(c, f.small)
			c.Locals(requestKey, f.request)
			return s.change(c)
		}
		before := f.lost
		again, err := s.forwardOnce(c, to, f)
		switch {
		case !again:
			return err
		case node != "":
			return oplog.Refuse(oplog.CodeUnavailable, "node-unreachable", "The node that has this file cannot be reached: {node}. Retry once it is back.", node)
		case before == nil && f.lost != nil:
			began, most = time.Now(), againTime
		case time.Since(began) > most:
			return cmp.Or(f.lost, errNoLeader())
		}
		time.Sleep(leaderCheck / 10)
	}
}

// readForwarded reads the body of a request for another node, unless it is too large to be kept.
func (s *Server) readForwarded(c *fiber.Ctx, node string) (f *forwarded, err error) {
	f = &forwarded{node: node}
	if node == "" && recordsEntries(c) {
		if f.small, f.isSmall, err = s.bodies.Keep(c); f.isSmall {
			f.request = s.cluster.NewRequest()
		}
		return f, err
	}
	f.small, f.isSmall, err = s.bodies.Small(c)
	return f, err
}

// recordsEntries reports whether a request is of the route that records entries.
func recordsEntries(c *fiber.Ctx) bool {
	rest, ok := strings.CutPrefix(c.Path(), "/api/v1/tenants/")
	_, route, _ := strings.Cut(rest, "/")
	return ok && route == "entries" && c.Method() == http.MethodPost
}

// peerFor returns the node to ask, once there is one.
func (s *Server) peerFor(until time.Time, node string) (string, error) {
	if node != "" {
		return node, nil
	}
	wait, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	if noLeaderFor(s.cluster.Health(), time.Now()) {
		return "", errNoLeader()
	}
	id, _, err := s.cluster.AwaitLeader(wait)
	if err != nil {
		return "", errNoLeader()
	}
	return id, nil
}

// forwardOnce sends a request to a node and responds with its answer. again tells that the whole request can still be sent, as the node has not begun
// with it, or as it has an id.
func (s *Server) forwardOnce(c *fiber.Ctx, to string, f *forwarded) (again bool, err error) {
	if f.node == "" && f.isSmall && len(f.small) <= wire.MaxAnonymousBytes && changes(c.Method()) {
		switch l, err := s.lanes.to(to); {
		case err != nil:
			return true, nil //nolint:nilerr // nothing was sent
		case l != nil:
			return s.forwardOn(l, c, f)
		}
	}
	ctx, end := context.WithCancel(context.Background())
	if f.node == "" {
		go s.whileLeads(ctx, end, to)
	}
	var body io.Reader
	length := len(f.small)
	var streamed *streamedBody
	switch {
	case !f.isSmall:
		streamed, length = newStreamedBody(), c.Request().Header.ContentLength()
		body = streamed
	case f.small != nil:
		body = bytes.NewReader(f.small)
	}
	r, err := wire.NewForwarded(ctx, c, to, wire.Forwarded{ForLeader: f.node == "", Request: f.request}, body, length)
	if err != nil {
		end()
		return false, err
	}
	answer, begun, err := s.roundTrip(c, r, streamed, end)
	switch {
	case err != nil:
		end()
		var unsent *dialError
		if errors.As(err, &unsent) && !begun {
			return true, nil
		}
		return s.lost(c, f, to, err)
	case answer.Header.Get(notLeaderHeader) != "" && f.isSmall:
		end()
		return true, answer.Body.Close()
	case f.saysNothing(answer.StatusCode):
		end()
		_ = answer.Body.Close() // it is not read
		return mayPass(answer.StatusCode), f.lost
	}
	answer.Header.Del(notLeaderHeader)
	s.catchUp(answer)
	return false, wire.Pass(c, answer, writeTimeout, end)
}

// lost returns what is to be done about a request whose answer was lost: it is sent again if it has an id.
func (s *Server) lost(c *fiber.Ctx, f *forwarded, to string, cause error) (again bool, err error) {
	s.logger.Warn("a request to another node failed", "node", to, "path", c.Path(), "err", cause)
	err = errUncertain(c.Method())
	if f.request != "" {
		f.lost = err
	}
	return f.request != "", err
}

// saysNothing reports whether an answer says nothing of an earlier attempt that may have been successful.
func (f *forwarded) saysNothing(status int) bool {
	return f.lost != nil && status >= http.StatusBadRequest
}

// mayPass reports whether a refusal may be another one soon.
func mayPass(status int) bool {
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests
}

// streamedBody is a body that is copied as it arrives. Its Read tells that the other node is there and gets it.
type streamedBody struct {
	*io.PipeReader
	from  *io.PipeWriter
	begun chan struct{}
	begin func()
}

func newStreamedBody() *streamedBody {
	b := &streamedBody{begun: make(chan struct{})}
	b.PipeReader, b.from = io.Pipe()
	b.begin = sync.OnceFunc(func() { close(b.begun) })
	return b
}

func (b *streamedBody) Read(p []byte) (int, error) {
	b.begin()
	return b.PipeReader.Read(p)
}

// roundTrip sends a request, with a body that is copied as it arrives unless that is nil. begun tells that a part of it was read. What only
// reads ends with its client.
func (s *Server) roundTrip(c *fiber.Ctx, r *http.Request, body *streamedBody, end context.CancelFunc) (answer *http.Response, begun bool, err error) {
	if body == nil {
		if !changes(r.Method) {
			defer wire.WatchLater(s.watchAfter, c.Context().Conn(), end)()
		}
		answer, err = s.peers.RoundTrip(r) //nolint:bodyclose // wire.Pass closes it
		return answer, false, err
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answer, err = s.peers.RoundTrip(r) //nolint:bodyclose // wire.Pass closes it
		_ = body.Close()                   // never fails; ends Copy
	}()
	select {
	case <-body.begun:
		s.bodies.Copy(c, body.from)
		<-answered
		return answer, true, err
	case <-answered:
		return answer, false, err
	}
}

// whileLeads ends a request's context once another node than the one that was asked leads, or none has for long: that one may never answer.
func (s *Server) whileLeads(ctx context.Context, end context.CancelFunc, node string) {
	ticker := time.NewTicker(leaderCheck)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if s.mayLead(node) {
				continue
			}
			select { // one that handed over is about to answer
			case <-ctx.Done():
			case <-time.After(leaderGrace):
			}
			end()
			return
		}
	}
}

// mayLead reports whether a node that was asked as the leader may still answer: no other one leads, and this one takes part.
func (s *Server) mayLead(node string) bool {
	leader, _, known := s.cluster.Leader()
	return (!known || leader == node) && !noLeaderFor(s.cluster.Health(), time.Now()) && !s.cluster.IsApart()
}

// catchUp waits until this node has applied what another node's answer tells of, so that its client finds it here.
func (s *Server) catchUp(answer *http.Response) {
	at, err := strconv.ParseUint(answer.Header.Get(wire.PositionHeader), 10, 64)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), positionTime)
	defer cancel()
	_ = s.cluster.WaitApplied(ctx, at) // if not, the next read waits
}

// errUncertain is the error of a request that another node may have begun with.
func errUncertain(method string) error {
	if !changes(method) {
		return oplog.Errorf(oplog.CodeUnavailable, "The node that has the answer stopped responding; retry.")
	}
	return oplog.Refuse(oplog.CodeUnavailable, "leader-lost",
		"The leading node stopped responding, so this may or may not be done. Send entries again with the same ids; for all else, look first.")
}

// newForwards returns a histogram of how long forwarded requests take.
func newForwards() *timing.Histogram {
	var all []time.Duration
	for _, b := range bounds {
		all = append(all, time.Duration(b*float64(time.Second)))
	}
	return timing.New(all)
}

// ListenForPeers serves the requests that other nodes forward, until Shutdown. The listener lets in the log's nodes only.
func (s *Server) ListenForPeers(ln net.Listener) error {
	return s.peerServer.Serve(wire.ShareConnections(wire.KeepAccepting(ln), maxConnections, maxConnections, nil))
}

// newPeerServer returns the HTTP server of the other nodes. It knows no shares of connections by address: each of theirs is for many clients.
func (s *Server) newPeerServer(next fasthttp.RequestHandler) *fasthttp.Server {
	public := s.app.Server()
	return &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Request.Header.RequestURI()) { // as sent: what is forwarded is of the API, whatever dots it has
			case nodePath:
				s.sendNode(ctx)
				return
			case lanePath:
				s.openLane(ctx, next)
				return
			}
			if err := s.receive(ctx, next); err != nil {
				ctx.Error(err.Error()+"\n", http.StatusBadRequest)
			}
		},
		ErrorHandler: public.ErrorHandler, StreamRequestBody: true, MaxRequestBodySize: public.MaxRequestBodySize, DisablePreParseMultipartForm: true,
		ReadTimeout: s.readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, ReadBufferSize: readBuffer + 1<<10,
		Concurrency: maxConnections, NoDefaultServerHeader: true, Logger: quiet{},
	}
}

// receive answers a request of another node; an error if it is none.
func (s *Server) receive(ctx *fasthttp.RequestCtx, next fasthttp.RequestHandler) error {
	forwarded, err := wire.Receive(ctx)
	if err != nil {
		return err
	}
	ctx.SetUserValue(fromPeerKey, forwarded)
	ctx.SetUserValue(requestKey, forwarded.Request)
	next(ctx)
	return nil
}
