package archive

// grid are the numbers of entries in equal parts of a day: its quarters of an hour or its minutes.
type grid struct {
	start, each int64 // in microseconds
	counts      []uint32
	rows        uint64 // of the whole day
}

// at returns the start of a part.
func (g *grid) at(i int) int64 { return g.start + int64(i)*g.each }

// within returns the parts that a period has, from one to another (exclusive); false if it cuts one that has entries.
func (g *grid) within(low, high int64) (from, to int, ok bool) {
	low = max(g.start, low)
	high = max(low, min(g.at(len(g.counts)), high))
	from, to = int((low-g.start)/g.each), int((high-g.start)/g.each)
	isWhole := func(part int, at int64) bool { return at == g.at(part) || g.counts[part] == 0 }
	return from, to, isWhole(from, low) && isWhole(to, high)
}

// isAll reports whether these are all parts.
func (g *grid) isAll(from, to int) bool { return from == 0 && to == len(g.counts) }

// total returns the entries in some parts.
func (g *grid) total(from, to int) (sum int) {
	if g.isAll(from, to) {
		return int(g.rows) //nolint:gosec // rows of a day
	}
	for _, n := range g.counts[from:to] {
		sum += int(n)
	}
	return sum
}

// quarters returns the quarters of an hour that have the entries in some minutes and no others; false if there are none such.
func (g *grid) quarters(from, to int) (first, end int, ok bool) {
	first, startsOne := g.quarterAt(from)
	end, endsOne := g.quarterAt(to)
	return first, max(first, end), startsOne && endsOne
}

// quarterAt returns a quarter such that the entries before it are those before a minute; false if there is none.
func (g *grid) quarterAt(minute int) (quarter int, ok bool) {
	quarter = minute / minutesPerQuarter
	start := quarter * minutesPerQuarter
	if minute == start || g.total(start, minute) == 0 {
		return quarter, true
	}
	return quarter + 1, g.total(minute, start+minutesPerQuarter) == 0
}

// cuts reports whether a bucket but the first begins within a part of a day.
func (b bucketsOf) cuts(g *grid) bool {
	end := g.at(len(g.counts))
	for i := max(b.at(g.start), 0) + 1; i < len(b) && b[i] < end; i++ {
		if (b[i]-g.start)%g.each != 0 {
			return true
		}
	}
	return false
}

// add adds the entries in some parts of a day to counts.
func (b bucketsOf) add(g *grid, from, to int, counts []int) {
	if len(b) == 0 || from >= to {
		return
	}
	if first := b.at(g.at(from)); first == b.at(g.at(to)-1) {
		counts[first] += g.total(from, to)
		return
	}
	for i := from; i < to; i++ {
		if n := g.counts[i]; n > 0 {
			counts[b.at(g.at(i))] += int(n)
		}
	}
}
