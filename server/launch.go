package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// The host system's link [Operation Log]: a user authenticated by the host system, with one of the tenant's launch keys, opens the log
// without a password of oplog.

// launchClaims are the claims of a launch token.
type launchClaims struct {
	jwt.RegisteredClaims
	Name         string        `json:"name"`
	Role         identity.Role `json:"role"`
	Organization string        `json:"organization"`
	Locale       string        `json:"locale"` // of the user; "" for the browser's
}

var launchParams = []*huma.Param{
	wire.TextParam("tenant", "The tenant's id.", &huma.Schema{Type: huma.TypeString}),
	wire.TextParam("token", "A JWT (HS256, signed with a launch key of the tenant) with sub, name, role, exp, jti and, optionally, aud, organization and locale (en or zh-CN).", &huma.Schema{Type: huma.TypeString}),
}

// launchLink is a link of the host system.
type launchLink struct{ tenant, token string }

// launch is the handler of GET /launch. While another person is signed in it asks first, and leaves the link unused; see continueLaunch.
func (s *Server) launch(c *fiber.Ctx, in *call) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if c.Method() != http.MethodGet {
		return fiber.NewError(http.StatusMethodNotAllowed, "Allowed methods: GET, POST.") // HEAD must not use up the link
	}
	link := launchLink{in.query.Get("tenant"), in.query.Get("token")}
	giveBack, err := s.takeLaunch(in, link)
	if err != nil {
		return s.refuseLaunch(c, err)
	}
	present, next, err := s.otherPerson(in, link)
	if err != nil || next.Username != "" {
		giveBack()
	}
	switch {
	case err != nil:
		return err
	case next.Username != "":
		in.trailDetails.quiet = true
		return s.askToSwitch(c, link, present, next)
	}
	return s.followLaunch(c, in, link, giveBack, http.StatusFound)
}

// takeLaunch takes an attempt to follow a link. giveBack returns it, if it did not fail: valid links cost nothing.
func (s *Server) takeLaunch(in *call, link launchLink) (giveBack func(), err error) {
	giveBack, wait := s.throttle.take(bucket{"launch " + in.network(), launchLimit, ""})
	if wait > 0 {
		s.recordFailed(in, "launch", identity.Account{Tenant: s.existing(link.tenant)}, reasonTooManyAttempts)
		return nil, in.tooManyAttempts(wait)
	}
	return giveBack, nil
}

// followLaunch signs in the person of a link. On failure, people get a page, programs a problem document.
func (s *Server) followLaunch(c *fiber.Ctx, in *call, link launchLink, giveBack func(), status int) error {
	session, token, err := s.launchSession(in, link)
	if oplog.CodeOf(err) != oplog.CodeUnauthenticated {
		giveBack()
	}
	if err != nil {
		s.recordFailedLaunch(in, link.tenant, err)
		return s.refuseLaunch(c, err)
	}
	c.Set(fiber.HeaderSetCookie, s.launchCookie(c, token, session.ExpiresAt, in.tenant).String())
	return c.Redirect(s.basePath+"/t/"+in.tenant.ID+"/log", status)
}

// refuseLaunch responds to a link that signs nobody in.
func (s *Server) refuseLaunch(c *fiber.Ctx, err error) error {
	if !acceptsHTML(c) {
		return err
	}
	p := s.problem(c.Method(), c.Path(), err)
	return sendLaunchNotice(c, p.Status, p.Detail)
}

func acceptsHTML(c *fiber.Ctx) bool { return strings.Contains(c.Get(fiber.HeaderAccept), "text/html") }

// launchNoticesZH are the Chinese explanations of failures by status; the detail has the rest.
var launchNoticesZH = map[int]string{
	http.StatusUnauthorized:        "此链接已失效、已使用过或无法验证。请返回业务系统，重新点击链接。",
	http.StatusForbidden:           "此账号无权访问。",
	http.StatusUnprocessableEntity: "业务系统提供的信息无效，请联系其管理员。",
}

