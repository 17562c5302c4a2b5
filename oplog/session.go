package oplog

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Session is a signed-in person.
type Session struct {
	Username   string    `json:"username"`
	Stamp      string    `json:"stamp"` // of the account, as it was
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"` // to about a minute
	ExpiresAt  time.Time `json:"expires_at"`
	IP         string    `json:"ip,omitempty"`
	UserAgent  string    `json:"user_agent,omitempty"`

	// Of people whom the host system vouches for, who have no account here.
	Launched *Account `json:"launched,omitempty"`
	Key      string   `json:"key,omitempty"` // hash of the launch key that it rests on

	hash string // its name in the store
}

// A session ends after both of these, whichever comes first.
const (
	sessionLife = 12 * time.Hour
	sessionIdle = 2 * time.Hour // without a request
)

// ID tells sessions apart and opens none.
func (s Session) ID() string { return s.hash[:min(12, len(s.hash))] }

// Is tells whether the session is the one with that token.
func (s Session) Is(token string) bool { return s.hash == hashOf(token) }

// over tells whether the session has ended by itself.
func (s Session) over(now time.Time) bool {
	return !now.Before(s.ExpiresAt) || now.Sub(s.LastUsedAt) >= sessionIdle
}

var errSignIn = Errorf(CodeUnauthenticated, "Sign in to go on.")

// StartSession signs an account in, as it was when its password was checked,
// and returns the session's token, of which only the hash is kept. IP and
// userAgent say where from.
func (l *Log) StartSession(a Account, ip, userAgent string) (Session, string, error) {
	if err := l.noteSignIn(a.Username); err != nil {
		return Session{}, "", err
	}
	return l.startSession(Session{Username: a.Username, Stamp: a.stamp(), IP: ip, UserAgent: userAgent})
}

// noteSignIn notes with an account when it was signed in last.
func (l *Log) noteSignIn(username string) error {
	_, err := changeRecord(l.store, RecordAccount, username, func(stored *Account, exists bool) (remove bool, err error) {
		stored.LastSignInAt = l.now().UTC()
		return !exists, nil
	})
	return err
}

func (l *Log) startSession(s Session) (Session, string, error) {
	token, hash := secret("")
	now := l.now().UTC()
	s.CreatedAt, s.LastUsedAt, s.ExpiresAt, s.hash = now, now, now.Add(sessionLife), hash
	s.IP, s.UserAgent = shorten(s.IP), clip(s.UserAgent, MaxOriginLength)
	l.later.hourly(now, l.clearExpired)
	return s, token, createRecord(l.store, RecordSession, hash, s)
}

// clip cuts a text to a number of bytes at most; what is no UTF-8, of the cut or
// of a sender's, becomes question marks.
func clip(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "?") }

// SessionAccount returns the account that a session's token stands for, or
// CodeUnauthenticated. It does not count as a use of the session.
func (l *Log) SessionAccount(token string) (Account, error) {
	_, account, err := l.session(token)
	return account, err
}

// UseSession is SessionAccount for a request of the person, which keeps the
// session from ending for want of use.
func (l *Log) UseSession(token string) (Account, error) {
	session, account, err := l.session(token)
	if err == nil {
		markUsed(l, RecordSession, session.hash, session.LastUsedAt, func(s *Session, at time.Time) { s.LastUsedAt = at })
	}
	return account, err
}

func (l *Log) session(token string) (Session, Account, error) {
	hash := hashOf(token)
	session, err := readRecord[Session](l.store, RecordSession, hash)
	session.hash = hash
	if CodeOf(err) == CodeNotFound || err == nil && session.over(l.now()) {
		return session, Account{}, errSignIn
	}
	if err != nil {
		return session, Account{}, err
	}
	if session.Launched != nil {
		account, err := l.launched(session)
		return session, account, err
	}
	account, err := l.Account(session.Username)
	if CodeOf(err) == CodeNotFound || err == nil && (account.Disabled || account.stamp() != session.Stamp) {
		return session, Account{}, errSignIn
	}
	return session, account, err
}

// Sessions lists the sessions of whoever holds a token, newest first.
func (l *Log) Sessions(token string) ([]Session, error) {
	own, _, err := l.session(token)
	if err != nil {
		return nil, err
	}
	all, err := l.allSessions()
	if err != nil {
		return nil, err
	}
	now := l.now()
	all = slices.DeleteFunc(all, func(s Session) bool { return !s.sameHolder(own) || s.over(now) })
	slices.SortFunc(all, func(a, b Session) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return all, nil
}

func (s Session) sameHolder(other Session) bool {
	if s.Launched == nil || other.Launched == nil {
		return s.Launched == other.Launched && s.Username == other.Username && s.Stamp == other.Stamp
	}
	return s.Launched.Tenant == other.Launched.Tenant && s.Launched.Username == other.Launched.Username
}

func (l *Log) allSessions() ([]Session, error) {
	found, err := l.store.Records(RecordSession, "")
	if err != nil {
		return nil, err
	}
	all := make([]Session, len(found))
	for i, r := range found {
		// One that cannot be read is of nobody, and has expired.
		_ = json.Unmarshal(r.Data, &all[i])
		all[i].hash = r.Name
	}
	return all, nil
}

// EndSession signs out.
func (l *Log) EndSession(token string) error { return l.endSession(hashOf(token)) }

func (l *Log) endSession(hash string) error {
	return l.store.ChangeRecord(RecordSession, hash, func([]byte) ([]byte, error) { return nil, nil })
}

// EndOwnSessions signs whoever holds a token out everywhere.
func (l *Log) EndOwnSessions(token string) error {
	own, err := l.Sessions(token)
	for _, s := range own {
		if err == nil {
			err = l.endSession(s.hash)
		}
	}
	return err
}

// EndSessions signs an account out everywhere.
func (l *Log) EndSessions(username string) error {
	return l.endSessionsWhere(func(s Session) bool { return s.Launched == nil && s.Username == username })
}

func (l *Log) endSessionsWhere(ends func(Session) bool) error {
	all, err := l.allSessions()
	for _, s := range all {
		if err == nil && ends(s) {
			err = l.endSession(s.hash)
		}
	}
	return err
}

// clearExpired removes what has ended by itself. What cannot be removed now is
// the next time.
func (l *Log) clearExpired() {
	now := l.now()
	_ = l.endSessionsWhere(func(s Session) bool { return s.over(now) })
	l.clearLaunches(now)
}
