package storage

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"io"
	"os"

	"oplog/durable"
	"oplog/oplog"
)

// bbolt syncs twice per transaction: first the pages it wrote, then the meta page that points to them, so that a meta page on disk never
// points to missing pages. With a seal, a single sync suffices. A seal lists the pages of the transaction with their checksum; it is stored
// in the meta page, after bbolt's own data.
//
// After a crash during a transaction, any subset of its pages may be on disk. If its meta page is there but the seal is missing or does not
// match the pages, the transaction was never acknowledged, and the next start rolls it back: the other meta page points to the previous
// transaction, which was synced before this one began and whose pages this one did not overwrite.
//
// Older builds do not check seals. Therefore the file has format sealedFormat, which they reject, from the first append until it is closed.

// seal is the seal of a transaction.
type seal struct {
	sealNext bool   // the next transaction is sealed, too
	txid     uint64 // of the transaction
	pages    []pageRun
}

// pageRun is a run of consecutive pages.
type pageRun struct{ first, count uint64 }

const (
	sealOffset = 512 // in a meta page, of which bbolt uses 80 bytes
	sealMark   = "oplog\x00se"
	sealHead   = len(sealMark) + 4 + 4 + 8 // sealNext, number of runs, txid
	runSize    = 8 + 8
	sumSize    = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode returns the stored form of the seal, without the checksum.
func (s *seal) encode() []byte {
	b := make([]byte, 0, sealHead+runSize*len(s.pages)+sumSize)
	b = append(b, sealMark...)
	b = binary.BigEndian.AppendUint32(b, map[bool]uint32{true: 1}[s.sealNext])
	b = binary.BigEndian.AppendUint32(b, uint32(len(s.pages))) //nolint:gosec // as many as fit into a page
	b = binary.BigEndian.AppendUint64(b, s.txid)
	for _, run := range s.pages {
		b = binary.BigEndian.AppendUint64(b, run.first)
		b = binary.BigEndian.AppendUint64(b, run.count)
	}
	return b
}

// sumBuffer is the buffer size for computing checksums.
const sumBuffer = 64 << 10

// sum returns the checksum of the seal and its pages, reading them through a buffer.
func (s *seal) sum(f io.ReaderAt, pageSize int64, buffer []byte) (uint32, error) {
	sum := crc32.Checksum(s.encode(), castagnoli)
	for _, run := range s.pages {
		for at, end := int64(run.first)*pageSize, int64(run.first+run.count)*pageSize; at < end; { //nolint:gosec // within the file
			part := buffer[:min(end-at, int64(len(buffer)))]
			if _, err := f.ReadAt(part, at); err != nil {
				return 0, err
			}
			sum = crc32.Update(sum, castagnoli, part)
			at += int64(len(part))
		}
	}
	return sum, nil
}

// decodeSeal returns the seal in a meta page and its checksum; false if there is none, or it is of another transaction.
func decodeSeal(page []byte, m meta) (s seal, sum uint32, ok bool) {
	b := page[min(sealOffset, len(page)):]
	if len(b) < sealHead+sumSize || string(b[:len(sealMark)]) != sealMark {
		return seal{}, 0, false
	}
	head := b[len(sealMark):]
	s.sealNext, s.txid = binary.BigEndian.Uint32(head) == 1, binary.BigEndian.Uint64(head[8:])
	size := sealHead + runSize*int(binary.BigEndian.Uint32(head[4:]))
	if s.txid != m.txid || len(b) < size+sumSize {
		return seal{}, 0, false
	}
	for runs := b[sealHead:size]; len(runs) > 0; runs = runs[runSize:] {
		run := pageRun{binary.BigEndian.Uint64(runs), binary.BigEndian.Uint64(runs[8:])}
		if run.first > m.end || run.count > m.end-run.first {
			return seal{}, 0, false
		}
		s.pages = append(s.pages, run)
	}
	return s, binary.BigEndian.Uint32(b[size:]), true
}

// meta holds the fields of a bbolt meta page that seals and checks need. They are stored in native byte order.
type meta struct {
	root     uint64 // page of the outermost bucket
	freelist uint64 // page of the freelist
	end      uint64 // first page that was never used
	txid     uint64
}

// Offsets and constants of bbolt's page header and meta page.
const (
	pageHead     = 16 // id, 8 bytes; flags, 2; count, 2; overflow, 4
	metaSize     = 64
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	freelistFlag = 0x10
	longFreelist = 0xFFFF // page count of a freelist that stores its length separately
)

func readMeta(page []byte) (m meta, ok bool) {
	if len(page) < pageHead+metaSize {
		return meta{}, false
	}
	b, order := page[pageHead:pageHead+metaSize], binary.NativeEndian
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8])
	if order.Uint32(b) != metaMagic || order.Uint32(b[4:]) != metaVersion || order.Uint64(b[metaSize-8:]) != sum.Sum64() {
		return meta{}, false
	}
	return meta{order.Uint64(b[16:]), order.Uint64(b[32:]), order.Uint64(b[40:]), order.Uint64(b[48:])}, true
}

