package storage

import (
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// Pages that are damaged make bbolt panic, or read beside the file. Both are an
// error of what needs the page: a panic in the background would end the program
// for all.

// view is bolt's View.
func (db *DB) view(read func(*bolt.Tx) error) (err error) {
	defer db.guard(debug.SetPanicOnFault(true), &err)
	return db.bolt.View(read)
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

// guard is deferred around what reads pages: it makes an error of a panic, and
// sets back whether faults panic.
func (db *DB) guard(faults bool, err *error) {
	debug.SetPanicOnFault(faults)
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s is damaged (%v); restore a backup", db.bolt.Path(), p)
	}
}
