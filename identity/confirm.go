package identity

import (
	"time"

	"oplog/oplog"
	"oplog/records"
)

// ConfirmLife is how long somebody who confirmed to be the person of a session may do what cannot be undone.
const ConfirmLife = 5 * time.Minute

// Confirmed reports until when the session's person has confirmed to be the one who signed in; false: not, or too long ago. Nodes' clocks differ.
func (s *Session) Confirmed(now time.Time) (until time.Time, ok bool) {
	since := now.Sub(s.ConfirmedAt).Abs()
	return s.ConfirmedAt.Add(ConfirmLife), !s.ConfirmedAt.IsZero() && since < ConfirmLife
}

// ConfirmSession notes that the person of a session has just proved to be the one who signed in: by a proof of a second factor, which is accepted
// once, or, with a zero Proof, by what was checked before.
func (i *Identity) ConfirmSession(token string, p Proof, checked StepUp) (Session, error) {
	_, account, err := i.ownSession(token)
	if err != nil {
		return Session{}, err
	}
	if p.given() {
		if _, err := i.changeAlone(i.inMemory, account.Username, func(a *Account) error {
			now, _, err := i.ownSession(token)
			if err != nil {
				return err // it ended meanwhile, or the account changed
			}
			if now.Pending {
				return errPending
			}
			return i.use(a, now, p)
		}); err != nil {
			return Session{}, err
		}
	}
	return i.changeSession(token, func(s *Session, a *Account) error {
		if isSource := checked.Source != "" && checked.Source == a.Source; !p.given() && !isSource && (checked.Checked == "" || checked.Checked != a.PasswordHash) {
			return errPasswordChanged
		}
		s.ConfirmedAt, s.Setup = i.now().UTC(), nil
		return nil
	})
}

var errPasswordChanged = oplog.Refuse(oplog.CodeConflict, "password-changed", "The password was changed meanwhile.")

// given reports whether there is a proof.
func (p *Proof) given() bool { return p.Code != "" || p.RecoveryCode != "" || p.Passkey != nil }

// changeSession changes the session of a token, which must be signed in.
func (i *Identity) changeSession(token string, change func(*Session, *Account) error) (Session, error) {
	session, _, err := i.session(token)
	if err != nil {
		return session, err
	}
	changed, err := records.Change(i.signIn, oplog.RecordSession, session.hash, func(s *Session, exists bool) (bool, error) {
		_, account, err := i.session(token)
		if err != nil || !exists {
			return !exists, err
		}
		return false, change(s, &account)
	})
	changed.hash = session.hash
	return changed, err
}
