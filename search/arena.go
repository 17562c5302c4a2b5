package search

import "encoding/binary"

// arena keeps byte strings in chunks, so that it grows without copying them. What was added never changes: a copy of the struct stays
// readable while others add to the original.
type arena struct {
	chunks [][]byte
	used   int // bytes of the last chunk
}

// A place has 16 bits for the chunk and 16 for the offset in it, in units.
const (
	arenaUnit = 4
	minChunk  = 4 << 10
	maxChunk  = arenaUnit << 16
	maxChunks = 1 << 16
)

// add adds a string and returns its place.
func (a *arena) add(text []byte) uint32 {
	need := binary.MaxVarintLen32 + len(text)
	if len(a.chunks) == 0 || a.used+need > len(a.chunks[len(a.chunks)-1]) {
		if len(a.chunks) == maxChunks {
			panic("the index of a tenant cannot tell more than 16 GiB of users apart")
		}
		size := min(maxChunk, minChunk<<min(2*len(a.chunks), 6)) // small tenants need little
		a.chunks, a.used = append(a.chunks, make([]byte, max(size, need))), 0
	}
	last := len(a.chunks) - 1
	place := uint32(last<<16 | a.used/arenaUnit) //nolint:gosec // both have 16 bits
	free := a.chunks[last][a.used:]
	n := binary.PutUvarint(free, uint64(len(text)))
	n += copy(free[n:], text)
	a.used += (n + arenaUnit - 1) / arenaUnit * arenaUnit
	return place
}

// at returns the string at a place; it must not be modified.
func (a *arena) at(place uint32) []byte {
	rest := a.chunks[place>>16][place&0xffff*arenaUnit:]
	length, n := binary.Uvarint(rest)
	return rest[n : n+int(length)] //nolint:gosec // as added
}

// bytes returns the memory that the arena takes.
func (a *arena) bytes() int {
	sum := 0
	for _, chunk := range a.chunks {
		sum += len(chunk)
	}
	return sum
}
