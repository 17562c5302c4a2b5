package search

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"oplog/oplog"
)

func microTime(micros int64) time.Time { return time.UnixMicro(micros) }

// Facets are counted by two numbers per document: one for its module, operation and outcome, one for its user (id and name), organization
// and role. The numbers are per tenant and live as long as the process.

// action is a combination of module, operation and outcome.
type action struct{ module, operation, outcome string }

// actor is a combination of user (as a term of fieldUser), organization and role.
type actor struct{ user, organization, role string }

// numbering assigns small numbers to a tenant's values, in order of first appearance.
type numbering struct {
	mu       sync.RWMutex
	actions  []action
	actors   []actor
	actionOf [][3]uint32 // by action: the numbers of its module, operation and outcome
	actorOf  [][3]uint32 // by actor: the numbers of its user's id, organization and role
	latest   []int64     // by actor: the time of its latest operation, in microseconds
	texts    []*lazyText // by actor: the text of its user
	action   map[action]uint32
	actor    map[actor]uint32
	text     map[string]*lazyText // texts of users, by terms of fieldUser

	modules, operations, outcomes, users, organizations, roles distinct
}

func newNumbering() *numbering {
	return &numbering{action: make(map[action]uint32), actor: make(map[actor]uint32), text: make(map[string]*lazyText)}
}

// distinct assigns numbers to texts, in order of first appearance.
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
func (n *numbering) of(act action, who actor) (uint32, uint32) {
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

// numberAction and numberActor are called with the lock held.
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

func (n *numbering) numberActor(who actor) uint32 {
	w, ok := n.actor[who]
	if !ok {
		w = uint32(len(n.actors))
		who = actor{strings.Clone(who.user), strings.Clone(who.organization), strings.Clone(who.role)}
		n.actors = append(n.actors, who)
		n.latest = append(n.latest, 0)
		n.texts = append(n.texts, n.textOf(who.user))
		id, _, _ := strings.Cut(who.user, userSeparator)
		n.actorOf = append(n.actorOf, [3]uint32{n.users.of(id), n.organizations.of(who.organization), n.roles.of(who.role)})
		n.actor[who] = w
	}
	return w
}

// saw records when actors operated, to determine the latest name of a user.
func (n *numbering) saw(latest map[uint32]int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for number, micros := range latest {
		n.latest[number] = max(n.latest[number], micros)
	}
}

// all returns the values by number; the slices are never modified.
func (n *numbering) all() ([]action, []actor) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.actions, n.actors
}

// userTexts returns the texts of users by actor; the slice is never modified.
func (n *numbering) userTexts() []*lazyText {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.texts
}

// userText returns the analysed text of a user, given as a term of fieldUser.
func (n *numbering) userText(term []byte) string {
	n.mu.RLock()
	t := n.text[string(term)]
	n.mu.RUnlock()
	if t == nil {
		n.mu.Lock()
		t = n.textOf(string(term))
		n.mu.Unlock()
	}
	return t.analysed()
}

// textOf is called with the lock held.
func (n *numbering) textOf(term string) *lazyText {
	t := n.text[term]
	if t == nil {
		id, name, _ := strings.Cut(term, userSeparator)
		t = &lazyText{name: name, id: id}
		n.text[term] = t
	}
	return t
}

// columns hold the action and actor of each document of a segment.
type columns struct{ actions, actors column }

