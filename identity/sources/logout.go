package sources

import (
	"context"
	"errors"
	"time"

	"oplog/identity"
	"oplog/oplog"
	"oplog/trail"
)

// skew is by how much the clock of a provider may be behind.
const skew = 2 * time.Minute

// Logout ends the sessions that a provider's logout token names.
func (s *Sources) Logout(ctx context.Context, source, token string) error {
	p, err := s.providerOf(source)
	if err != nil {
		return err
	}
	said, err := p.Provider.LogoutToken(ctx, token)
	if err != nil {
		return err
	}
	named := func(one identity.Session) bool {
		if one.Provider == nil || one.CreatedAt.After(said.IssuedAt.Add(skew)) {
			return false
		}
		return said.SessionID == "" || one.Provider.SessionID == said.SessionID || one.Provider.SessionID == "" && said.Subject != ""
	}
	accounts, err := s.identity.SignedIn(source)
	if err != nil || said.Subject == "" && said.SessionID == "" {
		return err
	}
	var failed []error
	for _, a := range accounts {
		if said.Subject == "" || a.Subject == said.Subject {
			failed = append(failed, s.end(a, WhyEndedThere, named))
		}
	}
	return errors.Join(failed...)
}

// end ends sessions of an account, and tells why.
func (s *Sources) end(a identity.Account, why string, ends func(identity.Session) bool) error {
	told := s.trail.Audit(trail.Removed(oplog.RecordSession, func() trail.Event {
		return trail.Event{
			Tenant: a.Tenant, User: trail.ServerUser, Module: "session", Operation: "end", Object: oplog.Ref{ID: a.Username, Name: a.Name},
			Details: map[string]any{"source": a.Source, "reason": why},
		}
	}))
	_, err := s.identity.Audited(told).EndSessionsWhere(a.Username, ends)
	return err
}
