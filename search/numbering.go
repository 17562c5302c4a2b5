package search

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strings"
	"sync"

	"oplog/oplog"
)

// Facets are counted by two numbers per document: one for its module, operation and outcome, one for its user (id and name), organization
// and role. The numbers are per tenant. They cannot be bounded, because facets are exact; so each takes little, however long its texts are.

// action is a combination of module, operation and outcome.
type action struct{ module, operation, outcome string }

// actor is a combination of user, organization and role, by their numbers; id is the number of the user's id.
type actor struct{ user, id, organization, role uint32 }

// numbering assigns small numbers to a tenant's values, in order of first appearance.
type numbering struct {
	generation int // of the tenant's numberings; see renumber

	mu       sync.RWMutex
	actions  []action
	actionOf [][3]uint32 // by action: the numbers of its module, operation and outcome
	action   map[action]uint32

	modules, operations, outcomes distinct

	users                texts // by their records; see appendUser
	organizations, roles texts

	actors []actor
	latest []int64 // by actor: the time of its latest operation, in microseconds
	actor  table
	ids    []uint32 // by number of an id: a user who has it
	id     table
	seed   maphash.Seed

	analysed analysedTexts
}

// newNumbering returns an empty numbering that keeps so many bytes of long texts whole.
func newNumbering(kept int) *numbering {
	never := func([]byte) bool { return false }
	return &numbering{
		action: make(map[action]uint32), seed: maphash.MakeSeed(),
		users: newTexts(isLongUser, kept), organizations: newTexts(never, 0), roles: newTexts(isBrief, kept),
	}
}

// distinct numbers the few texts of a catalog, in order of first appearance.
type distinct struct {
	texts  []string
	number map[string]uint32
}

func (d *distinct) of(text string) uint32 {
	n, ok := d.number[text]
	if !ok {
		if d.number == nil {
			d.number = make(map[string]uint32)
		}
		n = uint32(len(d.texts))
		d.texts = append(d.texts, text)
		d.number[text] = n
	}
	return n
}

// counts converts counts by number to counts by text, without the empty text.
func (d *distinct) counts(byNumber []int) map[string]int {
	counts := make(map[string]int, len(byNumber))
	for i, n := range byNumber {
		if n > 0 && d.texts[i] != "" {
			counts[d.texts[i]] = n
		}
	}
	return counts
}

