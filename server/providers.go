package server

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/identity"
	"oplog/identity/oidc"
	"oplog/identity/sources"
	"oplog/oplog"
	"oplog/server/wire"
	"oplog/trail"
)

// Somebody who signs in by an identity provider leaves the console for it and comes back with a code, which the server exchanges for who it is. The
// browser keeps what belongs to the attempt in a cookie.

const (
	providerRoot   = "/api/v1/session/oidc/"
	callbackEnd    = "/callback"
	finishProvider = "finishProvider" // the route by which browsers come back
)

// isCallback reports whether a path is one that browsers come back to.
func isCallback(path string) bool {
	name, isOne := strings.CutSuffix(strings.TrimPrefix(path, providerRoot), callbackEnd)
	return isOne && strings.HasPrefix(path, providerRoot) && !strings.Contains(name, "/")
}

// isSourcePath reports whether a path is of what concerns only the configuration of sources.
func isSourcePath(path string) bool {
	return path == "/api/v1/session/providers" || strings.HasPrefix(path, providerRoot)
}

// comesBack reports whether a request is that of a browser which an identity provider, another site, sends back. Only whole pages may come so: no frame,
// and nothing that a script reads.
func comesBack(c *fiber.Ctx, r *route) bool {
	return r.id == finishProvider && c.Method() == http.MethodGet && c.Get("Sec-Fetch-Mode") == "navigate" && c.Get("Sec-Fetch-Dest") == "document"
}

// attempt is what a browser keeps while somebody signs in at a provider.
type attempt struct {
	Source string     `json:"p"`
	State  oidc.State `json:"s"`
	Next   string     `json:"n,omitempty"` // where to go then

	Confirms string `json:"c,omitempty"` // the session whose person confirms who it is; "" for signing in
}

const (
	attemptCookie = "oplog_provider"
	attemptLife   = 10 * time.Minute
)

func (s *Server) attemptCookie(c *fiber.Ctx, value string, life time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure whenever browsers connect over TLS
		Name: s.cookieName(c, attemptCookie), Value: value, Path: s.basePath + "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: wire.IsHTTPS(c),
	}
}

// address returns the URL of a path of this server, as the browser knows it.
func (s *Server) address(c *fiber.Ctx, path string) string {
	scheme := "http"
	if wire.IsHTTPS(c) {
		scheme = "https"
	}
	return scheme + "://" + string(c.Request().Header.Host()) + s.basePath + path
}

func (s *Server) callback(c *fiber.Ctx, source string) string {
	return s.address(c, providerRoot+source+callbackEnd)
}

var beginParams = []*huma.Param{
	wire.TextParam("next", "The path of the console to go to then.", &huma.Schema{Type: huma.TypeString}),
	wire.TextParam("confirm", "Instead of signing in, confirm that the signed-in person is the one who signed in: the provider asks again. Its outcome is the parameter confirm of next.", &huma.Schema{Type: huma.TypeBoolean}),
}

// beginProvider sends a browser to a provider. No attempts are counted: nothing is tried yet, and the provider is asked who it is once an hour.
func (s *Server) beginProvider(c *fiber.Ctx, in *call) error {
	if c.Method() != http.MethodGet {
		return errOnlyGet
	}
	source, next := c.Params("name"), safeNext(in.query.Get("next"))
	if one, _ := s.sources.Source(source); one.Kind != sources.KindOIDC {
		return errNotFound
	}
	begun := attempt{Source: source, Next: next}
	var to string
	var err error
	if in.query.Get("confirm") == "true" {
		begun.Confirms, err = s.beginConfirmation(in, source)
	}
	if err == nil {
		to, begun.State, err = s.sources.Begin(c.Context(), source, s.callback(c, source), begun.Confirms != "")
	}
	if err != nil {
		s.tellProviderError(source, err)
		return s.backToSignIn(c, source, next, err)
	}
	kept, err := json.Marshal(begun)
	if err != nil {
		return err
	}
	c.Response().Header.Add(fiber.HeaderSetCookie, s.attemptCookie(c, base64.RawURLEncoding.EncodeToString(kept), attemptLife).String())
	return c.Redirect(to, http.StatusFound)
}

var errOnlyGet = fiber.NewError(http.StatusMethodNotAllowed, "Allowed methods: GET.")

// safeNext returns a path of this console; "" for anything else.
func safeNext(next string) string {
	unsafe := func(r rune) bool { return r <= ' ' || r == '\\' || r > '~' } // pages are encoded
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, unsafe) || len(next) > maxNext {
		return ""
	}
	return next
}

const maxNext = 2048

