package storage

import (
	"os"

	bolt "go.etcd.io/bbolt"
)

// OnOpen registers a function for the data files that are opened for writing, until restore is called.
func OnOpen(opened func(*bolt.DB, *os.File)) (restore func()) {
	before := onOpen
	onOpen = opened
	return func() { onOpen = before }
}
