package search

import (
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

func microTime(micros int64) time.Time { return time.UnixMicro(micros) }

// Facets come from two numbers for each document: one stands for its module
// and operation, one for its user (id and name) and organization. The numbers
// are a tenant's own and last as long as the process.

// action is a module and an operation.
type action struct{ module, operation string }

// actor is a user, as a term of fieldUser, and an organization.
type actor struct{ user, organization string }

// numbering gives the values of a tenant small numbers, in order of their
// first appearance.
type numbering struct {
	mu      sync.RWMutex
	actions []action
	actors  []actor
	latest  []int64     // by number of an actor: its latest operation that was seen, in microseconds
	userOf  []uint32    // by number of an actor: the number of its user
	users   []string    // ids
	texts   []*lazyText // by number of an actor: of its user
	action  map[action]uint16
	actor   map[actor]uint32
	user    map[string]uint32
}

func newNumbering() *numbering {
	return &numbering{action: make(map[action]uint16), actor: make(map[actor]uint32), user: make(map[string]uint32)}
}

// of returns the numbers of an entry's values.
func (n *numbering) of(act action, who actor) (uint16, uint32) {
	n.mu.RLock()
	a, knownA := n.action[act]
	w, knownW := n.actor[who]
	n.mu.RUnlock()
	if knownA && knownW {
		return a, w
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.numberAction(act), n.numberActor(who)
}

// numberAction is called with the lock held, as is numberActor. Catalogs have
// far fewer than 65,536 pairs.
func (n *numbering) numberAction(act action) uint16 {
	a, ok := n.action[act]
	if !ok {
		a = uint16(len(n.actions))
		act = action{strings.Clone(act.module), strings.Clone(act.operation)}
		n.actions = append(n.actions, act)
		n.action[act] = a
	}
	return a
}

func (n *numbering) numberActor(who actor) uint32 {
	w, ok := n.actor[who]
	if !ok {
		w = uint32(len(n.actors))
		who = actor{strings.Clone(who.user), strings.Clone(who.organization)}
		n.actors = append(n.actors, who)
		n.latest = append(n.latest, 0)
		id, name, _ := strings.Cut(who.user, userSeparator)
		n.texts = append(n.texts, &lazyText{name: name, id: id})
		n.userOf = append(n.userOf, n.numberUser(who.user))
		n.actor[who] = w
	}
	return w
}

func (n *numbering) numberUser(term string) uint32 {
	id, _, _ := strings.Cut(term, userSeparator)
	u, ok := n.user[id]
	if !ok {
		u = uint32(len(n.users))
		n.users = append(n.users, id)
		n.user[id] = u
	}
	return u
}

// saw notes when actors operated, for which of a user's names is the latest.
func (n *numbering) saw(latest map[uint32]int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for number, micros := range latest {
		n.latest[number] = max(n.latest[number], micros)
	}
}

// all returns the values by number; the slices are not changed afterwards.
func (n *numbering) all() ([]action, []actor) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.actions, n.actors
}

// userTexts returns the texts of the actors' users by number; the slice is not
// changed afterwards.
func (n *numbering) userTexts() []*lazyText {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.texts
}

// columns are the numbers of a segment's documents, and how often each occurs
// in all of it.
type columns struct {
	actions      []uint16
	actors       []uint32
	actionTotals []numberCount
	actorTotals  []numberCount
}

type numberCount struct{ number, count uint32 }

// columnsOf returns a segment's columns, which are derived from its postings
// when they are first needed.
func (s *segment) columnsOf(n *numbering) (*columns, error) {
	s.columnsOnce.Do(func() { s.columns, s.columnsErr = s.deriveColumns(n) })
	return s.columns, s.columnsErr
}

func (s *segment) deriveColumns(n *numbering) (*columns, error) {
	modules, moduleOf, err := s.ordinals(fieldModule)
	if err != nil {
		return nil, err
	}
	operations, operationOf, err := s.ordinals(fieldOperation)
	if err != nil {
		return nil, err
	}
	users, userOf, err := s.ordinals(fieldUser)
	if err != nil {
		return nil, err
	}
	organizations, organizationOf, err := s.ordinals(fieldOrganization)
	if err != nil {
		return nil, err
	}
	c := &columns{actions: make([]uint16, s.count), actors: make([]uint32, s.count)}
	type pair struct{ a, b uint32 }
	actionNumber := make(map[pair]uint16)
	actorNumber := make(map[pair]uint32)
	actionCount := make(map[uint32]uint32)
	actorCount := make(map[uint32]uint32)
	lastOf := make(map[uint32]uint32) // documents, of actors
	n.mu.Lock()
	for i := range s.count {
		p := pair{moduleOf[i], operationOf[i]}
		a, ok := actionNumber[p]
		if !ok {
			a = n.numberAction(action{modules[p.a], operations[p.b]})
			actionNumber[p] = a
		}
		c.actions[i] = a
		actionCount[uint32(a)]++
		p = pair{userOf[i], organizationOf[i]}
		w, ok := actorNumber[p]
		if !ok {
			w = n.numberActor(actor{users[p.a], organizations[p.b]})
			actorNumber[p] = w
		}
		c.actors[i] = w
		actorCount[w]++
		lastOf[w] = i
	}
	n.mu.Unlock()
	latest := make(map[uint32]int64, len(lastOf))
	for w, i := range lastOf {
		key, err := s.key(i)
		if err != nil {
			return nil, err
		}
		latest[w] = key.Micros()
	}
	n.saw(latest)
	c.actionTotals = listCounts(actionCount)
	c.actorTotals = listCounts(actorCount)
	return c, nil
}

func listCounts(counts map[uint32]uint32) []numberCount {
	list := make([]numberCount, 0, len(counts))
	for number, count := range counts {
		list = append(list, numberCount{number, count})
	}
	return list
}

// ordinals returns the terms of a keyword field, the empty one first, and for
// each document which of them it has.
func (s *segment) ordinals(field string) (values []string, of []uint32, err error) {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return nil, nil, err
	}
	values = []string{""}
	of = make([]uint32, s.count)
	var buffer [1024]uint32
	err = eachTerm(d, "", func(term []byte) error {
		b, err := postings(d, term)
		if err != nil || b == nil {
			return err
		}
		ordinal := uint32(len(values))
		values = append(values, string(term))
		eachOf(b, buffer[:], func(numbers []uint32) {
			for _, number := range numbers {
				of[number] = ordinal
			}
		})
		return nil
	})
	return values, of, err
}

