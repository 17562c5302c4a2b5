package identity

import (
	"encoding/json"
	"errors"
	"time"

	"oplog/directory"
	"oplog/faults"
	"oplog/oplog"
	"oplog/records"
)

// Session is a signed-in session.
type Session struct {
	Username   string    `json:"username"`
	Stamp      string    `json:"stamp"` // of the account at sign-in
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"` // accurate to about a minute, of several nodes to five
	ExpiresAt  time.Time `json:"expires_at"`
	IP         string    `json:"ip,omitempty"`
	UserAgent  string    `json:"user_agent,omitempty"`

	Pending bool         `json:"pending,omitempty"` // waits for the second factor
	Locale  string       `json:"locale,omitempty"`  // of the page, for an account without one; only while pending
	Setup   *factorSetup `json:"setup,omitempty"`   // a second factor that is being added

	// Only for users authenticated by the host system, who have no account here.
	Launched *Account `json:"launched,omitempty"`
	Key      string   `json:"key,omitempty"` // hash of the launch key that the session depends on

	Provider *ProviderSession `json:"provider,omitempty"` // of somebody whom an identity provider signed in

	ConfirmedAt time.Time `json:"confirmed_at,omitzero"` // when the person last proved to be the one who signed in; see Confirmed
	Viewing     *Viewing  `json:"viewing,omitempty"`     // while somebody sees the log as another person does

	hash string // name of the record
}

// A session ends after the shorter of these.
const (
	sessionLife = 12 * time.Hour
	sessionIdle = 2 * time.Hour // without a request
)

// ID identifies the session without granting access to it.
func (s Session) ID() string { return s.hash[:min(12, len(s.hash))] }

// Is reports whether the session has the given token.
func (s Session) Is(token string) bool { return s.hash == hashOf(token) }

// expired reports whether the session has expired.
func (s Session) expired(now time.Time) bool {
	return !now.Before(s.ExpiresAt) || now.Sub(s.LastUsedAt) >= sessionIdle
}

var errNotSignedIn = oplog.Errorf(oplog.CodeUnauthenticated, "Sign in to continue.")

// StartSession starts a session for an account as it was when its password was checked, and returns the session's token, of which only the
// hash is stored.
func (i *Identity) StartSession(a Account, ip, userAgent string) (Session, string, error) {
	session, token, err := i.startSession(Session{Username: a.Username, Stamp: a.stamp(), IP: ip, UserAgent: userAgent})
	if err == nil {
		err = i.recordSignIn(a.Username)
	}
	return session, token, err
}

// recordSignIn records the time of an account's last sign-in.
func (i *Identity) recordSignIn(username string) error {
	_, err := records.Change(i.inMemory, oplog.RecordAccount, username, func(stored *Account, exists bool) (remove bool, err error) {
		stored.LastSignInAt = i.now().UTC()
		return !exists, nil
	})
	return err
}

func (i *Identity) startSession(s Session) (Session, string, error) {
	token, hash := newSecret("")
	now := i.now().UTC()
	life := sessionLife
	switch {
	case s.Pending:
		life = pendingLife
	case s.Provider != nil && s.Provider.RefreshToken == "":
		life = SourceSilence // nobody can ask the provider again
	}
	s.CreatedAt, s.LastUsedAt, s.ExpiresAt, s.hash = now, now, now.Add(life), hash
	s.IP, s.UserAgent = oplog.Shorten(s.IP), oplog.Clip(s.UserAgent, oplog.MaxOriginLength)
	i.background.Hourly(now, i.clearExpired)
	defer i.sessions.lock(s.holder())()
	ending, err := i.sessions.enter(s, now)
	for err == nil && len(ending) > 0 {
		if err = i.endSession(ending[0].hash); err == nil {
			ending = ending[1:]
		}
	}
	if err == nil {
		err = records.Create(i.signIn, oplog.RecordSession, hash, s)
	}
	if err != nil {
		i.sessions.undo(s, ending)
	}
	return s, token, err
}

// SessionAccount returns the account of a session token, or CodeUnauthenticated; see IsPending. It does not count as activity.
func (i *Identity) SessionAccount(token string) (Account, error) {
	_, account, err := i.session(token)
	return account, err
}

// UseSession is like SessionAccount, but counts as activity and so postpones the idle timeout.
func (i *Identity) UseSession(token string) (Account, error) {
	_, account, err := i.OpenSession(token)
	return account, err
}

// session returns the session of a token with its account, or an error if the sign-in is not complete.
func (i *Identity) session(token string) (Session, Account, error) {
	session, account, err := i.anySession(token)
	if err == nil && session.Pending {
		err = errPending
	}
	return session, account, err
}

