package archive

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"oplog/oplog"
)

// newCounts returns counts of nothing.
func newCounts(buckets int) *Counts {
	return &Counts{
		Buckets: make([]int, buckets), Modules: map[string]int{}, Operations: map[string]int{}, Organizations: map[string]int{},
		Outcomes: map[string]int{}, Roles: map[string]int{}, Users: map[string]UserCount{},
	}
}

// add adds counts of other entries, with as many buckets.
func (c *Counts) add(other *Counts) {
	c.Total += other.Total
	for i, n := range other.Buckets {
		c.Buckets[i] += n
	}
	for _, f := range []struct{ to, from map[string]int }{
		{c.Modules, other.Modules}, {c.Operations, other.Operations}, {c.Organizations, other.Organizations}, {c.Outcomes, other.Outcomes}, {c.Roles, other.Roles},
	} {
		addEach(f.to, f.from)
	}
	for id, u := range other.Users {
		c.addUser(id, u)
	}
}

// addIndex adds counts of the index, which name all values.
func (c *Counts) addIndex(other *oplog.Counts) {
	c.add(&Counts{
		Total: other.Total, Buckets: other.Buckets, Modules: other.Modules, Operations: other.Operations, Organizations: other.Organizations,
		Outcomes: other.Outcomes, Roles: other.Roles,
	})
	for i, u := range other.Users {
		c.addUser(u.Value, UserCount{Count: u.Count, Name: u.Name, Latest: other.Latest[i]})
	}
}

func addEach(to, from map[string]int) {
	for value, n := range from {
		to[value] += n
	}
}

func (c *Counts) addUser(id string, u UserCount) {
	known, found := c.Users[id]
	if found && known.Latest.Compare(u.Latest) > 0 {
		u.Name, u.Latest = known.Name, known.Latest
	}
	u.Count += known.Count
	c.Users[id] = u
}

// forIndex returns the counts as an index does, of all users and roles or of the most frequent.
func (c *Counts) forIndex(all bool) oplog.Counts {
	found := oplog.Counts{
		Total: c.Total, Buckets: c.Buckets, Modules: c.Modules, Operations: c.Operations, Organizations: c.Organizations, Outcomes: c.Outcomes, Roles: c.Roles,
	}
	found.Users = make([]oplog.FacetValue, 0, len(c.Users))
	for id, u := range c.Users {
		found.Users = append(found.Users, oplog.FacetValue{Value: id, Name: u.Name, Count: u.Count})
	}
	if all {
		for _, u := range found.Users {
			found.Latest = append(found.Latest, c.Users[u.Value].Latest)
		}
		return found
	}
	slices.SortFunc(found.Users, func(a, b oplog.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	if n := len(found.Users); n > oplog.MaxUserFacets {
		found.Users, found.MoreUsers = slices.Clone(found.Users[:oplog.MaxUserFacets]), n-oplog.MaxUserFacets
	}
	if n := len(c.Roles); n > oplog.MaxFacetValues {
		roles := slices.SortedFunc(maps.Keys(c.Roles), func(a, b string) int {
			return cmp.Or(cmp.Compare(c.Roles[b], c.Roles[a]), strings.Compare(a, b))
		})
		found.Roles, found.MoreRoles = map[string]int{}, n-oplog.MaxFacetValues
		for _, role := range roles[:oplog.MaxFacetValues] {
			found.Roles[role] = c.Roles[role]
		}
	}
	return found
}

// lastBefore returns the last possible key before a time.
func lastBefore(t time.Time) oplog.Key {
	return oplog.MakeKey(t.Add(-time.Microsecond), math.MaxUint64)
}

// bucketsOf tells the buckets of times.
type bucketsOf []int64 // their starts, in microseconds

func startsOf(buckets []time.Time) bucketsOf {
	starts := make(bucketsOf, len(buckets))
	for i, b := range buckets {
		starts[i] = ceilMicros(b)
	}
	return starts
}

// ceilMicros returns a time in microseconds, rounded up: entries have whole ones.
func ceilMicros(t time.Time) int64 { return t.Add(time.Microsecond - time.Nanosecond).UnixMicro() }

// at returns the bucket of a time.
func (b bucketsOf) at(micros int64) int {
	i, exact := slices.BinarySearch(b, micros)
	if !exact {
		i--
	}
	return max(i, 0)
}
