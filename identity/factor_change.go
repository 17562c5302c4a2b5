package identity

import (
	"cmp"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"oplog/oplog"
	"oplog/records"
)

// factorSetup is a second factor that is being added or proved in a session.
type factorSetup struct {
	TOTP      []byte                `json:"totp,omitempty"`      // the secret of an app
	Passkey   *webauthn.SessionData `json:"passkey,omitempty"`   // the challenge for a new one
	Assertion *webauthn.SessionData `json:"assertion,omitempty"` // the challenge for signing in with one
	At        time.Time             `json:"at"`
}

// The kinds of factors that can be added.
func setupTOTP(s *factorSetup) bool    { return s.TOTP != nil }
func setupPasskey(s *factorSetup) bool { return s.Passkey != nil }

// setupLife is how long adding a factor may take.
const setupLife = 10 * time.Minute

// StepUp is what a signed-in person sends to change their factors: a code, or the password.
type StepUp struct {
	Code    string
	Checked string // the hash that the password was checked with
	Source  string // the source that checked the password
}

// stepUp checks, inside a change of an account, that a session may change its factors. One that waits for a second factor may only add the
// first; the password was checked when it began.
func (i *Identity) stepUp(token string, a *Account, up StepUp) error {
	session, _, err := i.ownSession(token)
	switch {
	case err != nil:
	case session.Pending && a.Factors.Any():
		err = errPending
	case session.Pending:
	case up.Code != "":
		err = i.use(a, session, Proof{Code: up.Code})
	case up.Source != "" && up.Source == a.Source: // the session would have ended with the account
	case up.Checked == "" || up.Checked != a.PasswordHash:
		err = errPasswordChanged
	}
	return err
}

// ownSession is like anySession, but refuses sessions of people who have no account here.
func (i *Identity) ownSession(token string) (Session, Account, error) {
	session, account, err := i.anySession(token)
	if err == nil && account.Launched {
		err = ErrNoAccount
	}
	return session, account, err
}

// ErrNoAccount means that the host system signed a person in, who has no account here.
var ErrNoAccount = oplog.Refuse(oplog.CodeForbidden, "factor-of-host", "The host system signed you in; there is no account to protect here.")

// Confirm checks, before something that cannot be undone, that a session's person is still the one who signed in. A code is accepted once.
func (i *Identity) Confirm(token string, up StepUp) error {
	_, account, err := i.ownSession(token)
	if err != nil {
		return err
	}
	_, err = i.ChangeAccount(account.Username, func(a *Account) error { return i.stepUp(token, a, up) })
	return err
}

