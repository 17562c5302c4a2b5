package server

import (
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// A link of the host system that is opened while another person is signed in asks first: otherwise anyone who gets somebody to open a link
// could sign them in as another person, unnoticed.

// otherPerson returns the signed-in person and the one that a link would sign in, if they differ and the link is valid; otherwise the latter
// is empty.
func (s *Server) otherPerson(in *call, link launchLink) (present, next identity.Account, err error) {
	if in.token == "" {
		return present, next, nil
	}
	present, err = s.identity.SessionAccount(in.token)
	if oplog.CodeOf(err) == oplog.CodeUnauthenticated {
		return present, next, nil // that session is over
	}
	if err != nil {
		return present, next, err
	}
	_, claims, err := s.readLaunchToken(link, string(in.http.Request().Header.Host()))
	if err != nil || claims.Role == identity.RoleMember {
		return present, next, nil //nolint:nilerr // following the link says why it signs nobody in
	}
	if next = claims.account(link.tenant); present.Tenant == next.Tenant && present.Person() == next.Person() {
		next = identity.Account{}
	}
	return present, next, nil
}

// askToSwitch responds with a page that asks whether to sign in as the next person; programs get a problem document.
func (s *Server) askToSwitch(c *fiber.Ctx, link launchLink, present, next identity.Account) error {
	if !acceptsHTML(c) {
		return oplog.Refuse(oplog.CodeConflict, "another-signed-in", "Another person is signed in; to continue, send tenant and token with POST /launch.")
	}
	from, to := displayName(present), displayName(next)
	if from == to {
		from, to = (&principal{account: present}).user().Name, (&principal{account: next}).user().Name
	}
	words := switchWords[wire.AcceptedLocale(c.Get(fiber.HeaderAcceptLanguage))]
	page := wire.Page{Lang: words.lang, Title: words.title, Choice: &wire.Choice{
		Text: wire.Named(words.text, from, to), Do: wire.Named(words.goOn, to), Instead: wire.Named(words.stay, from),
		Action: s.basePath + "/launch", InsteadURL: s.basePath + "/",
		Fields: map[string]string{"tenant": link.tenant, "token": link.token},
	}}
	err := page.Send(c, http.StatusOK)
	c.Set(fiber.HeaderReferrerPolicy, "same-origin") // or browsers would not say where the form comes from
	if t, found := s.directory.Tenant(link.tenant); found == nil {
		allowFramesOf(c, t)
	}
	return err
}

func displayName(a identity.Account) string {
	if a.Name != "" {
		return a.Name
	}
	return a.Username
}

// switchWords are the texts of the page that asks, by locale.
var switchWords = map[string]struct{ lang, title, text, goOn, stay string }{
	oplog.LocaleEN: {
		oplog.LocaleEN, "Sign in as someone else?", "You are signed in as %s. The link is for %s, from the host system.",
		"Continue as %s", "Stay signed in as %s",
	},
	oplog.LocaleZH: {
		oplog.LocaleZH, "切换登录身份？", "您当前以 %s 登录，此链接属于业务系统的%s。", "以%s继续", "保持 %s 登录",
	},
}

// continueLaunch is the handler of POST /launch, which the page that asks sends.
func (s *Server) continueLaunch(c *fiber.Ctx, in *call) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if err := checkSite(c); err != nil {
		return s.refuseLaunch(c, err)
	}
	if _, err := wire.ContentType(c, fiber.MIMEApplicationForm); err != nil {
		return err
	}
	if _, err := s.bodies.Take(c, in.holder()); err != nil {
		return err
	}
	form, err := url.ParseQuery(string(c.Request().Body()))
	if err != nil {
		return oplog.Errorf(oplog.CodeMalformed, "The form is malformed.")
	}
	link := launchLink{form.Get("tenant"), form.Get("token")}
	giveBack, err := s.takeLaunch(in, link)
	if err != nil {
		return s.refuseLaunch(c, err)
	}
	return s.followLaunch(c, in, link, giveBack, http.StatusSeeOther)
}

func describeContinueLaunch(_ huma.Registry, op *huma.Operation) {
	text := &huma.Schema{Type: huma.TypeString}
	op.Description = "Sent by the page with which GET /launch asks while another person is signed in, who is then signed out."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{fiber.MIMEApplicationForm: {Schema: &huma.Schema{
		Type: huma.TypeObject, Properties: map[string]*huma.Schema{"tenant": text, "token": text}, Required: []string{"tenant", "token"},
	}}}}
	op.Responses["303"] = &huma.Response{Description: "Signed in; redirects to the log"}
}
