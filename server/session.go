package server

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/identity"
	"oplog/identity/sources"
	"oplog/oplog"
	"oplog/server/wire"
)

// sessionBody describes the signed-in user.
type sessionBody struct {
	Username     string          `json:"username" doc:"Username."`
	Name         string          `json:"name,omitempty" doc:"Name of a user authenticated by the host system."`
	Role         identity.Role   `json:"role" enum:"owner,admin,auditor,member" doc:"The account's role."`
	Locale       string          `json:"locale" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
	Tenants      []sessionTenant `json:"tenants" doc:"Tenants whose logs the account can read, by id; none for a member."`
	Organization string          `json:"organization,omitempty" doc:"Restricts the account to this organization and those below it."`
	MustChange   bool            `json:"must_change,omitempty" doc:"Whether the password must be changed before anything else."`
	Launched     bool            `json:"launched,omitempty" doc:"Whether a host system authenticated the user, who has no password here."`
	Source       string          `json:"source,omitempty" doc:"The directory or identity provider that knows the user, who has no password here; omitted for local accounts."`

	Viewing *viewingBody `json:"viewing,omitempty" doc:"While the session has the view of another person, who is then described; omitted otherwise."`

	SecondFactor *secondFactorStep `json:"second_factor,omitempty" doc:"Sent with status 202 while the sign-in waits for the second factor; the session is good for nothing else."`
}

type sessionTenant struct {
	ID             string     `json:"id" doc:"As in URLs."`
	Name           string     `json:"name" doc:"Display name."`
	TimeZone       string     `json:"time_zone" doc:"IANA name; used for days and exports."`
	DataPermission bool       `json:"data_permission" doc:"Whether there is an organization tree."`
	Start          *startBody `json:"start,omitempty" doc:"The view that the caller starts with."`
}

// startBody is the view to start with.
type startBody struct {
	Query string           `json:"query" doc:"The filters, as in the log's URL."`
	Table *tableLayoutBody `json:"table,omitempty"`
}

type credentialsBody struct {
	Username string `json:"username" maxLength:"256" doc:"Username."`
	Password string `json:"password" maxLength:"1024" doc:"Password."`
	Source   string `json:"source,omitempty" maxLength:"32" doc:"The directory that knows the person, or local; omitted: local accounts first, then the directories in their order."`
	Locale   string `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language of the page; stored with the account if it has none yet."`
}

type (
	signInInput   struct{ Body credentialsBody }
	sessionOutput struct {
		Status int
		Body   sessionBody
	}
	signInOutput struct {
		Status    int
		SetCookie http.Cookie `header:"Set-Cookie"`
		Body      sessionBody
	}
	signOutOutput struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
	}
	leftBody struct {
		Continue string `json:"continue" doc:"Where the browser goes on, to sign out of the identity provider, too."`
	}
	leftOutput struct {
		Status    int
		SetCookie http.Cookie `header:"Set-Cookie"`
		Body      *leftBody   `nameHint:"SignedOut"`
	}
)

// signIn responds to an unknown username and a wrong password in the same words and after the same work, and throttles attempts.
func (s *Server) signIn(ctx context.Context, in *call, input *signInInput) (*signInOutput, error) {
	source, username := input.Body.Source, input.Body.Username
	if source == "" {
		source, username = s.sources.Named(username)
	}
	buckets, err := s.signInBuckets(in, username)
	if err != nil {
		return nil, err
	}
	giveBack, wait := s.throttle.take(buckets...)
	if wait > 0 {
		s.recordFailed(in, "sign_in", identity.Account{}, reasonTooManyAttempts)
		return nil, in.tooManyAttempts(wait)
	}
	account, err := s.whoseAccount(ctx, in, source, username, input.Body.Password)
	switch oplog.CodeOf(err) {
	case "":
	case oplog.CodeUnauthenticated:
		if err := errors.Join(s.noteLocks(username, buckets), s.recordLock(in, username, buckets)); err != nil {
			return nil, err
		}
		return nil, identity.ErrNotThisPerson
	case oplog.CodeForbidden:
		giveBack() // the password was right
	}
	if err != nil {
		return nil, err
	}
	giveBack()
	return s.admitted(in, account, nil, input.Body.Locale)
}

// whoseAccount returns the account of the one who knows a name and a password, and records a failed attempt. Local accounts go first, so that no directory keeps
// anybody out who has one, or learns the password; a directory is asked with everything else.
func (s *Server) whoseAccount(ctx context.Context, in *call, source, username, password string) (identity.Account, error) {
	var account identity.Account
	if source == "" || source == sources.Local {
		var err error
		if account, err = s.identity.SignInAccount(username); err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
			return account, err
		}
		known, hash := err == nil && !account.Disabled && account.Source == "", account.PasswordHash
		if !known {
			hash = identity.NobodysHash
		}
		if matches, err := s.check(ctx, hash, password); err != nil || known && matches {
			return account, err
		}
		if source == sources.Local || len(s.sources.Directories()) == 0 {
			s.recordFailed(in, "sign_in", account, reason(account))
			return account, identity.ErrNotThisPerson
		}
	}
	proven, err := s.sources.SignIn(ctx, source, username, password)
	if err != nil {
		s.recordNotAdmitted(in, s.accountNamed(account, source, username), err)
	}
	return proven, err
}