// finishProvider signs in somebody whom a provider sends back.
func (s *Server) finishProvider(c *fiber.Ctx, in *call) error {
	if c.Method() != http.MethodGet {
		return errOnlyGet
	}
	in.trailDetails.quiet = true // until somebody is signed in
	source := c.Params("name")
	if one, _ := s.sources.Source(source); one.Kind != sources.KindOIDC {
		return errNotFound
	}
	giveBack, wait := s.throttle.take(bucket{"provider " + in.network(), providerLimit, ""})
	if wait > 0 {
		s.recordFailed(in, "sign_in", identity.Account{}, reasonTooManyAttempts)
		return s.backToSignIn(c, source, "", in.tooManyAttempts(wait))
	}
	kept, ok := s.attemptOf(c, source)
	if !ok {
		return s.backToSignIn(c, source, kept.Next, errNoAttempt)
	}
	if kept.Confirms != "" {
		return s.finishConfirmation(c, in, source, &kept)
	}
	account, provider, err := s.sources.Finish(c.Context(), source, s.callback(c, source), kept.State, in.query)
	if err != nil {
		s.recordNotProven(in, source, err)
		s.tellProviderError(source, err)
		return s.backToSignIn(c, source, kept.Next, err)
	}
	giveBack()
	in.trailDetails.quiet = false
	out, err := s.admitted(in, account, provider, "")
	if err != nil {
		in.trailDetails.quiet = true
		return s.backToSignIn(c, source, kept.Next, err)
	}
	if out.Status == http.StatusAccepted { // which does not set it itself
		c.Response().Header.Add(fiber.HeaderSetCookie, out.SetCookie.String())
	}
	return c.Redirect(s.basePath+cmp.Or(kept.Next, "/"), http.StatusFound)
}

var errNoAttempt = oplog.Refuse(oplog.CodeUnauthenticated, "no-attempt", "This browser did not begin this sign-in, or began it too long ago. Sign in again.")

// attemptOf returns the attempt that the browser comes back from, and ends it.
func (s *Server) attemptOf(c *fiber.Ctx, source string) (kept attempt, ok bool) {
	sent := c.Cookies(s.cookieName(c, attemptCookie))
	c.Response().Header.Add(fiber.HeaderSetCookie, s.attemptCookie(c, "", -time.Second).String())
	text, err := base64.RawURLEncoding.DecodeString(sent)
	if err != nil || json.Unmarshal(text, &kept) != nil {
		return attempt{}, false
	}
	kept.Next = safeNext(kept.Next)
	return kept, kept.Source == source && kept.State.State != ""
}

// tellProviderError logs what is to be known of an attempt that failed by those who look after the log.
func (s *Server) tellProviderError(source string, err error) {
	if _, refused := sources.AsRefusal(err); !refused && !errors.Is(err, identity.ErrNotThisPerson) { // of which the access log tells
		s.logger.Warn("a sign-in by an identity provider failed", "source", source, "err", err)
	}
}

// recordNotProven records an attempt that the provider did not confirm, or that ended with somebody who may not use the log.
func (s *Server) recordNotProven(in *call, source string, err error) {
	if _, isRefusal := sources.AsRefusal(err); isRefusal {
		s.recordNotAdmitted(in, identity.Account{}, err)
		return
	}
	why := sources.WhyNotProven
	if oplog.CodeOf(err) == oplog.CodeUnavailable {
		why = sources.WhyUnavailable
	}
	details := map[string]any{"reason": why, "source": source}
	if cause := sources.Why(err); cause != "" {
		details["error"] = cause
	}
	s.addRefused(in.http, trail.Event{User: trail.UnknownUser, Module: "session", Operation: "sign_in", Details: details})
}

// backToSignIn sends a browser to the sign-in page, which says why in words.
func (s *Server) backToSignIn(c *fiber.Ctx, source, next string, why error) error {
	if !acceptsHTML(c) && c.Get("Sec-Fetch-Mode") != "navigate" {
		return why
	}
	values := url.Values{"error": {signInError(why)}, "source": {source}}
	if next != "" {
		values.Set("next", next)
	}
	return c.Redirect(s.basePath+"/sign-in?"+values.Encode(), http.StatusFound)
}

// signInError returns the code of an error that the sign-in page has words for.
func signInError(err error) string {
	var told *oplog.Error
	if errors.As(err, &told) && told.Reason == "sign-in-denied" {
		return "denied"
	}
	if told != nil && told.Reason == "source-misconfigured" {
		return "failed"
	}
	switch oplog.CodeOf(err) {
	case oplog.CodeForbidden:
		return "not-allowed"
	case oplog.CodeUnavailable:
		return "unavailable"
	case oplog.CodeTooMany:
		return "too-many"
	case oplog.CodeDiskFull:
		return "no-space"
	case oplog.CodeUnauthenticated:
		return "again"
	}
	return "failed"
}

