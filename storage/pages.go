package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// bbolt trusts its pages: it hands out what the list of free pages names, and panics or reads beside the file where a page is not what it
// should be, partly in goroutines of its own. Therefore all pages are checked before bbolt uses them: from the root, each page is used once
// or free, and has the form and the order of keys that bbolt gives it. The list of free pages is kept, though the pages in use imply it: seals
// need it (see seal.go), and the two check each other. A page that is neither used nor free is a sign that a branch has lost a part.

// Kinds of pages, as flags of their header, and sizes within them.
const (
	branchFlag    = 0x01
	leafFlag      = 0x02
	branchElement = 4 + 4 + 8     // position and size of the key, page
	leafElement   = 4 + 4 + 4 + 4 // flags, position of the key, sizes of key and value
	bucketHead    = 8 + 8         // root page, or 0 if the bucket's only page follows; sequence
	bucketFlag    = 0x01          // of a leaf element whose value is a bucket
	maxKey        = 32768
	maxLevel      = 64 // no tree of pages is as deep
)

// pagesError is the error of a file whose pages are damaged.
type pagesError struct {
	path     string
	first    error // finding
	found    int
	loops    bool // following pages may never end, so the file cannot even be read
	listOnly bool // the pages in use are sound
}

func (e *pagesError) Error() string {
	cure := "restore a backup to a new directory: oplog restore FILE --data NEW. oplog verify tells which entries are damaged"
	if e.listOnly {
		cure = "only the list of free pages is damaged, no entry. A copy without the damage is made by oplog restore " + e.path + " --data NEW; give it signing.key"
	}
	return fmt.Sprintf("%s is damaged: %s. Nothing was changed. Check the disk; %s", e.path, e.what(), cure)
}

// what returns the findings.
func (e *pagesError) what() string {
	if e.found == 1 {
		return e.first.Error()
	}
	return fmt.Sprintf("%v (and %d more findings)", e.first, e.found-1)
}

func (e *pagesError) Is(target error) bool { return target == ErrDamaged }

// ErrDamaged is the error of a store whose pages are damaged, so that nothing can be recorded in it.
var ErrDamaged = errors.New("the pages of the store are damaged")

// pageCheck checks pages of one transaction.
type pageCheck struct {
	file     io.ReaderAt
	pageSize int64
	meta     meta
	used     pageSet
	free     pageSet               // nil if unknown
	levels   [maxLevel]levelBuffer // reused
	ahead    readAhead

	first  error // finding
	found  int
	ofList int  // of which in the list of free pages
	loops  bool // following branches may never end

	headListed bool // the store says that it has a head file

	// Of a check in slices.
	inBucket [][]byte // names of the buckets around the current page
	last     [][]byte // these, and the last key of the last leaf that was checked
	leaves   int      // to check before it pauses
	checked  int      // pages
}

// levelBuffer holds a page of a level and its elements, while pages below are checked.
type levelBuffer struct {
	page     []byte
	elements []element
}

// pageSet is a set of pages.
type pageSet []uint64

func newPageSet(end uint64) pageSet { return make(pageSet, end/64+1) }

func (s pageSet) has(id uint64) bool { return s[id/64]>>(id%64)&1 == 1 }

func (s pageSet) add(id uint64) { s[id/64] |= 1 << (id % 64) }

// checkPages checks all pages of a transaction, in a file that has the length that the transaction claims.
func checkPages(file io.ReaderAt, pageSize int64, m meta) *pageCheck {
	c := newPageCheck(file, pageSize, m, allLeaves)
	c.readFree()
	c.bucket(m.root, 0, nil)
	for id := uint64(2); c.free != nil && c.found == 0 && id < m.end; id++ {
		if !c.used.has(id) && !c.free.has(id) {
			c.failList("page %d is neither used nor free", id)
		}
	}
	return c
}

// allLeaves is a number of leaves that no file has.
const allLeaves = int(^uint(0) >> 1)

func newPageCheck(file io.ReaderAt, pageSize int64, m meta, leaves int) *pageCheck {
	return &pageCheck{file: file, pageSize: pageSize, meta: m, used: newPageSet(m.end), leaves: leaves, ahead: readAhead{file: file}}
}

// err returns the findings, or nil.
func (c *pageCheck) err(path string) *pagesError {
	if c.first == nil {
		return nil
	}
	return &pagesError{path, c.first, c.found, c.loops, c.found == c.ofList}
}

func (c *pageCheck) fail(format string, args ...any) {
	if c.found++; c.first == nil {
		c.first = fmt.Errorf(format, args...)
	}
}

// failList is fail for the list of free pages.
func (c *pageCheck) failList(format string, args ...any) {
	c.ofList++
	c.fail(format, args...)
}

