package storage

import (
	"sync/atomic"

	"oplog/oplog"
)

// bbolt holds locks while it begins and ends transactions. Where damaged pages make it panic in between, they stay locked: whatever needs them
// would wait for ever. So that is noted, and nothing needs them from then on; only another start has new ones.

// stuck says which of bbolt's locks stay locked.
type stuck struct {
	writing atomic.Bool // that of the one write transaction
	reading atomic.Bool // that with which every transaction begins
}

var errStuck = oplog.Errorf(oplog.CodeUnavailable, "A page of the store is damaged, and a transaction could not be ended because of it. Nothing is recorded until oplog is started again; retry with the same ids then. If it says that the store is damaged, restore the log from a backup to a new directory.")

// err returns why no write transaction can begin, and bbolt cannot be closed.
func (s *stuck) err() error {
	if s.any() {
		return errStuck
	}
	return nil
}

func (s *stuck) any() bool { return s.writing.Load() || s.reading.Load() }

// unlessItPanics takes a step during which bbolt holds a lock. If it panics, the lock stays locked.
func (db *DB) unlessItPanics(lock *atomic.Bool, step func() error) error {
	ended := false
	defer func() {
		if !ended {
			lock.Store(true)
			_ = db.fail(errStuck)
			db.failed.Store(errStuck) // it is worse than what was before
		}
	}()
	err := step()
	ended = true
	return err
}

// closeBolt closes the file. Where bbolt cannot be closed, the file stays locked until the process ends.
func (db *DB) closeBolt() error {
	if db.stuck.any() {
		return nil
	}
	return db.bolt.Load().Close()
}
