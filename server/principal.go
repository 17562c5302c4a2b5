package server

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/directory"
	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/views"
)

// access is a set of kinds of callers.
type access uint16

// The kinds of callers: people by role, programs by the scope of their key. An admin restricted to an organization is a separate kind,
// since such an admin must not change the tree.
const (
	byOwner access = 1 << iota
	byAdmin
	byScopedAdmin
	byAuditor
	byMember
	byWriteKey
	byReadKey
	byLaunchKey
	byDirectoryKey
	byMetricsKey
	byBackupKey

	anyone access = 0 // signed in or not
)

// What a route wants of people besides; see confirm.go and view_as.go.
const (
	confirmed    access = 1 << (iota + 11) // they have just proved again who they are: it cannot be undone
	confirmedIf                            // that, if the handler says so
	evenViewing                            // nothing: it is for those who view the log as another person, too, although it changes something
	neverViewing                           // that they do not view the log as another person, although it changes nothing
)

// principal is the authenticated caller of a request: an account or a key.
type principal struct {
	account identity.Account // of a person; zero for a program
	key     identity.APIKey  // of a program; zero for a person
	token   string           // of the session in a person's cookie
	kind    access
	locale  string       // for names in responses
	tenant  oplog.Tenant // the tenant in the request's URL, if any
	pending bool         // the sign-in waits for the second factor

	viewer    *identity.Account // who sees the log as account does; nil if that is the person of the session
	viewEnded string            // whose view the session has, which has ended

	confirmed      bool // the person has just proved again who it is
	confirmedUntil time.Time
}

// scope is the organization that the caller is restricted to, with its descendants; "" for the whole tenant.
func (p *principal) scope() string { return p.account.Organization + p.key.Organization }

const sessionCookie = "oplog_session"

// cookieName returns the name of a cookie. Over HTTPS it has a prefix with which browsers accept it only from this server over HTTPS, so
// that neither another host of the same domain nor an attacker in the network can set it (RFC 6265bis, 4.1.3).
func (s *Server) cookieName(c *fiber.Ctx, name string) string {
	switch {
	case !wire.IsHTTPS(c):
		return name
	case s.basePath != "":
		return "__Secure-" + name // __Host- requires the path /
	default:
		return "__Host-" + name
	}
}

// authorize authenticates the caller of a request and checks its permissions. It is the only place that decides: handlers get the scope and
// check nothing further. With an error it returns the caller if it is known.
func (s *Server) authorize(c *fiber.Ctx, r *route) (*principal, error) {
	if isAPI(r.path) && !comesBack(c, r) {
		if err := checkSite(c); err != nil {
			return nil, err
		}
	}
	if r.callers == anyone {
		return &principal{token: c.Cookies(s.cookieName(c, sessionCookie))}, nil
	}
	p, err := s.authenticate(c, c.Get(fiber.HeaderAuthorization))
	if identity.IsPending(err) && beforeSecondFactor[r.id] {
		p.pending = true
		return p, nil
	}
	if viewHasEnded(err) && (r.id == "getSession" || r.callers&evenViewing != 0) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	wire.MarkAuthenticated(c)
	if strings.Contains(r.path, "{tenant}") {
		if err := s.enterTenant(p, c.Params("tenant")); err != nil {
			return p, err
		}
	}
	if err := p.mayWhileViewing(r); err != nil {
		return p, err
	}
	if r.callers&p.kind == 0 {
		return p, p.refusal(r)
	}
	if p.account.MustChange && !beforePassword[r.id] {
		return p, passwordDue()
	}
	if r.callers&confirmed != 0 {
		return p, p.hasConfirmed()
	}
	return p, nil
}

// beforePassword are the operations of an account whose password must be changed first.
var beforePassword = map[string]bool{"getSession": true, "changeSession": true, "signOut": true}

// beforeSecondFactor are the operations of a session whose second factor is still missing. To all others it is no session.
var beforeSecondFactor = map[string]bool{
	"getSession": true, "signOut": true, "finishSignIn": true, "getSecondFactor": true, "beginTOTP": true, "confirmTOTP": true,
	"beginPasskey": true, "addPasskey": true, "beginAssertion": true,
}

