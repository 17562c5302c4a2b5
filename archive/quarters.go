package archive

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"oplog/oplog"
)

// How the values of a day lie in its quarters of an hour. Most users have one organization and one role on a day, so that these are told of users with
// their cells, and have none of their own.

// maxCells is the most cells that are kept of a day. The archive counts the values in a part of a day with more.
const maxCells = 1 << 20

// cells are the quarters of a day in which its values have entries.
type cells struct {
	of      map[cellsOf]*[]cell
	count   int
	quarter int // of the last entry
}

// cellsOf is a module, an operation or an outcome, or a user with an organization and a role.
type cellsOf struct {
	facet                     int
	value, organization, role string
}

// cell is a quarter, in the lower bits, and its number of entries.
type cell uint32

const (
	bitsOfQuarter = 7
	maxInCell     = 1<<(32-bitsOfQuarter) - 1
)

func (c cell) quarter() int { return int(c & (1<<bitsOfQuarter - 1)) }

func (c cell) entries() uint32 { return uint32(c >> bitsOfQuarter) }

func newCells() *cells { return &cells{of: map[cellsOf]*[]cell{}} }

// add counts an entry; false if it is too much, or its quarter is before that of an earlier one.
func (c *cells) add(e *oplog.Entry, quarter int) bool {
	if quarter < c.quarter {
		return false
	}
	c.quarter = quarter
	for _, of := range [...]cellsOf{
		{facet: ofModules, value: e.Module}, {facet: ofOperations, value: e.Operation}, {facet: ofOutcomes, value: e.Outcome},
		{facet: ofUsers, value: e.User.ID, organization: e.Organization.ID, role: e.User.Role},
	} {
		if of.value == "" && of.facet != ofUsers {
			continue
		}
		list := c.of[of]
		if list == nil {
			of.value, of.organization, of.role = strings.Clone(of.value), strings.Clone(of.organization), strings.Clone(of.role)
			list = new([]cell)
			c.of[of] = list
		}
		if last := len(*list) - 1; last >= 0 && (*list)[last].quarter() == quarter {
			if (*list)[last].entries() == maxInCell {
				return false
			}
			(*list)[last] += 1 << bitsOfQuarter
			continue
		}
		*list = append(*list, cell(1<<bitsOfQuarter|quarter)) //nolint:gosec // of a day
		if c.count++; c.count > maxCells || len(c.of) > maxTallied {
			return false
		}
	}
	return true
}

// storedParts tell how the values of a day lie in its quarters.
type storedParts struct {
	_      struct{} `cbor:",toarray"`
	Actors []byte   // uvarints of each user, in order: see actors
	Gaps   []byte   // of modules, operations, outcomes, and of users by organization and role: from each quarter with entries to the next; the first from -1
	Counts []byte   // uvarints: the entries of these quarters; not of a last single one

	// Users who had several names: numbers of users, each less the one before; how many names before the last one, and the quarters where the next began;
	// all uvarints.
	Renamed []byte
	Names   []string // these names
}

// storedParts returns what is stored of the cells beside the values.
func (t *tally) storedParts(v *storedValues) *storedParts {
	p := &storedParts{}
	all := slices.SortedFunc(maps.Keys(t.cells.of), func(a, b cellsOf) int {
		return cmp.Or(cmp.Compare(a.facet, b.facet), strings.Compare(a.value, b.value), strings.Compare(a.organization, b.organization), strings.Compare(a.role, b.role))
	})
	for i, of := range all {
		list := *t.cells.of[of]
		sum := uint32(0)
		for _, c := range list {
			sum += c.entries()
		}
		if of.facet == ofUsers {
			p.addActor(v, all, i, sum)
		}
		at, left := -1, sum
		for _, c := range list {
			p.Gaps = append(p.Gaps, byte(c.quarter()-at)) //nolint:gosec // of a day
			at = c.quarter()
			if left > 1 {
				p.Counts = binary.AppendUvarint(p.Counts, uint64(c.entries()))
			}
			left -= c.entries()
		}
	}
	t.addRenamed(v, p)
	return p
}

// addActor adds that a user has entries with an organization and a role: before the first one, how many such there are; then these by their numbers, from 1,
// and the entries of all but the last.
func (p *storedParts) addActor(v *storedValues, all []cellsOf, at int, entries uint32) {
	of := all[at]
	if at == 0 || all[at-1].facet != ofUsers || all[at-1].value != of.value {
		n := 1
		for n < len(all)-at && all[at+n].value == of.value {
			n++
		}
		p.Actors = binary.AppendUvarint(p.Actors, uint64(n)) //nolint:gosec // positive
	}
	number := func(facet int, value string) uint64 {
		i, found := slices.BinarySearch(v.Facets[facet].Values, value)
		if !found {
			return 0
		}
		return uint64(i) + 1 //nolint:gosec // positive
	}
	p.Actors = binary.AppendUvarint(p.Actors, number(ofOrganizations, of.organization))
	p.Actors = binary.AppendUvarint(p.Actors, number(ofRoles, of.role))
	if at < len(all)-1 && all[at+1].value == of.value {
		p.Actors = binary.AppendUvarint(p.Actors, uint64(entries))
	}
}

