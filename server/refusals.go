package server

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oplog/identity"
	"oplog/identity/sources"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/trail"
)

// Refused attempts are recorded in the trail of the caller's tenant, those of unknown callers in that of the tenant in the URL, if it exists,
// and all others in the installation's. Equal ones are counted in one entry; see trail.Event. An expired session is no attempt: idle pages
// have one.

// The reasons that the trail records; the console has texts for them, and for those of earlier versions.
const (
	reasonUnknownKey      = "unknown key"
	reasonRevokedKey      = "revoked key"
	reasonNoPermission    = "no permission"
	reasonOtherTenant     = "another tenant"
	reasonCrossSite       = "cross-site request"
	reasonTooManyAttempts = "too many attempts"
	reasonWhileViewing    = "viewing as another"
)

// foreign is the error for something of another tenant: callers learn that it does not exist, the trail that they asked for it.
type foreign struct {
	error
	name string // as sent
}

func (f foreign) Unwrap() error { return f.error }

// foreignTenant returns the error for a tenant that is not the caller's, whether or not it exists.
func foreignTenant(id string) error {
	return foreign{oplog.Errorf(oplog.CodeNotFound, "There is no tenant %s.", id), id}
}

// recordRefusal records a request that its caller was not allowed to make; other errors are none. p is nil for an unknown caller.
func (s *Server) recordRefusal(c *fiber.Ctx, p *principal, err error) {
	v := trail.Event{User: trail.UnknownUser, Module: trail.RefusedModule, Operation: trail.RefusedOperation}
	var other foreign
	var told *oplog.Error
	reason := reasonNoPermission
	switch {
	case errors.Is(err, errCrossSite):
		reason = reasonCrossSite
	case p == nil || reasonOf(err) == reasonConfirm || viewHasEnded(err):
		return // see recordRefusedKey; what is asked for next is not refused
	case reasonOf(err) == reasonViewing:
		reason = reasonWhileViewing
	case errors.As(err, &other):
		reason, v.Object.ID = reasonOtherTenant, oplog.Clip(other.name, maxTriedName)
	case !errors.As(err, &told) || told.Code != oplog.CodeForbidden:
		return
	}
	if p != nil {
		v.User, v.Tenant = p.user(), p.who().Tenant+p.key.Tenant
		if v.Tenant == "" {
			v.Tenant = p.tenant.ID // of an owner's request
		}
	}
	v.Details = map[string]any{"reason": reason, "area": areaOf(c.Route().Path)}
	if p != nil && p.viewer != nil {
		v.Details["viewing_as"] = p.viewed()
	}
	s.addRefused(c, v)
}

// recordRefusedBy records what a handler refused. Those that anyone may call, to sign in, record it themselves.
func (s *Server) recordRefusedBy(r *route, in *call, err error) {
	if r.callers != anyone {
		s.recordRefusal(in.http, in.principal, err)
	}
}

const maxTriedName = 64 // characters kept of the name of a tenant or an account that a caller tried

// addRefused adds a refused attempt to the trail.
func (s *Server) addRefused(c *fiber.Ctx, v trail.Event) {
	v.Refused, v.Source = true, wire.Network(c.Context().RemoteIP())
	v.IP, v.UserAgent = c.Context().RemoteIP().String(), c.Get(fiber.HeaderUserAgent)
	s.trail.Add(v)
}

// existing returns the id of a tenant, or "" if there is none.
func (s *Server) existing(tenant string) string {
	if tenant == "" {
		return ""
	}
	if _, err := s.directory.Tenant(tenant); err != nil {
		return ""
	}
	return tenant
}

// refusalReasons are the reasons recorded in the trail when a known key is rejected.
var refusalReasons = map[string]string{
	identity.ReasonKeyExpired: "expired key", identity.ReasonKeyAddress: "address not allowed", "": reasonRevokedKey,
}

// recordRefusedKey records the use of a key that is unknown, was revoked, has expired, or was used from an address it is not allowed at.
func (s *Server) recordRefusedKey(c *fiber.Ctx, key identity.APIKey, err error) {
	var refused *oplog.Error
	if !errors.As(err, &refused) || refused.Code != oplog.CodeUnauthenticated && refused.Reason == "" {
		return // the key could not be read
	}
	if key.ID == "" {
		s.addRefused(c, trail.Event{
			Tenant: s.existing(c.Params("tenant")), User: trail.UnknownUser, Module: trail.RefusedModule, Operation: trail.RefusedOperation,
			Details: map[string]any{"reason": reasonUnknownKey, "area": areaOf(c.Route().Path)},
		})
		return
	}
	s.addRefused(c, trail.Event{
		Tenant: key.Tenant, User: (&principal{key: key}).user(), Module: "key", Operation: "use", Object: oplog.Ref{ID: key.ID, Name: key.Name},
		Details: map[string]any{"reason": refusalReasons[refused.Reason]},
	})
}

