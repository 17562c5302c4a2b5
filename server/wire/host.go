package wire

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/oplog"
)

// Hosts are the names that the server answers to. A page of another site can
// make its own name lead to this machine (DNS rebinding), and would then be let
// in as the console is; it cannot choose the name that the browser sends.
type Hosts struct {
	names map[string]bool
	anyIP bool // an address is no name, and no page can make it its own
}

// NewHosts returns the hosts of these names and of this machine.
func NewHosts(names []string, anyIP bool) Hosts {
	h := Hosts{names: map[string]bool{"localhost": true}, anyIP: anyIP}
	for _, name := range names {
		h.names[hostName(name)] = true
	}
	return h
}

// hostName returns a host without its port, as names are compared.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Has tells whether a request was sent to one of the hosts.
func (h Hosts) Has(host string) bool {
	name := hostName(host)
	if ip, err := netip.ParseAddr(name); err == nil && (h.anyIP || ip.Unmap().IsLoopback()) {
		return true
	}
	return h.names[name]
}

// RefuseHost answers a request that was sent to another name: a person with a
// page, a program with a problem.
func RefuseHost(c *fiber.Ctx) error {
	host := string(c.Request().Header.Host())
	if strings.Contains(c.Get(fiber.HeaderAccept), "text/html") {
		name := Shorten(hostName(host))
		n := Notice{
			Lang: oplog.LocaleEN, Title: "Unknown host",
			Text: "This server does not serve the host " + name + ". Use the address given by your administrator. Administrators can add a host with --host " + name + ".",
		}
		if AcceptedLocale(c.Get(fiber.HeaderAcceptLanguage)) == oplog.LocaleZH {
			n = Notice{
				Lang: oplog.LocaleZH, Title: "无法通过此地址访问",
				Text: "此服务器未启用主机名 " + name + "。请使用管理员提供的地址。管理员可在启动时用 --host " + name + " 启用。",
			}
		}
		return n.Send(c, http.StatusMisdirectedRequest)
	}
	return fiber.NewError(http.StatusMisdirectedRequest,
		"This server does not serve the host "+Shorten(host)+"; start it with --host to add a host.")
}
