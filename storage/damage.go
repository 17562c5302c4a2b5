package storage

import (
	"runtime"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"

	"oplog/faults"
	"oplog/oplog"
)

// Damaged pages make bbolt panic, or read beside the file. Both become an error of the operation that needs the page. All other panics are our
// own mistakes: they say nothing about the file.

// view is bolt's View.
func (db *DB) view(read func(*bolt.Tx) error) (err error) {
	defer db.guard(debug.SetPanicOnFault(true), &err)
	tx, err := db.beginRead()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	return read(tx)
}

// beginRead begins a read transaction, and never while the file is opened again, or while meta pages are put back: bbolt would check one and
// read another, of which later transactions have overwritten the pages.
func (db *DB) beginRead() (*bolt.Tx, error) {
	db.swapMu.RLock()
	defer db.swapMu.RUnlock()
	return db.bolt.Load().Begin(false)
}

// update is bolt's Update.
func (db *DB) update(write func(*bolt.Tx) error) (err error) {
	defer db.guard(debug.SetPanicOnFault(true), &err)
	tx, err := db.begin()
	if err != nil {
		return err
	}
	defer tx.end()
	if err := write(tx.Tx); err != nil {
		return err
	}
	return tx.commit()
}

// guard is deferred around code that reads pages: it turns panics into errors, and restores whether faults panic.
func (db *DB) guard(faultsPanic bool, err *error) {
	debug.SetPanicOnFault(faultsPanic)
	switch p := recover(); {
	case p == nil:
	case faults.OfFile(p, "go.etcd.io/bbolt"):
		*err = oplog.Errorf(oplog.CodeDamaged, "The store is damaged: %s (%v). Restore the log from a backup to a new directory; oplog verify lists all that is damaged.", db.path(), inWords(p))
	default:
		*err = faults.Mistake("using "+db.path(), p)
	}
}

// inWords returns what a panic in bbolt says about a page.
func inWords(p any) any {
	if _, fault := p.(runtime.Error); fault {
		return "a page refers beyond its end"
	}
	return p
}