// accountNamed returns the local account that somebody tried, or else one of a directory; zero if there is none.
func (s *Server) accountNamed(local identity.Account, source, username string) identity.Account {
	if local.Username != "" {
		return local
	}
	for _, one := range s.sources.Directories() {
		if source != "" && source != one.Name {
			continue
		}
		if a, err := s.identity.Account(one.Name + "/" + identity.ComposeName(username)); err == nil {
			return a
		}
	}
	return local
}

// admitted signs somebody in who has proved to be the person of an account, or asks for the second factor.
func (s *Server) admitted(in *call, account identity.Account, provider *identity.ProviderSession, locale string) (*signInOutput, error) {
	if err := s.checkSpaceForSignIn(account); err != nil {
		return nil, err
	}
	if account.Source != "" {
		in.trailDetails.details = map[string]any{"source": account.Source}
	}
	switch due, err := s.identity.SecondFactorDue(account); {
	case err != nil:
		return nil, err
	case due:
		return s.startPending(in, account, provider, locale)
	}
	return s.startSession(in, account, provider, locale)
}

// reason returns, for the trail only, why a sign-in failed.
func reason(a identity.Account) string {
	switch {
	case a.Username == "":
		return "no such account"
	case a.Disabled || a.DisabledBySource:
		return "disabled account"
	}
	return "wrong password"
}

// startSession signs an account in on the requesting browser. locale is set for an account without one; "" for the browser's.
func (s *Server) startSession(in *call, account identity.Account, provider *identity.ProviderSession, locale string) (*signInOutput, error) {
	if err := s.endEarlier(in); err != nil {
		return nil, err
	}
	in.account = account
	session, token, err := s.auditedSessions(in).StartSourceSession(account, provider, in.ip(), in.http.Get(fiber.HeaderUserAgent))
	if err != nil {
		return nil, err
	}
	if account.Locale == "" {
		if account, err = s.identity.SetLocale(token, cmp.Or(locale, wire.AcceptedLocale(in.http.Get(fiber.HeaderAcceptLanguage)))); err != nil {
			return nil, err
		}
	}
	return s.signedIn(in, account, session, token)
}

// endEarlier ends the session that the browser had before.
func (s *Server) endEarlier(in *call) error {
	if in.token == "" {
		return nil
	}
	return s.identity.EndSession(in.token)
}

// signedIn responds with a new session, whose browser is remembered.
func (s *Server) signedIn(in *call, account identity.Account, session identity.Session, token string) (*signInOutput, error) {
	device, err := s.rememberDevice(in, account)
	if err != nil {
		return nil, err
	}
	// Set here, because Huma and Fiber would join the two in one header; Huma sets the first one again, where it stands.
	cookie := s.cookie(in.http, token, session.ExpiresAt) //nolint:gosec // created above
	for _, c := range []http.Cookie{cookie, device} {
		in.http.Response().Header.Add(fiber.HeaderSetCookie, c.String())
	}
	body, err := s.describeSession(in, account)
	return &signInOutput{http.StatusOK, cookie, body}, err
}

// tooManyAttempts says when to retry.
func (in *call) tooManyAttempts(wait time.Duration) error {
	seconds := int(math.Ceil(wait.Seconds()))
	in.http.Set(fiber.HeaderRetryAfter, strconv.Itoa(seconds))
	return oplog.Refuse(oplog.CodeTooMany, "too-many-attempts", "Too many attempts; retry in {seconds} seconds.", seconds)
}

