package storage

import (
	"runtime"
	"time"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// maxCommitEntries limits a transaction, so that the first request does not wait for all later ones.
const maxCommitEntries = 20_000

// gatherTime is how long the committer waits for requests from the senders of the last transaction: at most a twentieth of a sync. Under a
// clock that stands still while anything runs, as in simulations, gatherTurns ends the wait.
const (
	gatherTime  = 50 * time.Microsecond
	gatherTurns = 100_000
)

// commitAll is the committer: it takes all queued requests, writes them in one transaction, and answers them together once it is on disk.
func (db *DB) commitAll() {
	last := 1 // number of requests in the last transaction; a single sender never waits
	for {
		var first *appendRequest
		select {
		case first = <-db.requests:
		case f := <-db.followed:
			f.done <- db.follow(f.messages)
			continue
		case <-db.closing:
			select { // requests queued before Close are still served
			case first = <-db.requests:
			case f := <-db.followed:
				f.done <- db.follow(f.messages)
				continue
			default:
				return
			}
		}
		// Senders that were just answered send again, one after the other: without waiting, the first would be committed alone.
		for began, turn := time.Now(), 0; len(db.requests)+1 < last && turn < gatherTurns && time.Since(began) < gatherTime; turn++ {
			runtime.Gosched()
		}
		group := []*appendRequest{first}
		for n := len(first.entries); n < maxCommitEntries && len(db.requests) > 0; {
			r := <-db.requests
			group = append(group, r)
			n += len(r.entries)
		}
		last = len(group)
		db.commit(group)
	}
}

// transact runs write in a transaction of the committer, which is on disk when it returns nil. The writers are those of logs that get entries.
func (db *DB) transact(write func(tx *bolt.Tx, writers map[string]*tenantWriter) error) error {
	writers := make(map[string]*tenantWriter)
	closed, archived := db.closedByTenant.Load(), db.archivedByTenant.Load()
	err := db.Failure()
	if err == nil && !db.bolt.Load().NoSync {
		err = db.startSealing()
	}
	if err == nil {
		err = db.update(func(tx *bolt.Tx) error { return write(tx, writers) })
		if err == nil || db.Failure() == nil {
			db.endCommit()
		}
	}
	if err != nil {
		db.closedByTenant.Store(closed) // no deletion began
		db.archivedByTenant.Store(archived)
		return err
	}
	for tenant, w := range writers {
		db.heads[tenant] = w.head
	}
	return nil
}

func (db *DB) commit(group []*appendRequest) {
	before := db.position.Load()
	var at *Position
	err := db.transact(func(tx *bolt.Tx, writers map[string]*tenantWriter) (err error) {
		if err := db.applyAll(tx, writers, group); err != nil {
			return err
		}
		at, err = db.replicate(tx, group)
		return err
	})
	if err != nil && at != nil && at != before { // enough copies have it: it comes here by Apply
		err = proposalError{notHereError{oplog.Errorf(oplog.CodeUnavailable, "It is stored on other nodes, but this one could not write it to its disk. Send it again only with the same ids. (%w)", err)}}
	}
	if err != nil && len(group) > 1 && db.Failure() == nil && oplog.CodeOf(err) != oplog.CodeDiskFull && !isProposal(err) {
		// One request failed, not the disk: the others are none the worse.
		for _, r := range group {
			r.reset()
			db.commit([]*appendRequest{r})
		}
		return
	}
	if err == nil {
		if at != nil {
			db.position.Store(at)
		}
		for _, r := range group {
			if r.refused == nil {
				if r.key != nil {
					db.key.Store(r.key) // in the order of transactions, as follow does
				}
				db.noteLevel(r.level)
				db.tell(r)
				for _, one := range r.others {
					db.tell(one)
				}
			}
		}
	}
	for _, r := range group {
		if err != nil {
			r.receipts = nil
			r.done <- err
			continue
		}
		r.done <- r.refused
	}
}
