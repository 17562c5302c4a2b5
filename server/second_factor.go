package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"oplog/identity"
	"oplog/oplog"
	"oplog/server/wire"
)

// Signing in with a second factor takes two requests: the password starts a session that is pending, and a proof of the second factor
// replaces it by one that is signed in. An account that must have a second factor, and has none, adds it in between.

// secondFactorStep is the step of a sign-in that comes after the password.
type secondFactorStep struct {
	Methods []string `json:"methods" enum:"totp,passkey,recovery_code" doc:"What can be used, or added with enroll: totp, passkey, recovery_code."`
	Enroll  bool     `json:"enroll" doc:"Whether a second factor is required and must be added to continue."`
}

// startPending answers the right password of an account that needs a second factor too.
func (s *Server) startPending(in *call, account identity.Account, provider *identity.ProviderSession, locale string) (*signInOutput, error) {
	if err := s.endEarlier(in); err != nil {
		return nil, err
	}
	in.trailDetails.quiet = true // it is recorded once it is complete
	locale = cmp.Or(locale, wire.AcceptedLocale(in.http.Get(fiber.HeaderAcceptLanguage)))
	session, token, err := s.identity.StartPending(account, provider, locale, in.ip(), in.http.Get(fiber.HeaderUserAgent))
	if err != nil {
		return nil, err
	}
	account.Locale = cmp.Or(account.Locale, locale)
	return &signInOutput{http.StatusAccepted, s.cookie(in.http, token, session.ExpiresAt), s.describePending(in, account)}, nil
}

// describePending describes a session that waits for its second factor, without anything that is only for those who have it.
func (s *Server) describePending(in *call, a identity.Account) sessionBody {
	step := secondFactorStep{Methods: []string{}, Enroll: !a.Factors.Any()}
	if step.Enroll || a.Factors.TOTP != nil {
		step.Methods = append(step.Methods, "totp")
	}
	if site, possible := in.site(); possible && (step.Enroll || a.Factors.HasPasskey(site.Host)) {
		step.Methods = append(step.Methods, "passkey")
	}
	if len(a.Factors.Recovery) > 0 {
		step.Methods = append(step.Methods, "recovery_code")
	}
	return sessionBody{
		Username: a.Username, Name: a.Name, Role: a.Role, Locale: cmp.Or(a.Locale, oplog.LocaleEN), Tenants: []sessionTenant{}, SecondFactor: &step,
	}
}

type finishSignInInput struct {
	Body struct {
		Code         string `json:"code,omitempty" maxLength:"16" doc:"The current code of the authenticator app."`
		RecoveryCode string `json:"recovery_code,omitempty" maxLength:"64" doc:"One of the recovery codes, which is used up."`

		Passkey jsonValue `json:"passkey,omitempty" doc:"What the browser made from the options of an assertion, as PublicKeyCredential.toJSON returns it."`
	} `nameHint:"SecondFactorProof"`
}

