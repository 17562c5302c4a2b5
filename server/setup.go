package server

import (
	"context"
	"crypto/subtle"
	"net/http"

	"oplog/identity"
	"oplog/oplog"
)

// The first run: while there is no account, someone with the code that the program printed creates the first owner and tenant.

type (
	setupOutput struct {
		Body struct {
			Needed bool `json:"needed" doc:"Whether there is no account yet."`
		} `nameHint:"Setup"`
	}
	newSetupBody struct {
		Code     string        `json:"code" maxLength:"256" doc:"The code that the program printed when it started."`
		Username string        `json:"username" minLength:"1" maxLength:"64" doc:"Username."`
		Password string        `json:"password" minLength:"12" maxLength:"1024" doc:"At least 12 characters, and not easy to guess."`
		Locale   string        `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
		Tenant   newTenantBody `json:"tenant"`
	}
	setUpInput struct{ Body newSetupBody }
)

func (s *Server) getSetup(context.Context, *call, *struct{}) (*setupOutput, error) {
	needed, err := s.setupNeeded()
	out := &setupOutput{}
	out.Body.Needed = needed
	return out, err
}

func (s *Server) setupNeeded() (bool, error) {
	if s.setupCode == "" {
		return false, nil
	}
	return s.identity.Empty()
}

// setUp creates the first owner and tenant, and signs the owner in. Afterwards it responds with 404, whatever the code.
func (s *Server) setUp(ctx context.Context, in *call, input *setUpInput) (*signInOutput, error) {
	b := input.Body
	needed, err := s.setupNeeded()
	if err == nil && !needed {
		err = errNotFound
	}
	if err != nil {
		return nil, err
	}
	giveBack, wait := s.throttle.take(bucket{"setup " + in.network(), setupLimit, ""})
	if wait > 0 {
		return nil, in.tooManyAttempts(wait)
	}
	if subtle.ConstantTimeCompare([]byte(b.Code), []byte(s.setupCode)) != 1 {
		s.recordFailed(in, "set_up", identity.Account{}, "wrong code")
		return nil, oplog.Refuse(oplog.CodeForbidden, "wrong-setup-code", "The setup code is wrong; the program printed it when it started.")
	}
	giveBack()
	account := identity.Account{Username: b.Username, Role: identity.RoleOwner, Locale: b.Locale}
	if account.PasswordHash, err = s.hash(ctx, b.Username, b.Password); err != nil {
		return nil, err
	}
	describe := func(owner identity.Account) trailDetails {
		in.account = owner
		return in.trailDetails
	}
	account, err = s.auditedAccounts(in, describe).SetUp(account, b.Tenant.domain(account.Username, s.now()))
	if oplog.CodeOf(err) == oplog.CodeNotFound {
		err = errNotFound // another request was faster
	}
	if err != nil {
		return nil, err
	}
	out, err := s.startSession(in, account, nil, "")
	if out != nil {
		out.Status = http.StatusCreated
	}
	return out, err
}

var errNotFound = oplog.Errorf(oplog.CodeNotFound, "Not found.")