// anySession is like session, but also returns one that waits for its second factor.
func (i *Identity) anySession(token string) (Session, Account, error) {
	hash := hashOf(token)
	session, err := records.Read[Session](i.records, oplog.RecordSession, hash)
	session.hash = hash
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && session.expired(i.now()) {
		return session, Account{}, errNotSignedIn
	}
	if err != nil {
		return session, Account{}, err
	}
	if session.Launched != nil {
		account, err := i.launchedAccount(session)
		return session, account, err
	}
	account, err := i.Account(session.Username)
	if oplog.CodeOf(err) == oplog.CodeNotFound || err == nil && (!account.isActive() || account.stamp() != session.Stamp) {
		return session, Account{}, errNotSignedIn
	}
	return session, account, err
}

// Sessions lists the sessions of a token's user, newest first.
func (i *Identity) Sessions(token string) ([]Session, error) {
	own, _, err := i.session(token)
	if err != nil {
		return nil, err
	}
	return i.sessionsOf(own.holder(), own.sameHolder)
}

// sameHolder reports whether two sessions belong to the same user.
func (s Session) sameHolder(other Session) bool {
	if s.Launched == nil || other.Launched == nil {
		return s.Launched == other.Launched && s.Username == other.Username && s.Stamp == other.Stamp
	}
	return s.Launched.Tenant == other.Launched.Tenant && s.Launched.Username == other.Launched.Username
}

// sessionOf returns the session of a record. An unreadable one belongs to nobody and counts as expired.
func sessionOf(r oplog.Record) (s Session) {
	_ = json.Unmarshal(r.Data, &s)
	s.hash = r.Name
	return s
}

// EndSession ends the session with a token.
func (i *Identity) EndSession(token string) error { return i.endSession(hashOf(token)) }

func (i *Identity) endSession(hash string) error {
	return records.Remove(i.signIn, oplog.RecordSession, hash)
}

// EndOwnSessions ends all sessions of a token's user, unless that of the token ends meanwhile.
func (i *Identity) EndOwnSessions(token string) error {
	own, _, err := i.session(token)
	if err != nil {
		return err
	}
	now := i.now()
	isThere := func() error { _, _, err := i.session(token); return err }
	_, err = i.endSessionsWhere(i.signIn, own.holder(), func(s Session) bool { return own.sameHolder(s) && !s.expired(now) }, isThere)
	return err
}

// EndSessions ends all sessions of an account.
func (i *Identity) EndSessions(username string) error {
	_, err := i.endSessionsWhere(i.signIn, username, func(Session) bool { return true })
	return err
}

// endSessionsWhere ends sessions of a holder in one transaction, and returns how many there were.
func (i *common) endSessionsWhere(changes oplog.Records, holder string, ends func(Session) bool, checks ...directory.May) (ended int, err error) {
	return i.endNamed(changes, func() ([]string, error) { return i.sessions.names(holder) }, ends, checks...)
}

// endNamed ends sessions among those that names returns.
func (i *common) endNamed(changes oplog.Records, names func() ([]string, error), ends func(Session) bool, checks ...directory.May) (ended int, err error) {
	for {
		found, err := i.readSessions(names)
		if err == nil {
			err = directory.Allowed(checks)
		}
		if err != nil {
			return 0, err
		}
		var removals []oplog.RecordChange
		for _, r := range found {
			if ends(sessionOf(r)) {
				removals = append(removals, oplog.RecordChange{Kind: oplog.RecordSession, Name: r.Name, Replaces: oplog.RevisionOf(r.Data)})
			}
		}
		if len(removals) == 0 {
			return 0, nil
		}
		if err := changes.PutRecords(removals); !errors.Is(err, oplog.ErrRevision) { // else one was used meanwhile
			return len(removals), err
		}
	}
}

// readSessions returns the records of sessions that are still there.
func (i *common) readSessions(names func() ([]string, error)) ([]oplog.Record, error) {
	listed, err := names()
	var found []oplog.Record
	for _, name := range listed {
		if err != nil {
			break
		}
		var data []byte
		if data, _, err = i.records.Record(oplog.RecordSession, name); err == nil {
			found = append(found, oplog.Record{Name: name, Data: data})
		} else if oplog.CodeOf(err) == oplog.CodeNotFound {
			err = nil
		}
	}
	return found, err
}

// clearExpired removes expired records; failed removals are retried next time. Of several nodes, the one that leads does: people sign in there.
func (i *common) clearExpired() {
	if i.records.Failure() != nil || !i.place.Leads() {
		return
	}
	now := i.now()
	expired := func() ([]string, error) { return i.sessions.expired(now) }
	_, err := i.endNamed(i.records, expired, func(s Session) bool { return s.expired(now) })
	faults.Report("removing expired sessions", err)
	i.clearLaunches(now)
	i.clearAttempts(now)
}
