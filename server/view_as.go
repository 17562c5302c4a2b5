package server

import (
	"context"
	"errors"
	"net/http"

	"oplog/identity"
	"oplog/oplog"
)

// Somebody who administers an account can see the log as its person does, for as long as the session keeps that in mind. Such a session reads what the
// person may read, and changes nothing; the trail names who looks, never the person.

// viewer returns the principal of a session that has the view of another person; with the error that it has ended, that of the session's own person.
func (s *Server) viewer(session identity.Session, own identity.Account, token string) (*principal, error) {
	caller := person(own, token)
	viewed, err := s.identity.Viewed(session)
	if err == nil && caller.mayView(viewed) != nil { // its rights grew
		err = identity.ErrViewEnded(viewed.Username)
	}
	if err != nil {
		return caller, err
	}
	p := person(viewed, token)
	p.viewer, p.locale = &own, caller.locale
	return p, nil
}

// viewHasEnded reports whether an error is that of a session whose view has ended.
func viewHasEnded(err error) bool { return reasonOf(err) == identity.ReasonViewEnded }

// reasonOf returns the reason of an error, for programs.
func reasonOf(err error) string {
	if told := (*oplog.Error)(nil); errors.As(err, &told) {
		return told.Reason
	}
	return ""
}

// who is the person who makes a request, no matter whose view it has.
func (p *principal) who() *identity.Account {
	if p.viewer != nil {
		return p.viewer
	}
	return &p.account
}

// viewed is whose view of the log the request has in place of the own; "" for the own.
func (p *principal) viewed() string {
	if p.viewer == nil {
		return ""
	}
	return p.account.Username
}

// mayView returns an error unless the caller administers an account that sees no more than the caller does.
func (p *principal) mayView(a identity.Account) error {
	switch {
	case p.kind&admins == 0 || !p.administers(a):
		return foreign{noAccount(a.Username), a.Username}
	case a.Username == p.account.Person():
		return oplog.Refuse(oplog.CodeConflict, "view-of-self", "This is your own account.")
	case a.Role == identity.RoleOwner:
		return oplog.Refuse(oplog.CodeForbidden, "view-of-owner", "Nobody views the log as an owner.")
	case !a.IsActive():
		return oplog.Refuse(oplog.CodeConflict, "view-of-disabled", "The account {username} is disabled and sees nothing.", a.Username)
	}
	return nil
}

// mayWhileViewing returns an error if a route is not for those who view the log as another person: it changes something, or hands out a file.
func (p *principal) mayWhileViewing(r *route) error {
	if p.viewer == nil || r.callers&evenViewing != 0 || !changes(r.method) && r.callers&neverViewing == 0 {
		return nil
	}
	return errViewing(p.account.Username)
}

const reasonViewing = "viewing"

func errViewing(username string) error {
	return oplog.Refuse(oplog.CodeForbidden, "viewing", "You are viewing the log as {username}: nothing can be changed or exported. Stop viewing first.", username)
}

// viewingBody describes a session with the view of another person.
type viewingBody struct {
	Username string `json:"username" doc:"Whose view it is."`
	By       string `json:"by" doc:"Who views the log: the person of the session."`
	Ended    bool   `json:"ended,omitempty" doc:"Whether the view has ended, because the account changed; everything is refused until it is stopped."`
}

// viewing describes whose view the session of a request has; nil for its own.
func (in *call) viewing() *viewingBody {
	switch {
	case in.viewer != nil:
		return &viewingBody{Username: in.account.Username, By: in.viewer.Person()}
	case in.viewEnded != "":
		return &viewingBody{Username: in.viewEnded, By: in.account.Person(), Ended: true}
	}
	return nil
}

type beginViewInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"256" doc:"The account whose view of the log to have."`
	} `nameHint:"ViewAs"`
}

// beginView gives the caller's session the view of another person.
func (s *Server) beginView(_ context.Context, in *call, input *beginViewInput) (*sessionOutput, error) {
	a, err := s.administered(in, input.Body.Username)
	if err == nil {
		err = in.mayView(a)
	}
	if err != nil {
		return nil, err
	}
	in.trailDetails = ofAccount(a)
	in.trailDetails.details = map[string]any{"role": a.Role, "organization": a.Organization}
	err = s.auditedSessions(in).View(in.token, a, func() error {
		now, err := s.callerNow(in.principal)
		if err == nil {
			err = now.mayView(a)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.sessionNow(in)
}

// endView gives the caller's session its own view back.
func (s *Server) endView(_ context.Context, in *call, _ *struct{}) (*sessionOutput, error) {
	if in.viewer == nil && in.viewEnded == "" {
		in.trailDetails.quiet = true
		return s.sessionNow(in)
	}
	in.trailDetails.object = oplog.Ref{ID: in.viewEnded}
	if in.viewer != nil {
		in.trailDetails = ofAccount(in.account)
	}
	if err := s.auditedSessions(in).EndView(in.token); err != nil {
		return nil, err
	}
	return s.sessionNow(in)
}

// sessionNow describes the session of a request after a change of it.
func (s *Server) sessionNow(in *call) (*sessionOutput, error) {
	p, err := s.callerOf(in.token, false)
	if err != nil {
		return nil, err
	}
	now := *in
	now.principal = p
	body, err := s.describeSession(&now, p.account)
	return &sessionOutput{http.StatusOK, body}, err
}

// callerOf returns the principal of a session's token, and counts as activity if it is used; with an error if the second factor is missing, or the view
// has ended that the session had.
func (s *Server) callerOf(token string, used bool) (*principal, error) {
	look := s.identity.LookUpSession
	if used {
		look = s.identity.OpenSession
	}
	session, account, err := look(token)
	if err != nil && !identity.IsPending(err) {
		return nil, err
	}
	if err != nil || session.Viewing == nil {
		p := person(account, token)
		p.confirmedUntil, p.confirmed = session.Confirmed(s.now())
		return p, err
	}
	p, err := s.viewer(session, account, token)
	if viewHasEnded(err) {
		p.viewEnded = session.Viewing.Username
	}
	return p, err
}
