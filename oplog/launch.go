package oplog

import (
	"encoding/json"
	"slices"
	"time"
)

// spentLaunch is a launch token that was used, kept until it has expired.
type spentLaunch struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// LaunchKeys returns the keys that a tenant's launch tokens may be signed with;
// none for a tenant that does not exist.
func (l *Log) LaunchKeys(tenant string) ([]APIKey, error) {
	if tenant == "" {
		return nil, nil
	}
	keys, err := l.Keys(tenant)
	return slices.DeleteFunc(keys, func(k APIKey) bool { return k.Scope != ScopeLaunch || !k.RevokedAt.IsZero() || k.Secret == "" }), err
}

// MaxLaunchLife is how far ahead a launch token may end.
const MaxLaunchLife = 5 * time.Minute

// SpendLaunch uses a launch token up, by its id; CodeUnauthenticated where it was
// used before, or may have been before the log was restored from a backup, which
// does not know of its use.
func (l *Log) SpendLaunch(tenant, id string, expires time.Time) error {
	restored, err := readRecord[time.Time](l.store, RecordServer, lastRestore)
	if err != nil && CodeOf(err) != CodeNotFound {
		return err
	}
	if err == nil && !expires.After(restored.Add(MaxLaunchLife)) {
		return Errorf(CodeUnauthenticated, "This link is from before the log was restored. Go back and follow it again.")
	}
	err = createRecord(l.store, RecordLaunch, tenant+"/"+hashOf(id), spentLaunch{expires.UTC()})
	if CodeOf(err) == CodeConflict {
		return Errorf(CodeUnauthenticated, "This link was used before. Go back, and follow it anew.")
	}
	return err
}

// StartLaunched signs in a person whom the host system vouches for with a key.
// There is no stored account: the session holds what the person may do, and
// ends with the key.
func (l *Log) StartLaunched(a Account, key APIKey, ip, userAgent string) (Session, string, error) {
	if broken := a.validateLaunched(); len(broken) > 0 {
		return Session{}, "", &Error{Code: CodeInvalid, Message: "The launch token breaks a rule.", Fields: broken}
	}
	if err := l.checkPlace(a); err != nil {
		return Session{}, "", err
	}
	l.keyUsed(key)
	a.Launched = true
	return l.startSession(Session{Launched: &a, Key: key.Hash, IP: ip, UserAgent: userAgent})
}

func (a *Account) validateLaunched() []FieldError {
	v := validation{}
	v.text("token.sub", a.Username, 1, MaxUserLength)
	v.text("token.name", a.Name, 1, MaxUserLength)
	if a.Role != RoleAdmin && a.Role != RoleAuditor {
		v.fail("token.role", string(a.Role), "is not admin or auditor")
	}
	return v.errors
}

// launched returns the account of a session that a launch began.
func (l *Log) launched(s Session) (Account, error) {
	_, err := l.KeyByHash(s.Key)
	if CodeOf(err) == CodeUnauthenticated {
		return Account{}, errSignIn
	}
	return *s.Launched, err
}

// SetLocale changes the language of whoever holds a session: of the account, or
// of the session where there is none.
func (l *Log) SetLocale(token, locale string) (Account, error) {
	session, account, err := l.session(token)
	if err != nil {
		return account, err
	}
	if session.Launched == nil {
		return l.ChangeAccount(account.Username, func(a *Account) { a.Locale = locale })
	}
	account.Locale = locale
	_, err = changeRecord(l.store, RecordSession, session.hash, func(s *Session, exists bool) (bool, error) {
		s.Launched = &account
		return !exists, nil
	})
	return account, err
}

func (l *Log) clearLaunches(now time.Time) {
	found, err := l.store.Records(RecordLaunch, "")
	if err != nil {
		return
	}
	for _, r := range found {
		var spent spentLaunch
		if json.Unmarshal(r.Data, &spent) == nil && now.Before(spent.ExpiresAt) {
			continue
		}
		_ = l.store.ChangeRecord(RecordLaunch, r.Name, func([]byte) ([]byte, error) { return nil, nil })
	}
}
