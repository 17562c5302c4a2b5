package identity

import (
	"time"

	"oplog/directory"
	"oplog/oplog"
	"oplog/records"
)

// usedLaunch records a used launch token until it expires.
type usedLaunch struct {
	ExpiresAt time.Time `json:"expires_at"`
	Key       string    `json:"key,omitempty"` // hash of the launch key that signed it
}

// LaunchKeys returns the keys that may sign a tenant's launch tokens; none if the tenant does not exist.
func (i *Identity) LaunchKeys(tenant string) ([]APIKey, error) {
	if tenant == "" {
		return nil, nil
	}
	now := i.now()
	return i.keysWhere(func(k *APIKey) bool {
		return k.Tenant == tenant && k.Scope == ScopeLaunch && k.RevokedAt.IsZero() && !k.Expired(now) && k.Secret != ""
	})
}

// MaxLaunchLife limits the lifetime of launch tokens.
const MaxLaunchLife = 5 * time.Minute

// RedeemLaunch marks a launch token that a key has signed as used, by its jti. It returns CodeUnauthenticated if the token was used before, or was
// issued before the log was restored from a backup, which may not know of its use; CodeTooMany if the key has MaxUsedLaunches.
func (i *Identity) RedeemLaunch(key APIKey, id string, expires time.Time) error {
	restored, err := records.Read[time.Time](i.records, oplog.RecordServer, lastRestore)
	if oplog.CodeOf(err) == oplog.CodeDamaged { // as if it were restored now: links from before are issued again at a click
		restored = i.now().UTC()
		err = records.Mend(i.inMemory, oplog.RecordServer, lastRestore, &restored)
	}
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	if err == nil && !expires.After(restored.Add(MaxLaunchLife)) {
		return oplog.Errorf(oplog.CodeUnauthenticated, "This link was issued before the log was restored. Go back and open it again.")
	}
	if err := i.takeLaunch(key.Hash); err != nil {
		return err
	}
	err = records.Create(i.inMemory, oplog.RecordLaunch, key.Tenant+"/"+hashOf(id), usedLaunch{expires.UTC(), key.Hash})
	if err != nil {
		i.launches.add(key.Hash, -1)
	}
	if oplog.CodeOf(err) == oplog.CodeConflict {
		return oplog.Errorf(oplog.CodeUnauthenticated, "This link was already used. Go back and open it again.")
	}
	return err
}

// StartLaunched signs in a user authenticated by the host system. There is no stored account: the session holds the permissions, and ends
// when the launch key is revoked.
func (i *Identity) StartLaunched(a Account, key APIKey, ip, userAgent string) (Session, string, error) {
	if errs := a.validateLaunched(); len(errs) > 0 {
		return Session{}, "", &oplog.Error{Code: oplog.CodeInvalid, Message: "The launch token is invalid.", Fields: errs}
	}
	if err := i.checkTenant(a); err != nil {
		return Session{}, "", err
	}
	i.keyUsed(key)
	a.Launched = true
	return i.startSession(Session{Launched: &a, Key: key.Hash, IP: ip, UserAgent: userAgent})
}

func (a *Account) validateLaunched() []oplog.FieldError {
	v := oplog.Validation{}
	v.Name("token.sub", a.Username, 1, oplog.MaxUserLength)
	v.Name("token.name", a.Name, 1, oplog.MaxUserLength)
	if a.Role != RoleAdmin && a.Role != RoleAuditor {
		v.Fail("token.role", string(a.Role), "not_one_of", "is not one of {allowed}", []string{"admin", "auditor"})
	}
	return v.Errors
}

// EndLaunched ends all sessions of a tenant's user of the host system, and returns how many there were.
func (i *Identity) EndLaunched(tenant, username string, checks ...directory.May) (ended int, err error) {
	return i.endSessionsWhere(i.signIn, launchedHolder(tenant, username), func(Session) bool { return true }, checks...)
}

// launchedAccount returns the account of a session started by a launch.
func (i *Identity) launchedAccount(s Session) (Account, error) {
	_, err := i.KeyByHash(s.Key)
	if oplog.CodeOf(err) == oplog.CodeUnauthenticated {
		return Account{}, errNotSignedIn
	}
	return *s.Launched, err
}

// SetLocale changes the language of a session's user: of the account, or of the session if there is none.
func (i *Identity) SetLocale(token, locale string) (Account, error) {
	session, account, err := i.session(token)
	if err != nil {
		return account, err
	}
	if session.Launched == nil {
		return i.changeAlone(i.signIn, account.Username, func(a *Account) error { a.Locale = locale; return nil })
	}
	account.Locale = locale
	_, err = records.Change(i.inMemory, oplog.RecordSession, session.hash, func(s *Session, exists bool) (bool, error) {
		s.Launched = &account
		return !exists, nil
	})
	return account, err
}

const lastRestore = "last_restore"

// AfterRestore invalidates the sessions in a restored backup, the tokens of its devices, and launch tokens issued before the restore.
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
	if err := records.Remove(r, oplog.RecordServer, deviceSecretName); err != nil {
		return err
	}
	_, err = records.Change(r, oplog.RecordServer, lastRestore, func(stored *time.Time, _ bool) (remove bool, err error) {
		*stored = now.UTC()
		return false, nil
	})
	return err
}
