package ldap

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"

	"oplog/oplog"
)

// Timeout limits a question to a directory in all: connecting, signing in, searching.
const Timeout = 5 * time.Second

// Directory is a directory that is asked.
type Directory struct {
	config     Config
	servers    []*server
	base       *ldap.DN // of groups that count; nil for all
	marked     string   // the attribute that {username} is compared with, if the configuration says
	attributes []string // of people
	refusal    atomic.Int64
	timeout    time.Duration
	now        func() time.Time
	pause      func(context.Context, time.Duration)
}

// New returns a directory of a valid configuration. It asks nothing yet.
func New(c Config) *Directory {
	d := &Directory{config: c, timeout: Timeout, now: time.Now, pause: pause}
	for _, address := range c.URL {
		if u, err := url.Parse(address); err == nil {
			d.servers = append(d.servers, &server{url: u})
		}
	}
	if base, err := ldap.ParseDN(c.GroupBaseDN); err == nil && len(base.RDNs) > 0 {
		d.base = base
	}
	if m := regexp.MustCompile(`([A-Za-z0-9.;-]+)=\{username\}`).FindStringSubmatch(c.UserFilter + c.UserDN); m != nil {
		d.marked = m[1]
	}
	d.attributes = d.personAttributes()
	return d
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Looks reports whether people can be found without their password: by a search account, or by an anonymous search. Otherwise Find, FindSubject and
// FindSubjects return ErrCannotLook.
func (d *Directory) Looks() bool { return d.config.UserDN == "" || d.config.BindDN != "" }

// ErrCannotLook is the answer of a directory with user_dn alone to questions about people who are not there with their password.
var ErrCannotLook = oplog.Errorf(oplog.CodeForbidden, "The directory is asked only as the person who signs in; set bind_dn and bind_password_file so that others can be looked up.")

// Check asks the servers in order until one answers, signs in for searching and looks for base_dn. Its error says what to do.
func (d *Directory) Check(ctx context.Context) error { return problem(d.once(ctx, d.check)) }

// ServerState is what Servers finds of a server.
type ServerState struct {
	URL             string
	Err             error     // what to do; nil if the server can be asked
	CertificateEnds time.Time // zero without TLS, or if TLS could not begin
}

// Servers is Check of each server, in their order.
func (d *Directory) Servers(ctx context.Context) []ServerState {
	all := make([]ServerState, len(d.servers))
	var asking sync.WaitGroup
	for i, s := range d.servers {
		asking.Go(func() {
			one := d.of(s)
			all[i] = ServerState{URL: s.url.String(), Err: problem(one.once(ctx, one.check))}
			if ends := one.servers[0].certificateEnds.Load(); ends != 0 {
				all[i].CertificateEnds = time.Unix(ends, 0).UTC()
			}
		})
	}
	asking.Wait()
	return all
}

// of returns a directory of one server.
func (d *Directory) of(s *server) *Directory {
	c := d.config
	c.URL = []string{s.url.String()}
	one := New(c)
	one.timeout, one.now, one.pause = d.timeout, d.now, d.pause
	return one
}

// check signs in for searching, and looks for base_dn.
func (d *Directory) check(l *link) error {
	if !d.Looks() {
		_, err := l.search("", ldap.ScopeBaseObject, everything, []string{"supportedLDAPVersion"}, 1) // the server's own entry
		return err
	}
	if err := l.look(); err != nil {
		return err
	}
	return d.checkBase(l)
}

// checkBase tells a base_dn that is missing, or hidden from the search account, from one without the people that were looked for.
func (d *Directory) checkBase(l *link) error {
	base, err := l.entry(d.config.BaseDN, everything, []string{"1.1"})
	if err == nil && base == nil {
		err = fmt.Errorf("%s: base_dn %s is not there, or bind_dn may not see it", l.server.url, d.config.BaseDN)
	}
	return err
}

// problem makes the cause of an error its message, for those who look after the program.
func problem(err error) error {
	var e *explained
	if errors.As(err, &e) {
		return oplog.Errorf(e.told.Code, "%w", e.why)
	}
	return err
}

// everything is the filter that fits all entries.
const everything = "(objectClass=*)"

// personAttributes are the attributes of people that are asked for.
func (d *Directory) personAttributes() []string {
	names := []string{"entryUUID", "objectGUID", "sAMAccountName", "uid", "displayName", "cn"}
	names = append(names, statusAttributes...)
	for _, name := range []string{d.marked, d.config.UsernameAttribute, d.config.NameAttribute, d.config.GroupAttribute, d.config.OrganizationAttribute} {
		if isAttribute(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