// metaPages holds the two meta pages of a file. Transactions write them alternately.
type metaPages struct {
	pageSize int64
	pages    [2][]byte
	metas    [2]meta
	valid    [2]bool // an invalid one is left by an interrupted transaction
	last     int     // index of the last transaction's
}

func readMetaPages(f io.ReaderAt, pageSize int) (p metaPages, err error) {
	p.pageSize = int64(pageSize)
	for i := range p.pages {
		p.pages[i] = make([]byte, pageSize)
		if _, err := f.ReadAt(p.pages[i], int64(i)*p.pageSize); err != nil {
			return p, err
		}
		p.metas[i], p.valid[i] = readMeta(p.pages[i])
	}
	if p.valid[1] && (!p.valid[0] || p.metas[1].txid > p.metas[0].txid) {
		p.last = 1
	}
	return p, nil
}

// sumMeta stores the checksum of a changed meta page.
func sumMeta(page []byte) {
	b := page[pageHead : pageHead+metaSize]
	sum := fnv.New64a()
	_, _ = sum.Write(b[:metaSize-8])
	binary.NativeEndian.PutUint64(b[metaSize-8:], sum.Sum64())
}

// copies returns the meta pages of a copy of the file as of the last transaction, as bbolt makes them: without seals, and with the number of the
// transaction before in the second.
func (p *metaPages) copies() [][]byte {
	pages := make([][]byte, len(p.pages))
	for slot := range pages {
		page := make([]byte, p.pageSize)
		copy(page, p.pages[p.last][:pageHead+metaSize])
		binary.NativeEndian.PutUint64(page, uint64(slot))                                    //nolint:gosec // 0 or 1
		binary.NativeEndian.PutUint64(page[pageHead+48:], p.metas[p.last].txid-uint64(slot)) //nolint:gosec // as above
		sumMeta(page)
		pages[slot] = page
	}
	return pages
}

// equal reports whether no transaction was written in between.
func (p *metaPages) equal(other *metaPages) bool {
	return bytes.Equal(p.pages[0], other.pages[0]) && bytes.Equal(p.pages[1], other.pages[1])
}

// sealsNext reports whether the transaction after that of a meta page is sealed.
func (p *metaPages) sealsNext(which int) bool {
	if !p.valid[which] {
		return false
	}
	s, _, ok := decodeSeal(p.pages[which], p.metas[which])
	return ok && s.sealNext
}

// isComplete reports whether all pages of the last transaction are on disk. Without a seal it assumes so.
func (p *metaPages) isComplete(f io.ReaderAt) bool {
	if !p.valid[1-p.last] || !p.sealsNext(1-p.last) {
		return true
	}
	s, want, ok := decodeSeal(p.pages[p.last], p.metas[p.last])
	if !ok {
		return false
	}
	sum, err := s.sum(f, p.pageSize, make([]byte, sumBuffer))
	return err == nil && sum == want
}

