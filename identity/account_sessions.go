package identity

import (
	"oplog/oplog"
	"sort"
)

// ChangePassword replaces the password of a token's account by one with the given hash, if its password is still the one whose hash was
// checked. All sessions of the account end; the returned one continues that of the token.
func (i *Identity) ChangePassword(token, checked, hash string) (Account, Session, string, error) {
	session, account, err := i.session(token)
	if err != nil {
		return account, session, "", err
	}
	account, err = i.ChangeAccount(account.Username, func(a *Account) error {
		if _, _, err := i.session(token); err != nil {
			return err // it ended meanwhile
		}
		if a.PasswordHash != checked {
			return oplog.Refuse(oplog.CodeConflict, "password-changed", "The password was changed meanwhile.")
		}
		a.PasswordHash, a.MustChange = hash, false
		return nil
	})
	if err != nil {
		return account, session, "", err
	}
	session, token, err = i.startSession(session.continued(account))
	return account, session, token, err
}

// AccountSessions lists the sessions of an account, newest first.
func (i *Identity) AccountSessions(a Account) ([]Session, error) {
	return i.sessionsOf(a.Username, func(s Session) bool { return s.Stamp == a.stamp() })
}

// SignOut ends all sessions of an account, and its devices are no longer known. The callback gets the stored account while no other account
// changes; if it returns an error, nothing ends.
func (i *Identity) SignOut(username string, may func(Account) error) (Account, error) {
	return i.ChangeAccount(username, func(a *Account) error {
		if err := may(*a); err != nil {
			return err
		}
		a.SignedOutAt = i.now().UTC()
		return nil
	})
}

// sessionsOf lists the sessions of a holder that have not expired and for which keep returns true, newest first.
func (i *Identity) sessionsOf(holder string, keep func(Session) bool) ([]Session, error) {
	found, err := i.readSessions(func() ([]string, error) { return i.sessions.names(holder) })
	if err != nil {
		return nil, err
	}
	now := i.now()
	var all []Session
	for _, r := range found {
		if s := sessionOf(r); keep(s) && !s.expired(now) {
			all = append(all, s)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[j].CreatedAt.Before(all[i].CreatedAt) })
	return all, nil
}
