package archive

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// part has the values of a day, or of some days of a month or year.
type part struct {
	days   string // the dates, or for a year those of its months, to tell whether it has all of them
	facets [facetCount]valueCounts
}

// valueCounts are counts by number of a value, and for users their names.
type valueCounts struct {
	numbers []uint32
	counts  []uint64
	names   []uint32 // numbers of names
	seen    []uint32 // the days, since 1970, of which the names are the last
}

const (
	bytesOfCount = 12
	bytesOfUser  = bytesOfCount + 8
	bytesOfText  = 64 // beside the text itself
)

func (p *part) bytes() (sum int) {
	for i := range p.facets {
		each := bytesOfCount
		if i == ofUsers {
			each = bytesOfUser
		}
		sum += each * len(p.facets[i].numbers)
	}
	return sum
}

// groups yields the dates with an equal start of so many bytes.
func groups(dates []string, length int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(dates) > 0 {
			group := inGroup(dates, dates[0], length)
			if !yield(group) {
				return
			}
			dates = dates[len(group):]
		}
	}
}

// inGroup returns the dates that start as one does, for so many bytes.
func inGroup(dates []string, as string, length int) []string {
	compare := func(date, start string) int { return cmp.Compare(date[:length], start) }
	first, _ := slices.BinarySearchFunc(dates, as[:length], compare)
	end, _ := slices.BinarySearchFunc(dates[first:], as[:length], func(date, start string) int {
		if compare(date, start) == 0 {
			return -1
		}
		return 1
	})
	return dates[first : first+end]
}

// adder adds up values by their numbers.
type adder struct {
	counts      [facetCount][]uint64
	names, seen []uint32
}

func grown[T any](list []T, number uint32) []T {
	if missing := int(number) + 1 - len(list); missing > 0 {
		return append(list, make([]T, missing)...)
	}
	return list
}

func (a *adder) add(p *part) {
	for i := range p.facets {
		c, counts := &p.facets[i], a.counts[i]
		for j, number := range c.numbers {
			if int(number) >= len(counts) {
				counts = grown(counts, number)
			}
			counts[number] += c.counts[j]
		}
		a.counts[i] = counts
	}
	c := &p.facets[ofUsers]
	for j, number := range c.numbers {
		if int(number) >= len(a.names) {
			a.names, a.seen = grown(a.names, number), grown(a.seen, number)
		}
		if c.seen[j] >= a.seen[number] {
			a.names[number], a.seen[number] = c.names[j], c.seen[j]
		}
	}
}

// part returns the sum as a part.
func (a *adder) part(days string) *part {
	p := &part{days: days}
	for i, counts := range a.counts {
		c := &p.facets[i]
		for number, n := range counts {
			if n == 0 {
				continue
			}
			c.numbers, c.counts = append(c.numbers, uint32(number)), append(c.counts, n) //nolint:gosec // of values in memory
			if i == ofUsers {
				c.names, c.seen = append(c.names, a.names[number]), append(c.seen, a.seen[number])
			}
		}
	}
	return p
}

// addTo adds the sum to counts. A user's name is that of the last day with the user, of which the key is the last possible one.
func (a *adder) addTo(into *Counts, t *tenantSums) {
	for i, facet := range []map[string]int{into.Modules, into.Operations, into.Organizations, into.Outcomes, into.Roles} {
		for number, n := range a.counts[i] {
			if n > 0 {
				facet[t.texts[i].texts[number]] += int(min(n, math.MaxInt)) //nolint:gosec // as many as an int has
			}
		}
	}
	for number, n := range a.counts[ofUsers] {
		if n > 0 {
			end := time.Unix(int64(a.seen[number]+1)*secondsPerDay, 0)
			into.addUser(t.texts[ofUsers].texts[number], UserCount{Count: int(n), Name: t.names.texts[a.names[number]], Latest: lastBefore(end)}) //nolint:gosec // as many as rows
		}
	}
}
