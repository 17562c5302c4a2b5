package wire

import (
	"bytes"
	"net"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// CheckFraming rejects requests that fasthttp accepts but a proxy in front of it could understand in another way: such requests smuggle
// others past it (RFC 9112, 11.2). The connection is closed, since nobody can tell where the next request starts.
func CheckFraming(c *fiber.Ctx) error {
	request := c.Request()
	reason := misframed(request.Header.RawHeaders())
	switch version := string(request.Header.Protocol()); {
	case reason != "":
	case endsWithLF(c.Context().Conn()):
		reason = "its first line ends with LF instead of CRLF"
	case version != "HTTP/1.1" && version != "HTTP/1.0":
		reason = "this version of HTTP is not supported"
	case !bytes.EqualFold(request.URI().Host(), request.Header.Host()):
		reason = "the URL and the Host header name different hosts"
	default:
		return nil
	}
	c.Context().SetConnectionClose()
	Linger(c.Context().Conn())
	return fiber.NewError(http.StatusBadRequest, "Invalid HTTP request: "+reason+".")
}

// endsWithLF reports whether a request line of a connection of CheckRequestLines ends with LF.
func endsWithLF(c net.Conn) bool {
	lines, ok := c.(interface{ endsWithLF() bool })
	return ok && lines.endsWithLF()
}

var (
	contentLength    = []byte("content-length")
	transferEncoding = []byte("transfer-encoding")
	chunked          = []byte("chunked")
)

// misframed returns the error in a block of headers, "" if there is none. fasthttp has already rejected repeated and malformed ones.
func misframed(headers []byte) string {
	var hasLength, hasEncoding bool
	for len(headers) > 0 {
		end := bytes.IndexByte(headers, '\n')
		if end < 1 || headers[end-1] != '\r' {
			return "a header ends with LF instead of CRLF"
		}
		line := headers[:end-1]
		headers = headers[end+1:]
		if len(line) == 0 {
			continue
		}
		switch line[0] {
		case ' ', '\t':
			return "a header extends over several lines"
		case 'c', 'C', 't', 'T':
			name, value, _ := bytes.Cut(line, []byte(":"))
			switch {
			case bytes.EqualFold(name, contentLength):
				hasLength = true
			case bytes.EqualFold(name, transferEncoding):
				hasEncoding = true
				if !bytes.EqualFold(bytes.TrimSpace(value), chunked) {
					return "Transfer-Encoding must be chunked"
				}
			}
		}
	}
	if hasLength && hasEncoding {
		return "it has both Content-Length and Transfer-Encoding"
	}
	return ""
}