// check checks a password once there is a free slot: hashing takes 19 MiB, and many at once would exhaust memory.
func (s *Server) check(ctx context.Context, hash, password string) (bool, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
		return identity.CheckPassword(hash, password), nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// cookie returns the cookie of a session. It sets Max-Age besides Expires, since the browser's clock may differ from the server's.
func (s *Server) cookie(c *fiber.Ctx, token string, expires time.Time) http.Cookie {
	return http.Cookie{ //nolint:gosec // Secure whenever browsers connect over TLS
		Name: s.cookieName(c, sessionCookie), Value: token, Path: s.basePath + "/", Expires: expires, MaxAge: int(expires.Sub(s.now()).Round(time.Second).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: wire.IsHTTPS(c),
	}
}

func (s *Server) getSession(_ context.Context, in *call, _ *struct{}) (*sessionOutput, error) {
	if in.pending {
		return &sessionOutput{http.StatusAccepted, s.describePending(in, in.account)}, nil
	}
	body, err := s.describeSession(in, in.account)
	return &sessionOutput{http.StatusOK, body}, err
}

// ownSessionBody is a session of the caller, or of an account that the caller administers.
type ownSessionBody struct {
	ID         string    `json:"id" doc:"Identifies the session without granting access."`
	Current    bool      `json:"current" doc:"Whether it is the session of this request."`
	CreatedAt  time.Time `json:"created_at" doc:"Time of creation."`
	LastUsedAt time.Time `json:"last_used_at" doc:"Accurate to about a minute; of a log on several nodes, to about five."`
	ExpiresAt  time.Time `json:"expires_at" doc:"The latest end; two hours without a request end it earlier."`
	IP         string    `json:"ip,omitempty" doc:"IP address of the client."`
	UserAgent  string    `json:"user_agent,omitempty" doc:"The User-Agent header."`
	Pending    bool      `json:"pending,omitempty" doc:"Whether it waits for the second factor: somebody knew the password."`
}

type ownSessionsOutput struct {
	Body struct {
		Sessions []ownSessionBody `json:"sessions" doc:"Newest first."`
	} `nameHint:"Sessions"`
}

func (s *Server) listSessions(_ context.Context, in *call, _ *struct{}) (*ownSessionsOutput, error) {
	if in.viewer != nil {
		list, err := s.identity.AccountSessions(in.account)
		return in.describeSessions(list, err)
	}
	list, err := s.identity.Sessions(in.token)
	return in.describeSessions(list, err)
}

func (in *call) describeSessions(list []identity.Session, err error) (*ownSessionsOutput, error) {
	if err == nil {
		list, err = pageOf(in, maxItems, list, func(o *identity.Session) string { return o.ID() })
	}
	out := &ownSessionsOutput{}
	out.Body.Sessions = make([]ownSessionBody, len(list))
	for i, o := range list {
		out.Body.Sessions[i] = ownSessionBody{o.ID(), o.Is(in.token), o.CreatedAt, o.LastUsedAt, o.ExpiresAt, o.IP, o.UserAgent, o.Pending}
	}
	return out, err
}

// endSessions ends all of the caller's sessions, including this one.
func (s *Server) endSessions(_ context.Context, in *call, _ *struct{}) (*signOutOutput, error) {
	return s.signedOut(in.http), s.auditedSessions(in).EndOwnSessions(in.token)
}

// signOut ends the caller's session, and says where the browser signs out of the provider that began it.
func (s *Server) signOut(ctx context.Context, in *call, _ *struct{}) (*leftOutput, error) {
	provider, _ := s.identity.ProviderSession(in.token) // without it, the person signs out here only
	out := &leftOutput{Status: http.StatusNoContent, SetCookie: s.signedOut(in.http).SetCookie}
	if err := s.auditedSessions(in).EndSession(in.token); err != nil {
		return nil, err
	}
	if to := s.providerToLeave(ctx, in, provider); to != "" {
		out.Status, out.Body = http.StatusOK, &leftBody{to}
	}
	return out, nil
}

// signedOut deletes the cookie.
func (s *Server) signedOut(c *fiber.Ctx) *signOutOutput {
	cookie := s.cookie(c, "", time.Unix(1, 0)) //nolint:gosec // created above
	cookie.MaxAge = -1
	return &signOutOutput{cookie}
}

func (s *Server) describeSession(in *call, a identity.Account) (sessionBody, error) {
	body := sessionBody{Username: a.Username, Name: a.Name, Role: a.Role, Locale: cmp.Or(a.Locale, oplog.LocaleEN), Organization: a.Organization, MustChange: a.MustChange, Launched: a.Launched, Source: a.Source, Tenants: []sessionTenant{}, Viewing: in.viewing()}
	if in.viewer != nil {
		body.Locale = in.locale
	}
	if a.MustChange {
		return body, nil // the rest has to wait
	}
	var tenants []oplog.Tenant
	var err error
	switch a.Role {
	case identity.RoleOwner:
		tenants, err = rangeOf(in, maxItems, s.directory.TenantsAfter, tenantKey)
	case identity.RoleAdmin, identity.RoleAuditor:
		var own oplog.Tenant
		if own, err = s.directory.Tenant(a.Tenant); err == nil {
			tenants, err = pageOf(in, maxItems, []oplog.Tenant{own}, tenantKey)
		}
	default:
		_, err = pageOf(in, maxItems, tenants, tenantKey)
	}
	if err != nil {
		return body, err
	}
	for _, t := range tenants {
		own := sessionTenant{ID: t.ID, Name: t.Name, TimeZone: t.TimeZone, DataPermission: t.DataPermission}
		switch v, err := s.views.Start(t.ID, a); {
		case err == nil:
			own.Start = &startBody{v.Query, newTableLayoutBody(v.Table)}
		case oplog.CodeOf(err) != oplog.CodeNotFound && !oplog.IsDamagedRecord(err): // a damaged view keeps nobody from signing in
			return body, err
		}
		body.Tenants = append(body.Tenants, own)
	}
	return body, nil
}

// orEmpty returns a list that encodes as [] rather than null if it is empty.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