// passwordDue returns the error for all others.
func passwordDue() error {
	return oplog.Refuse(oplog.CodeForbidden, "must-change", "Change the password before anything else: PATCH /api/v1/session with password and old_password.")
}

// authenticate returns the caller of a request, by its key or its cookie; with an error if the sign-in waits for the second factor.
func (s *Server) authenticate(c *fiber.Ctx, authorization string) (*principal, error) {
	if authorization != "" {
		scheme, text, _ := strings.Cut(authorization, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return nil, oplog.Errorf(oplog.CodeUnauthenticated, "The Authorization header must have the form: Bearer KEY.")
		}
		address, _ := netip.AddrFromSlice(c.Context().RemoteIP())
		key, err := s.identity.Key(strings.TrimSpace(text), address)
		if err != nil {
			s.recordRefusedKey(c, key, err)
			return nil, err
		}
		return program(key, wire.AcceptedLocale(c.Get(fiber.HeaderAcceptLanguage))), nil
	}
	token := c.Cookies(s.cookieName(c, sessionCookie))
	if token == "" {
		return nil, oplog.Errorf(oplog.CodeUnauthenticated, "Sign in, or send a key as Authorization: Bearer KEY.")
	}
	return s.callerOf(token, true)
}

// program returns the principal of a key.
func program(key identity.APIKey, locale string) *principal {
	p := &principal{key: key, locale: locale}
	for _, k := range kindsOfKeys {
		if k.scope == key.Scope {
			p.kind = k.kind
		}
	}
	return p
}

// kindsOfKeys are the kinds of programs by the scope of their keys.
var kindsOfKeys = []struct {
	kind  access
	scope identity.KeyScope
}{
	{byWriteKey, identity.ScopeWrite}, {byReadKey, identity.ScopeRead}, {byLaunchKey, identity.ScopeLaunch},
	{byDirectoryKey, identity.ScopeDirectory}, {byMetricsKey, identity.ScopeMetrics}, {byBackupKey, identity.ScopeBackup},
}

// person returns the principal of a signed-in account.
func person(account identity.Account, token string) *principal {
	p := &principal{account: account, token: token, locale: cmp.Or(account.Locale, oplog.LocaleEN)}
	switch account.Role {
	case identity.RoleOwner:
		p.kind = byOwner
	case identity.RoleAdmin:
		if p.kind = byAdmin; account.Organization != "" {
			p.kind = byScopedAdmin
		}
	case identity.RoleAuditor:
		p.kind = byAuditor
	default:
		p.kind = byMember
	}
	return p
}

