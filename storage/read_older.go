package storage

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Older returns the entries before a key, newest first; see [oplog.Store].
func (db *DB) Older(tenant string, before, from oplog.Key, n int, into *oplog.ReadBuffer) ([]oplog.Entry, error) {
	found := newEntryReader(n, into)
	err := db.view(func(tx *bolt.Tx) error {
		b := entriesBucket(tx, tenant)
		if b == nil {
			return nil
		}
		closed, finished := db.closedOf(tenant), db.lastFinished(tenant)
		found.leaves = db.leavesOf(tx, tenant)
		first := []byte(dateOf(from.Time()))
		dates := b.Cursor()
		date, _ := lastBefore(dates, []byte(dateOf(before.Time())+"\x00"))
		for ; date != nil && bytes.Compare(date, first) >= 0; date, _ = dates.Prev() {
			if closed.hasDate(date) {
				continue
			}
			c := bucketIn(b, date).Cursor()
			for k, data := lastBefore(c, before[:]); k != nil && bytes.Compare(k, from[:]) >= 0; k, data = c.Prev() {
				if len(found.entries) == n {
					return nil
				}
				if key := oplog.Key(k); key.Seq() <= finished {
					found.add(key, data)
				}
			}
		}
		return nil
	})
	return found.entries, err
}

// lastBefore moves to the last pair before a key.
func lastBefore(c *bolt.Cursor, key []byte) (k, value []byte) {
	if k, _ := c.Seek(key); k == nil {
		return c.Last()
	}
	return c.Prev()
}
