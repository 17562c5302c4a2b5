package identity

import (
	"encoding/json"
	"slices"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// spentLaunch is a launch token that was used, kept until it has expired.
type spentLaunch struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// LaunchKeys returns the keys that a tenant's launch tokens may be signed with;
// none for a tenant that does not exist.
func (i *Identity) LaunchKeys(tenant string) ([]APIKey, error) {
	if tenant == "" {
		return nil, nil
	}
	keys, err := i.Keys(tenant)
	return slices.DeleteFunc(keys, func(k APIKey) bool { return k.Scope != ScopeLaunch || !k.RevokedAt.IsZero() || k.Secret == "" }), err
}

// MaxLaunchLife is how far ahead a launch token may end.
const MaxLaunchLife = 5 * time.Minute

// SpendLaunch uses a launch token up, by its id; CodeUnauthenticated where it was
// used before, or may have been before the log was restored from a backup, which
// does not know of its use.
func (i *Identity) SpendLaunch(tenant, id string, expires time.Time) error {
	restored, err := records.Read[time.Time](i.records, oplog.RecordServer, lastRestore)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	if err == nil && !expires.After(restored.Add(MaxLaunchLife)) {
		return oplog.Errorf(oplog.CodeUnauthenticated, "This link is from before the log was restored. Go back and follow it again.")
	}
	err = records.Create(i.records, oplog.RecordLaunch, tenant+"/"+hashOf(id), spentLaunch{expires.UTC()})
	if oplog.CodeOf(err) == oplog.CodeConflict {
		return oplog.Errorf(oplog.CodeUnauthenticated, "This link was used before. Go back and follow it again.")
	}
	return err
}

// StartLaunched signs in a person whom the host system vouches for with a key.
// There is no stored account: the session holds what the person may do, and
// ends with the key.
func (i *Identity) StartLaunched(a Account, key APIKey, ip, userAgent string) (Session, string, error) {
	if broken := a.validateLaunched(); len(broken) > 0 {
		return Session{}, "", &oplog.Error{Code: oplog.CodeInvalid, Message: "The launch token is invalid.", Fields: broken}
	}
	if err := i.checkPlace(a); err != nil {
		return Session{}, "", err
	}
	i.keyUsed(key)
	a.Launched = true
	return i.startSession(Session{Launched: &a, Key: key.Hash, IP: ip, UserAgent: userAgent})
}

func (a *Account) validateLaunched() []oplog.FieldError {
	v := oplog.Validation{}
	v.Text("token.sub", a.Username, 1, oplog.MaxUserLength)
	v.Text("token.name", a.Name, 1, oplog.MaxUserLength)
	if a.Role != RoleAdmin && a.Role != RoleAuditor {
		v.Fail("token.role", string(a.Role), "is not admin or auditor")
	}
	return v.Errors
}

// launched returns the account of a session that a launch began.
func (i *Identity) launched(s Session) (Account, error) {
	_, err := i.KeyByHash(s.Key)
	if oplog.CodeOf(err) == oplog.CodeUnauthenticated {
		return Account{}, errSignIn
	}
	return *s.Launched, err
}

// SetLocale changes the language of a session's holder: of the account, or
// of the session where there is none.
func (i *Identity) SetLocale(token, locale string) (Account, error) {
	session, account, err := i.session(token)
	if err != nil {
		return account, err
	}
	if session.Launched == nil {
		return i.ChangeAccount(account.Username, func(a *Account) { a.Locale = locale })
	}
	account.Locale = locale
	_, err = records.Change(i.records, oplog.RecordSession, session.hash, func(s *Session, exists bool) (bool, error) {
		s.Launched = &account
		return !exists, nil
	})
	return account, err
}

func (i *Identity) clearLaunches(now time.Time) {
	found, err := i.records.Records(oplog.RecordLaunch, "")
	if err != nil {
		return
	}
	for _, r := range found {
		var spent spentLaunch
		if json.Unmarshal(r.Data, &spent) == nil && now.Before(spent.ExpiresAt) {
			continue
		}
		_ = records.Remove(i.records, oplog.RecordLaunch, r.Name)
	}
}

const lastRestore = "last_restore"

// AfterRestore ends what was signed in when a backup was made: sessions, and launch
// tokens made before the restore.
func AfterRestore(r oplog.Records, now time.Time) error {
	sessions, err := r.Records(oplog.RecordSession, "")
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if err := records.Remove(r, oplog.RecordSession, s.Name); err != nil {
			return err
		}
	}
	_, err = records.Change(r, oplog.RecordServer, lastRestore, func(stored *time.Time, _ bool) (remove bool, err error) {
		*stored = now.UTC()
		return false, nil
	})
	return err
}