// eachOf visits the members of a bitmap in ascending order, a bufferful at a
// time.
func eachOf(b *roaring.Bitmap, buffer []uint32, visit func(numbers []uint32)) {
	it := b.ManyIterator()
	for n := it.NextMany(buffer); n > 0; n = it.NextMany(buffer) {
		visit(buffer[:n])
	}
}

// tailDocument is an entry of the tail.
type tailDocument struct {
	key       oplog.Key
	upTo      int64 // the latest time of all before it and its own, in microseconds
	action    uint16
	actor     uint32
	contentID string
	content   *lazyText
	dropped   bool // deleted from the store before it came into a segment
}

// document makes an entry of the tail, and notes in latest when its user was
// last seen.
func (n *numbering) document(e *oplog.Entry, latest map[uint32]int64) tailDocument {
	d := tailDocument{key: e.Key(), contentID: e.Content.ID, content: &lazyText{name: e.Content.Name, id: e.Content.ID}}
	d.action, d.actor = n.of(action{e.Module, e.Operation}, actor{userTerm(e.User), e.Organization.ID})
	latest[d.actor] = max(latest[d.actor], d.key.Micros())
	return d
}

// lazyText is analysed when it is first asked for.
type lazyText struct {
	once       sync.Once
	name, id   string
	normalized string
}

func (t *lazyText) analysed() string {
	t.once.Do(func() { t.normalized = analyse(t.name, t.id) })
	return t.normalized
}
