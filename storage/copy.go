package storage

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// While a read transaction is open, bbolt uses no page again that was freed after it began, so the file grows with every write; and once it has to
// map more of the file, writers wait for the reader to end. A copy of the file can take minutes. So pages are copied without a transaction, while
// writers go on, and the pages that transactions wrote meanwhile are noted and copied again, until few are left. Only these are read in a
// read transaction, into memory, and of a slow disk fewer. What the copy has of a page that is free by then does not matter.

// Sizes of copies, and how they read the data file; tests have them smaller and slower.
var (
	copyPiece    int64 = 1 << 20  // bytes copied at once
	maxLastPages int64 = 16 << 20 // bytes of pages that are read in the transaction
	readForCopy        = func(f *os.File) io.ReaderAt { return f }
)

// maxCopyRepeats is how often pages are copied again. Then the disk of the copy is slower than the writers.
const maxCopyRepeats = 50

// While pages are written faster than they are read, the last ones never become as few as can be read in lastTime; then they may be maxLastPages,
// after half of the repeats.
const (
	lastTime     = 50 * time.Millisecond
	minLastPages = 256 << 10 // bytes that are few on any disk
)

// timedReads reads a file, and measures how fast.
type timedReads struct {
	io.ReaderAt
	bytes int64
	took  time.Duration
}

func (r *timedReads) ReadAt(p []byte, at int64) (int, error) {
	began := time.Now()
	n, err := r.ReaderAt.ReadAt(p, at)
	r.bytes, r.took = r.bytes+int64(n), r.took+time.Since(began)
	return n, err
}

// lastPages returns how many bytes can be read in the transaction, so that it does not last long.
func (r *timedReads) lastPages(repeat int) int64 {
	if r.took == 0 || repeat >= maxCopyRepeats/2 {
		return maxLastPages
	}
	return min(maxLastPages, max(minLastPages, int64(float64(r.bytes)*lastTime.Seconds()/r.took.Seconds())))
}

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
	from := &timedReads{ReaderAt: readForCopy(file)}
	runs := []pageRun{{2, end - 2}} // the meta pages come last
	for repeat := range maxCopyRepeats {
		if err := copyRuns(to, from, pageSize, runs); err != nil {
			return 0, copyError(err)
		}
		var last *lastPages
		if runs, last, err = db.nextPages(c, pageSize, from.lastPages(repeat)); err != nil {
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

// nextPages returns the pages to copy again, or the last ones if they are so few bytes.
func (db *DB) nextPages(c *copying, pageSize, few int64) (runs []pageRun, last *lastPages, err error) {
	db.writeMu.Lock()
	unlock := sync.OnceFunc(db.writeMu.Unlock)
	defer unlock()
	if c.err != nil {
		return nil, nil, c.err
	}
	if int64(c.count)*pageSize > few {
		return c.take(), nil, nil
	}
	err = db.view(func(tx *bolt.Tx) error {
		before := db.undo            // nil unless the transaction that failed last is still to be seen
		file := readForCopy(db.file) // stays open until the transaction ends
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
