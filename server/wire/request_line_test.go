package wire

import (
	"crypto/tls"
	"net"
	"testing"
)

// A request line is seen wherever it starts and however it arrives.
func TestRequestLines(t *testing.T) {
	f := func(sent string, want bool) {
		t.Helper()
		for cut := range len(sent) + 1 {
			for _, step := range []int{1, 3, len(sent)} {
				var l requestLines
				l.see([]byte(sent[:cut]))
				for rest := sent[cut:]; rest != ""; rest = rest[min(step, len(rest)):] {
					l.see([]byte(rest[:min(step, len(rest))]))
				}
				if l.bare.Load() != want {
					t.Errorf("%q, cut at %d, then every %d: %v, want %v", sent, cut, step, !want, want)
				}
			}
		}
	}
	const host = "Host: localhost\r\n\r\n"
	f("GET / HTTP/1.1\r\n"+host, false)
	f("GET / HTTP/1.1\n"+host, true)
	f("GET / HTTP/1.0\n"+host, true)
	f("GET / HTTP/1.1\r\n"+host+"GET / HTTP/1.1\n"+host, true)
	f("GET / HTTP/1.1\r\nUser-Agent: HTTP/1.1\r\nContent-Length: 30\r\n"+host+"{\"content\":{\"name\":\"HTTP/1.1\"}}\n", false)
}

// fasthttp must still recognize connections over TLS.
func TestRequestLinesOverTLS(t *testing.T) {
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	over := &tlsLines{Conn: tls.Server(server, &tls.Config{MinVersion: tls.VersionTLS13})}
	if _, ok := any(over).(interface {
		Handshake() error
		ConnectionState() tls.ConnectionState
	}); !ok {
		t.Error("it is no connection over TLS")
	}
	if over.NetConn() != server {
		t.Error("the connection below is another")
	}
}
