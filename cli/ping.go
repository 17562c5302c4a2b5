package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// pingCommand has the flags of serve, so that it finds the server with the same flags, environment or configuration.
type pingCommand struct {
	serveFlags
	URL     string        `name:"url" placeholder:"URL" help:"URL of the server; by default where oplog serve listens with the same flags."`
	Ready   bool          `help:"Also check that the store can be written and that the index is up to date."`
	Timeout time.Duration `default:"5s" placeholder:"DURATION" help:"How long to wait for the response (${default})."`
}

// Run asks the server for its health. Without --ready every response of the server means that its process is up.
func (c *pingCommand) Run(ctx context.Context, m *Program) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	url, err := c.where()
	if err != nil {
		return err
	}
	path, healthy := "/healthz", "ok\n"
	if c.Ready {
		path, healthy = "/readyz", "ready\n"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
	if err != nil {
		return fmt.Errorf("--url %s is not the URL of a server: %w", url, err)
	}
	transport := &http.Transport{}
	if c.URL == "" {
		// It is this machine's own server under an address that its certificate does not have, and nothing secret is sent.
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	answer, err := (&http.Client{Transport: transport, CheckRedirect: asIs}).Do(request)
	if err != nil {
		return fmt.Errorf("the server does not respond: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("the server does not respond: %w", err)
	}
	switch isRefused := answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden; {
	case answer.StatusCode == http.StatusOK && string(text) == healthy:
		_, err = m.Stdout.Write(text)
		return err
	case answer.StatusCode == http.StatusOK:
		return fmt.Errorf("%s is a page, not the health of an oplog server; specify the URL where its console is", url+path)
	case isRefused && c.Ready:
		return errors.New("the server tells only this machine whether it is ready, or at its --metrics-listen address; specify that address")
	case isRefused:
		_, err = fmt.Fprintln(m.Stdout, "ok")
		return err
	}
	return fmt.Errorf("the server responded %s: %s", answer.Status, strings.TrimSpace(string(text)))
}

// asIs keeps a client from following redirects.
func asIs(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// where returns the URL of the server, on this machine if it listens on all addresses.
func (c *pingCommand) where() (string, error) {
	if c.URL != "" {
		return strings.TrimRight(c.URL, "/"), nil
	}
	scheme, address, base := "http", c.Listen, c.BasePath
	switch {
	case c.Metrics.Listen != "":
		address, base = c.Metrics.Listen, ""
	case c.TLS.Cert != "":
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", fmt.Errorf("the port of %s is chosen when the server starts; specify the server's --url", address)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return scheme + "://" + net.JoinHostPort(host, port) + base, nil
}
