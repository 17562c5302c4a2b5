package storage

import (
	"bytes"
	"context"
	"math"
	"slices"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Record returns a record; see [oplog.Records].
func (db *DB) Record(kind oplog.RecordKind, name string) (data []byte, revision oplog.Revision, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		stored := storedRecord(tx, kind, name)
		usable, err := db.usableRecord(kind, []byte(name), stored)
		if err != nil {
			revision = oplog.RevisionOf(stored)
			return err
		}
		if data, revision = bytes.Clone(usable), oplog.RevisionOf(usable); data == nil {
			err = oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
		}
		return err
	})
	return data, revision, err
}

// Records returns the records whose names start with a prefix; see [oplog.Records].
func (db *DB) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	return db.RecordsAfter(kind, prefix, "", math.MaxInt)
}

// RecordsAfter returns some of these records; see [oplog.Records].
func (db *DB) RecordsAfter(kind oplog.RecordKind, prefix, after string, limit int) ([]oplog.Record, error) {
	var records []oplog.Record
	err := db.view(func(tx *bolt.Tx) error {
		b := recordBucket(tx, kind)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		var damage error
		name, stored := c.Seek([]byte(max(prefix, after)))
		if after != "" && string(name) == after {
			name, stored = c.Next()
		}
		for ; name != nil && bytes.HasPrefix(name, []byte(prefix)) && len(records) < limit; name, stored = c.Next() {
			data, err := db.usableRecord(kind, name, stored)
			if err != nil {
				damage = err
			}
			if data == nil {
				continue
			}
			records = append(records, oplog.Record{Name: string(name), Data: bytes.Clone(data)})
		}
		return damage
	})
	return records, err
}

// PutRecord replaces a record; see [oplog.Records].
func (db *DB) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return db.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

// PutRecords replaces several records; see [oplog.Records].
func (db *DB) PutRecords(changes []oplog.RecordChange, audit ...oplog.Entry) (err error) {
	return db.PutRecordsOnce(Request{}, changes, audit...)
}

// PutRecordsOnce is PutRecords of a request that may have been done before, and then is not done again.
func (db *DB) PutRecordsOnce(request Request, changes []oplog.RecordChange, audit ...oplog.Entry) (err error) {
	switch {
	case len(audit) > 0:
		_, err = db.submit(context.Background(), &appendRequest{request: request, tenant: audit[0].Tenant, entries: audit, changes: changes})
	case db.propose != nil && !areLocal(changes), hasArchived(changes): // in the committer, which knows the days that take no entries
		_, err = db.submit(context.Background(), &appendRequest{request: request, changes: changes})
	default:
		err = db.update(func(tx *bolt.Tx) error {
			if err := db.checkRevisions(tx, changes); err != nil {
				return err
			}
			return putRecords(tx, changes)
		})
	}
	db.tried(changes, err)
	return err
}

// areLocal reports whether all of the changes are of local records.
func areLocal(changes []oplog.RecordChange) bool {
	return !slices.ContainsFunc(changes, func(c oplog.RecordChange) bool { return !oplog.IsLocal(c.Kind, c.Name) })
}

// tried tells watchers of changes that were made, or may have been seen by a reader before they became void: of those again, once the file has
// been opened again.
func (db *DB) tried(changes []oplog.RecordChange, err error) {
	failed := err != nil && db.Failure() != nil
	if err == nil || failed {
		db.recordsChanged(changes)
	}
	if failed {
		db.writeMu.Lock()
		db.unsure = append(db.unsure, changes...)
		db.writeMu.Unlock()
	}
}

// OnRecord registers a callback for changed records; see [oplog.Records].
func (db *DB) OnRecord(changed func(kind oplog.RecordKind, name string)) {
	db.watchersMu.Lock()
	defer db.watchersMu.Unlock()
	db.watchers = append(db.watchers, changed)
}

func (db *DB) recordsChanged(changes []oplog.RecordChange) {
	for _, c := range changes {
		db.recordChanged(c.Kind, c.Name)
	}
}

func (db *DB) recordChanged(kind oplog.RecordKind, name string) {
	db.watchersMu.RLock()
	defer db.watchersMu.RUnlock()
	for _, changed := range db.watchers {
		changed(kind, name)
	}
}

// checkRevisions returns ErrRevision if a record is not the one that its change replaces. The revision of a damaged one is that of its stored
// bytes.
func (db *DB) checkRevisions(tx *bolt.Tx, changes []oplog.RecordChange) error {
	for _, c := range changes {
		stored := recordBucket(tx, c.Kind).Get([]byte(c.Name))
		data, err := db.usableRecord(c.Kind, []byte(c.Name), stored)
		if err != nil && oplog.RevisionOf(stored) != c.Replaces {
			return err
		}
		if err == nil && oplog.RevisionOf(data) != c.Replaces {
			return oplog.ErrRevision
		}
	}
	return nil
}

func putRecords(tx *bolt.Tx, changes []oplog.RecordChange) error {
	for _, c := range changes {
		if err := putRecord(tx, c.Kind, c.Name, c.Data); err != nil {
			return err
		}
	}
	return nil
}

// recordBucket returns the bucket of the records of a kind; nil if it is a kind that was added later, and the file is only read.
func recordBucket(tx *bolt.Tx, kind oplog.RecordKind) *bolt.Bucket {
	b := topBucket(tx, bucketRecords).Bucket([]byte(kind))
	if b == nil && !tx.DB().IsReadOnly() {
		panic(lostBucket(kind)) // not as if it had no records: a key would be answered as unknown
	}
	return b
}

// storedRecord returns the bytes of a record with its CRC, or nil.
func storedRecord(tx *bolt.Tx, kind oplog.RecordKind, name string) []byte {
	b := recordBucket(tx, kind)
	if b == nil {
		return nil
	}
	return b.Get([]byte(name))
}
