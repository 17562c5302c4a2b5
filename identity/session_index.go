package identity

import (
	"hash/maphash"
	"slices"
	"sort"
	"sync"
	"time"

	"oplog/oplog"
)

// sessionIndex knows whose sessions there are, so that a sign-in does not have to read those of everybody. It follows the records: each change
// in the store, and each that is kept in memory.
type sessionIndex struct {
	store oplog.Records

	seed     maphash.Seed
	starting [64]sync.Mutex // of holders, by their hash: serializes the start of a person's sessions; see lock

	mu       sync.Mutex // also held while sessions are read, so that no change is missed
	loaded   bool
	unread   map[string]bool               // names of records that could not be read when they changed
	kept     map[string]bool               // names of records that differ from the store's
	sessions map[string]Session            // by name of the record; without what only the record has
	holders  map[string]map[string]Session // the same by holder
	launched map[string]map[string]Session // those of people whom host systems signed in, by tenant
}

func newSessionIndex(store oplog.Records) *sessionIndex {
	return &sessionIndex{
		store: store, seed: maphash.MakeSeed(), unread: make(map[string]bool), kept: make(map[string]bool),
		sessions: make(map[string]Session), holders: make(map[string]map[string]Session), launched: make(map[string]map[string]Session),
	}
}

// holder identifies the person that a session belongs to.
func (s *Session) holder() string {
	if s.Launched != nil {
		return launchedHolder(s.Launched.Tenant, s.Launched.Username)
	}
	return s.Username
}

func launchedHolder(tenant, username string) string {
	return tenant + "/" + (&Account{Username: username, Launched: true}).Person()
}

// lock takes the lock of a holder, of whom only one session starts at a time: none that is not stored yet can be ended.
func (x *sessionIndex) lock(holder string) (unlock func()) {
	mu := &x.starting[maphash.String(x.seed, holder)%uint64(len(x.starting))]
	mu.Lock()
	return mu.Unlock
}

// stored follows the change of a record in the store.
func (x *sessionIndex) stored(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.kept, name)
	if x.unread[name] = true; x.loaded {
		_ = x.read(name) // retried at the next use
	}
}

// keptInMemory follows a change that is not in the store yet; nil data is a removal.
func (x *sessionIndex) keptInMemory(name string, data []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.kept[name] = true
	x.set(name, data)
}

// read reads a record that changed.
func (x *sessionIndex) read(name string) error {
	data, _, err := x.store.Record(oplog.RecordSession, name)
	if err != nil && oplog.CodeOf(err) != oplog.CodeNotFound {
		return err
	}
	delete(x.unread, name)
	x.set(name, data)
	return nil
}

// catchUp reads what is not known yet.
func (x *sessionIndex) catchUp() error {
	if !x.loaded {
		all, err := x.store.Records(oplog.RecordSession, "")
		if err != nil {
			return err
		}
		for _, r := range all {
			if !x.kept[r.Name] {
				x.set(r.Name, r.Data)
			}
		}
		x.loaded = true
		clear(x.unread)
	}
	for name := range x.unread {
		if err := x.read(name); err != nil {
			return err
		}
	}
	return nil
}

// set sets what is known of a record.
func (x *sessionIndex) set(name string, data []byte) {
	x.remove(name)
	if data != nil {
		x.put(sessionOf(oplog.Record{Name: name, Data: data}))
	}
}

func (x *sessionIndex) put(s Session) {
	s.IP, s.UserAgent, s.Setup, s.Provider, s.Viewing = "", "", nil, nil, nil
	x.sessions[s.hash] = s
	add(x.holders, s.holder(), s)
	if s.Launched != nil {
		add(x.launched, s.Launched.Tenant, s)
	}
}

func (x *sessionIndex) remove(name string) {
	s, known := x.sessions[name]
	if !known {
		return
	}
	delete(x.sessions, name)
	remove(x.holders, s.holder(), name)
	if s.Launched != nil {
		remove(x.launched, s.Launched.Tenant, name)
	}
}

func add(groups map[string]map[string]Session, group string, s Session) {
	if groups[group] == nil {
		groups[group] = make(map[string]Session)
	}
	groups[group][s.hash] = s
}

func remove(groups map[string]map[string]Session, group, name string) {
	if delete(groups[group], name); len(groups[group]) == 0 {
		delete(groups, group)
	}
}

// names returns the names of the records of a holder's sessions, in their order.
func (x *sessionIndex) names(holder string) ([]string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.catchUp()
	return namesWhere(x.holders[holder], func(Session) bool { return true }), err
}

// expired returns the names of the records of sessions that have expired.
func (x *sessionIndex) expired(now time.Time) ([]string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.catchUp()
	return namesWhere(x.sessions, func(s Session) bool { return s.expired(now) }), err
}

func namesWhere(sessions map[string]Session, is func(Session) bool) (names []string) {
	for name, s := range sessions {
		if is(s) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// enter adds a session that is about to be stored, and removes those that have to end for it: the least recently used ones of a person, or of a
// tenant's host systems, with as many as allowed. Sessions that wait for the second factor count for themselves: somebody who only knows the
// password ends no other.
func (x *sessionIndex) enter(next Session, now time.Time) (ending []Session, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.catchUp(); err != nil {
		return nil, err
	}
	var own []Session
	for _, s := range x.holders[next.holder()] {
		if s.Pending == next.Pending && s.sameHolder(next) {
			own = append(own, s)
		}
	}
	x.end(beyond(own, MaxSessions-1, now), &ending)
	if next.Launched != nil && len(x.launched[next.Launched.Tenant]) >= MaxLaunchedSessions {
		var all []Session
		for _, s := range x.launched[next.Launched.Tenant] {
			all = append(all, s)
		}
		x.end(beyond(all, MaxLaunchedSessions-1, now), &ending)
	}
	x.put(next)
	return ending, nil
}

func (x *sessionIndex) end(sessions []Session, ending *[]Session) {
	for _, s := range sessions {
		x.remove(s.hash)
		*ending = append(*ending, s)
	}
}

// undo takes back what enter did, as far as it did not happen.
func (x *sessionIndex) undo(next Session, ending []Session) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(next.hash)
	for _, s := range ending {
		x.put(s)
	}
}

// beyond returns the sessions beyond a number: expired ones first, then the least recently used.
func beyond(sessions []Session, most int, now time.Time) []Session {
	if len(sessions) <= most {
		return nil
	}
	sort.Slice(sessions, func(i, j int) bool {
		a, b := &sessions[i], &sessions[j]
		switch ended := a.expired(now); {
		case ended != b.expired(now):
			return !ended
		case !a.LastUsedAt.Equal(b.LastUsedAt):
			return b.LastUsedAt.Before(a.LastUsedAt)
		}
		return b.CreatedAt.Before(a.CreatedAt)
	})
	return sessions[most:]
}
