package storage

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"sync"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// While a read transaction is open, bbolt uses no page again that was freed after it began, so the file grows with every write; and once it has to
// map more of the file, writers wait for the reader to end. A copy of the file can take minutes. So pages are copied without a transaction, while
// writers go on, and the pages that transactions wrote meanwhile are noted and copied again, until few are left. Only these are read in a
// read transaction, into memory. What the copy has of a page that is free by then does not matter.

// Sizes of copies; tests make them smaller.
var (
	copyPiece    int64 = 1 << 20  // bytes copied at once
	maxLastPages int64 = 16 << 20 // bytes of pages that are read in the transaction
)

// maxCopyRepeats is how often pages are copied again. Then the disk of the copy is slower than the writers.
const maxCopyRepeats = 50

// copying notes which pages are written while the file is copied.
type copying struct {
	written pageSet
	count   int
	err     error // what was written is not known
}

// add notes the pages of a transaction.
func (c *copying) add(runs []pageRun, end uint64) {
	if missing := int(end/64) + 1 - len(c.written); missing > 0 {
		c.written = append(c.written, make(pageSet, missing)...)
	}
	for _, run := range runs {
		for id := run.first; id < run.first+run.count; id++ {
			if !c.written.has(id) {
				c.written.add(id)
				c.count++
			}
		}
	}
}

// take returns the pages noted so far, in order, and forgets them.
func (c *copying) take() (runs []pageRun) {
	for word, bits := range c.written {
		for id := uint64(word) * 64; bits != 0; id, bits = id+1, bits>>1 { //nolint:gosec // an index
			if bits&1 == 0 {
				continue
			}
			if n := len(runs); n > 0 && runs[n-1].first+runs[n-1].count == id {
				runs[n-1].count++
				continue
			}
			runs = append(runs, pageRun{id, 1})
		}
	}
	clear(c.written)
	c.count = 0
	return runs
}

// noteWritten notes for the copies in progress what a transaction has written. It is called under writeMu.
func (db *DB) noteWritten(runs []pageRun, end uint64, err error) {
	for c := range db.copies {
		c.err = errors.Join(c.err, err)
		c.add(runs, end)
	}
}

// noteUnsealed is noteWritten for a transaction without a seal, written since the meta pages before.
func (db *DB) noteUnsealed(before metaPages) {
	if len(db.copies) == 0 {
		return
	}
	after, err := db.metaPages()
	if err != nil {
		db.noteWritten(nil, 0, err)
		return
	}
	m := after.metas[after.last]
	runs, err := writtenPages(db.file, after.pageSize, before.metas[before.last], m)
	db.noteWritten(runs, m.end, err)
}

// CopyTo writes a consistent copy of the data file, without the signing key, and its hash to an empty file; see [oplog.Store].
func (db *DB) CopyTo(to oplog.CopyFile) (int64, error) {
	c, file, pageSize, end, err := db.beginCopying()
	if err != nil {
		return 0, err
	}
	defer db.endCopying(c)
	runs := []pageRun{{2, end - 2}} // the meta pages come last
	for range maxCopyRepeats {
		if err := copyRuns(to, file, pageSize, runs); err != nil {
			return 0, copyError(err)
		}
		var last *lastPages
		if runs, last, err = db.nextPages(c, pageSize); err != nil {
			return 0, copyError(err)
		}
		if last != nil {
			return last.finish(to)
		}
	}
	return 0, oplog.Errorf(oplog.CodeUnavailable, "More is written to the log than its backup can be copied meanwhile; retry when less is recorded.")
}

// copyError explains the error of a copy during which the file was opened again.
func copyError(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return oplog.Errorf(oplog.CodeUnavailable, "The log was opened again after a failure while it was copied; retry.")
	}
	return err
}

