// Package server serves a log over HTTP: the API under /api/v1, with its documentation at /api/v1/openapi.json, and the files of the
// console.
//
// [Server.routes] is the table of all operations with their permitted callers. Requests pass, in this order: common response headers,
// authentication and authorization (principal.go, the only place that decides), parsing of parameters and body, the handler, and for errors
// a single translation into a response. Everything that needs no route and no service is in package wire.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/valyala/fasthttp"

	"oplog/backup"
	"oplog/cluster"
	"oplog/directory"
	"oplog/docs"
	"oplog/doctor"
	"oplog/exports"
	"oplog/faults"
	"oplog/identity"
	"oplog/identity/sources"
	"oplog/journal"
	"oplog/node"
	"oplog/oplog"
	"oplog/proof"
	"oplog/server/wire"
	"oplog/timing"
	"oplog/trail"
	"oplog/views"
)

// Options are the options of a Server.
type Options struct {
	Console     fs.FS            // the built console: index.html and assets; nil for none
	Version     string           // of the program
	Commit      string           // of the build
	Now         func() time.Time // the clock; nil for time.Now
	Logger      *slog.Logger     // for internal errors; nil for slog.Default
	SetupCode   string           // code for creating the first owner; "" disables setup
	Hosts       []string         // host names of the server, besides those of this machine
	BasePath    string           // the path before all URLs, such as "/oplog"; "" for none
	Proxies     []netip.Prefix   // networks of reverse proxies, whose X-Forwarded headers are trusted
	AnyIP       bool             // whether every IP address is accepted as a host, if it listens beyond this machine
	Witnesses   *proof.Witnesses // cosign checkpoints; nil for none
	Anchors     *proof.Anchors   // writes checkpoints to a folder; nil for none
	Backups     *backup.Backups  // makes backups on a schedule; nil for none
	Doctor      *doctor.Doctor   // checks the machine; nil for none
	Host        http.Handler     // a host system's own pages below /host, for the demo; nil for none
	ReadTimeout time.Duration    // in which a request's headers, and each part of its body, must arrive; 0 for 10 s
	BodyTime    time.Duration    // in which a body must arrive; 0 for 10 min
	Cluster     *cluster.Node    // the node of a log on several nodes; nil if it is alone
	Sources     *sources.Sources // sign people in besides their accounts; nil for none

	Syncs              *timing.Histogram // how long the store's syncs take; nil if that is unknown
	CertificateExpires func() time.Time  // when the TLS certificate expires; nil for none
}

// Server serves the log of a node.
type Server struct {
	directory *directory.Directory
	journal   *journal.Journal
	identity  *identity.Identity
	trail     *trail.Trail
	exports   *exports.Exports
	views     *views.Views
	node      *node.Node // for status and backups
	sources   *sources.Sources
	archive   archiveWatch

	now            func() time.Time
	built          build
	started        time.Time
	logger         *slog.Logger
	hosts          wire.Hosts
	basePath       string       // see Options.BasePath
	proxies        wire.Proxies // see Options.Proxies
	warned         atomic.Bool  // about a proxy that is not trusted
	anchors        *proof.Anchors
	backups        *backup.Backups
	syncs          *timing.Histogram // see Options.Syncs
	doctor         *doctor.Doctor
	witnesses      *proof.Witnesses
	setupCode      string    // see Options.SetupCode
	throttle       *throttle // failed sign-ins
	locks          placeLocks
	readTimeout    time.Duration // see Options.ReadTimeout
	bodies         *wire.Bodies
	answers        *wire.Answers
	live           *journal.Live
	streams        *wire.Budget // live streams
	turns, copies  *wire.Budget // see newTurns, maxBackups
	busy           *busyCallers
	app            *fiber.App
	monitor        *fasthttp.Server // see ListenForMonitoring
	api            huma.API
	host           http.Handler // see Options.Host
	table          []route
	spec           func() ([]byte, error)
	console        console
	manual         func() (*docs.Manual, error)
	hashing        chan struct{} // slots for concurrent password hashing
	meters         *meters
	closing        atomic.Bool
	streamsContext context.Context // ends streams on shutdown
	endStreams     context.CancelFunc
	keepAlive      time.Duration // keep-alive interval of streams
	stall          time.Duration // see liveStall
	watchAfter     time.Duration // see watchAfter
	turnTime       time.Duration // see turnTime
	refusedPause   time.Duration // see refusedPause

	cluster    *cluster.Node // nil if the log is on one node
	peers      *http.Transport
	peerServer *fasthttp.Server // see ListenForPeers
	forwards   *timing.Histogram
	lanes      *lanes   // to other nodes
	laneEnds   laneEnds // of other nodes

	positionTime time.Duration         // see positionTime
	health       func() cluster.Health // of cluster, for readyz

	certificateExpires func() time.Time // see Options.CertificateExpires
}