// changeFactors changes the factors of a session's account, while no other account changes. If that turns the second factor on or off, all
// sessions of the account end, and the one returned, with another token, continues the given one.
func (i *Identity) changeFactors(token string, change func(*Account) error) (SignedIn, error) {
	session, account, err := i.ownSession(token)
	if err != nil {
		return SignedIn{}, err
	}
	account, err = i.ChangeAccount(account.Username, func(a *Account) error {
		if err := change(a); err != nil {
			return err
		}
		now := i.now().UTC()
		if session.Pending {
			a.Locale, a.LastSignInAt = cmp.Or(a.Locale, session.Locale), now
		}
		if a.Factors.normalize(now); a.Factors.Any() {
			return nil
		}
		required, err := i.RequiresSecondFactor(*a)
		if err == nil && required {
			err = oplog.Refuse(oplog.CodeConflict, "factor-required", "A second factor is required for this account; add another one first.")
		}
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if account.stamp() == session.Stamp && !session.Pending {
		return SignedIn{account, session, token}, nil
	}
	session, token, err = i.startSession(session.continued(account))
	return SignedIn{account, session, token}, err
}

// BeginTOTP returns a new secret for an authenticator app, as text and as a URI for a QR code. It is in use once ConfirmTOTP gets a code.
func (i *Identity) BeginTOTP(token, host string, up StepUp) (secret, uri string, err error) {
	raw := newTOTPSecret()
	account, err := i.beginSetup(token, up, factorSetup{TOTP: raw})
	return totpText(raw), totpURI(raw, account.Username, host), err
}

// beginSetup stores a factor that is being added with its session.
func (i *Identity) beginSetup(token string, up StepUp, setup factorSetup) (Account, error) {
	session, account, err := i.ownSession(token)
	if err != nil {
		return account, err
	}
	account, err = i.ChangeAccount(account.Username, func(a *Account) error {
		return i.stepUp(token, a, up)
	})
	if err != nil {
		return account, err
	}
	return account, i.storeSetup(session, setup)
}

func (i *Identity) storeSetup(session Session, setup factorSetup) error {
	setup.At = i.now().UTC()
	_, err := records.Change(i.inMemory, oplog.RecordSession, session.hash, func(s *Session, exists bool) (bool, error) {
		if !exists {
			return false, errNotSignedIn
		}
		s.Setup = &setup
		return false, nil
	})
	return err
}

// setup returns the factor that is being added in a session, if its account may still add one.
func (i *Identity) setup(token string, a *Account, kind func(*factorSetup) bool) (factorSetup, error) {
	session, _, err := i.ownSession(token)
	switch {
	case err != nil:
		return factorSetup{}, err
	case session.Pending && a.Factors.Any():
		return factorSetup{}, errPending
	case session.Setup == nil || !kind(session.Setup) || i.now().Sub(session.Setup.At) >= setupLife:
		return factorSetup{}, oplog.Refuse(oplog.CodeConflict, "factor-not-begun", "Begin again: adding a second factor took too long, or had not begun.")
	}
	return *session.Setup, nil
}

// ConfirmTOTP adds the authenticator app of BeginTOTP, in place of an earlier one, if the code is its. The first factor of an account comes
// with recovery codes, which are not stored in clear. A session that waited for a second factor is signed in.
func (i *Identity) ConfirmTOTP(token, code string) (in SignedIn, recovery []string, err error) {
	codes, hashes := newRecoveryCodes()
	in, err = i.changeFactors(token, func(a *Account) error {
		setup, err := i.setup(token, a, setupTOTP)
		if err != nil {
			return err
		}
		added := &TOTP{Secret: setup.TOTP, AddedAt: i.now().UTC()}
		if !added.accept(code, i.now()) {
			return ErrWrongFactor
		}
		if recovery = nil; !a.Factors.Any() {
			recovery, a.Factors.Recovery = codes, hashes
		}
		a.Factors.TOTP = added
		return nil
	})
	if err == nil {
		err = i.endSetup(in.Session)
	}
	return in, recovery, err
}

// endSetup forgets the factor that was being added in a session.
func (i *Identity) endSetup(s Session) error {
	_, err := records.Change(i.inMemory, oplog.RecordSession, s.hash, func(stored *Session, exists bool) (bool, error) {
		stored.Setup = nil
		return !exists, nil
	})
	return err
}

// RemoveTOTP removes the authenticator app of a session's account.
func (i *Identity) RemoveTOTP(token string, up StepUp) (SignedIn, error) {
	return i.changeFactors(token, func(a *Account) error {
		if err := i.stepUp(token, a, up); err != nil {
			return err
		}
		if a.Factors.TOTP == nil {
			return oplog.Errorf(oplog.CodeNotFound, "The account has no authenticator app.")
		}
		a.Factors.TOTP = nil
		return nil
	})
}

// RenewRecoveryCodes replaces the recovery codes of a session's account.
func (i *Identity) RenewRecoveryCodes(token string, up StepUp) (SignedIn, []string, error) {
	codes, hashes := newRecoveryCodes()
	in, err := i.changeFactors(token, func(a *Account) error {
		if err := i.stepUp(token, a, up); err != nil {
			return err
		}
		if !a.Factors.Any() {
			return oplog.Refuse(oplog.CodeConflict, "no-factor", "Add a second factor first.")
		}
		a.Factors.Recovery = hashes
		return nil
	})
	return in, codes, err
}

// RemoveFactors removes all second factors of an account, and ends its sessions. The callback gets the stored account while no other account
// changes; if it returns an error, nothing changes.
func (i *Identity) RemoveFactors(username string, may func(Account) error) (Account, error) {
	return i.ChangeAccount(username, func(a *Account) error {
		if err := may(*a); err != nil {
			return err
		}
		a.Factors = Factors{}
		return nil
	})
}
