package server

import (
	"sync"
	"time"

	"oplog/identity"
)

// placeLocks knows of names that are locked in some places: from an address, or on a browser that signed in with them before. A throttle counts
// these places and cannot list them.
type placeLocks struct {
	mu     sync.Mutex
	byName map[string]placeLock // only of accounts, so that others do not make it grow
}

// placeLock is what is known of a name.
type placeLock struct {
	unlocked int       // how often an admin unlocked it; a part of the keys of its buckets, which so begin again in all places
	until    time.Time // when the last lock ends
}

// generation returns how often a name was unlocked.
func (l *placeLocks) generation(username string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byName[identity.NameKey(username)].unlocked
}

// note notes that an account is locked in a place until a time.
func (l *placeLocks) note(username string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := identity.NameKey(username)
	if of := l.byName[name]; until.After(of.until) {
		of.until = until
		l.byName[name] = of
	}
}

// until returns when the last lock of an account ends.
func (l *placeLocks) until(username string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byName[identity.NameKey(username)].until
}

// unlock ends all locks of an account.
func (l *placeLocks) unlock(username string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := identity.NameKey(username)
	l.byName[name] = placeLock{unlocked: l.byName[name].unlocked + 1}
}

// noteLocks notes where the accounts with a name became locked, by a failed attempt that counted for buckets. As in recordLock, all accounts are
// searched whether or not there is one.
func (s *Server) noteLocks(username string, buckets []bucket) error {
	if err := s.shareAttempts(username, buckets); err != nil {
		return err
	}
	var wait time.Duration
	for _, b := range buckets {
		if b.place != "" {
			wait = max(wait, s.throttle.wait(b))
		}
	}
	if wait <= 0 {
		return nil
	}
	accounts, err := s.identity.Accounts("")
	for _, a := range accounts {
		if isNamed(&a, username) {
			s.locks.note(username, s.now().Add(wait))
		}
	}
	return err
}

// isNamed reports whether an account is one of those that somebody tries with a name: the one that is called so, or of a source.
func isNamed(a *identity.Account, username string) bool {
	key := identity.NameKey(username)
	return identity.NameKey(a.Username) == key || identity.NameKey(a.SignInName()) == key
}

// lockedUntil returns when an account can sign in again, zero if it is not locked; somewhere is whether it is locked only in some places. Passwords are
// tried with the name that a person types, codes with that of the account.
func (s *Server) lockedUntil(a *identity.Account) (until time.Time, somewhere bool) {
	until, somewhere = s.nameLockedUntil(a.SignInName())
	if a.Source == "" {
		return until, somewhere
	}
	if codes, inPlace := s.nameLockedUntil(a.Username); codes.After(until) {
		return codes, inPlace
	}
	return until, somewhere
}

func (s *Server) nameLockedUntil(username string) (until time.Time, somewhere bool) {
	now := s.now()
	elsewhere, inPlace := s.lockedElsewhere(username, now)
	if wait := max(s.throttle.wait(nameBucket(username)), s.throttle.wait(codesBucket(username)), elsewhere); wait > 0 {
		return now.Add(wait).UTC().Truncate(time.Second), false
	}
	if until = s.locks.until(username); inPlace.After(until) {
		until = inPlace
	}
	if until.After(now) {
		return until.UTC().Truncate(time.Second), true
	}
	return time.Time{}, false
}