// finishSignIn completes a sign-in with a second factor.
func (s *Server) finishSignIn(_ context.Context, in *call, input *finishSignInInput) (*signInOutput, error) {
	if !in.pending {
		return nil, oplog.Refuse(oplog.CodeConflict, "already-signed-in", "The sign-in is already complete.")
	}
	field, method, proof, err := in.proof(input)
	if err != nil {
		return nil, err
	}
	var signed identity.SignedIn
	in.trailDetails.details = map[string]any{"second_factor": method}
	if in.account.Source != "" {
		in.trailDetails.details["source"] = in.account.Source
	}
	audited := s.auditedAccounts(in, func(identity.Account) trailDetails { return in.trailDetails })
	err = s.tryFactor(in, "sign_in", field, func() (err error) {
		signed, err = audited.FinishSignIn(in.token, proof)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.continueAs(in, signed)
}

// proof returns the proof in a request, with the name of its field and of the method in the trail.
func (in *call) proof(input *finishSignInInput) (field, method string, p identity.Proof, err error) {
	b := input.Body
	site, _ := in.site()
	switch {
	case b.Code != "" && b.RecoveryCode == "" && b.Passkey == nil:
		return "code", "totp", identity.Proof{Code: b.Code}, nil
	case b.Code == "" && b.RecoveryCode != "" && b.Passkey == nil:
		return "recovery_code", "recovery_code", identity.Proof{RecoveryCode: b.RecoveryCode}, nil
	case b.Code == "" && b.RecoveryCode == "" && b.Passkey != nil:
		return "passkey", "passkey", identity.Proof{Passkey: b.Passkey, Site: site}, nil
	}
	return "", "", p, oplog.InvalidField("code", nil, "code_required", "or recovery_code or passkey is required, one of them")
}

// continueAs responds with the session that goes on after a change of the second factor, or after a sign-in.
func (s *Server) continueAs(in *call, signed identity.SignedIn) (*signInOutput, error) {
	in.token, in.account, in.pending = signed.Token, signed.Account, false
	return s.signedIn(in, signed.Account, signed.Session, signed.Token)
}

// tryFactor counts an attempt with a second factor, unless it succeeds, and says how many are left.
func (s *Server) tryFactor(in *call, operation, field string, try func() error) error {
	buckets, err := s.codeBuckets(in, field != "code")
	if err != nil {
		return err
	}
	giveBack, wait := s.throttle.take(buckets...)
	if wait > 0 {
		return in.tooManyAttempts(wait)
	}
	if err = try(); !errors.Is(err, identity.ErrWrongFactor) {
		giveBack()
		return err
	}
	s.recordFailed(in, operation, in.account, "wrong second factor")
	if err := s.noteLocks(in.account.Username, buckets); err != nil {
		return err
	}
	left := s.throttle.left(buckets...)
	return oplog.InvalidField(field, left, "wrong_code", "is wrong or was used before; attempts left: {left}", left)
}

// stepUpBody proves, in a request that changes the second factor, that it is still the person who signed in.
type stepUpBody struct {
	Code     string `json:"code,omitempty" maxLength:"16" doc:"The current code of the authenticator app; or send password."`
	Password string `json:"password,omitempty" maxLength:"1024" doc:"The account's password; or send code."`
}

type stepUpInput struct {
	Body stepUpBody
}

// stepUp calls a change of the caller's second factor with what proves who asks for it. While somebody signs in, the password was checked
// before.
func (s *Server) stepUp(ctx context.Context, in *call, operation string, b stepUpBody, change func(identity.StepUp) error) error {
	switch {
	case in.account.Launched:
		return identity.ErrNoAccount
	case in.pending:
		return change(identity.StepUp{})
	case b.Code != "":
		return s.tryFactor(in, operation, "code", func() error { return change(identity.StepUp{Code: b.Code}) })
	case b.Password == "":
		return oplog.InvalidField("password", nil, "confirmation_required", "or code is required, to confirm that it is you")
	}
	checked, err := s.checkOwnPassword(ctx, in, operation, "password", b.Password)
	if err != nil {
		return err
	}
	return change(identity.StepUp{Checked: checked, Source: in.account.Source})
}

// secondFactorBody describes the caller's second factors.
type secondFactorBody struct {
	TOTP             bool          `json:"totp" doc:"Whether there is an authenticator app."`
	RecoveryCodes    int           `json:"recovery_codes" doc:"How many recovery codes are left."`
	Passkeys         []passkeyBody `json:"passkeys" doc:"Passkeys, oldest first; none while the sign-in waits for the second factor."`
	Required         bool          `json:"required" doc:"Whether the account must have a second factor."`
	PasskeysPossible bool          `json:"passkeys_possible" doc:"Whether passkeys can be used at this address: over HTTPS with a host name, or on localhost."`
}

type secondFactorOutput struct{ Body secondFactorBody }

func (s *Server) getSecondFactor(_ context.Context, in *call, _ *struct{}) (*secondFactorOutput, error) {
	if in.account.Launched {
		return nil, identity.ErrNoAccount
	}
	f := &in.account.Factors
	required, err := s.identity.RequiresSecondFactor(in.account)
	_, possible := in.site()
	body := secondFactorBody{TOTP: f.TOTP != nil, RecoveryCodes: len(f.Recovery), Passkeys: []passkeyBody{}, Required: required, PasskeysPossible: possible}
	if !in.pending {
		for _, p := range f.Passkeys {
			body.Passkeys = append(body.Passkeys, describePasskey(p))
		}
	}
	return &secondFactorOutput{body}, err
}

type totpOutput struct {
	Body struct {
		Secret string `json:"secret" doc:"Base32, to type into an authenticator app."`
		URI    string `json:"uri" doc:"The same as an otpauth:// URI, for a QR code."`
	} `nameHint:"NewTOTP"`
}

// beginTOTP makes a secret for an authenticator app. It is in use once confirmTOTP gets a code of the app.
func (s *Server) beginTOTP(ctx context.Context, in *call, input *stepUpInput) (out *totpOutput, err error) {
	out = &totpOutput{}
	err = s.stepUp(ctx, in, "add_factor", input.Body, func(up identity.StepUp) (err error) {
		out.Body.Secret, out.Body.URI, err = s.identity.BeginTOTP(in.token, wire.HostName(in.http), up)
		return err
	})
	return out, err
}

type confirmTOTPInput struct {
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"16" doc:"The current code of the app."`
	} `nameHint:"TOTPConfirmation"`
}

type recoveryCodesOutput struct {
	Body struct {
		RecoveryCodes []string `json:"recovery_codes,omitempty" doc:"New recovery codes, which are not shown again; omitted if the account keeps those it has."`
	} `nameHint:"RecoveryCodes"`
}

// confirmTOTP adds an authenticator app to the caller's account, and signs in a session that waited for the second factor.
func (s *Server) confirmTOTP(_ context.Context, in *call, input *confirmTOTPInput) (*recoveryCodesOutput, error) {
	var signed identity.SignedIn
	out := &recoveryCodesOutput{}
	audited := s.auditedFactors(in, "totp")
	err := s.tryFactor(in, "add_factor", "code", func() (err error) {
		signed, out.Body.RecoveryCodes, err = audited.ConfirmTOTP(in.token, input.Body.Code)
		return err
	})
	return out, s.factorChanged(in, signed, err)
}

// auditedFactors returns the identities for a call that changes a second factor of the caller.
func (s *Server) auditedFactors(in *call, factor string) *identity.Identity {
	in.trailDetails.details = map[string]any{"second_factor": factor}
	return s.auditedAccounts(in, func(identity.Account) trailDetails { return in.trailDetails })
}

// factorChanged sends the session that goes on after a change, unless it failed.
func (s *Server) factorChanged(in *call, signed identity.SignedIn, err error) error {
	if err != nil || signed.Token == in.token {
		return err
	}
	_, err = s.continueAs(in, signed)
	return err
}

func (s *Server) removeTOTP(ctx context.Context, in *call, input *stepUpInput) (*struct{}, error) {
	var signed identity.SignedIn
	err := s.stepUp(ctx, in, "remove_factor", input.Body, func(up identity.StepUp) (err error) {
		signed, err = s.auditedFactors(in, "totp").RemoveTOTP(in.token, up)
		return err
	})
	return &struct{}{}, s.factorChanged(in, signed, err)
}

func (s *Server) renewRecoveryCodes(ctx context.Context, in *call, input *stepUpInput) (*recoveryCodesOutput, error) {
	var signed identity.SignedIn
	out := &recoveryCodesOutput{}
	err := s.stepUp(ctx, in, "renew_recovery_codes", input.Body, func(up identity.StepUp) (err error) {
		signed, out.Body.RecoveryCodes, err = s.auditedFactors(in, "recovery_code").RenewRecoveryCodes(in.token, up)
		return err
	})
	return out, s.factorChanged(in, signed, err)
}

// removeSecondFactor removes all second factors of an account, for a person who lost them. The account is signed out everywhere.
func (s *Server) removeSecondFactor(_ context.Context, in *call, input *accountInput) (*struct{}, error) {
	before, err := s.administered(in, input.Username)
	if err != nil {
		return nil, err
	}
	if before.Username == in.account.Person() {
		return nil, oplog.Refuse(oplog.CodeForbidden, "own-factor", "Change your own second factor under /api/v1/session/second-factor, which asks for a code or your password.")
	}
	had := false
	describe := func(a identity.Account) trailDetails {
		details := ofAccount(a)
		details.details = map[string]any{"had_second_factor": had}
		return details
	}
	account, err := s.auditedAccounts(in, describe).RemoveFactors(before.Username, func(a identity.Account) error {
		had = a.Factors.Any() // inside the change, unlike before
		_, err := s.administersNow(in, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	in.trailDetails = describe(account)
	return &struct{}{}, nil
}

type secondFactorRuleBody struct {
	Roles []identity.Role `json:"roles" enum:"owner,admin,auditor,member" maxItems:"4" uniqueItems:"true" doc:"Roles whose accounts must sign in with a second factor, from their next sign-in on."`
}

type (
	secondFactorRuleInput  struct{ Body secondFactorRuleBody }
	secondFactorRuleOutput struct{ Body secondFactorRuleBody }
)

func (s *Server) getSecondFactorRule(context.Context, *call, *struct{}) (*secondFactorRuleOutput, error) {
	rule, err := s.identity.SecondFactorRule()
	return &secondFactorRuleOutput{secondFactorRuleBody{orEmpty(rule.Roles)}}, err
}

// setSecondFactorRule says which roles must have a second factor.
func (s *Server) setSecondFactorRule(_ context.Context, in *call, input *secondFactorRuleInput) (*secondFactorRuleOutput, error) {
	in.trailDetails.details = map[string]any{"role": input.Body.Roles}
	set := stored(s, in, oplog.RecordServer, func(identity.SecondFactorRule) trailDetails { return in.trailDetails })
	err := s.identity.Audited(s.audit(in, set, s.removed(in, oplog.RecordServer))).SetSecondFactorRule(identity.SecondFactorRule{Roles: input.Body.Roles}, func() error {
		_, err := s.callerNow(in.principal)
		return err
	})
	return &secondFactorRuleOutput{secondFactorRuleBody{orEmpty(input.Body.Roles)}}, err
}
