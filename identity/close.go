package identity

import (
	"oplog/oplog"
)

// IsClosed reports whether the account was closed, which is for good.
func (a *Account) IsClosed() bool { return !a.ClosedAt.IsZero() }

// CloseAccount closes an account for good and ends its sessions: it stays in the list, so that its name keeps meaning the same person, without a
// password and second factors. One that is closed stays as it is. The callback gets the stored account while no other account changes; if it returns an
// error, nothing changes. The last active owner fails with CodeConflict.
func (i *Identity) CloseAccount(username string, may func(Account) error) (Account, error) {
	a, err := i.ChangeAccount(username, func(a *Account) error {
		if err := may(*a); err != nil || a.IsClosed() {
			return err
		}
		a.ClosedAt, a.Disabled, a.MustChange = i.now().UTC(), true, false
		a.PasswordHash, a.Factors = NobodysHash, Factors{}
		return nil
	})
	if err != nil {
		return a, err
	}
	return a, i.EndSessions(username) // once more: a crash may have kept the first time from it
}

// checkNotClosed returns CodeConflict for a change of a closed account.
func checkNotClosed(before, after Account) error {
	if before.IsClosed() && (!after.IsClosed() || !after.Disabled || after.stamp() != before.stamp() || after.Name != before.Name) {
		return oplog.Refuse(oplog.CodeConflict, "account-closed", "Account {username} is closed, which cannot be undone.", before.Username)
	}
	return nil
}

// KeysWhere lists the API keys for which keep returns true, oldest first, as Keys does.
func (i *Identity) KeysWhere(keep func(*APIKey) bool) ([]APIKey, error) { return i.keysWhere(keep) }
