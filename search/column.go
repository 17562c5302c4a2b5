package search

import "math"

// column maps each document to one of a segment's values, as an index into numbers. Exactly one of small, medium and large is set,
// depending on the number of values.
type column struct {
	numbers []uint32 // of the values, in the tenant's numbering
	totals  []uint32 // number of documents per value
	small   []uint8
	medium  []uint16
	large   []uint32
}

func newColumn(of []uint32, values int) column {
	c := column{totals: make([]uint32, values)}
	for _, v := range of {
		c.totals[v]++
	}
	switch {
	case values <= math.MaxUint8+1:
		c.small = narrow[uint8](of)
	case values <= math.MaxUint16+1:
		c.medium = narrow[uint16](of)
	default:
		c.large = of
	}
	return c
}

// bytes returns the memory that the column takes.
func (c *column) bytes() int {
	return 4*cap(c.numbers) + 4*cap(c.totals) + cap(c.small) + 2*cap(c.medium) + 4*cap(c.large)
}

func narrow[T uint8 | uint16](of []uint32) []T {
	narrowed := make([]T, len(of))
	for i, v := range of {
		narrowed[i] = T(v)
	}
	return narrowed
}

// count adds the values of documents to counts.
func (c *column) count(documents, counts []uint32) {
	switch {
	case c.small != nil:
		countSome(c.small, documents, counts)
	case c.medium != nil:
		countSome(c.medium, documents, counts)
	default:
		countSome(c.large, documents, counts)
	}
}

func countSome[T uint8 | uint16 | uint32](of []T, documents, counts []uint32) {
	for _, d := range documents {
		counts[of[d]]++
	}
}

// countRange adds the values of the documents from low to top (exclusive) to counts.
func (c *column) countRange(low, top uint32, counts []uint32) {
	switch {
	case c.small != nil:
		countAll(c.small[low:top], counts)
	case c.medium != nil:
		countAll(c.medium[low:top], counts)
	default:
		countAll(c.large[low:top], counts)
	}
}

// takeOff turns counts, of some documents, into the counts of the other documents from low to top (exclusive).
func (c *column) takeOff(low, top uint32, counts []uint32) {
	for i, n := range counts {
		counts[i] = -n
	}
	if low > 0 || int(top) < c.len() {
		c.countRange(low, top, counts)
		return
	}
	for i, n := range c.totals {
		counts[i] += n
	}
}

func (c *column) len() int { return max(len(c.small), len(c.medium), len(c.large)) }

func countAll[T uint8 | uint16 | uint32](of []T, counts []uint32) {
	for _, v := range of {
		counts[v]++
	}
}