// callerNow looks up the caller again: while a body arrives or a password is hashed, a session may end, an account change or a key be
// revoked. It returns an error if the caller may no longer do what was authorized.
func (s *Server) callerNow(p *principal) (*principal, error) {
	if p.key.Hash != "" {
		_, err := s.identity.KeyByHash(p.key.Hash)
		return p, err
	}
	now, err := s.callerOf(p.token, false)
	if p.pending && identity.IsPending(err) || viewHasEnded(err) && p.viewEnded == now.viewEnded {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	account := &now.account
	if now.account.MustChange && !p.account.MustChange {
		return nil, passwordDue()
	}
	if now.kind != p.kind || now.viewed() != p.viewed() || account.Tenant != p.account.Tenant || account.Organization != p.account.Organization {
		return nil, oplog.Errorf(oplog.CodeForbidden, noAccess)
	}
	return now, nil
}

// stillMay returns callerNow as a check for changes that wait for locks or counts.
func (s *Server) stillMay(in *call) directory.May {
	return func() error {
		_, err := s.callerNow(in.principal)
		return err
	}
}

// authorizeMonitoring permits requests at the address for monitoring, those from this machine that no proxy forwarded, and callers with a
// key.
func (s *Server) authorizeMonitoring(c *fiber.Ctx) error {
	if err := checkSite(c); err != nil {
		s.recordRefusal(c, nil, err)
		return err
	}
	if c.Locals(monitoringKey) != nil || c.Context().RemoteIP().IsLoopback() && !wire.IsForwarded(c.Context()) {
		return nil
	}
	authorization := c.Get(fiber.HeaderAuthorization)
	if authorization == "" {
		return oplog.Errorf(oplog.CodeUnauthenticated, "Requests from other machines require a key: Authorization: Bearer KEY.")
	}
	_, err := s.authenticate(c, authorization)
	return err
}

// enterTenant sets the tenant of a request. To callers of other tenants it responds as if the tenant did not exist; members learn nothing
// at all.
func (s *Server) enterTenant(p *principal, id string) error {
	if p.kind == byMember {
		return oplog.Errorf(oplog.CodeForbidden, noAccess)
	}
	if own := p.account.Tenant + p.key.Tenant; p.kind != byOwner && own != id {
		return foreignTenant(id)
	}
	t, err := s.directory.Tenant(id)
	p.tenant = t
	return err
}

// administeredTenant returns the tenant whose accounts a caller administers; all ("") for an owner, who may name one. To an admin, other tenants do not
// exist.
func (p *principal) administeredTenant(named string) (string, error) {
	own := p.account.Tenant
	if p.kind == byOwner || named == own {
		return named, nil
	}
	if named != "" {
		return "", foreignTenant(named)
	}
	return own, nil
}

// administers reports whether an account is among those that the caller administers.
func (p *principal) administers(a identity.Account) bool {
	return p.kind == byOwner || a.Role != identity.RoleOwner && a.Tenant == p.account.Tenant
}

// mayAdminister returns an error if an account would have more rights than the caller can grant.
func (p *principal) mayAdminister(a identity.Account) error {
	if p.administers(a) {
		return nil
	}
	if a.Role == identity.RoleOwner {
		return oplog.Refuse(oplog.CodeForbidden, "owner-only", "Only an owner can create an owner.")
	}
	return foreignTenant(a.Tenant)
}

// mayShare returns an error unless the caller may share views: only admins of the whole tenant may.
func (p *principal) mayShare(shared bool) error {
	if shared && p.kind&admins == 0 {
		return oplog.Refuse(oplog.CodeForbidden, "sharing-whole-tenant-only", "Only an admin of the whole tenant can share a view.")
	}
	return nil
}

// mayChangeView returns an error unless the caller owns a view, or is an admin of the whole tenant and the view is shared.
func (p *principal) mayChangeView(v views.View) error {
	if v.Owns(p.account) || v.Shared && p.kind&admins != 0 {
		return nil
	}
	return oplog.Refuse(oplog.CodeForbidden, "view-of-another", "This view is shared by {user}; save your own copy to change it.", v.MadeBy)
}

const noAccess = "This account has no access."

// refusal returns the error for a caller without permission. People learn no more, so that nothing is disclosed; a program's author needs
// to know the required scope.
func (p *principal) refusal(r *route) error {
	if p.kind&keys == 0 {
		return oplog.Errorf(oplog.CodeForbidden, noAccess)
	}
	var scopes []string
	for _, k := range kindsOfKeys {
		if r.callers&k.kind != 0 {
			scopes = append(scopes, string(k.scope))
		}
	}
	if len(scopes) == 0 {
		return oplog.Errorf(oplog.CodeForbidden, "This operation is not available with API keys; sign in.")
	}
	return oplog.Errorf(oplog.CodeForbidden, "This operation requires a key of scope %s; this one has scope %s.", strings.Join(scopes, " or "), p.key.Scope)
}

// checkSite returns an error if a page of another site sent the request. Such pages have no keys.
func checkSite(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderAuthorization) == "" && !sameOrigin(c) {
		return errCrossSite
	}
	return nil
}

var errCrossSite = oplog.Errorf(oplog.CodeForbidden, "Cross-site requests are not allowed.")

func changes(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// sameOrigin reports whether a browser's request came from the console itself. Requests without either header were not sent by a current
// browser.
func sameOrigin(c *fiber.Ctx) bool {
	if site := c.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, string(c.Request().Header.Host()))
}