func (t *tally) addRenamed(v *storedValues, p *storedParts) {
	last := -1
	for i, id := range v.Facets[ofUsers].Values {
		u := t.named[id]
		if len(u.earlier) == 0 {
			continue
		}
		p.Renamed = binary.AppendUvarint(p.Renamed, uint64(i-last))         //nolint:gosec // positive
		p.Renamed = binary.AppendUvarint(p.Renamed, uint64(len(u.earlier))) //nolint:gosec // positive
		last = i
		for j, one := range u.earlier {
			next := u.since
			if j+1 < len(u.earlier) {
				next = u.earlier[j+1].since
			}
			p.Names = append(p.Names, one.name)
			p.Renamed = binary.AppendUvarint(p.Renamed, uint64(next)) //nolint:gosec // of a day
		}
	}
}

// cut leaves of the values of a day's record those of its quarters from one to another (exclusive). False means that the record does not tell.
func (s *storedCounts) cut(name string, v *storedValues, from, to int) (ok bool, err error) {
	if len(s.Parts) == 0 {
		return false, nil
	}
	var p storedParts
	plain, err := decompressor().DecodeAll(s.Parts, nil)
	if err == nil {
		err = countsDecoding.Unmarshal(plain, &p)
	}
	want := uint32(0)
	for _, n := range s.Quarters[from:to] {
		want += n
	}
	c := cutter{gaps: p.Gaps, counts: numbers{rest: p.Counts}, from: from, to: to}
	if err != nil || !c.cut(v, &p, want) {
		return false, oplog.DamagedRecord(oplog.RecordArchiveCounts, name)
	}
	for i := range v.Facets {
		var names []string
		if i == ofUsers {
			names = v.Names
		}
		v.Facets[i].trim(names)
	}
	v.Names = v.Names[:len(v.Facets[ofUsers].Values)]
	return true, nil
}

// trim leaves out values without entries, with the names that belong to them.
func (f *storedFacet) trim(names []string) {
	n := 0
	for i, count := range f.Counts {
		if count == 0 {
			continue
		}
		if f.Values[n], f.Counts[n] = f.Values[i], count; names != nil {
			names[n] = names[i]
		}
		n++
	}
	f.Values, f.Counts = f.Values[:n], f.Counts[:n]
}

// cutter reads what lies in some quarters.
type cutter struct {
	gaps     []byte
	counts   numbers
	from, to int
	bad      bool
}

// next reads the cells of something with so many entries on the day: how many of them are in the quarters, and the last of these.
func (c *cutter) next(entries uint32) (within uint32, last int) {
	at := -1
	for entries > 0 && !c.bad {
		if len(c.gaps) == 0 {
			c.bad = true
			break
		}
		at += int(c.gaps[0])
		c.gaps = c.gaps[1:]
		n := uint64(1)
		if entries > 1 {
			n = c.counts.next()
		}
		c.bad = c.bad || n == 0 || n > uint64(entries) || at >= quartersPerDay
		if at >= c.from && at < c.to {
			within += uint32(n) //nolint:gosec // at most the entries
			last = at
		}
		entries -= uint32(n) //nolint:gosec // at most the entries
	}
	return within, last
}

// cut sets the counts and names of values to those of the quarters, which have so many entries.
func (c *cutter) cut(v *storedValues, p *storedParts, want uint32) bool {
	for _, facet := range []int{ofModules, ofOperations, ofOutcomes} {
		for i, n := range v.Facets[facet].Counts {
			v.Facets[facet].Counts[i], _ = c.next(n)
		}
	}
	organizations, roles, users := v.Facets[ofOrganizations].Counts, v.Facets[ofRoles].Counts, v.Facets[ofUsers].Counts
	clear(organizations)
	clear(roles)
	actors, renamed := numbers{rest: p.Actors}, renames{numbers: numbers{rest: p.Renamed}, names: p.Names}
	sum := uint32(0)
	for i, left := range users {
		users[i] = 0
		last := 0
		for k := actors.next(); k > 0 && !c.bad; k-- {
			organization, role, n := actors.next(), actors.next(), uint64(left)
			if k > 1 {
				n = actors.next()
			}
			if c.bad = organization > uint64(len(organizations)) || role > uint64(len(roles)) || n > uint64(left) || actors.bad; c.bad {
				break
			}
			left -= uint32(n) //nolint:gosec // at most what is left
			within, at := c.next(uint32(n))
			if users[i] += within; within > 0 {
				last = max(last, at)
			}
			if organization > 0 {
				organizations[organization-1] += within
			}
			if role > 0 {
				roles[role-1] += within
			}
		}
		v.Names[i] = renamed.name(i, v.Names[i], last)
		sum += users[i]
	}
	return !c.bad && !c.counts.bad && !actors.bad && !renamed.bad && len(c.gaps)+len(c.counts.rest)+len(actors.rest)+len(renamed.rest)+len(renamed.names) == 0 && sum == want
}

// renames reads the users who had several names.
type renames struct {
	numbers
	names []string
	user  uint64 // the next such user, from 1; 0 before the first
}

// name returns the name of a user, which is the last one on the day, in the user's last entry up to a quarter. Users are asked for in order.
func (r *renames) name(user int, name string, until int) string {
	if r.user == 0 && len(r.rest) > 0 {
		r.user = r.next()
	}
	if r.user != uint64(user)+1 { //nolint:gosec // positive
		return name
	}
	n := r.next()
	if n > uint64(len(r.names)) {
		r.bad, r.rest = true, nil
		return name
	}
	found := false
	for _, earlier := range r.names[:n] {
		if next := r.next(); !found && next > uint64(until) { //nolint:gosec // positive
			found, name = true, earlier
		}
	}
	if r.names = r.names[n:]; len(r.rest) > 0 {
		r.user += r.next()
	}
	return name
}
