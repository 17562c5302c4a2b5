package search

// table finds numbers by the hashes of what they stand for, which is kept elsewhere: it takes 6 to 9 bytes for each. It consists of parts, so
// that growing moves few numbers at a time.
type table struct{ parts [1 << partBits]tablePart }

// partBits is the number of a hash's first bits that choose the part.
const partBits = 6

// tablePart has open addressing with linear probing.
type tablePart struct {
	tags    []uint8 // by slot: a part of the hash, which tells most numbers apart; 0 for an empty slot
	numbers []uint32
	used    int
}

func (t *table) part(hash uint64) *tablePart { return &t.parts[hash>>(64-partBits)] }

// find returns the number with a hash that is the one.
func (t *table) find(hash uint64, is func(number uint32) bool) (uint32, bool) {
	p := t.part(hash)
	if p.used == 0 {
		return 0, false
	}
	tag := tagOf(hash)
	for i := p.slot(hash); p.tags[i] != 0; i = p.after(i) {
		if p.tags[i] == tag && is(p.numbers[i]) {
			return p.numbers[i], true
		}
	}
	return 0, false
}

// add adds a number that is not in the table; hashOf returns the hashes of those that are.
func (t *table) add(hash uint64, number uint32, hashOf func(number uint32) uint64) {
	p := t.part(hash)
	if 5*(p.used+1) > 4*len(p.tags) {
		size := max(8, len(p.tags)*3/2)
		old := *p
		*p = tablePart{tags: make([]uint8, size), numbers: make([]uint32, size)}
		for i, tag := range old.tags {
			if tag != 0 {
				p.put(hashOf(old.numbers[i]), old.numbers[i])
			}
		}
	}
	p.put(hash, number)
}

func (p *tablePart) put(hash uint64, number uint32) {
	i := p.slot(hash)
	for p.tags[i] != 0 {
		i = p.after(i)
	}
	p.tags[i], p.numbers[i] = tagOf(hash), number
	p.used++
}

// slot returns the first slot of a hash, from bits that neither choose the part nor are the tag.
func (p *tablePart) slot(hash uint64) int {
	return int(uint64(uint32(hash>>16)) * uint64(len(p.tags)) >> 32) //nolint:gosec // these bits
}

func (p *tablePart) after(slot int) int {
	if slot++; slot < len(p.tags) {
		return slot
	}
	return 0
}

func tagOf(hash uint64) uint8 { return max(1, uint8(hash)) } //nolint:gosec // its last bits

// bytes returns the memory that the table takes.
func (t *table) bytes() int {
	sum := 0
	for i := range t.parts {
		sum += len(t.parts[i].tags) + 4*len(t.parts[i].numbers)
	}
	return sum
}
