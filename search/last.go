package search

import "oplog/oplog"

// The names of users in counts that are to be added to others are those of their latest matches, so these are found for each actor.

// saw records a match of an actor.
func (t *tally) saw(actor uint32, key oplog.Key) {
	if key.Compare(t.latest[actor]) > 0 {
		t.latest[actor] = key
	}
}

// lastOf sets the last document of each value, of documents in ascending order.
func (c *column) lastOf(documents, last []uint32) {
	switch {
	case c.small != nil:
		lastOfSome(c.small, documents, last)
	case c.medium != nil:
		lastOfSome(c.medium, documents, last)
	default:
		lastOfSome(c.large, documents, last)
	}
}

func lastOfSome[T uint8 | uint16 | uint32](of []T, documents, last []uint32) {
	for _, d := range documents {
		last[of[d]] = d
	}
}

// lastOfActors returns the last document of each actor of the segment.
func (c *columns) lastOfActors() []uint32 {
	if last := c.last.Load(); last != nil {
		return *last
	}
	last := make([]uint32, len(c.actors.totals))
	var documents [1024]uint32
	for next, end := uint32(0), uint32(c.actors.len()); next < end; { //nolint:gosec // of a segment
		n := uint32(0)
		for ; n < uint32(len(documents)) && next < end; n++ {
			documents[n] = next
			next++
		}
		c.actors.lastOf(documents[:n], last)
	}
	c.last.Store(&last)
	return last
}

// lastBefore sets the last document before a document of each actor that is counted, which each of them has.
func (c *columns) lastBefore(top uint32, counts, last []uint32) {
	whole := c.lastOfActors()
	missing := 0
	for i, n := range counts {
		if last[i] = whole[i]; n > 0 && whole[i] >= top {
			missing++
		}
	}
	for d := top; missing > 0; {
		d--
		if i := c.actors.at(d); last[i] >= top {
			if last[i] = d; counts[i] > 0 {
				missing--
			}
		}
	}
}

// at returns the value of a document.
func (c *column) at(document uint32) uint32 {
	switch {
	case c.small != nil:
		return uint32(c.small[document])
	case c.medium != nil:
		return uint32(c.medium[document])
	}
	return c.large[document]
}
