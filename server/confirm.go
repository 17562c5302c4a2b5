package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"oplog/identity"
	"oplog/identity/sources"
	"oplog/oplog"
)

// What cannot be undone asks its caller again for the password or a second factor: somebody who finds a browser signed in cannot do it. The session keeps for a
// few minutes that its person confirmed who it is.

const (
	reasonConfirm = "confirm-required"
	confirmRoute  = "confirm"
)

var errConfirm = oplog.Refuse(oplog.CodeForbidden, "confirm-required", "This cannot be undone. Confirm first who you are, with your password or your second factor: POST /api/v1/session/confirm.")

// errNobodyToAsk is for people whom a host system signed in.
var errNobodyToAsk = oplog.Refuse(oplog.CodeForbidden, "confirm-impossible", "This cannot be undone and asks for a password, which you do not have here: the host system signed you in. Somebody with an account has to do it.")

// hasConfirmed returns an error unless the caller, if it is a person, has just confirmed who it is.
func (p *principal) hasConfirmed() error {
	switch {
	case p.key.Hash != "" || p.confirmed:
		return nil
	case p.account.Launched:
		return errNobodyToAsk
	}
	return errConfirm
}

type confirmationOutput struct {
	Body struct {
		Methods []string  `json:"methods" enum:"password,provider,totp,passkey,recovery_code" doc:"What can be used; provider: at the identity provider, to which /api/v1/session/oidc/{source}?confirm=true leads. None for a user authenticated by the host system."`
		Source  string    `json:"source,omitempty" doc:"The directory or identity provider that knows the person and keeps the password; omitted for local accounts."`
		Title   string    `json:"title,omitempty" doc:"What people read as its name."`
		Until   time.Time `json:"until,omitzero" doc:"Until when it is confirmed; omitted if it is not."`
	} `nameHint:"Confirmation"`
}

func (s *Server) getConfirmation(_ context.Context, in *call, _ *struct{}) (*confirmationOutput, error) {
	return s.confirmation(in), nil
}

// confirmation describes how the caller can confirm who it is, and whether it did.
func (s *Server) confirmation(in *call) *confirmationOutput {
	out := &confirmationOutput{}
	b := &out.Body
	b.Methods = s.waysToConfirm(in)
	if one, known := s.sources.Source(in.account.Source); known {
		b.Source, b.Title = one.Name, one.Title
	}
	if in.confirmed {
		b.Until = in.confirmedUntil
	}
	return out
}

// waysToConfirm returns how the caller can confirm who it is.
func (s *Server) waysToConfirm(in *call) []string {
	ways := []string{}
	if in.account.Launched {
		return ways
	}
	switch one, known := s.sources.Source(in.account.Source); {
	case known && one.Kind == sources.KindOIDC:
		ways = append(ways, "provider")
	case known || in.account.Source == "":
		ways = append(ways, "password")
	}
	f := &in.account.Factors
	if f.TOTP != nil {
		ways = append(ways, "totp")
	}
	if site, possible := in.site(); possible && f.HasPasskey(site.Host) {
		ways = append(ways, "passkey")
	}
	if len(f.Recovery) > 0 {
		ways = append(ways, "recovery_code")
	}
	return ways
}

type confirmInput struct {
	Body struct {
		Password     string `json:"password,omitempty" maxLength:"1024" doc:"The account's password, or that of the directory that knows the person."`
		Code         string `json:"code,omitempty" maxLength:"16" doc:"Or the current code of the authenticator app."`
		RecoveryCode string `json:"recovery_code,omitempty" maxLength:"64" doc:"Or one of the recovery codes, which is used up."`

		Passkey jsonValue `json:"passkey,omitempty" doc:"Or what the browser made from the options of an assertion."`
	} `nameHint:"ConfirmationProof"`
}

