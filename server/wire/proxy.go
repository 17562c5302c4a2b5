package wire

import (
	"bytes"
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Proxies are the networks of the reverse proxies whose X-Forwarded headers are trusted.
type Proxies []netip.Prefix

// forwardingHeaders are those that proxies add to the requests that they forward.
var forwardingHeaders = []string{fiber.HeaderXForwardedFor, fiber.HeaderXForwardedHost, fiber.HeaderXForwardedProto, fiber.HeaderForwarded, fiber.HeaderVia, "X-Real-Ip"}

// IsForwarded reports whether a request came through a proxy, trusted or not.
func IsForwarded(ctx *fasthttp.RequestCtx) bool {
	for _, name := range forwardingHeaders {
		if len(ctx.Request.Header.Peek(name)) > 0 {
			return true
		}
	}
	return false
}

// IsHTTPS reports whether the client's connection is encrypted, as far as the server can tell.
func IsHTTPS(c *fiber.Ctx) bool { return string(c.Context().URI().Scheme()) == "https" }

// Resolve sets the address, host and scheme of a request to those of the client if a trusted proxy forwarded it. It returns false if another
// proxy did.
func (p Proxies) Resolve(ctx *fasthttp.RequestCtx) bool {
	ctx.SetRemoteAddr(nil) // which fasthttp keeps from the request before on the same connection
	peer, ok := netip.AddrFromSlice(ctx.RemoteIP())
	if !ok || !p.has(peer) {
		return !IsForwarded(ctx)
	}
	header := &ctx.Request.Header
	if client, ok := p.client(list(header, fiber.HeaderXForwardedFor)); ok {
		ctx.SetRemoteAddr(&net.TCPAddr{IP: client.AsSlice()})
	}
	if hosts := list(header, fiber.HeaderXForwardedHost); len(hosts) > 0 && bytes.EqualFold(ctx.Host(), header.Host()) {
		header.SetHost(hosts[len(hosts)-1])
		ctx.URI().SetHostBytes(header.Host())
	}
	if schemes := list(header, fiber.HeaderXForwardedProto); len(schemes) > 0 {
		ctx.URI().SetScheme(schemes[len(schemes)-1])
	}
	return true
}

func (p Proxies) has(address netip.Addr) bool {
	address = address.Unmap()
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// client returns the address of a client: each proxy appends that of its peer, so the last one that is not itself a trusted proxy is known,
// and all before it are claims.
func (p Proxies) client(hops []string) (client netip.Addr, ok bool) {
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(hopHost(hops[i]))
		if err != nil {
			return client, ok
		}
		if client, ok = hop.Unmap().WithZone(""), true; !p.has(client) {
			return client, ok
		}
	}
	return client, ok
}

// hopHost returns the address of a hop without the port, which some proxies add.
func hopHost(hop string) string {
	if host, _, err := net.SplitHostPort(hop); err == nil {
		return host
	}
	return strings.Trim(hop, "[]")
}

// list returns the items of a header that may be a list, or repeated.
func list(header *fasthttp.RequestHeader, name string) []string {
	var items []string
	for _, line := range header.PeekAll(name) {
		for item := range strings.SplitSeq(string(line), ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
	}
	return items
}
