package storage

import (
	"errors"
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"oplog/faults"
)

// Damaged pages make bbolt panic, or read beside the file. Both become an error of the operation that needs the page. All other panics are our
// own mistakes: they say nothing about the file.

// view is bolt's View.
func (db *DB) view(read func(*bolt.Tx) error) (err error) {
	defer db.guard(debug.SetPanicOnFault(true), &err)
	for b := db.bolt.Load(); ; {
		err := b.View(read)
		if !errors.Is(err, berrors.ErrDatabaseNotOpen) {
			return err
		}
		db.swapMu.RLock() // it was closed to be opened again
		next := db.bolt.Load()
		db.swapMu.RUnlock()
		if next == b {
			return err
		}
		b = next
	}
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
		*err = fmt.Errorf("%s is damaged (%v); restore a backup", db.path(), p)
	default:
		*err = faults.Mistake("using "+db.path(), p)
	}
}
