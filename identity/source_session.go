package identity

import (
	"slices"
	"strings"
	"time"

	"oplog/oplog"
	"oplog/records"
)

// SourceSilence is how long somebody stays signed in of whom the source says nothing, because it cannot be reached or is not asked.
const SourceSilence = time.Hour

// ProviderSession is what is kept of a session that an identity provider began.
type ProviderSession struct {
	SessionID    string    `json:"sid,omitempty"`           // at the provider
	IDToken      string    `json:"id_token,omitempty"`      // a hint for ending it there
	RefreshToken string    `json:"refresh_token,omitempty"` // by which the provider is asked again; "" if it gave none
	CheckedAt    time.Time `json:"checked_at,omitzero"`     // when it last answered
}

// StartSourceSession is StartSession for somebody whom an identity provider signed in.
func (i *Identity) StartSourceSession(a Account, provider *ProviderSession, ip, userAgent string) (Session, string, error) {
	session, token, err := i.startSession(Session{Username: a.Username, Stamp: a.stamp(), IP: ip, UserAgent: userAgent, Provider: provider})
	if err == nil {
		err = i.recordSignIn(a.Username)
	}
	return session, token, err
}

// continued returns a session that continues another one of the same person.
func (s *Session) continued(a Account) Session {
	return Session{Username: a.Username, Stamp: a.stamp(), IP: s.IP, UserAgent: s.UserAgent, Provider: s.Provider}
}

// SignedIn lists the accounts of a source that have sessions, those that wait for a second factor included.
func (i *Identity) SignedIn(source string) ([]Account, error) {
	holders, err := i.sessions.holdersOf(source + "/")
	if err != nil {
		return nil, err
	}
	var all []Account
	for _, username := range holders {
		a, err := i.Account(username)
		switch {
		case oplog.CodeOf(err) == oplog.CodeNotFound || oplog.IsDamagedRecord(err):
		case err != nil:
			return nil, err
		case a.Source == source && a.isActive():
			all = append(all, a)
		}
	}
	return all, nil
}

// ProviderSessions lists the sessions of an account that an identity provider began.
func (i *Identity) ProviderSessions(a Account) ([]Session, error) {
	return i.sessionsOf(a.Username, func(s Session) bool { return s.Provider != nil && s.Stamp == a.stamp() })
}

// NoteProvider stores what a provider said of a session that it began.
func (i *Identity) NoteProvider(s Session, provider ProviderSession) error {
	_, err := records.Change(i.inMemory, oplog.RecordSession, s.hash, func(stored *Session, exists bool) (bool, error) {
		stored.Provider = &provider
		return !exists, nil
	})
	return err
}

// EndSessionsWhere ends the sessions of an account for which ends returns true, and returns how many there were.
func (i *Identity) EndSessionsWhere(username string, ends func(Session) bool) (int, error) {
	return i.endSessionsWhere(i.signIn, username, ends)
}

// ProviderSession returns what is kept of a token's session that an identity provider began; nil for all others.
func (i *Identity) ProviderSession(token string) (*ProviderSession, error) {
	session, _, err := i.anySession(token)
	return session.Provider, err
}

// holdersOf returns the people with sessions whose names begin with a prefix.
func (x *sessionIndex) holdersOf(prefix string) (found []string, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err = x.catchUp()
	for holder, sessions := range x.holders {
		if !strings.HasPrefix(holder, prefix) {
			continue
		}
		for _, s := range sessions {
			if s.Launched == nil { // whose holder begins with a tenant
				found = append(found, holder)
				break
			}
		}
	}
	return found, err
}

// SignedInSources lists the sources of which people have sessions, by name.
func (i *Identity) SignedInSources() ([]string, error) {
	holders, err := i.sessions.holdersOf("")
	var names []string
	for _, username := range holders {
		if source, _, ok := strings.Cut(username, "/"); ok && !slices.Contains(names, source) {
			names = append(names, source)
		}
	}
	slices.Sort(names)
	return names, err
}
