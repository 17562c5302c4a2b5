package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/go-ldap/ldap/v3"

	"oplog/identity"
	"oplog/oplog"
)

// brokenError is that of a server that cannot be asked now; the next one is.
type brokenError struct {
	server *server
	cause  error
}

func (e *brokenError) Error() string { return e.server.url.String() + " " + explain(e.cause) }

func (e *brokenError) Unwrap() error { return e.cause }

// answerError is what a server answers that does what it is asked to, but not to this directory's configuration.
type answerError struct {
	server *server
	doing  string
	cause  error
}

func (e *answerError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.server.url, e.doing, explain(e.cause))
}

func (e *answerError) Unwrap() error { return e.cause }

// handshakeError is that of a connection on which TLS cannot begin.
type handshakeError struct{ cause error }

func (e *handshakeError) Error() string { return "TLS: " + e.cause.Error() }

func (e *handshakeError) Unwrap() error { return e.cause }

// explained is an error in the words of the person, with what those who look after the log have to know besides.
type explained struct {
	told *oplog.Error
	why  error
}

func (e *explained) Error() string { return e.told.Message + " (" + e.why.Error() + ")" }

func (e *explained) Unwrap() []error { return []error{e.told, e.why} }

// Why returns what those who look after the log have to know of an error, and the person is not told; "" if there is nothing.
func Why(err error) string {
	var e *explained
	if !errors.As(err, &e) {
		return ""
	}
	return e.why.Error()
}

// unavailable is the error of a directory that does not answer.
func (d *Directory) unavailable(why error) error {
	return &explained{oplog.Refuse(oplog.CodeUnavailable, "source-unavailable", "{source} does not answer. Try again in a moment; accounts of this log can still sign in.", d.config.Title), why}
}

// misconfigured is the error of a directory that answers, but not as the configuration says.
func (d *Directory) misconfigured(why error) error {
	return &explained{
		oplog.Refuse(oplog.CodeUnavailable, "source-misconfigured", "Sign-in with {source} is not set up correctly. Tell an administrator, who finds the reason in the access log.", d.config.Title),
		why,
	}
}

// refused is identity.ErrNotThisPerson with the reason.
func refused(format string, args ...any) error {
	return &explained{identity.ErrNotThisPerson, fmt.Errorf(format, args...)}
}

// explain says what is wrong with a connection and what to do, to be read after the server's URL.
func explain(err error) string {
	var (
		name      x509.HostnameError
		unknown   x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
		dns       *net.DNSError
		handshake *handshakeError
		answered  *ldap.Error
	)
	inHandshake := errors.As(err, &handshake)
	switch {
	case errors.Is(err, errStartTLS) && errors.As(err, &answered):
		return "refuses StartTLS: " + answer(answered) + "; set up TLS there, or use ldaps://"
	case errors.As(err, &name):
		return fmt.Sprintf("has a certificate for %s, not for %s; write the name of the certificate in url, or have one made for this name", namesOf(name.Certificate), name.Host)
	case errors.As(err, &unknown):
		return "has a certificate of an authority that is not trusted here" + issuer(unknown.Cert) + "; name the file with the authority's certificate in ca_file"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("has a certificate that is valid from %s to %s; renew it, or set the clock of this machine", day(invalid.Cert.NotBefore), day(invalid.Cert.NotAfter))
	case errors.As(err, &noTLS):
		return "does not speak TLS on this port; use the port of ldaps://, or ldap:// with start_tls = true"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "has a name that is not known to DNS"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "does not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses the connection"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		if inHandshake {
			return "breaks the connection off when TLS begins; is this its port for ldaps://?"
		}
		return "breaks the connection off"
	case errors.As(err, &answered) && answered.ResultCode < ldap.ErrorNetwork:
		return answer(answered)
	}
	return err.Error()
}

// answer words a result of LDAP.
func answer(e *ldap.Error) string {
	said := strings.TrimSpace(e.Err.Error())
	switch e.ResultCode {
	case ldap.LDAPResultReferral:
		return fmt.Sprintf("refers to %s, which is not asked; name that server in url, or an entry that this one has in base_dn", strings.Join(referrals(e), ", "))
	case ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultStrongAuthRequired:
		return "takes no password without TLS; use ldaps:// or start_tls = true"
	case ldap.LDAPResultSizeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return "gives fewer entries than there are; raise its limit for bind_dn"
	}
	text := fmt.Sprintf("answers %d %s", e.ResultCode, ldap.LDAPResultCodeMap[e.ResultCode])
	if said != "" {
		text += ": " + oplog.Shorten(said)
	}
	return text
}

// referrals returns where a result refers to.
func referrals(e *ldap.Error) (urls []string) {
	if e.Packet == nil || len(e.Packet.Children) < 2 {
		return nil
	}
	for _, part := range e.Packet.Children[1].Children {
		for _, child := range part.Children {
			if url, ok := child.Value.(string); ok && len(urls) < 3 {
				urls = append(urls, oplog.Shorten(url))
			}
		}
	}
	return urls
}

// namesOf lists the names that a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "no name (its subject alternative names are empty)"
	case len(names) > 5:
		names = append(names[:5], "…")
	}
	return strings.Join(names, ", ")
}

func issuer(c *x509.Certificate) string {
	if c == nil || c.Issuer.String() == "" {
		return ""
	}
	return " (" + oplog.Shorten(c.Issuer.String()) + ")"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
