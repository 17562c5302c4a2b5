package storage

import (
	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Conflicts returns the error with which Append would reject entries; see [oplog.Store].
func (db *DB) Conflicts(tenant string, entries []oplog.Entry) error {
	r := &appendRequest{tenant: tenant, entries: entries, receipts: make([]oplog.Receipt, len(entries))}
	return db.view(func(tx *bolt.Tx) error {
		b := topBucket(tx, bucketTenants).Bucket([]byte(tenant))
		if b == nil {
			return nil
		}
		w := &tenantWriter{
			name:    tenant,
			entries: bucketIn(b, []byte(nameEntries)), ids: bucketIn(b, []byte(nameIDs)), arrivals: bucketIn(b, []byte(nameArrivals)),
			idDates: make(map[string]*idsOfDate),
		}
		w.closed, w.archived = db.closedOf(tenant), db.archivedOf(tenant)
		refused, err := w.findDuplicates(r)
		if err != nil {
			return err
		}
		return refused
	})
}
