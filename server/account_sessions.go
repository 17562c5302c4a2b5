package server

import (
	"context"

	"oplog/identity"
	"oplog/oplog"
)

type accountInput struct {
	Username string `path:"username" doc:"Username."`
}

// listAccountSessions lists the sessions of an account, without anything that would grant access to them.
func (s *Server) listAccountSessions(_ context.Context, in *call, input *accountInput) (*ownSessionsOutput, error) {
	account, err := s.administered(in, input.Username)
	if err != nil {
		return nil, err
	}
	list, err := s.identity.AccountSessions(account)
	return in.describeSessions(list, err)
}

// endAccountSessions ends all sessions of an account. Its browsers are no longer known, so that they share the limits of all others.
func (s *Server) endAccountSessions(_ context.Context, in *call, input *accountInput) (*struct{}, error) {
	if _, err := s.administered(in, input.Username); err != nil {
		return nil, err
	}
	account, err := s.auditedAccounts(in, ofAccount).SignOut(input.Username, func(a identity.Account) error {
		_, err := s.administersNow(in, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	in.trailDetails = ofAccount(account)
	return &struct{}{}, nil
}

// ofAccount returns the trail details of an account.
func ofAccount(a identity.Account) trailDetails {
	return trailDetails{tenant: &a.Tenant, object: oplog.Ref{ID: a.Username, Name: a.Name}}
}

// unlockAccount forgets the failed attempts to sign in with an account's name.
func (s *Server) unlockAccount(_ context.Context, in *call, input *accountInput) (*struct{}, error) {
	account, err := s.administered(in, input.Username)
	if err != nil {
		return nil, err
	}
	err = s.identity.DecideAbout(account.Username, func(now identity.Account) error {
		if _, err := s.administersNow(in, now); err != nil {
			return err
		}
		for _, name := range []string{now.SignInName(), now.Username} {
			if err := s.identity.ForgetAttempts(name); err != nil {
				return err
			}
			s.throttle.free(nameBucket(name))
			s.throttle.free(codesBucket(name))
			s.locks.unlock(name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	in.trailDetails = ofAccount(account)
	return &struct{}{}, nil
}
