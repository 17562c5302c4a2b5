package identity

import (
	"cmp"

	"oplog/oplog"
	"oplog/records"
)

// SignedIn is a session that was started, with its token.
type SignedIn struct {
	Account Account
	Session Session
	Token   string
}

// Proof is what somebody sends to complete a sign-in; one of its fields is set.
type Proof struct {
	Code         string // of the authenticator app
	RecoveryCode string
	Passkey      []byte // what the browser answered to the options of BeginAssertion
	Site         Site   // of the passkey
}

// use checks a proof against the account's factors, and uses it up.
func (i *Identity) use(a *Account, session Session, p Proof) error {
	f := &a.Factors
	switch {
	case p.Passkey != nil:
		return i.usePasskey(a, session, p)
	case p.Code != "" && f.TOTP != nil && f.TOTP.accept(p.Code, i.now()):
	case p.RecoveryCode != "" && f.useRecovery(p.RecoveryCode):
	default:
		return ErrWrongFactor
	}
	return nil
}

// FinishSignIn replaces a session that waits for the second factor by one that is signed in. A proof is accepted once, also among
// simultaneous requests.
func (i *Identity) FinishSignIn(token string, p Proof) (SignedIn, error) {
	session, account, err := i.anySession(token)
	if err != nil {
		return SignedIn{}, err
	}
	if !session.Pending {
		return SignedIn{}, errComplete
	}
	account, err = i.changeAlone(i.signIn, account.Username, func(a *Account) error {
		now, _, err := i.anySession(token)
		if err != nil {
			return err // it ended meanwhile, or the account changed
		}
		if err := i.use(a, now, p); err != nil {
			return err
		}
		a.Locale = cmp.Or(a.Locale, session.Locale)
		a.LastSignInAt = i.now().UTC()
		return nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	return i.replaceSession(session, account)
}

var errComplete = oplog.Refuse(oplog.CodeConflict, "already-signed-in", "The sign-in is already complete.")

// replaceSession ends a session and continues it with another token, so that nobody who planted or saw the first one has the second. Of
// simultaneous requests one succeeds.
func (i *Identity) replaceSession(old Session, a Account) (SignedIn, error) {
	_, err := records.Change(i.inMemory, oplog.RecordSession, old.hash, func(_ *Session, exists bool) (bool, error) {
		if !exists {
			return false, errNotSignedIn
		}
		return true, nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	session, token, err := i.startSession(old.continued(a))
	return SignedIn{a, session, token}, err
}
