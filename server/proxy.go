package server

import (
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"oplog/server/wire"
)

// behindProxy wraps the application for a server behind a proxy: it takes the client from the headers of trusted
// proxies, and removes the base path from the URL, so that all code behind it works as without either.
func (s *Server) behindProxy(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	base := []byte(s.basePath)
	return func(ctx *fasthttp.RequestCtx) {
		if uri, has := bytes.CutPrefix(ctx.Request.Header.RequestURI(), base); has && len(base) > 0 {
			switch {
			case len(uri) == 0 || uri[0] == '?':
				ctx.Response.Header.Set(fiber.HeaderLocation, s.basePath+"/"+string(uri))
				ctx.SetStatusCode(http.StatusPermanentRedirect)
				return
			case uri[0] == '/':
				ctx.Request.SetRequestURIBytes(bytes.Clone(uri))
			}
		}
		keepSlashes(ctx)
		if !s.proxies.Resolve(ctx) {
			s.warnOfProxy(ctx.RemoteIP().String())
		}
		next(ctx)
	}
}

const (
	accountsPath = "/api/v1/accounts"
	slashMark    = '\ue000' // of private use, so no name has it
)

// keepSlashes marks the encoded slashes in the name of an account in a URL, such as corp/alice: routes are found by the decoded path, where they would
// end the name; see inputOf.
func keepSlashes(ctx *fasthttp.RequestCtx) {
	path, query, _ := bytes.Cut(ctx.Request.Header.RequestURI(), []byte("?"))
	if !bytes.HasPrefix(path, []byte(accountsPath+"/")) || !bytes.Contains(path, []byte("%2")) {
		return
	}
	mark := []byte(url.PathEscape(string(slashMark)))
	marked := bytes.ReplaceAll(bytes.ReplaceAll(path, []byte("%2F"), mark), []byte("%2f"), mark)
	if len(query) > 0 {
		marked = append(append(marked, '?'), query...)
	}
	ctx.Request.SetRequestURIBytes(marked)
}

// Share returns a listener that gives each client address a share of the connections that the limit of open files allows. It belongs below
// TLS.
func Share(ln net.Listener, proxies []netip.Prefix) net.Listener {
	all := wire.MaxConnections(maxConnections)
	return wire.ShareConnections(wire.KeepAccepting(ln), all, min(maxOfAddress, (all+1)/2), proxies)
}

// monitoringPaths are the paths on the address for monitoring.
var monitoringPaths = []string{"/healthz", "/readyz", "/metrics"}

// monitoringKey marks the requests of the address for monitoring.
const monitoringKey = "monitoring"

// ListenForMonitoring serves the health probes and the metrics without keys, until Shutdown.
func (s *Server) ListenForMonitoring(ln net.Listener) error {
	return s.monitor.Serve(wire.CheckRequestLines(wire.KeepAccepting(ln)))
}

// newMonitoring returns the HTTP server of the address for monitoring.
func (s *Server) newMonitoring(next fasthttp.RequestHandler) *fasthttp.Server {
	return &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) {
			if !slices.Contains(monitoringPaths, string(ctx.Path())) {
				ctx.Error("This address is for monitoring: "+strings.Join(monitoringPaths, ", ")+".\n", http.StatusNotFound)
				return
			}
			ctx.SetUserValue(monitoringKey, true)
			next(ctx)
		},
		ReadTimeout: s.readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, ReadBufferSize: readBuffer,
		MaxConnsPerIP: maxMonitoring, Concurrency: maxMonitoring, NoDefaultServerHeader: true, Logger: quiet{},
	}
}

// maxMonitoring limits the connections of the address for monitoring.
const maxMonitoring = 64

// quiet drops fasthttp's messages about single connections.
type quiet struct{}

// Printf implements fasthttp.Logger.
func (quiet) Printf(string, ...any) {}

// warnOfProxy logs, once, that requests come through a proxy that is not trusted: the access log then has its address for all of them.
func (s *Server) warnOfProxy(address string) {
	if s.warned.CompareAndSwap(false, true) {
		s.logger.Warn("requests come through a proxy; to record the clients' addresses, trust it", "flag", "--trusted-proxy "+address)
	}
}
