package storage

import (
	"math"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// bbolt shows a transaction to readers as soon as it has written it, before it is on disk. What a reader passes on must not be lost or
// replaced by a power cut: a checkpoint would then accuse the log of having been rewritten. So the entries of a transaction in progress are
// not in a tree for anybody who reads it, until they are on disk.

// beginCommit notes the sizes that trees had before a transaction, which is about to be written.
func (db *DB) beginCommit(writers map[string]*tenantWriter) {
	sizes := make(map[string]uint64, len(writers))
	for tenant, w := range writers {
		sizes[tenant] = w.began
	}
	db.inProgress.Store(&sizes)
}

// endCommit notes that the transaction is on disk, or is not in the file at all. One that failed stays in progress: a reader that began before
// it was made void may still see it.
func (db *DB) endCommit() { db.inProgress.Store(nil) }

// finished returns how many of the entries that a transaction sees in a tree are on disk. It is called after the transaction began.
func (db *DB) finished(tenant string, seen uint64) uint64 {
	if sizes := db.inProgress.Load(); sizes != nil {
		if before, written := (*sizes)[tenant]; written {
			return min(seen, before)
		}
	}
	return seen
}

// lastFinished returns the highest seq that an entry which a transaction sees may have, to be on disk.
func (db *DB) lastFinished(tenant string) uint64 { return db.finished(tenant, math.MaxUint64) }

// sizeOf returns the number of entries of a tree that are on disk.
func (db *DB) sizeOf(tenant string, t tree) (uint64, error) {
	seen, err := t.size()
	return db.finished(tenant, seen), err
}

// viewFinished is view of a state in which no transaction is in progress. It waits for one. After one that failed, before has the meta pages
// of the state that is read, if those that the transaction sees could not be put back yet; otherwise it is nil.
func (db *DB) viewFinished(read func(tx *bolt.Tx, before *metaPages) error) error {
	db.writeMu.Lock()
	unlock := sync.OnceFunc(db.writeMu.Unlock)
	defer unlock()
	return db.view(func(tx *bolt.Tx) error {
		before := db.undo
		unlock()
		return read(tx, before)
	})
}