func (db *DB) beginCopying() (c *copying, file *os.File, pageSize int64, end uint64, err error) {
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	p, err := db.metaPages()
	if err != nil {
		return nil, nil, 0, 0, err
	}
	c = &copying{}
	if db.copies == nil {
		db.copies = make(map[*copying]bool)
	}
	db.copies[c] = true
	return c, db.file, p.pageSize, p.metas[p.last].end, nil
}

func (db *DB) endCopying(c *copying) {
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	delete(db.copies, c)
}

// copyRuns copies pages.
func copyRuns(to io.WriterAt, from io.ReaderAt, pageSize int64, runs []pageRun) error {
	piece := make([]byte, copyPiece)
	for _, run := range runs {
		for at, end := int64(run.first)*pageSize, int64(run.first+run.count)*pageSize; at < end; { //nolint:gosec // within the file
			part := piece[:min(end-at, copyPiece)]
			if _, err := from.ReadAt(part, at); err != nil {
				return err
			}
			if _, err := to.WriteAt(part, at); err != nil {
				return err
			}
			at += int64(len(part))
		}
	}
	return nil
}

// lastPages are the pages of a copy that were read in the transaction which it is of.
type lastPages struct {
	head     metaHead
	size     int64 // of the data file
	pageSize int64
	runs     []pageRun
	pages    [][]byte // of runs
}

// nextPages returns the pages to copy again, or the last ones if they are few.
func (db *DB) nextPages(c *copying, pageSize int64) (runs []pageRun, last *lastPages, err error) {
	db.writeMu.Lock()
	unlock := sync.OnceFunc(db.writeMu.Unlock)
	defer unlock()
	if c.err != nil {
		return nil, nil, c.err
	}
	if int64(c.count)*pageSize > maxLastPages {
		return c.take(), nil, nil
	}
	err = db.view(func(tx *bolt.Tx) error {
		before := db.undo // nil unless the transaction that failed last is still to be seen
		file := db.file   // stays open until the transaction ends
		last = &lastPages{size: tx.Size(), pageSize: pageSize, runs: c.take()}
		unlock()
		if _, err := tx.WriteTo(&last.head); !last.head.isWhole(pageSize) { // otherwise it is errHeadWritten
			return err
		}
		if before != nil {
			last.head.pages = before.copies()
		}
		for _, run := range last.runs {
			pages := make([]byte, int64(run.count)*pageSize)                         //nolint:gosec // within the bound
			if _, err := file.ReadAt(pages, int64(run.first)*pageSize); err != nil { //nolint:gosec // within the file
				return err
			}
			last.pages = append(last.pages, pages)
		}
		return nil
	})
	return nil, last, err
}

// metaHead keeps the meta pages, with which bbolt's copy of a transaction begins, and ends the copy.
type metaHead struct{ pages [][]byte }

var errHeadWritten = errors.New("the meta pages are written")

func (h *metaHead) Write(page []byte) (int, error) {
	if len(h.pages) == 2 {
		return 0, errHeadWritten
	}
	h.pages = append(h.pages, append([]byte(nil), page...))
	return len(page), nil
}

func (h *metaHead) isWhole(pageSize int64) bool {
	return len(h.pages) == 2 && int64(len(h.pages[0])) == pageSize && int64(len(h.pages[1])) == pageSize
}

// finish writes the last pages, and the hash of all.
func (l *lastPages) finish(to oplog.CopyFile) (int64, error) {
	for i, run := range l.runs {
		if _, err := to.WriteAt(l.pages[i], int64(run.first)*l.pageSize); err != nil { //nolint:gosec // within the file
			return 0, err
		}
	}
	for i, page := range l.head.pages {
		if _, err := to.WriteAt(page, int64(i)*l.pageSize); err != nil {
			return 0, err
		}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(to, 0, l.size)); err != nil {
		return 0, err
	}
	n, err := to.WriteAt(append([]byte(trailerMark), sum.Sum(nil)...), l.size)
	return l.size + int64(n), err
}
