package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ambiguousRequests are requests that two programs could interpret differently, by the reason.
func ambiguousRequests(key string) map[string]string {
	const host = "Host: localhost\r\n"
	post := func(headers string) string {
		return "POST " + entriesPath + " HTTP/1.1\r\n" + host + key + "Content-Type: application/json\r\n" + headers + "\r\n0\r\n\r\n"
	}
	return map[string]string{
		"length and chunks":            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
		"chunks and length":            post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
		"chunked twice":                post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
		"chunked twice in one":         post("Transfer-Encoding: chunked, chunked\r\n"),
		"chunked and identity":         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
		"identity":                     post("Transfer-Encoding: identity\r\n"),
		"gzip and chunked":             post("Transfer-Encoding: gzip, chunked\r\n"),
		"unknown coding":               post("Transfer-Encoding: xchunked\r\n"),
		"chunked in HTTP/1.0":          strings.Replace(post("Transfer-Encoding: chunked\r\n"), "HTTP/1.1", "HTTP/1.0", 1),
		"two lengths":                  post("Content-Length: 5\r\nContent-Length: 6\r\n"),
		"two lengths in one":           post("Content-Length: 5, 6\r\n"),
		"signed length":                post("Content-Length: +5\r\n"),
		"negative length":              post("Content-Length: -5\r\n"),
		"hexadecimal length":           post("Content-Length: 0x5\r\n"),
		"empty length":                 post("Content-Length:\r\n"),
		"chunk size with sign":         post("Transfer-Encoding: chunked\r\n")[:len(post("Transfer-Encoding: chunked\r\n"))-5] + "+0\r\n\r\n",
		"two hosts":                    "GET /healthz HTTP/1.1\r\n" + host + "Host: elsewhere.test\r\n\r\n",
		"the same host twice":          "GET /healthz HTTP/1.1\r\n" + host + host + "\r\n",
		"no host":                      "GET /healthz HTTP/1.1\r\n\r\n",
		"a host that is a list":        "GET /healthz HTTP/1.1\r\nHost: localhost, elsewhere.test\r\n\r\n",
		"space before the colon":       "GET /healthz HTTP/1.1\r\n" + host + "X-Name : value\r\n\r\n",
		"space before Length's colon":  post("Content-Length : 5\r\n"),
		"tab before the colon":         "GET /healthz HTTP/1.1\r\n" + host + "X-Name\t: value\r\n\r\n",
		"folded line":                  "GET /healthz HTTP/1.1\r\n" + host + "X-Name: value\r\n more\r\n\r\n",
		"space before the first name":  "GET /healthz HTTP/1.1\r\n " + host + "\r\n",
		"line without colon":           "GET /healthz HTTP/1.1\r\n" + host + "X-Name\r\n\r\n",
		"empty name":                   "GET /healthz HTTP/1.1\r\n" + host + ": value\r\n\r\n",
		"NUL in a value":               "GET /healthz HTTP/1.1\r\n" + host + "X-Name: a\x00b\r\n\r\n",
		"NUL in a name":                "GET /healthz HTTP/1.1\r\n" + host + "X-N\x00me: value\r\n\r\n",
		"CR in a value":                "GET /healthz HTTP/1.1\r\n" + host + "X-Name: a\rTransfer-Encoding: chunked\r\n\r\n",
		"LF between headers":           "GET /healthz HTTP/1.1\r\nHost: localhost\nX-Name: value\r\n\r\n",
		"LF after the first line":      "GET /healthz HTTP/1.1\n" + host + "\r\n",
		"LF after the first in 1.0":    "GET /healthz HTTP/1.0\n" + host + "\r\n",
		"NUL in the URL":               "GET /health\x00z HTTP/1.1\r\n" + host + "\r\n",
		"CR in the URL":                "GET /health\rz HTTP/1.1\r\n" + host + "\r\n",
		"space in the URL":             "GET /health z HTTP/1.1\r\n" + host + "\r\n",
		"no version":                   "GET /healthz\r\n" + host + "\r\n",
		"HTTP/0.9":                     "GET /healthz HTTP/0.9\r\n" + host + "\r\n",
		"HTTP/2.0":                     "GET /healthz HTTP/2.0\r\n" + host + "\r\n",
		"another host in the URL":      "GET http://elsewhere.test/healthz HTTP/1.1\r\n" + host + "\r\n",
		"control character in a name":  "GET /healthz HTTP/1.1\r\n" + host + "X\x01: value\r\n\r\n",
		"control character in a value": "GET /healthz HTTP/1.1\r\n" + host + "X: \x01\r\n\r\n",
		"method with a sign":           "GE(T /healthz HTTP/1.1\r\n" + host + "\r\n",
	}
}

// TestStrictHTTP: a request that a proxy and the server could interpret differently is rejected and the connection closed, so that a
// request smuggled inside it is not processed.
func TestStrictHTTP(t *testing.T) {
	f := newServer(t)
	address := strings.TrimPrefix(f.listen(), "http://")
	const more = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for name, request := range ambiguousRequests("Authorization: " + f.sent["write"]["Authorization"] + "\r\n") {
		c, err := net.Dial("tcp", address)
		f.noError(err)
		f.noError(c.SetDeadline(time.Now().Add(15 * time.Second)))
		_, err = io.WriteString(c, request+more)
		f.noError(err)
		answers := bufio.NewReader(c)
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest || !answer.Close {
			t.Errorf("%s: %d, closed %v: %s", name, answer.StatusCode, answer.Close, body)
			_ = c.Close()
			continue
		}
		if rest, _ := io.ReadAll(answers); len(rest) > 0 {
			t.Errorf("%s: it goes on with %q", name, rest)
		}
		_ = c.Close()
	}
}