const (
	defaultReadTimeout = 10 * time.Second // see Options.ReadTimeout
	defaultBodyTime    = 10 * time.Minute // see Options.BodyTime
	writeTimeout       = 30 * time.Second // per response; streams extend it for each piece
	idleTimeout        = time.Minute      // between two requests of a connection
	requestTimeout     = 30 * time.Second
	watchAfter         = 20 * time.Millisecond // from when a client that leaves cancels what it reads
	readBuffer         = 16 << 10              // limits the request line and the headers
	maxConnections     = 16 << 10              // concurrent
	maxOfAddress       = 4 << 10               // concurrent ones of one address, or IPv6 /64
)

// complete sets what is left to the server.
func (o *Options) complete() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = defaultReadTimeout
	}
	if o.Sources == nil {
		o.Sources = sources.New(nil, nil, nil, nil, oplog.Place{}, o.Now)
	}
	if o.BodyTime == 0 {
		o.BodyTime = defaultBodyTime
	}
}

// New returns a server for a node's log; a nil node only documents its API.
func New(n *node.Node, o Options) *Server {
	o.complete()
	s := &Server{
		now: o.Now, built: build{o.Version, o.Commit}, started: o.Now().UTC(), logger: o.Logger,
		setupCode: o.SetupCode, anchors: o.Anchors, backups: o.Backups, doctor: o.Doctor, witnesses: o.Witnesses, hosts: wire.NewHosts(o.Hosts, o.AnyIP), basePath: o.BasePath, proxies: o.Proxies,
		sources: o.Sources, host: o.Host, throttle: newThrottle(o.Now), locks: placeLocks{byName: make(map[string]placeLock)}, readTimeout: o.ReadTimeout,
		bodies: wire.NewBodies(o.ReadTimeout, o.BodyTime), answers: wire.NewAnswers(),
		streams: wire.NewBudget(maxStreams, maxStreamsOfTenant, maxStreamsOfCaller),
		turns:   newTurns(), busy: newBusyCallers(), copies: wire.NewBudget(maxBackups, maxBackups, 1), hashing: make(chan struct{}, max(2, runtime.NumCPU())),
	}
	if n != nil {
		s.directory, s.journal, s.identity, s.trail, s.exports, s.views = n.Directory, n.Journal, n.Identity, n.Trail, n.Exports, n.Views
		s.node, s.live = n, journal.NewLive(n.Journal, appendEvent)
		s.archive.ask, s.archive.now = n.Archive.Status, o.Now
	}
	s.streamsContext, s.endStreams = context.WithCancel(context.Background())
	s.keepAlive, s.stall, s.watchAfter, s.turnTime, s.refusedPause = liveKeepAlive, liveStall, watchAfter, turnTime, refusedPause
	s.syncs, s.certificateExpires = o.Syncs, o.CertificateExpires
	s.loadFiles(o)
	s.app = fiber.New(fiber.Config{
		Immutable:                    true, // values that handlers keep must not be overwritten
		StrictRouting:                true,
		CaseSensitive:                true,
		UnescapePath:                 true,
		StreamRequestBody:            true,          // bodies are read after authorization, and with a limit: see wire.Bodies
		BodyLimit:                    1,             // of bytes read before that; larger bodies are streamed, not rejected
		ReadTimeout:                  s.readTimeout, // of the headers
		WriteTimeout:                 writeTimeout,
		Concurrency:                  maxConnections,
		IdleTimeout:                  idleTimeout,
		ReadBufferSize:               readBuffer,
		ReduceMemoryUsage:            true, // idle connections keep no buffers
		DisableStartupMessage:        true,
		DisablePreParseMultipartForm: true,
		ErrorHandler:                 s.refuse,
	})
	s.app.Use(s.frame, recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: s.logPanic}))
	if s.cluster = o.Cluster; s.cluster != nil {
		s.peers, s.forwards, s.positionTime, s.health = newPeers(s.cluster), newForwards(), positionTime, s.cluster.Health
		s.lanes = newLanes(s)
		s.app.Use(s.inCluster)
	}
	s.api = humafiber.New(s.app, apiConfig(o))
	s.table = s.routes()
	for i := range s.table {
		s.table[i].add(s, &s.table[i])
	}
	wire.FinishSchemas(s.api.OpenAPI())
	s.spec = sync.OnceValues(s.describe)
	s.addOtherRoutes()
	s.meters = newMeters(s.app)
	handler := s.behindProxy(s.app.Handler())
	s.peerServer = s.newPeerServer(s.app.Handler())
	s.app.Server().Handler, s.monitor = handler, s.newMonitoring(handler)
	return s
}

