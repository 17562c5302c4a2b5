package identity

import (
	"time"

	"oplog/oplog"
)

// Viewing is whose view of the log somebody has for a while in place of the own.
type Viewing struct {
	Username string    `json:"username"`
	Stamp    string    `json:"stamp"` // of the account when it began
	Since    time.Time `json:"since"`
}

// ReasonViewEnded is the reason of the error for sessions whose view ended because the account changed.
const ReasonViewEnded = "view-ended"

// OpenSession returns the session of a token with its account, or CodeUnauthenticated; see IsPending. It counts as activity.
func (i *Identity) OpenSession(token string) (Session, Account, error) {
	session, account, err := i.session(token)
	if err == nil {
		markUsed(i, oplog.RecordSession, session.hash, session.LastUsedAt, func(s *Session) *time.Time { return &s.LastUsedAt })
	}
	return session, account, err
}

// LookUpSession is OpenSession, but does not count as activity.
func (i *Identity) LookUpSession(token string) (Session, Account, error) { return i.session(token) }

// View begins to show a session the log as the person of another account sees it. The callback is called before; its error is returned and nothing
// changes.
func (i *Identity) View(token string, as Account, may func() error) error {
	_, err := i.changeSession(token, func(s *Session, _ *Account) error {
		if err := may(); err != nil {
			return err
		}
		s.Viewing = &Viewing{as.Username, as.stamp(), i.now().UTC()}
		return nil
	})
	return err
}

// EndView shows a session its own view of the log again.
func (i *Identity) EndView(token string) error {
	_, err := i.changeSession(token, func(s *Session, _ *Account) error {
		s.Viewing = nil
		return nil
	})
	return err
}

// Viewed returns the account whose view a session has, or the error that the view has ended: the account changed, or may not sign in any more.
func (i *Identity) Viewed(s Session) (Account, error) {
	a, err := i.Account(s.Viewing.Username)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && (!a.isActive() || a.stamp() != s.Viewing.Stamp) {
		return a, ErrViewEnded(s.Viewing.Username)
	}
	a.MustChange = false // what is seen before the password is changed is not worth a look
	return a, err
}

// ErrViewEnded returns the error for a session whose view has ended.
func ErrViewEnded(username string) error {
	return oplog.Refuse(oplog.CodeForbidden, "view-ended", "Viewing as {username} has ended, because the account changed. Stop viewing to go on as yourself.", username)
}

// IsActive reports whether a person may sign in.
func (a *Account) IsActive() bool { return a.isActive() }
