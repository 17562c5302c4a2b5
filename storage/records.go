package storage

import (
	"bytes"

	bolt "go.etcd.io/bbolt"

	"oplog/oplog"
)

// Record returns a record; see [oplog.Records].
func (db *DB) Record(kind oplog.RecordKind, name string) (data []byte, revision oplog.Revision, err error) {
	err = db.view(func(tx *bolt.Tx) error {
		data = bytes.Clone(recordBucket(tx, kind).Get([]byte(name)))
		if data == nil {
			return oplog.Errorf(oplog.CodeNotFound, "There is no %s in %s.", name, kind)
		}
		return nil
	})
	return data, oplog.RevisionOf(data), err
}

// Records returns the records whose names start with a prefix; see [oplog.Records].
func (db *DB) Records(kind oplog.RecordKind, prefix string) ([]oplog.Record, error) {
	var records []oplog.Record
	err := db.view(func(tx *bolt.Tx) error {
		c := recordBucket(tx, kind).Cursor()
		for name, data := c.Seek([]byte(prefix)); name != nil && bytes.HasPrefix(name, []byte(prefix)); name, data = c.Next() {
			records = append(records, oplog.Record{Name: string(name), Data: bytes.Clone(data)})
		}
		return nil
	})
	return records, err
}

// PutRecord replaces a record; see [oplog.Records].
func (db *DB) PutRecord(kind oplog.RecordKind, name string, replaces oplog.Revision, data []byte) error {
	return db.PutRecords([]oplog.RecordChange{{Kind: kind, Name: name, Replaces: replaces, Data: data}})
}

// PutRecords replaces several records; see [oplog.Records].
func (db *DB) PutRecords(changes []oplog.RecordChange) error {
	err := db.update(func(tx *bolt.Tx) error {
		for _, c := range changes {
			b := recordBucket(tx, c.Kind)
			if oplog.RevisionOf(b.Get([]byte(c.Name))) != c.Replaces {
				return oplog.ErrRevision
			}
			if err := putRecord(b, c.Name, c.Data); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || db.Failure() != nil { // a reader may have seen changes that are void now
		db.recordsChanged(changes)
	}
	if err != nil && db.Failure() != nil {
		db.writeMu.Lock()
		db.unsure = append(db.unsure, changes...)
		db.writeMu.Unlock()
	}
	return err
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

func putRecord(b *bolt.Bucket, name string, data []byte) error {
	if data == nil {
		return b.Delete([]byte(name))
	}
	return b.Put([]byte(name), data)
}

func recordBucket(tx *bolt.Tx, kind oplog.RecordKind) *bolt.Bucket {
	return tx.Bucket(bucketRecords).Bucket([]byte(kind))
}
