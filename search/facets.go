package search

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"oplog/oplog"
)

// counts converts the counts by number to counts by value.
func (t *tally) counts(ctx context.Context, v *view) (oplog.Counts, error) {
	c := oplog.Counts{Total: t.total, Buckets: t.buckets}
	topUsers, topRoles := t.byNumber(&c)
	users, err := v.wholeTexts(ctx, fieldUser, topUsers)
	if err != nil {
		return c, err
	}
	roles, err := v.wholeTexts(ctx, fieldRole, topRoles)
	if err != nil {
		return c, err
	}
	c.Users = make([]oplog.FacetValue, len(topUsers))
	sorted := true
	for i, u := range topUsers {
		c.Users[i] = oplog.FacetValue{Value: users[i].id, Name: users[i].name, Count: int(u.count)}
		sorted = sorted && len(users[i].id) < longText
	}
	if !sorted && !t.tail.all { // brief forms have another order
		slices.SortFunc(c.Users, func(a, b oplog.FacetValue) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
		})
	}
	c.Roles = make(map[string]int, len(topRoles))
	for i, r := range topRoles {
		c.Roles[roles[i].id] = int(r.count)
	}
	return c, nil
}

// counted is the number of a value, and its count.
type counted struct{ number, count uint32 }

// byNumber sets the counts except those of users and roles, which it returns; users by the number of the user with the latest name.
func (t *tally) byNumber(c *oplog.Counts) (topUsers, topRoles []counted) {
	n := t.tail.numbering
	n.mu.RLock()
	defer n.mu.RUnlock()
	modules, operations, outcomes := make([]int, len(n.modules.texts)), make([]int, len(n.operations.texts)), make([]int, len(n.outcomes.texts))
	for number, count := range t.actions {
		of := n.actionOf[number]
		modules[of[0]] += int(count)
		operations[of[1]] += int(count)
		outcomes[of[2]] += int(count)
	}
	c.Modules, c.Operations, c.Outcomes = n.modules.counts(modules), n.operations.counts(operations), n.outcomes.counts(outcomes)
	users, organizations, roles := make([]counted, len(n.ids)), make([]uint32, len(n.organizations.places)), make([]counted, len(n.roles.places))
	for number, count := range t.actors {
		if count == 0 {
			continue
		}
		of := &n.actors[number]
		organizations[of.organization] += count
		roles[of.role].count += count
		u := &users[of.id]
		if u.count == 0 || t.isLater(uint32(number), u.number) { //nolint:gosec // of an actor
			u.number = uint32(number) //nolint:gosec // of an actor
		}
		u.count += count
	}
	c.Organizations = make(map[string]int, len(organizations))
	for number, count := range organizations {
		if text := n.organizations.text(uint32(number)); count > 0 && len(text) > 0 { //nolint:gosec // of an organization
			c.Organizations[string(text)] = int(count)
		}
	}
	for number := range roles {
		roles[number].number = uint32(number) //nolint:gosec // of a role
		if len(n.roles.text(uint32(number))) == 0 {
			roles[number].count = 0
		}
	}
	if t.tail.all {
		topUsers, topRoles = counts(users), counts(roles)
		c.Latest = make([]oplog.Key, len(topUsers))
		for i, u := range topUsers {
			c.Latest[i] = t.latest[u.number]
		}
	} else {
		topUsers, c.MoreUsers = top(users, oplog.MaxUserFacets, func(u counted) []byte { return n.textOfID(n.actors[u.number].id) })
		topRoles, c.MoreRoles = top(roles, oplog.MaxFacetValues, func(r counted) []byte { return n.roles.text(r.number) })
	}
	for i := range topUsers {
		topUsers[i].number = n.actors[topUsers[i].number].user
	}
	return topUsers, topRoles
}

// isLater reports whether an actor names a user rather than another one: who was seen last, or, of all values, has the latest match.
// The numbering is locked for reading.
func (t *tally) isLater(actor, than uint32) bool {
	if t.tail.all {
		return t.latest[actor].Compare(t.latest[than]) > 0
	}
	n := t.tail.numbering
	return n.latest[actor] > n.latest[than]
}

// counts returns the values that were counted.
func counts(values []counted) []counted {
	return slices.DeleteFunc(values, func(v counted) bool { return v.count == 0 })
}

// top returns the values with the largest counts, at most so many, and the number of the others. Of equal counts the first texts are kept.
func top(values []counted, most int, text func(counted) []byte) (kept []counted, more int) {
	order := func(a, b counted) int {
		if a.count != b.count {
			return cmp.Compare(b.count, a.count)
		}
		return bytes.Compare(text(a), text(b))
	}
	kept = make([]counted, 0, min(2*most, len(values)))
	found := 0
	var last *counted // of the kept ones when they were sorted
	for _, v := range values {
		if v.count == 0 {
			continue
		}
		if found++; last != nil && order(v, *last) >= 0 {
			continue
		}
		if kept = append(kept, v); len(kept) == 2*most {
			slices.SortFunc(kept, order)
			kept = kept[:most]
			last = &counted{kept[most-1].number, kept[most-1].count}
		}
	}
	slices.SortFunc(kept, order)
	kept = kept[:min(most, len(kept))]
	return kept, found - len(kept)
}

// wholeText is the id and the name of a user, or a role.
type wholeText struct{ id, name string }

func wholeOf(term string) wholeText {
	id, name, _ := strings.Cut(term, userSeparator)
	return wholeText{id, name}
}

// wholeTexts returns the texts of users or roles, in order. Of long ones the numbering may have only the brief form; they are in the tail, or in
// the dictionary of a segment.
func (v *view) wholeTexts(ctx context.Context, field string, values []counted) ([]wholeText, error) {
	whole := make([]wholeText, len(values))
	var missing map[string]int // by form: the place in whole
	v.numbering.mu.RLock()
	for i, value := range values {
		text, form := v.numbering.whole(field, value.number)
		if whole[i] = text; form == nil {
			continue
		}
		if missing == nil {
			missing = make(map[string]int)
		}
		missing[string(form)] = i
	}
	v.numbering.mu.RUnlock()
	if missing == nil {
		return whole, nil
	}
	found := func(text string) {
		form := string(formOf(field, []byte(text)))
		if i, wanted := missing[form]; wanted {
			whole[i] = wholeOf(text)
			delete(missing, form)
		}
	}
	err := v.scanned(ctx, 0, func(d *tailDocument) bool {
		if d.long != nil && field == fieldUser {
			found(d.long.id + userSeparator + d.long.name)
		} else if d.long != nil {
			found(d.long.role)
		}
		return len(missing) > 0
	})
	for i := 0; i < len(v.segments) && len(missing) > 0 && err == nil; i++ {
		err = v.segments[i].findTexts(ctx, field, slices.Collect(maps.Keys(missing)), found)
	}
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("%d counted values of %s are in no segment", len(missing), field)
	}
	return whole, err
}

// findTexts calls found with the terms of a field that may have one of the forms.
func (s *segment) findTexts(ctx context.Context, field string, forms []string, found func(term string)) error {
	d, err := s.zap.Dictionary(field)
	if err != nil {
		return err
	}
	starts := make([]string, len(forms))
	for i, form := range forms {
		starts[i] = form[:min(briefText, len(form))]
		if field == fieldUser {
			starts[i] = userStart([]byte(form))
		}
	}
	slices.Sort(starts)
	terms := 0
	for _, start := range slices.Compact(starts) {
		err := eachTerm(d, []byte(start), prefixEnd(start), func(term []byte) error {
			if terms++; terms%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			found(string(term))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
