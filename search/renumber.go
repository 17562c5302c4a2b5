package search

import "slices"

// renumbering copies the values that entries still have to a new numbering.
type renumbering struct {
	from, to        *numbering
	actions, actors []uint32 // by old number: the new number plus one; 0 if it is not copied yet
}

// renumber gives a tenant new numbers if most are of values that entries no longer have; the caller holds buildMu. Only segments that were counted
// keep numbers, the others get theirs when they are.
func (t *tenantIndex) renumber(z sizes) {
	from := t.numbering
	if live, all := from.inUse(t.segments); all <= 2*live+z.deadNumbers {
		return
	}
	r := renumbering{from: from, to: newNumbering(z.keptTexts)}
	r.to.generation = from.generation + 1
	renewed := make([]*columns, len(t.segments))
	for i, s := range t.segments {
		if c := s.columns.Load(); c != nil && c.numbering == from {
			renewed[i] = r.columns(c)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tail, t.orphans = r.documents(t.tail), r.documents(t.orphans)
	t.numbering = r.to
	for i, s := range t.segments {
		if renewed[i] != nil {
			s.columns.Store(renewed[i])
		}
	}
}

// inUse returns how many actors segments have that were counted, and how many are numbered.
func (n *numbering) inUse(segments []*segment) (live, all int) {
	n.mu.RLock()
	all = len(n.actors)
	users := len(n.users.places) // searches number users, too
	n.mu.RUnlock()
	seen := make([]bool, all)
	for _, s := range segments {
		c := s.columns.Load()
		if c == nil || c.numbering != n {
			continue
		}
		for _, number := range c.actors.numbers {
			if int(number) < all && !seen[number] {
				seen[number] = true
				live++
			}
		}
	}
	return live, max(all, users)
}

func (r *renumbering) columns(c *columns) *columns {
	renewed := &columns{numbering: r.to, actions: c.actions, actors: c.actors}
	renewed.last.Store(c.last.Load())
	renewed.actions.numbers, renewed.actors.numbers = slices.Clone(c.actions.numbers), slices.Clone(c.actors.numbers)
	for i, number := range renewed.actions.numbers {
		renewed.actions.numbers[i] = r.action(number)
	}
	for i, number := range renewed.actors.numbers {
		renewed.actors.numbers[i] = r.actor(number)
	}
	return renewed
}

func (r *renumbering) documents(documents []tailDocument) []tailDocument {
	documents = slices.Clone(documents) // views read the old ones
	for i := range documents {
		d := &documents[i]
		d.action, d.actor = r.action(d.action), r.actor(d.actor)
	}
	return documents
}

func (r *renumbering) action(number uint32) uint32 {
	return renumbered(&r.actions, number, func() uint32 {
		r.from.mu.RLock()
		defer r.from.mu.RUnlock()
		return r.to.numberAction(r.from.actions[number])
	})
}

func (r *renumbering) actor(number uint32) uint32 {
	return renumbered(&r.actors, number, func() uint32 {
		r.from.mu.RLock()
		defer r.from.mu.RUnlock()
		a := r.from.actors[number]
		user := r.to.users.of(r.from.users.text(a.user), func() string { return r.from.users.long[a.user] })
		role := r.to.roles.of(r.from.roles.text(a.role), func() string { return r.from.roles.long[a.role] })
		w := r.to.numberActor(user, r.to.organizations.of(r.from.organizations.text(a.organization), nil), role)
		r.to.latest[w] = r.from.latest[number]
		return w
	})
}

// renumbered returns the new number of an old one, which add adds if it has none yet.
func renumbered(numbers *[]uint32, number uint32, add func() uint32) uint32 {
	if missing := int(number) + 1 - len(*numbers); missing > 0 {
		*numbers = append(*numbers, make([]uint32, missing)...)
	}
	if (*numbers)[number] == 0 {
		(*numbers)[number] = add() + 1
	}
	return (*numbers)[number] - 1
}
