package storage

import (
	"errors"
	"io/fs"
	"log/slog"

	"oplog/faults"
	"oplog/oplog"
)

// Failure returns why nothing can be written; see [oplog.Store].
func (db *DB) Failure() error {
	if failed := db.failed.Load(); failed != nil {
		return failed
	}
	return db.inPlace()
}

// fail makes the log read-only, until recoverWrites succeeds.
func (db *DB) fail(reason *oplog.Error) error {
	if db.failed.CompareAndSwap(nil, reason) {
		slog.Error("the log is read-only", "file", db.path(), "err", reason)
		select {
		case db.failures <- struct{}{}:
		default: // recovery goes on
		}
	}
	return reason
}

var errDiskFull = oplog.Errorf(oplog.CodeDiskFull, "The disk is full; nothing was stored. Free some space, then retry with the same ids.")

// isFullWrite reports whether an error says that a write found the disk full. Not so an error of a sync: it leaves open which pages are on disk.
func isFullWrite(err error) bool {
	var write *fs.PathError
	return oplog.IsDiskFull(err) && errors.As(err, &write) && write.Op == "write"
}

// tell passes recorded entries on. They are on disk: a panic of a follower must not fail their request, nor later ones.
func (db *DB) tell(r *appendRequest) {
	var err error // logged by Catch
	defer faults.Catch("following recorded entries", &err)
	if len(r.recorded) > 0 {
		db.onAppend(r.tenant, r.recorded)
	}
}

// reset undoes what applying a request assigned.
func (r *appendRequest) reset() {
	if r.deletion != nil {
		r.changes = nil
	}
	for i := range r.entries {
		if e := &r.entries[i]; e.Seq > 0 && e.ID == e.Key().ID() {
			e.ID = ""
		}
		r.entries[i].Seq = 0
	}
	r.receipts, r.recorded, r.refused, r.leaves, r.seqs = nil, nil, nil, nil, nil
	for _, one := range r.others {
		one.reset()
	}
}