// freePages reads the sorted list of pages that are free after a transaction.
func freePages(f io.ReaderAt, pageSize int64, m meta) ([]uint64, error) {
	at := int64(m.freelist) * pageSize //nolint:gosec // within the file
	head := make([]byte, pageHead+8)
	if _, err := f.ReadAt(head, at); err != nil {
		return nil, err
	}
	order := binary.NativeEndian
	if order.Uint16(head[8:]) != freelistFlag {
		return nil, errDamaged
	}
	at += pageHead
	n := uint64(order.Uint16(head[10:]))
	if n == longFreelist {
		n = order.Uint64(head[pageHead:])
		at += 8
	}
	if n > m.end {
		return nil, errDamaged
	}
	b := make([]byte, 8*n)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, err
	}
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = order.Uint64(b[8*i:])
	}
	return ids, nil
}

// writtenPages returns the pages that a transaction wrote: those that were free or unused before it and are not free after it.
func writtenPages(f io.ReaderAt, pageSize int64, before, after meta) ([]pageRun, error) {
	wereFree, err := freePages(f, pageSize, before)
	if err != nil {
		return nil, err
	}
	free, err := freePages(f, pageSize, after)
	if err != nil {
		return nil, err
	}
	var runs []pageRun
	add := func(id uint64) {
		for len(free) > 0 && free[0] < id {
			free = free[1:]
		}
		if len(free) > 0 && free[0] == id {
			return
		}
		if n := len(runs); n > 0 && runs[n-1].first+runs[n-1].count == id {
			runs[n-1].count++
			return
		}
		runs = append(runs, pageRun{id, 1})
	}
	for _, id := range wereFree {
		add(id)
	}
	for id := before.end; id < after.end; id++ {
		add(id)
	}
	return runs, nil
}

// openPages opens a data file, for bbolt and for seals.
func openPages(path string, flag int, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, mode) //nolint:gosec // the user names the directory
}

// writeAgain writes and syncs the pages of the last transaction again. A process that was killed may not have synced them; and after a sync that
// failed, the system takes pages for synced that may not be on disk. What is read from now on must not vanish in a power cut.
func (p *metaPages) writeAgain(f *os.File) error {
	runs := []pageRun{{uint64(p.last), 1}} // with the seal, on which the next transaction relies
	if p.sealsNext(1 - p.last) {           // otherwise bbolt wrote the others with syncs of its own
		s, _, _ := decodeSeal(p.pages[p.last], p.metas[p.last])
		runs = append(s.pages, runs...)
	}
	for _, run := range runs {
		pages, at := make([]byte, int64(run.count)*p.pageSize), int64(run.first)*p.pageSize
		if _, err := f.ReadAt(pages, at); err != nil {
			return err
		}
		if _, err := durable.WriteAt(f, pages, at); err != nil && !oplog.IsDiskFull(err) { // some file systems write to another place
			return err
		}
	}
	return durable.SyncData(f)
}

// rollBack rolls back the last transaction, which is incomplete.
func (p *metaPages) rollBack(f *os.File) error {
	if _, err := durable.WriteAt(f, make([]byte, p.pageSize), int64(p.last)*p.pageSize); err != nil {
		return err
	}
	return durable.Sync(f)
}

// dropFreelist removes the list of free pages, and the seals, from the meta page of a transaction, and the other meta page. bbolt then makes the
// list from the pages in use.
func (p *metaPages) dropFreelist(f *os.File, which int) error {
	page := p.pages[which]
	clear(page[sealOffset:])
	binary.NativeEndian.PutUint64(page[pageHead+32:], noFreelist)
	sumMeta(page)
	clear(p.pages[1-which])
	for slot, page := range p.pages {
		if _, err := f.WriteAt(page, int64(slot)*p.pageSize); err != nil {
			return err
		}
	}
	return f.Sync()
}

func isZero(page []byte) bool { return len(bytes.Trim(page, "\x00")) == 0 }
