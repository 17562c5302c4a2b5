package server

import (
	"time"

	"oplog/identity"
)

// Of several nodes, the one that leads counts failed attempts. Those with the name of an account from all addresses are also stored once they are
// spent, so that a failover gives nobody new ones, and every node shows that the account is locked. In single places counting begins anew, as after
// a restart.

// shareAttempts stores how far the attempts with a name are spent, if there is such an account.
func (s *Server) shareAttempts(username string) error {
	names, codes := nameBucket(username), codesBucket(username)
	if s.node.Place.Alone() || s.throttle.wait(names) <= 0 && s.throttle.wait(codes) <= 0 {
		return nil
	}
	accounts, err := s.identity.AccountsWhere(func(a *identity.Account) bool { return identity.NameKey(a.Username) == identity.NameKey(username) })
	if err != nil || len(accounts) == 0 {
		return err
	}
	s.identity.NoteAttempts(username, identity.Attempts{Names: s.throttle.regained(names), Codes: s.throttle.regained(codes)})
	return nil
}

// takeOverAttempts spends the attempts with a name that were spent while another node led.
func (s *Server) takeOverAttempts(username string) error {
	spent, err := s.identity.Attempts(username)
	if err == nil {
		s.throttle.spendUntil(nameBucket(username), spent.Names)
		s.throttle.spendUntil(codesBucket(username), spent.Codes)
	}
	return err
}

// lockedElsewhere returns how long a name is locked by attempts that another node counted; 0 if it is not, or that cannot be read.
func (s *Server) lockedElsewhere(username string, now time.Time) time.Duration {
	spent, err := s.identity.Attempts(username)
	if err != nil {
		return 0
	}
	wait := func(l limit, regained time.Time) time.Duration {
		return regained.Add(-time.Duration(l.attempts-1) * l.every).Sub(now)
	}
	return max(0, wait(nameLimit, spent.Names), wait(codesLimit, spent.Codes))
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
