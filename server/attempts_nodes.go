package server

import (
	"time"

	"oplog/identity"
)

// Of several nodes, the one that leads counts failed attempts. Once those with the name of an account are spent, in a place or from all addresses, that
// is also stored, so that a failover gives nobody new ones, and every node shows that the account is locked. Attempts that are left when another
// node takes the lead are given once more, as after a restart, and so are those of an address with all names.

// shareAttempts stores how far the attempts with a name are spent, by one that counted for buckets, if there is such an account.
func (s *Server) shareAttempts(username string, buckets []bucket) error {
	if s.node.Place.Alone() {
		return nil
	}
	names, codes := nameBucket(username), codesBucket(username)
	spent, now := s.throttle.wait(names) > 0 || s.throttle.wait(codes) > 0, s.now()
	places := make(map[string]identity.PlaceLock)
	for _, b := range buckets {
		if wait := s.throttle.wait(b); b.place != "" && wait > 0 {
			places[identity.PlaceKey(b.place)] = identity.PlaceLock{Until: now.Add(wait).UTC(), Regained: s.throttle.regained(b).UTC()}
			spent = true
		}
	}
	if !spent {
		return nil
	}
	accounts, err := s.identity.AccountsWhere(func(a *identity.Account) bool { return isNamed(a, username) })
	if err != nil || len(accounts) == 0 {
		return err
	}
	s.identity.NoteAttempts(username, identity.Attempts{Names: s.throttle.regained(names), Codes: s.throttle.regained(codes), Places: places})
	return nil
}

// takeOverAttempts spends the attempts with a name that were spent while another node led, and returns the buckets, for which another is to count.
func (s *Server) takeOverAttempts(username string, buckets ...bucket) ([]bucket, error) {
	spent, err := s.identity.Attempts(username)
	if err != nil {
		return nil, err
	}
	s.throttle.spendUntil(nameBucket(username), spent.Names)
	s.throttle.spendUntil(codesBucket(username), spent.Codes)
	for _, b := range buckets {
		if b.place != "" && len(spent.Places) > 0 {
			s.throttle.spendUntil(b, spent.Places[identity.PlaceKey(b.place)].Regained)
		}
	}
	return buckets, nil
}

// lockedElsewhere returns how long a name is locked by attempts that another node counted, and until when in some place; zero if it is not, or that
// cannot be read.
func (s *Server) lockedElsewhere(username string, now time.Time) (forAll time.Duration, somewhere time.Time) {
	spent, err := s.identity.Attempts(username)
	if err != nil {
		return 0, somewhere
	}
	for _, lock := range spent.Places {
		if lock.Until.After(somewhere) {
			somewhere = lock.Until
		}
	}
	wait := func(l limit, regained time.Time) time.Duration {
		return regained.Add(-time.Duration(l.attempts-1) * l.every).Sub(now)
	}
	return max(0, wait(nameLimit, spent.Names), wait(codesLimit, spent.Codes)), somewhere
}

// regained returns when a bucket has all its attempts again.
func (t *throttle) regained(b bucket) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	return now.Add(max(0, time.Duration(t.spent(b, now.UnixNano()))))
}

// spendUntil spends attempts of a bucket so that it has all of them again at a time, at the earliest.
func (t *throttle) spendUntil(b bucket, regained time.Time) {
	if regained.IsZero() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, cell := range t.cells(b.key) {
		*cell = max(*cell, regained.UnixNano())
	}
}
