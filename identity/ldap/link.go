package ldap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// link is a connection to a server.
type link struct {
	ctx       context.Context //nolint:containedctx // of the question that it is open for
	directory *Directory
	server    *server
	raw       *boundedConn
	conn      *ldap.Conn
	until     time.Time // when all must have been answered; zero if only each question is limited
	stop      func() bool
	looking   bool // it may search: as the search account, or as nobody
}

func (l *link) close() {
	l.stop()
	_ = l.raw.SetDeadline(time.Now().Add(time.Second)) // closing writes
	_ = l.conn.Close()                                 // nothing is lost with it
}

// question limits what is done until the returned function is called.
func (l *link) question() (end func()) {
	l.raw.left.Store(maxAnswer)
	limit := time.Now().Add(l.directory.timeout)
	if !l.until.IsZero() && l.until.Before(limit) {
		limit = l.until
	}
	_ = l.raw.SetDeadline(limit) // fails only if it is closed, which the question finds
	if l.ctx.Err() != nil {
		_ = l.raw.SetDeadline(past)
	}
	return func() {
		if l.until.IsZero() {
			_ = l.raw.SetDeadline(time.Time{})
		}
	}
}

// fail tells whether an error is the server's, so that another one may answer, or an answer.
func (l *link) fail(doing string, err error) error {
	if ended := l.raw.ended.Load(); ended != nil && !isAnswer(err) {
		err = *ended
	}
	if !errors.Is(err, errTooLarge) && (!isAnswer(err) || ldap.IsErrorAnyOf(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable)) {
		return &brokenError{l.server, err}
	}
	return &answerError{l.server, doing, err}
}

// isAnswer reports whether an error is a result that a server sent.
func isAnswer(err error) bool {
	var e *ldap.Error
	return errors.As(err, &e) && e.ResultCode < ldap.ErrorNetwork
}

// bind signs in with a password. Why is not "" if the directory refuses the name or the password.
func (l *link) bind(dn, password string) (why string, err error) {
	if dn == "" || password == "" { // a server takes either for nobody, and answers that all is well (RFC 4513, 5.1)
		return "needs a name and a password", nil
	}
	l.looking = false
	defer l.question()()
	_, err = l.conn.SimpleBind(ldap.NewSimpleBindRequest(dn, password, nil))
	switch {
	case err == nil:
		return "", nil
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultUnwillingToPerform,
		ldap.LDAPResultConstraintViolation, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax):
		return explain(err), nil
	}
	return "", l.fail("sign in", err)
}

// look signs in for searching, if it is not yet.
func (l *link) look() error {
	c := &l.directory.config
	if l.looking {
		return nil
	}
	if c.BindDN == "" {
		defer l.question()()
		if err := l.conn.UnauthenticatedBind(""); err != nil { // anonymous
			return l.fail("search without an account; set bind_dn if it may not", err)
		}
		l.looking = true
		return nil
	}
	password, err := readPassword(c.BindPasswordFile)
	if err != nil {
		return err
	}
	why, err := l.bind(c.BindDN, password)
	if err != nil {
		return err
	}
	if why != "" {
		return fmt.Errorf("%s: bind_dn %s or the password in bind_password_file is wrong: %s", l.server.url, c.BindDN, why)
	}
	l.looking = true
	return nil
}

// readPassword returns the first line of a file.
func readPassword(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read bind_password_file: %w", err)
	}
	password, _, _ := strings.Cut(string(text), "\n")
	if password = strings.TrimSuffix(password, "\r"); password == "" {
		return "", fmt.Errorf("bind_password_file %s is empty; write the password of bind_dn to it", file)
	}
	return password, nil
}

// found is what a search finds.
type found struct {
	entries   []*ldap.Entry
	referrals []string // elsewhere, where nobody is asked
	more      bool     // than the search was to find
}

// pageSize is how many entries are asked for at a time.
const pageSize = 500

// search returns at most so many entries.
func (l *link) search(base string, scope int, filter string, attributes []string, most int) (found, error) {
	var all found
	request := ldap.NewSearchRequest(base, scope, ldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil)
	var paging *ldap.ControlPaging
	if most < pageSize {
		request.SizeLimit = most + 1
	} else {
		paging = ldap.NewControlPaging(pageSize)
		request.Controls = []ldap.Control{paging}
	}
	for pages := 0; ; pages++ {
		result, err := l.page(request)
		if result != nil {
			all.entries = append(all.entries, result.Entries...)
			all.referrals = append(all.referrals, result.Referrals...)
		}
		if len(all.entries) > most {
			all.entries, all.more = all.entries[:most], true
			return all, nil
		}
		if err != nil {
			return all, l.fail("search "+base, err)
		}
		next, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if paging == nil || !ok || len(next.Cookie) == 0 {
			return all, nil
		}
		if pages > 2+most/pageSize {
			return all, l.fail("search "+base, errors.New("sends pages without end"))
		}
		paging.SetCookie(next.Cookie)
	}
}

func (l *link) page(request *ldap.SearchRequest) (*ldap.SearchResult, error) {
	defer l.question()()
	return l.conn.Search(request)
}

// entry returns an entry by its DN, if a filter fits it; nil if there is none.
func (l *link) entry(dn, filter string, attributes []string) (*ldap.Entry, error) {
	all, err := l.search(dn, ldap.ScopeBaseObject, filter, attributes, 1)
	switch {
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax):
		return nil, nil
	case err != nil:
		return nil, err
	case len(all.entries) == 0:
		return nil, nil
	}
	return all.entries[0], nil
}