// confirm notes with the caller's session that its person is still the one who signed in.
func (s *Server) confirm(ctx context.Context, in *call, input *confirmInput) (*confirmationOutput, error) {
	b := input.Body
	if in.account.Launched {
		return nil, errNobodyToAsk
	}
	if b.Password != "" && b.Code == "" && b.RecoveryCode == "" && b.Passkey == nil {
		checked, err := s.checkOwnPassword(ctx, in, confirmRoute, "password", b.Password)
		if err != nil {
			return nil, err
		}
		return s.confirmedBy(in, "password", identity.Proof{}, identity.StepUp{Checked: checked, Source: in.account.Source})
	}
	factor := &finishSignInInput{}
	factor.Body.Code, factor.Body.RecoveryCode, factor.Body.Passkey = b.Code, b.RecoveryCode, b.Passkey
	field, method, proof, err := in.proof(factor)
	if err != nil || b.Password != "" {
		return nil, oplog.InvalidField("password", nil, "one_confirmation_required", "or code, recovery_code or passkey is required, one of them")
	}
	var out *confirmationOutput
	err = s.tryFactor(in, confirmRoute, field, func() (err error) {
		out, err = s.confirmedBy(in, method, proof, identity.StepUp{})
		return err
	})
	return out, err
}

// confirmedBy notes that the caller confirmed who it is.
func (s *Server) confirmedBy(in *call, method string, proof identity.Proof, checked identity.StepUp) (*confirmationOutput, error) {
	in.trailDetails.details = map[string]any{"confirmed_by": method}
	if in.account.Source != "" && checked.Source != "" {
		in.trailDetails.details["source"] = in.account.Source
	}
	session, err := s.auditedSessions(in).ConfirmSession(in.token, proof, checked)
	if err != nil {
		return nil, err
	}
	in.confirmedUntil, in.confirmed = session.Confirmed(s.now())
	return s.confirmation(in), nil
}

// beginConfirmation returns the session that is to be confirmed at a provider, for the attempt that the browser keeps.
func (s *Server) beginConfirmation(in *call, source string) (session string, err error) {
	now, account, err := s.identity.LookUpSession(in.token)
	switch {
	case err != nil:
		return "", err
	case account.Source != source:
		return "", errNotThere
	case now.Viewing != nil:
		return "", errViewing(now.Viewing.Username)
	}
	return now.ID(), nil
}

var errNotThere = oplog.Refuse(oplog.CodeForbidden, "confirm-elsewhere", "This identity provider did not sign you in.")

// finishConfirmation notes with a session that its person has just signed in again at the provider, and leads back to where it was.
func (s *Server) finishConfirmation(c *fiber.Ctx, in *call, source string, kept *attempt) error {
	err := s.confirmAt(c, in, source, kept)
	outcome := "done"
	if err != nil {
		in.trailDetails.quiet = true
		s.tellProviderError(source, err)
		outcome = confirmError(err)
	}
	to, bad := url.Parse(cmp.Or(kept.Next, "/"))
	if bad != nil {
		return bad
	}
	query := to.Query()
	query.Set("confirm", outcome)
	to.RawQuery = query.Encode()
	return c.Redirect(s.basePath+to.String(), http.StatusFound)
}

func (s *Server) confirmAt(c *fiber.Ctx, in *call, source string, kept *attempt) error {
	session, err := s.beginConfirmation(in, source)
	if err != nil {
		return err
	}
	account, err := s.identity.SessionAccount(in.token)
	if err != nil {
		return err
	}
	if session != kept.Confirms || !kept.State.Fresh {
		return errNoAttempt
	}
	in.account, in.route = account, s.routeOf(confirmRoute)
	if err := s.sources.ConfirmAt(c.Context(), account, s.callback(c, source), kept.State, in.query); err != nil {
		why := sources.WhyNotProven
		if oplog.CodeOf(err) == oplog.CodeUnavailable {
			why = sources.WhyUnavailable
		}
		s.recordFailed(in, confirmRoute, account, why)
		return err
	}
	in.trailDetails.quiet = false
	_, err = s.confirmedBy(in, "provider", identity.Proof{}, identity.StepUp{Source: account.Source})
	return err
}

// confirmError returns the code of an error that the console has words for.
func confirmError(err error) string {
	if errors.Is(err, errNotThere) || errors.Is(err, identity.ErrNotThisPerson) {
		return "other-person"
	}
	return signInError(err)
}

// routeOf returns the route with an id.
func (s *Server) routeOf(id string) *route {
	return &s.table[slices.IndexFunc(s.table, func(r route) bool { return r.id == id })]
}