// columnsOf returns a segment's columns, which are derived from its postings on first use.
func (s *segment) columnsOf(ctx context.Context, n *numbering) (*columns, error) {
	if c := s.columns.Load(); c != nil {
		return c, nil
	}
	select { // one query derives them, the others wait; if it fails or gives up, the next one does
	case s.deriving <- struct{}{}:
		defer func() { <-s.deriving }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := s.columns.Load(); c != nil {
		return c, nil
	}
	c, err := s.deriveColumns(ctx, n)
	if err == nil {
		s.columns.Store(c)
	}
	return c, err
}

func (s *segment) deriveColumns(ctx context.Context, n *numbering) (*columns, error) {
	actions, err := s.triples(ctx, fieldModule, fieldOperation, fieldOutcome)
	if err != nil {
		return nil, err
	}
	actors, err := s.triples(ctx, fieldUser, fieldOrganization, fieldRole)
	if err != nil {
		return nil, err
	}
	c := &columns{actions: newColumn(actions.of, len(actions.values)), actors: newColumn(actors.of, len(actors.values))}
	latest := make(map[uint32]int64, len(actors.values))
	n.mu.Lock()
	for _, v := range actions.values {
		c.actions.numbers = append(c.actions.numbers, n.numberAction(action{v[0], v[1], v[2]}))
	}
	for _, v := range actors.values {
		c.actors.numbers = append(c.actors.numbers, n.numberActor(actor{v[0], v[1], v[2]}))
	}
	n.mu.Unlock()
	for i, number := range c.actors.numbers {
		key, err := s.key(actors.last[i])
		if err != nil {
			return nil, err
		}
		latest[number] = key.Micros()
	}
	n.saw(latest)
	return c, nil
}

// triples are the combinations of three keyword fields.
type triples struct {
	values [][3]string
	last   []uint32 // by value: the last document with it
	of     []uint32 // by document: its value
}

func (s *segment) triples(ctx context.Context, first, second, third string) (triples, error) {
	var t triples
	var values [3][]string
	var of [3][]uint32
	for i, field := range []string{first, second, third} {
		var err error
		if values[i], of[i], err = s.ordinals(ctx, field); err != nil {
			return t, err
		}
	}
	twos := pair(of[0], of[1], len(values[0]), len(values[1]))
	threes := pair(of[0], of[2], len(twos), len(values[2])) // of[0] now holds the numbers of pairs
	t.of, t.last = of[0], make([]uint32, len(threes))
	for i, place := range t.of {
		t.last[place] = uint32(i)
	}
	for _, three := range threes {
		two := twos[three[0]]
		t.values = append(t.values, [3]string{values[0][two[0]], values[1][two[1]], values[2][three[1]]})
	}
	return t, nil
}

// maxTable is the maximum size of a lookup table for pairs; beyond it a map is used.
const maxTable = 1 << 20

// pair returns the distinct pairs of elements at the same positions of two lists, in order of first appearance, and replaces the first list
// by their numbers. bound and otherBound are exclusive upper bounds of the lists' elements.
func pair(of, others []uint32, bound, otherBound int) (pairs [][2]uint32) {
	width := uint64(otherBound)
	table := make([]uint32, min(uint64(bound)*width, maxTable)) // number + 1
	beyond := make(map[uint64]uint32)
	for i, x := range of {
		at := uint64(x)*width + uint64(others[i])
		var place uint32
		if at < uint64(len(table)) {
			place = table[at]
		} else {
			place = beyond[at]
		}
		if place == 0 {
			pairs = append(pairs, [2]uint32{x, others[i]})
			place = uint32(len(pairs))
			if at < uint64(len(table)) {
				table[at] = place
			} else {
				beyond[at] = place
			}
		}
		of[i] = place - 1
	}
	return pairs
}

// ordinals returns the terms of a keyword field, starting with the empty one, and the term's number of each document.
func (s *segment) ordinals(ctx context.Context, field string) (values []string, of []uint32, err error) {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return nil, nil, err
	}
	values = []string{""}
	of = make([]uint32, s.count)
	var buffer [1024]uint32
	err = eachTerm(d, nil, nil, func(term []byte) error {
		b, err := postings(d, term)
		if err != nil || b == nil {
			return err
		}
		ordinal := uint32(len(values))
		values = append(values, string(term))
		return eachOf(ctx, b, buffer[:], func(numbers []uint32) {
			for _, number := range numbers {
				of[number] = ordinal
			}
		})
	})
	return values, of, err
}

// eachOf calls visit with the members of a bitmap in ascending order, a buffer at a time, until the context ends.
func eachOf(ctx context.Context, b *roaring.Bitmap, buffer []uint32, visit func(numbers []uint32)) error {
	it := b.ManyIterator()
	for n := it.NextMany(buffer); n > 0; n = it.NextMany(buffer) {
		if err := ctx.Err(); err != nil {
			return err
		}
		visit(buffer[:n])
	}
	return nil
}

// tailDocument is an entry of the tail.
type tailDocument struct {
	key     oplog.Key
	upTo    int64 // the latest time up to this entry, in microseconds
	action  uint32
	actor   uint32
	apiKey  string
	ip      netip.Addr // invalid if there is none
	content *lazyText
	dropped bool // deleted from the store before it got into a segment
}

// document converts an entry, and records in latest when its user was last seen.
func (n *numbering) document(e *oplog.Entry, latest map[uint32]int64) tailDocument {
	d := tailDocument{key: e.Key(), apiKey: e.KeyID, content: &lazyText{name: e.Content.Name, id: e.Content.ID}}
	d.ip, _ = e.Address()
	d.action, d.actor = n.of(action{e.Module, e.Operation, e.Outcome}, actor{userTerm(e.User), e.Organization.ID, e.User.Role})
	latest[d.actor] = max(latest[d.actor], d.key.Micros())
	return d
}

// lazyText is analysed on first use.
type lazyText struct {
	once       sync.Once
	name, id   string
	normalized string
}

func (t *lazyText) analysed() string {
	t.once.Do(func() { t.normalized = analyse(t.name, t.id) })
	return t.normalized
}
