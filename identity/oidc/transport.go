package oidc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// maxCAFile bounds a file of certificates.
const maxCAFile = 1 << 20

var errTooLong = fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)

// client returns the client for a provider's addresses. It is made again with each discovery, so that a replaced ca_file takes effect.
func (c *Config) client(timeout time.Duration) (*http.Client, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: 4,
	}
	return &http.Client{
		Transport: &bounded{transport, c.plain()}, Timeout: timeout,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			return fmt.Errorf("it redirects to %s, which is not followed; specify its final address as the issuer", r.URL.Redacted())
		},
	}, nil
}

// roots returns the authorities of ca_file; nil for those that the machine trusts.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	text, err := readFile(c.CAFile, maxCAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s contains no certificate in PEM", c.CAFile)
	}
	return roots, nil
}

// readFile reads a file of at most so many bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the configuration names the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("%s is larger than %d KiB", path, most>>10)
	}
	return content, err
}

// bounded sends requests over TLS alone, and limits their answers.
type bounded struct {
	next  http.RoundTripper
	plain bool // HTTP without TLS is for a provider on this machine
}

func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if why := unsafe(r.URL, b.plain); why != "" {
		return nil, fmt.Errorf("%s %s", r.URL.Redacted(), why)
	}
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = &limitedBody{answer.Body, maxAnswer}
	}
	return answer, err
}

// limitedBody fails once more than so many bytes were read.
type limitedBody struct {
	io.ReadCloser
	left int64
}

func (l *limitedBody) Read(b []byte) (int, error) {
	n, err := l.ReadCloser.Read(b[:min(int64(len(b)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// plain reports whether the provider is on this machine and has no TLS.
func (c *Config) plain() bool {
	issuer, err := url.Parse(c.Issuer)
	return err == nil && issuer.Scheme == "http" && isLoopback(issuer.Hostname())
}

// unsafe returns why an address of a provider is not used, or "".
func unsafe(address *url.URL, plain bool) string {
	switch {
	case address.Host == "":
		return "is not an address that begins with https://"
	case address.Scheme == "https", address.Scheme == "http" && plain && isLoopback(address.Hostname()):
		return ""
	}
	return "does not begin with https://, which is required unless the provider runs on this machine"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// isCertificateError reports whether a connection failed because of the provider's certificate, and not because it does not answer.
func isCertificateError(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError)) ||
		errors.As(err, new(x509.CertificateInvalidError))
}