// loadFiles loads the console, and the manual when somebody reads it. Without them, the API works.
func (s *Server) loadFiles(o Options) {
	var err error
	if s.console, err = loadConsole(o.Console, o.BasePath); err != nil {
		s.logger.Error("cannot read the console's files", "err", err)
	}
	s.manual = sync.OnceValues(s.loadManual)
}

// loadManual renders the manual with the reference of this API.
func (s *Server) loadManual() (*docs.Manual, error) {
	spec, err := s.OpenAPI()
	if err != nil {
		return nil, err
	}
	return docs.Load(spec)
}

// Listen serves until Shutdown.
func (s *Server) Listen(ln net.Listener) error {
	go s.console.compress()
	return s.app.Listener(wire.CheckRequestLines(ln))
}

// Shutdown ends Listen: new requests are rejected, and those in progress may finish until the context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing.Store(true)
	s.endStreams()
	if s.peers != nil {
		defer s.peers.CloseIdleConnections()
		defer s.lanes.end()
	}
	defer s.laneEnds.await(ctx)
	s.laneEnds.end()
	return errors.Join(s.app.ShutdownWithContext(ctx), s.monitor.ShutdownWithContext(ctx), s.peerServer.ShutdownWithContext(ctx))
}

// App returns the Fiber application, for tests without a network.
func (s *Server) App() *fiber.App { return s.app }

func setHeaders(c *fiber.Ctx) {
	wire.SetSecurityHeaders(c)
	if isAPI(c.Path()) {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
}

func isAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// frame is the middleware around every request.
func (s *Server) frame(c *fiber.Ctx) error {
	start := time.Now()
	setHeaders(c)
	err := wire.CheckFraming(c)
	switch {
	case err != nil:
	case c.Locals(fromPeerKey) != nil, s.hosts.Has(string(c.Request().Header.Host())):
		err = c.Next()
	default:
		err = wire.RejectHost(c)
	}
	if err != nil {
		err = s.fail(c, err)
	}
	switch c.Response().StatusCode() {
	case http.StatusUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		if c.GetRespHeader(fiber.HeaderRetryAfter) == "" {
			c.Set(fiber.HeaderRetryAfter, "1")
		}
	}
	wire.Compress(c)
	if caller, ok := c.Locals(holderKey{}).(wire.Holder); ok && err == nil {
		if held := s.answers.Hold(c, caller); held != nil {
			err = s.fail(c, held)
			c.Set(fiber.HeaderRetryAfter, "1")
			c.Response().Header.Del(fiber.HeaderContentEncoding)
		}
	}
	s.endTurn(c)
	s.bodies.Finish(c)
	took := time.Since(start)
	s.meters.count(c, took)
	s.logRequest(c, took)
	return err
}

// logRequest logs a finished request, without its query, if the log has that much.
func (s *Server) logRequest(c *fiber.Ctx, took time.Duration) {
	if !s.logger.Enabled(c.Context(), slog.LevelDebug) {
		return
	}
	s.logger.Debug("request", "method", c.Method(), "path", c.Path(), "status", c.Response().StatusCode(), "took", took, "from", c.Context().RemoteIP().String())
}

// fail responds to a request with an error.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	setRetryAfter(c, err)
	p := s.problem(c.Method(), c.Path(), err)
	return wire.SendJSON(c, p.Status, wire.ProblemType, p)
}

// setRetryAfter tells clients when a retry may succeed, if the error says so.
func setRetryAfter(c *fiber.Ctx, err error) {
	var refused *oplog.Error
	if errors.As(err, &refused) && refused.Wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(refused.Wait.Seconds()))))
	}
}

// problem translates an error into a response. Internal errors are logged and not disclosed to the caller.
func (s *Server) problem(method, path string, err error) *wire.ProblemBody {
	p, known := wire.Problem(err)
	if !known {
		s.logger.Error("a request failed", "method", method, "path", path, "err", err)
	}
	return p
}

// refuse responds to requests that never reach a handler: headers that are too long, or invalid HTTP.
func (s *Server) refuse(c *fiber.Ctx, err error) error {
	if errors.Is(err, fiber.ErrRequestHeaderFieldsTooLarge) {
		wire.FinishHeaders(c.Context().Conn(), s.readTimeout)
		err = fiber.NewError(fiber.StatusRequestHeaderFieldsTooLarge,
			fmt.Sprintf("URL and headers are too long: at most %d KiB in total.", readBuffer>>10))
	}
	wire.Linger(c.Context().Conn())
	setHeaders(c)
	return s.fail(c, err)
}

func (s *Server) logPanic(c *fiber.Ctx, cause any) {
	_ = faults.LogMistake(s.logger, c.Method()+" "+c.Path(), cause)
}
