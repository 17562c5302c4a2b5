//go:build linux && !race

package storage_test

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"os"
	"reflect"
	"unsafe"

	bolt "go.etcd.io/bbolt"
)

// opened sees to it that bbolt writes through the disk. It has no seam of its own for that.
func (d *simDisk) opened(b *bolt.DB, f *os.File) {
	s, err := d.file(f)
	if err != nil {
		panic(err)
	}
	s.inPlace = true
	w := &pageWriter{disk: d, bolt: b, file: f, of: s}
	field := reflect.ValueOf(b).Elem().FieldByName("ops").FieldByName("writeAt")
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(w.write))
}

// pageWriter writes the pages of bbolt: those of a transaction in the random order of their numbers, then its meta page. So there are two steps
// per transaction: before the first page, and the meta page. What happens between them is up to the syncs.
type pageWriter struct {
	disk  *simDisk
	bolt  *bolt.DB
	file  *os.File
	of    *simFile
	begun bool   // the transaction
	sum   uint64 // of its pages
}

func (w *pageWriter) write(page []byte, at int64) (n int, err error) {
	if w.disk.off {
		return 0, errOff
	}
	info, err := w.file.Stat()
	if err != nil {
		return 0, err
	}
	w.of.size = max(w.of.size, info.Size()) // bbolt has grown it, and synced that
	isMeta := at < 2*int64(w.bolt.Info().PageSize)
	var wrong *strike
	if isMeta || !w.begun {
		wrong = w.disk.next("pages", w.disk.name(w.file.Name()))
	}
	if w.begun = !isMeta && wrong == nil; isMeta {
		w.disk.log("pages %x", w.sum)
		w.sum = 0
	}
	switch {
	case !isMeta && wrong != nil:
		return 0, w.disk.failWrite(w.file, wrong)
	case !isMeta:
		label := labelOf(page)
		w.sum += label // in any order
		return w.of.write(w.file, page, at, label)
	case !w.bolt.NoSync:
		w.of.flush() // bbolt has synced the other pages
	}
	if wrong != nil {
		n, err = w.of.writeAlone(w.file, page[:w.disk.random.IntN(len(page)+1)], at)
		return n, errors.Join(err, w.disk.failWrite(w.file, wrong))
	}
	n, err = w.of.writeAlone(w.file, page, at)
	if !w.bolt.NoSync {
		w.of.flush() // bbolt syncs it before anybody is told
	}
	return n, err
}

// labelOf says what a page of bbolt's is, whatever its number and those that it refers to: its kind, its keys and its values.
func labelOf(page []byte) uint64 {
	kind, elements := elementsOf(page)
	if elements == nil {
		return kind // the list of free pages is nothing but numbers
	}
	sum := fnv.New64a()
	_, _ = sum.Write(page[8:pageHead])
	for _, e := range elements {
		_, _ = sum.Write(page[e.key:e.value])
		_, _ = sum.Write(page[e.plain:e.end])
	}
	return sum.Sum64()
}

// pageElement is where an element of a page has its parts. The value of a bucket begins with a page number; its plain part comes after that.
type pageElement struct{ head, key, value, plain, end int }

const (
	pageHead    = 16 // id, 8 bytes; flags, 2; count, 2; overflow, 4
	branchPage  = 1
	leafPage    = 2
	elementHead = 16
)

// elementsOf returns the kind of a page, and its elements if it is a branch or a leaf.
func elementsOf(page []byte) (kind uint64, elements []pageElement) {
	kind = uint64(binary.NativeEndian.Uint16(page[8:]))
	if kind != branchPage && kind != leafPage {
		return kind, nil
	}
	elements = make([]pageElement, binary.NativeEndian.Uint16(page[10:]))
	for i := range elements {
		head := pageHead + elementHead*i
		field := func(n int) int { return int(binary.NativeEndian.Uint32(page[head+4*n:])) }
		e := pageElement{head: head}
		if kind == branchPage {
			e.key = head + field(0)
			e.value = e.key + field(1)
			e.plain, e.end = e.value, e.value
		} else {
			e.key = head + field(1)
			e.value = e.key + field(2)
			if e.plain, e.end = e.value, e.value+field(3); field(0) != 0 { // a bucket
				e.plain += 8
			}
		}
		elements[i] = e
	}
	return kind, elements
}

// writePages writes pages of bbolt's again. They are no steps, as their numbers follow no seed.
func (s *simFile) writePages(f *os.File, b []byte, at int64) (n int, err error) {
	for n < len(b) && err == nil {
		size := min(len(b)-n, simPage*(1+int(binary.NativeEndian.Uint32(b[n+12:]))))
		_, err = s.write(f, b[n:n+size], at+int64(n), labelOf(b[n:n+size]))
		n += size
	}
	return n, err
}
