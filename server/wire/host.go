package wire

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Hosts are the host names of the server. A page of another site can make its own name resolve to this machine (DNS rebinding), and would
// then share the console's origin; but it cannot choose the Host that the browser sends.
type Hosts struct {
	names map[string]bool
	anyIP bool // IP addresses are safe: no page can make one its own name
}

// NewHosts returns the given hosts and those of this machine.
func NewHosts(names []string, anyIP bool) Hosts {
	h := Hosts{names: map[string]bool{"localhost": true}, anyIP: anyIP}
	for _, name := range names {
		h.names[hostName(name)] = true
	}
	return h
}

// hostName returns a host without its port, normalized for comparison.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// HostName returns the host that a request was sent to, without its port.
func HostName(c *fiber.Ctx) string { return hostName(string(c.Request().Header.Host())) }

// Has reports whether a request was sent to one of the hosts.
func (h Hosts) Has(host string) bool {
	name := hostName(host)
	if ip, err := netip.ParseAddr(name); err == nil && (h.anyIP || ip.Unmap().IsLoopback()) {
		return true
	}
	return h.names[name]
}

// RejectHost responds to a request for another host: to people with a page, to programs with a problem document.
func RejectHost(c *fiber.Ctx) error {
	host := string(c.Request().Header.Host())
	if strings.Contains(c.Get(fiber.HeaderAccept), "text/html") {
		name := Shorten(hostName(host))
		n := Page{
			Lang: oplog.LocaleEN, Title: "Unknown host",
			Text: "This server does not serve the host " + name + ". Use the address given by your administrator. Administrators can add a host with --host " + name + ".",
		}
		if AcceptedLocale(c.Get(fiber.HeaderAcceptLanguage)) == oplog.LocaleZH {
			n = Page{
				Lang: oplog.LocaleZH, Title: "无法通过此地址访问",
				Text: "此服务器未启用主机名 " + name + "。请使用管理员提供的地址。管理员可在启动时用 --host " + name + " 启用。",
			}
		}
		return n.Send(c, http.StatusMisdirectedRequest)
	}
	return fiber.NewError(http.StatusMisdirectedRequest,
		"This server does not serve the host "+Shorten(host)+"; start it with --host to add a host.")
}