// sendLaunchNotice responds with a page in the user's language that discloses nothing.
func sendLaunchNotice(c *fiber.Ctx, status int, detail string) error {
	n := wire.Page{Lang: oplog.LocaleEN, Title: "Not signed in", Text: detail}
	if wire.AcceptedLocale(c.Get(fiber.HeaderAcceptLanguage)) == oplog.LocaleZH {
		n = wire.Page{Lang: oplog.LocaleZH, Title: "未能登录", Text: launchNoticesZH[status], Detail: detail}
		if n.Text == "" {
			n.Text = "请稍后重试。"
		}
	}
	return n.Send(c, status)
}

// launchSession starts the session for a launch token.
func (s *Server) launchSession(in *call, link launchLink) (session identity.Session, token string, err error) {
	tenant := link.tenant
	key, claims, err := s.readLaunchToken(link, string(in.http.Request().Header.Host()))
	if err != nil {
		return session, "", err
	}
	if err := s.checkSpaceForSignIn(identity.Account{Role: claims.Role}); err != nil && claims.Role != identity.RoleMember {
		return session, "", err
	}
	if err := s.identity.RedeemLaunch(key, claims.ID, claims.ExpiresAt.Time); err != nil {
		return session, "", err
	}
	if claims.Role == identity.RoleMember {
		return session, "", oplog.Errorf(oplog.CodeForbidden, noAccess)
	}
	if in.tenant, err = s.directory.Tenant(tenant); err != nil {
		return session, "", err
	}
	in.account = claims.account(tenant)
	if in.account.Locale == "" {
		in.account.Locale = wire.AcceptedLocale(in.http.Get(fiber.HeaderAcceptLanguage))
	}
	in.trailDetails = trailDetails{object: oplog.Ref{ID: key.ID, Name: key.Name}, details: map[string]any{"role": claims.Role, "organization": claims.Organization}}
	session, token, err = s.auditedSessions(in).StartLaunched(in.account, key, in.ip(), in.http.Get(fiber.HeaderUserAgent))
	if err == nil && in.token != "" {
		err = s.identity.EndSession(in.token) // only now: an invalid link signs nobody out
	}
	return session, token, err
}

// account returns the person that a token of a tenant stands for.
func (c *launchClaims) account(tenant string) identity.Account {
	return identity.Account{
		Username: c.Subject, Name: c.Name, Role: c.Role, Tenant: tenant, Organization: c.Organization, Launched: true, Locale: c.Locale,
	}
}

// readLaunchToken returns the claims of a token and the key that signed it. A missing tenant is treated as one without keys.
func (s *Server) readLaunchToken(link launchLink, host string) (identity.APIKey, launchClaims, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now), jwt.WithStrictDecoding())
	if err := readable(parser, link.token); err != nil {
		return identity.APIKey{}, launchClaims{}, err // regardless of the tenant, so as not to disclose whether it exists
	}
	keys, err := s.identity.LaunchKeys(link.tenant)
	if err != nil {
		return identity.APIKey{}, launchClaims{}, err
	}
	for _, key := range keys {
		var claims launchClaims
		_, err := parser.ParseWithClaims(link.token, &claims, func(*jwt.Token) (any, error) { return []byte(key.Secret), nil })
		switch {
		case err == nil:
			return key, claims, s.checkClaims(&claims, host)
		case errors.Is(err, jwt.ErrTokenExpired):
			return key, claims, refusedLaunch("it has expired")
		case errors.Is(err, jwt.ErrTokenNotValidYet):
			return key, claims, refusedLaunch("it is not valid yet")
		case errors.Is(err, jwt.ErrTokenInvalidClaims):
			return key, claims, refusedLaunch("exp is missing")
		}
	}
	return identity.APIKey{}, launchClaims{}, refusedLaunch("it is not signed with a launch key of this tenant, using HS256")
}

