package storage

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

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
	defer func() {
		if !db.stuck.reading.Load() { // otherwise it would wait for ever
			_ = tx.Rollback()
		}
	}()
	return read(tx)
}

// beginRead begins a read transaction, and never while the file is opened again, or while meta pages are put back: bbolt would check one and
// read another, of which later transactions have overwritten the pages.
func (db *DB) beginRead() (tx *bolt.Tx, err error) {
	db.swapMu.RLock()
	defer db.swapMu.RUnlock()
	if db.stuck.reading.Load() {
		return nil, errStuck
	}
	err = db.unlessItPanics(&db.stuck.reading, func() (err error) {
		tx, err = db.bolt.Load().Begin(false)
		return err
	})
	return tx, err
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
	p := recover()
	_, lost := p.(lostBucket)
	if p == nil && errors.Is(*err, berrors.ErrIncompatibleValue) {
		p, lost = "a page has a value in place of a bucket", true
	}
	switch {
	case p == nil:
	case lost, faults.OfFile(p, "go.etcd.io/bbolt"):
		*err = oplog.Errorf(oplog.CodeDamaged, "The store is damaged: %s (%v). Restore the log from a backup to a new directory; oplog verify lists all that is damaged.", db.path(), inWords(p))
	default:
		*err = faults.Mistake("using "+db.path(), p)
	}
}

// inWords returns what a panic says about a page.
func inWords(p any) any {
	switch p := p.(type) {
	case runtime.Error:
		return "a page refers beyond its end"
	case lostBucket:
		return fmt.Sprintf("a page has no bucket %q, or not where it belongs", string(p))
	}
	return p
}

// lostBucket is the panic of topBucket, bucketIn and dateIn.
type lostBucket []byte

// topBucket returns a bucket that all logs have, as bucketIn does.
func topBucket(tx *bolt.Tx, name []byte) *bolt.Bucket {
	b := tx.Bucket(name)
	if b == nil {
		panic(lostBucket(bytes.Clone(name)))
	}
	return b
}

// bucketIn returns a bucket that is there unless the page with its name is damaged: a cursor has just read the name, or all logs have it. If it is not, that is
// as if bbolt had met the damage: it panics, which view and update make an error.
func bucketIn(parent *bolt.Bucket, name []byte) *bolt.Bucket {
	b := parent.Bucket(name)
	if b == nil {
		panic(lostBucket(bytes.Clone(name)))
	}
	return b
}

// dateIn returns the date with which the name of a bucket begins. A name that is shorter is damaged.
func dateIn(name []byte) []byte {
	if len(name) < dateSize {
		panic(lostBucket(bytes.Clone(name)))
	}
	return name[:dateSize]
}