// recordFailed records a failed attempt in a session, or to start one. Unknown usernames are not recorded: they may be passwords in the wrong
// field.
func (s *Server) recordFailed(in *call, operation string, account identity.Account, why string) {
	v := trail.Event{
		Tenant: account.Tenant, User: oplog.User{ID: account.Username, Name: account.Username, Role: string(account.Role)},
		Module: "session", Operation: operation, Details: map[string]any{"reason": why},
	}
	if account.Username == "" {
		v.User = trail.UnknownUser
	}
	s.addRefused(in.http, v)
}

// recordNotAdmitted records an attempt to sign in that a source refused, or somebody of whom a source vouches and who may not use the log: name and groups
// tell those who look after it which rule is missing.
func (s *Server) recordNotAdmitted(in *call, account identity.Account, err error) {
	refusal, isRefusal := sources.AsRefusal(err)
	switch {
	case isRefusal:
		p := &refusal.Person
		name := p.Source + "/" + oplog.Clip(p.Username, maxTriedName)
		s.addRefused(in.http, trail.Event{
			User: oplog.User{ID: name, Name: cmp.Or(oplog.Clip(p.Name, oplog.MaxUserLength), name)}, Module: "session", Operation: "sign_in",
			Details: map[string]any{"reason": refusal.Why, "source": p.Source, "groups": someGroups(p.Groups)},
		})
	case oplog.CodeOf(err) == oplog.CodeUnauthenticated:
		s.recordFailed(in, "sign_in", account, reason(account))
	case oplog.CodeOf(err) == oplog.CodeUnavailable:
		s.addRefused(in.http, trail.Event{User: trail.UnknownUser, Module: "session", Operation: "sign_in", Details: map[string]any{
			"reason": sources.WhyUnavailable, "error": cmp.Or(sources.Why(err), err.Error()),
		}})
	}
}

// maxToldGroups is how many groups of somebody the trail has, and maxToldGroup how many bytes of each.
const (
	maxToldGroups = 20
	maxToldGroup  = 128
)

func someGroups(groups []string) []string {
	told := make([]string, 0, maxToldGroups)
	for _, group := range groups[:min(len(groups), maxToldGroups)] {
		told = append(told, oplog.Clip(group, maxToldGroup))
	}
	return told
}

// recordLock records in the trails of the accounts with a name that the name became locked, by the attempt that counted for buckets. All
// accounts are searched whether or not there is one, so that the time of the answer discloses no names.
func (s *Server) recordLock(in *call, username string, buckets []bucket) error {
	name := nameBucket(username)
	if !slices.Contains(buckets, name) || s.throttle.wait(name) <= 0 {
		return nil
	}
	accounts, err := s.identity.AccountsWhere(func(a *identity.Account) bool { return isNamed(a, username) })
	for _, a := range accounts {
		s.trail.Add(trail.Event{
			Tenant: a.Tenant, User: trail.UnknownUser, Module: "account", Operation: "lock", Object: oplog.Ref{ID: a.Username, Name: a.Name},
			IP: in.ip(), UserAgent: in.http.Get(fiber.HeaderUserAgent), Deduplicate: true, Source: a.Username,
		})
	}
	return err
}

// recordFailedLaunch records a rejected link in the trail.
func (s *Server) recordFailedLaunch(in *call, tenant string, err error) {
	s.recordFailed(in, "launch", identity.Account{Tenant: s.existing(tenant)}, err.Error())
}

// areas are the modules of the trail that routes belong to, by the first part of their path; those of the server are not listed.
var areas = map[string]string{
	"entries": "log", "summary": "log", "live": "log", "checkpoint": "log", "key": "log", "exports": "export", "views": "view", "access": "access",
	"retention": "retention", "holds": "retention", "backup": "backup", "archive": "archive", "keys": "key", "accounts": "account", "second-factor": "account", "tenants": "tenant", "removed-tenants": "tenant", "everything": "tenant",
	"catalog": "catalog", "organizations": "organization", "session": "session", "sessions": "session", "setup": "session", "launched": "session", "launch": "session", "identity": "account",
}

// areaOf returns the module of the trail that a route belongs to.
func areaOf(path string) string {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/api/v1"), "/")
	if of, inTenant := strings.CutPrefix(path, "tenants/:tenant/"); inTenant {
		path = of
	}
	first, rest, _ := strings.Cut(path, "/")
	if first == "system" && rest == "backups" {
		return "backup"
	}
	if first == "system" && rest == "archive" {
		return "archive"
	}
	if area := areas[first]; area != "" {
		return area
	}
	return "server"
}
