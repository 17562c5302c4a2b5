package storage

import (
	"cmp"
	"errors"
	"log/slog"
	"os"
	"time"

	"oplog/durable"
	"oplog/oplog"
)

// After a failed write or sync nobody knows which pages of the transaction are on disk. None of them belongs to the transaction before, which
// was on disk when this one began. So its meta page is written again and synced, which makes the failed transaction void, and the file is
// opened again. Until the disk accepts that, the log is read-only.

// Recovery is tried after a second, then less and less often.
const (
	firstRecovery = time.Second
	lastRecovery  = time.Minute
)

// recoverWhenFailed makes the log writable again whenever it has failed, until the store is closed.
func (db *DB) recoverWhenFailed() {
	for {
		select {
		case <-db.failures:
		case <-db.closing:
			return
		}
		for wait := firstRecovery; db.failed.Load() != nil; wait = min(2*wait, lastRecovery) {
			select {
			case <-time.After(wait):
			case <-db.closing:
				return
			}
			if err := db.recoverWrites(); err != nil {
				slog.Warn("the log is still read-only", "file", db.path(), "err", err)
			}
		}
	}
}

// recoverWrites makes the log writable again after a failure, or returns why it cannot yet.
func (db *DB) recoverWrites() error {
	unsure, err := db.openAsBefore()
	if err != nil {
		return err
	}
	db.recordsChanged(unsure)
	slog.Warn("the log is writable again", "file", db.path())
	return nil
}

// openAsBefore opens the file as it was before the transaction that failed. It returns the records that cannot have changed, though readers
// may have seen it.
func (db *DB) openAsBefore() (unsure []oplog.RecordChange, err error) {
	db.writeMu.Lock()
	defer db.writeMu.Unlock()
	if err := cmp.Or(db.stuck.err(), db.inPlace()); err != nil {
		return nil, err
	}
	if err := db.takeBack(); err != nil {
		return nil, err
	}
	if err := db.openAgain(); err != nil {
		return nil, err
	}
	if err := db.readDays(); err != nil {
		return nil, err
	}
	unsure, db.unsure = db.unsure, nil
	db.endCommit()
	db.failed.Store(nil)
	return unsure, nil
}

// takeBack makes the transaction that failed void.
func (db *DB) takeBack() error {
	if db.undo == nil {
		return nil
	}
	if err := errors.Join(db.putMetaPages(db.undo), db.sync(db.file)); err != nil {
		return err
	}
	db.undo = nil
	return nil
}

// putMetaPages writes the meta pages of before.
func (db *DB) putMetaPages(p *metaPages) error {
	db.swapMu.Lock()
	defer db.swapMu.Unlock()
	for slot, page := range p.pages {
		if _, err := durable.WriteAt(db.file, page, int64(slot)*p.pageSize); err != nil {
			return err
		}
	}
	return nil
}

// openAgain replaces bbolt's state in memory, which is that after the failed transaction, by that of the file. Readers wait.
func (db *DB) openAgain() error {
	db.swapMu.Lock()
	defer db.swapMu.Unlock()
	if err := db.bolt.Load().Close(); err != nil {
		return err
	}
	again := opening{path: db.path(), timeout: reopenTimeout, head: &db.head.mark}
	b, file, err := again.open()
	if err != nil {
		return err
	}
	if again.found != nil {
		slog.Warn("the log was damaged when it was opened again", "file", db.path(), "err", again.found)
	}
	db.bolt.Store(b)
	db.file = file
	return nil
}

// reopenTimeout is how long to wait for bbolt's lock, which nobody else takes while this process has the directory.
const reopenTimeout = 5 * time.Second

// inPlace returns an error if the data file is not the one at its path: whatever is written to it is lost with the process.
func (db *DB) inPlace() error {
	there, err := os.Stat(db.path())
	if err == nil && os.SameFile(db.info, there) {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return oplog.Errorf(oplog.CodeUnavailable, "The file oplog.db was moved, removed or replaced while oplog had it open. Nothing is recorded until it is back in its place; retry with the same ids.")
}
