package storage

import (
	"oplog/faults"
	"oplog/oplog"
)

// failure converts a write error to the error of the request and later ones. A full disk fails before anything is final. After any other
// error, a failed sync above all, the state of the disk is unknown: nothing more is written until the file has been reopened.
func (db *DB) failure(err error) error {
	if failed := db.failed.Load(); failed != nil {
		return failed
	}
	switch {
	case err == nil:
		return nil
	case oplog.IsDiskFull(err):
		return oplog.Errorf(oplog.CodeDiskFull, "The disk is full; nothing was stored. Free some space, then retry with the same ids.")
	default:
		failed := oplog.Errorf(oplog.CodeUnavailable, "A disk write failed. The log is read-only until restart; then retry with the same ids. (%w)", err)
		db.failed.CompareAndSwap(nil, failed)
		return failed
	}
}

// tell passes recorded entries on. They are on disk: a panic of a follower must not fail their request, nor later ones.
func (db *DB) tell(r *appendRequest) {
	var err error // logged by Catch
	defer faults.Catch("following recorded entries", &err)
	db.onAppend(r.tenant, r.recorded)
}

// reset undoes what applying a request assigned.
func (r *appendRequest) reset() {
	for i := range r.entries {
		if e := &r.entries[i]; e.Seq > 0 && e.ID == e.Key().ID() {
			e.ID = ""
		}
		r.entries[i].Seq = 0
	}
	r.receipts, r.recorded, r.refused = nil, nil, nil
}