// readable explains why a token cannot be parsed, whatever key signed it.
func readable(parser *jwt.Parser, token string) error {
	parsed, _, err := parser.ParseUnverified(token, &launchClaims{})
	if err == nil && parsed.Header["crit"] != nil {
		return refusedLaunch("its header has crit, which names extensions that are not supported") // RFC 7515, 4.1.11
	}
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return refusedLaunch("its %s is a JSON %s, not a string", wrongType.Field[strings.LastIndex(wrongType.Field, ".")+1:], wrongType.Value)
	default:
		return refusedLaunch("it is not a JWT, or its exp, nbf or iat is not a number of seconds")
	}
}

func refusedLaunch(format string, args ...any) error {
	return oplog.Errorf(oplog.CodeUnauthenticated, "This link is not valid: %s. Go back and open it again.", fmt.Sprintf(format, args...))
}

// checkClaims checks the claims of a token that was sent to a host.
func (s *Server) checkClaims(c *launchClaims, host string) error {
	switch {
	case len(c.Audience) > 0 && !slices.ContainsFunc(c.Audience, func(aud string) bool { return isHost(aud, host) }):
		return refusedLaunch("its aud is not this server's address %s", host)
	case c.ExpiresAt.Sub(s.now()) > identity.MaxLaunchLife:
		return refusedLaunch("it expires more than %d minutes from now", int(identity.MaxLaunchLife.Minutes()))
	case c.IssuedAt != nil && c.IssuedAt.Sub(s.now()) > time.Minute: // clocks differ
		return refusedLaunch("it was issued in the future")
	case c.ID == "" || len(c.ID) > 256:
		return refusedLaunch("its jti is not 1 to 256 characters")
	case c.Role != identity.RoleAdmin && c.Role != identity.RoleAuditor && c.Role != identity.RoleMember:
		return refusedLaunch("its role is not admin, auditor or member")
	case c.Locale != "" && c.Locale != oplog.LocaleEN && c.Locale != oplog.LocaleZH:
		return refusedLaunch("its locale is not %s or %s", oplog.LocaleEN, oplog.LocaleZH)
	}
	return nil
}

// isHost reports whether an audience is a server's URL, its host name with or without the port, or a URL below.
func isHost(audience, host string) bool {
	if u, err := url.Parse(audience); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		return strings.EqualFold(u.Host, host)
	}
	name := (&url.URL{Host: host}).Hostname()
	return strings.EqualFold(audience, host) || strings.EqualFold(audience, name)
}

// launchCookie lets a page of another site embed the console, if the tenant allows it; the connection then uses TLS.
func (s *Server) launchCookie(c *fiber.Ctx, token string, expires time.Time, t oplog.Tenant) *http.Cookie {
	cookie := s.cookie(c, token, expires) //nolint:gosec // created above
	if wire.IsHTTPS(c) && len(t.FrameAncestors) > 0 {
		cookie.SameSite, cookie.Partitioned = http.SameSiteNoneMode, true
	}
	return &cookie
}

type launchedInput struct {
	Sub string `path:"sub" maxLength:"128" doc:"The user's sub in the host system."`
}

// endLaunched ends the sessions of a user who signed out of the host system, or may no longer see the log.
func (s *Server) endLaunched(_ context.Context, in *call, input *launchedInput) (*struct{}, error) {
	person := identity.Account{Username: input.Sub, Launched: true}
	in.trailDetails.object = oplog.Ref{ID: person.Person()}
	ended, err := s.auditedSessions(in).EndLaunched(in.tenant.ID, input.Sub, s.stillMay(in))
	in.trailDetails.quiet = ended == 0 // a key could fill the access log with what did not happen
	return nil, err
}

func describeLaunch(_ huma.Registry, op *huma.Operation) {
	op.Description = "For users who follow the host system's link. The token is valid once, for at most 5 minutes."
	op.Responses["200"] = &huma.Response{Description: "Another person is signed in: a page that asks whether to continue"}
	op.Responses["302"] = &huma.Response{Description: "Signed in; redirects to the log"}
}
