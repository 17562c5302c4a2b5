package storage

import (
	"fmt"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
)

// Damaged pages make bbolt panic, or read outside the mapped file. Both become errors of the operation that reads the page: a panic in a
// background goroutine would end the program.

// view is bolt's View with a guard.
func (db *DB) view(read func(*bolt.Tx) error) (err error) {
	defer db.guard(debug.SetPanicOnFault(true), &err)
	return db.bolt.View(read)
}

// update is bolt's Update with a guard.
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

// guard is deferred around code that reads pages: it turns a panic into an error, and restores the setting of panics on faults.
func (db *DB) guard(faults bool, err *error) {
	debug.SetPanicOnFault(faults)
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s is damaged (%v); restore a backup", db.bolt.Path(), p)
	}
}