// providerLimit limits who comes back from providers from an address: each asks the provider.
var providerLimit = limit{50, 5 * time.Second}

const maxLogoutToken = 8 << 10

// endProvider ends sessions that a provider has ended, and tells us so (OpenID Connect Back-Channel Logout 1.0).
func (s *Server) endProvider(c *fiber.Ctx, in *call) error {
	in.trailDetails.quiet = true // the sources tell of each person whose sessions end
	source := c.Params("name")
	if one, _ := s.sources.Source(source); one.Kind != sources.KindOIDC {
		return errNotFound
	}
	giveBack, wait := s.throttle.take(bucket{"logout " + in.network(), providerLimit, ""})
	if wait > 0 {
		return in.tooManyAttempts(wait)
	}
	if _, err := wire.ContentType(c, fiber.MIMEApplicationForm); err != nil {
		return err
	}
	if _, err := s.bodies.Take(c, in.holder()); err != nil {
		return err
	}
	form, err := url.ParseQuery(string(c.Request().Body()))
	token := form.Get("logout_token")
	if err != nil || token == "" || len(token) > maxLogoutToken {
		return oplog.Errorf(oplog.CodeMalformed, "The form must have a logout_token.")
	}
	err = s.sources.Logout(c.Context(), source, token)
	switch oplog.CodeOf(err) {
	case "":
		if err == nil {
			giveBack()
		}
	case oplog.CodeUnauthenticated, oplog.CodeInvalid:
		s.tellProviderError(source, err)
		return oplog.Errorf(oplog.CodeMalformed, "The logout token is not valid.") // 400, as the specification has it
	}
	return err
}

// signOutTime is how long a sign-out waits for a provider to describe itself.
const signOutTime = 2 * time.Second

// providerToLeave returns where the browser goes to sign out of the provider that began the session; "" if there is no such place.
func (s *Server) providerToLeave(ctx context.Context, in *call, kept *identity.ProviderSession) string {
	if kept == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, signOutTime)
	defer cancel()
	to, err := s.sources.LogoutURL(ctx, in.who().Source, kept, s.address(in.http, "/sign-in"))
	if err != nil {
		s.tellProviderError(in.who().Source, err)
		return ""
	}
	return to
}

// providerBody is a source on the sign-in page.
type providerBody struct {
	Name  string `json:"name" doc:"As in the configuration."`
	Title string `json:"title" doc:"What people read."`
	Kind  string `json:"kind" enum:"ldap,oidc" doc:"ldap: a directory, which takes username and password here. oidc: an identity provider, which asks for them itself."`
	Icon  string `json:"icon,omitempty" doc:"A data URL of its icon; omitted if it has none."`
}

type providersOutput struct {
	Body struct {
		Providers []providerBody `json:"providers" doc:"In the order in which they are asked and shown."`
	} `nameHint:"Providers"`
}

func (s *Server) listProviders(context.Context, *call, *struct{}) (*providersOutput, error) {
	out := &providersOutput{}
	out.Body.Providers = []providerBody{}
	for _, one := range s.sources.List() {
		out.Body.Providers = append(out.Body.Providers, providerBody{one.Name, one.Title, one.Kind, one.Icon()})
	}
	return out, nil
}

// nameParam documents the name of a provider in the path.
func nameParam(op *huma.Operation) {
	op.Parameters = append(op.Parameters, &huma.Param{Name: "name", In: "path", Required: true, Description: "The provider's name in the configuration.", Schema: &huma.Schema{Type: huma.TypeString}})
}

func describeBeginProvider(_ huma.Registry, op *huma.Operation) {
	nameParam(op)
	op.Description = "For browsers, which go on to the provider."
	op.Responses["302"] = &huma.Response{Description: "Redirects to the provider; on failure to the sign-in page, which says why"}
}

func describeFinishProvider(_ huma.Registry, op *huma.Operation) {
	nameParam(op)
	op.Description = "For browsers that come back from the provider, which is told this URL as redirect URI."
	op.Responses["302"] = &huma.Response{Description: "Signed in; redirects to the console. On failure to the sign-in page, which says why"}
}

func describeEndProvider(_ huma.Registry, op *huma.Operation) {
	nameParam(op)
	op.Description = "For the provider (OpenID Connect Back-Channel Logout 1.0), which is told this URL as back-channel logout URL."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{fiber.MIMEApplicationForm: {Schema: &huma.Schema{
		Type: huma.TypeObject, Properties: map[string]*huma.Schema{"logout_token": {Type: huma.TypeString}}, Required: []string{"logout_token"},
	}}}}
	op.Responses["200"] = &huma.Response{Description: "The sessions have ended"}
}
