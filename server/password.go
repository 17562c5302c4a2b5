package server

import (
	"context"
	"net/http"

	"oplog/identity"
	"oplog/identity/sources"
	"oplog/oplog"
)

type changeSessionInput struct {
	Body struct {
		Locale      string `json:"locale,omitempty" enum:"en,zh-CN" doc:"Language: en or zh-CN."`
		Password    string `json:"password,omitempty" minLength:"12" maxLength:"1024" doc:"A new password, at least 12 characters and not easy to guess. The account's other sessions end."`
		OldPassword string `json:"old_password,omitempty" maxLength:"1024" doc:"The current password; required with a new one."`
	} `nameHint:"SessionChange"`
}

// changeSession changes the caller's language, password or both.
func (s *Server) changeSession(ctx context.Context, in *call, input *changeSessionInput) (*sessionOutput, error) {
	b := input.Body
	if b.Locale == "" && b.Password == "" {
		return nil, oplog.InvalidField("locale", nil, "required", "is required unless password is sent")
	}
	if in.trailDetails.quiet = b.Password == ""; !in.trailDetails.quiet {
		if err := s.changePassword(ctx, in, b.OldPassword, b.Password); err != nil {
			return nil, err
		}
	}
	if b.Locale != "" {
		var err error
		if in.account, err = s.identity.SetLocale(in.token, b.Locale); err != nil {
			return nil, err
		}
	}
	body, err := s.describeSession(in, in.account)
	return &sessionOutput{http.StatusOK, body}, err
}

// changePassword changes the caller's password. The caller's session goes on with another token; all others of the account end.
func (s *Server) changePassword(ctx context.Context, in *call, old, password string) error {
	account := in.account
	if account.Launched {
		return oplog.Refuse(oplog.CodeForbidden, "password-of-host", "The host system signed you in; there is no password to change here.")
	}
	if account.Source != "" {
		return identity.PasswordOfSource(&account)
	}
	checked, err := s.checkOwnPassword(ctx, in, "change_password", "old_password", old)
	if err != nil {
		return err
	}
	if identity.SamePassword(old, password) {
		return oplog.InvalidField("password", nil, "same_password", "is the current password; choose another")
	}
	hash, err := s.hash(ctx, account.Username, password)
	if err != nil {
		return err
	}
	account, session, token, err := s.auditedAccounts(in, func(a identity.Account) trailDetails {
		return trailDetails{object: oplog.Ref{ID: a.Username, Name: a.Name}}
	}).ChangePassword(in.token, checked, hash)
	if err != nil {
		return err
	}
	in.token, in.account = token, account
	_, err = s.signedIn(in, account, session, token)
	return err
}

// checkOwnPassword checks the caller's password, sent in a field of the body, and returns the hash that it was checked with; "" if the directory was
// asked that keeps it.
func (s *Server) checkOwnPassword(ctx context.Context, in *call, operation, field, password string) (checked string, err error) {
	if one, _ := s.sources.Source(in.account.Source); one.Kind == sources.KindOIDC {
		return "", oplog.Refuse(oplog.CodeForbidden, "password-at-provider", "{source} keeps your password, and is the only one to ask for it. Confirm with a code of your second factor.", one.Title)
	}
	giveBack, wait := s.throttle.take(bucket{"password " + in.token, passwordLimit, ""})
	if wait > 0 {
		return "", in.tooManyAttempts(wait)
	}
	checked = in.account.PasswordHash
	matches, err := s.isOwnPassword(ctx, in, password)
	if err != nil {
		return "", err
	}
	if !matches {
		s.recordFailed(in, operation, in.account, "wrong password")
		return "", oplog.InvalidField(field, nil, "wrong_password", "is wrong")
	}
	giveBack()
	return checked, nil
}

// isOwnPassword reports whether a password is the caller's.
func (s *Server) isOwnPassword(ctx context.Context, in *call, password string) (bool, error) {
	if in.account.Source == "" {
		return s.check(ctx, in.account.PasswordHash, password)
	}
	err := s.sources.Confirm(ctx, in.account, password)
	if oplog.CodeOf(err) == oplog.CodeUnauthenticated {
		return false, nil
	}
	return err == nil, err
}