// readFree reads the list of free pages, and marks its own pages as used.
func (c *pageCheck) readFree() {
	if c.meta.freelist == noFreelist {
		return
	}
	list := c.load(c.meta.freelist, 0)
	if list == nil {
		return
	}
	ids, err := freePages(c.file, c.pageSize, c.meta)
	if err != nil || pageHead+8*int64(len(ids)) > list.size {
		c.failList("the list of free pages in page %d is damaged", c.meta.freelist)
		return
	}
	c.free = newPageSet(c.meta.end)
	before := uint64(1)
	for _, id := range ids {
		if id <= before || id >= c.meta.end || c.used.has(id) {
			c.failList("the list of free pages in page %d names page %d", c.meta.freelist, id)
			continue
		}
		c.free.add(id)
		before = id
	}
}

// noFreelist is in the meta page of a file whose list of free pages is not stored.
const noFreelist = ^uint64(0)

// checkedPage is a page, or a bucket's only page within a leaf.
type checkedPage struct {
	check        *pageCheck
	id           uint64 // of the page that contains it
	flags, count uint16
	buffer       []byte // its beginning
	at, size     int64  // in the file
	into         *[]element
}

// load reads the beginning of a page, checks its header, and marks it as used; nil if it cannot be one.
func (c *pageCheck) load(id uint64, level int) *checkedPage {
	if id < 2 || id >= c.meta.end {
		c.fail("page %d is used, but there are pages 2 to %d", id, c.meta.end-1)
		return nil
	}
	if c.levels[level].page == nil {
		c.levels[level].page = make([]byte, c.pageSize)
	}
	b, order := c.levels[level].page, binary.NativeEndian
	at := int64(id) * c.pageSize //nolint:gosec // within the file
	if err := c.ahead.read(b, at); err != nil {
		c.fail("page %d cannot be read (%w)", id, err)
		return nil
	}
	p := &checkedPage{check: c, id: id, flags: order.Uint16(b[8:]), count: order.Uint16(b[10:]), buffer: b, at: at, into: &c.levels[level].elements}
	more := uint64(order.Uint32(b[12:]))
	p.size = int64(more+1) * c.pageSize //nolint:gosec // 32 bits
	if own := order.Uint64(b); own != id || more >= c.meta.end-id {
		c.fail("the header of page %d is damaged", id)
		more = 0
	}
	for part := id; part <= id+more; part++ {
		switch {
		case c.used.has(part):
			c.fail("page %d is used twice", part)
			c.loops = true
			return nil
		case c.free != nil && c.free.has(part):
			c.failList("page %d is used, but the list of free pages names it", part)
		}
		c.used.add(part)
	}
	return p
}

// bytes returns a part of the page, or nil if it ends before.
func (p *checkedPage) bytes(from, n int64) []byte {
	switch {
	case from+n > p.size:
		return nil
	case from+n <= int64(len(p.buffer)):
		return p.buffer[from : from+n]
	}
	b := make([]byte, n)
	if _, err := p.check.file.ReadAt(b, p.at+from); err != nil {
		return nil
	}
	return b
}

// element is an element of a page.
type element struct {
	key   []byte
	page  uint64 // of a branch
	flags uint32 // of a leaf
	value []byte // of a leaf; only that of a bucket
}

// elements returns the elements of a page, whose keys and values must follow each other without gaps, the keys in ascending order.
func (p *checkedPage) elements() ([]element, bool) {
	size := int64(leafElement)
	if p.flags == branchFlag {
		size = branchElement
	}
	next := pageHead + size*int64(p.count)
	heads := p.bytes(pageHead, next-pageHead)
	if heads == nil {
		return nil, false
	}
	all, order := slices.Grow((*p.into)[:0], int(p.count))[:p.count], binary.NativeEndian
	*p.into = all
	clear(all)
	for i := range all {
		e, head := &all[i], heads[int64(i)*size:]
		var keySize, valueSize int64
		position := int64(order.Uint32(head))
		if p.flags == branchFlag {
			keySize, e.page = int64(order.Uint32(head[4:])), order.Uint64(head[8:])
		} else {
			e.flags, position = order.Uint32(head), int64(order.Uint32(head[4:]))
			keySize, valueSize = int64(order.Uint32(head[8:])), int64(order.Uint32(head[12:]))
		}
		if pageHead+int64(i)*size+position != next || keySize > maxKey || next+keySize+valueSize > p.size {
			return all[:i], false
		}
		if e.key = p.bytes(next, keySize); e.key == nil || i > 0 && bytes.Compare(all[i-1].key, e.key) >= 0 {
			return all[:i], false
		}
		next += keySize
		if e.flags&bucketFlag != 0 && valueSize <= p.check.pageSize {
			e.value = p.bytes(next, valueSize)
		}
		next += valueSize
	}
	return all, true
}
