package storage

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

// The pages of a bucket are walked in order of their keys, those of a nested bucket after the leaf that names it. A walk in slices pauses after
// a number of leaves, and goes on in another transaction after the names of the buckets and the key where it paused.

// bounds are the keys between which those of a page lie; nil for no limit.
type bounds struct{ from, to []byte }

// bucket checks the pages of a bucket, after a position in it; false if it paused.
func (c *pageCheck) bucket(root uint64, level int, after [][]byte) bool {
	return c.node(root, bounds{}, level, after)
}

// node checks a page and those below it; false if it paused.
func (c *pageCheck) node(id uint64, within bounds, level int, after [][]byte) bool {
	if level == maxLevel {
		c.fail("page %d is too far from the root", id)
		c.loops = true
		return true
	}
	p := c.load(id, level)
	if p == nil {
		return true
	}
	if p.flags != branchFlag && p.flags != leafFlag {
		c.fail("page %d is neither a branch nor a leaf", id)
		c.loops = true // bbolt follows it as a branch
		return true
	}
	if after == nil {
		c.checked += int(p.size / c.pageSize)
	}
	elements, ok := p.elements()
	if !ok || p.flags == branchFlag && len(elements) == 0 {
		c.fail("the elements of page %d are damaged", id)
		c.loops = c.loops || p.flags == branchFlag
	}
	if n := len(elements); n > 0 {
		if within.from != nil && bytes.Compare(elements[0].key, within.from) < 0 || within.to != nil && bytes.Compare(elements[n-1].key, within.to) >= 0 {
			c.fail("page %d has keys of another page", id)
		}
	}
	if p.flags == branchFlag {
		return c.branch(elements, within, level, after)
	}
	return c.leaf(p, elements, level, after)
}

func (c *pageCheck) branch(elements []element, within bounds, level int, after [][]byte) bool {
	for i, e := range elements {
		below := bounds{e.key, within.to}
		if i+1 < len(elements) {
			if below.to = elements[i+1].key; after != nil && bytes.Compare(below.to, after[0]) <= 0 {
				continue
			}
		}
		if !c.node(e.page, below, level+1, after) {
			return false
		}
		after = nil
	}
	return true
}

func (c *pageCheck) leaf(p *checkedPage, elements []element, level int, after [][]byte) bool {
	for _, e := range elements {
		if e.flags > bucketFlag {
			c.fail("an element of page %d is of an unknown kind", p.id)
			continue
		}
		if e.flags != bucketFlag {
			c.headListed = c.headListed || len(c.inBucket) == 1 && isHeadListed(c.inBucket[0], e.key)
			continue
		}
		var inside [][]byte
		if after != nil {
			switch order := bytes.Compare(e.key, after[0]); {
			case order < 0, order == 0 && len(after) == 1:
				continue
			case order == 0:
				inside = after[1:]
			}
		}
		if !c.nested(p, e, level, inside) {
			return false
		}
	}
	if len(elements) == 0 || c.leaves == allLeaves {
		return true
	}
	last := elements[len(elements)-1].key
	if after != nil && (bytes.Compare(last, after[0]) < 0 || bytes.Equal(last, after[0]) && len(after) == 1) {
		return true
	}
	c.last = append(slices.Clone(c.inBucket), bytes.Clone(last))
	c.leaves--
	return c.leaves > 0
}

// nested checks the pages of a bucket that a leaf names.
func (c *pageCheck) nested(p *checkedPage, e element, level int, after [][]byte) bool {
	if len(e.value) < bucketHead {
		c.fail("a bucket in page %d is damaged", p.id)
		return true
	}
	if root := binary.NativeEndian.Uint64(e.value); root != 0 {
		c.inBucket = append(c.inBucket, bytes.Clone(e.key))
		more := c.bucket(root, level+1, after)
		c.inBucket = c.inBucket[:len(c.inBucket)-1]
		return more
	}
	b, order := e.value[bucketHead:], binary.NativeEndian
	if len(b) < pageHead {
		c.fail("a bucket in page %d is damaged", p.id)
		return true
	}
	only := &checkedPage{check: c, id: p.id, flags: order.Uint16(b[8:]), count: order.Uint16(b[10:]), buffer: b, size: int64(len(b)), into: new([]element)}
	elements, ok := only.elements()
	c.headListed = c.headListed || len(c.inBucket) == 0 && slices.ContainsFunc(elements, func(in element) bool { return isHeadListed(e.key, in.key) })
	c.loops = c.loops || only.flags != leafFlag // bbolt follows it as a branch, to itself
	if !ok || only.flags != leafFlag || slices.ContainsFunc(elements, func(e element) bool { return e.flags != 0 }) {
		c.fail("a bucket in page %d is damaged", p.id)
	}
	return true
}

// readAhead reads pages that mostly follow each other: by single calls of the system where they do not, and by ever fewer where they do.
type readAhead struct {
	file   io.ReaderAt
	buffer []byte
	from   int64 // in the file, of the buffer
	size   int   // to read next
}

const maxAhead = 256 << 10

// read reads a page.
func (r *readAhead) read(page []byte, at int64) error {
	end := r.from + int64(len(r.buffer))
	if at >= r.from && at+int64(len(page)) <= end {
		copy(page, r.buffer[at-r.from:])
		return nil
	}
	if at < end || at > end+int64(8*len(page)) || r.size < len(page) {
		r.size = len(page)
	} else {
		r.size = min(2*r.size, maxAhead)
	}
	r.buffer = slices.Grow(r.buffer[:0], r.size)[:r.size]
	r.from = at
	n, err := r.file.ReadAt(r.buffer, at)
	r.buffer = r.buffer[:n]
	if n < len(page) {
		return err
	}
	copy(page, r.buffer)
	return nil
}