// of returns the numbers of an entry's values.
func (n *numbering) of(e *oplog.Entry) (uint32, uint32) {
	var users [maxRecord]byte
	var roles [longText]byte
	var organizations [oplog.MaxOrganizationID]byte // usually enough
	user, role := appendUser(users[:0], e.User.ID, e.User.Name), appendBrief(roles[:0], e.User.Role)
	organization := append(organizations[:0], e.Organization.ID...)
	act := action{e.Module, e.Operation, e.Outcome}
	n.mu.RLock()
	a, knownAction := n.action[act]
	w, knownActor := n.findActor(user, organization, role)
	n.mu.RUnlock()
	if knownAction && knownActor {
		return a, w
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	u := n.users.of(user, func() string { return userTerm(e.User) })
	o := n.organizations.of(organization, nil)
	r := n.roles.of(role, func() string { return strings.Clone(e.User.Role) })
	return n.numberAction(act), n.numberActor(u, o, r)
}

// findActor is called with the lock held for reading.
func (n *numbering) findActor(user, organization, role []byte) (uint32, bool) {
	u, knownUser := n.users.find(user)
	o, knownOrganization := n.organizations.find(organization)
	r, knownRole := n.roles.find(role)
	if !knownUser || !knownOrganization || !knownRole {
		return 0, false
	}
	return n.actorOf(u, o, r)
}

func (n *numbering) actorOf(user, organization, role uint32) (uint32, bool) {
	return n.actor.find(n.actorHash(user, organization, role), func(number uint32) bool {
		a := &n.actors[number]
		return a.user == user && a.organization == organization && a.role == role
	})
}

func (n *numbering) actorHash(user, organization, role uint32) uint64 {
	var key [12]byte
	binary.LittleEndian.PutUint32(key[:], user)
	binary.LittleEndian.PutUint32(key[4:], organization)
	binary.LittleEndian.PutUint32(key[8:], role)
	return maphash.Bytes(n.seed, key[:])
}

// The following are called with the lock held.

func (n *numbering) numberAction(act action) uint32 {
	a, ok := n.action[act]
	if !ok {
		a = uint32(len(n.actions))
		act = action{strings.Clone(act.module), strings.Clone(act.operation), strings.Clone(act.outcome)}
		n.actions = append(n.actions, act)
		n.actionOf = append(n.actionOf, [3]uint32{n.modules.of(act.module), n.operations.of(act.operation), n.outcomes.of(act.outcome)})
		n.action[act] = a
	}
	return a
}

// formOf returns the form that numbers have of a term of a field: of users the record, of roles the brief form.
func formOf(field string, term []byte) []byte {
	switch field {
	case fieldUser:
		return appendTermUser(make([]byte, 0, maxRecord), term)
	case fieldRole:
		return appendBrief(make([]byte, 0, longText), term)
	}
	return term
}

// numberTerm returns the number of a term of a field that facets count; it acquires the lock.
func (n *numbering) numberTerm(field string, term []byte) uint32 {
	form := formOf(field, term)
	whole := func() string { return string(term) }
	n.mu.Lock()
	defer n.mu.Unlock()
	switch field {
	case fieldModule:
		return n.modules.of(string(form))
	case fieldOperation:
		return n.operations.of(string(form))
	case fieldOutcome:
		return n.outcomes.of(string(form))
	case fieldOrganization:
		return n.organizations.of(form, whole)
	case fieldRole:
		return n.roles.of(form, whole)
	}
	return n.users.of(form, whole)
}

func (n *numbering) numberActor(user, organization, role uint32) uint32 {
	if w, known := n.actorOf(user, organization, role); known {
		return w
	}
	w := uint32(len(n.actors)) //nolint:gosec // each is in another entry
	n.actor.add(n.actorHash(user, organization, role), w, func(number uint32) uint64 {
		a := &n.actors[number]
		return n.actorHash(a.user, a.organization, a.role)
	})
	n.actors, n.latest = append(n.actors, actor{user, n.numberID(user), organization, role}), append(n.latest, 0)
	return w
}

// numberID returns the number of a user's id.
func (n *numbering) numberID(user uint32) uint32 {
	id, _ := userParts(n.users.text(user))
	hash := maphash.Bytes(n.seed, id)
	number, known := n.id.find(hash, func(number uint32) bool { return bytes.Equal(n.textOfID(number), id) })
	if !known {
		number = uint32(len(n.ids)) //nolint:gosec // each is in another entry
		n.id.add(hash, number, func(number uint32) uint64 { return maphash.Bytes(n.seed, n.textOfID(number)) })
		n.ids = append(n.ids, user)
	}
	return number
}

// textOfID returns an id, brief if it is long.
func (n *numbering) textOfID(number uint32) []byte {
	id, _ := userParts(n.users.text(n.ids[number]))
	return id
}

// whole returns the text of a user or role, or its form in the numbering if it has only that.
func (n *numbering) whole(field string, number uint32) (text wholeText, form []byte) {
	of := &n.users
	if field == fieldRole {
		of = &n.roles
	}
	form = of.text(number)
	if of.isLong(form) {
		if long, known := of.long[number]; known {
			return wholeOf(long), nil
		}
		return text, form
	}
	all := string(form)
	if field == fieldUser {
		end := 1 + form[0]
		return wholeText{all[1:end], all[end:]}, nil
	}
	return wholeText{id: all}, nil
}

// saw records when actors operated, to determine the latest name of a user.
func (n *numbering) saw(latest map[uint32]int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for number, micros := range latest {
		n.latest[number] = max(n.latest[number], micros)
	}
}

// snapshot has a numbering's values by number; nobody changes it.
type snapshot struct {
	actions                     []action
	actors                      []actor
	users, organizations, roles textList
}

func (n *numbering) snapshot() snapshot {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return snapshot{n.actions, n.actors, n.users.textList, n.organizations.textList, n.roles.textList}
}

// bytes returns the memory that the numbers take.
func (n *numbering) bytes() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.users.bytes() + n.organizations.bytes() + n.roles.bytes() + n.actor.bytes() + n.id.bytes() +
		16*cap(n.actors) + 8*cap(n.latest) + 4*cap(n.ids) + n.analysed.bytes()
}

// analysedTexts caches the analysed texts of users.
type analysedTexts struct {
	places []uint32 // by user: the place plus one; 0 if there is none
	arena  arena
	size   int
}

// maxAnalysed is the number of bytes of a tenant's analysed texts that are cached.
const maxAnalysed = 8 << 20

// of returns the analysed text of a user; nil if it is not cached.
func (t *analysedTexts) of(user uint32) []byte {
	if int(user) >= len(t.places) || t.places[user] == 0 {
		return nil
	}
	return t.arena.at(t.places[user] - 1)
}

func (t *analysedTexts) add(user uint32, text []byte) {
	if t.full() || t.of(user) != nil {
		return
	}
	if missing := int(user) + 1 - len(t.places); missing > 0 {
		t.places = append(t.places, make([]uint32, missing)...)
	}
	t.places[user] = t.arena.add(text) + 1
	t.size += len(text)
}

func (t *analysedTexts) full() bool { return t.size >= maxAnalysed }

func (t *analysedTexts) bytes() int { return 4*cap(t.places) + t.arena.bytes() }

// userText returns the analysed text of a user, given as a term of fieldUser.
func (n *numbering) userText(term []byte) []byte {
	var buffer [maxRecord]byte
	record := appendTermUser(buffer[:0], term)
	n.mu.RLock()
	user, known := n.users.find(record)
	var text []byte
	if known {
		text = n.analysed.of(user)
	}
	full := n.analysed.full()
	n.mu.RUnlock()
	if text != nil {
		return text
	}
	id, name, _ := strings.Cut(string(term), userSeparator)
	text = []byte(analyse(name, id))
	if !full {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.analysed.add(n.users.of(record, func() string { return string(term) }), text)
	}
	return text
}

// textOfUser returns the analysed text of an entry's user; long has the whole texts of a long one.
func (n *numbering) textOfUser(user uint32, record []byte, long *longTexts) []byte {
	n.mu.RLock()
	text := n.analysed.of(user)
	n.mu.RUnlock()
	if text != nil {
		return text
	}
	id, name := userParts(record)
	text = []byte(analyse(string(name), string(id)))
	if long != nil {
		text = []byte(analyse(long.name, long.id))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.analysed.add(user, text)
	return text
}
